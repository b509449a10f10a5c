"""What the README says is true."""

from __future__ import annotations

import re
from pathlib import Path

from settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_setting_is_explained():
    explained = set(re.findall(rf"`{PREFIX}(\w+)`", README))
    assert explained == {name.upper() for name in Settings.model_fields}


def test_the_two_commands_are_targets():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"make ([a-z-]+)", README))
    assert {"run", "test"} <= named <= targets


def test_files_that_it_links_to_are_there():
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
