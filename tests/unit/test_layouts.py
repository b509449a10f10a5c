from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import layouts
from layouts import ids
from layouts.shortcuts import KEYS

CONTENTS = layouts.Contents(
    models={"pets": "cats and dogs", "mine": "things of mine"},
    own=("mine",),
    model="pets",
    method="grad-cam",
    colormap="viridis",
    samples=("a cat.jpg", "dog.jpg"),
    max_bytes=10_000_000,
    max_pixels=64_000_000,
    notes={"dog.jpg": {"caption": "A dog asleep", "shows": "dog", "lessons": {"pets": "It sleeps."}}},
)


def every(component: Any) -> list[Any]:
    found = [component] if hasattr(component, "_type") else []
    children = component if isinstance(component, list | tuple) else getattr(component, "children", None)
    for child in children if isinstance(children, list | tuple) else [children] if children is not None else []:
        found += every(child)
    return found


def page() -> dict[str, Any]:
    components = every(layouts.page(CONTENTS, "/why/"))
    named = {component.id: component for component in components if getattr(component, "id", None)}
    assert len(named) == sum(1 for component in components if getattr(component, "id", None)), "ids are unique"
    return named


def test_every_id_is_on_the_page() -> None:
    expected = {value for name, value in vars(ids).items() if name.isupper()}
    assert expected | {"sample-a cat", "sample-dog"} == set(page())


def test_the_page_carries_what_its_scripts_need() -> None:
    settings = json.loads(getattr(page()[ids.PAGE], "data-settings"))
    assert settings == {
        "models": {"pets": "cats and dogs", "mine": "things of mine"},
        "own": ["mine"],
        "model": "pets",
        "method": "grad-cam",
        "colormap": "viridis",
        "samples": ["a cat.jpg", "dog.jpg"],
        "limits": {"bytes": 10_000_000, "pixels": 64_000_000},
    }


def test_addresses_lie_below_the_base_path() -> None:
    components = every(layouts.page(CONTENTS, "/why/"))
    addresses = [
        getattr(component, name) for component in components for name in ("src", "href") if hasattr(component, name)
    ]
    assert addresses
    assert all(address.startswith("/why/") for address in addresses)
    assert "/why/samples/a%20cat.jpg" in addresses


def test_a_sample_is_called_by_its_caption_or_by_its_file() -> None:
    named = page()
    assert [named[f"sample-{name}"].children.alt for name in ("a cat", "dog")] == [
        "Sample: a cat",
        "Sample: A dog asleep",
    ]
    assert getattr(named["sample-dog"], "data-shows") == "dog"
    assert getattr(named["sample-dog"], "data-lessons") == '{"pets": "It sleeps."}'
    assert not hasattr(named["sample-a cat"], "data-shows")


def test_classes_layers_and_models_are_searched_by_typing() -> None:
    named = page()
    for control in (ids.TARGET, ids.LAYER, ids.MODEL, ids.AGAINST):
        assert named[control].searchable
        assert named[control].clearSearchOnFocus
        assert named[control].nothingFoundMessage


def test_what_few_people_change_is_folded_and_as_it_is_by_itself() -> None:
    named = page()
    fold = named[ids.OPTIONS]
    assert not getattr(fold, "open", False)
    inside = {getattr(component, "id", None) for component in every(fold)}
    assert {ids.PARAMETERS, ids.AGAINST, ids.EVIDENCE, ids.SCORE, ids.RESET} <= inside
    assert (named[ids.AGAINST].value, named[ids.EVIDENCE].value, named[ids.SCORE].value) == ("none", "for", "own")
    assert named[ids.RESET].hidden, "there is nothing to go back from"


def test_a_parameter_has_an_id_of_its_own() -> None:
    kinds = ("choice", "number", "switch")
    made = [ids.option(name, kind) for name in ("samples", "reduce") for kind in kinds]
    assert len({json.dumps(one, sort_keys=True) for one in made}) == len(made)


def test_a_warning_is_spoken_and_there_is_none_at_first() -> None:
    warning = page()[ids.WARNING]
    assert getattr(warning, "aria-live") == "polite"
    assert getattr(warning, "children", None) is None


def test_errors_are_spoken_and_the_verdict_is_busy_at_first() -> None:
    named = page()
    assert getattr(named[ids.STATUS], "aria-live") == "polite"
    assert getattr(named[ids.VERDICT], "aria-busy") == "true"


def test_the_keys_that_are_listed_are_those_that_do_something() -> None:
    listed = " ".join(keys for keys, _ in KEYS).lower().replace("−", "-").split()
    script = Path(__file__).parents[2].joinpath("assets", "page", "keys.mjs").read_text()
    actions = script.split("const actions = {")[1].split("\n};")[0]
    working = [quoted or plain for quoted, plain in re.findall(r'^  (?:"(.)"|(\w)):', actions, re.MULTILINE)]
    elsewhere = {"esc", "arrows"}  # they are those of a dialog, and of the photo where that has the focus
    assert sorted(listed) == sorted({*working, *elsewhere} - {"="})
