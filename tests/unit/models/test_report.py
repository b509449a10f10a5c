from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import json
import math
import re
from html.parser import HTMLParser

import networks
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

import explain
from models import calibration, evaluation, figures, markup, measures, report
from models.data import Example
from models.errors import ModelError

EVIL = ("<script>alert(1)</script>", "'\"><img src=x onerror=alert(2)>", "a & b")


class Elements(HTMLParser):
    """Every element of a page with its attributes and the text right inside it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        self.texts.append("")

    def handle_data(self, text):
        if self.texts:
            self.texts[-1] += text

    def of(self, tag, **attributes):
        return [
            (found, text.strip())
            for (name, found), text in zip(self.found, self.texts, strict=True)
            if name == tag and attributes.items() <= found.items()
        ]


@pytest.fixture(scope="module")
def evil(tmp_path_factory):
    """A report of a model, photos and a title whose names are all up to no good."""
    explainer = networks.explainer(networks.pooled(), EVIL, name="evil")
    examples = [Example(f"{EVIL[0]}{n}.png", EVIL[n % 3], networks.noise(40, 30 + n, n), {}) for n in range(12)]
    judged = evaluation.judge(explainer, examples)
    file = tmp_path_factory.mktemp("made") / "of" / "report.html"
    report.write(judged, explainer, examples, file, EVIL[0], licence=EVIL[1], worst=5)
    return judged, file.read_text(encoding="utf-8")


def test_no_name_becomes_an_element(evil):
    judged, page = evil
    elements = Elements(page)
    assert [attributes.get("type") for attributes, _ in elements.of("script")] == ["application/json"] * 2 + [None] * 2
    assert all(attributes["src"].startswith("data:image/jpeg;base64,") for attributes, _ in elements.of("img"))
    assert not [name for _, attributes in elements.found for name in attributes if name.startswith("on")]
    assert elements.of("title")[0][1] == elements.of("h1")[0][1] == EVIL[0]
    assert {text for _, text in elements.of("p", **{"class": "file"})} <= set(judged.files)
    names = [text for attributes, text in elements.of("td", **{"class": "name"})]
    assert names == list(EVIL)


def test_plotly_gets_no_tags_either():
    figure = figures.confusion(np.eye(3, dtype=int), EVIL)
    assert [text for text in (*figure.data[0].x, *figure.data[0].y) if "<" in text] == []
    curve = figures.roc(np.array([0.0, 1]), np.array([0.0, 1]), np.array([np.inf, 0]), EVIL[:2])
    assert "<" not in curve.layout.xaxis.title.text + curve.layout.yaxis.title.text


def test_only_its_own_two_scripts_may_run_and_nothing_be_fetched(evil):
    _, page = evil
    elements = Elements(page)
    ((policy, _),) = elements.of("meta", **{"http-equiv": "Content-Security-Policy"})
    rules = dict(rule.strip().split(" ", 1) for rule in policy["content"].split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data: blob:"
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert rules["script-src"] == " ".join(f"'sha256-{one}'" for one in hashes)
    assert len(scripts) == 2
    assert page.count("plotly.js v") == 1
    assert not [
        tag for tag, attributes in elements.found if tag == "link" or attributes.get("src", "data:")[:5] != "data:"
    ]


def test_figures_are_data_that_can_not_end_their_script(evil):
    elements = Elements(evil[1])
    for _, text in elements.of("script", type="application/json"):
        assert "<" not in text
        assert set(json.loads(text)) == {"data", "layout"}


def test_the_surest_mistakes_come_first_each_with_three_pictures(evil):
    judged, page = evil
    scaled = calibration.scale(judged.logits, judged.labels, judged.files, judged.kind).probabilities
    wrong = [n for n in range(len(judged.labels)) if judged.predicted[n] != judged.labels[n]]
    wrong.sort(key=lambda n: -scaled[n, judged.predicted[n]])
    elements = Elements(page)
    assert len(wrong) > 5
    assert [text for _, text in elements.of("p", **{"class": "file"})] == [judged.files[n] for n in wrong[:5]]
    pictures = elements.of("img")
    assert len(pictures) == 15
    with Image.open(io.BytesIO(base64.b64decode(pictures[0][0]["src"].partition(",")[2]))) as picture:
        assert (picture.format, picture.size) == ("JPEG", (30 + wrong[0], 40))


def test_heat_is_that_of_what_is_said_and_of_the_truth(tmp_path):
    explainer = networks.explainer(networks.pooled())
    photo = networks.noise(8, 8).repeat(16, 0).repeat(16, 1)  # as the network sees it, but large enough for a JPEG
    said = explainer.predict(photo).index
    truth = (said + 1) % 3
    example = Example("a.png", networks.PETS[truth], photo, {})
    report.write(evaluation.judge(explainer, [example]), explainer, [example], tmp_path / "a.html", "A")
    elements = Elements((tmp_path / "a.html").read_text(encoding="utf-8"))
    sources = [attributes["src"].partition(",")[2] for attributes, _ in elements.of("img")]
    pictures = [np.asarray(Image.open(io.BytesIO(base64.b64decode(source))), float) for source in sources]
    wanted = [Image.fromarray(photo), *(explainer.explain(photo, target=one).overlay() for one in (said, truth))]
    for number, picture in enumerate(pictures):  # but for JPEG's losses it is nearest to its own
        off = [np.abs(picture - np.asarray(other, float)).mean() for other in wanted]
        assert np.argmin(off) == number
    captions = [text for _, text in elements.of("figcaption")]
    assert [caption.removesuffix(": no evidence") for caption in captions] == [
        "the photo",
        f"why {networks.PETS[said]}",
        f"why {networks.PETS[truth]}",
    ]


def test_numbers_are_those_of_the_photos(evil):
    judged, page = evil
    right = int((judged.predicted == judged.labels).sum())
    low, high = measures.wilson(right, 12)
    assert f"<b>{100 * right / 12:.1f}\u00a0%</b>" in page
    assert f"95\u00a0% interval {100 * low:.1f} to {100 * high:.1f}\u00a0%, n\u00a0=\u00a012" in page
    assert "photos of the set that it is about" in page


def two_classes(kind="sigmoid"):
    logits = np.array([[-2, 2], [-1, 1], [1, -1], [3, -3], [-4, 4]], np.float32)
    return evaluation.Judged(
        ("cat", "dog"), kind, logits, np.array([1, 1, 0, 0, 1]), tuple(f"{n}.png" for n in range(5))
    )


def examples_of(judged):
    return [
        Example(file, judged.classes[label], networks.noise(8, 8), {})
        for file, label in zip(judged.files, judged.labels, strict=True)
    ]


@pytest.fixture(scope="module")
def pair():
    return networks.explainer(networks.pooled(1), ("cat", "dog"))


def test_without_mistakes_there_are_no_photos(pair, tmp_path):
    judged = two_classes()
    report.write(judged, pair, examples_of(judged), tmp_path / "a.html", "All right")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "None: all 5 photos are judged rightly." in page
    assert "<img" not in page
    assert "photos of the set" not in page
    assert "area under the ROC curve</span><b>1.0000</b>" in page


def test_photos_that_were_not_judged_are_refused(pair, tmp_path):
    judged = two_classes()
    with pytest.raises(ModelError, match="not the photos that were judged: 4 examples, 5 judged"):
        report.write(judged, pair, examples_of(judged)[1:], tmp_path / "a.html", "Others")
    assert not (tmp_path / "a.html").exists()


def test_a_class_that_is_never_seen_has_no_numbers(tmp_path):
    explainer = networks.explainer(networks.pooled())
    logits = np.array([[1, 0, 0], [1, 0, 0]], np.float32)
    judged = evaluation.Judged(networks.PETS, "softmax", logits, np.array([0, 0]), ("a", "b"))
    report.write(judged, explainer, examples_of(judged), tmp_path / "a.html", "One class")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    row = '<td data-value="0">0</td>' * 2 + '<td data-value="">–</td>' * 3
    assert f'<td class="name" data-value="dog">dog</td>{row}' in page
    assert "because the class is never said" in page


def test_many_classes_are_a_list_of_pairs_and_a_figure(tmp_path):
    classes = tuple(f"model {n}" for n in range(60))
    rng = np.random.default_rng(0)
    labels = np.arange(180) % 60
    logits = rng.normal(0, 1, (180, 60)).astype(np.float32)
    logits[np.arange(180), labels] += 10
    logits[labels == 7, 8] += 20  # all right but for 7, which is 8 three times
    judged = evaluation.Judged(classes, "softmax", logits, labels, tuple(map(str, range(180))))
    explainer = networks.explainer(networks.pooled(60), classes)
    report.write(judged, explainer, examples_of(judged), tmp_path / "a.html", "Many")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert '<tr><td class="name">model 7</td><td class="name">model 8</td><td>3 of 3</td></tr>' in page
    assert "all 60 classes" in page
    assert "among the first 5</span><b>100.0\u00a0%" in page


def test_what_is_right_and_what_is_wrong_have_their_own_colours():
    matrix = np.array([[3, 1, 0], [0, 0, 0], [0, 2, 0]])
    shown = figures.confusion(matrix, networks.PETS).data[0]
    assert_allclose(shown.z, [[0.75, -0.25, 0], [0, 0, 0], [0, -1, 0]], atol=1e-12)
    assert_array_equal(shown.customdata[0, 1], [1, 25])


def test_every_photo_is_in_one_bar():
    sure = np.array([0.5, 0.51, 0.999, 1.0])
    right = np.array([False, True, True, True])
    upper, lower = figures.confidence(sure, right).data
    assert_array_equal(upper.y, [1] + [0] * 18 + [2])
    assert_array_equal(lower.y, [1] + [0] * 19)


def test_the_reliability_of_empty_bins_is_not_drawn():
    found = calibration.bins(np.array([[0.75, 0.25]] * 4), np.array([0, 0, 1, 1]), np.zeros(4, int))
    diagonal, before, after = figures.reliability(found, found).data
    assert diagonal.x == (0.5, 1)
    for line in (before, after):
        assert (list(line.x), list(line.y), list(line.customdata)) == ([0.75], [0.5], [4])


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.5, "50.0\u00a0%"),
        (1.0, "100.0\u00a0%"),
        (0.99996, "over\u00a099.9\u00a0%"),
        (math.nan, "–"),
        (0.0, "0.0\u00a0%"),
        (0.0001, "under\u00a00.1\u00a0%"),
    ],
)
def test_nearly_all_is_not_all(share, words):
    assert markup.percent(share) == words


def test_a_temperature_that_is_not_in_use_is_said(tmp_path, pair):
    logits = np.array([[-3.0, 3.0]] * 8, np.float32)
    judged = dataclasses.replace(
        two_classes(), logits=logits, labels=np.array([1, 1, 1, 0] * 2), files=tuple("abcdefgh")
    )
    report.write(judged, pair, examples_of(judged), tmp_path / "a.html", "Too sure")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    temperature = 3 / math.log(3)  # p = 3/4
    assert f"<b>{temperature:.2f}</b>" in page
    assert "the model runs with 1.00" in page
    told = explain.Explainer(
        explain.Classifier(pair.classifier.model, ("cat", "dog"), lambda batch: batch / 255, temperature=temperature)
    )
    report.write(judged, told, examples_of(judged), tmp_path / "a.html", "As it should be")
    assert "the model runs with" not in (tmp_path / "a.html").read_text(encoding="utf-8")
