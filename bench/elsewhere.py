"""The shipped models on photos from elsewhere: `docs/elsewhere.md` is printed by
`python -m bench.elsewhere PHOTOS`, where PHOTOS is a folder with the files that `elsewhere.csv` names.
"""

from __future__ import annotations

import csv
import os
import sys
from collections import Counter
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

TABLE = Path(__file__).with_name("elsewhere.csv")
KINDS = {"cat": "photos of cats", "dog": "photos of dogs", "car": "photos of cars", "other": "other pictures"}

TOP = """# The models on photos from elsewhere

Printed by `python -m bench.elsewhere PHOTOS`. These photos are of none of the sets that the models learnt from or are
judged on: they come with packages of Debian, PyPI and npm, and were all that such packages were found to have. They are
few, so they show what goes wrong rather than how often. The cars are of models that are none of the 196. "Warned" means
that the page says that a photo is unlike those that the model learnt from.
"""


def main(folder: Path) -> None:
    import explain
    import models
    from models import fitting, registry
    from models.data import Example
    from models.evaluation import circumstances

    with TABLE.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    photos = [Example(row["file"], row["label"], explain.open_photo(folder / row["file"]).pixels, row) for row in rows]
    said: dict[str, list[tuple[str, float, bool]]] = {}
    for name in registry.folders():
        explainer, familiar = explain.Explainer(models.load(name)), registry.familiar(name)
        if familiar is None:
            raise SystemExit(f"{name} knows nothing of familiar photos: fit it by `whylight models familiar {name}`.")
        measured = fitting.measure(explainer, photos)
        unlike = familiar.unlike(measured.features, measured.probabilities)
        best, classes = measured.logits.argmax(1), explainer.classifier.classes
        said[name] = [
            (classes[index], float(probabilities[index]), bool(warned))
            for index, probabilities, warned in zip(best, measured.probabilities, unlike, strict=True)
        ]
    print(f"{TOP}\n{circumstances()}\n")
    print(f"| warned of | {' | '.join(said)} |\n|---|{'---|' * len(said)}")
    of_kind = Counter(photo.label for photo in photos)
    for kind, words in KINDS.items():
        counts = (
            sum(one[2] for one, photo in zip(all_, photos, strict=True) if photo.label == kind)
            for all_ in said.values()
        )
        print(f"| {of_kind[kind]} {words} | {' | '.join(map(str, counts))} |")
    pets = [name for name in said if set(registry.available()[name].classes) >= {"cat", "dog"}]
    for name in pets:
        labelled = [
            one[0] == photo.label
            for one, photo in zip(said[name], photos, strict=True)
            if photo.label in ("cat", "dog")
        ]
        print(f"\n`{name}` is right on {sum(labelled)} of the {len(labelled)} photos of cats and dogs.", end="")
    print(f"\n\n| photo | from | {' | '.join(said)} |\n|---|---|{'---|' * len(said)}")
    for number, row in enumerate(rows):
        cells = (_cell(*answers[number]) for answers in said.values())
        print(f"| {row['file']} | {row['source']} | {' | '.join(cells)} |")


def _cell(label: str, probability: float, warned: bool) -> str:
    return f"{label}, {100 * probability:.0f} %{', warned' if warned else ''}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
