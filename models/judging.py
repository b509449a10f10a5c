"""Everything that is measured of a stored model for its card, by its recipe's sets."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import explain
from models import calibration, card, evaluation, fitting, measures, storage
from models.augment import resize
from models.card import Card
from models.composed import landscapes, whole_photos
from models.data import Example, read_set
from models.recipe import Recipe

TOP = 5
SQUASHED = "crop_w"
"""A column of sets whose photos were squashed to squares, see `models.data`."""


def settle(folder: Path, recipe: Recipe, data: Path, limit: int | None = None) -> Card:
    """Finish a fresh model: fit its temperature and what tells unfamiliar photos, measure it, and write its card.

    Args:
        folder: of the stored model; its card is written anew.
        recipe: it was trained by.
        data: folder of the recipe's sets.
        limit: use the first so many photos of each set only.

    Returns:
        The card as written.

    Raises:
        ModelError: a set is missing.
    """
    examples = read_set(data / recipe.photos, "val", limit)
    judged = evaluation.judge(explain.Explainer(storage.load(folder)), examples)
    temperature = calibration.fit(judged.logits, judged.labels, judged.kind)
    dataclasses.replace(card.read(folder), temperature=temperature).write(folder)
    if recipe.neither:
        fitting.fit_model(folder, recipe, data, min(limit or fitting.PHOTOS, fitting.PHOTOS))
    measured = dataclasses.replace(_judge(folder, recipe, data, limit, examples), measured=evaluation.circumstances())
    measured.write(folder)
    return measured


def judge(folder: Path, recipe: Recipe, data: Path, limit: int | None = None, report: Path | None = None) -> Card:
    """Measure a stored model on photos that it has not learnt from: its recipe's `val`, and what else that names.

    Args:
        folder: of the model.
        recipe: it was trained by; its sets are used.
        data: folder of these.
        limit: use the first so many photos of each set only.
        report: where to write an HTML page with figures and mistakes.

    Returns:
        The model's card with what was measured and what maps reach that know nothing of the photo.

    Raises:
        ModelError: a set is missing.
    """
    return _judge(folder, recipe, data, limit, read_set(data / recipe.photos, "val", limit), report)


def _judge(
    folder: Path,
    recipe: Recipe,
    data: Path,
    limit: int | None,
    examples: Sequence[Example],
    report: Path | None = None,
) -> Card:
    explainer = explain.Explainer(storage.load(folder))
    metrics = _measured(explainer, examples, " on val", folder, report)
    if SQUASHED in examples[0].row:
        metrics |= _accuracy(explainer, [_squashed(example) for example in examples], ", photos squashed to squares")
    if _in_shape(recipe) and (wide := landscapes(fitting.held_out(data / recipe.neither, limit))):
        metrics |= _accuracy(explainer, whole_photos(examples, wide), ", set into whole photos")
    controls: dict[str, float] = {}
    if recipe.judge:
        focus = evaluation.focus(explainer, data / recipe.judge)
        blind = evaluation.controls(data / recipe.judge)
        metrics |= {"heat inside the mask": focus.share, "hottest pixel in the head box": focus.head}
        controls = {
            "heat inside the mask, uniform": blind["uniform"].share,
            "heat inside the mask, centre blob": blind["centre blob"].share,
            "hottest pixel in the head box, centre": blind["centre blob"].head,
            "hottest pixel in the head box, best fixed point": blind["best fixed point"].head,
        }
    return _with(card.read(folder), metrics, controls)


def sets(recipe: Recipe) -> tuple[str, ...]:
    """The sets that `judge` reads, by their names in the recipe."""
    return tuple(filter(None, (recipe.photos, recipe.neither if _in_shape(recipe) else "", recipe.judge)))


def _in_shape(recipe: Recipe) -> bool:
    """Whether photos that are set into others, in their shape, are what a model learnt too."""
    return bool(recipe.neither) and recipe.compose_shape == "true"


def judge_on(folder: Path, photos: Path, splits: Sequence[str], report: Path | None = None) -> Card:
    """Measure a stored model on any photos of its classes.

    Args:
        folder: of the model.
        photos: a set, see `models.data`.
        splits: which of its splits, taken together.
        report: where to write an HTML page with figures and mistakes.

    Returns:
        The model's card with what was measured.

    Raises:
        ModelError: the set or a split is missing, or a label is none of the model's classes.
    """
    explainer = explain.Explainer(storage.load(folder))
    examples = [example for split in splits for example in read_set(photos, split)]
    return _with(card.read(folder), _measured(explainer, examples, f" of {len(examples)} photos", folder, report), {})


def _measured(
    explainer: explain.Explainer, examples: Sequence[Example], where: str, folder: Path, report: Path | None
) -> dict[str, float]:
    """Accuracy and calibration, and the page if it is asked for."""
    judged = evaluation.judge(explainer, examples)
    scaled = calibration.scale(judged.logits, judged.labels, judged.files, judged.kind)
    if report is not None:
        from models import report as page

        described = card.read(folder)
        page.write(judged, explainer, examples, report, title=described.title, licence=described.licence)
    after = calibration.bins(scaled.probabilities, judged.labels, judged.predicted)
    return {**_right(judged, where), f"calibration error{where}": after.error}


def _with(described: Card, metrics: dict[str, float], controls: dict[str, float]) -> Card:
    def rounded(values: dict[str, float]) -> dict[str, float]:
        return {what: round(value, 4) for what, value in values.items()}

    return dataclasses.replace(described, metrics=rounded(metrics), controls=rounded(controls))


def _accuracy(explainer: explain.Explainer, examples: Sequence[Example], where: str) -> dict[str, float]:
    return _right(evaluation.judge(explainer, examples), where)


def _right(judged: evaluation.Judged, where: str) -> dict[str, float]:
    """How many labels are named first, and among the first five where that says more."""
    shares = {f"accuracy{where}": measures.accuracy(judged.logits, judged.labels)}
    if len(judged.classes) > TOP:
        shares[f"among the first {TOP}{where}"] = measures.accuracy(judged.logits, judged.labels, TOP)
    return shares


def _squashed(example: Example) -> Example:
    side = min(example.pixels.shape[:2])
    return dataclasses.replace(example, pixels=np.asarray(resize(example.pixels, side, side)))
