"""Makes the fixtures: what public libraries find on the network of `network.json`.

Run by hand, once for each framework, in the environments that `make bench-peers` makes. Some libraries install a
package `tests` of their own, so this one is named without it:

    for name in pytorch keras2 keras3; do
        PYTHONPATH=tests build/peers/$name/bin/python -m oracles.libraries.make_fixtures $name
    done

Writes NAME.json beside this file. `network` in place of a name draws the network itself anew.
"""

from __future__ import annotations

import importlib
import sys

import numpy as np

from . import network, stored

SEED = 25
"""Chosen so that each way to deviate from a paper shows in the map of the class TARGET."""


def main(name: str) -> None:
    if name == "network":
        stored.save(name, {"numpy": np.__version__, "seed": str(SEED)}, network.draw(SEED))
        return
    framework = importlib.import_module(f".{name}", __package__)
    stored.save(name, framework.versions(), framework.found(network.numbers()))


if __name__ == "__main__":
    main(*sys.argv[1:])
