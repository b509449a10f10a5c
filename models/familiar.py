"""How unlike the photos that a model learnt from a photo is: a distance on pooled features.

A classifier gives one of its answers to every photo, whatever it shows. What its global pooling reads tells more:
photos of another kind have other proportions of the same features. Their distance to the photos learnt from is
Mahalanobis' (Lee et al. 2018, arXiv 1807.03888), of features of length one (Mueller, Hein 2025, arXiv 2505.18032): how
strong they are altogether says more of how large and clear the object is than of what it is. Of the features the roots
are taken, so that the few strongest do not decide alone (for proportions, Hellinger 1909).
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from models import card, measures
from models.data import Example, read_set
from models.errors import ModelError

if TYPE_CHECKING:
    from explain import Explainer
    from models.recipe import Recipe

FILE = "familiar.npz"
RANK = 64
QUANTILE = 0.99
PHOTOS = 1000
"""Photos of a set that are enough."""

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Familiar:
    """The photos that a model learnt from, as a normal distribution of their features, and what is too far from them.

    With u = sqrt(f) / |sqrt(f)| of a photo's features f, and the directions v_j in which the photos differ most:
    K d² = sum_j (v_j · (u - mean))² / variance_j + |what of u - mean lies in no v_j|² / rest.

    Attributes:
        mean: of u, float32 (K,).
        directions: float16 (R, K), of length one.
        variances: along these, float32 (R,).
        rest: the mean variance along all other directions.
        threshold: the distance from which on a photo counts as unlike.
    """

    mean: Floats
    directions: npt.NDArray[np.float16]
    variances: Floats
    rest: float
    threshold: float

    def distance(self, features: npt.ArrayLike) -> Numbers:
        """Distances (N,) of pooled features (N, K); they have no unit.

        Raises:
            ModelError: the features are not of the model that this was fitted for.
        """
        values = np.asarray(features)
        if values.ndim != 2 or values.shape[1] != len(self.mean):
            raise ModelError(f"The fit is of {len(self.mean)} features; received an array of shape {values.shape}.")
        offset = directed(values) - self.mean
        along = offset @ self.directions.astype(np.float64).T
        beside = np.maximum((offset**2).sum(1) - (along**2).sum(1), 0)
        squares = (along**2 / self.variances).sum(1) + beside / self.rest
        return np.asarray(np.sqrt(squares / len(self.mean)))

    def unlike(self, features: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Whether photos with these pooled features (N, K) are unlike those learnt from, (N,)."""
        return self.distance(features) > self.threshold

    def save(self, folder: Path) -> str:
        """Store the fit in a model's folder, all but its threshold.

        Returns:
            The file's sha256, in hexadecimal, for the card.
        """
        file = folder / FILE
        np.savez(
            file,
            mean=self.mean,
            directions=self.directions,
            variances=self.variances,
            rest=np.float32(self.rest),
        )
        return hashlib.sha256(file.read_bytes()).hexdigest()


def load(folder: Path) -> Familiar | None:
    """The fit of a model's folder; None if its card knows of none.

    Raises:
        ModelError: its file is missing or damaged, or is not the one that the card was written for.
    """
    described, file = card.read(folder), folder / FILE
    if not described.familiar:
        return None
    if not file.is_file():
        raise ModelError(f"{folder} has no {FILE}, which its card knows of: copy the folder again.")
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != described.familiar_checksum:
        raise ModelError(f"{file} is not the file that its card was written for (another sha256): copy both again.")
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return Familiar(
                mean=arrays["mean"],
                directions=arrays["directions"],
                variances=arrays["variances"],
                rest=float(arrays["rest"]),
                threshold=described.familiar["threshold"],
            )
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ModelError(f"{file} is damaged or of another version: {error}") from error


def directed(features: npt.ArrayLike) -> Numbers:
    """Roots of features (N, K), with their signs, in rows of length one; rows of zeros stay so."""
    values = np.asarray(features, np.float64)
    roots = np.sign(values) * np.sqrt(np.abs(values))
    lengths = np.linalg.norm(roots, axis=1, keepdims=True)
    return roots / np.where(lengths > 0, lengths, 1)


def fit(features: npt.ArrayLike, held_out: npt.ArrayLike, rank: int = RANK, quantile: float = QUANTILE) -> Familiar:
    """Learn what is familiar.

    The covariance is shrunk half-way to that of a ball (Ledoit, Wolf 2004): of many features of few photos it is known
    roughly at best, and what hardly varies among these few must not decide alone.

    Args:
        features: pooled features of photos that the model learnt from, (N, K).
        held_out: those of others of the same kind, (M, K): the threshold is taken from them, because photos that the
            fit has seen lie nearer than all others.
        rank: most directions that are kept.
        quantile: share of the held-out photos that count as familiar.

    Raises:
        ModelError: there are fewer than two photos in one of them.
    """
    shown, others = directed(features), np.asarray(held_out)
    if len(shown) < 2 or len(others) < 2:
        raise ModelError(
            f"A fit needs photos to learn from and others, two at least; received {len(shown)}, {len(others)}."
        )
    count, width = shown.shape
    mean = shown.mean(0).astype(np.float32)
    _, lengths, directions = np.linalg.svd(shown - mean, full_matrices=False)
    variances = lengths**2 / (count - 1)
    total = variances.sum()
    if not total > 1e-12:  # which is rounding noise
        raise ModelError("The features of all photos are the same: there is nothing to fit.")
    kept = min(rank, len(variances), width)
    beside = max(total - variances[:kept].sum(), 0) / (width - kept) if width > kept else 0.0
    ball = total / width
    found = Familiar(
        mean=mean,
        directions=directions[:kept].astype(np.float16),
        variances=((variances[:kept] + ball) / 2).astype(np.float32),
        rest=float(np.float32((beside + ball) / 2)),
        threshold=np.inf,
    )
    return dataclasses.replace(found, threshold=float(np.quantile(found.distance(others), quantile)))


def scores(found: Familiar, features: npt.ArrayLike, logits: npt.ArrayLike, kind: str) -> dict[str, Numbers]:
    """How unlike the known each photo is, by the distance and by simpler scores, (N,) each; high is unlike.

    Args:
        found: the fit.
        features: pooled features, (N, K).
        logits: (N, classes), as `explain.Prediction` has them.
        kind: of the model's output, see `explain.Classifier`.
    """
    values, z = np.asarray(features, np.float64), np.asarray(logits, np.float64)
    highest = z.max(1)
    energy = highest + np.log(np.exp(z - highest[:, None]).sum(1))
    likeliest = np.exp(highest - energy) if kind == "softmax" else 1 / (1 + np.exp(-highest))
    return {
        "distance": found.distance(values),
        "probability": -likeliest,  # Hendrycks, Gimpel 2017, arXiv 1610.02136
        "energy": -energy,  # Liu et al. 2020, arXiv 2010.03759
        "logit": -highest,  # Hendrycks et al. 2022, arXiv 1911.11132
        "norm": -np.linalg.norm(values, axis=1),
    }


Measured = tuple[Floats, Floats]
"""Pooled features (N, K) and logits (N, classes)."""


def report(found: Familiar, own: Measured, others: Mapping[str, Measured], kind: str) -> dict[str, float]:
    """AUROC of each score, by `<score> against <others>`.

    Args:
        found: the fit.
        own: features and logits of photos of the kind that the model learnt from, held out from the fit.
        others: those of photos of other kinds, by what they show.
        kind: of the model's output.
    """
    known = scores(found, *own, kind)
    areas: dict[str, float] = {}
    for name, measured in others.items():
        strange = scores(found, *measured, kind)
        both = {score: np.concatenate([strange[score], known[score]]) for score in known}
        unlike = np.arange(len(measured[0]) + len(own[0])) < len(measured[0])
        areas |= {f"{score}, against {name}": measures.auc(values, unlike) for score, values in both.items()}
    return areas


def measure(explainer: Explainer, examples: Sequence[Example]) -> Measured:
    """What a model computes for photos: the mean over all places of what its global pooling reads, and its logits."""
    features, logits = [], []
    for example in examples:
        # Two answers from one pass: the first leaves the layer's activation in the cache.
        explainer.explain_layers(example.pixels, [explainer.default_layer], method="activations")
        explanation = explainer.explain(example.pixels, method="activations")
        if explanation.channels is not None:
            features.append(explanation.channels.mean((0, 1)))
            logits.append(explanation.prediction.logits)
    return np.array(features, np.float32), np.array(logits, np.float32)


def fit_model(folder: Path, recipe: Recipe, data: Path, photos: int = PHOTOS) -> dict[str, float]:
    """Fit a stored model to its photos, and write `familiar.npz` and the card's fields.

    The fit sees the recipe's training photos. Its threshold comes from one half of `val`, the AUROCs from the other,
    against pictures of nothing and the photos of the recipe's `neither`: its `val`, or all it has.

    Args:
        folder: the model's.
        recipe: the one it was trained by.
        data: folder of the sets that the recipe names.
        photos: the most of each set that are looked at.

    Returns:
        What the card says from now on: `threshold`; `quantile`; `familiar`, the share of the other half of `val` that
        is not warned of; `unfamiliar <set>`, the share of a set that is; AUROCs by `<score>, against <set>`.

    Raises:
        ModelError: a set is missing, or the model is damaged.
    """
    import explain
    from models import storage

    classifier = storage.load(folder)
    explainer = explain.Explainer(classifier)
    learnt, _ = measure(explainer, read_set(data / recipe.photos, "train", photos))
    own = measure(explainer, read_set(data / recipe.photos, "val", photos))
    found = fit(learnt, own[0][::2])
    judged = own[0][1::2], own[1][1::2]
    others = {"made-up pictures": measure(explainer, made_up())}
    if recipe.neither:
        others[recipe.neither] = measure(explainer, _held_out(data / recipe.neither, photos))
    metrics = {
        "threshold": found.threshold,
        "quantile": QUANTILE,
        "familiar": float(1 - found.unlike(judged[0]).mean()),
        **{f"unfamiliar {name}": float(found.unlike(values).mean()) for name, (values, _) in others.items()},
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


def _held_out(folder: Path, limit: int) -> list[Example]:
    try:
        return read_set(folder, "val", limit)
    except ModelError:
        return read_set(folder, "train", limit)
