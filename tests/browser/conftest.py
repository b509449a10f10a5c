"""A real server with the shipped model and a real Chromium, once for all tests of the page."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser.look import settled
from browser.serving import serving, wait_for
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _chromium(playwright: Playwright) -> str:
    """A Chromium of this machine, or Playwright's, or one that is installed now."""
    bundled = Path(playwright.chromium.executable_path)

    def found() -> str | None:
        on_path = next(filter(None, map(shutil.which, CHROMIUM)), None)
        return on_path or (str(bundled) if bundled.exists() else None)

    if chromium := found():
        return chromium
    # Downloaded, it may still lack libraries of the system: only one that starts will do.
    if _succeeds(sys.executable, "-m", "playwright", "install", "chromium") and _succeeds(str(bundled), "--version"):
        return str(bundled)
    if shutil.which("apt-get") and os.geteuid() == 0 and _succeeds("apt-get", "update"):
        _succeeds("apt-get", "install", "--yes", "--no-install-recommends", "chromium")
    if chromium := found():
        return chromium
    pytest.fail("The browser tests need Chromium: install it (apt install chromium), or let Playwright do it "
                "(.venv/bin/python -m playwright install --with-deps chromium).", pytrace=False)  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=_chromium(playwright), args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("server") / "log") as address:
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
