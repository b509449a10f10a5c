"""`make bench`: one table a module, with what they were measured on."""

from __future__ import annotations

import importlib
import os

from models.evaluation import circumstances

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

MODULES = ("engine", "long_use", "requests", "drop", "page")


def main() -> None:
    print(circumstances())
    for module in MODULES:
        importlib.import_module(f"bench.{module}").run()


if __name__ == "__main__":
    main()
