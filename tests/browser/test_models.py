"""Several models: from one to another, one among many classes, and photos that a model does not know."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import makes
import pytest
from browser.look import QUESTIONS, choose, photo_box, settled, upload
from browser.serving import SAMPLES
from playwright.sync_api import Page, Request, Route, expect

WARNING = "looks unlike those that this model learnt from (cats and dogs)"


def questions(page: Page) -> list[dict[str, Any]]:
    """What the page asks the server from now on."""
    asked: list[dict[str, Any]] = []

    def note(request: Request) -> None:
        if QUESTIONS.search(request.url):
            asked.append(json.loads(request.post_data or "")["inputs"][0]["value"])

    page.on("request", note)
    return asked


def switch(page: Page, model: str, then: str) -> None:
    """Choose a model and wait for its answer, which has these words in the verdict."""
    choose(page, "model", model)
    page.locator("#verdict[aria-busy=false]", has_text=then).wait_for(timeout=120_000)
    settled(page)


def test_another_model_keeps_the_photo_and_the_class(page: Page) -> None:
    choose(page, "target", "Dog")
    page.locator("#verdict", has_text="evidence for dog").wait_for()
    settled(page)
    photo, asked = page.locator("#overlay image").first.get_attribute("href"), questions(page)
    switch(page, "Makes and years", "20")
    assert page.input_value("#target") == "Dog"
    assert "evidence for dog" in page.inner_text("#verdict")
    expect(page.locator("#classes button")).to_have_count(5)
    assert page.input_value("#layer").endswith("default")
    assert page.locator("#overlay image").first.get_attribute("href") == photo
    assert {question["photo"] for question in asked} == {None}, "the server knows the photo"
    assert {question["target"] for question in asked} == {"dog"}
    switch(page, "Cats and dogs", "Cat,")
    assert page.input_value("#target") == "Dog"
    assert page.get_attribute("#class-1", "aria-pressed") == "true"


def test_without_a_choice_each_model_explains_what_it_predicts(page: Page) -> None:
    switch(page, "Makes and years", "20")
    assert page.input_value("#target").endswith("(predicted)")
    assert page.input_value("#target") != "Cat (predicted)"
    switch(page, "Cats and dogs", "Cat,")
    assert page.input_value("#target") == "Cat (predicted)"


def test_a_class_that_the_other_model_does_not_have_gives_way_to_its_prediction(page: Page) -> None:
    switch(page, "Makes and years", "20")
    choose(page, "target", "Geo Metro Convertible 1993")
    page.locator("#verdict", has_text="evidence for Geo Metro").wait_for()
    settled(page)
    switch(page, "Cats and dogs", "evidence for cat")
    assert page.input_value("#target") == "Cat (predicted)"


def test_a_layer_is_kept_where_both_have_it(page: Page) -> None:
    choose(page, "layer", "conv3_block4_out")
    page.wait_for_timeout(200)
    switch(page, "Makes and years", "20")
    assert page.input_value("#layer").endswith("default")
    first = page.input_value("#layer")
    choose(page, "layer", "block_1_expand_relu")
    page.wait_for_timeout(200)
    switch(page, "Needed later", "20")
    assert page.input_value("#layer").startswith("block_1_expand_relu")
    assert page.input_value("#layer") != first


def test_one_of_many_classes_is_found_by_typing(page: Page) -> None:
    switch(page, "Makes and years", "20")
    before = page.input_value("#target")
    page.click("#target")
    page.get_by_role("option").first.wait_for()
    assert page.input_value("#target") == "", "what is typed takes the place of the choice"
    labels = [label.removesuffix(" (predicted)") for label in page.get_by_role("option").all_inner_texts()]
    assert labels == [label[:1].upper() + label[1:] for label in makes.CLASSES], "in the model's order"
    page.keyboard.type("2012 TOYOTA")  # in any order and case
    expect(page.get_by_role("option")).to_have_count(4)
    page.keyboard.type(" nothing like it")
    page.get_by_text("Nothing by that name").wait_for()
    page.keyboard.press("Escape")
    page.locator("#opacity [role=slider]").focus()
    expect(page.locator("#target")).to_have_value(before)
    page.click("#target")
    page.keyboard.type("2012 TOYOTA camry")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator("#verdict", has_text="evidence for Toyota Camry Sedan 2012").wait_for()
    settled(page)
    assert page.input_value("#target").startswith("Toyota Camry Sedan 2012")


def test_long_labels_are_read_whole_on_a_phone(new_page: Callable[..., Page], server: str) -> None:
    page = new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.goto(server)
    settled(page)
    switch(page, "Makes and years", "20")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    names = page.locator("#classes .bar-name")
    assert names.count() == 5
    for name in names.all():
        assert name.evaluate(
            "(one) => one.scrollWidth <= one.clientWidth + 1 || getComputedStyle(one).display === 'inline'"
        )
        box = name.bounding_box()
        assert box
        assert box["x"] + box["width"] <= 390


def test_a_model_that_is_being_loaded_leaves_the_old_answer_in_place(
    new_page: Callable[..., Page], server: str
) -> None:
    page = new_page()
    page.goto(server)
    settled(page)
    verdict = page.inner_text("#verdict")
    # The answer is held back, as that of a model that takes long; what the server says of it is its own.
    held: list[Route] = []
    released: list[bool] = []

    def hold(route: Route) -> None:
        if released:
            route.continue_()
        else:
            held.append(route)

    page.route(QUESTIONS, hold)
    choose(page, "model", "Makes and years")
    page.locator("#verdict[aria-busy=true]").wait_for()
    assert page.inner_text("#verdict") == verdict
    page.click("#class-1")  # of the answer that stands: dog, whatever the other model has at that place
    page.wait_for_timeout(200)
    released.append(True)
    for route in held:
        route.continue_()
    page.locator("#verdict[aria-busy=false]", has_text="evidence for dog").wait_for(timeout=120_000)
    settled(page)
    assert page.input_value("#model") == "Makes and years"
    assert page.input_value("#target") == "Dog"


def test_a_model_that_cannot_be_used_is_said_and_the_page_goes_on(page: Page) -> None:
    verdict = page.inner_text("#verdict")
    choose(page, "model", "Broken")
    page.locator("#status.error", has_text="'Broken' can't be used").wait_for(timeout=60_000)
    assert "copy both again" in page.inner_text("#status")
    assert page.input_value("#model") == "Cats and dogs"
    assert page.inner_text("#verdict") == verdict
    assert page.get_attribute("#verdict", "aria-busy") == "false"
    page.click("#class-1")
    page.locator("#verdict", has_text="evidence for dog").wait_for()
    settled(page)
    assert page.inner_text("#status") == ""


def test_a_photo_that_the_model_does_not_know_is_said(page: Page) -> None:
    assert page.inner_text("#warning") == ""
    stage = page.locator(".stage").bounding_box()
    page.click("#sample-taxi")
    page.locator("#warning", has_text=WARNING).wait_for()
    settled(page)
    assert page.locator("#warning").is_visible()
    assert page.locator("#warning").get_attribute("aria-live") == "polite"
    assert "%" not in page.inner_text("#warning")
    page.wait_for_timeout(400)
    assert page.locator(".stage").bounding_box() == stage, "the photo stays where it is"
    page.click("#class-0")  # another class of the same photo
    settled(page)
    assert WARNING in page.inner_text("#warning")
    page.click("#sample-cat")
    page.locator("#verdict", has_text="Cat,").wait_for()
    settled(page)
    assert page.inner_text("#warning") == ""


def test_a_model_without_a_fit_warns_of_nothing(page: Page) -> None:
    page.click("#sample-taxi")
    page.locator("#warning", has_text=WARNING).wait_for()
    settled(page)
    switch(page, "Makes and years", "20")
    assert page.inner_text("#warning") == ""


@pytest.mark.parametrize("sample", ["chelsea", "dog", "dog-human"])
def test_the_other_cats_and_dogs_are_familiar(page: Page, sample: str) -> None:
    upload(page, SAMPLES / f"{sample}.jpg")
    page.wait_for_timeout(100)
    settled(page)
    assert page.inner_text("#warning") == ""
    assert photo_box(page)["width"] > 100
