"""The pictures of the README: `make screenshots` keeps them, otherwise they go to a place that is thrown away."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from browser.asking import asking
from browser.look import settled
from playwright.sync_api import Page, expect


@pytest.fixture
def keep(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Page, str], None]:
    folder = os.environ.get("WHYLIGHT_SCREENSHOTS")
    place = request.config.rootpath / folder if folder else tmp_path

    def keep(page: Page, name: str) -> None:
        page.wait_for_timeout(600)  # for transitions
        page.screenshot(path=place / name)
        assert (place / name).stat().st_size > 50_000

    return keep


def test_the_page_as_it_opens(page: Page, keep: Callable[[Page, str], None]) -> None:
    keep(page, "screenshot.png")


def test_two_classes_side_by_side(
    new_page: Callable[..., Page], server: str, keep: Callable[[Page, str], None]
) -> None:
    page = new_page(color_scheme="dark")
    page.goto(f"{server}#sample=dog-human")
    settled(page)
    page.click("#compare")
    with asking(page):
        page.click("#class-0")
    expect(page.locator("#pinned .layer-above image")).to_be_visible()
    keep(page, "compare.png")
