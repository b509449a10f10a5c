from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import explain
from callbacks.asker import Newest
from callbacks.catalog import catalog
from callbacks.question import answer
from explain import LayerInfo
from explain.methods import FAMILIES
from service import Answer, ChoiceError, MissingPhotoError, NotYetError, Question, RefusedError, UnwantedError

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
    input_size=(60, 50),
    display=None,
)


class Stub:
    def __init__(self, outcome: Answer | Exception) -> None:
        self.outcome = outcome
        self.asked: list[Question] = []
        self.wanted: list[Callable[[], bool]] = []

    def explain(self, question: Question, wanted: Callable[[], bool]) -> Answer:
        self.asked.append(question)
        self.wanted.append(wanted)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    def methods(self) -> dict[str, explain.Method]:
        return explain.methods()

    def palettes(self) -> dict[str, bytes]:
        return {"grey": bytes(range(3))}


def told(stub: Stub, newest: Newest | None = None, gone: bool = False, **question: Any) -> dict[str, Any]:
    return answer(stub, {**ASKED, **question}, newest or Newest(), lambda: not gone)  # type: ignore[arg-type]


def ask(outcome: Answer | Exception, **question: Any) -> dict[str, Any]:
    return told(Stub(outcome), **question)


def test_an_answer_has_the_number_of_its_question_and_shares_of_the_photo() -> None:
    found = ask(FOUND)
    assert found["number"] == 7
    assert found["view"] == [0.25, 0, 0.75, 1]
    assert found["input"] == {"width": 60, "height": 50}
    assert found["seen"] == {"width": 100, "height": 100, "area": (0, 0, 1, 1)}
    assert found["layers"][1] == {
        "group": "net 2",
        "items": [{"value": "net/late", "label": "late · 2 × 2 × 16 · default"}],
    }
    assert found["default"] == "net/late"
    assert found["unfamiliar"] is None
    assert found["catalog"] is None
    assert set(ask(FOUND, catalog=True)["catalog"]["methods"]) == set(explain.methods())


def test_the_page_learns_everything_of_the_methods_from_the_registry() -> None:
    told = json.loads(json.dumps(catalog(Stub(FOUND))))  # type: ignore[arg-type]
    assert list(told["methods"]) == list(explain.methods())
    for name, method in explain.methods().items():
        one = told["methods"][name]
        for attribute in (
            "title",
            "paper",
            "equation",
            "symbols",
            "use",
            "limits",
            "cost",
            "display",
            "layer",
            "space",
        ):
            assert one[attribute] == getattr(method, attribute), (name, attribute)
        assert one["one_pass"] == method.in_graph
        assert [parameter["name"] for parameter in one["parameters"]] == list(method.parameters)
        for parameter in one["parameters"]:
            own = method.parameters[parameter["name"]]
            assert parameter["boolean"] == isinstance(own.default, bool)
            assert parameter["number"] == (own.least is not None)
            for attribute in ("default", "description", "least", "most", "whole"):
                assert parameter[attribute] == getattr(own, attribute)
            assert parameter["choices"] == list(own.choices)
            assert parameter["choices"] or parameter["number"] or parameter["boolean"], "there is a control for it"


def test_the_methods_are_chosen_by_family_in_words() -> None:
    groups = catalog(Stub(FOUND))["choices"]  # type: ignore[arg-type]
    listed = [item["value"] for group in groups for item in group["items"]]
    assert listed == list(explain.methods())
    assert [group["group"] for group in groups] == list(FAMILIES.values()), "each family once, in words"


def test_a_layer_that_the_method_cannot_explain_is_no_choice() -> None:
    def disabled(**changes: Any) -> list[bool]:
        groups = ask(dataclasses.replace(FOUND, **changes))["layers"]
        return [item.get("disabled", False) for group in groups for item in group["items"]]

    assert disabled() == [True, False]
    assert disabled(everything=False) == [False, False], "the others follow"
    assert disabled(everything=False, reach="layer") == [False, False], "each is asked for by itself"
    assert disabled(reach="network", layer=None, maps={"": FOUND.maps["net/late"]}) == [False, False]


def test_a_map_of_the_whole_network_has_no_layer() -> None:
    found = ask(
        dataclasses.replace(
            FOUND, reach="network", layer=None, maps={"": FOUND.maps["net/late"]}, shown="magnitude", note="Odd."
        )
    )
    assert found["layer"] is None
    assert list(found["sprite"]["maps"]) == [""]
    assert (found["reach"], found["shown"], found["note"]) == ("network", "magnitude", "Odd.")


def test_the_page_is_told_which_maps_there_are_whatever_it_asked_for() -> None:
    assert ask(FOUND, everything=False)["everything"] is True
    assert ask(dataclasses.replace(FOUND, everything=False))["everything"] is False


def test_options_reach_the_service_as_they_are() -> None:
    stub = Stub(dataclasses.replace(FOUND, against=1, evidence="against", space="probability"))
    options = {
        "parameters": {"samples": 10, "level": 0.5, "reduce": "l2", "normalize_alpha": True},
        "against": "dog",
        "evidence": "against",
        "space": "probability",
    }
    found = told(stub, **options)
    asked = stub.asked[0]
    assert {name: getattr(asked, name) for name in options} == options
    assert [type(value) for value in asked.parameters.values()] == [int, float, str, bool]
    assert (found["against"], found["evidence"], found["space"]) == (1, "against", "probability")


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (NotYetError("Wait.", 2), {"again": 2, "note": "Wait."}),
        (MissingPhotoError(), {"missing": True}),
        (RefusedError("No photo."), {"error": "No photo.", "choice": False}),
        (ChoiceError("No such method."), {"error": "No such method.", "choice": True}),
        (UnwantedError(), {"error": "Another question has taken the place of this one.", "choice": False}),
    ],
)
def test_why_there_is_no_answer(outcome: Exception, expected: dict[str, Any]) -> None:
    assert ask(outcome) == {"number": 7, "rest": False, "everything": True, **expected}


def test_a_question_is_wanted_until_its_page_asks_another_one_or_has_gone() -> None:
    stub, newest = Stub(FOUND), Newest()
    told(stub, newest, page="here", number=7)
    told(stub, newest, page="here", number=7, rest=True)
    told(stub, newest, page="there", number=8)
    told(stub, newest, number=9)  # of nobody
    assert [wanted() for wanted in stub.wanted] == [True] * 4
    told(stub, newest, page="here", number=8)
    assert [wanted() for wanted in stub.wanted] == [False, False, True, True, True]
    told(stub, newest, page="here", number=10, gone=True)
    assert not stub.wanted[-1]()


@pytest.mark.parametrize("target", [None, 1, "dog", "a class that this model does not have"])
def test_a_class_is_asked_for_by_index_or_label(target: object) -> None:
    stub = Stub(FOUND)
    told(stub, target=target)
    assert stub.asked[0].target == target


def test_an_unfamiliar_photo_is_said() -> None:
    assert ask(dataclasses.replace(FOUND, unfamiliar="Cats and dogs"))["unfamiliar"] == "Cats and dogs"


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": "7"},
        {"page": 7},
        {"page": "x" * 61},
        {"photo": "%"},
        {"target": -1},
        {"target": 1.5},
        {"target": ["dog"]},
        {"model": None},
        {"everything": 3},
        {"parameters": ["samples"]},
        {"parameters": {"samples": None}},
        {"parameters": {"samples": [1]}},
        {"parameters": {"samples": float("nan")}},
        {"parameters": {"samples": float("inf")}},
        {"parameters": {"samples": 10**400}},
        {"parameters": {"reduce": "x" * 61}},
        {"parameters": {"x" * 61: 1}},
        {"parameters": {str(number): 1 for number in range(21)}},
        {"parameters": {1: 1}},
        {"against": -1},
        {"against": ["dog"]},
        {"against": "x" * 1001},
        {"target": "x" * 1001},
        {"evidence": "maybe"},
        {"evidence": None},
        {"space": "percent"},
    ],
)
def test_what_is_no_question_is_not_asked(wrong: dict[str, Any]) -> None:
    stub = Stub(FOUND)
    found = told(stub, **wrong)
    assert "can't be read" in found["error"]
    assert stub.asked == []
