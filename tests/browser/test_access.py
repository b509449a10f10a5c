"""The page for whoever works without a mouse, without fine fingers, or without seeing all colours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from browser.asking import asking, unfold
from browser.look import photo_box, pixels, settled
from browser.serving import ROOT, SAMPLES
from numpy.typing import NDArray
from playwright.sync_api import Browser, Locator, Page, Route, expect

import explain

SHOTS = ROOT / "build" / "screenshots"
SCHEMES = ("light", "dark")
WIDE, NARROW, TABLET, PHONE = (
    {"width": 1440, "height": 900},
    {"width": 1024, "height": 768},
    {"width": 1194, "height": 834},
    {"width": 390, "height": 844},
)
TWO = [SAMPLES / "cat.jpg", SAMPLES / "dog.jpg"]


@pytest.fixture(scope="module")
def desk(browser: Browser, server: str) -> Iterator[Page]:
    """A page for all who leave it as they found it."""
    # Only axe's own scripts need to get past the policy: the page works under it in all other tests.
    context = browser.new_context(viewport=WIDE, bypass_csp=True)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(server)
    settled(page)
    yield page
    context.close()


def grave(page: Page) -> list[str]:
    """What axe finds serious or critical."""
    page.wait_for_timeout(400)  # for transitions
    found = [one for one in Axe().run(page).response["violations"] if one["impact"] in ("serious", "critical")]
    return [f"{one['id']}: {node['html'][:300]}" for one in found for node in one["nodes"]]


def shoot(page: Page, scheme: str) -> None:
    """A picture stays in `build/screenshots`."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    width = (page.viewport_size or WIDE)["width"]
    page.screenshot(path=SHOTS / f"{width}-{scheme}.png")


def test_axe_finds_nothing_grave(desk: Page) -> None:
    """In the main view, with all that opens in it, and in the dialog."""
    unfold(desk)
    for scheme in SCHEMES:
        desk.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for size in (NARROW, WIDE):
            desk.set_viewport_size(size)  # type: ignore[arg-type]
            desk.wait_for_timeout(400)
            shoot(desk, scheme)
            assert grave(desk) == [], (scheme, size)
        desk.click("#compare")
        expect(desk.locator("#pinned-pane")).to_be_visible()
        desk.click("#what-if")
        for menu in ("#downloads", "#film .menu"):
            desk.click(f"{menu} summary")
            expect(desk.locator(f"{menu} .menu-items")).to_be_visible()
            assert grave(desk) == [], (scheme, menu)
        desk.keyboard.press("Escape")
        desk.click("#done")
        desk.click("#unpin")
        desk.click("#help")
        assert grave(desk) == [], scheme
        desk.keyboard.press("Escape")
    desk.emulate_media(color_scheme="light")
    desk.click("#options summary")


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


def test_colours_are_grouped_by_who_can_read_them(desk: Page) -> None:
    """Those that everybody reads grow lighter from end to end for everybody; the others don't for anybody."""
    desk.click("#colormap")
    desk.get_by_role("option", name="Viridis").wait_for()
    expect(desk.get_by_role("combobox", name="Colours", expanded=True)).to_have_count(1)
    assert grave(desk) == []
    groups = desk.locator(".mantine-Select-group:visible")
    listed = [text.splitlines() for text in groups.all_inner_texts()]
    desk.keyboard.press("Escape")
    assert [head for head, *_ in listed] == ["For everybody", "Not for colour-blind people"]
    names = {name.lower(): number == 0 for number, (_, *rest) in enumerate(listed) for name in rest if name}
    assert names.keys() == explain.drawing.COLORMAPS.keys()
    for name, readable in names.items():
        for vision in (np.eye(3), *map(np.array, DICHROMATS)):
            lightness = _lightness(explain.drawing.colormap(name), vision)
            darker = (np.maximum.accumulate(lightness) - lightness).max()
            assert (darker < 1) == readable, name
            assert not readable or np.ptp(lightness) > 60, name


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


ORDER = (
    "skip help theme overlay zoom-in zoom-out zoom-all film-previous film-play film-next film-scrub film film-stages "
    "upload what-if sample-cat class-0 class-1 target layer method model options against score threshold colormap "
    "opacity compare download downloads copy-link copy-python input"
)


def test_tab_leads_through_everything_and_shows_where_it_is(desk: Page) -> None:
    expect(desk.locator("#camera")).to_be_hidden()  # a mouse has none
    unfold(desk)
    desk.locator(".brand").focus()
    desk.keyboard.press("Shift+Tab")  # by a key: after a click, browsers don't mark what a script gives the focus to
    order, unmarked = [], []
    for _ in range(100):
        at = desk.evaluate(FOCUS)
        if at["name"] == "BODY" or (len(order) > 1 and at["name"] == order[0]):
            break
        order.append(at["name"])
        if not at["marked"]:
            unmarked.append(at["name"])
        desk.keyboard.press("Tab")
    assert unmarked == []
    assert " ".join(name for name in dict.fromkeys(order) if name in ORDER.split()) == ORDER
    desk.locator("#opacity [role=slider]").focus()
    for key, value in (("ArrowRight", "0.51"), ("ArrowLeft", "0.5")):
        desk.keyboard.press(key)
        expect(desk.locator("#opacity [role=slider]")).to_have_attribute("aria-valuenow", value)
    assert desk.get_attribute("#threshold [role=slider]", "aria-label") == "Hide below"
    desk.locator("#skip").focus()
    desk.keyboard.press("Enter")
    desk.keyboard.press("Tab")
    assert desk.evaluate(FOCUS)["name"] == "class-0", "the photo's buttons are skipped"
    desk.click("#options summary")


def test_menus_by_keyboard(desk: Page) -> None:
    summary, entry = desk.locator("#downloads summary"), desk.locator("#download-map")
    desk.locator("#download").focus()
    desk.keyboard.press("Tab")
    desk.keyboard.press("Enter")
    desk.keyboard.press("Tab")
    expect(entry).to_be_focused()
    desk.keyboard.press("Escape")
    expect(entry).to_be_hidden()
    expect(summary).to_be_focused()
    desk.keyboard.press("Space")
    desk.keyboard.press("Tab")
    with desk.expect_download() as waiting:
        desk.keyboard.press("Enter")
    assert waiting.value.suggested_filename == "cat-cat.npy"
    expect(entry).to_be_hidden()
    expect(summary).to_be_focused()
    desk.keyboard.press("Enter")
    desk.keyboard.press("Shift+Tab")
    expect(entry).to_be_hidden()
    desk.click("#film .menu summary")
    expect(desk.locator("#film-gif")).to_be_visible()
    desk.click("#verdict")
    expect(desk.locator("#film-gif")).to_be_hidden()


def checked(page: Page) -> Locator:
    return page.locator("#show input:checked")


def test_single_keys(page: Page) -> None:
    def layer() -> str:
        return page.input_value("#layer").split(" ")[0]

    keys = page.keyboard
    keys.press("[")
    expect(page.locator("#layer")).not_to_have_value("evidence · 14 × 14 × 256 · default")
    before = layer()
    keys.press("[")
    expect(page.locator("#layer")).not_to_have_value(before)
    page.evaluate(
        "document.body.dispatchEvent(new Event('keydown', { bubbles: true }))"
    )  # as of a field that is filled in
    for _ in range(3):  # there is none behind the last
        keys.press("]")
        page.wait_for_timeout(100)
    assert layer() == "evidence"
    with asking(page):
        keys.press("c")
    expect(page.locator("#class-1")).to_have_attribute("aria-pressed", "true")
    settled(page)
    for value in ("cutout", "heat"):
        keys.press("x")
        expect(checked(page)).to_have_value(value)
    for key, part in (("v", "#pinned-pane"), ("w", "#what-if-bar")):
        keys.press(key)
        expect(page.locator(part)).to_be_visible()
        keys.press(key)
        expect(page.locator(part)).to_be_hidden()
    page.wait_for_timeout(300)
    plain = pixels(page).shape
    keys.press("+")
    page.wait_for_timeout(300)
    assert pixels(page).shape > plain
    before = photo_box(page)
    page.locator("#overlay").focus()
    keys.press("ArrowRight")
    keys.press("ArrowDown")
    page.wait_for_timeout(300)
    after = photo_box(page)
    assert after["x"] < before["x"] - 50
    assert after["y"] < before["y"] - 50
    for _ in range(9):  # no further than to where the photo ends
        keys.press("ArrowRight")
    page.wait_for_timeout(300)
    end = page.locator("#overlay .nsewdrag").bounding_box()
    after = photo_box(page)
    assert end
    assert after["x"] + after["width"] == pytest.approx(end["x"] + end["width"], abs=2)
    keys.press("0")
    page.wait_for_timeout(300)
    assert pixels(page).shape == pytest.approx(plain, abs=8)
    with page.expect_download():
        keys.press("d")
    with page.expect_file_chooser():
        page.wait_for_timeout(200)  # the browser has to hear of it first
        keys.press("o")
    keys.press("m")
    page.get_by_role("option").first.wait_for()
    expect(page.locator("#method")).to_be_focused()
    expect(page.locator("#method")).to_have_value("")
    keys.type("dcx[")
    expect(page.locator("#method")).to_have_value("dcx[")
    expect(checked(page)).to_have_value("heat")
    keys.press("Escape")
    keys.press("Escape")
    page.locator("#download").focus()
    keys.press("Control+c")  # means something else
    keys.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard")
    expect(dialog).to_be_visible()
    for key in "[xc":  # rest meanwhile
        keys.press(key)
    keys.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("#download")).to_be_focused()
    assert layer() == "evidence"
    expect(checked(page)).to_have_value("heat")
    expect(page.locator("#class-1")).to_have_attribute("aria-pressed", "true")
    keys.down("p")
    keys.down("p")  # held, which is no second press
    expect(page.locator("#film-play")).to_have_attribute("aria-label", "Pause")
    keys.up("p")
    keys.press("p")
    expect(page.locator("#film-play")).to_have_attribute("aria-label", "Play all layers")
    page.set_input_files("#upload input[type=file]", TWO)
    expect(page.locator("#gallery-cards > li")).to_have_count(2)
    for key in "xv":  # of the photo that the gallery covers
        keys.press(key)
    page.click("#gallery-close")
    expect(checked(page)).to_have_value("heat")
    expect(page.locator("#pinned-pane")).to_be_hidden()


def test_single_keys_can_be_turned_off_for_good(page: Page) -> None:
    page.click("#help")
    page.get_by_label("Single keys").press("Space")
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_focused()
    page.reload()
    settled(page)
    for key in "[x?":
        page.keyboard.press(key)
    page.wait_for_timeout(200)
    assert page.input_value("#layer").startswith("evidence")
    expect(checked(page)).to_have_value("heat")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.click("#help")
    page.get_by_label("Single keys").press("Space")
    page.click("#shortcuts .close")
    page.keyboard.press("[")
    expect(page.locator("#layer")).not_to_have_value("evidence · 14 × 14 × 256 · default")


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


def test_a_finger_meets_everything_and_the_camera_is_at_hand(
    new_page: Callable[..., Page], server: str, tmp_path: Path
) -> None:
    """And what is handed on of a gallery is as well made."""
    page = new_page(viewport=PHONE, has_touch=True, is_mobile=True, bypass_csp=True)
    page.goto(server)
    settled(page)

    def well() -> None:
        assert page.evaluate(TARGETS) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            assert grave(page) == [], scheme

    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.wait_for_timeout(400)
        shoot(page, scheme)
    page.tap("#options summary")
    page.tap("#compare")
    expect(page.locator("#pinned-pane")).to_be_visible()
    page.set_viewport_size(TABLET)  # type: ignore[arg-type]
    assert page.evaluate(TARGETS) == []
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    well()
    page.tap("#unpin")
    page.tap("#what-if")
    assert page.evaluate(TARGETS) == []
    page.tap("#done")
    with page.expect_file_chooser() as waiting:
        page.tap("#camera")
    field = waiting.value.element
    assert (field.get_attribute("capture"), field.get_attribute("accept")) == ("environment", "image/*")
    with asking(page):
        waiting.value.set_files(SAMPLES / "dog.jpg")
    assert page.inner_text("#verdict").startswith("Dog,")
    page.set_input_files("#upload input[type=file]", TWO)
    page.get_by_text("Done. 2 photos").wait_for(state="attached")
    well()
    for size in (NARROW, WIDE):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        assert grave(page) == [], size
    with page.expect_download() as report:
        page.tap("#gallery-report")
    report.value.save_as(tmp_path / "report.html")
    page.goto((tmp_path / "report.html").as_uri())
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert grave(page) == [], scheme


def test_reduced_motion_is_respected(new_page: Callable[..., Page], server: str) -> None:
    moving = """() => document.getAnimations().filter((one) => one.effect.getComputedTiming().activeDuration > 0)
        .map(({ animationName, transitionProperty, effect: { target, pseudoElement } }) =>
            `${animationName ?? transitionProperty} of ${target.id || target.className}${pseudoElement ?? ""}`)"""
    page = new_page(reduced_motion="reduce")
    page.goto(server)
    assert page.evaluate(moving) == [], "while it waits"
    settled(page)
    page.click("#method")
    page.get_by_role("option").first.wait_for()
    assert page.evaluate(moving) == []
    page.keyboard.press("Escape")
    page.emulate_media(reduced_motion="no-preference")
    held: list[Route] = []
    page.route("**/_dash-update-component", lambda route: held.append(route))
    page.click("#class-1")
    page.locator("#verdict[aria-busy=true]").wait_for()
    assert page.evaluate(moving) != [], "this would notice something that moves"
    for route in held:
        route.continue_()
    settled(page)
