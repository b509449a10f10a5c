"""All layers as a film below the photo: from maps that are in the page."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from browser.asking import asking, method, reads
from browser.look import choose, pixels, requests, settled
from browser.serving import SAMPLES
from PIL import Image
from playwright.sync_api import Page, expect

import explain
import models
from explain.preprocessing import enlarge, heat_on_view


@pytest.fixture(scope="module")
def explainer() -> explain.Explainer:
    return explain.Explainer(models.load("pets"))


@pytest.fixture(scope="module")
def maps(explainer: explain.Explainer) -> dict[str, explain.Explanation]:
    return explainer.explain_layers(SAMPLES / "cat.jpg")


WHOLE = re.compile("^data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAA4")
"""How a PNG begins that is 896 pixels wide; while the scrubber moves, the heat is drawn with fewer."""


def shown(page: Page) -> str:
    """The layer that the film names; the select names the same."""
    name = page.inner_text("#film-name").split(" · ")[0]
    expect(page.locator("#layer")).to_have_value(re.compile(rf"^{re.escape(name)} · "))
    return name


def test_stepping_and_scrubbing_show_each_layer_without_a_request(
    page: Page, explainer: explain.Explainer, maps: dict[str, explain.Explanation]
) -> None:
    layers, name = explainer.layers, page.locator("#film-name")
    last = layers[-1]
    expect(name).to_have_text(
        f"{last.name} · {last.stage} · {' × '.join(map(str, last.shape))} · {len(layers)} of {len(layers)}"
    )
    with requests(page) as seen:
        page.click("#film-previous")
        expect(name).to_contain_text(f"{len(layers) - 1} of {len(layers)}")
        assert shown(page) == layers[-2].name
        page.click("#film-next")
        assert shown(page) == last.name
        scrubber = page.locator("#film-scrub [role=slider]")
        expect(scrubber).to_have_attribute("aria-valuenow", str(len(layers) - 1))
        scrubber.focus()
        page.keyboard.press("Home")
        expect(name).to_contain_text(f" 1 of {len(layers)}")
        assert shown(page) == layers[0].name
        for _ in range(20):
            page.keyboard.press("ArrowRight")
        expect(name).to_contain_text(f" 21 of {len(layers)}")
        expect(page.locator("#overlay .layer-above image")).to_have_attribute("href", WHOLE)
        page.wait_for_timeout(300)
        reads(page, maps[layers[20].name].heat())
        assert page.get_attribute("#film-scrub [role=slider]", "aria-valuetext") == name.inner_text()
        choose(page, "layer", layers[40].name)
        expect(name).to_contain_text(f" 41 of {len(layers)}")
        expect(scrubber).to_have_attribute("aria-valuenow", "40")
    assert seen == []


def test_steps_are_not_taken_back(page: Page) -> None:
    """The select and the scrubber hand back what they are set to, when the next steps are taken already."""
    said = page.evaluate("""async () => {
      const pause = (ms) => new Promise((done) => setTimeout(done, ms)), said = [];
      const name = document.getElementById("film-name"), previous = document.getElementById("film-previous");
      new MutationObserver(() => said.push(name.textContent)).observe(name, { childList: true });
      for (let i = 0; i < 20; i++) {
        previous.click();
        await pause(5);
      }
      await pause(1500);
      return said;
    }""")
    places = [int(words.split()[-3]) for words in said]
    assert places == sorted(places, reverse=True)
    expect(page.locator("#film-name")).to_contain_text(f" {places[0] - 19} of ")


def test_one_map_per_stage_and_the_mean_of_all(
    page: Page, explainer: explain.Explainer, maps: dict[str, explain.Explanation]
) -> None:
    last = {layer.stage: layer.name for layer in explainer.layers}
    buttons = page.locator("#film-stages button")
    assert buttons.all_inner_texts() == [*last, "All layers"]
    expect(page.locator("#film-stages [data-pending]")).to_have_count(0)
    drawn = buttons.evaluate_all("all => all.map((one) => one.querySelector('canvas').toDataURL())")
    assert len(set(drawn)) == len(drawn)
    with requests(page) as seen:
        buttons.nth(1).click()
        assert shown(page) == list(last.values())[1]
        assert buttons.nth(1).get_attribute("aria-pressed") == "true"
        buttons.last.click()
        used = [one for one in maps.values() if not one.flat]
        expect(page.locator("#film-name")).to_contain_text(f"mean of {len(used)} maps")
        expect(page.locator("#layer")).to_have_value("")
        page.wait_for_timeout(1000)
        means = [enlarge(one.map, (224, 224)) / enlarge(one.map, (224, 224)).max() for one in used]
        photo = explain.open_photo(SAMPLES / "cat.jpg")
        placement = explainer.classifier.place(photo)
        mean = heat_on_view(np.mean(means, axis=0), placement)
        x0, y0, x1, y1 = placement.view
        heat = np.zeros((photo.height, photo.width), np.float32)
        heat[y0:y1, x0:x1] = mean / mean.max()
        reads(page, heat)
        page.click("#film-previous")
        assert shown(page) == list(last.values())[1], "back to where the film stood"
    assert seen == []


def test_all_layers_stay_chosen_for_another_class_and_photo(page: Page) -> None:
    page.locator("#film-stages button").last.click()
    expect(page.locator("#film-name")).to_contain_text("mean of")
    before = pixels(page)
    with asking(page):
        page.click("#class-1")
    expect(page.locator("#film-name")).to_contain_text("mean of")
    assert np.abs(pixels(page) - before).max() > 20
    with asking(page):
        page.click("#sample-dog")
    expect(page.locator("#film-name")).to_contain_text("mean of")
    expect(page.locator("#film-stages button").last).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_it_plays_to_the_end_when_asked_and_can_be_paused(
    new_page: Callable[..., Page], server: str, explainer: explain.Explainer, motion: str
) -> None:
    page = new_page(reduced_motion=motion)
    page.goto(server)
    settled(page)
    count, name, play = len(explainer.layers), page.locator("#film-name"), page.locator("#film-play")
    page.wait_for_timeout(600)
    expect(name).to_contain_text(f"{count} of {count}")  # it does not begin by itself
    page.evaluate("""() => {
        const name = document.getElementById("film-name");
        window.said = [];
        new MutationObserver(() => window.said.push(name.textContent)).observe(name, { childList: true });
    }""")
    with requests(page) as seen:
        play.click()
        expect(play).to_have_attribute("aria-label", "Pause")
        expect(name).not_to_contain_text(f"{count} of {count}")
        expect(name).to_contain_text(re.compile(r" ([5-9]|\d\d+) of "))
        play.click()
        expect(play).to_have_attribute("aria-label", "Play all layers")
        paused = name.inner_text()
        passed = list(dict.fromkeys(page.evaluate("window.said")))
        assert [words.split(" · ")[-1] for words in passed] == [f"{n + 1} of {count}" for n in range(len(passed))]
        page.wait_for_timeout(600)
        assert name.inner_text() == paused
        page.locator("#film-scrub [role=slider]").focus()
        page.keyboard.press("End")
        for _ in range(2):
            page.keyboard.press("ArrowLeft")
        expect(name).to_contain_text(f"{count - 2} of {count}")
        faded = page.evaluate("""async () => {
            const play = document.getElementById("film-play");
            let most = 0;
            play.click();
            do {
                await new Promise(requestAnimationFrame);
                const moving = document.getAnimations().filter(({ effect }) => effect.target.closest("#overlay"));
                most = Math.max(most, moving.length);
            } while (play.hasAttribute("data-playing"));
            return most > 0;
        }""")
        assert faded == (motion == "no-preference")
        expect(name).to_contain_text(f"{count} of {count}")
        expect(play).to_have_attribute("aria-label", "Play all layers")
    assert seen == []
    page.wait_for_timeout(400)
    assert page.locator("#overlay .layer-above image").count() == 1, "nothing is left of what faded"


def test_a_method_with_one_map_says_so_in_the_room_of_the_film(page: Page) -> None:
    before = page.locator("#film").bounding_box()
    method(page, "Gradient × input")
    expect(page.locator("#film-note")).to_have_text(
        "This method makes one map of the whole network: there are no layers to step through."
    )
    expect(page.locator("#film-play")).to_be_hidden()
    assert page.locator("#film").bounding_box() == before
    method(page, "HiResCAM")
    settled(page)
    expect(page.locator("#film-play")).to_be_enabled()
    expect(page.locator("#film-note")).to_be_hidden()


@pytest.mark.parametrize("kind", ["webp", "gif"])
def test_the_film_as_a_file(page: Page, maps: dict[str, explain.Explanation], kind: str) -> None:
    page.click(".film-save")
    with page.expect_download(timeout=120_000) as waiting:
        page.click(f"#film-{kind}")
    assert waiting.value.suggested_filename == f"cat-layers.{kind}"
    film = Image.open(io.BytesIO(Path(waiting.value.path()).read_bytes()))
    assert film.format == kind.upper()
    assert film.n_frames == len(maps)  # type: ignore[attr-defined]
    expect(page.locator("#status")).to_have_text("")
    first = next(iter(maps.values())).overlay().resize((film.width, film.height - 24))
    frame = np.asarray(film.convert("RGB"), np.float32)[:-24]
    assert np.abs(frame - np.asarray(first, np.float32)).mean() < 12
