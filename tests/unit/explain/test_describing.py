from __future__ import annotations

import re
from pathlib import Path

import networks
import pytest
from PIL import Image

import explain
from explain import describing
from explain.methods import FAMILIES

DOCS = Path(__file__).parents[3] / "docs"


def test_the_page_is_what_the_registry_says(capsys):
    assert describing.main([]) == 0
    assert capsys.readouterr().out == (DOCS / "methods.md").read_text(encoding="utf-8")


def test_the_families_are_the_headings_in_order():
    page = (DOCS / "methods.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == [*FAMILIES.values(), "Of every method"]


def test_every_link_and_picture_of_the_page_leads_somewhere():
    page = (DOCS / "methods.md").read_text(encoding="utf-8")
    anchors, pictures = re.findall(r'<a id="([^"]+)"', page), re.findall(r'<img src="([^"]+)"', page)
    assert anchors == list(explain.methods())
    assert sorted(re.findall(r"\(#([^)]+)\)", page)) == sorted(anchors)
    assert len(pictures) == len(anchors)
    for picture in pictures:
        with Image.open(DOCS / picture) as opened:
            assert max(opened.size) == 280


def test_pictures_are_drawn_of_every_method(tmp_path):
    Image.fromarray(networks.noise(20, 30)).save(tmp_path / "photo.png")
    describing.draw(networks.explainer(networks.pooled()), tmp_path / "photo.png", tmp_path / "drawn")
    assert sorted(file.stem for file in (tmp_path / "drawn").iterdir()) == sorted(explain.methods())


@pytest.mark.parametrize("method", explain.methods().values(), ids=lambda method: method.name)
def test_a_method_says_what_people_need_to_read_its_picture(method):
    for sentence in (method.use, method.limits):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
