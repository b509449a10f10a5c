"""To take the view along: in the address, as Python, as downloads."""

from __future__ import annotations

import functools
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import makes
import numpy as np
import pytest
from browser import photos
from browser.asking import LONG, asking, method, option, unfold
from browser.look import QUESTIONS, choose, explained, pixels, requests, settled, slide
from browser.serving import SAMPLES
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

import explain
import models

PHOTO = "photo.jpg"


def fragment(page: Page) -> dict[str, str]:
    """What the address says."""
    text = urlsplit(page.url).fragment
    return dict(parse_qsl(text, strict_parsing=bool(text)))


def follows(page: Page, expected: dict[str, str | None]) -> None:
    """The address comes to say this, soon after the page shows it, and stays so."""
    for _ in range(50):
        if fragment(page) == expected:
            break
        page.wait_for_timeout(200)
    page.wait_for_timeout(400)
    assert fragment(page) == expected


def stands(page: Page) -> None:
    page.locator("#verdict[aria-busy=false]").wait_for(timeout=LONG)
    page.wait_for_timeout(100)  # the figure draws in the frame after


def visit(page: Page, address: str) -> None:
    """Open an address in a page that may be there already: then it is told of the change, and asks."""
    if page.url == "about:blank":
        page.goto(address)
    else:
        with asking(page):
            page.goto(address)
    stands(page)


def test_a_view_comes_back_from_its_address(page: Page, new_page: Callable[..., Page]) -> None:
    assert "#" not in page.url
    page.click("#sample-dog")
    page.locator("#verdict", has_text="Dog,").wait_for()
    settled(page)
    follows(page, {"sample": "dog"})
    unfold(page)
    method(page, "Grad-CAM++")
    settled(page)
    with asking(page):
        option(page, "normalize_alpha", "switch").click()
    settled(page)
    with asking(page):
        page.click("#class-0")
    settled(page)
    with asking(page):
        choose(page, "against", "Dog")
    settled(page)
    choose(page, "layer", "conv4_block1_out")
    choose(page, "colormap", "Cividis")
    slide(page, "opacity", 0.7)
    slide(page, "threshold", 0.2)
    page.locator("#show").get_by_text("Cut-out").click()
    expected = {
        "method": "grad-cam++",
        "set.normalize_alpha": "true",
        "layer": "conv4_block1_out",
        "class": "cat",
        "against": "dog",
        "colormap": "cividis",
        "opacity": page.get_attribute("#opacity [role=slider]", "aria-valuenow"),
        "threshold": page.get_attribute("#threshold [role=slider]", "aria-valuenow"),
        "show": "cutout",
        "sample": "dog",
    }
    follows(page, expected)
    other = new_page()
    other.goto(page.url)
    settled(other)
    follows(other, expected)
    assert other.inner_text("#status") == ""
    for control in ("model", "method", "target", "layer", "against", "colormap"):
        assert other.input_value(f"#{control}") == page.input_value(f"#{control}"), control
    expect(option(other, "normalize_alpha", "switch")).to_be_checked()
    assert other.inner_text("#verdict") == page.inner_text("#verdict")
    assert np.abs(pixels(other) - pixels(page)).max() < 3
    for one in (page, other):
        one.locator("#show").get_by_text("Heat").click()
        one.wait_for_timeout(300)
    assert np.abs(pixels(other) - pixels(page)).max() < 3
    follows(other, {name: value for name, value in expected.items() if name != "show"})


def test_names_that_are_not_known_are_said_with_what_is_shown_instead(
    new_page: Callable[..., Page], server: str
) -> None:
    """Also where another question has come before the answer."""
    page, held, holding = new_page(), list[Route](), True
    page.route(QUESTIONS, lambda route: held.append(route) if holding else route.continue_())
    with page.expect_request(QUESTIONS):
        page.goto(
            f"{server}/#model=horses&method=magic&set.speed=3&layer=nowhere&class=bird&against=fish&colormap=rainbow"
            "&sample=zebra&opacity=0.5"
        )
    page.click("#copy-link")
    expect(page.locator("#status.error")).to_contain_text("nothing to copy yet")
    with page.expect_request(QUESTIONS):
        page.click("#sample-cat")
    holding = False
    for route in held:
        route.continue_()
    stands(page)
    said = page.inner_text("#status")
    for name in ("horses", "magic", "nowhere", "bird", "fish", "rainbow", "zebra"):
        assert f"“{name}”" in said or f"'{name}'" in said
    for instead in (
        "this is Cats and dogs",
        "this is Grad-CAM.",
        "this is evidence",
        "this is cat, which is predicted",
    ):
        assert instead in said
    follows(page, {})
    shown = pixels(page)
    with requests(page) as asked:
        visit(page, f"{server}/#opacity=0.5")
    assert not [one.url for one in asked if "samples" in one.url], "the same photo stays"
    assert np.abs(shown[200:] - pixels(page)[200:]).max() < 3, "below the sentence"
    visit(page, f"{server}/#method=smooth-grad&set.samples=0&layer=conv3_block4_out")
    assert "samples of smooth-grad" in page.inner_text("#status")
    assert page.input_value("#method") == "SmoothGrad", "the method stays"
    visit(page, f"{server}/#method=gradients&layer=all+layers")
    assert "Gradients has no mean of all layers" in page.inner_text("#status")


MEANINGLESS = {
    "%E0%A4%A&=&==&&%": "",
    "opacity=7&threshold=x&evidence=maybe&score=percent&show=hologram": "opacity, threshold, evidence, score, show.",
    "__proto__=1&constructor=2&set.constructor=&hasOwnProperty=4": "",
    "set.__proto__=3": "set.__proto__.",
    "method=constructor": "“constructor”",
    "set.augment=constructor": "'constructor'",
    "set.augment=none&threshold=0": "",
    "explanation": "",
    f"class={'x' * 5000}": "class.",
}


def test_what_means_nothing_is_ignored_and_said(new_page: Callable[..., Page], server: str) -> None:
    page = new_page()
    for text, words in MEANINGLESS.items():
        visit(page, f"{server}/#{text}")
        said = page.inner_text("#status")
        assert words in said if words else said == "", text
        assert page.inner_text("#verdict").startswith("Cat,"), text
        follows(page, {})


def test_nothing_of_a_photo_is_in_its_link(new_page: Callable[..., Page], server: str) -> None:
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    visit(page, f"{server}/#class=dog&layer=conv4_block1_out&sample=chelsea")
    assert "evidence for dog" in page.inner_text("#verdict")
    page.click("#what-if")
    with asking(page):
        page.click("#remove")
    expect(page.locator("#edited")).to_be_visible()
    visit(page, f"{server}/#class=dog&sample=chelsea")
    expect(page.locator("#edited")).to_be_hidden()
    visit(page, f"{server}/#class=dog&layer=conv4_block1_out&sample=chelsea")
    explained(page, ("cat.jpg", (SAMPLES / "taxi.jpg").read_bytes()))  # named like a sample, and is none
    if "Dog," not in page.inner_text("#verdict"):
        assert "evidence for dog" in page.inner_text("#verdict"), "the link's class holds for the photo brought to it"
    page.click("#copy-link")
    page.locator("#status", has_text="The photo is not part of it").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(f"{server}/#")
    assert set(dict(parse_qsl(urlsplit(link).fragment))) <= {"layer", "class"}
    follows(page, dict(parse_qsl(urlsplit(link).fragment)))
    before = page.inner_text("#verdict")
    page.set_input_files("#upload input[type=file]", [SAMPLES / "cat.jpg", SAMPLES / "dog.jpg"])
    expect(page.locator("#gallery-cards > li")).to_have_count(2)
    visit(page, f"{server}/#layer=conv3_block4_out")
    expect(page.locator("#gallery")).to_be_hidden()
    assert page.input_value("#layer").startswith("conv3_block4_out")
    assert page.inner_text("#verdict").split(".")[0] == before.split(".")[0], "one's own photo stays"


@pytest.fixture(scope="module")
def python() -> Iterator[None]:
    """Models and explainers are made once, however often the code makes them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "load", functools.cache(models.load))
        patch.setattr(explain, "Explainer", functools.cache(explain.Explainer))
        yield


@pytest.fixture(scope="module")
def shared(browser: Browser, server: str) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, permissions=["clipboard-read", "clipboard-write"]
    )
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.goto(server)
    settled(opened)
    yield opened
    context.close()
    assert faults == []


def copied(page: Page) -> str:
    page.click("#copy-python")
    page.locator("#status", has_text="The code is copied").wait_for()
    return str(page.evaluate("navigator.clipboard.readText()"))


def ran(code: str, photo: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the code has made, beside this photo."""
    (folder / PHOTO).write_bytes(photo)
    monkeypatch.chdir(folder)
    made: dict[str, Any] = {}
    exec(compile(code, "copied.py", "exec"), made)  # noqa: S102 - that it runs is what is tested
    return made


def on_grey(file: Path | io.BytesIO) -> NDArray[np.float32]:
    image = Image.open(file).convert("RGBA")
    return np.asarray(Image.alpha_composite(Image.new("RGBA", image.size, "grey"), image).convert("RGB"), np.float32)


def looks_like(page: Page, file: Path) -> None:
    """The page's picture is that of the file."""
    _, content = downloaded(page, "download")
    difference = np.abs(on_grey(io.BytesIO(content)) - on_grey(file))
    assert difference.mean() < 1.5  # browser and Pillow decode JPEG with other rounding
    assert np.quantile(difference, 0.99) < 8


def downloaded(page: Page, entry: str) -> tuple[str, bytes]:
    if entry != "download":
        page.click("#downloads summary")
    with page.expect_download() as waiting:
        page.click(f"#{entry}")
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


VIEWS = {
    "as it opens": "",
    "for and against": "layer=conv4_block6_out&class=dog&evidence=both&threshold=0.2",
    "a contrast at another layer, cut out": "method=hires-cam&layer=conv4_block1_out&class=dog&against=cat"
    "&evidence=both&colormap=inferno&show=cutout&threshold=0.4",
    "against, of the probability": "method=grad-cam%2B%2B&set.normalize_alpha=true&evidence=against&score=probability",
    "of the whole network": "method=gradients&set.reduce=mean_abs&set.augment=flip&opacity=0.8&threshold=0.3",
    "of no class": "method=activations&set.channel=7&layer=conv3_block4_out&sample=dog-human",
    "another model's": "model=makes&class=BMW+M3+Coupe+2012&against=dog&evidence=against&threshold=0.15",
}


@pytest.mark.usefixtures("python")
@pytest.mark.parametrize("view", VIEWS)
def test_code_record_and_raw_map_are_of_the_view(
    shared: Page, server: str, view: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, asked = shared, dict(parse_qsl(VIEWS[view]))
    if view == "as it opens":
        choose(page, "layer", "conv3_block4_out")  # without a request
        asked = {"layer": "conv3_block4_out"}
    else:
        visit(page, f"{server}/#{VIEWS[view]}")
    follows(page, asked)
    photo = (SAMPLES / f"{asked.get('sample', 'cat')}.jpg").read_bytes()
    if "model" in asked:
        makes.store(tmp_path / "path" / "to", "makes", "Makes and years")
    made = ran(copied(page), photo, tmp_path, monkeypatch)
    e = made["e"]

    called, content = downloaded(page, "download-map")
    (tmp_path / called).write_bytes(content)
    raw = np.load(tmp_path / called)
    assert raw.dtype == np.dtype("<f4")
    assert raw.flags.c_contiguous
    np.testing.assert_allclose(raw, e.map, rtol=1e-4, atol=1e-5 * np.abs(e.map).max())

    called, content = downloaded(page, "download-record")
    assert called.endswith(".json")
    record, own = json.loads(content), json.loads(json.dumps(e.record()))
    for changing in ("milliseconds", "classes", "scores", "facts"):
        assert record.pop(changing).__class__ is own.pop(changing).__class__
    assert record == own
    assert (record["layer"] or "") == asked.get("layer", record["layer"] or "")
    if "less" not in record:  # which is the difference of two
        again = made["explainer"].explain(photo, **explain.read_record(content))
        np.testing.assert_allclose(again.map, e.map)
    looks_like(page, tmp_path / ("cutout.png" if "show" in asked else "overlay.png"))


@pytest.mark.usefixtures("python")
def test_the_mean_of_all_layers_is_code_and_picture_but_no_record(
    shared: Page, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, asked = shared, "method=layer-cam&layer=all+layers&opacity=0.6&threshold=0.1"
    visit(page, f"{server}/#{asked}")
    expect(page.locator("#film-name")).to_contain_text("mean of")
    follows(page, dict(parse_qsl(asked)))
    ran(copied(page), (SAMPLES / "cat.jpg").read_bytes(), tmp_path, monkeypatch)
    looks_like(page, tmp_path / "overlay.png")
    page.click("#downloads summary")
    page.click("#download-map")
    expect(page.locator("#status.error")).to_contain_text("Choose a layer")


def test_code_says_what_is_not_as_the_file_has_it(shared: Page) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 1700, 3)).astype(np.uint8)
    explained(shared, ("wide.jpg", photos.encoded(photos.Image.fromarray(noise), "JPEG")))
    assert re.search(r'"photo.jpg",  # .*smaller', copied(shared))
    assert "wide" not in copied(shared)
    shared.click("#what-if")
    with asking(shared):
        shared.click("#remove")
    expect(shared.locator("#edited")).to_be_visible()
    assert re.search(r'"photo.jpg",  # .*painted over', copied(shared))
    shared.click("#copy-link")
    expect(shared.locator("#status")).to_contain_text("nor is what was painted over")


def test_a_download_that_does_not_come_is_said(page: Page, faults: list[str]) -> None:
    held: list[Route] = []
    page.route("**/record", lambda route: held.append(route))
    for words in ("is being made …", "is being made already"):
        page.click("#downloads summary")
        page.click("#download-record")
        page.locator("#status", has_text=words).wait_for()
    assert len(held) == 1
    held[0].abort()
    page.locator("#status.error", has_text="can't be reached").wait_for()
    faults.clear()
