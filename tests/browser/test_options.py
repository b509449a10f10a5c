"""The options of a question: a method's parameters, and which score is meant."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from browser.asking import asking, method, option, pick, questions, reads, unfold
from browser.look import choose, pixels, settled
from browser.serving import SAMPLES
from numpy.typing import NDArray
from playwright.sync_api import Page, expect

import explain
import models


@pytest.fixture(scope="module")
def explainer() -> explain.Explainer:
    return explain.Explainer(models.load("pets"))


def test_a_channel_by_name_and_by_number(page: Page, explainer: explain.Explainer) -> None:
    unfold(page)
    method(page, "Activations")
    settled(page)
    select, number = option(page, "channel", "choice"), option(page, "channel", "number")
    assert select.input_value() == "Mean"
    assert number.is_disabled()
    assert page.locator("#reset").is_hidden()
    plain = pixels(page)
    with asking(page):
        pick(page, select, "Strongest")
    settled(page)
    assert np.abs(pixels(page) - plain).max() > 20
    assert page.inner_text("#options-changed") == "1 changed"
    reads(page, explainer.explain(SAMPLES / "cat.jpg", method="activations", channel="strongest").heat())
    with asking(page):
        pick(page, select, "A number")
    expect(number).to_have_value("0")
    with asking(page):
        number.fill("7")
    settled(page)
    reads(page, explainer.explain(SAMPLES / "cat.jpg", method="activations", channel=7).heat())
    with asking(page):
        page.click("#reset")
    settled(page)
    expect(select).to_have_value("Mean")
    expect(number).to_be_disabled()
    assert page.locator("#reset").is_hidden()
    assert page.inner_text("#options-changed") == ""
    assert np.abs(pixels(page) - plain).max() < 3


def test_a_number_that_is_typed_is_asked_for_once_and_what_is_wrong_is_said(page: Page) -> None:
    unfold(page)
    method(page, "Grad-CAM of all layers")
    before, asked = pixels(page), questions(page)
    with asking(page):
        option(page, "start", "number").fill("")
        option(page, "start", "number").press_sequentially("0.75", delay=60)
    assert [question["parameters"] for question in asked] == [{"start": 0.75}]
    assert np.abs(pixels(page) - before).max() > 20
    verdict = page.inner_text("#verdict")
    with asking(page):
        option(page, "stop", "number").fill("0.25")
    assert "widen start and stop" in page.inner_text("#status")
    assert page.inner_text("#verdict") == verdict, "the answer that stands stays"
    expect(option(page, "stop", "number")).to_have_value("1")
    expect(option(page, "start", "number")).to_have_value("0.75")
    with asking(page):
        pick(page, option(page, "layers", "choice"), "Stages")
    assert page.inner_text("#status") == ""
    assert asked[-1]["parameters"] == {"start": 0.75, "layers": "stages"}


def test_a_switch(page: Page) -> None:
    unfold(page)
    method(page, "Grad-CAM++")
    settled(page)
    asked = questions(page)
    with asking(page):
        option(page, "normalize_alpha", "switch").click()
    assert asked[0]["parameters"] == {"normalize_alpha": True}
    settled(page)
    assert asked[-1]["rest"] is True, "the other layers' maps follow, with the same options"
    assert asked[-1]["parameters"] == {"normalize_alpha": True}


def test_one_class_against_another_and_what_speaks_against_it(page: Page, explainer: explain.Explainer) -> None:
    unfold(page)
    for control in ("method", "layer"):
        choose(page, control, {"method": "HiResCAM", "layer": "conv4_block6_out"}[control])
        page.wait_for_timeout(300)
        settled(page)

    def expected(target: object) -> NDArray[np.float32]:
        chosen = explainer.explain(SAMPLES / "cat.jpg", method="hires-cam", layer="conv4_block6_out", target=target)
        return chosen.heat()

    reads(page, expected("cat"))
    with asking(page):
        choose(page, "against", "Dog")
    assert "evidence for cat rather than dog lies in" in page.inner_text("#verdict")
    assert "compared with that of dog" in page.inner_text("#reading")
    reads(page, expected(("cat", "dog")))
    with asking(page):
        page.get_by_text("Against it", exact=True).click()
    assert "evidence for dog rather than cat lies in" in page.inner_text("#verdict")
    reads(page, expected(("dog", "cat")))
    with asking(page):
        choose(page, "against", "No other class")
    assert "evidence against cat lies in" in page.inner_text("#verdict")
    assert "lowered the score" in page.inner_text("#reading")
    reads(page, expected(explain.Target({"cat": -1.0})))
    with asking(page):
        choose(page, "score", "Probability")
    assert "lowered the probability" in page.inner_text("#reading")
    assert page.inner_text("#options-changed") == "2 changed"
    reads(page, expected(explain.Target({"cat": -1.0}, "probability")))
    with asking(page):
        page.click("#reset")
    assert "evidence for cat lies in" in page.inner_text("#verdict")
    assert page.locator("#reset").is_hidden()
    reads(page, expected("cat"))


def test_the_class_itself_is_nothing_to_compare_it_with(page: Page) -> None:
    unfold(page)
    with asking(page):
        choose(page, "against", "Dog")
    settled(page)
    with asking(page):
        page.click("#class-1")
    assert "evidence for dog lies in" in page.inner_text("#verdict")
    assert page.input_value("#against") == "No other class"
    page.get_by_text("Dog is the class itself").wait_for()
    settled(page)
    with asking(page):
        page.click("#class-0")
    assert "evidence for cat rather than dog" in page.inner_text("#verdict"), "the choice has come back"
    assert page.input_value("#against") == "Dog"


def test_options_outlive_a_change_of_photo_class_model_and_method(page: Page) -> None:
    unfold(page)
    method(page, "Grad-CAM++")
    settled(page)
    with asking(page):
        option(page, "normalize_alpha", "switch").click()
    settled(page)
    with asking(page):
        pick(page, page.locator("#score"), "Logit")
    settled(page)
    asked = questions(page)
    steps: list[Callable[[], None]] = [
        lambda: page.click("#sample-dog"),
        lambda: page.click("#class-0"),
        lambda: choose(page, "model", "Makes and years"),
    ]
    for step in steps:
        with asking(page):
            step()
        settled(page)
        assert asked[-1]["parameters"] == {"normalize_alpha": True}
        assert asked[-1]["space"] == "logit"
        expect(option(page, "normalize_alpha", "switch")).to_be_checked()
        assert page.inner_text("#options-changed") == "2 changed"
    method(page, "Grad-CAM")
    settled(page)
    assert asked[-1]["parameters"] == {}, "another method has its own"
    assert page.inner_text("#options-changed") == "1 changed"
    expect(option(page, "normalize_alpha", "switch")).to_have_count(0)
    method(page, "Grad-CAM++")
    settled(page)
    assert asked[-1]["parameters"] == {"normalize_alpha": True}
    expect(option(page, "normalize_alpha", "switch")).to_be_checked()


def test_options_by_keyboard(page: Page) -> None:
    method(page, "Grad-CAM++")
    settled(page)
    page.locator("#options summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#against")).to_be_visible()
    page.keyboard.press("Tab")
    expect(option(page, "normalize_alpha", "switch")).to_be_focused()
    with asking(page):
        page.keyboard.press("Space")
    settled(page)
    expect(option(page, "normalize_alpha", "switch")).to_be_focused()
    page.locator("#evidence input:checked").focus()
    with asking(page):
        page.keyboard.press("ArrowRight")
    assert "evidence against cat" in page.inner_text("#verdict").lower()
    settled(page)
    page.locator("#score").focus()
    with asking(page):
        page.keyboard.press("Enter")
        page.get_by_role("option", name="Logit", exact=True).wait_for()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
    settled(page)
    assert page.inner_text("#options-changed") == "3 changed"
    page.locator("#reset").focus()
    with asking(page):
        page.keyboard.press("Enter")
    settled(page)
    assert page.inner_text("#options-changed") == ""


CONTRAST = """(element) => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const layers = [];
    for (let one = element; one; one = one.parentElement) layers.unshift(getComputedStyle(one).backgroundColor);
    const luminance = (paints) => {
        canvas.fillStyle = "white"; canvas.fillRect(0, 0, 1, 1);
        for (const paint of paints) { canvas.fillStyle = paint; canvas.fillRect(0, 0, 1, 1); }
        const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((v) => v / 255)
            .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const both = [luminance(layers), luminance([...layers, getComputedStyle(element).color])];
    const [low, high] = both.sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_options_are_read_in_both_colour_schemes(scheme: str, new_page: Callable[..., Page], server: str) -> None:
    page = new_page(color_scheme=scheme)
    page.goto(server)
    settled(page)
    unfold(page)
    method(page, "Activations")
    settled(page)
    with asking(page):
        pick(page, option(page, "channel", "choice"), "Strongest")
    page.wait_for_timeout(400)  # for transitions
    texts = page.locator(
        "#options summary, #options-changed, #options label, #options .label, #options .mantine-Select-description, "
        "#parameters input, #reset, #reading, #about, #about strong"
    )
    assert texts.count() > 10
    for text in texts.all():
        if text.is_enabled() and text.is_visible() and not text.evaluate("(one) => !!one.closest('[data-disabled]')"):
            assert text.evaluate(CONTRAST) >= 4.5, text.evaluate("(one) => one.outerHTML")


def test_options_fit_on_a_phone(new_page: Callable[..., Page], server: str) -> None:
    page = new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.goto(server)
    settled(page)
    page.tap("#options summary")
    with asking(page):
        page.tap("#method")
        page.get_by_role("option", name="Activations", exact=True).tap()
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for control in ("channel", "augment"):
        box = option(page, control, "choice").bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
