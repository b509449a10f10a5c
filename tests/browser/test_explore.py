"""What somebody does who wants to know more: other classes and layers, other ways to look, the download."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from browser import photos
from browser.look import QUESTIONS, choose, explained, photo_box, pixels, requests, settled, slide, upload
from browser.serving import SAMPLES
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, Route

import explain
import models


@pytest.fixture(scope="module")
def explainer() -> explain.Explainer:
    return explain.Explainer(models.load("pets"))


def _asks(page: Page) -> Callable[[], int]:
    """Counts the requests of the page from now on."""
    seen: list[str] = []
    page.on("request", lambda request: request.url.startswith("http") and seen.append(request.url))
    return lambda: len(seen)


def download(page: Page) -> Image.Image:
    with page.expect_download() as waiting:
        page.click("#download")
    return Image.open(io.BytesIO(Path(waiting.value.path()).read_bytes()))


def test_another_layer_sends_no_request_and_shows_another_map(page: Page) -> None:
    asked, before = _asks(page), pixels(page)
    choose(page, "layer", "conv3_block4_out")
    page.wait_for_timeout(300)
    assert page.input_value("#layer").startswith("conv3_block4_out")
    assert np.abs(pixels(page) - before).max() > 50
    assert asked() == 0


def test_layers_are_listed_in_running_order_by_stage(page: Page, explainer: explain.Explainer) -> None:
    page.click("#layer")
    options = page.get_by_role("option")
    options.first.wait_for()
    labels = options.all_inner_texts()
    assert [label.split(" · ")[0] for label in labels] == [layer.name for layer in explainer.layers]
    assert labels[0].endswith("112 × 112 × 64")
    groups = page.locator(".mantine-Select-groupLabel:visible").count()
    assert groups == len({layer.stage for layer in explainer.layers})


def test_the_layer_is_searched_by_typing(page: Page) -> None:
    page.click("#layer")
    page.fill("#layer", "conv2_block3_out")
    page.get_by_role("option", name="conv2_block3_out").wait_for()
    assert page.get_by_role("option").count() == 1


def test_another_class_by_select_and_by_bar(page: Page) -> None:
    before = pixels(page)
    choose(page, "target", "Dog")
    page.locator("#verdict", has_text="evidence for dog").wait_for()
    settled(page)
    assert page.inner_text("#verdict").startswith("Cat,"), "the verdict is not what is explained"
    assert page.get_attribute("#class-1", "aria-pressed") == "true"
    other = pixels(page)
    assert np.abs(other - before).max() > 30
    page.click("#class-0")
    page.locator("#verdict", has_text="evidence for cat").wait_for()
    settled(page)
    assert page.input_value("#target") == "Cat (predicted)"
    assert np.abs(pixels(page) - before).max() < 3


def test_another_method(page: Page) -> None:
    choose(page, "layer", "conv3_block1_2_relu")
    page.wait_for_timeout(300)
    before = pixels(page)
    choose(page, "method", "Activations")
    page.locator("#verdict", has_text="activity").wait_for()
    settled(page)
    assert np.abs(pixels(page) - before).max() > 20
    assert page.is_disabled("#target"), "activations look at no class"


def test_opacity_colours_and_threshold_act_without_a_request(page: Page) -> None:
    asked = _asks(page)
    views = [pixels(page)]
    slide(page, "opacity", 0.9)
    views.append(pixels(page))
    choose(page, "colormap", "Jet")
    page.wait_for_timeout(200)
    views.append(pixels(page))
    slide(page, "threshold", 0.6)
    page.wait_for_timeout(200)
    views.append(pixels(page))
    for one, next_one in itertools.pairwise(views):
        assert np.abs(one - next_one).mean() > 2
    assert asked() == 0


def test_full_opacity_shows_the_colours_and_none_the_photo(page: Page) -> None:
    explained(page, ("photo.png", photos.encoded(photos.corners(), "PNG")))
    slide(page, "opacity", 0)
    bare = pixels(page)
    assert photos.near(bare[20, 20], photos.CORNERS[0])
    slide(page, "opacity", 1)
    covered = pixels(page)
    palette = explain.drawing.colormap("viridis").astype(np.float32)
    middle = covered[covered.shape[0] // 2, covered.shape[1] // 3]
    assert np.abs(palette - middle).max(1).min() < 6


def test_zoom_moves_photo_and_heat_together_and_stays_with_another_layer(page: Page) -> None:
    heat = "#overlay .layer-above image"

    def boxes() -> list[list[float]]:
        found = [photo_box(page), page.locator(heat).last.bounding_box()]
        return [[round(box[side]) for side in ("x", "y", "width", "height")] for box in found if box]

    before = boxes()
    assert before[0] == pytest.approx(before[1], abs=2)
    box = photo_box(page)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.wheel(0, -400)
    page.wait_for_timeout(500)
    zoomed = boxes()
    assert zoomed[0][2] > 1.1 * before[0][2]
    assert zoomed[0] == pytest.approx(zoomed[1], abs=2)
    choose(page, "layer", "conv4_block1_out")
    page.wait_for_timeout(300)
    assert boxes()[0] == pytest.approx(zoomed[0], abs=2)
    page.click("#zoom-all")
    page.wait_for_timeout(300)
    assert boxes()[0] == pytest.approx(before[0], abs=8)
    page.click("#zoom-in")
    page.wait_for_timeout(300)
    assert boxes()[0][2] > 1.1 * before[0][2]


def test_every_photo_fills_the_figure_whatever_was_shown_before(page: Page) -> None:
    frame = page.locator("#overlay").bounding_box()
    assert frame
    for number, (width, height) in enumerate([(100, 50), (50, 100), (30, 20), (70, 70), (300, 200), (40, 30)]):
        explained(page, (f"{number}.png", photos.encoded(photos.corners(width, height), "PNG")))
        box = photo_box(page)
        assert box["width"] / box["height"] == pytest.approx(width / height, rel=0.03)
        assert max(box["width"] / frame["width"], box["height"] / frame["height"]) > 0.9
        if number == 2:  # somebody has zoomed into the photo before
            page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            page.mouse.wheel(0, -400)
            page.wait_for_timeout(300)
    page.mouse.dblclick(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_timeout(500)
    assert photo_box(page)["width"] == pytest.approx(box["width"], abs=8)


def test_the_pointer_reads_the_heat(page: Page, explainer: explain.Explainer) -> None:
    heat = explainer.explain(SAMPLES / "cat.jpg").heat()
    box = photo_box(page)
    for x, y in ((0.5, 0.5), (0.45, 0.8), (0.1, 0.1)):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        said = re.fullmatch(r"heat ([\d.]+) at (\d+), (\d+)", page.inner_text("#readout"))
        assert said
        row, column = int(said[3]), int(said[2])
        assert float(said[1]) == pytest.approx(float(heat[row, column]), abs=0.02)


@pytest.mark.parametrize("sample", ["cat", "dog-human", "taxi"])
def test_the_download_is_the_picture_that_python_draws(page: Page, explainer: explain.Explainer, sample: str) -> None:
    """Pixel by pixel at the photo's own size: the page enlarges and colours as `Explanation.overlay` does."""
    if sample != "cat":  # which is on the page already
        explained(page, SAMPLES / f"{sample}.jpg")
    choose(page, "layer", "conv4_block6_out")
    page.wait_for_timeout(300)
    image = download(page)
    e = explainer.explain(SAMPLES / f"{sample}.jpg", layer="conv4_block6_out")
    expected = np.asarray(e.overlay(opacity=0.5), np.float32)
    found = np.asarray(image.convert("RGB"), np.float32)
    assert found.shape == expected.shape
    difference = np.abs(found - expected)
    assert difference.mean() < 1.5  # browser and Pillow decode JPEG with other rounding
    assert np.quantile(difference, 0.999) < 8
    shifted = np.abs(np.roll(found, 8, axis=1) - expected).mean()
    assert shifted > 3 * difference.mean(), "the comparison would notice a picture out of place"


def test_the_download_says_what_it_shows(page: Page) -> None:
    image = download(page)
    with Image.open(SAMPLES / "cat.jpg") as sample:
        assert image.size == sample.size
    texts = image.text  # type: ignore[attr-defined]
    assert texts["Software"] == "Whylight"
    assert texts["Model"] == "pets"
    assert texts["Class"] == "cat"
    assert re.search(r"\d+(\.\d)? %", texts["Probability"])
    assert texts["Method"] == "grad-cam"
    assert texts["Layer"] == "evidence"


def test_the_download_has_the_size_of_the_photo_not_of_the_screen(page: Page) -> None:
    explained(page, ("large.jpg", photos.encoded(photos.corners(2600, 1300), "JPEG", quality=90)))
    image = download(page)
    assert image.size == (2600, 1300)
    explained(page, ("rotated.jpg", photos.rotated()))
    assert download(page).size == (120, 80)


def test_a_map_without_evidence_is_said(page: Page, explainer: explain.Explainer) -> None:
    sample = SAMPLES / "dog.jpg"
    flat = [path for path, one in explainer.explain_layers(sample, target="cat").items() if one.flat]
    assert flat, "this photo has layers without evidence for a cat"
    explained(page, sample)
    page.click("#class-0")
    page.locator("#verdict", has_text="evidence for cat").wait_for()
    settled(page)
    choose(page, "layer", flat[0])
    page.locator("#figure-message", has_text="No positive evidence at this layer").wait_for()
    assert "No positive evidence for cat at this layer" in page.inner_text("#verdict")
    slide(page, "opacity", 1)
    assert pixels(page).std() > 20, "the photo is shown without heat"


def test_a_late_answer_never_replaces_a_newer_one(page: Page) -> None:
    held: list[Route] = []
    holding = [True]
    page.route(QUESTIONS, lambda route: held.append(route) if holding else route.continue_())
    upload(page, SAMPLES / "dog.jpg")
    page.wait_for_timeout(400)
    upload(page, SAMPLES / "chelsea.jpg")
    page.wait_for_timeout(400)
    assert page.get_attribute("#verdict", "aria-busy") == "true"
    assert page.inner_text("#verdict").startswith("Cat,"), "the old words stand until the new ones do"
    assert len(held) == 2
    holding.clear()
    for route in reversed(held):  # the newer answer arrives first
        route.continue_()
        page.wait_for_timeout(600)
    settled(page)
    page.wait_for_timeout(500)
    assert page.inner_text("#verdict").startswith("Cat,")
    assert "chelsea" in _download_name(page)


def _download_name(page: Page) -> str:
    with page.expect_download() as waiting:
        page.click("#download")
    return str(waiting.value.suggested_filename)


def test_the_theme_follows_the_system_and_is_remembered(new_page: Callable[..., Page], server: str) -> None:
    def brightness(page: Page) -> float:
        shot: NDArray[np.uint8] = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("L"))
        return float(np.median(shot))

    page = new_page(color_scheme="dark")
    page.goto(server)
    settled(page)
    assert brightness(page) < 80
    page.click("#theme")
    page.wait_for_timeout(300)
    assert brightness(page) > 180
    page.reload()
    settled(page)
    assert brightness(page) > 180


def swipe(page: Page, across: float, down: float) -> str:
    """Draw a finger over the middle of the photo; what is said of the place below it at the end."""
    session, box = page.context.new_cdp_session(page), photo_box(page)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for step in range(7):
        touch = {"x": x + across * step / 6, "y": y + down * step / 6}
        kind = "touchMove" if step else "touchStart"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [touch]})
        page.wait_for_timeout(30)
    said = page.inner_text("#readout")
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_timeout(300)
    return said


def test_a_phone_shows_everything_without_scrolling_sideways(new_page: Callable[..., Page], server: str) -> None:
    page = new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.goto(server)
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for control in ("overlay", "upload", "verdict", "target", "layer", "opacity", "threshold", "download", "theme"):
        box = page.locator(f"#{control}").bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    answer = page.locator(".answer").bounding_box()
    assert answer
    assert answer["y"] + answer["height"] < 844, "photo and answer are on the first screen"
    page.tap("#zoom-in")
    page.wait_for_timeout(300)
    before = photo_box(page)
    assert swipe(page, -40, -60).startswith("heat "), "a finger reads the heat"
    after = photo_box(page)
    moved = [after[side] - before[side] for side in ("x", "y", "width")]
    assert moved == pytest.approx([-40, -60, 0], abs=3), "and moves a photo that is zoomed into"
    assert page.evaluate("scrollY") == 0
    page.tap("#zoom-all")
    page.wait_for_timeout(300)
    swipe(page, 0, -60)
    assert page.evaluate("scrollY") > 0, "or else the page"
    page.tap("#sample-dog")
    page.locator("#verdict", has_text="Dog,").wait_for()
    settled(page)


def test_nothing_is_asked_while_sliders_move(page: Page) -> None:
    with requests(page) as seen:
        for control in ("opacity", "threshold"):
            slide(page, control, 0.8)
            slide(page, control, 0.2)
    assert seen == []
