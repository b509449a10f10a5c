"""`make bench-peers`: measures every library in its environment and prints one page.

WHYLIGHT_ROUNDS makes it quicker and less exact.
"""

from __future__ import annotations

import sys
from typing import Any

from bench.peers.environments import PeerError, measured, python
from bench.peers.rows import BATCH, BATCH_ROUNDS, CONVOLUTIONS, ROUNDS, SAMPLED, SIDE
from models.evaluation import circumstances

PEERS = {"keras2": "tf-explain", "keras3": "tf-keras-vis, xplique", "pytorch": "pytorch-grad-cam, torch-cam, captum"}
"""Environments, and what is measured in each."""

QUESTIONS = {
    "last": "at the layer that is pooled",
    "every": f"at all {CONVOLUTIONS} convolutions",
    "other": "another class, same photo and layer",
    "batch": f"{BATCH} photos in one call, to their forward pass",
    "first": "at a convolution not used before",
}

GUESSED = r" \*"

TOP = f"""# Other libraries

Printed by `make bench-peers > docs/benchmarks.md`. Grad-CAM of ResNet50V2 with fresh weights at {SIDE} × {SIDE} px on
the CPU, in plain forward passes of the same network in the same framework and the same run; in parentheses, the time.
What shares a framework takes turns, round after round: medians of {ROUNDS} rounds, {BATCH_ROUNDS} where {BATCH} photos
are explained. TensorFlow's forward pass is compiled, PyTorch's is eager. The work ends with what a library returns; the
notes say what that is.

"""


def main() -> None:
    runs: list[dict[str, Any]] = []
    notes = []
    for name, libraries in {"ours": "Whylight", **PEERS}.items():
        print(f"{libraries} ...", file=sys.stderr)
        try:
            runs.append(measured(sys.executable if name == "ours" else python(name), f"bench.peers.{name}"))
        except PeerError as error:
            notes.append(f"- {libraries}: not measured, for want of an environment that works: {error}")
    for run in runs:
        for library, about in run["libraries"].items():
            told = about.get("notes") or f"not measured, it failed: {about['error']}"
            notes.append(f"- {library}, Python {run['python']}: {told}.")
    print(TOP + circumstances() + "\n")
    _table(runs)
    print(f"\n\\* {SAMPLED} convolutions, spread evenly, one a call; all would take as long on average.\n")
    print("\n".join(notes))


def _table(runs: list[dict[str, Any]]) -> None:
    """A column for each library that was measured."""
    columns = {
        library: (run, about["seconds"])
        for run in runs
        for library, about in run["libraries"].items()
        if "seconds" in about
    }
    print(f"| | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    print("| plain forward pass | " + " | ".join(_time(run["forward"]) for run, _ in columns.values()) + " |")
    for key, words in QUESTIONS.items():
        print(f"| {words} | {' | '.join(_cell(key, *column) for column in columns.values())} |")


def _cell(key: str, run: dict[str, Any], seconds: dict[str, float]) -> str:
    forward = run["forward_batch" if key == "batch" else "forward"]
    guessed = key == "every" and "every" not in seconds
    value = seconds["extrapolated" if guessed else key]
    ratio = value / forward
    digits = 0 if ratio >= 100 else 1 if ratio >= 10 else 2
    return f"{ratio:.{digits}f}{GUESSED if guessed else ''} ({_time(value)})"


def _time(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{1000 * seconds:.{0 if seconds >= 0.01 else 1}f} ms"


if __name__ == "__main__":
    main()
