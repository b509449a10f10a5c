"""What a model is worth, as one page of HTML: its figures, how sure they are, and its worst mistakes with their heat.

The page needs nothing but itself and can do nothing but show: its own policy lets no other script run, however a class
or a file is called, and nothing be fetched.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from tqdm import tqdm

import explain
from models import calibration, figures, markup, measures
from models.calibration import Bins, Scaled
from models.data import Example
from models.errors import ModelError
from models.evaluation import Judged
from models.markup import percent, text

WORST = 24
TOP = 5
SMALL = 10
"""Classes up to which the confusion matrix is a table of numbers."""


@dataclass(frozen=True, eq=False)
class _Measured:
    """Everything that the page says of a model, computed once."""

    judged: Judged
    scaled: Scaled
    before: Bins
    after: Bins
    matrix: npt.NDArray[np.int64]
    right: npt.NDArray[np.bool_]
    sure: npt.NDArray[np.float64]


def write(
    judged: Judged,
    explainer: explain.Explainer,
    examples: Sequence[Example],
    file: Path,
    title: str,
    licence: str = "",
    worst: int = WORST,
) -> None:
    """Write the page.

    Args:
        judged: what the model says of the photos.
        explainer: of the same model, for the heat of its mistakes.
        examples: the same photos in the same order; those of the mistakes that are shown become part of the page.
        file: where to; its folder is made if need be.
        title: the page's.
        licence: of the photos, in words.
        worst: how many mistakes are shown at most.

    Raises:
        ModelError: the examples are not the photos that were judged.
    """
    if tuple(example.file for example in examples) != judged.files:
        raise ModelError(
            f"These are not the photos that were judged: {len(examples)} examples, {len(judged.files)} judged; "
            "give the same ones in the same order."
        )
    measured = _measure(judged)
    mistakes = [
        _mistake(measured, explainer, examples[index], index)
        for index in tqdm(_worst(measured)[:worst], desc="mistakes", unit="photo")
    ]
    content = [
        _tiles(measured, explainer.classifier.temperature),
        _confusion(measured),
        _calibration(measured),
        _classes(measured),
        _mistakes(measured, mistakes),
    ]
    about = f"How good the model is: what it says of {len(examples):,} labelled photos."
    photos = "This page contains photos of the set that it is about: their licence applies to it as well."
    page = markup.page(title, about, f"{photos if mistakes else ''} {licence}".strip(), "\n".join(content))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(page, encoding="utf-8")


def _measure(judged: Judged) -> _Measured:
    scaled = calibration.scale(judged.logits, judged.labels, judged.files, judged.kind)
    plain = calibration.probabilities(judged.logits, judged.kind)
    return _Measured(
        judged,
        scaled,
        before=calibration.bins(plain, judged.labels, judged.predicted),
        after=calibration.bins(scaled.probabilities, judged.labels, judged.predicted),
        matrix=measures.confusion(judged.labels, judged.predicted, len(judged.classes)),
        right=judged.predicted == judged.labels,
        sure=scaled.probabilities[np.arange(len(judged.labels)), judged.predicted],
    )


def _worst(measured: _Measured) -> list[int]:
    """Indices of the photos that are judged wrongly, the surest mistake first."""
    order = np.argsort(-measured.sure, kind="stable")
    return [int(index) for index in order if not measured.right[index]]


def _tiles(measured: _Measured, temperature: float) -> str:
    judged, scaled = measured.judged, measured.scaled
    count = len(judged.labels)
    tiles = [_share("accuracy", int(measured.right.sum()), count)]
    if len(judged.classes) > TOP:
        tiles.append(
            _share(f"among the first {TOP}", int(measures.top(judged.logits, judged.labels, TOP).sum()), count)
        )
    if len(judged.classes) == 2:
        area = measures.auc(_second(judged), judged.labels == 1)
        tiles.append(
            markup.tile(
                "area under the ROC curve", "–" if math.isnan(area) else f"{area:.4f}", f"n\u00a0=\u00a0{count:,}"
            )
        )
    before = (
        f"after scaling, {percent(measured.before.error)} as trained; {calibration.BINS} bins, n\u00a0=\u00a0{count:,}"
    )
    tiles.append(markup.tile("calibration error", percent(measured.after.error), before))
    same = math.isclose(temperature, scaled.temperature, rel_tol=5e-3)
    use = "" if same else f"; the model runs with {temperature:.2f}"
    tiles.append(markup.tile("temperature", f"{scaled.temperature:.2f}", f"fitted on all {count:,} photos{use}"))
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _share(what: str, right: int, count: int) -> str:
    low, high = measures.wilson(right, count)
    interval = f"95\u00a0% interval {100 * low:.1f} to {percent(high)}, n\u00a0=\u00a0{count:,}"
    return markup.tile(what, percent(right / count), interval)


def _confusion(measured: _Measured) -> str:
    classes, matrix = measured.judged.classes, measured.matrix
    how = "Rows: what it is. Columns: what the model says."
    if len(classes) == 2:
        table = markup.section("What is taken for what", how, _table(matrix, classes))
        return f'<div class="pair">{table}{_roc(measured.judged)}</div>'
    if len(classes) <= SMALL:
        return markup.section("What is taken for what", how, _table(matrix, classes))
    drawn = markup.figure(figures.confusion(matrix, classes), "confusion matrix of all classes", square=True)
    how += " Point at a place to see which classes meet there; draw a frame to enlarge it, click twice to return."
    whole = markup.section(f"What is taken for what, all {len(classes)} classes", how, drawn)
    return _confused(matrix, classes) + whole


def _confused(matrix: npt.NDArray[np.int64], classes: Sequence[str]) -> str:
    rows = [
        f'<tr><td class="name">{text(classes[label])}</td><td class="name">{text(classes[said])}</td>'
        f"<td>{photos:,} of {matrix[label].sum():,}</td></tr>"
        for label, said, photos in measures.confused(matrix, WORST)
    ]
    heads = '<th class="name">what it is</th><th class="name">what the model says</th><th>photos</th>'
    table = f'<table class="names"><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    return markup.section("What is confused most often", "" if rows else "Nothing.", markup.scrolling(table))


def _table(matrix: npt.NDArray[np.int64], classes: Sequence[str]) -> str:
    """A confusion matrix of few classes, with numbers in it."""
    heads = "".join(f"<th>{text(label)}</th>" for label in classes)
    rows = []
    for label, counts in enumerate(matrix):
        shares = counts / max(1, counts.sum())
        cells = [
            f'<td style="--share: {share:.3f}; --tone: var(--{"good" if said == label else "bad"})">'
            f"<b>{photos:,}</b>{percent(float(share))}</td>"
            for said, (photos, share) in enumerate(zip(counts, shares, strict=True))
        ]
        rows.append(f"<tr><th>{text(classes[label])}</th>{''.join(cells)}</tr>")
    return markup.scrolling(f'<table class="matrix"><tr><th></th>{heads}</tr>{"".join(rows)}</table>')


def _roc(judged: Judged) -> str:
    curve = figures.roc(*measures.roc(_second(judged), judged.labels == 1), judged.classes)
    how = "Wherever the line between the two classes is drawn: what it finds, and what it takes for it."
    return markup.section("ROC curve", how, markup.figure(curve, "receiver operating characteristic"))


def _second(judged: Judged) -> npt.NDArray[np.float32]:
    """The score of the second of two classes against the first."""
    return np.asarray(judged.logits[:, 1] - judged.logits[:, 0])


def _calibration(measured: _Measured) -> str:
    judged, scaled = measured.judged, measured.scaled
    likelihoods = (
        calibration.negative_log_likelihood(judged.logits, judged.labels, judged.kind, temperature)
        for temperature in (1.0, scaled.temperature)
    )
    line = figures.reliability(measured.before, measured.after)
    first = markup.section(
        "Is it as sure as it should be?",
        "Of the photos that it is 80 % sure of it should be right on 80 %: on the dashed line. Large dots are many "
        "photos, small ones few.",
        markup.figure(line, "reliability: how often the model is right, by how sure it is"),
        "Scaled: each half of the photos with the temperature that the other half gave "
        f"({scaled.halves[0]:.2f} and {scaled.halves[1]:.2f}), so none is judged by a temperature that knows it. The "
        f"temperature to use, {scaled.temperature:.2f}, is fitted on all of them; it takes their negative log "
        "likelihood from {:.4f} to {:.4f}.".format(*likelihoods),
    )
    second = markup.section(
        "How sure is it when it is wrong?",
        "The scaled probability of what the model says. Right and wrong photos have a scale of their own each.",
        markup.figure(figures.confidence(measured.sure, measured.right), "confidence where right and where wrong"),
    )
    return f'<div class="pair">{first}{second}</div>'


def _classes(measured: _Measured) -> str:
    each = measures.classwise(measured.matrix)
    names = ("class", "photos", "said", "precision", "recall", "F1")
    heads = "".join(f"<th{'' if n else ' class=name'}><button>{name}</button></th>" for n, name in enumerate(names))
    rows = []
    for index, label in enumerate(measured.judged.classes):
        counts = (each.support[index], each.predicted[index])
        shares = (each.precision[index], each.recall[index], each.f1[index])
        cells = [f'<td data-value="{count}">{count:,}</td>' for count in counts]
        cells += [f'<td data-value="{"" if math.isnan(one) else one}">{percent(one)}</td>' for one in shares]
        rows.append(f'<tr><td class="name" data-value="{text(label)}">{text(label)}</td>{"".join(cells)}</tr>')
    how = "Precision: how many of those said to be of a class are. Recall: how many of its photos are found."
    if np.isnan([each.precision, each.recall]).any():
        how += " “–”: not defined, because the class is never said or has no photos."
    table = f'<table class="sortable"><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    return markup.section("Class by class", how, markup.scrolling(table))


def _mistake(measured: _Measured, explainer: explain.Explainer, example: Example, index: int) -> str:
    """One photo, the heat of what the model says, and that of what it should have said."""
    judged, chances = measured.judged, measured.scaled.probabilities[index]
    said, truth = int(judged.predicted[index]), int(judged.labels[index])
    pictures = [markup.picture(Image.fromarray(example.pixels), "the photo", "photo")]
    for one in (said, truth):
        found = explainer.explain(example.pixels, target=one)
        empty = ": no evidence" if found.flat else ""
        pictures.append(markup.picture(found.overlay(), f"why {judged.classes[one]}{empty}", "heat"))
    return (
        f'<article class="mistake"><h3>{text(judged.classes[said])}, {percent(float(chances[said]))} sure; it is '
        f"{text(judged.classes[truth])} ({percent(float(chances[truth]))})</h3>"
        f'<div class="pictures">{"".join(pictures)}</div><p class="file">{text(example.file)}</p></article>'
    )


def _mistakes(measured: _Measured, mistakes: Sequence[str]) -> str:
    count, wrong = len(measured.right), int((~measured.right).sum())
    if not wrong:
        return markup.section("Mistakes", f"None: all {count:,} photos are judged rightly.", "")
    how = f"Of {wrong:,} among {count:,} photos, the {len(mistakes):,} that it was surest of. Heat by Grad-CAM: "
    how += "bright is what speaks for the class that is named below it."
    return markup.section("The worst mistakes", how, f'<div class="mistakes">{"".join(mistakes)}</div>')
