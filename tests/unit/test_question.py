from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from callbacks.question import answer
from explain import LayerInfo
from service import Answer, MissingPhotoError, NotYetError, Question, RefusedError

ASKED: dict[str, Any] = {"number": 7, "model": "pets", "method": "grad-cam", "digest": "d"}
FOUND = Answer(
    title="Cats and dogs",
    device="CPU",
    classes=("cat", "dog"),
    probabilities=np.array([0.25, 0.75], np.float32),
    predicted=1,
    target=0,
    method="grad-cam",
    layers=(LayerInfo("net/early", "net 1", "Conv2D", (4, 4, 8)), LayerInfo("net/late", "net 2", "Conv2D", (2, 2, 16))),
    default_layer="net/late",
    layer="net/late",
    maps={"net/late": np.ones((2, 2), np.float32)},
    digest="d",
    size=(200, 100),
    view=(50, 0, 150, 100),
    area=(0.0, 0.0, 1.0, 1.0),
    display=None,
)


class Stub:
    def __init__(self, outcome: Answer | Exception) -> None:
        self.outcome = outcome
        self.asked: list[Question] = []

    def explain(self, question: Question) -> Answer:
        self.asked.append(question)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    def methods(self) -> dict[str, str]:
        return {"grad-cam": "Grad-CAM"}

    def palettes(self) -> dict[str, bytes]:
        return {"grey": bytes(range(3))}


def ask(outcome: Answer | Exception, **question: Any) -> dict[str, Any]:
    return answer(Stub(outcome), {**ASKED, **question})  # type: ignore[arg-type]


def test_an_answer_has_the_number_of_its_question_and_shares_of_the_photo() -> None:
    found = ask(FOUND)
    assert found["number"] == 7
    assert found["view"] == [0.25, 0, 0.75, 1]
    assert found["seen"] == {"width": 100, "height": 100, "area": (0, 0, 1, 1)}
    assert found["layers"][1] == {
        "group": "net 2",
        "items": [{"value": "net/late", "label": "late · 2 × 2 × 16 · default"}],
    }
    assert found["default"] == "net/late"
    assert found["unfamiliar"] is None
    assert found["catalog"] is None
    assert ask(FOUND, catalog=True)["catalog"]["methods"] == [{"value": "grad-cam", "label": "Grad-CAM"}]


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (NotYetError("Wait.", 2), {"again": 2, "note": "Wait."}),
        (MissingPhotoError(), {"missing": True}),
        (RefusedError("No photo."), {"error": "No photo."}),
    ],
)
def test_why_there_is_no_answer(outcome: Exception, expected: dict[str, Any]) -> None:
    assert ask(outcome) == {"number": 7, "rest": False, "everything": True, **expected}


@pytest.mark.parametrize("target", [None, 1, "dog", "a class that this model does not have"])
def test_a_class_is_asked_for_by_index_or_label(target: object) -> None:
    stub = Stub(FOUND)
    answer(stub, {**ASKED, "target": target})  # type: ignore[arg-type]
    assert stub.asked[0].target == target


def test_an_unfamiliar_photo_is_said() -> None:
    assert ask(dataclasses.replace(FOUND, unfamiliar="Cats and dogs"))["unfamiliar"] == "Cats and dogs"


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": "7"},
        {"photo": "%"},
        {"target": -1},
        {"target": 1.5},
        {"target": ["dog"]},
        {"model": None},
        {"everything": 3},
    ],
)
def test_what_is_no_question_is_not_asked(wrong: dict[str, Any]) -> None:
    stub = Stub(FOUND)
    found = answer(stub, {**ASKED, **wrong})  # type: ignore[arg-type]
    assert "can't be read" in found["error"]
    assert stub.asked == []
