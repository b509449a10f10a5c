"""Other ways to show a map: as a cut-out of the photo, and with its sign."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from browser.asking import asking, method, pick, reads, unfold
from browser.look import choose, photo_box, pixels, requests, settled, slide
from browser.serving import SAMPLES
from PIL import Image
from playwright.sync_api import Page, expect

import explain
import models


@pytest.fixture(scope="module")
def explainer() -> explain.Explainer:
    return explain.Explainer(models.load("pets"))


def show(page: Page, what: str) -> None:
    page.locator("#show").get_by_text(what).click()
    page.wait_for_timeout(300)


def download(page: Page) -> tuple[str, Image.Image]:
    with page.expect_download() as waiting:
        page.click("#download")
    return waiting.value.suggested_filename, Image.open(io.BytesIO(Path(waiting.value.path()).read_bytes()))


def left(page: Page) -> int:
    """Per cent of the photo that the verdict says are left."""
    said = re.search(r"(\d+) % of the photo is left, where the heat is ([\d.]+) or more", page.inner_text("#verdict"))
    assert said
    return int(said[1])


def test_a_cut_out_leaves_the_hottest_part_of_the_photo(page: Page, explainer: explain.Explainer) -> None:
    bare = np.asarray(Image.open(SAMPLES / "cat.jpg").convert("RGB"), np.float32)
    heat = explainer.explain(SAMPLES / "cat.jpg").heat()
    with requests(page) as seen:
        show(page, "Cut-out")
        assert page.get_attribute("#threshold [role=slider]", "aria-valuenow") == "0.5", "a cut-out needs a threshold"
        assert left(page) == pytest.approx(100 * (heat >= 0.5).mean(), abs=1)
        found = pixels(page)
        small = np.asarray(Image.fromarray(bare.astype(np.uint8)).resize(found.shape[1::-1]), np.float32)
        hot = np.asarray(Image.fromarray(heat).resize(found.shape[1::-1]))
        inside, outside = hot > 0.56, hot < 0.44
        outside[:4] = outside[-4:] = outside[:, :4] = outside[:, -4:] = False  # there is a frame
        assert np.abs(found - small)[inside].mean() < 12, "the photo without heat"
        assert np.ptp(found[outside], axis=0).max() <= 3, "the rest is covered evenly"
        assert np.abs(found[outside][0] - [0xEE, 0xF1, 0xF1]).max() <= 2, "in the background of the figure"
        slide(page, "threshold", 0.2)
        page.wait_for_timeout(400)
        threshold = float(page.get_attribute("#threshold [role=slider]", "aria-valuenow") or 0)
        assert left(page) == pytest.approx(100 * (heat >= threshold).mean(), abs=1)
        name, image = download(page)
    assert [request.url for request in seen if not request.url.startswith("blob:")] == []
    assert name == "cat-cat-cut-out.png"
    expected = np.asarray(explainer.explain(SAMPLES / "cat.jpg").cutout(threshold))
    found = np.asarray(image.convert("RGBA"))
    assert (found[..., 3] == expected[..., 3]).mean() > 0.998
    both = (found[..., 3] > 0) & (expected[..., 3] > 0)
    assert np.abs(found[both].astype(int) - expected[both]).mean() < 2


def test_the_threshold_of_a_cut_out_goes_with_it_unless_it_was_chosen(page: Page) -> None:
    before = pixels(page)
    show(page, "Cut-out")
    expect(page.locator("#colormap")).to_be_disabled()
    show(page, "Heat")
    assert page.get_attribute("#threshold [role=slider]", "aria-valuenow") == "0"
    assert np.abs(pixels(page) - before).max() < 3
    expect(page.locator("#colormap")).to_be_enabled()
    assert "of the evidence for cat lies in" in page.inner_text("#verdict")
    slide(page, "threshold", 0.3)
    chosen = page.get_attribute("#threshold [role=slider]", "aria-valuenow")
    show(page, "Cut-out")
    show(page, "Heat")
    assert page.get_attribute("#threshold [role=slider]", "aria-valuenow") == chosen


def test_a_cut_out_has_the_background_of_its_scheme_and_covers_what_the_model_did_not_see(
    new_page: Callable[..., Page], server: str
) -> None:
    page = new_page(color_scheme="dark")
    page.goto(server)
    settled(page)
    show(page, "Cut-out")
    box = pixels(page)
    assert np.abs(box[8:40, 8:40] - [0x11, 0x19, 0x19]).max() <= 2, "not seen by the model"
    page.click("#theme")
    page.wait_for_timeout(500)
    assert np.abs(pixels(page)[8:40, 8:40] - [0xEE, 0xF1, 0xF1]).max() <= 2
    with asking(page):
        page.click("#sample-taxi")
    page.wait_for_timeout(300)
    assert np.abs(pixels(page)[8:40, 8:40] - [0xEE, 0xF1, 0xF1]).max() <= 2, "of another photo as well"


def test_for_and_against_in_one_signed_map(page: Page, explainer: explain.Explainer) -> None:
    """Grad-CAM ends in a ReLU: its signed map is that for the class less that against it; at the end it is CAM."""
    unfold(page)
    with asking(page):
        page.locator("#evidence").get_by_text("Both", exact=True).click()
    settled(page)
    cam = explainer.explain(SAMPLES / "cat.jpg", "cam", target="cat").heat(signed=True)
    reads(page, cam)
    layer = "conv4_block6_out"
    choose(page, "layer", layer)
    page.wait_for_timeout(300)
    one, other = (
        explainer.explain(SAMPLES / "cat.jpg", layer=layer, target=explain.Target({"cat": s})) for s in (1.0, -1.0)
    )
    signed = one.less(other)
    heat = signed.heat(signed=True)
    assert heat.min() < -0.05, "there is evidence either way"
    reads(page, heat)
    share = heat[heat > 0].sum() / np.abs(heat).sum()
    said = re.search(
        r"(\d+) % of the evidence at this layer speaks for cat, (\d+) % against it", page.inner_text("#verdict")
    )
    assert said
    assert int(said[1]) == pytest.approx(100 * share, abs=1)
    assert page.inner_text("#legend").split("\n") == ["−1 against cat", "1 for cat"]
    assert "Orange places raised the score of cat" in page.inner_text("#reading")
    assert page.locator("#overlay .colorbar text").all_text_contents() == ["−1", "0", "1", "heat"]
    _, image = download(page)
    expected = np.asarray(signed.overlay(colormap="blue-orange"), np.float32)
    difference = np.abs(np.asarray(image.convert("RGB"), np.float32) - expected)
    assert difference.mean() < 1.5  # browser and Pillow decode JPEG with other rounding
    assert np.quantile(difference, 0.999) < 10


def test_one_class_against_another_as_a_signed_map(page: Page, explainer: explain.Explainer) -> None:
    unfold(page)
    method(page, "HiResCAM")
    with asking(page):
        choose(page, "against", "Dog")
    with asking(page):
        page.locator("#evidence").get_by_text("Both", exact=True).click()
    settled(page)
    reads(page, explainer.explain(SAMPLES / "cat.jpg", "hires-cam", target=("cat", "dog")).heat(signed=True))
    assert page.inner_text("#legend").split("\n") == ["−1 dog", "1 cat"]
    assert "speaks for cat" in page.inner_text("#verdict")
    with asking(page):
        pick(page, page.locator("#method"), "Gradients")
    expect(page.locator("#status")).to_contain_text("not for or against what")
    expect(page.locator("#legend")).to_be_hidden()
    assert photo_box(page)["width"] > 100
