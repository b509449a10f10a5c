"""What the tests of several folders share: how they are dealt out, and the network of `twins`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    import keras
    import twins

    import explain


class Scheduler(LoadScopeScheduling):
    """Tests that share a fixture stay in one process: a module's, and all of the browser's."""

    def _split_scope(self, nodeid: str) -> str:
        return "browser" if nodeid.startswith("tests/browser/") else nodeid.split("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduler:
    return Scheduler(config, log)


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
