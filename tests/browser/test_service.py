"""The service around the page: starting, waiting, going away, and coming back."""

from __future__ import annotations

import base64
import http.client
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
from playwright.sync_api import Page, Route, expect


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
    expect(page.locator("#verdict")).not_to_have_text(verdict, use_inner_text=True)
    assert faults
    faults.clear()


def test_a_server_that_hangs_is_said_to_be_gone(page: Page) -> None:
    verdict, held = page.inner_text("#verdict"), list[Route]()
    page.route(re.compile(f"healthz|{QUESTIONS.pattern}"), lambda route: held.append(route))
    upload(page, SAMPLES / "dog.jpg")
    page.locator("#status.error", has_text="can't be reached").wait_for()
    assert any("healthz" in route.request.url for route in held)
    assert page.inner_text("#verdict") == verdict
    assert page.get_attribute("#verdict", "aria-busy") == "false"


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


def test_other_layers_that_do_not_come_are_said_and_asked_for_again(page: Page) -> None:
    held: list[Route] = []
    asked: list[tuple[bool, bool]] = []

    def refuse_the_rest_once(route: Route) -> None:
        question = json.loads(route.request.post_data or "")["inputs"][0]["value"]
        asked.append((question["rest"], question["everything"]))
        held.append(route) if question["rest"] and not held else route.continue_()

    page.route(QUESTIONS, refuse_the_rest_once)
    first = page.input_value("#layer")
    choose(page, "target", "Dog")
    page.locator("#verdict[aria-busy=false]", has_text="evidence for dog").wait_for()
    choose(page, "layer", "conv3_block4_out")
    page.locator("#figure-message", has_text="on its way").wait_for()
    while not held:
        page.wait_for_timeout(50)
    number = json.loads(held[0].request.post_data or "")["inputs"][0]["value"]["number"]
    data = {"number": number, "rest": True, "everything": True, "error": "Something went wrong."}
    held[0].fulfill(json={"multi": True, "response": {"answer": {"data": data}}})
    page.locator("#status.error", has_text="went wrong").wait_for()
    page.get_by_text("did not come; choosing one asks again").wait_for()
    expect(page.locator("#layer")).to_have_value(first)  # whose map is here
    expect(page.locator("#figure-message")).to_have_text("")
    assert re.search("% of the evidence for dog lies in", page.inner_text("#verdict"))
    choose(page, "layer", "conv3_block4_out")
    settled(page)
    assert page.input_value("#layer").startswith("conv3_block4_out")
    assert page.inner_text("#status") == ""
    assert "on its way" not in page.inner_text("#verdict")
    assert page.inner_text("#figure-message") in ("", "No positive evidence at this layer")
    assert asked == [(False, False), (True, True), (False, False), (True, True)], "the layer first, then the others"
    choose(page, "layer", "conv3_block3_out")
    page.wait_for_timeout(200)
    assert len(asked) == 4, "they are all here"


def test_other_layers_that_another_question_has_overtaken_can_still_be_asked_for(page: Page) -> None:
    held: list[Route] = []

    def hold_the_rest_once(route: Route) -> None:
        rest = json.loads(route.request.post_data or "")["inputs"][0]["value"]["rest"]
        held.append(route) if rest and not held else route.continue_()

    page.route(QUESTIONS, hold_the_rest_once)
    choose(page, "target", "Dog")
    page.get_by_text("are on their way").first.wait_for()
    upload(page, ("text.jpg", b"this is no photo at all"))
    page.locator("#status.error", has_text="not a photo").wait_for()
    page.get_by_text("did not come; choosing one asks again").wait_for()
    choose(page, "layer", "conv3_block4_out")
    settled(page)
    assert page.input_value("#layer").startswith("conv3_block4_out")
    assert "evidence for dog" in page.inner_text("#verdict")


@pytest.mark.parametrize(
    ("status", "said"),
    [(0, "can't be reached"), (413, "larger than the server takes"), (502, r"could not answer (502)")],
)
def test_a_request_that_fails_is_said_at_once(page: Page, faults: list[str], status: int, said: str) -> None:
    verdict = page.inner_text("#verdict")
    page.route(QUESTIONS, lambda route: route.fulfill(status=status, body="") if status else route.abort())
    choose(page, "target", "Dog")
    page.locator("#status.error", has_text=said).wait_for()
    expect(page.locator("#verdict")).to_have_attribute("aria-busy", "false")
    assert page.inner_text("#verdict") == verdict
    assert faults
    faults.clear()
    page.unroute(QUESTIONS)
    choose(page, "target", "Dog")
    page.locator("#verdict[aria-busy=false]", has_text="evidence for dog").wait_for()
    settled(page)
    assert page.inner_text("#status") == ""


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


def test_who_has_hung_up_is_not_answered_to_the_end(server: str, page: Page) -> None:
    """A thousand noisy copies take minutes, and who asks for another method of many passes waits for them."""
    photo = base64.b64encode((SAMPLES / "dog.jpg").read_bytes()).decode()
    question = {
        "number": 1,
        "model": "pets",
        "method": "smooth-grad",
        "parameters": {"samples": 1000},
        "photo": photo,
    }
    body = {
        "output": "answer.data",
        "outputs": {"id": "answer", "property": "data"},
        "inputs": [{"id": "question", "property": "data", "value": question}],
        "changedPropIds": ["question.data"],
    }
    connection = http.client.HTTPConnection(urlsplit(server).netloc)
    connection.request("POST", "/_dash-update-component", json.dumps(body), {"Content-Type": "application/json"})
    page.wait_for_timeout(3000)
    connection.close()
    choose(page, "method", "Gradients")
    page.locator("#verdict[aria-busy=false]", has_text="influence on the score of cat").wait_for()


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
