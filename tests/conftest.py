"""What the tests of several folders share: the network of `twins`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import keras
    import twins

    import explain


@pytest.fixture(scope="module")
def twin_model() -> keras.Model:
    import twins  # not earlier: most tests of the page need no network

    return twins.build()


@pytest.fixture(scope="module")
def twin_explainer(twin_model: keras.Model) -> explain.Explainer:
    import twins

    return twins.explainer(twin_model)


@pytest.fixture(scope="module")
def twin(twin_model: keras.Model, twin_explainer: explain.Explainer) -> tuple[twins.Twin, explain.Explainer]:
    """The same network in NumPy, and its Explainer."""
    import twins

    return twins.Twin(twin_model), twin_explainer
