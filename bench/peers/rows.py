"""What is measured of every library, and how: nothing here needs more than Python itself."""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bench.timing import medians

CLASSES = 1000
SIDE = 224
BATCH = 32
CONVOLUTIONS = 53
"""Of ResNet50V2."""
SAMPLED = 5
"""Of them, spread evenly, where a library needs one call for each."""

ROUNDS = min(int(os.environ.get("WHYLIGHT_ROUNDS", "11")), 40)
"""At most 40, because every one uses a convolution that was not used before."""
BATCH_ROUNDS = max(1, ROUNDS // 3)

Action = Callable[[], object]


@dataclass(frozen=True)
class Library:
    """What one library is asked to do. Everything is Grad-CAM; a call that returns did all the work.

    Attributes:
        last: explains a photo at the layer that the pooling reads.
        other: explains another class of the same photo there.
        first: explains at a convolution that was not used before, a different one in each call.
        batch: explains BATCH photos there.
        every: explains at all convolutions in one call; None where there is no such call.
        some: explain at one convolution each, where there is none: SAMPLED of them.
        notes: what has to be known of the numbers.
    """

    last: Action
    other: Action
    first: Action
    batch: Action
    every: Action | None
    some: tuple[Action, ...]
    notes: str


def spread(names: list[str]) -> list[str]:
    """SAMPLED of the names, from the first to the last."""
    return [names[round(index * (len(names) - 1) / (SAMPLED - 1))] for index in range(SAMPLED)]


def measure(forward: Action, forward_batch: Action, libraries: Mapping[str, Callable[[], Library]]) -> None:
    """Print one JSON line: the seconds of a framework's forward passes and of what its libraries do, by library.

    Args:
        forward: runs the network on one photo.
        forward_batch: runs it on BATCH photos.
        libraries: by name and version, makes what a library does; what it raises is said in its place.
    """
    found: dict[str, dict[str, object]] = {}
    single: dict[tuple[str, str], Action] = {("", "forward"): forward}
    batches: dict[tuple[str, str], Action] = {("", "forward"): forward_batch}
    for name, make in libraries.items():
        try:
            library = make()
            mine = {"last": library.last, "other": library.other, "first": library.first}
            mine |= {"every": library.every} if library.every else _numbered(library.some)
            for action in (*mine.values(), library.batch):
                action()  # what fails, fails here
        except Exception as error:  # noqa: BLE001 - of a library that is not ours anything may come
            found[name] = {"error": f"{type(error).__name__}: {error}"}
            continue
        found[name] = {"notes": library.notes}
        single |= {(name, key): action for key, action in mine.items()}
        batches[name, "batch"] = library.batch
    seconds = medians(single, ROUNDS, warm=2)
    many = medians(batches, BATCH_ROUNDS, warm=1)
    for name, about in found.items():
        if "error" not in about:
            own = {key: value for (library, key), value in (seconds | many).items() if library == name}
            about["seconds"] = _of_all(own)
    print(
        json.dumps(
            {
                "forward": seconds["", "forward"],
                "forward_batch": many["", "forward"],
                "python": sys.version.split()[0],
                "libraries": found,
            }
        )
    )


def _numbered(actions: tuple[Action, ...]) -> dict[str, Action]:
    return {f"some {number}": action for number, action in enumerate(actions)}


def _of_all(seconds: dict[str, float]) -> dict[str, float]:
    """With the time of all convolutions in place of those that were sampled."""
    some = [value for key, value in seconds.items() if key.startswith("some")]
    rest = {key: value for key, value in seconds.items() if not key.startswith("some")}
    return rest | ({"extrapolated": CONVOLUTIONS * statistics.mean(some)} if some else {})
