"""The shipped models on photos from elsewhere: `docs/elsewhere.md` is printed by
`python -m bench.elsewhere PHOTOS`, where PHOTOS is a folder with the files that `elsewhere.csv` names.
"""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

TABLE = Path(__file__).with_name("elsewhere.csv")
KINDS = {"cat": "photos of cats", "dog": "photos of dogs", "car": "photos of cars", "other": "other pictures"}

TOP = """# The models on photos from elsewhere

Printed by `python -m bench.elsewhere PHOTOS`. These photos are of none of the sets that the models learnt from or are
judged on: they come with packages of Debian, PyPI and npm, and were all that such packages were found to have. They are
few, so they show what goes wrong rather than how often. The cars are of models that are none of the 196. "Warned" means
that the page says that a photo is unlike those that the model learnt from.
"""


class Said(NamedTuple):
    """What a model says of a photo: the likeliest class, its probability, and whether it warns of the photo."""

    label: str
    probability: float
    warned: bool

    def __str__(self) -> str:
        return f"{self.label}, {100 * self.probability:.0f} %{', warned' if self.warned else ''}"


def main(folder: Path) -> None:
    import explain
    import models
    from models import fitting, registry
    from models.data import Example
    from models.evaluation import circumstances

    with TABLE.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    photos = [Example(row["file"], row["label"], explain.open_photo(folder / row["file"]).pixels, row) for row in rows]
    answers: list[dict[str, Said]] = [{} for _ in photos]
    for name in registry.folders():
        explainer, familiar = explain.Explainer(models.load(name)), registry.familiar(name)
        if familiar is None:
            raise SystemExit(f"{name} knows nothing of familiar photos: fit it by `whylight models familiar {name}`.")
        measured = fitting.measure(explainer, photos)
        unlike = familiar.unlike(measured.features, measured.probabilities)
        best, classes = measured.logits.argmax(1), explainer.classifier.classes
        for answer, index, probabilities, warned in zip(answers, best, measured.probabilities, unlike, strict=True):
            answer[name] = Said(classes[index], float(probabilities[index]), bool(warned))
    both = list(zip(photos, answers, strict=True))
    names = list(answers[0])
    print(f"{TOP}\n{circumstances()}\n")
    print(f"| warned of | {' | '.join(names)} |\n|---|{'---|' * len(names)}")
    for kind, words in KINDS.items():
        some = [answer for photo, answer in both if photo.label == kind]
        counts = (str(sum(answer[name].warned for answer in some)) for name in names)
        print(f"| {len(some)} {words} | {' | '.join(counts)} |")
    pets = [(photo, answer) for photo, answer in both if photo.label in ("cat", "dog")]
    for name in names:
        if {"cat", "dog"} <= set(registry.available()[name].classes):
            right = sum(answer[name].label == photo.label for photo, answer in pets)
            print(f"\n`{name}` is right on {right} of the {len(pets)} photos of cats and dogs.", end="")
    print(f"\n\n| photo | from | {' | '.join(names)} |\n|---|---|{'---|' * len(names)}")
    for row, answer in zip(rows, answers, strict=True):
        print(f"| {row['file']} | {row['source']} | {' | '.join(str(answer[name]) for name in names)} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
