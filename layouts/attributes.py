"""Attributes whose names have a dash, which Python's arguments can't."""

from typing import Any


def aria(**values: str) -> dict[str, Any]:
    """`aria-label` and its like, for components: `html.Div(**aria(label="Photo"))`."""
    return {f"aria-{name}": value for name, value in values.items()}


def data(**values: str) -> dict[str, Any]:
    """`data-...` attributes, which `assets/` reads."""
    return {f"data-{name}": value for name, value in values.items()}
