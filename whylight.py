"""The command `whylight`: everything that can be done without the page."""

from __future__ import annotations

import importlib
import os
import sys

USAGE = """usage: whylight explain PHOTO... [options]   why the model says what it says
       whylight methods [options]            what there is to explain with
       whylight models COMMAND ...           list, verify, train and evaluate models

Each explains its options with --help."""


COMMANDS = {"explain": "explain.__main__", "methods": "explain.describing", "models": "models.__main__"}


def main(argv: list[str] | None = None) -> int:
    """Hand the rest of the line to the package that is named first; its exit status comes back."""
    command, *rest = (sys.argv[1:] if argv is None else argv) or [""]
    if command in ("-h", "--help"):
        print(USAGE)
        return 0
    if command not in COMMANDS:
        print(USAGE, file=sys.stderr)
        return 2
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's greetings are not what was asked for
    return int(importlib.import_module(COMMANDS[command]).main(rest))


if __name__ == "__main__":
    sys.exit(main())
