"""What the page says of a photo beside the heat: what the model saw of it, and samples that a model gets wrong."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from browser.asking import asking, method, unfold
from browser.look import choose, explained, settled
from browser.serving import SAMPLES
from PIL import Image
from playwright.sync_api import Page, expect

import explain
import models

WRONG = "wires"


@pytest.fixture(scope="module")
def explainer() -> explain.Explainer:
    return explain.Explainer(models.load("pets"))


def seen(page: Page) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """The picture under "What the model saw"."""
    expect(page.locator("#input-photo")).to_be_visible()
    page.wait_for_timeout(300)  # the photo is decoded
    url = page.evaluate("document.getElementById('input-photo').toDataURL()")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGB"), np.float32)


def test_what_the_model_saw(page: Page, explainer: explain.Explainer) -> None:
    assert page.inner_text("#input-size") == "224 × 224 pixels, stretched"
    page.click("#input summary")
    fitted = explainer.classifier.fitted(explain.open_photo(SAMPLES / "cat.jpg")).astype(np.float32)
    assert seen(page).shape == fitted.shape
    assert np.abs(seen(page) - fitted).mean() < 3
    with asking(page):
        choose(page, "model", "Makes and years")
    assert page.inner_text("#input-size") == "96 × 96 pixels, the middle of the photo"
    with Image.open(SAMPLES / "cat.jpg") as sample:
        width, height = sample.size
        left = (width - height) // 2
        middle = sample.crop((left, 0, left + height, height)).resize((96, 96), Image.Resampling.BOX)
    assert np.abs(seen(page) - np.asarray(middle, np.float32)).mean() < 4
    padded = """import("/assets/page/words.mjs").then(({ inputSize }) => inputSize({ width: 200, height: 100 },
        { view: [0, 0, 1, 1], seen: { area: [0, 0.25, 1, 0.75] }, input: { width: 96, height: 96 } }))"""
    assert page.evaluate(padded) == "96 × 96 pixels, padded"


def test_before_and_after_get_the_digits_that_tell_them_apart(page: Page) -> None:
    percents = 'shares => import("/assets/page/words.mjs").then(({ percents }) => percents(...shares))'
    for shares, said in (
        ((0.5, 0.6), ["50 %", "60 %"]),
        ((0.501, 0.502), ["50.1 %", "50.2 %"]),
        ((0.9993, 0.99998), ["99.930 %", "99.998 %"]),  # 99.9 and 100.0 would be all
        ((0.999998, 0.999995), ["99.9998 %", "99.9995 %"]),
        ((0.9901, 0.9899), ["99.01 %", "98.99 %"]),  # "99.0 %" and "99 %"
        ((0.0101, 0.0099), ["1.01 %", "0.99 %"]),
        ((0.3, 0.3), ["30 %", "30 %"]),
        ((1, 1), ["100 %", "100 %"]),
        ((0, 0.000001), ["0 %", "under 0.1 %"]),
    ):
        assert page.evaluate(percents, shares) == said


def test_a_sample_that_the_model_gets_wrong_is_called_so(page: Page) -> None:
    assert page.inner_text("#wrong") == ""
    with asking(page):
        page.click(f"#sample-{WRONG}")
    wrong = page.inner_text("#wrong")
    assert wrong.startswith("The model gets this one wrong: it is a ")
    assert page.inner_text("#verdict").split(",")[0].lower() not in wrong.split(".")[0]
    explained(page, SAMPLES / f"{WRONG}.jpg")
    assert page.inner_text("#wrong") == "", "somebody's own photo: the page does not know what it shows"


def test_a_map_without_evidence_is_explained(page: Page, explainer: explain.Explainer) -> None:
    layers = explainer.explain_layers(SAMPLES / "dog.jpg", target="cat")
    flat = next(path for path, one in layers.items() if one.flat)
    with asking(page):
        page.click("#sample-dog")
    with asking(page):
        page.click("#class-0")
    settled(page)
    reading = page.inner_text("#reading")
    choose(page, "layer", flat)
    expect(page.locator("#reading")).to_contain_text("no place speaks for cat here")
    expect(page.locator("#figure-message")).to_contain_text("Try another layer, the evidence against")
    choose(page, "layer", explainer.default_layer)
    expect(page.locator("#reading")).to_have_text(reading)
    choose(page, "layer", flat)
    unfold(page)
    with asking(page):
        page.get_by_text("Against it").click()
    expect(page.locator("#reading")).to_contain_text("lowered the score")
    method(page, "HiResCAM")
