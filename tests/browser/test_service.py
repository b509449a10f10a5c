"""The service around the page: starting, waiting, going away, and coming back."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from browser.look import QUESTIONS, choose, requests, settled, upload
from browser.serving import ROOT, SAMPLES, get, serving, wait_for
from playwright.sync_api import Page, Route


def test_a_page_opened_before_the_model_is_ready_waits_and_then_works(
    new_page: Callable[..., Page], tmp_path: Path
) -> None:
    """Below a path of its own, as behind a proxy."""
    log = tmp_path / "log"
    with serving(log, WHYLIGHT_BASE_PATH="/why/light", WHYLIGHT_LOG_LEVEL="info") as address:
        status, text = get(f"{address}/readyz")
        assert status == 503
        assert json.loads(text)["status"] == "not ready"
        page = new_page()
        with requests(page) as seen:
            page.goto(f"{address}/why/light/")
            page.locator("#status", has_text="being loaded").wait_for()
            assert get(f"{address}/healthz")[0] == 200
            wait_for(f"{address}/readyz")
            settled(page)
        assert page.inner_text("#verdict").startswith("Cat,")
        assert page.inner_text("#status") == ""
        assert get(f"{address}/readyz")[0] == get(f"{address}/why/light/readyz")[0] == 200
        paths = {urlsplit(request.url).path for request in seen}
        assert {path for path in paths if not path.startswith("/why/light/")} == set()
        page.click("#sample-dog")
        page.locator("#verdict", has_text="Dog,").wait_for()
    said = log.read_text()
    assert "/why/light/" in said
    assert "pets is ready on" in said
    assert "cat.jpg" not in said, "photos are not logged"


def test_a_server_that_is_gone_is_said_and_the_page_goes_on(
    new_page: Callable[..., Page], tmp_path: Path, faults: list[str]
) -> None:
    with serving(tmp_path / "log") as address:
        wait_for(f"{address}/readyz")
        page = new_page()
        page.goto(address)
        settled(page)
    verdict = page.inner_text("#verdict")
    upload(page, SAMPLES / "dog.jpg")
    page.locator("#status", has_text="can't be reached").wait_for()
    assert page.inner_text("#verdict") == verdict
    assert page.get_attribute("#verdict", "aria-busy") == "false"
    choose(page, "layer", "conv3_block4_out")  # is still here
    page.wait_for_timeout(200)
    assert page.inner_text("#verdict") != verdict
    assert faults
    faults.clear()


def test_other_layers_are_on_their_way_and_never_stale(page: Page) -> None:
    held: list[Route] = []
    asked: list[bool] = []

    def hold_the_rest(route: Route) -> None:
        rest = json.loads(route.request.post_data or "")["inputs"][0]["value"]["rest"]
        asked.append(rest)
        held.append(route) if rest else route.continue_()

    page.route(QUESTIONS, hold_the_rest)
    choose(page, "target", "Dog")
    page.locator("#verdict[aria-busy=false]", has_text="evidence for dog").wait_for()
    page.get_by_text("are on their way").first.wait_for()
    choose(page, "layer", "conv3_block4_out")
    page.locator("#figure-message", has_text="on its way").wait_for()
    href = page.locator("#overlay .layer-above image").first.get_attribute("href")
    assert href
    assert href.startswith("data:image/gif"), "no heat of another class or layer"
    while not held:
        page.wait_for_timeout(50)
    held[0].continue_()
    settled(page)
    page.wait_for_timeout(300)
    message = page.inner_text("#figure-message")
    assert not message or message.startswith("No positive evidence at this layer")
    assert "on its way" not in page.inner_text("#verdict")
    assert asked == [False, True]


def test_a_photo_that_the_server_has_forgotten_is_sent_again(page: Page) -> None:
    sent: list[bool] = []

    def forget(route: Route) -> None:
        body = json.loads(route.request.post_data or "")
        question = body["inputs"][0]["value"]
        sent.append(question["photo"] is not None)
        if len(sent) == 1:
            question["digest"] = "forgotten"
        route.continue_(post_data=json.dumps(body))

    page.route(QUESTIONS, forget)
    choose(page, "target", "Dog")
    page.locator("#verdict", has_text="evidence for dog").wait_for()
    settled(page)
    assert sent == [False, True, False]


def test_a_busy_server_is_asked_again(page: Page) -> None:
    answered: list[Route] = []

    def refuse_once(route: Route) -> None:
        number = json.loads(route.request.post_data or "")["inputs"][0]["value"]["number"]
        if answered:
            route.continue_()
            return
        answered.append(route)
        busy = {"number": number, "rest": False, "everything": False, "again": 1, "note": "Many people are asking."}
        route.fulfill(json={"multi": True, "response": {"answer": {"data": busy}}})

    page.route(QUESTIONS, refuse_once)
    choose(page, "target", "Dog")
    page.locator("#status", has_text="Many people").wait_for()
    page.locator("#verdict", has_text="evidence for dog").wait_for()
    settled(page)
    assert page.inner_text("#status") == ""


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("WHYLIGHT_PORT", "eighty", "a port"),
        ("WHYLIGHT_SAMPLES", "/nowhere", "folder"),
        ("WHYLIGHT_THREADS", "0", "4"),
        ("WHYLIGHT_MODEL", "horses", "pets"),
    ],
)
def test_a_wrong_setting_is_one_clear_sentence(name: str, value: str, allowed: str) -> None:
    command = [sys.executable, "-m", "gunicorn", "app:server"]
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", name: value},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode != 0
    assert "Traceback" not in ended.stderr
    assert re.search(rf"{name} is '{value}', but it must be .*{allowed}", ended.stderr)
