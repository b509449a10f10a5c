"""The report of a model, opened as a file: it must do everything by itself, and nothing that a name tells it to."""

from __future__ import annotations

import networks
import pytest

from models import evaluation, report
from models.data import Example

NAMES = ("<script>document.title = 'taken'</script>", '"><img src=x onerror="document.title = `taken`">', "plain")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    explainer = networks.explainer(networks.pooled(), NAMES)
    examples = [Example(f"{NAMES[n % 2]}{n}", NAMES[n % 2], networks.noise(40, 40, n), {}) for n in range(8)]
    file = tmp_path_factory.mktemp("report") / "report.html"
    report.write(evaluation.judge(explainer, examples), explainer, examples, file, NAMES[0])
    return file.as_uri()


@pytest.fixture
def opened(new_page, address):
    page = new_page()
    page.asked = []
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(address)
    return page


def test_figures_are_drawn_and_no_name_takes_effect(opened, address):
    assert opened.locator(".figure .main-svg .xtick").first.is_visible()
    assert opened.locator(".figure:has(.main-svg)").count() == 2
    assert opened.title() == NAMES[0]
    assert opened.evaluate("[...document.images].every(({complete, naturalWidth}) => complete && naturalWidth)")
    assert [url for url in opened.asked if not url.startswith(("data:", "blob:"))] == [address]


def test_its_policy_stops_scripts_that_are_not_its_own(opened, faults):
    opened.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "document.title = 'taken'";
          document.body.append(script);
        }"""
    )
    assert opened.title() == NAMES[0]
    assert "Content Security Policy" in faults.pop()


def test_classes_are_sorted_and_what_is_not_defined_comes_last(opened):
    table = opened.locator("table.sortable")
    recall = table.locator("th").nth(4)

    def column(number):
        return table.locator(f"tbody td:nth-child({number})").all_text_contents()

    assert column(1) == list(NAMES)
    assert column(5)[2] == "–"
    for order in ("descending", "ascending"):
        recall.get_by_role("button").click()
        assert recall.get_attribute("aria-sort") == order
        shares = [float(share.removesuffix("\u00a0%")) for share in column(5)[:2]]
        assert shares == sorted(shares, reverse=order == "descending")
        assert column(5)[2] == "–"
    table.get_by_role("button", name="class").click()
    assert column(1) == [NAMES[2], NAMES[0], NAMES[1]]  # as words are sorted: quotes, then brackets, then letters


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_can_be_read_in_light_and_dark(new_page, address, scheme):
    page = new_page(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    colours = page.evaluate(
        """() => [getComputedStyle(document.querySelector(".xtick text")).fill,
                  getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"""
    )
    assert colours[0] == colours[1] != colours[2]
    assert colours[2] == {"light": "rgb(244, 246, 246)", "dark": "rgb(15, 21, 21)"}[scheme]
