"""Fits what a stored model finds familiar to the photos that it learnt from, and measures how well others are told."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import tensorflow as tf

import explain
from models import card, measures, storage
from models.composed import landscapes, whole_photos
from models.data import Example, read_set
from models.errors import ModelError
from models.evaluation import BATCH
from models.familiar import QUANTILE, Familiar, Floats, Numbers, entropy, fit
from models.recipe import Recipe

PHOTOS = 1000
"""Photos of a set that are enough."""


class Measured(NamedTuple):
    """What a model computes for photos.

    Attributes:
        features: the mean over all places of what its global pooling reads, (N, K).
        logits: (N, classes), as `explain.Prediction` has them.
        probabilities: (N, classes), as `explain.Prediction` has them: after the temperature.
    """

    features: Floats
    logits: Floats
    probabilities: Floats


def scores(found: Familiar, measured: Measured, kind: str) -> dict[str, Numbers]:
    """How unlike the known each photo is, (N,) each; high is unlike. The first is what is used, then simpler ones.

    Args:
        found: the fit.
        measured: of the photos.
        kind: of the model's output, see `explain.Classifier`.
    """
    values, z = np.asarray(measured.features, np.float64), np.asarray(measured.logits, np.float64)
    highest = z.max(1)
    energy = highest + np.log(np.exp(z - highest[:, None]).sum(1))
    likeliest = np.exp(highest - energy) if kind == "softmax" else 1 / (1 + np.exp(-highest))
    return {
        "distance and entropy": found.strangeness(values, measured.probabilities),
        "distance": found.distance(values),
        "entropy": entropy(measured.probabilities),  # Macêdo et al. 2019, arXiv 1908.05569
        "probability": -likeliest,  # Hendrycks, Gimpel 2017, arXiv 1610.02136
        "energy": -energy,  # Liu et al. 2020, arXiv 2010.03759
        "logit": -highest,  # Hendrycks et al. 2022, arXiv 1911.11132
        "norm": -np.linalg.norm(values, axis=1),
    }


def report(found: Familiar, own: Measured, others: Mapping[str, Measured], kind: str) -> dict[str, float]:
    """AUROC of each score, by `<score>, against <others>`.

    Args:
        found: the fit.
        own: of photos of the kind that the model learnt from, held out from the fit.
        others: of photos of other kinds, by what they show.
        kind: of the model's output.
    """
    known = scores(found, own, kind)
    areas: dict[str, float] = {}
    for name, measured in others.items():
        strange = scores(found, measured, kind)
        both = {score: np.concatenate([strange[score], known[score]]) for score in known}
        unlike = np.arange(len(measured.logits) + len(own.logits)) < len(measured.logits)
        areas |= {f"{score}, against {name}": measures.auc(values, unlike) for score, values in both.items()}
    return areas


def measure(explainer: explain.Explainer, examples: Sequence[Example]) -> Measured:
    """What a model computes for these photos: the same numbers as `explainer.explain` finds, in batches.

    Raises:
        ModelError: there are no photos, or what is computed for one is not finite.
        PhotoError: a photo can't be used.
    """
    if not examples:
        raise ModelError("There are no photos to measure.")
    classifier = explainer.classifier
    run = classifier.network.features(explainer.default_layer)
    found = []
    for start in range(0, len(examples), BATCH):
        photos = [explain.open_photo(example.pixels) for example in examples[start : start + BATCH]]
        batch = np.concatenate([classifier.prepare(photo) for photo in photos])
        logits, probabilities, features = run(tf.constant(batch))
        found.append([np.asarray(features), np.asarray(logits), np.asarray(probabilities)])
    measured = Measured(*(np.concatenate(parts) for parts in zip(*found, strict=True)))
    finite = np.isfinite(measured.features).all(1) & np.isfinite(measured.logits).all(1)
    if not finite.all():
        file = examples[int(np.argmin(finite))].file
        raise ModelError(f"What {classifier.name} computes for {file} is not finite.")
    return measured


def fit_model(folder: Path, recipe: Recipe, data: Path, photos: int = PHOTOS) -> dict[str, float]:
    """Fit a stored model to its photos, and write `familiar.npz` and the card's fields.

    The fit sees the recipe's training photos. What is usual and its threshold come from one half of `val`, the AUROCs
    from the other, against pictures of nothing and the photos of the recipe's `neither`: its `val`, or all it has.

    Args:
        folder: the model's; the temperature on its card counts.
        recipe: the one it was trained by.
        data: folder of the sets that the recipe names.
        photos: the most of each set that are looked at.

    Returns:
        What the card says from now on: `threshold`; `quantile`; `familiar`, the share of the other half of `val` that
        is not warned of; `familiar in whole photos`, the same where they are set into others; `unfamiliar <set>`, the
        share of a set that is warned of; AUROCs by `<score>, against <set>`.

    Raises:
        ModelError: a set is missing, or the model is damaged.
    """
    classifier = storage.load(folder)
    explainer = explain.Explainer(classifier)
    learnt = measure(explainer, read_set(data / recipe.photos, "train", photos))
    watched = read_set(data / recipe.photos, "val", photos)
    own = measure(explainer, watched)
    usual, judged = (Measured(*(part[half::2] for part in own)) for half in (0, 1))
    several = len(classifier.classes) > 2
    found = fit(learnt.features, usual.features, usual.probabilities, undecided=several)
    neither = held_out(data / recipe.neither, photos) if recipe.neither else []
    others = {"made-up pictures": measure(explainer, made_up())}
    if recipe.neither:
        others[recipe.neither] = measure(explainer, neither)
    wide = landscapes(neither) if recipe.compose_shape == "true" else []
    wholes = whole_photos(watched[1::2], wide) if wide else []
    metrics = {
        "threshold": found.threshold,
        "quantile": QUANTILE,
        "familiar": 1 - _warned(found, judged),
        **({"familiar in whole photos": 1 - _warned(found, measure(explainer, wholes))} if wholes else {}),
        **{f"unfamiliar {name}": _warned(found, measured) for name, measured in others.items()},
        **report(found, judged, others, classifier.kind),
    }
    described = dataclasses.replace(card.read(folder), familiar=metrics, familiar_checksum=found.save(folder))
    described.write(folder)
    return metrics


def made_up() -> list[Example]:
    """Pictures that no classifier learns from: noise of several grains, plain colours, pages of text."""
    rng = np.random.default_rng(0)
    side = 224
    grains = [rng.integers(0, 256, (grain, grain, 3), np.uint8) for grain in (4, 8, 16, 32, 64, 128, side, side)]
    noise = [np.asarray(cv2.resize(grain, (side, side), interpolation=cv2.INTER_LINEAR), np.uint8) for grain in grains]
    plain = [np.full((side, side, 3), colour, np.uint8) for colour in (255, 128, 0, (190, 40, 40), (40, 60, 180))]
    pages = [np.full((side, side, 3), 250, np.uint8) for _ in range(8)]
    for page in pages:
        for line in range(20, side, 18):
            text = "".join(rng.choice(list("aabcdeefghiijklmnoprstu   "), 24))
            cv2.putText(page, text, (8, line), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (30, 30, 30), 1, cv2.LINE_AA)
    return [Example(f"{number}.png", "", pixels, {}) for number, pixels in enumerate([*noise, *plain, *pages])]


def _warned(found: Familiar, measured: Measured) -> float:
    """Share of these photos that count as unlike."""
    return float(found.unlike(measured.features, measured.probabilities).mean())


def held_out(folder: Path, limit: int | None) -> list[Example]:
    """The `val` of photos of other things, or all that there are."""
    try:
        return read_set(folder, "val", limit)
    except ModelError:
        return read_set(folder, "train", limit)
