"""What the package offers, and what every method says of itself."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

import explain
from explain.methods import FAMILIES, NEEDS
from explain.methods import method as register


def test_everything_public_is_exported_and_nothing_else():
    public = {name for name, value in vars(explain).items() if not name.startswith("_") and not inspect.ismodule(value)}
    assert public | {"drawing"} == set(explain.__all__)


def test_everything_public_says_what_it_is():
    for name in explain.__all__:
        assert inspect.getdoc(getattr(explain, name))


def test_the_methods_are_those_of_the_files():
    folder = Path(explain.__file__).parent / "methods"
    files = {file.stem.replace("_", "-") for file in folder.glob("[!_]*.py")}
    assert {name.replace("++", "-plus-plus") for name in explain.methods()} == files
    assert {"grad-cam", "activations"} <= files


def test_methods_are_listed_by_family():
    listed = [method.family for method in explain.methods().values()]
    assert list(dict.fromkeys(listed)) == list(FAMILIES), "each has methods"
    assert listed == sorted(listed, key=list(FAMILIES).index)


def test_a_method_of_no_known_family_is_not_registered():
    with pytest.raises(explain.ExplainError, match=r"no family of methods 'cams'\. Did you mean 'cam'\?"):
        register(name="of-no-family", family="cams")
    assert "of-no-family" not in explain.methods()


@pytest.mark.parametrize("method", explain.methods().values(), ids=explain.methods())
def test_a_method_says_everything_that_menus_and_documents_need(method):
    for text in (method.title, method.paper, method.equation, method.symbols, method.use, method.limits, method.cost):
        assert text
    assert method.use.endswith(".")
    assert method.limits.endswith(".")
    assert method.display in ("positive", "magnitude")
    assert method.space in ("logit", "probability", None)
    assert set(method.needs) <= set(NEEDS)
    assert method.in_graph == bool(method.needs)
    assert method.layer or not method.in_graph
    if {"gradients", "head"} & set(method.needs):
        assert method.space
    assert method.name == inspect.getmodule(method.function).__name__.rpartition(".")[2].replace("_", "-").replace(
        "-plus-plus", "++"
    )
    assert list(method.parameters)[-1] == "augment"
    taken = inspect.signature(method.function).parameters
    own = [name for name in method.parameters if name != "augment"]
    assert list(taken) == [*(method.needs or ["asked"]), *own]
    for name, parameter in method.parameters.items():
        assert parameter.description
        assert method.check({name: parameter.default}) == method.check({})
        assert name == "augment" or taken[name].default == parameter.default
    assert len(inspect.getsource(inspect.getmodule(method.function)).splitlines()) < 80


def test_methods_of_a_family_stand_together():
    families = [method.family for method in explain.methods().values()]
    assert families == sorted(families, key=("activations", "cam", "gradients", "combined").index)
