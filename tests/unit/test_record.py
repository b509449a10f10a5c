from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest

from callbacks.record import kept
from service import MissingPhotoError, NotYetError, Question, RefusedError

ASKED: dict[str, Any] = {"number": 0, "model": "pets", "method": "grad-cam", "layer": "late", "digest": "d"}


class Found:
    map = np.arange(6, dtype=">f4").reshape(3, 2).T

    def record(self) -> dict[str, Any]:
        return {"layer": "late"}


class Stub:
    def __init__(self, outcome: Found | Exception) -> None:
        self.outcome = outcome
        self.asked: list[Question] = []

    def explanation(self, question: Question) -> Found:
        self.asked.append(question)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def test_the_record_and_the_map_are_the_engines() -> None:
    stub = Stub(Found())
    photo = base64.b64encode(b"photo").decode()
    asked = {**ASKED, "photo": photo, "target": "cat", "against": 1, "evidence": "against", "space": "logit"}
    answer = json.loads(json.dumps(kept(stub, {**asked, "parameters": {"samples": 3}})))  # type: ignore[arg-type]
    assert json.loads(answer["record"]) == {"layer": "late"}
    assert answer["map"]["shape"] == [2, 3]
    values = np.frombuffer(base64.b64decode(answer["map"]["values"]), "<f4")
    assert values.tolist() == [0, 2, 4, 1, 3, 5], "row by row, little endian"
    question = stub.asked[0]
    assert (question.photo, question.target, question.against, question.layer) == (b"photo", "cat", 1, "late")
    assert (question.evidence, question.space, question.parameters) == ("against", "logit", {"samples": 3})


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (NotYetError("Wait.", 2), {"again": 2, "note": "Wait."}),
        (MissingPhotoError(), {"missing": True}),
        (RefusedError("No photo."), {"error": "No photo."}),
    ],
)
def test_why_there_is_no_record(outcome: Exception, expected: dict[str, Any]) -> None:
    assert kept(Stub(outcome), ASKED) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [None, [], {**ASKED, "photo": "%"}, {**ASKED, "target": -1}, {"number": 0}])
def test_what_is_no_question_is_not_asked(wrong: object) -> None:
    stub = Stub(Found())
    assert "can't be read" in kept(stub, wrong)["error"]  # type: ignore[arg-type]
    assert stub.asked == []
