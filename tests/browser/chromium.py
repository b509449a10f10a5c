"""Finds a Chromium, or gets one."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Playwright

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def chromium(playwright: Playwright) -> str:
    """A Chromium of this machine, or Playwright's, or one that is installed now.

    Raises:
        RuntimeError: there is none to be had; one line says what to do.
    """
    bundled = Path(playwright.chromium.executable_path)

    def found() -> str | None:
        on_path = next(filter(None, map(shutil.which, CHROMIUM)), None)
        return on_path or (str(bundled) if bundled.exists() else None)

    # The tests run in several processes: the others wait while one installs it, rather than start a half of it.
    with Path(tempfile.gettempdir(), f"whylight-tests-chromium-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found():
            _install(bundled)
        if path := found():
            return path
    raise RuntimeError(
        "The browser tests need Chromium: install it (apt install chromium), or let Playwright do it "
        "(.venv/bin/python -m playwright install --with-deps chromium)."
    )


def _install(bundled: Path) -> None:
    """Playwright's own; if that can't be, the system's, if it can be."""
    # Downloaded, it may still lack libraries of the system: only one that starts will do.
    if _succeeds(sys.executable, "-m", "playwright", "install", "chromium") and _succeeds(str(bundled), "--version"):
        return
    if shutil.which("apt-get") and os.geteuid() == 0 and _succeeds("apt-get", "update"):
        _succeeds("apt-get", "install", "--yes", "--no-install-recommends", "chromium")
