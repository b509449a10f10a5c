from __future__ import annotations

import re

import pytest

import explain


@pytest.mark.parametrize("name", explain.methods())
def test_how_to_read_a_method_is_said_in_two_sentences(name: str) -> None:
    method = explain.methods()[name]
    for sentence in (method.use, method.limits):
        assert re.fullmatch(r"[A-Z].+[^.]\.", sentence)
        ends = re.findall(r"(?<! al)[.!?]\s", sentence)  # "et al."
        assert not ends, f"{sentence!r} is more than one sentence"
