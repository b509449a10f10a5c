"""What a photo is compared with."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

DRAWS = 4
"""Of the baseline "noise"."""


def baselines(pixels: npt.NDArray[np.uint8], kind: str, seed: int) -> npt.NDArray[np.float32]:
    """Pixels to start from, float32 (n, H, W, 3) in 0..255.

    Args:
        pixels: of the photo, (H, W, 3).
        kind: "black", "mean" (colour), "blur" (Gaussian, a tenth of the shorter side) or "noise" (uniform, DRAWS
            times).
        seed: of the noise.
    """
    photo = pixels.astype(np.float32)
    if kind == "noise":
        return np.random.default_rng(seed).uniform(0, 255, (DRAWS, *photo.shape)).astype(np.float32)
    if kind == "black":
        return np.zeros_like(photo)[None]
    if kind == "mean":
        return np.broadcast_to(photo.mean((0, 1)), photo.shape)[None].astype(np.float32)
    return np.asarray(cv2.GaussianBlur(photo, (0, 0), min(photo.shape[:2]) / 10), np.float32)[None]
