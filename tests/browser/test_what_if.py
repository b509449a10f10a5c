"""Parts of the photo are painted over, and the page says what the model makes of that."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from browser.asking import LONG, asking, method, questions
from browser.look import QUESTIONS, explained, photo_box, pixels, settled, slide
from browser.serving import SAMPLES
from PIL import Image
from playwright.sync_api import Page, Request, expect

import explain
import models

CHANGED = re.compile(r"(Cat|Dog), .+ % \(.+ % before\)\.")


@pytest.fixture(scope="module")
def explainer() -> explain.Explainer:
    return explain.Explainer(models.load("pets"))


def switch_on(page: Page) -> None:
    page.click("#what-if")
    expect(page.locator("#what-if-bar")).to_be_visible()


def place(page: Page, x: float, y: float) -> tuple[float, float]:
    box = photo_box(page)
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def paint(page: Page, *places: tuple[float, float]) -> None:
    """Drag from place to place, in shares of the photo."""
    page.mouse.move(*place(page, *places[0]))
    page.mouse.down()
    for one in places:
        page.mouse.move(*place(page, *one), steps=4)
    page.mouse.up()


def answered(page: Page, edited: bool = True) -> None:
    """Everything that was painted has been answered, and is in the photo."""
    expect(page.locator("#edited")).to_be_visible(visible=edited, timeout=LONG)
    expect(page.locator("#painting")).to_be_hidden(timeout=LONG)
    settled(page)


def colour(page: Page, x: float, y: float) -> list[float]:
    """Of the photo at a place, without heat."""
    slide(page, "opacity", 0)
    seen = pixels(page)
    return list(seen[int(y * seen.shape[0]), int(x * seen.shape[1])])


def test_the_options_leave_the_photo_where_it_is(page: Page) -> None:
    for width in (1024, 1366, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_timeout(400)
        before = photo_box(page)
        switch_on(page)
        page.wait_for_timeout(400)
        assert photo_box(page) == before, width
        page.click("#done")


def test_the_first_stroke_is_painted_to_its_end(page: Page) -> None:
    """The ring has the focus until then, and loses it to the pointer."""
    switch_on(page)
    expect(page.locator("#brush-ring")).to_be_focused()
    paint(page, (0.3, 0.5), (0.7, 0.5))
    answered(page)
    assert colour(page, 0.69, 0.5) == pytest.approx([127] * 3, abs=3)


def test_painting_moves_the_verdict_and_the_bars_and_is_taken_back(page: Page) -> None:
    verdict, box = page.inner_text("#verdict"), photo_box(page)
    under_way, most = 0, 0

    def count(request: Request, change: int) -> None:
        nonlocal under_way, most
        if QUESTIONS.search(request.url):
            under_way += change
            most = max(most, under_way)

    page.on("request", lambda request: count(request, 1))
    page.on("requestfinished", lambda request: count(request, -1))
    switch_on(page)
    slide(page, "brush", 0.9)
    paint(page, (0.5, 0.62), (0.42, 0.3), (0.6, 0.35), (0.5, 0.75))
    answered(page)
    assert most == 1, "the next question waits for the answer to the last"
    assert CHANGED.match(page.inner_text("#verdict"))
    assert "over 99.9 %" in (page.locator("#class-0 .before").get_attribute("title") or "")
    now = page.locator("#class-0 .bar-value").inner_text()
    assert now != "over 99.9 %"
    assert photo_box(page) == box, "the photo has not moved"
    assert colour(page, 0.5, 0.62) == pytest.approx([127] * 3, abs=3)
    page.keyboard.press("Control+z")
    answered(page, edited=False)
    assert page.inner_text("#verdict") == verdict
    assert page.locator(".before").count() == 0
    assert page.is_disabled("#undo")


def test_what_the_model_looked_at_is_removed_by_keys_alone(page: Page, explainer: explain.Explainer) -> None:
    heat = explainer.explain(SAMPLES / "cat.jpg").heat()
    page.focus("#what-if")
    page.keyboard.press("Enter")
    page.focus("#remove")
    page.keyboard.press("Enter")
    answered(page)
    assert CHANGED.match(page.inner_text("#verdict"))
    y, x = (at / side for at, side in zip(np.unravel_index(heat.argmax(), heat.shape), heat.shape, strict=True))
    cold = heat < 0.4
    grey = colour(page, float(x), float(y))
    assert grey == pytest.approx([127] * 3, abs=3)
    shown = Image.fromarray(pixels(page).astype(np.uint8)).resize(heat.shape[::-1])
    before = np.asarray(Image.open(SAMPLES / "cat.jpg"), np.float32)
    assert np.abs(np.asarray(shown, np.float32) - before)[cold].mean() < 6, "what was not hot is as it was"
    page.focus("#fill input[value=grey]")
    page.keyboard.press("ArrowLeft")  # from the first to the last
    expect(page.locator("#fill input[value=surroundings]")).to_be_checked()
    answered(page)
    surroundings = colour(page, float(x), float(y))
    assert surroundings != pytest.approx(grey, abs=3)
    page.focus("#fill input:checked")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#fill input[value=blur]")).to_be_checked()
    answered(page)
    blurred = colour(page, float(x), float(y))
    assert blurred != pytest.approx(grey, abs=3)
    assert blurred != pytest.approx(surroundings, abs=3)
    for value in ("surroundings", "grey"):
        page.focus("#fill input:checked")
        page.keyboard.press("Control+z")
        expect(page.locator(f"#fill input[value={value}]")).to_be_checked()
    page.focus("#undo")
    page.keyboard.press("Enter")
    answered(page, edited=False)
    page.focus("#fill input[value=grey]")
    page.keyboard.press("Escape")
    expect(page.locator("#what-if-bar")).to_be_hidden()


def test_the_brush_is_led_by_keys(page: Page) -> None:
    page.focus("#what-if")
    page.keyboard.press("Enter")
    expect(page.locator("#brush-ring")).to_be_focused()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.down(" ")
    for _ in range(6):
        page.keyboard.press("ArrowDown")
    page.keyboard.up(" ")
    answered(page)
    ring = page.locator("#brush-ring").bounding_box()
    box = photo_box(page)
    assert ring
    x = (ring["x"] + ring["width"] / 2 - box["x"]) / box["width"]
    y = (ring["y"] + ring["height"] / 2 - box["y"]) / box["height"]
    assert x > 0.55
    assert y > 0.6
    assert colour(page, x, y) == pytest.approx([127] * 3, abs=3)
    page.keyboard.press("Escape")  # the slider has the focus: nothing happens
    expect(page.locator("#what-if-bar")).to_be_visible()
    page.focus("#done")
    page.keyboard.press("Enter")
    expect(page.locator("#what-if-bar")).to_be_hidden()
    expect(page.locator("#what-if")).to_be_focused()
    assert page.is_visible("#edited"), "the photo stays as it is"


def test_everything_refers_to_the_edited_photo(page: Page) -> None:
    switch_on(page)
    paint(page, (0.5, 0.5), (0.6, 0.6))
    answered(page)
    before = page.inner_text("#verdict strong")
    asked = questions(page)
    method(page, "LayerCAM")
    assert page.inner_text("#verdict strong") == before
    assert [question["photo"] for question in asked if not question["rest"]] == [None], "it is known by its digest"
    with page.expect_download() as waiting:
        page.click("#download")
    assert waiting.value.suggested_filename.startswith("cat-edited-")
    assert Image.open(waiting.value.path()).text["Edited"] == "Parts of the photo are painted over with grey"  # type: ignore[attr-defined]
    page.click("#restore")
    answered(page, edited=False)
    page.click("#undo")
    answered(page)
    with asking(page):
        page.click("#done")
        page.click("#sample-dog")
    expect(page.locator("#edited")).to_be_hidden()
    assert "before" not in page.inner_text("#verdict")
    page.click("#what-if")
    assert page.is_disabled("#undo"), "another photo starts anew"
    kept = page.evaluate("JSON.stringify(window.store.getState().history).length")
    assert kept < (SAMPLES / "cat.jpg").stat().st_size, "Dash keeps what was asked, but not the photos"


def test_the_wheel_zooms_while_painting_and_the_zoom_stays(page: Page) -> None:
    switch_on(page)
    whole = photo_box(page)
    page.mouse.move(*place(page, 0.5, 0.5))
    page.mouse.wheel(0, -300)
    expect(page.locator("#brush-ring")).to_be_visible()
    page.wait_for_timeout(400)
    zoomed = photo_box(page)
    assert zoomed["width"] > 1.05 * whole["width"]
    paint(page, (0.5, 0.5), (0.55, 0.55))
    answered(page)
    assert photo_box(page) == pytest.approx(zoomed, abs=1)


def test_a_finger_paints_and_does_not_scroll(new_page: Callable[..., Page], server: str) -> None:
    page = new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.add_init_script("delete PointerEvent.prototype.getCoalescedEvents")  # as over http from another machine
    page.goto(server)
    settled(page)
    page.tap("#what-if")
    page.wait_for_timeout(300)
    session, scrolled, box = page.context.new_cdp_session(page), page.evaluate("scrollY"), photo_box(page)
    assert 0 < box["y"] < box["y"] + box["height"] < 844, "the photo is in sight, wherever the switch is"
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.7
    for step in range(8):
        kind = "touchStart" if step == 0 else "touchMove"
        touch = {"type": kind, "touchPoints": [{"x": x, "y": y - 12 * step}]}
        session.send("Input.dispatchTouchEvent", touch)
        page.wait_for_timeout(30)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    answered(page)
    assert page.evaluate("scrollY") == scrolled
    assert CHANGED.match(page.inner_text("#verdict"))


def test_a_lost_question_leaves_the_photo_as_it_was(page: Page) -> None:
    switch_on(page)
    error = {"response": {"answer": {"data": {"number": 0, "error": "Lost."}}}, "multi": True}

    def lose(route: object, request: Request) -> None:
        question = json.loads(request.post_data or "")["inputs"][0]["value"]
        error["response"]["answer"]["data"]["number"] = question["number"]  # type: ignore[index]
        route.fulfill(status=200, content_type="application/json", body=json.dumps(error))  # type: ignore[attr-defined]

    page.route(QUESTIONS, lose)
    paint(page, (0.5, 0.5), (0.6, 0.6))
    expect(page.locator("#status")).to_have_text("Lost.")
    answered(page, edited=False)
    page.unroute(QUESTIONS)
    page.click("#remove")
    answered(page)
    assert colour(page, 0.5, 0.5) != pytest.approx([127] * 3, abs=3), "what was lost does not come back"


def test_a_photo_whose_file_is_gone_is_said_and_painted_on_when_it_is_back(page: Page, tmp_path: Path) -> None:
    file = Path(shutil.copy(SAMPLES / "dog.jpg", tmp_path))
    explained(page, file)
    away = file.rename(tmp_path / "away.jpg")
    page.click("#download")
    expect(page.locator("#status.error")).to_contain_text("can't be read")
    expect(page.locator("#download")).not_to_have_attribute("aria-busy", "true")
    with asking(page):
        page.click("#class-0")  # is known to the server
    switch_on(page)
    paint(page, (0.5, 0.5), (0.6, 0.6))
    expect(page.locator("#status.error")).to_contain_text("can't be read")
    answered(page, edited=False)
    expect(page.locator("#restore")).to_be_disabled()
    away.rename(file)
    paint(page, (0.3, 0.3), (0.4, 0.4))
    answered(page)
    assert colour(page, 0.3, 0.3) == pytest.approx([127] * 3, abs=3)
    assert colour(page, 0.6, 0.6) != pytest.approx([127] * 3, abs=3), "what could not be painted does not come back"
