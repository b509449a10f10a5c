"""Medians that a noisy machine can't tilt: what is compared runs in turn, round after round, each round in an order of
its own, because what ran just before leaves its data in the caches."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Mapping


def medians(actions: Mapping[str, Callable[[], object]], rounds: int = 25, warm: int = 3) -> dict[str, float]:
    """Seconds that each action takes: the median over rounds in which each runs once.

    An action ends with a result in memory that Python reads: what is only asked of a GPU takes no time.
    """
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    order, shuffle = list(actions.items()), random.Random(0).shuffle  # noqa: S311 - no secret depends on it
    for number in range(warm + rounds):
        shuffle(order)
        for name, action in order:
            began = time.perf_counter()
            action()
            if number >= warm:
                seconds[name].append(time.perf_counter() - began)
    return {name: statistics.median(values) for name, values in seconds.items()}


def table(title: str, rows: list[tuple[str, str, str]]) -> None:
    """Print a table of (what, measured, bound)."""
    print(f"\n| {title} | measured | at most |\n|---|---|---|")
    for what, measured, bound in rows:
        print(f"| {what} | {measured} | {bound} |")
