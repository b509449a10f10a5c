"""The service: is the first question after the start answered as fast as later ones?"""

from __future__ import annotations

import itertools
import statistics
import time

import settings
from bench.timing import table
from service import Question, Service


def run() -> None:
    chosen = settings.load()
    service = Service(chosen)
    service.start()
    while not service.state().ready:
        time.sleep(0.05)
    photos = [(service.samples / name).read_bytes() for name in service.sample_names()[1:]]
    seconds = []
    # Bytes after the end of a JPEG change nothing but its digest, so every question is about a photo not seen before.
    for number, photo in zip(range(1 + 24), itertools.cycle(photos), strict=False):
        began = time.perf_counter()
        service.explain(Question(chosen.model, photo=photo + number.to_bytes(4, "big")))
        seconds.append(time.perf_counter() - began)
    first, later = seconds[0], statistics.median(seconds[1:])
    table(
        f"A photo with all layers' maps, in later ones ({1000 * later:.0f} ms)",
        [("the first photo after `/readyz` says 200", f"{first / later:.2f}", "2")],
    )
