from __future__ import annotations

import base64
import io
import json
from typing import Any

import numpy as np
import pytest
from flask import Flask

from callbacks.files import made
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


def posted(stub: Stub, body: object) -> tuple[int, bytes]:
    """Status and body."""
    with Flask(__name__).app_context():
        answer, status = made(lambda asked: kept(stub, asked), body)  # type: ignore[arg-type]
    return status, answer.data


def test_the_record_and_the_map_are_the_engines() -> None:
    stub = Stub(Found())
    photo = base64.b64encode(b"photo").decode()
    asked = {**ASKED, "photo": photo, "target": "cat", "against": 1, "evidence": "both", "space": "logit"}
    status, content = posted(stub, {"kind": "record", "question": {**asked, "parameters": {"samples": 3}}})
    assert (status, json.loads(content)) == (200, {"layer": "late"})
    status, content = posted(stub, {"kind": "map", "question": asked})
    values = np.load(io.BytesIO(content))
    assert (status, values.dtype, values.tolist()) == (200, np.dtype("<f4"), [[0, 2, 4], [1, 3, 5]])
    question = stub.asked[0]
    assert (question.photo, question.target, question.against, question.layer) == (b"photo", "cat", 1, "late")
    assert (question.evidence, question.space, question.parameters) == ("both", "logit", {"samples": 3})


@pytest.mark.parametrize(
    ("outcome", "status", "expected"),
    [
        (NotYetError("Wait.", 2), 503, {"error": "Wait.", "again": 2}),
        (MissingPhotoError(), 409, {"error": "The photo has to be sent again."}),
        (RefusedError("No photo."), 422, {"error": "No photo."}),
    ],
)
def test_why_there_is_no_record(outcome: Exception, status: int, expected: dict[str, Any]) -> None:
    found, content = posted(Stub(outcome), {"kind": "record", "question": ASKED})
    assert (found, json.loads(content)) == (status, expected)


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        ASKED,
        {"kind": "photo", "question": ASKED},
        *(
            {"kind": "map", "question": one}
            for one in ({**ASKED, "photo": "%"}, {**ASKED, "target": -1}, {"number": 0})
        ),
    ],
)
def test_what_is_no_question_is_not_asked(wrong: object) -> None:
    stub = Stub(Found())
    status, content = posted(stub, wrong)
    assert status == 400
    assert "can't be read" in json.loads(content)["error"]
    assert stub.asked == []
