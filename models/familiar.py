"""How unlike the photos that a model learnt from a photo is: by its pooled features and by how undecided the model is.

A classifier gives one of its answers to every photo, whatever it shows. What its global pooling reads tells more:
photos of another kind have other proportions of the same features. Their distance to the photos learnt from is
Mahalanobis' (Lee et al. 2018, arXiv 1807.03888), of features of length one (Mueller, Hein 2025, arXiv 2505.18032): how
strong they are altogether says more of how large and clear the object is than of what it is. Of the features the roots
are taken, so that the few strongest do not decide alone (for proportions, Hellinger 1909).

The distance knows nothing of the classes. Where usual features add up to none of them in particular, the probabilities
are spread over many, which their entropy says (Macêdo et al. 2019, arXiv 1908.05569). Each sees photos that the other
misses, as Wang et al. 2022 (arXiv 2203.10807) say of features and logits. So both are summed, each in standard
deviations of the model's own photos. Of two classes the distance counts alone: there the entropy tells a photo between
the two, not one of something else.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models import card
from models.errors import ModelError

FILE = "familiar.npz"
RANK = 64
QUANTILE = 0.99
ALIKE = 1e-6
"""A standard deviation that is only rounding noise: probabilities in single precision say an entropy to 1e-7."""

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Familiar:
    """The photos that a model learnt from, as a normal distribution of their features, and what is too unlike them.

    With u = sqrt(f) / |sqrt(f)| of a photo's features f, and the directions v_j in which the photos differ most:
    K d² = sum_j (v_j · (u - mean))² / variance_j + |what of u - mean lies in no v_j|² / rest.
    With the entropy H = -sum_c p_c log p_c of its probabilities p, in nats:
    strangeness = (d - usual_d) / spread_d + (H - usual_H) / spread_H.

    Attributes:
        mean: of u, float32 (K,).
        directions: float16 (R, K), of length one.
        variances: along these, float32 (R,).
        rest: the mean variance along all other directions.
        usual: means of d and H over photos of the same kind that the model has not learnt from, float64 (2,).
        spread: standard deviations of d and H over the same photos, float64 (2,); 1 where these are all alike.
        threshold: the strangeness above which a photo counts as unlike.
    """

    mean: Floats
    directions: npt.NDArray[np.float16]
    variances: Floats
    rest: float
    usual: Numbers
    spread: Numbers
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

    def strangeness(self, features: npt.ArrayLike, probabilities: npt.ArrayLike) -> Numbers:
        """How unlike those learnt from photos are, (N,), in standard deviations; 0 is usual.

        Args:
            features: pooled features, (N, K).
            probabilities: (N, classes), as `explain.Prediction` has them: after the temperature.

        Raises:
            ModelError: the features are not of the model that this was fitted for, or the photos differ in number.
        """
        return np.asarray(((self._parts(features, probabilities) - self.usual) / self.spread).sum(1))

    def unlike(self, features: npt.ArrayLike, probabilities: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Whether photos are unlike those learnt from, (N,); the arguments are those of `strangeness`."""
        return self.strangeness(features, probabilities) > self.threshold

    def _parts(self, features: npt.ArrayLike, probabilities: npt.ArrayLike) -> Numbers:
        """Distance and entropy of each photo, (N, 2)."""
        distances, entropies = self.distance(features), entropy(probabilities)
        if len(distances) != len(entropies):
            raise ModelError(f"Features are of {len(distances)} photos, probabilities of {len(entropies)}.")
        return np.stack([distances, entropies], 1)

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
            usual=self.usual,
            spread=self.spread,
        )
        return hashlib.sha256(file.read_bytes()).hexdigest()


def load(folder: Path) -> Familiar | None:
    """The fit of a model's folder; None if its card knows of none.

    Raises:
        ModelError: its file is missing, damaged or of another version, or not the one that the card was written for.
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
                usual=arrays["usual"],
                spread=arrays["spread"],
                threshold=described.familiar["threshold"],
            )
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ModelError(
            f"{file} is damaged or of another version: run `whylight models familiar {described.name} --data DATA` "
            f"again ({error})."
        ) from error


def directed(features: npt.ArrayLike) -> Numbers:
    """Roots of features (N, K), with their signs, in rows of length one; rows of zeros stay so."""
    values = np.asarray(features, np.float64)
    roots = np.sign(values) * np.sqrt(np.abs(values))
    lengths = np.linalg.norm(roots, axis=1, keepdims=True)
    return roots / np.where(lengths > 0, lengths, 1)


def entropy(probabilities: npt.ArrayLike) -> Numbers:
    """-sum_c p_c log p_c of probabilities (N, classes), (N,), in nats, where 0 log 0 is 0."""
    values = np.asarray(probabilities, np.float64)
    return np.asarray(-(values * np.log(np.where(values > 0, values, 1))).sum(1))


def fit(
    features: npt.ArrayLike,
    held_out: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    rank: int = RANK,
    quantile: float = QUANTILE,
    undecided: bool = True,
) -> Familiar:
    """Learn what is familiar.

    The covariance is shrunk half-way to that of a ball (Ledoit, Wolf 2004): of many features of few photos it is known
    roughly at best, and what hardly varies among these few must not decide alone.

    Args:
        features: pooled features of photos that the model learnt from, (N, K).
        held_out: those of others of the same kind, (M, K): what is usual and the threshold are taken from them, because
            photos that the model and the fit have seen lie nearer than all others, and the model is surer of them.
        probabilities: of the latter, (M, classes).
        rank: most directions that are kept.
        quantile: share of the held-out photos that count as familiar.
        undecided: whether the entropy counts.

    Raises:
        ModelError: there are fewer than two photos in one of them, the features of the former are all the same, or the
            latter have not as many probabilities.
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
        usual=np.zeros(2),
        spread=np.ones(2),
        threshold=np.inf,
    )
    parts = found._parts(others, probabilities)
    spread = parts.std(0)
    spread = np.where(spread > ALIKE, spread, 1)
    if not undecided:
        spread[1] = np.inf
    found = dataclasses.replace(found, usual=parts.mean(0), spread=spread)
    threshold = np.quantile(found.strangeness(others, probabilities), quantile)
    return dataclasses.replace(found, threshold=float(threshold))
