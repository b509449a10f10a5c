"""Draws the sample that the model `pets` gets wrong: `python assets/samples/make.py`."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

HERE = Path(__file__).parent
WIRES = 18
WIDTH = 0.16
"""Of a wire, in shares of the distance from one to the next."""
COLOUR = (30, 30, 30)


def behind_wires(photo: Image.Image) -> Image.Image:
    """The photo with upright wires drawn over it, the first at its left edge."""
    drawn = photo.convert("RGB")
    pencil, step = ImageDraw.Draw(drawn), drawn.width / WIRES
    for wire in range(WIRES):
        pencil.rectangle((wire * step, 0, wire * step + WIDTH * step - 1, drawn.height), COLOUR)
    return drawn


if __name__ == "__main__":
    behind_wires(Image.open(HERE / "chelsea.jpg")).save(HERE / "wires.jpg", quality=92)
