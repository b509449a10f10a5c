"""Servers for tests: the real application under gunicorn."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "assets" / "samples"


def get(address: str) -> tuple[int, bytes]:
    """Status and body; status 0 if nobody answers."""
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""


def wait_for(address: str, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while get(address)[0] != 200:
        assert time.monotonic() < until, f"{address} did not answer with 200 in {seconds} s"
        time.sleep(0.1)


@contextlib.contextmanager
def serving(log: Path, **settings: str) -> Iterator[str]:
    """A server with these settings, as an address; not yet warm."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "WHYLIGHT_PORT": str(port), **settings}
    with log.open("wb") as output:
        command = [sys.executable, "-m", "gunicorn", "app:server"]
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/healthz")
        yield address
    finally:
        server.terminate()
        server.wait(timeout=60)
