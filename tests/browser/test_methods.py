"""Every method of the registry on the page: its menu, its words, its layers, and how long it takes."""

from __future__ import annotations

import json
import re
import time

import numpy as np
import pytest
from browser.asking import asking, method, option, pick, questions, reads, unfold
from browser.look import QUESTIONS, choose, pixels, settled
from browser.serving import SAMPLES, get
from playwright.sync_api import Page, Request, Route, expect

import explain
import models
from explain.methods import FAMILIES


@pytest.fixture(scope="module")
def explainer() -> explain.Explainer:
    return explain.Explainer(models.load("pets"))


def test_every_method_of_the_menu_shows_heat(page: Page) -> None:
    unfold(page)
    page.click("#method")
    titles = page.get_by_role("option").all_inner_texts()
    assert titles == [method.title for method in explain.methods().values()]
    page.keyboard.press("Escape")
    for name, known in explain.methods().items():
        if known.title != page.input_value("#method"):
            method(page, known.title)
        assert page.inner_text("#status") == "", name
        assert page.inner_text("#figure-message") == "", name
        href = page.locator("#overlay .layer-above image").first.get_attribute("href") or ""
        assert href.startswith("data:image/png"), name
        assert re.search(r"\d %? ?of the (evidence|influence|activity)|% of the", page.inner_text("#verdict")), name
        about = page.inner_text("#about")
        assert about == f"{known.title}. {known.use} {known.limits}"
        assert page.is_disabled("#target") == (known.space is None)
        assert page.is_disabled("#layer") == (not known.layer)
        assert page.locator("#parameters .option").count() == len(known.parameters)
        up_or_down = "up or down" in page.inner_text("#reading")
        assert up_or_down == (known.display == "magnitude" and known.space is not None), name


def test_the_menu_is_grouped_and_searched(page: Page) -> None:
    page.click("#method")
    page.get_by_role("option").first.wait_for()
    groups = page.locator(".mantine-Select-groupLabel:visible").all_inner_texts()
    assert groups == list(FAMILIES.values())
    page.keyboard.type("guided")
    expect(page.get_by_role("option")).to_have_count(2)


def test_magnitudes_are_drawn_as_python_draws_them(page: Page, explainer: explain.Explainer) -> None:
    method(page, "Gradient × input")  # signed, at the size of the model's input
    signed = explainer.explain(SAMPLES / "cat.jpg", method="gradient-x-input")
    assert signed.map.min() < -0.3 * signed.map.max(), "there is something negative to be seen"
    reads(page, signed.heat())
    unfold(page)
    method(page, "Gradients")
    with asking(page):
        pick(page, option(page, "reduce", "choice"), "Mean abs")
    reads(page, explainer.explain(SAMPLES / "cat.jpg", method="gradients", reduce="mean_abs").heat())


def test_without_layers_the_choice_of_one_waits(page: Page) -> None:
    choose(page, "layer", "conv3_block4_out")
    page.wait_for_timeout(200)
    method(page, "Gradients")
    assert page.is_disabled("#layer")
    assert page.input_value("#layer") == ""
    page.get_by_text("This method looks at the whole network").wait_for()
    assert "at this layer" not in page.inner_text("#reading")
    with asking(page):
        page.click("#sample-dog")
    assert page.is_disabled("#layer")
    method(page, "Grad-CAM")
    settled(page)
    assert page.is_enabled("#layer")
    assert page.input_value("#layer").startswith("conv3_block4_out")


def test_layers_that_take_passes_of_their_own_are_asked_for_one_by_one(page: Page) -> None:
    method(page, "Guided Grad-CAM")
    page.get_by_text("the server is asked for each").wait_for()
    asked, before = questions(page), pixels(page)
    held: list[Route] = []
    page.route(QUESTIONS, lambda route: route.continue_() if held else held.append(route))
    choose(page, "layer", "conv3_block4_out")
    page.locator("#figure-message", has_text="on its way").wait_for()
    expect(page.locator("#verdict")).to_have_attribute("aria-busy", "true")
    expect(page.locator("#verdict")).to_contain_text("is on its way")
    with asking(page):
        held[0].continue_()
    assert [question["layer"] for question in asked] == ["conv3_block4_out"]
    assert page.inner_text("#figure-message") == ""
    assert page.input_value("#layer").startswith("conv3_block4_out")
    assert np.abs(pixels(page) - before).max() > 20
    page.wait_for_timeout(400)
    assert len(asked) == 1, "no other layers follow"


def test_an_answer_that_does_not_come_leaves_the_layer_that_is_shown(page: Page) -> None:
    method(page, "Guided Grad-CAM")
    first, verdict = page.input_value("#layer"), page.inner_text("#verdict")

    def refuse(route: Route) -> None:
        number = json.loads(route.request.post_data or "")["inputs"][0]["value"]["number"]
        data = {"number": number, "rest": False, "everything": False, "error": "It can't be done."}
        route.fulfill(json={"multi": True, "response": {"answer": {"data": data}}})

    page.route(QUESTIONS, refuse)
    choose(page, "layer", "conv3_block4_out")
    page.locator("#status.error", has_text="can't be done").wait_for()
    page.unroute(QUESTIONS)
    expect(page.locator("#layer")).to_have_value(first)
    expect(page.locator("#figure-message")).to_have_text("")
    expect(page.locator("#verdict")).to_have_text(verdict.replace("\n", " "), use_inner_text=True)


def test_a_method_of_few_layers_says_which(page: Page) -> None:
    choose(page, "layer", "conv3_block4_out")
    page.wait_for_timeout(200)
    method(page, "CAM")
    expect(page.locator("#status")).to_have_text("CAM can't explain conv3_block4_out; this is evidence.")
    assert page.input_value("#layer").startswith("evidence")
    page.click("#layer")
    page.get_by_role("option").first.wait_for()
    enabled = page.locator("[role=option]:visible:not([data-combobox-disabled])")
    assert [text.split(" · ")[0] for text in enabled.all_inner_texts()] == ["evidence"]
    page.keyboard.press("Escape")
    method(page, "Grad-CAM")
    settled(page)
    assert page.inner_text("#status") == ""
    assert page.input_value("#layer").startswith("conv3_block4_out"), "the choice has come back"


def test_a_long_method_shows_that_it_works_and_gives_way_to_a_newer_question(page: Page, server: str) -> None:
    verdict = page.inner_text("#verdict")
    held: list[Route] = []
    page.route(QUESTIONS, lambda route: route.continue_() if held else held.append(route))
    page.click("#method")
    page.get_by_role("option", name="SmoothGrad", exact=True).click()
    expect(page.locator("#verdict")).to_have_attribute("aria-busy", "true")
    page.locator("#status", has_text="Still at work: SmoothGrad").wait_for()
    assert page.inner_text("#verdict") == verdict
    held[0].continue_()  # the server begins
    began = time.monotonic()
    assert get(f"{server}/healthz")[0] == 200
    assert time.monotonic() - began < 5
    method(page, "Activations")
    settled(page)
    assert "activity" in page.inner_text("#verdict")
    assert page.inner_text("#status") == ""
    page.wait_for_timeout(12_000)  # until the older answer is there
    assert "activity" in page.inner_text("#verdict")
    assert page.input_value("#method") == "Activations"


def test_a_question_that_is_replaced_is_not_answered_to_its_end(page: Page) -> None:
    """A thousand noisy copies take minutes."""

    def lengthen(route: Route) -> None:
        body = json.loads(route.request.post_data or "")
        body["inputs"][0]["value"]["parameters"] = {"samples": 1000} if is_older(route.request) else {}
        route.continue_(post_data=json.dumps(body))

    def is_older(request: Request) -> bool:
        return '"smooth-grad"' in (request.post_data or "")

    page.route(QUESTIONS, lengthen)
    page.click("#method")
    with page.expect_response(lambda response: is_older(response.request)) as older:
        page.get_by_role("option", name="SmoothGrad", exact=True).click()
        page.locator("#status", has_text="Still at work: SmoothGrad").wait_for()
        method(page, "Activations")
    assert "Another question has taken the place" in older.value.text()
    settled(page)
    assert "activity" in page.inner_text("#verdict")
    assert page.inner_text("#status") == ""
