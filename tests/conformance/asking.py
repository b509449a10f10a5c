"""Every method, asked on any network in few passes; and which of them must work on which."""

from __future__ import annotations

from typing import Any

import explain

FEW: dict[str, dict[str, Any]] = {"smooth-grad": {"samples": 3}, "integrated-gradients": {"steps": 3}}
"""Parameters of methods that make many passes."""

IMPOSSIBLE = {
    "cam": {"flattened", "pooled by maximum"},  # no global average pooling in front of a linear layer
}
"""Kinds of `networks.KINDS` that a method refuses, with the reason; on all others it must work."""


def works(method: str, kind: str) -> bool:
    """Whether a method must give a map of a kind of network, rather than an error."""
    return kind not in IMPOSSIBLE.get(method, set())


def one(
    explainer: explain.Explainer,
    photo: Any,
    method: str,
    layer: str | None = None,
    target: Any = None,
    few: bool = True,
) -> Any:
    """One explanation, in few passes or in as many as the method makes by itself; the layer is left out where the
    method has none."""
    layer = layer if explain.methods()[method].layer else None
    return explainer.explain(photo, method, layer, target, **FEW.get(method, {}) if few else {})


def every(explainer: explain.Explainer, photo: Any, method: str, target: Any = None) -> dict[Any, Any]:
    """The explanations of all layers, or the only one there is."""
    if explain.methods()[method].layer:
        return dict(explainer.explain_layers(photo, method=method, target=target, **FEW.get(method, {})))
    return {None: one(explainer, photo, method, None, target)}
