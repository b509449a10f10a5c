"""The page: how long its scripts run for a step of a slider, and how often it asks the server meanwhile."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench.timing import table
from tests.browser.chromium import FLAGS, chromium
from tests.browser.look import settled
from tests.browser.serving import serving, wait_for

STEPS = 150

# Dash looks its functions up at each call, so that they can be wrapped while the page runs.
WRAP = """(control) => {
    const actions = window.dash_clientside.whylight, action = actions[control];
    window.milliseconds = [];
    actions[control] = (...inputs) => {
        const began = performance.now();
        action(...inputs);
        window.milliseconds.push(performance.now() - began);
    };
}"""


def run() -> None:
    rows = []
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder) / "log") as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium(playwright), args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        wait_for(f"{address}/readyz")
        page.goto(address)
        settled(page)
        for control in ("opacity", "threshold", "film-scrub"):
            rows += _drag(page, control)
        browser.close()
    table("Script time of a slider's step in Chromium", rows)


def _drag(page: Page, control: str) -> list[tuple[str, str, str]]:
    """Drag the thumb to and fro, a pixel or two at a time."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.startswith("http") else None)
    page.evaluate(WRAP, control)
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")
    thumb, track = (
        page.locator(f"#{control} {part}").evaluate("element => element.getBoundingClientRect().toJSON()")
        for part in ("[role=slider]", ".mantine-Slider-track")
    )
    x, y = thumb["x"] + thumb["width"] / 2, thumb["y"] + thumb["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    before = _script_seconds(devtools)
    for step in range(STEPS):
        share = abs((step / STEPS * 4) % 2 - 1)
        page.mouse.move(track["x"] + share * track["width"], y)
        page.evaluate("() => new Promise(requestAnimationFrame)")
    whole = _script_seconds(devtools) - before
    page.mouse.up()
    milliseconds = page.evaluate("window.milliseconds")
    median, late = statistics.median(milliseconds), statistics.quantiles(milliseconds, n=20)[-1]
    mean = 1000 * whole / len(milliseconds)
    return [
        (f"{control}: the handler, median of {len(milliseconds)} steps", f"{median:.2f} ms", "4 ms"),
        (f"{control}: the handler, 95 % of steps", f"{late:.2f} ms", "4 ms"),
        (f"{control}: all scripts, Dash's and React's included, mean", f"{mean:.2f} ms", "(reported)"),
        (f"{control}: requests", str(len(asked)), "0"),
    ]


def _script_seconds(devtools: object) -> float:
    metrics = devtools.send("Performance.getMetrics")["metrics"]  # type: ignore[attr-defined]
    return next(float(metric["value"]) for metric in metrics if metric["name"] == "ScriptDuration")
