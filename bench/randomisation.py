"""Which methods depend on what the model has learnt: `docs/randomisation.md` is printed by
`python -m bench.randomisation`. It takes about ten minutes.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

SAMPLES = Path(__file__).parents[1] / "assets" / "samples"
PHOTOS = ("cat.jpg", "dog.jpg", "chelsea.jpg")
SEEDS = (0, 1, 2)
STEPS = {"the head": 0.05, "the upper half": 0.5, "all layers": 1.0}
PARAMETERS = {"smooth-grad": {"samples": 10}, "integrated-gradients": {"steps": 10}}
SENSITIVE, INSENSITIVE = 0.5, 0.8
"""A method depends on the model if its mean rank correlation falls below the first, whatever part of the model is
random; if it stays above the second somewhere, it does not. In between it depends on it in part. Of a method that looks
at no score only all layers count: what lies behind its layer can't change its map."""

TOP = """# Do the maps depend on the model?

Printed by `python -m bench.randomisation` after Adebayo et al. 2018 (arXiv 1810.03292). Layers of the model `{model}`
lose what they have learnt, from the scores down; each cell is Spearman's rank correlation (and the structural
similarity) of the heat before and after, the mean over {photos} photos and {seeds} draws of fresh weights. A method
that explains the model falls towards 0 at once: "no" is said of one that stays above {insensitive} at any of these
steps, "in part" of one between that and {sensitive}. Methods that look at no score ({scoreless}) are judged by the last
step only: their map can't depend on what lies behind its layer. Maps that became flat can't be compared; they are
counted, and left out of the mean. Unrelated maps of one photo are not quite at 0: edges of the photo are in both.

All methods have their default parameters, but for fewer passes: {parameters}. Of what the paper measures, the rank
correlation of signed maps (heat has no sign), that of HOG features, and the randomisation of one layer at a time are
left out.

{circumstances}

| method | {steps} | flat | depends on the model |
|---|{rules}---|---|"""


def main() -> None:
    import explain
    import models
    from explain.randomisation import similarities
    from models.evaluation import circumstances

    classifier = models.load("pets")
    methods = {name: PARAMETERS.get(name, {}) for name in explain.methods()}
    found: dict[str, list[list[dict[str, float | None]]]] = {name: [] for name in methods}
    for photo in PHOTOS:
        for seed in SEEDS:
            for name, steps in similarities(classifier, SAMPLES / photo, methods, tuple(STEPS.values()), seed).items():
                found[name].append(steps)
    print(
        TOP.format(
            model="pets",
            photos=len(PHOTOS),
            seeds=len(SEEDS),
            circumstances=circumstances(),
            scoreless=", ".join(f"`{name}`" for name in methods if not _sees_scores(name)),
            parameters=", ".join(
                f"`{name}` {key}={value}" for name, few in PARAMETERS.items() for key, value in few.items()
            ),
            sensitive=SENSITIVE,
            insensitive=INSENSITIVE,
            steps=" | ".join(STEPS),
            rules="---|" * len(STEPS),
        )
    )
    for name, runs in found.items():
        print(_row(name, runs))


def _row(name: str, runs: list[list[dict[str, float | None]]]) -> str:
    ranks, structures = (
        [_mean([run[step][key] for run in runs]) for step in range(len(STEPS))] for key in ("rank", "ssim")
    )
    cells = [f"{rank:.2f} ({structure:.2f})" for rank, structure in zip(ranks, structures, strict=True)]
    flat = sum(run[step]["rank"] is None for run in runs for step in range(len(STEPS)))
    return f"| `{name}` | {' | '.join(cells)} | {flat} of {len(STEPS) * len(runs)} | {verdict(name, ranks)} |"


def verdict(name: str, ranks: list[float]) -> str:
    """Whether a method depends on the model, of its mean rank correlations after each of STEPS."""
    counted = ranks if _sees_scores(name) else ranks[-1:]
    most = max((abs(rank) for rank in counted if not np.isnan(rank)), default=float("nan"))
    return "yes" if most < SENSITIVE else "flat" if np.isnan(most) else "in part" if most < INSENSITIVE else "**no**"


def _sees_scores(name: str) -> bool:
    import explain

    return explain.methods()[name].space is not None


def _mean(values: list[float | None]) -> float:
    compared = [value for value in values if value is not None]
    return float(np.mean(compared)) if compared else float("nan")


if __name__ == "__main__":
    main()
