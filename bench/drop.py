"""The wait of people: from a dropped phone photo to its heat, in its parts, and how the page comes up."""

from __future__ import annotations

import io
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

import explain
import models
import settings
from bench.timing import table
from tests.browser.chromium import FLAGS, chromium
from tests.browser.look import settled
from tests.browser.serving import SAMPLES, serving, wait_for

PHOTOS, WIDTH, HEIGHT = 9, 4000, 3000

# Before the page's own scripts: what moves without being asked to, and how long each step takes once a file was chosen.
WATCH = """
    (() => {
        window.shifts = 0;
        new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
        }).observe({ type: "layout-shift", buffered: true });
        const frame = () => new Promise(requestAnimationFrame);
        const heat = () => document.querySelector("#overlay .layer-above image")?.getAttribute("href") ?? "";
        async function measure() {
            const began = performance.now(), before = heat();
            performance.clearResourceTimings();
            while (heat() === before || !heat().startsWith("data:image/png")) await frame();
            const done = performance.now(), resources = performance.getEntriesByType("resource");
            const { startTime, responseEnd } = resources.find(({ name }) => name.includes("_dash-update-component"));
            return {
                prepare: startTime - began, answer: responseEnd - startTime,
                draw: done - responseEnd, all: done - began,
            };
        }
        window.addEventListener("change", ({ target }) => {
            if (target.type === "file") window.measured = measure();
        }, true);
    })();
"""


def run() -> None:
    photos = _phone_photos()
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder) / "log") as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium(playwright), args=FLAGS)
        wait_for(f"{address}/readyz")
        first = [_first_view(browser.new_page(viewport={"width": 1440, "height": 900}), address) for _ in range(5)]
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        _first_view(page, address)
        dropped = [_drop(page, photo) for photo in photos][2:]  # what comes first warms the caches
        browser.close()
    parts = {name: statistics.median(one[name] for one in dropped) for name in dropped[0]}
    passes = _passes()
    table(
        f"A phone photo of {len(photos[0]) / 1e6:.1f} MB, from its drop to its heat, median of {len(dropped)}",
        [
            ("decoded and made smaller in the browser", f"{parts['prepare']:.0f} ms", ""),
            ("sent, decoded, explained and sent back", f"{parts['answer']:.0f} ms", ""),
            ("of this the model's own passes", f"{passes:.0f} ms", ""),
            ("unpacked and drawn", f"{parts['draw']:.0f} ms", ""),
            ("all but the model's passes", f"{parts['all'] - passes:.0f} ms", "600 ms"),
        ],
    )
    paint, shift = (statistics.median(values) for values in zip(*first, strict=True))
    table(
        f"The page comes up, median of {len(first)}",
        [
            ("first paint", f"{paint:.0f} ms", "1000 ms"),
            ("layout shift until all maps are there", f"{shift:.3f}", "0.02"),
        ],
    )


def _first_view(page: Page, address: str) -> tuple[float, float]:
    page.add_init_script(WATCH)
    page.goto(address)
    settled(page)
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    return paint, page.evaluate("window.shifts")


def _drop(page: Page, photo: bytes) -> dict[str, float]:
    page.set_input_files("#upload input[type=file]", {"name": "phone.jpg", "mimeType": "image/jpeg", "buffer": photo})
    parts: dict[str, float] = page.evaluate("window.measured")
    settled(page)
    return parts


def _phone_photos() -> list[bytes]:
    """Different JPEGs of 12 megapixels and about 3 MB: a sample, enlarged, with the noise of a sensor."""
    with Image.open(SAMPLES / "dog-human.jpg") as sample:
        pixels = np.asarray(sample.convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC), np.float32)
    noise = np.random.default_rng(0).normal(0, 7, (HEIGHT, WIDTH, 1)).astype(np.float32)
    noisy = (pixels + noise).clip(0, 255).astype(np.uint8)
    files = []
    for number in range(PHOTOS):
        noisy[:100, :100] = 25 * number
        file = io.BytesIO()
        Image.fromarray(noisy).save(file, "JPEG", quality=85)
        files.append(file.getvalue())
    return files


def _passes() -> float:
    """Milliseconds of what the network itself takes for all layers of a photo."""
    explainer = explain.Explainer(models.load(settings.load().model))
    explainer.warm()
    rng, seconds = np.random.default_rng(0), []
    for _ in range(12):
        photo = rng.integers(0, 256, (*explainer.classifier.size, 3)).astype(np.uint8)
        began = time.perf_counter()
        explainer.explain_layers(photo)
        seconds.append(time.perf_counter() - began)
    return 1000 * statistics.median(seconds[2:])
