"""What is to be seen on the page, in numbers, and how a test acts on it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, Request

QUESTIONS = re.compile("_dash-update-component")
PHOTO = "#overlay .layer-below image, #overlay .imagelayer image"


def photo_box(page: Page) -> dict[str, float]:
    """Where the photo lies on the screen."""
    box = page.locator(PHOTO).first.bounding_box()
    assert box is not None
    return dict(box)


def pixels(page: Page) -> NDArray[np.float32]:
    """The photo with its heat as it is on the screen: (height, width, 3), 0 to 255."""
    page.mouse.move(2, 2)
    page.wait_for_timeout(120)
    shot = Image.open(io.BytesIO(page.screenshot(clip=photo_box(page)))).convert("RGB")  # type: ignore[arg-type]
    return np.asarray(shot, np.float32)


def settled(page: Page) -> None:
    """Wait until the answer stands and all layers' maps are here."""
    page.locator("#verdict[aria-busy=false]").wait_for()
    page.get_by_text("switching is instant").wait_for()
    page.wait_for_timeout(50)  # the figure draws in the frame after


def choose(page: Page, control: str, text: str) -> None:
    """Choose in a select, by the words of an option."""
    page.locator(f"#{control}").click()
    page.get_by_role("option", name=text).first.click()


def slide(page: Page, control: str, share: float) -> None:
    """Drag a slider's thumb to a share of its length."""
    thumb = page.locator(f"#{control} [role=slider]").bounding_box()
    track = page.locator(f"#{control} .mantine-Slider-track").bounding_box()
    assert thumb
    assert track
    y = thumb["y"] + thumb["height"] / 2
    page.mouse.move(thumb["x"] + thumb["width"] / 2, y)
    page.mouse.down()
    for step in range(1, 9):
        start = thumb["x"] + thumb["width"] / 2
        page.mouse.move(start + (track["x"] + share * track["width"] - start) * step / 8, y)
    page.mouse.up()
    page.wait_for_timeout(60)


def upload(page: Page, photo: Path | tuple[str, bytes]) -> None:
    """Choose a file, given by its path or its name and content."""
    if isinstance(photo, Path):
        page.set_input_files("#upload input[type=file]", photo)
    else:
        name, content = photo
        page.set_input_files("#upload input[type=file]", {"name": name, "mimeType": "", "buffer": content})


def explained(page: Page, photo: Path | tuple[str, bytes]) -> None:
    """Choose a file and wait for its explanation."""
    with page.expect_response(QUESTIONS):
        upload(page, photo)
    settled(page)


@contextmanager
def requests(page: Page) -> Iterator[list[Request]]:
    """Collects what the page asks of any server meanwhile."""
    seen: list[Request] = []

    def note(request: Request) -> None:
        if request.url.startswith("http"):
            seen.append(request)

    page.on("request", note)
    yield seen
    page.remove_listener("request", note)
