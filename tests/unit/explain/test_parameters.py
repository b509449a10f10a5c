"""What a parameter of a method can be, and what is said of what it can't."""

from __future__ import annotations

import numpy as np
import pytest

import explain
from explain.methods import Parameter, find

NAMES = Parameter("mean", "", choices=("mean", "strongest"), least=0, whole=True)
SHARE = Parameter(0.5, "", least=0, most=1)
COUNT = Parameter(5, "", least=1, most=1000, whole=True)
SEED = Parameter(0, "", least=0, most=2**31 - 1, whole=True)
WORDS = Parameter("a", "", choices=("a", "b", "c"))
SWITCH = Parameter(default=False, description="")


@pytest.mark.parametrize(
    ("parameter", "given", "expected"),
    [
        (WORDS, "b", "b"),
        (NAMES, "strongest", "strongest"),
        (NAMES, 3, 3),
        (NAMES, 10**30, 10**30),  # the layer decides
        (SHARE, 0, 0.0),
        (SHARE, 1, 1.0),
        (SHARE, np.float32(0.25), 0.25),
        (SHARE, np.float16(1), 1.0),
        (COUNT, 1, 1),
        (COUNT, 1000, 1000),
        (COUNT, 7.0, 7),
        (COUNT, np.int8(7), 7),
        (COUNT, np.float64(7), 7),
        (SEED, 2**31 - 1, 2**31 - 1),
        (SWITCH, True, True),
        (SWITCH, np.bool_(False), False),
    ],
)
def test_what_fits_becomes_a_plain_value(parameter, given, expected):
    found = parameter.check(given)
    assert found == expected
    assert type(found) is type(expected)


NO_NUMBER = [None, "5", "", b"5", True, np.bool_(True), [5], (5,), {5}, np.array([5]), 5j, np.complex64(5), object]
LARGE = [10**400, -(10**400), 2**70]  # than numbers in C can be
NOT_FINITE = [float("nan"), float("inf"), -float("inf"), np.float32("nan"), np.float64("inf")]


@pytest.mark.parametrize("given", [*NO_NUMBER, *NOT_FINITE, -1, 0, 1001, 2.5, *LARGE, 1e300], ids=type)
def test_what_is_no_whole_number_within_the_bounds(given):
    with pytest.raises(ValueError, match=r"^a whole number from 1 to 1000$"):
        COUNT.check(given)


@pytest.mark.parametrize("given", [*NO_NUMBER, *NOT_FINITE, -1e-9, 1.0001, 2, *LARGE], ids=type)
def test_what_is_no_number_within_the_bounds(given):
    with pytest.raises(ValueError, match=r"^a number from 0 to 1$"):
        SHARE.check(given)


@pytest.mark.parametrize("given", [None, "d", "A", "", 0, 1.0, True, ["a"], ("a", "b"), float("nan"), b"a"])
def test_what_is_none_of_the_names(given):
    with pytest.raises(ValueError, match=r"^'a', 'b' or 'c'$"):
        WORDS.check(given)


@pytest.mark.parametrize("given", [None, 0, 1, "True", "", 0.0, np.int64(1), [True]])
def test_what_is_neither_true_nor_false(given):
    with pytest.raises(ValueError, match=r"^True or False$"):
        SWITCH.check(given)


@pytest.mark.parametrize("given", [-1, 2.5, "weakest", float("nan"), True, None])
def test_what_is_neither_a_name_nor_an_index(given):
    with pytest.raises(ValueError, match=r"^'mean', 'strongest' or a whole number from 0$"):
        NAMES.check(given)


def test_large_bounds_are_written_out():
    assert SEED.allowed == "a whole number from 0 to 2147483647"
    assert Parameter(0.5, "", least=1e-6, most=2).allowed == "a number from 1e-06 to 2"


@pytest.mark.parametrize(
    ("method", "given", "message"),
    [
        ("smooth-grad", {"samples": 0}, r"^samples of smooth-grad is a whole number from 1 to 1000; received 0\.$"),
        ("grad-cam++", {"normalize_alpha": 1}, r"^normalize_alpha of grad-cam\+\+ is True or False; received 1\.$"),
        (
            "cam",
            {"augment": "flop"},
            r"^augment of cam is 'none', 'flip', 'scales' or 'flip\+scales'; received 'flop'\.$",
        ),
        ("smooth-grad", {"sample": 3}, r"^There is no parameter of smooth-grad 'sample'\. Did you mean 'samples'\?$"),
        ("hires-cam", {"zzz": 3}, r"^There is no parameter of hires-cam 'zzz'\. Known: augment\.$"),
    ],
)
def test_the_error_names_the_method_and_what_is_allowed(method, given, message):
    with pytest.raises(explain.ExplainError, match=message):
        find(method).check(given)


def test_what_is_not_given_has_its_default():
    found = find("integrated-gradients").check({"steps": 7})
    assert found == {"baseline": "black", "steps": 7, "seed": 0, "augment": "none"}


@pytest.mark.parametrize("method", explain.methods().values(), ids=explain.methods())
def test_defaults_are_allowed_and_nothing_is_allowed_that_is_not_described(method):
    for name, parameter in method.parameters.items():
        assert parameter.check(parameter.default) == parameter.default
        with pytest.raises(explain.ExplainError, match=f"^{name} of "):
            method.check({name: None})
