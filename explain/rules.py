"""Rules for how gradients pass activation functions."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def overriding(model: Any, rule: str | None) -> Iterator[None]:
    """stub"""
    yield
