"""A real server with the shipped model and a real Chromium, once in each process that tests the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import makes
import pytest
from browser.chromium import FLAGS, chromium
from browser.look import settled
from browser.serving import serving, wait_for
from playwright.sync_api import Browser, Page, sync_playwright


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        try:
            path = chromium(playwright)
        except RuntimeError as error:
            pytest.fail(str(error), pytrace=False)
        running = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """With the shipped models and some of one's own: two with 196 classes, and one that can't be used."""
    own = tmp_path_factory.mktemp("models")
    makes.store(own, "makes", "Makes and years")
    makes.store(own, "later", "Needed later")
    weights = makes.store(own, "broken", "Broken") / "weights.npz"
    weights.write_bytes(weights.read_bytes()[:-1])
    with serving(tmp_path_factory.mktemp("server") / "log", WHYLIGHT_MODELS=str(own)) as address:
        wait_for(f"{address}/readyz")
        yield address


@pytest.fixture
def faults() -> list[str]:
    """What a page has thrown or reported; a test that means to provoke something empties it."""
    return []


@pytest.fixture
def new_page(browser: Browser, faults: list[str]) -> Iterator[Callable[..., Page]]:
    """Make a page in a context of its own; faults in it fail the test."""
    contexts = []

    def make(**options: object) -> Page:
        context = browser.new_context(**({"viewport": {"width": 1440, "height": 900}} | options))  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        return page

    yield make
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def page(new_page: Callable[..., Page], server: str) -> Page:
    """The page with the first sample explained."""
    opened = new_page()
    opened.goto(server)
    settled(opened)
    return opened
