"""`make bench`: one table a module, with what they were measured on."""

from __future__ import annotations

import datetime
import importlib
import importlib.metadata
import os
import platform

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

MODULES = ("engine", "requests", "page")


def main() -> None:
    packages = ("keras", "dash", "plotly")
    installed = [f"{name} {importlib.metadata.version(name)}" for name in packages]
    tensorflow = next(
        f"{dist.metadata['Name']} {dist.version}"
        for dist in importlib.metadata.distributions()
        if dist.metadata["Name"] in ("tensorflow", "tensorflow-cpu", "tensorflow_cpu")
    )
    today = datetime.datetime.now(datetime.UTC).date()
    print(f"{today}, Python {platform.python_version()}, {tensorflow}, {', '.join(installed)}; {_machine()}")
    for module in MODULES:
        importlib.import_module(f"bench.{module}").run()


def _machine() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123 - it has no size to read at once
            model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor() or platform.machine()
    return f"{platform.system()}, {os.cpu_count()} cores, {model}"


if __name__ == "__main__":
    main()
