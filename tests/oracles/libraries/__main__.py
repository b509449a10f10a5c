"""Prints `docs/other-libraries.md`: `PYTHONPATH=tests .venv/bin/python -m oracles.libraries`."""

from __future__ import annotations

import sys

from .page import text

sys.stdout.write(text())
