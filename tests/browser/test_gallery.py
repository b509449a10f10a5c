"""Many photos at once: what the gallery shows of them, how it asks, and what it hands on."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from browser import photos
from browser.asking import questions
from browser.look import QUESTIONS, choose, requests, settled
from browser.serving import SAMPLES
from playwright.sync_api import Download, Locator, Page, Route, expect

SAID = {"cat": "Cat", "dog": "Dog", "chelsea": "Cat"}
SLOW = 60_000
ODD = ['<img src=x onerror="document.title=1">.jpg', '=1+1,"two".jpg', "@sum,of.jpg", "ünlike 'quoted' & more.jpg"]
NUMBERED = re.compile(
    r"(.+): (cat|dog), (under |over )?([\d.]+) %(?:; (?:cat|dog), [^;]+)?(; unlike what the model learnt from)?"
)
MORE = 203


def sample(name: str, number: int = 0) -> bytes:
    """A sample photo, each number another file."""
    return (SAMPLES / f"{name}.jpg").read_bytes() + bytes([number])


MIXED = {
    "b.jpg": sample("dog"),
    "a10.jpg": sample("cat"),
    "broken.jpg": sample("cat")[:5000],
    "a9.jpg": sample("chelsea"),
    "notes.txt": b"no photo at all",
    "far.heic": photos.encoded(photos.corners(), "HEIF", quality=95),
    "c.jpg": sample("dog", 1),
}
PHOTOS = [name for name in MIXED if name not in ("broken.jpg", "notes.txt")]


def give(page: Page, files: dict[str, bytes]) -> None:
    """Choose all these files at once."""
    page.set_input_files(
        "#upload input[type=file]",
        [{"name": name, "mimeType": "", "buffer": content} for name, content in files.items()],
    )


def cards(page: Page) -> Locator:
    return page.locator("#gallery-cards > li")


def names(page: Page) -> list[str]:
    """Of the photos that were explained, as they are listed."""
    return [str(NUMBERED.fullmatch(label)[1]) for label in labels(page)]  # type: ignore[index]


def soon(page: Page, read: Callable[[], object], expected: object) -> None:
    """What is read becomes what is expected, within five seconds."""
    for _ in range(100):
        if read() == expected:
            return
        page.wait_for_timeout(50)
    assert read() == expected


def labels(page: Page) -> list[str]:
    read: list[str] = page.locator("#gallery-cards button").evaluate_all("all => all.map((one) => one.ariaLabel ?? '')")
    return read


def finished(page: Page) -> None:
    expect(page.locator("#gallery-cards > li.waiting")).to_have_count(0, timeout=SLOW)
    expect(page.locator("#gallery-said")).to_contain_text("Done.", timeout=SLOW)
    expect(page.locator("#gallery-stop")).to_be_hidden()


def pick(page: Page, control: str, text: str) -> None:
    page.locator(f"#gallery-{control}").click()
    page.get_by_role("option", name=text, exact=True).click()
    expect(page.get_by_role("option", name=text, exact=True)).to_be_hidden()


def download(page: Page, button: str) -> Download:
    with page.expect_download() as waiting:
        page.click(button)
    return waiting.value


@pytest.fixture
def mixed(page: Page) -> Page:
    """A gallery of photos, and of files that are none."""
    give(page, MIXED)
    finished(page)
    return page


def test_each_file_has_a_card_and_its_place_from_the_start(page: Page, faults: list[str]) -> None:
    verdict = page.inner_text("#verdict")
    page.evaluate("""() => {
        window.shifts = 0;
        new PerformanceObserver((list) => {
            for (const { hadRecentInput, value } of list.getEntries()) if (!hadRecentInput) window.shifts += value;
        }).observe({ type: "layout-shift" });
    }""")
    asked = questions(page)
    give(page, MIXED)
    expect(cards(page)).to_have_count(len(MIXED))
    first = cards(page).last.bounding_box()
    finished(page)
    assert cards(page).last.bounding_box() == first
    assert page.evaluate("window.shifts") < 0.02
    assert names(page) == PHOTOS
    assert cards(page).locator(".seen img").count() == len(PHOTOS)
    expect(cards(page).nth(2)).to_contain_text("damaged or incomplete")
    expect(cards(page).nth(4)).to_contain_text("not a photo that can be read")
    expect(page.locator("#gallery-progress")).to_contain_text("2 could not be explained")
    assert not any(question["everything"] for question in asked), "one small map for each"
    kept = page.evaluate("JSON.stringify(window.store.getState().history).length")
    assert kept < len(sample("dog")), "Dash keeps what was asked, but not the photos"
    page.click("#gallery-close")
    assert page.inner_text("#verdict") == verdict, "the one photo stays as it was"
    assert faults == []


def test_cards_are_sorted_filtered_and_searched(mixed: Page) -> None:
    page = mixed
    shares = {name: float(NUMBERED.fullmatch(label)[4]) for name, label in zip(names(page), labels(page), strict=True)}  # type: ignore[index]
    pick(page, "order", "Name")
    soon(page, lambda: names(page), ["a9.jpg", "a10.jpg", "b.jpg", "c.jpg", "far.heic"])
    pick(page, "order", "Probability, lowest first")
    soon(page, lambda: [shares[name] for name in names(page)], sorted(shares.values()))
    pick(page, "order", "Probability, highest first")
    soon(page, lambda: [shares[name] for name in names(page)], sorted(shares.values(), reverse=True))
    assert cards(page).last.locator("button").count() == 0, "what has no answer comes last"
    dogs = sum(": dog," in label for label in labels(page))
    pick(page, "show", f"Dog · {dogs}")
    soon(page, lambda: len(names(page)), dogs)
    expect(page.locator("#gallery-title")).to_have_text(f"{dogs} of {len(MIXED)} photos")
    pick(page, "show", "Could not be explained · 2")
    expect(cards(page)).to_have_count(2)
    pick(page, "show", f"All · {len(MIXED)}")
    page.fill("#gallery-search", "JPG a1")
    expect(cards(page)).to_have_count(1)
    page.fill("#gallery-search", "nowhere")
    expect(page.get_by_text("No photo fits")).to_be_visible()


def test_another_class_is_asked_for_where_it_is_not_the_predicted_one(mixed: Page) -> None:
    page, before = mixed, [label for label in labels(mixed) if ": cat," in label]
    cat = page.locator("#gallery-cards button", has_text="a10.jpg")
    heat = cat.locator(".seen img").get_attribute("src")
    asked = questions(page)
    pick(page, "class", "Dog")
    expect(cat).to_have_attribute("aria-label", re.compile(r"a10.jpg: cat, .*; dog, "))
    finished(page)
    assert {question["target"] for question in asked} == {"dog"}
    assert len(asked) == len(before)
    assert cat.locator(".seen img").get_attribute("src") != heat
    pick(page, "order", "Probability, highest first")
    assert names(page)[0] in ("b.jpg", "c.jpg")
    cat.click()
    page.locator("#verdict", has_text="evidence for dog").wait_for()
    settled(page)


def test_one_question_at_a_time_and_none_after_cancel(page: Page) -> None:
    held: list[Route] = []
    holding = [True]
    page.route(QUESTIONS, lambda route: held.append(route) if holding else route.continue_())
    give(page, {f"{n}.jpg": sample("dog", n) for n in range(5)})
    expect(page.locator("#gallery-progress")).to_have_text("0 of 5")
    while not held:
        page.wait_for_timeout(50)
    page.wait_for_timeout(500)
    assert len(held) == 1, "others want to be answered too"
    held.pop().continue_()
    expect(page.locator("#gallery-progress")).to_contain_text("1 of 5")
    page.click("#gallery-stop")
    expect(page.locator("#gallery-progress")).to_have_text("1 of 5 · stopped")
    late = len(held)
    for route in held:
        route.continue_()
    page.wait_for_timeout(500)
    assert len(held) == late
    assert names(page) == ["0.jpg"], "what was cancelled stays so"
    holding.clear()
    page.click("#gallery-stop")  # now it goes on
    finished(page)
    assert names(page) == [f"{n}.jpg" for n in range(5)]


def test_one_is_opened_and_the_gallery_is_as_it_was(page: Page) -> None:
    page.set_viewport_size({"width": 800, "height": 600})
    held: list[Route] = []
    holding = [True]
    given = [name for _ in range(5) for name in SAID]
    page.route(QUESTIONS, lambda route: held.append(route) if holding and _number(route) == 13 else route.continue_())
    give(page, {f"{n:02} {name}.jpg": sample(name, n) for n, name in enumerate(given)})
    expect(page.locator("#gallery-progress")).to_contain_text(re.compile("12 of 15 · .* left"), timeout=SLOW)
    pick(page, "order", "Probability, lowest first")
    page.mouse.wheel(0, 400)
    expect(page.locator("#gallery-cards button").nth(11)).to_be_in_viewport()
    opened = page.locator("#gallery-cards button").nth(9)
    opened.focus()
    order, place = names(page), page.evaluate("scrollY")
    opened.press("Enter")
    expect(page.locator("#gallery")).to_be_hidden()
    holding.clear()
    asked = questions(page)
    label = str(opened.get_attribute("aria-label"))
    page.locator("#verdict", has_text=SAID[order[9][3:-4]]).wait_for()
    settled(page)
    said = re.search(r": (.*)", label)[1]  # type: ignore[index]
    assert page.inner_text("#verdict").lower().startswith(said), "the same as on the card"
    assert not [question for question in asked if not question["everything"]], "the gallery rests"
    page.keyboard.press("Enter")  # the way back has the focus
    expect(page.locator("#gallery")).to_be_visible()
    finished(page)
    assert page.evaluate("scrollY") == place
    expect(page.get_by_role("button", name=label, exact=True)).to_be_focused()
    assert [name for name in names(page) if name in order] == order


def _number(route: Route) -> int:
    return int(json.loads(route.request.post_data or "")["inputs"][0]["value"]["number"])


def test_a_busy_server_is_asked_again_and_one_that_is_gone_is_waited_for(page: Page, faults: list[str]) -> None:
    seen: list[int] = []

    def refuse_once(route: Route) -> None:
        seen.append(_number(route))
        if len(seen) == 1:
            busy = {"number": seen[0], "again": 1, "note": "Many people are asking."}
            route.fulfill(json={"multi": True, "response": {"gallery-answer": {"data": busy}}})
        elif len(seen) == 2:
            route.continue_()
        else:
            route.abort()

    page.route(QUESTIONS, refuse_once)
    page.route("**/healthz", lambda route: route.abort())
    give(page, {f"{n}.jpg": sample("cat", n) for n in range(3)})
    expect(page.locator("#gallery-note")).to_have_text("Many people are asking.")
    expect(page.locator("#gallery-note")).to_contain_text("can't be reached", timeout=SLOW)
    assert names(page) == ["0.jpg"], "what is here stays here"
    page.unroute_all()
    page.click("#gallery-stop")
    finished(page)
    expect(page.locator("#gallery-note")).to_have_text("")
    assert names(page) == ["0.jpg", "1.jpg", "2.jpg"]
    assert faults
    faults.clear()


@pytest.fixture
def odd(page: Page) -> Page:
    """Names as nobody should give them, a file that is no photo, and a photo that is unlike the others."""
    give(
        page,
        {name: sample("dog", n) for n, name in enumerate(ODD)} | {"-none.txt": b"none", "taxi.jpg": sample("taxi")},
    )
    finished(page)
    return page


def test_the_table_is_read_as_it_was_meant(odd: Page, tmp_path: Path) -> None:
    page, said = odd, dict(zip(names(odd), labels(odd), strict=True))
    with requests(page) as seen:
        download(page, "#gallery-csv").save_as(tmp_path / "table.csv")
    assert not [request for request in seen if not request.url.startswith("blob:")]
    text = (tmp_path / "table.csv").read_bytes().decode("utf-8-sig")
    assert text.count("\r\n") == text.count("\n") == 7
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert [row["file"] for row in rows] == [ODD[0], "'" + ODD[1], "'" + ODD[2], ODD[3], "'-none.txt", "taxi.jpg"]
    assert "not a photo" in rows[4]["error"]
    assert rows[4]["predicted"] == rows[4]["probability"] == ""
    for row in rows[:4]:
        assert row["predicted"] == row["explained"] == "dog"
        cat, dog = float(row["probability of cat"]), float(row["probability of dog"])
        assert cat + dog == pytest.approx(1, abs=1e-5)
        assert dog == float(row["probability"]) > 0.5
        assert f"{100 * dog:.0f}" == f"{float(NUMBERED.fullmatch(said[row['file'].lstrip(chr(39))])[4]):.0f}"  # type: ignore[index]
        assert (row["model"], row["method"], row["layer"], row["options"], row["error"]) == (
            "pets",
            "grad-cam",
            "evidence",
            "",
            "",
        )
    assert "unlike" in rows[5]["warning"]
    dogs = sum(row["predicted"] == "dog" for row in rows)
    pick(page, "show", f"Dog · {dogs}")
    table = download(page, "#gallery-csv").path().read_text("utf-8-sig")
    assert table.count("\n") == 1 + dogs, "what is on show"


def test_the_report_shows_everything_by_itself(odd: Page, new_page: Callable[..., Page], tmp_path: Path) -> None:
    pick(odd, "order", "Name")
    order = [text.removesuffix("\n") for text in odd.locator("#gallery-cards .file").all_inner_texts()]
    file = tmp_path / "report.html"
    with requests(odd) as seen:
        download(odd, "#gallery-report").save_as(file)
    assert not [request for request in seen if not request.url.startswith("blob:")]
    backgrounds = []
    for scheme in ("light", "dark"):
        page = new_page(
            color_scheme=scheme, viewport={"width": 390, "height": 844}, java_script_enabled=scheme == "dark"
        )
        asked: list[str] = []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.goto(file.as_uri())
        assert page.locator("table tbody tr td:first-child").all_inner_texts() == order
        assert page.locator(".cards li").count() == len(order)
        assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]
        shot = photos.Image.open(io.BytesIO(page.screenshot())).convert("L")
        backgrounds.append(shot.getpixel((2, 2)))
        expect(page.locator("h1")).to_have_text("6 photos")
    assert backgrounds[0] > 200 > 60 > backgrounds[1]
    assert page.title() != "1"
    assert page.locator("main img").count() == 2 * 5
    assert page.evaluate("[...document.images].every(({ complete, naturalWidth }) => complete && naturalWidth)")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    expect(page.locator(".cards li", has_text="-none.txt")).to_contain_text("not a photo")
    page.set_viewport_size({"width": 1440, "height": 900})
    shown = page.locator(".shown").first
    expect(shown.locator(".seen")).to_be_visible()
    shown.focus()
    expect(shown.locator(".seen")).to_be_hidden()
    page.get_by_role("link", name="taxi.jpg").click()
    expect(page.locator(".cards li:target")).to_contain_text("unlike those that this model learnt from")


def test_a_folder_is_dropped_and_what_does_not_fit_is_said(page: Page, faults: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "holiday"
    (folder / "sub").mkdir(parents=True)
    for number in range(MORE):
        (folder / ("sub" if number < 2 else ".") / f"{number}.jpg").write_bytes(sample("cat", number))
    (folder / ".hidden").write_bytes(b"")
    held: list[Route] = []
    page.route(QUESTIONS, lambda route: held.append(route))
    drop(page, folder)
    expect(cards(page)).to_have_count(200)
    expect(page.locator("#gallery-note")).to_contain_text("the first 200")
    titles = [card.get_attribute("title") for card in cards(page).locator(".file").all()]
    assert titles == [f"holiday/{number}.jpg" for number in range(2, 202)], "by name as people read it"
    drop(page, folder / "sub")
    expect(cards(page)).to_have_count(2)
    (folder / "sub" / "1.jpg").unlink()
    page.unroute_all()
    drop(page, folder / "sub")
    expect(page.locator("#gallery")).to_be_hidden(timeout=SLOW)
    settled(page)
    assert page.inner_text("#verdict").startswith("Cat,")
    # On a busy machine the browser had not read the photo yet when it was deleted, and says so.
    assert set(faults) <= {"Failed to load resource: net::ERR_FILE_NOT_FOUND"}
    faults.clear()


def drop(page: Page, path: Path) -> None:
    """Drop a file or a folder on the page, as the system does."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for event in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": event, "x": 300, "y": 300, "data": data})
    session.detach()


def test_arrows_go_from_card_to_card_and_a_phone_shows_all(mixed: Page) -> None:
    page = mixed
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("#gallery-search").focus()
    page.keyboard.press("Tab")
    reached = [page.evaluate("document.activeElement.getAttribute('aria-label')")]
    for key in ("ArrowDown", "ArrowRight", "End", "Home"):
        page.keyboard.press(key)
        reached.append(page.evaluate("document.activeElement.getAttribute('aria-label')"))
    assert [label.split(":")[0] for label in reached] == ["b.jpg", "a9.jpg", "far.heic", "c.jpg", "b.jpg"]
    page.keyboard.press("Shift+Tab")
    expect(page.locator("#gallery-search")).to_be_focused()


def test_what_was_chosen_meanwhile_can_be_asked_for_all(mixed: Page) -> None:
    page = mixed
    page.click("#gallery-close")
    choose(page, "colormap", "Magma")
    choose(page, "model", "Makes and years")
    expect(page.locator("#classes button")).to_have_count(5, timeout=SLOW)
    settled(page)
    heat = page.locator("#gallery-cards .seen img").first
    before = heat.get_attribute("src")
    page.click("#gallery-return")
    expect(heat).not_to_have_attribute("src", str(before))
    expect(page.locator("#gallery-note")).to_contain_text("another model")
    page.click("#gallery-again")
    expect(page.locator("#gallery-about")).to_contain_text("Makes and years")
    finished(page)
    expect(cards(page).locator("button")).to_have_count(len(PHOTOS))
    rows = list(csv.reader(io.StringIO(download(page, "#gallery-csv").path().read_text("utf-8-sig"), newline="")))
    best = [float(share) for share in rows[1][4:13:2]]
    assert rows[0][3:13] == [f"{what} {n}" for n in range(1, 6) for what in ("class", "probability")]
    assert rows[1][1:3] == rows[1][3:5]
    assert best == sorted(best, reverse=True)
