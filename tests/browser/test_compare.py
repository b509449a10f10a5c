"""Two views of one photo, side by side."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from browser.asking import asking, method, questions
from browser.look import choose, pixels, settled, slide
from browser.serving import SAMPLES
from playwright.sync_api import FloatRect, Page, expect

import explain
import models


@pytest.fixture(scope="module")
def explainer() -> explain.Explainer:
    return explain.Explainer(models.load("pets"))


def photos(page: Page) -> list[FloatRect]:
    """Where the photo lies on the screen, in the pinned view and in the other one."""
    found = [
        page.locator(f"{figure} .layer-below image, {figure} .imagelayer image").first.bounding_box()
        for figure in ("#pinned", "#overlay")
    ]
    return [box for box in found if box]


def pin(page: Page) -> None:
    page.click("#compare")
    expect(page.locator("#compare")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#pinned .layer-above image")).to_be_visible()
    page.wait_for_timeout(600)


def test_two_classes_side_by_side_zoom_and_point_together(page: Page, explainer: explain.Explainer) -> None:
    alone = pixels(page)
    asked = questions(page)
    pin(page)
    assert asked == []
    with asking(page):
        page.click("#class-1")
    choose(page, "layer", "conv4_block6_out")
    page.wait_for_timeout(300)
    expect(page.locator("#pinned-caption")).to_have_text("pets · Grad-CAM · evidence · cat")
    expect(page.locator("#caption")).to_have_text("pets · Grad-CAM · conv4_block6_out · dog")
    expect(page.locator(".pane-note")).to_contain_text("scaled to its own highest value")
    left, right = photos(page)
    assert left["x"] + left["width"] < right["x"]
    for side in ("y", "width", "height"):
        assert left[side] == pytest.approx(right[side], abs=2)  # type: ignore[literal-required]
    heats = [
        explainer.explain(SAMPLES / "cat.jpg", layer=layer, target=target).heat()
        for layer, target in (("evidence", "cat"), ("conv4_block6_out", "dog"))
    ]
    for box in (left, right):  # wherever the pointer is, both say what they have there
        page.mouse.move(box["x"] + 0.45 * box["width"], box["y"] + 0.6 * box["height"])
        for readout, heat in zip(("#pinned-readout", "#readout"), heats, strict=True):
            said = re.fullmatch(r"heat ([\d.]+) at (\d+), (\d+)", page.inner_text(readout))
            assert said
            assert float(said[1]) == pytest.approx(float(heat[int(said[3]), int(said[2])]), abs=0.03)
    for number in (0, 1):
        before = photos(page)
        box = before[number]
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.wheel(0, -300)
        page.wait_for_timeout(600)
        after = photos(page)
        assert after[number]["width"] > 1.1 * before[number]["width"]
        assert after[0]["width"] == pytest.approx(after[1]["width"], abs=2)
        assert after[0]["x"] - before[0]["x"] == pytest.approx(after[1]["x"] - before[1]["x"], abs=4)
    page.click("#unpin")
    expect(page.locator("#pinned-pane")).to_be_hidden()
    expect(page.locator(".pane-note")).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == "compare"
    page.click("#zoom-all")
    with asking(page):
        page.click("#class-0")
    choose(page, "layer", "evidence")
    page.wait_for_timeout(600)
    again = pixels(page)
    assert again.shape == pytest.approx(alone.shape, abs=3), "as large as before"


def test_two_methods_and_two_models_side_by_side(page: Page) -> None:
    pin(page)
    method(page, "LayerCAM")
    expect(page.locator("#caption")).to_have_text("pets · LayerCAM · evidence · cat")
    with asking(page):
        choose(page, "model", "Makes and years")
    expect(page.locator("#caption")).to_contain_text(" · LayerCAM · ")
    expect(page.locator("#caption")).not_to_contain_text("pets")
    expect(page.locator("#pinned-caption")).to_have_text("pets · Grad-CAM · evidence · cat")
    left, right = photos(page)
    assert left["width"] == pytest.approx(right["width"], abs=2)


def test_it_can_be_let_go_before_the_second_figure_is_there(page: Page) -> None:
    page.evaluate("() => { for (let press = 0; press < 2; press++) dash_clientside.whylight.compare(); }")
    expect(page.locator("#pinned .layer-above image")).to_have_count(1, timeout=10_000)
    expect(page.locator("#pinned-pane")).to_be_hidden()
    expect(page.locator("#compare")).to_have_attribute("aria-pressed", "false")
    pin(page)
    expect(page.locator("#pinned .js-plotly-plot")).to_have_count(1)
    assert np.diff([box["width"] for box in photos(page)]) == pytest.approx(0, abs=2)


def test_the_look_is_that_of_both(page: Page) -> None:
    pin(page)
    sources = page.locator(".layer-above image")
    before = sources.evaluate_all("all => all.map((one) => one.getAttribute('href'))")
    slide(page, "threshold", 0.5)
    page.wait_for_timeout(300)
    after = sources.evaluate_all("all => all.map((one) => one.getAttribute('href'))")
    assert len(before) == len(after) == 2
    assert all(one != other for one, other in zip(before, after, strict=True))


def test_another_photo_closes_the_comparison_and_says_so(page: Page) -> None:
    pin(page)
    with asking(page):
        page.click("#sample-dog")
    expect(page.locator("#status")).to_have_text("The pinned view was of another photo, so it was closed.")
    expect(page.locator("#pinned-pane")).to_be_hidden()
    expect(page.locator("#compare")).to_have_attribute("aria-pressed", "false")
    pin(page)
    assert np.diff([box["width"] for box in photos(page)]) == pytest.approx(0, abs=2)


def test_before_and_after_painting_stand_side_by_side(page: Page) -> None:
    pin(page)
    plain, painted = (page.locator(f"{figure} .imagelayer image").first for figure in ("#pinned", "#overlay"))
    before = str(plain.get_attribute("href"))
    expect(painted).to_have_attribute("href", before)
    page.click("#what-if")
    with asking(page):
        page.click("#remove")
    expect(painted).not_to_have_attribute("href", before)
    expect(plain).to_have_attribute("href", before)
    expect(page.locator("#pinned-caption")).to_have_text("pets · Grad-CAM · evidence · cat")
    expect(page.locator("#caption")).to_have_text("pets · Grad-CAM · evidence · cat · edited")
    assert page.inner_text("#status") == ""


def test_on_a_phone_one_lies_above_the_other(new_page: Callable[..., Page], server: str) -> None:
    page = new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.goto(server)
    settled(page)
    pin(page)
    above, below = photos(page)
    assert above["y"] + above["height"] < below["y"]
    assert above["x"] == pytest.approx(below["x"], abs=2)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
