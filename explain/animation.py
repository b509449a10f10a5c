"""Explanations as an animation, one frame each: the layers of a network as a film."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from PIL import Image, ImageDraw, ImageFont

from explain.errors import ExplainError
from explain.explanation import Explanation
from explain.photo import Photo
from explain.preprocessing import resize

KINDS = ("gif", "webp")
HOLD = 5
"""The last frame stays so many times as long as the others."""
TEXT = 13
BAR = 24
"""Height of the line below each picture, in pixels, and size of the letters there."""


def film(
    explanations: Mapping[str, Explanation] | Iterable[Explanation],
    file: str | os.PathLike[str] | IO[bytes],
    kind: str | None = None,
    side: int | None = 480,
    milliseconds: int = 200,
    **drawn: Any,
) -> None:
    """Write explanations as an animation that goes round for ever: each as its overlay, with its layer named below.

        explain.film(explainer.explain_layers("cat.jpg"), "layers.webp")

    Args:
        explanations: one for each frame, of the same photo; of a dictionary, such as `explain_layers` returns, the
            values.
        file: a path, or what can be written to.
        kind: "gif" or "webp"; the path's ending, if left out. WebP is several times smaller.
        side: the longest side of the pictures; a smaller photo stays as it is, and so does every one with None.
        milliseconds: how long a frame stays; the last one five times as long.
        **drawn: as `Explanation.overlay` takes them.

    Raises:
        ExplainError: there is nothing to show, or it can't be shown so.
    """
    listed = list(explanations.values() if isinstance(explanations, Mapping) else explanations)
    if not listed:
        raise ExplainError("A film needs at least one explanation; received none.")
    if kind is None:
        kind = Path(os.fspath(file)).suffix.lstrip(".").lower() if isinstance(file, str | os.PathLike) else ""
    if kind not in KINDS:
        raise ExplainError(f"A film is a {' or a '.join(KINDS)} file; received {kind!r} for {file!r}.")
    for name, value, least in (("side", side, 32), ("milliseconds", milliseconds, 10)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
            raise ExplainError(f"{name} is a whole number from {least} on; received {value!r}.")
    frames = _frames(listed, side, drawn)
    if kind == "gif":  # fourteen times as fast as by Pillow itself, and smaller
        frames = (one.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE) for one in frames)
    durations = [milliseconds] * (len(listed) - 1) + [HOLD * milliseconds]
    next(frames).save(file, kind, save_all=True, append_images=frames, duration=durations, loop=0)


def _frames(listed: list[Explanation], side: int | None, drawn: dict[str, Any]) -> Iterator[Image.Image]:
    for number, one in enumerate(listed, start=1):
        rows, columns = one.map.shape
        words = f"{one.layer or one.method} · {rows} × {columns} · {number} of {len(listed)}"
        yield _captioned(_smaller(one, side).overlay(**drawn), words)


def _captioned(picture: Image.Image, words: str) -> Image.Image:
    """A picture with a line of text below it, shortened at its start where it is too long: names differ at the end."""
    page = Image.new("RGB", (picture.width, picture.height + BAR), "white")
    page.paste(picture, (0, 0))
    draw, font, line = ImageDraw.Draw(page), ImageFont.load_default(TEXT), words
    while draw.textlength(line, font) > page.width - 12 and len(words) > 1:
        words = words[1:]
        line = "…" + words
    draw.text((6, picture.height + BAR // 2), line, "black", font, anchor="lm")
    return page


def _smaller(one: Explanation, side: int | None) -> Explanation:
    """The same explanation of the photo shrunk to this side."""
    photo, placement = one._photo, one._placement
    scale = 1.0 if side is None else side / max(photo.width, photo.height)
    if scale >= 1:
        return one
    small = _shrunk(photo, scale)
    x0, y0, x1, y1 = (round(edge * scale) for edge in placement.view)
    view = (x0, y0, max(x1, x0 + 1), max(y1, y0 + 1))
    return replace(one, _photo=small, _placement=replace(placement, view=view))


@functools.lru_cache(maxsize=1)  # all frames show the same one
def _shrunk(photo: Photo, scale: float) -> Photo:
    width, height = max(1, round(photo.width * scale)), max(1, round(photo.height * scale))
    return Photo(resize(photo.pixels, width, height), photo.digest)
