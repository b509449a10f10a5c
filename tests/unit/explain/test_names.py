"""What the package offers, and what every method says of itself."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

import explain


def test_everything_public_is_exported_and_nothing_else():
    public = {name for name, value in vars(explain).items() if not name.startswith("_") and not inspect.ismodule(value)}
    assert public | {"drawing"} == set(explain.__all__)


def test_everything_public_says_what_it_is():
    for name in explain.__all__:
        assert inspect.getdoc(getattr(explain, name))


def test_the_methods_are_those_of_the_files():
    folder = Path(explain.__file__).parent / "methods"
    files = {file.stem.replace("_", "-") for file in folder.glob("*.py")} - {"--init--"}
    assert set(explain.methods()) == files
    assert {"grad-cam", "activations"} <= files


@pytest.mark.parametrize("method", explain.methods().values(), ids=explain.methods())
def test_a_method_says_everything_that_menus_and_documents_need(method):
    for text in (method.title, method.paper, method.equation, method.family, method.cost):
        assert text
    assert method.display in ("positive", "magnitude")
    assert method.space in ("logit", "probability", None)
    assert (method.space is not None) == method.gradients
    for name, parameter in method.parameters.items():
        assert parameter.description
        assert method.check({name: parameter.default}) == method.check({})
    assert len(inspect.getsource(inspect.getmodule(method.function)).splitlines()) < 80
