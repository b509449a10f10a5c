"""What does not change while the server runs, for the page: the methods with all they offer, and the colour maps."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from service import Service

if TYPE_CHECKING:
    from explain import Method
    from explain.methods import Parameter


def catalog(service: Service) -> dict[str, Any]:
    """It is known when the engine is there, later than the page."""
    methods = service.methods()
    return {
        "methods": {name: _method(method) for name, method in methods.items()},
        "choices": _choices(methods),
        "palettes": {name: base64.b64encode(rgb).decode() for name, rgb in service.palettes().items()},
    }


def _method(method: Method) -> dict[str, Any]:
    return {
        "title": method.title,
        "paper": method.paper,
        "equation": method.equation,
        "symbols": method.symbols,
        "use": method.use,
        "limits": method.limits,
        "cost": method.cost,
        "one_pass": method.in_graph,
        "display": method.display,
        "signed": method.signed,
        "layer": method.layer,
        "space": method.space,
        "parameters": [_parameter(name, parameter) for name, parameter in method.parameters.items()],
    }


def _parameter(name: str, parameter: Parameter) -> dict[str, Any]:
    return {
        "name": name,
        "default": parameter.default,
        "description": parameter.description,
        "choices": list(parameter.choices),
        "number": parameter.least is not None,
        "least": parameter.least,
        "most": parameter.most,
        "whole": parameter.whole,
        "boolean": isinstance(parameter.default, bool),
    }


def _choices(methods: dict[str, Method]) -> list[dict[str, Any]]:
    """The methods as a select wants them, by family."""
    groups: dict[str, list[dict[str, str]]] = {}
    for name, method in methods.items():
        groups.setdefault(method.family_title, []).append({"value": name, "label": method.title})
    return [{"group": family, "items": items} for family, items in groups.items()]
