"""An environment for each framework, below `build/peers`, with exactly the packages that `NAME.txt` lists."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ENVIRONMENTS = ROOT / "build" / "peers"
OLDEST = "python3.11"
"""What all libraries run on; tf-explain on nothing newer."""


class PeerError(Exception):
    """An environment could not be made, or a script in it failed; the text is a line that says why."""


def python(name: str) -> Path:
    """The interpreter of an environment, which is made anew when its list has changed.

    Raises:
        PeerError: its packages could not be installed.
    """
    folder, wanted = ENVIRONMENTS / name, (HERE / f"{name}.txt").read_text(encoding="utf-8")
    stamp, interpreter = folder / "installed.txt", folder / "bin" / "python"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        _run([shutil.which(OLDEST) or sys.executable, "-m", "venv", folder])
        # The lists are complete. What a package asks for beyond them is not needed here, or not to be had.
        _run([interpreter, "-m", "pip", "install", "--quiet", "--no-deps", "-r", HERE / f"{name}.txt"])
        stamp.write_text(wanted, encoding="utf-8")
    return interpreter


def measured(interpreter: Path | str, module: str) -> dict[str, Any]:
    """What a script prints, on the CPU.

    Raises:
        PeerError: it ended with an error.
    """
    on_cpu = {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "2", "PYTHONPATH": str(ROOT)}
    return json.loads(_run([interpreter, "-m", module], env=os.environ | on_cpu).splitlines()[-1])


def _run(command: list[Any], **how: Any) -> str:
    """What a command prints; where it fails, the last line that it complained with becomes the error's."""
    done = subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True, check=False, **how)
    if done.returncode:
        sys.stderr.write(done.stderr)
        raise PeerError((done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1])
    return done.stdout
