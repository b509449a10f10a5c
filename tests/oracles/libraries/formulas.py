"""In NumPy: what the papers say, and what libraries compute instead.

A: what the layer computes, G: the gradients of the score with respect to it, both (rows, columns, K), as PyTorch has
them. Nothing here is taken from ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from .network import EPSILON, SCALE, SIDE, TARGET

Arrays = Mapping[str, np.ndarray]


def relu(values: np.ndarray) -> np.ndarray:
    """What is positive, 0 in place of the rest."""
    return np.maximum(values, 0)


def stretched(values: np.ndarray) -> np.ndarray:
    """From the minimum to 0 and the maximum to 1."""
    return (values - values.min()) / (values.max() - values.min())


def _weighted(weights: np.ndarray, a: np.ndarray) -> np.ndarray:
    return relu((weights * a).sum(-1))


def grad_cam(a: np.ndarray, g: np.ndarray) -> np.ndarray:
    """Selvaraju et al. 2017: weights are the gradients' means over all places."""
    return _weighted(g.mean((0, 1)), a)


def gated(a: np.ndarray, g: np.ndarray) -> np.ndarray:
    """Grad-CAM of the gradients that are positive where the layer is."""
    return _weighted((g * (a > 0) * (g > 0)).mean((0, 1)), a)


def grad_cam_plus_plus(a: np.ndarray, g: np.ndarray) -> np.ndarray:
    """Chattopadhay et al. 2018, equation 19 of Y = exp(S): alpha = 1 / (2 + G sum A) where G is positive."""
    alphas = 1 / (2 + relu(g) * a.sum((0, 1)))
    return _weighted((alphas * relu(g)).sum((0, 1)), a)


def plus_plus_normalised(a: np.ndarray, g: np.ndarray, score: float) -> np.ndarray:
    """The same times exp(S), its alphas divided by the sum over all places, those of negative gradients too."""
    bottom = 2 * g**2 + g**3 * a.sum((0, 1))
    alphas = np.divide(g**2, bottom, out=np.zeros_like(g), where=g != 0)
    # The score is in the derivatives, so it is in the alphas as well: exp(S) G, exp(S) G², exp(S) G³ cancel there.
    total = alphas.sum((0, 1))
    alphas = alphas / np.where(total == 0, 1, total)
    return np.exp(score) * _weighted((alphas * relu(g)).sum((0, 1)), a)


def plus_plus_of_means(a: np.ndarray, g: np.ndarray) -> np.ndarray:
    """With the mean of A in place of its sum, and means over all places in place of sums."""
    bottom = 2 * g**2 + g**3 * a.mean((0, 1))
    alphas = np.divide(g**2, bottom, out=np.zeros_like(g), where=bottom != 0)
    return _weighted((alphas * relu(g)).mean((0, 1)), a)


def plus_plus_guarded(a: np.ndarray, g: np.ndarray) -> np.ndarray:
    """With 1e-6 added to the denominators of the alphas."""
    alphas = g**2 / (2 * g**2 + g**3 * a.sum((0, 1)) + 1e-6)
    return _weighted((alphas * relu(g)).sum((0, 1)), a)


def plus_plus_undivided(a: np.ndarray, g: np.ndarray) -> np.ndarray:
    """With the numerators of the alphas only: weights are sums of the cubes of positive gradients."""
    return _weighted((g**2 * relu(g)).sum((0, 1)), a)


def principal(a: np.ndarray, centred: bool) -> np.ndarray:
    """A projected on its first right singular vector; its sign is the one that makes the map's sum or, if the channels'
    means were subtracted, its correlation with the mean of all channels positive."""
    matrix = a.reshape(-1, a.shape[-1]).astype(np.float64)
    means = matrix.mean(-1)
    if centred:
        matrix, means = matrix - matrix.mean(0), means - means.mean()
    projected = matrix @ np.linalg.svd(matrix, full_matrices=False)[2][0]
    return (projected * np.sign(projected @ means)).reshape(a.shape[:2])


def of_cross_entropy(torch: Arrays) -> np.ndarray:
    """The gradients of -log p at the input: sum_j (p_j - [j is the class]) dS_j/dx."""
    factors = _probabilities(torch["scores"]) - np.eye(3)[TARGET]
    return np.tensordot(factors, torch["gradients of each score"], 1)


def of_probability(torch: Arrays) -> np.ndarray:
    """The gradients of p at the input: p (dS/dx - sum_j p_j dS_j/dx)."""
    return -_probabilities(torch["scores"])[TARGET] * of_cross_entropy(torch)


def _probabilities(scores: np.ndarray) -> np.ndarray:
    exponentials = np.exp(scores.astype(np.float64))
    return exponentials / exponentials.sum()


def guided_grad_cam(torch: Arrays, enlarged: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Grad-CAM of `last`, enlarged, times guided backpropagation: (8, 8, 3)."""
    cam = grad_cam(torch["activations at last"], torch["gradients at last"])
    return enlarged(cam)[..., None] * torch["captum GuidedBackprop"]


def full_grad(torch: Arrays, numbers: Arrays, each_channel: bool) -> np.ndarray:
    """Srinivas & Fleuret 2019: the absolute contributions of the input and of each bias, stretched to 0..1, enlarged
    and added up. In the paper a layer is stretched as a whole; with `each_channel` every channel by itself."""
    gamma, beta, mean, variance = (numbers[f"normalise/{name}"] for name in ("gamma", "beta", "mean", "variance"))
    biases = {name: numbers[f"{name}/bias"] for name in ("first", "second", "third")}
    biases["normalise"] = beta - mean * gamma / np.sqrt(variance + EPSILON)
    inputs = numbers["photo"] / SCALE * torch["gradients of each score"][TARGET]
    terms = [np.abs(inputs), *(np.abs(bias * torch[f"gradients at {name}"]) for name, bias in biases.items())]
    if each_channel:
        terms = [channel[..., None] for term in terms for channel in np.moveaxis(term, -1, 0)]
    return sum(bilinear(stretched(term).sum(-1)) for term in terms if np.ptp(term))


def bilinear(values: np.ndarray) -> np.ndarray:
    """Enlarged to (8, 8), between the centres of places; beyond the outermost ones as there."""
    for axis in (0, 1):
        length = values.shape[axis]
        at = (np.arange(SIDE) + 0.5) * length / SIDE - 0.5
        values = np.apply_along_axis(lambda line, at=at, n=length: np.interp(at, np.arange(n), line), axis, values)
    return values


def nearest(values: np.ndarray) -> np.ndarray:
    """Enlarged to (8, 8): every place becomes a square."""
    return np.kron(values, np.ones((SIDE // values.shape[0], SIDE // values.shape[1])))
