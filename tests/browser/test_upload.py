"""A photo's ways in, and what happens when it is odd or none at all."""

from __future__ import annotations

import base64
import contextlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from browser import photos
from browser.look import explained, pixels, requests, settled, slide, upload
from browser.serving import SAMPLES, serving, wait_for
from playwright.sync_api import Browser, Error, Page

UPRIGHT = {
    "photo.jpg": photos.encoded(photos.corners(), "JPEG", quality=95),
    "photo.png": photos.encoded(photos.corners(), "PNG"),
    "photo.webp": photos.encoded(photos.corners(), "WEBP", quality=95),
    "photo.bmp": photos.encoded(photos.corners(), "BMP"),
    "photo.gif": photos.animated("GIF"),
    "animated.webp": photos.animated("WEBP"),
    "photo.avif": photos.encoded(photos.corners(), "AVIF", quality=95),
    "photo.heic": photos.encoded(photos.corners(), "HEIF", quality=95),
    "palette.png": photos.encoded(photos.corners().convert("P"), "PNG"),
    "cmyk.jpg": photos.encoded(photos.corners().convert("CMYK"), "JPEG", quality=95),
    "rotated.jpg": photos.rotated(),
}
ODD = {
    "pixel.png": photos.encoded(photos.corners(1, 1), "PNG"),
    "strip.png": photos.encoded(photos.corners(4000, 3), "PNG"),
    "column.png": photos.encoded(photos.corners(2, 3000), "PNG"),
    "bits.png": photos.encoded(photos.corners().convert("1"), "PNG"),
    "grey.jpg": photos.encoded(photos.corners().convert("L"), "JPEG"),
    "deep.png": photos.deep(),
    "transparent.png": photos.transparent(),
}
JPEG = (SAMPLES / "dog.jpg").read_bytes()
REFUSED = {
    "empty.jpg": (b"", "empty"),
    "text.jpg": (b"this is no photo at all", "not a photo"),
    "truncated.jpg": (JPEG[: len(JPEG) // 2], "damaged or incomplete"),
    "truncated.png": (photos.encoded(photos.corners(), "PNG")[:-40], "damaged or incomplete"),
    "large.jpg": (JPEG + bytes(10_000_001 - len(JPEG)), "the limit is 10 MB"),
    "bomb.png": (photos.bomb(), "pixels"),
}


@pytest.fixture(scope="module")
def shared(browser: Browser, server: str) -> Iterator[Page]:
    """One page that takes one photo after the other, as people do."""
    opened = browser.new_page(viewport={"width": 1440, "height": 900})
    faults: list[Error] = []
    opened.on("pageerror", lambda error: faults.append(error))
    opened.goto(server)
    settled(opened)
    yield opened
    opened.close()
    assert faults == []


@pytest.mark.parametrize("name", UPRIGHT)
def test_every_format_is_shown_upright(shared: Page, name: str) -> None:
    page = shared
    explained(page, (name, UPRIGHT[name]))
    slide(page, "opacity", 0)
    shown = pixels(page)
    height, width = shown.shape[:2]
    assert width / height == pytest.approx(1.5, rel=0.03)
    for number, colour in enumerate(photos.CORNERS):
        place = shown[height // 4 + number // 2 * height // 2, width // 4 + number % 2 * width // 2]
        assert photos.near(place, colour), (number, place)
    assert page.inner_text("#status") == ""


@pytest.mark.parametrize("name", ODD)
def test_an_odd_photo_gets_an_answer(shared: Page, name: str) -> None:
    page = shared
    explained(page, (name, ODD[name]))
    assert page.inner_text("#status") == ""
    assert page.inner_text("#verdict").startswith(("Cat,", "Dog,"))


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_photo_is_said_and_the_page_goes_on(shared: Page, name: str) -> None:
    page, (content, reason) = shared, REFUSED[name]
    before, verdict = pixels(page), page.inner_text("#verdict")
    upload(page, (name, content))
    page.locator("#status", has_text=reason).wait_for()
    assert page.get_attribute("#verdict", "aria-busy") == "false"
    assert page.inner_text("#verdict") == verdict
    below = slice(90, None)  # the sentence lies over the top of the figure, with its shadow
    assert np.abs(pixels(page)[below] - before[below]).max() == 0, "the photo before is still there, and its heat"
    explained(page, SAMPLES / "dog.jpg")
    assert page.inner_text("#status") == ""
    assert page.inner_text("#verdict").startswith("Dog,")


def test_without_samples_the_page_waits_for_a_photo(new_page: Callable[..., Page], tmp_path: Path) -> None:
    samples = tmp_path / "samples"
    samples.mkdir()
    with serving(tmp_path / "log", WHYLIGHT_SAMPLES=str(samples)) as address:
        wait_for(f"{address}/readyz")
        page = new_page()
        page.goto(address)
        for refused in (False, True):  # nothing changes that
            if refused:
                upload(page, ("text.jpg", b"no photo"))
                page.locator("#status", has_text="not a photo").wait_for()
            page.locator("#verdict[aria-busy=false]", has_text="Drop, choose or paste a photo to begin").wait_for()
        explained(page, SAMPLES / "dog.jpg")
        assert page.inner_text("#verdict").startswith("Dog,")
        assert page.inner_text("#status") == ""


def test_the_same_file_twice_works_twice(page: Page) -> None:
    explained(page, SAMPLES / "dog.jpg")
    with requests(page) as seen:
        upload(page, SAMPLES / "dog.jpg")
        page.wait_for_timeout(300)
        settled(page)
    assert any("_dash-update-component" in request.url for request in seen)
    assert page.inner_text("#verdict").startswith("Dog,")


def test_an_error_is_said_again_when_it_happens_again(page: Page) -> None:
    for _ in range(2):
        upload(page, ("text.jpg", b"no photo"))
        page.locator("#status", has_text="not a photo").wait_for()
        explained(page, SAMPLES / "dog.jpg")
        assert page.inner_text("#status") == ""
        page.click("#sample-cat")
        page.locator("#verdict", has_text="Cat,").wait_for()
        settled(page)


def _transfer(page: Page, target: str, event: str, prop: str) -> None:
    page.evaluate(
        """([target, event, prop, name, base64]) => {
            const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)), data = new DataTransfer();
            if (name) data.items.add(new File([bytes], name));
            const made = prop === "clipboardData"
                ? new ClipboardEvent(event, { clipboardData: data, bubbles: true, cancelable: true })
                : new DragEvent(event, { dataTransfer: data, bubbles: true, cancelable: true });
            document.querySelector(target).dispatchEvent(made);
        }""",
        [target, event, prop, "dog.jpg", base64.b64encode(JPEG).decode()],
    )


@pytest.mark.parametrize(
    ("target", "event", "prop"),
    [("#upload", "drop", "dataTransfer"), ("#overlay", "drop", "dataTransfer"), ("body", "paste", "clipboardData")],
)
def test_a_photo_is_dropped_or_pasted(page: Page, target: str, event: str, prop: str) -> None:
    _transfer(page, target, event, prop)
    page.locator("#verdict", has_text="Dog,").wait_for()
    settled(page)


def test_nothing_chosen_is_said(page: Page) -> None:
    page.evaluate(
        "document.querySelector('#upload input[type=file]').dispatchEvent(new Event('change', {bubbles: true}))"
    )
    page.locator("#status", has_text="No photo was chosen").wait_for()
    assert page.get_attribute("#verdict", "aria-busy") == "false"


def test_a_large_photo_is_shrunk_before_it_is_sent(page: Page) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1500, 2400, 3)).astype(np.uint8)
    large = photos.encoded(photos.Image.fromarray(noise), "JPEG", quality=85)
    sent: list[int] = []
    page.on("request", lambda request: sent.append(len(request.post_data or "")))
    explained(page, ("large.jpg", large))
    assert len(large) > 2_000_000
    assert max(sent) < len(large)
    small = (SAMPLES / "cat.jpg").read_bytes()
    sent.clear()
    explained(page, ("small.jpg", small))
    assert max(sent) > len(small), "a small photo travels untouched, in base64"


def test_whatever_is_posted_is_answered(server: str, page: Page) -> None:
    """The server decodes defensively: not everybody who posts is the page."""
    graph = page.request.get(f"{server}/_dash-dependencies").json()
    callback = next(entry for entry in graph if entry["output"] == "answer.data")

    def ask(question: object) -> tuple[int, str]:
        answer = page.request.post(
            f"{server}/_dash-update-component",
            data=json.dumps(
                {
                    "output": "answer.data",
                    "outputs": {"id": "answer", "property": "data"},
                    "inputs": [{**callback["inputs"][0], "value": question}],
                    "changedPropIds": ["question.data"],
                }
            ),
            headers={"Content-Type": "application/json"},
        )
        return answer.status, answer.text()

    good = {"number": 1, "model": "pets", "method": "grad-cam", "photo": base64.b64encode(JPEG).decode()}
    assert '"Dog' not in ask(good)[1]
    assert "predicted" in ask(good)[1]
    for bad in (
        {},
        {**good, "number": "x"},
        {**good, "photo": "%%%"},
        {**good, "photo": base64.b64encode(os.urandom(2000)).decode()},
        {**good, "model": "../../etc"},
        {**good, "method": "magic"},
        {**good, "layer": "nowhere", "everything": False},
        {**good, "target": 99},
        {**good, "target": -1},
    ):
        status, text = ask(bad)
        assert status == 200
        assert "error" in text
        assert "Traceback" not in text
    assert ask({**good, "photo": None, "digest": "unknown"})[1].count("missing") == 1
    with contextlib.suppress(Error):  # the server may hang up while it is still being told
        assert ask({**good, "photo": "A" * 15_000_000})[0] == 413
    assert "predicted" in ask(good)[1]
