"""The settings of a recipe as options of a command line: one for each field, in its docstring's words."""

from __future__ import annotations

import argparse
import dataclasses
import re
import shlex
from typing import Any, get_args, get_origin, get_type_hints

from models.architecture import Architecture
from models.recipe import Recipe

_NETWORK = "network"


def add(parser: argparse.ArgumentParser) -> None:
    """Add an option for each field of a recipe and of its network."""
    for kind, title in ((Architecture, "the network"), (Recipe, "the recipe")):
        group = parser.add_argument_group(f"{title}, each in place of the recipe's own")
        hints, texts = get_type_hints(kind), described(kind)
        for field in dataclasses.fields(kind):
            if field.name != _NETWORK:
                group.add_argument(
                    f"--{field.name.replace('_', '-')}",
                    dest=field.name,
                    default=None,
                    help=texts[field.name].replace("%", "%%"),
                    **_parsing(hints[field.name]),
                )


def chosen(arguments: argparse.Namespace) -> dict[str, Any]:
    """The fields for which an option was given."""
    names = [field.name for kind in (Architecture, Recipe) for field in dataclasses.fields(kind)]
    found = {name: getattr(arguments, name) for name in names if name != _NETWORK}
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in found.items() if value is not None
    }


def changed(recipe: Recipe, options: dict[str, Any]) -> Recipe:
    """The recipe with these fields, its network's among them."""
    parts = {field.name for field in dataclasses.fields(Architecture)}
    network = dataclasses.replace(recipe.network, **{name: value for name, value in options.items() if name in parts})
    own = {name: value for name, value in options.items() if name not in parts}
    return dataclasses.replace(recipe, network=network, **own)


def written(options: dict[str, Any]) -> str:
    """The options as they are typed, each after a space."""
    words = []
    for name, value in options.items():
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            values = value if isinstance(value, tuple) else (value,)
            words.append(" ".join([f"--{flag}", *(shlex.quote(str(one)) for one in values)]))
    return "".join(f" {word}" for word in words)


def described(kind: type) -> dict[str, str]:
    """What the docstring of a dataclass says of each of its attributes, on one line each."""
    _, _, section = (kind.__doc__ or "").partition("Attributes:\n")
    entries = re.findall(r"^ {8}(\w+): (.*(?:\n {12}.*)*)", section, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in entries}


def _parsing(hint: Any) -> dict[str, Any]:
    """How argparse reads a value of this type."""
    if hint is bool:
        return {"action": argparse.BooleanOptionalAction}
    if get_origin(hint) is not tuple:
        return {"type": hint, "metavar": hint.__name__.upper()}
    kind, *others = get_args(hint)
    return {"type": kind, "nargs": "*" if others == [...] else 1 + len(others), "metavar": kind.__name__.upper()}
