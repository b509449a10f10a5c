"""How a test asks the page something, and the options of its question."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from browser.look import QUESTIONS, photo_box
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page, Request, expect

LONG = 240_000
"""Milliseconds that a method of many passes may take."""


@contextmanager
def asking(page: Page) -> Iterator[None]:
    """Do something that asks the server, and wait until its answer stands: not the other layers' maps of a question
    before, which may come meanwhile."""
    with page.expect_response(lambda response: _is_first(response.request), timeout=LONG):
        yield
    page.locator("#verdict[aria-busy=false]").wait_for(timeout=LONG)
    page.wait_for_timeout(50)  # the figure draws in the frame after


def _is_first(request: Request) -> bool:
    """Whether a request asks for what is to stand on the page, rather than for the rest of it."""
    return bool(QUESTIONS.search(request.url)) and not _question(request)["rest"]


def _question(request: Request) -> dict[str, Any]:
    asked: dict[str, Any] = json.loads(request.post_data or "")["inputs"][0]["value"]
    return asked


def questions(page: Page) -> list[dict[str, Any]]:
    """What the page asks the server from now on."""
    asked: list[dict[str, Any]] = []

    def note(request: Request) -> None:
        if QUESTIONS.search(request.url):
            asked.append(_question(request))

    page.on("request", note)
    return asked


def unfold(page: Page) -> None:
    page.click("#options summary")
    expect(page.locator("#against")).to_be_visible()


def method(page: Page, title: str) -> None:
    with asking(page):
        page.click("#method")
        page.get_by_role("option", name=title, exact=True).click()


def option(page: Page, name: str, kind: str) -> Locator:
    """A control of the method's parameter of this name."""
    return page.locator(f"""[id='{{"kind":"{kind}","option":"{name}"}}']""")


def pick(page: Page, select: Locator, text: str) -> None:
    select.click()
    page.get_by_role("option", name=text, exact=True).click()


PLACES = ((0.5, 0.5), (0.52, 0.63), (0.45, 0.8), (0.3, 0.35), (0.62, 0.4), (0.1, 0.1))


def reads(page: Page, heat: NDArray[np.float32]) -> None:
    """The page has this heat at several places."""
    box = photo_box(page)
    for x, y in PLACES:
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        said = re.fullmatch(r"heat (-?[\d.]+) at (\d+), (\d+)", page.inner_text("#readout").replace("−", "-"))
        assert said
        around = heat[int(said[3]) - 1 : int(said[3]) + 2, int(said[2]) - 1 : int(said[2]) + 2]
        assert around.min() - 0.02 <= float(said[1]) <= around.max() + 0.02, "on a photo that is shown smaller"
