"""The page for whoever works without a mouse, without fine fingers, or without seeing all colours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from browser.asking import LONG, asking, unfold
from browser.look import pixels, settled
from browser.serving import ROOT, SAMPLES
from numpy.typing import NDArray
from playwright.sync_api import Page, expect

import explain

SHOTS = ROOT / "build" / "screenshots"
SIZES = {1440: 900, 1024: 768, 390: 844}
GRAVE = ("serious", "critical")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", SIZES)
def test_axe_finds_nothing_grave(width: int, scheme: str, new_page: Callable[..., Page], server: str) -> None:
    """The main view, its folds and its dialog. A picture of each main view stays in `build/screenshots`."""
    phone = {"has_touch": True, "is_mobile": True} if width < 500 else {}
    # Only axe's own scripts need this: the page works under its policy in all other tests.
    page = new_page(viewport={"width": width, "height": SIZES[width]}, color_scheme=scheme, bypass_csp=True, **phone)
    page.goto(server)
    settled(page)
    page.wait_for_timeout(400)  # for transitions
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{width}-{scheme}.png")

    def grave() -> list[str]:
        found = Axe().run(page).response["violations"]
        nodes = [(one["id"], node["html"][:300]) for one in found if one["impact"] in GRAVE for node in one["nodes"]]
        return [f"{rule}: {html}" for rule, html in nodes]

    assert grave() == []
    unfold(page)
    page.click("#downloads summary")
    expect(page.locator("#download-record")).to_be_visible()
    assert grave() == []
    page.keyboard.press("Escape")
    page.click("#colormap")
    page.get_by_role("option", name="Cividis").wait_for()
    expect(page.get_by_role("combobox", name="Colours", expanded=True)).to_have_count(1)
    page.wait_for_timeout(300)
    assert grave() == []
    page.keyboard.press("Escape")
    page.evaluate("document.getElementById('shortcuts').showModal()")
    assert grave() == []


FOCUS = """() => {
    const marked = (part) => {
        const { width, height } = part.getBoundingClientRect(), { outlineStyle, outlineWidth } = getComputedStyle(part);
        return width > 2 && height > 2 && outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    };
    const one = document.activeElement;
    // Switches and radio buttons are drawn by what follows their hidden input.
    const drawn = [one, one.nextElementSibling].filter(Boolean);
    return { name: one.id || one.closest("[id]")?.id || one.tagName, marked: drawn.some(marked) };
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_tab_leads_through_everything_and_shows_where_it_is(
    scheme: str, new_page: Callable[..., Page], server: str
) -> None:
    page = new_page(color_scheme=scheme)
    page.goto(server)
    settled(page)
    page.evaluate("document.getElementById('options').open = true")
    order, unmarked = [], []
    page.keyboard.press("Tab")
    for _ in range(60):
        at = page.evaluate(FOCUS)
        if at["name"] == "BODY" or (order and at["name"] == order[0]):
            break
        order.append(at["name"])
        if not at["marked"]:
            unmarked.append(at["name"])
        page.keyboard.press("Tab")
    assert unmarked == []
    expected = [
        "skip",
        "help",
        "theme",
        "zoom-in",
        "zoom-out",
        "zoom-all",
        "upload",
        "sample-cat",
        "class-0",
        "class-1",
    ]
    expected += [
        "target",
        "layer",
        "method",
        "model",
        "options",
        "against",
        "score",
        "colormap",
        "opacity",
        "threshold",
    ]
    expected += ["download", "copy-link", "copy-python"]
    assert [name for name in order if name in expected] == expected, order
    page.keyboard.press("Shift+Tab")
    page.locator("#skip").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS)["name"] == "class-0", "the photo's buttons are skipped"


def test_single_keys(page: Page) -> None:
    def layer() -> str:
        return page.input_value("#layer").split(" ")[0]

    page.keyboard.press("[")
    expect(page.locator("#layer")).not_to_have_value("evidence · 14 × 14 × 256 · default")
    before = layer()
    page.keyboard.press("[")
    expect(page.locator("#layer")).not_to_have_value(before)
    for _ in range(3):  # there is none behind the last
        page.keyboard.press("]")
        page.wait_for_timeout(100)
    assert layer() == "evidence"
    with asking(page):
        page.keyboard.press("c")
    expect(page.locator("#class-1")).to_have_attribute("aria-pressed", "true")
    settled(page)
    plain = pixels(page).shape
    page.keyboard.press("+")
    page.wait_for_timeout(300)
    assert pixels(page).shape > plain
    page.keyboard.press("0")
    page.wait_for_timeout(300)
    assert pixels(page).shape == pytest.approx(plain, abs=8)
    with page.expect_download():
        page.keyboard.press("d")
    with page.expect_file_chooser():
        page.wait_for_timeout(200)  # the browser has to hear of it first
        page.keyboard.press("o")
    page.keyboard.press("m")
    page.get_by_role("option").first.wait_for()
    expect(page.locator("#method")).to_be_focused()
    expect(page.locator("#method")).to_have_value("")
    page.keyboard.type("dc[")
    expect(page.locator("#method")).to_have_value("dc[")
    assert layer() == "evidence"
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.locator("#download").focus()
    page.keyboard.press("Control+c")  # means something else
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard")
    expect(dialog).to_be_visible()
    page.keyboard.press("[")  # rests meanwhile
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("#download")).to_be_focused()
    assert layer() == "evidence"
    expect(page.locator("#class-1")).to_have_attribute("aria-pressed", "true")


def test_single_keys_can_be_turned_off_for_good(page: Page) -> None:
    page.click("#help")
    page.get_by_label("Single keys").press("Space")
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_focused()
    for _ in range(2):
        page.keyboard.press("[")
        page.keyboard.press("?")
        page.wait_for_timeout(200)
        assert page.input_value("#layer").startswith("evidence")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.reload()
        settled(page)
    page.click("#help")
    page.get_by_label("Single keys").press("Space")
    page.click("#shortcuts .close")
    page.keyboard.press("[")
    expect(page.locator("#layer")).not_to_have_value("evidence · 14 × 14 × 256 · default")


def test_the_menu_of_downloads_by_keyboard(page: Page) -> None:
    entry = page.locator("#download-map")
    page.locator("#download").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(entry).to_be_focused()
    page.keyboard.press("Escape")
    expect(entry).to_be_hidden()
    expect(page.locator("#downloads summary")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    assert waiting.value.suggested_filename == "cat-cat.npy"
    expect(entry).to_be_hidden()
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")
    expect(entry).to_be_hidden()


TARGETS = """() => {
    const all = document.querySelectorAll("button, summary, input:not([type=file]), [role=slider]");
    const small = [];
    for (const one of all) {
        if (one.closest(".skip, dialog") || !one.checkVisibility({ visibilityProperty: true })) continue;
        const part = one.closest("label, .mantine-SegmentedControl-control, .mantine-Switch-body") ?? one;
        const box = part.getBoundingClientRect(), around = getComputedStyle(one, "::before");
        const sides = ["width", "height"].map((side) => Math.max(box[side], parseFloat(around[side]) || 0));
        if (sides.some((side) => Math.round(side) < 44)) small.push(`${one.id || one.className}: ${sides}`);
    }
    return small;
}"""


def test_a_finger_meets_everything_and_the_camera_is_at_hand(new_page: Callable[..., Page], server: str) -> None:
    page = new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.goto(server)
    settled(page)
    page.tap("#options summary")
    assert page.evaluate(TARGETS) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    with page.expect_file_chooser() as waiting:
        page.tap("#camera")
    field = waiting.value.element
    assert (field.get_attribute("capture"), field.get_attribute("accept")) == ("environment", "image/*")
    with asking(page):
        waiting.value.set_files(SAMPLES / "dog.jpg")
    assert page.inner_text("#verdict").startswith("Dog,")


def test_a_mouse_has_no_camera(page: Page) -> None:
    expect(page.locator("#camera")).to_be_hidden()


# Machado, Oliveira, Fernandes 2009: what is left of linear RGB to people without one kind of cones.
DICHROMATS = (
    ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
)


def _lightness(colours: NDArray[np.uint8], vision: NDArray[np.float64]) -> NDArray[np.float64]:
    share = colours / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    luminance = np.clip(linear @ vision.T, 0, 1) @ (0.2126, 0.7152, 0.0722)
    return np.where(luminance > 0.008856, 116 * np.cbrt(luminance) - 16, 903.3 * luminance)


def test_colours_are_grouped_by_who_can_read_them(page: Page) -> None:
    """Those that everybody reads grow lighter from end to end for everybody; the others don't for anybody."""
    page.click("#colormap")
    page.get_by_role("option", name="Viridis").wait_for()
    groups = page.locator(".mantine-Select-group:visible")
    listed = [text.splitlines() for text in groups.all_inner_texts()]
    assert [head for head, *_ in listed] == ["For everybody", "Not for colour-blind people"]
    names = {name.lower(): number == 0 for number, (_, *rest) in enumerate(listed) for name in rest if name}
    assert names.keys() == explain.drawing.COLORMAPS.keys()
    for name, readable in names.items():
        for vision in (np.eye(3), *map(np.array, DICHROMATS)):
            lightness = _lightness(explain.drawing.colormap(name), vision)
            darker = (np.maximum.accumulate(lightness) - lightness).max()
            assert (darker < 1) == readable, name
            assert not readable or np.ptp(lightness) > 60, name


def test_reduced_motion_is_respected(new_page: Callable[..., Page], server: str) -> None:
    moving = "document.getAnimations().filter((one) => one.effect.getComputedTiming().activeDuration > 0).length"
    page = new_page(reduced_motion="reduce")
    page.goto(server)
    assert page.evaluate(moving) == 0, "while it waits"
    settled(page)
    page.click("#method")
    page.get_by_role("option").first.wait_for()
    assert page.evaluate(moving) == 0
    lively = new_page()
    lively.goto(server)
    lively.locator("#verdict[aria-busy=true]").wait_for(timeout=LONG)
    assert lively.evaluate(moving) > 0, "this would notice something that moves"


def test_screenshots_are_no_part_of_the_repository() -> None:
    assert "build/" in Path(ROOT / ".gitignore").read_text().split()
