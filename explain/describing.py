"""What the registry says of the methods, as a page of Markdown: `docs/methods.md` is printed by `whylight methods`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

import explain
from explain.methods import AUGMENT, Method, Parameter

_SIDE = 280
"""Of a picture in pixels."""
_TOP = """# The methods

Printed by `whylight methods`, from the registry that the page's menu, the command line and Python use. The pictures
(`whylight methods --pictures docs/methods`) are of the sample `cat.jpg`, of the model `pets` and of the class that it
predicts; each is divided by its own maximum, so their brightness can't be compared.

Every method explains a class, one class against another (`target=("cat", "dog")`), what speaks against a class
(`target=explain.Target({"cat": -1})`), by logits or by probabilities (`space="probability"`; those saturate). Those
that look at no class say so.

| method | needs | map | shown | passes |
|---|---|---|---|---|"""


def page(methods: Iterable[Method], pictures: str = "methods") -> str:
    """All methods: a table of them, then each with what it computes, what it is good for and how it fails.

    Args:
        methods: by family.
        pictures: folder of `<name>.jpg`, as the page links them.
    """
    methods = list(methods)
    lines = [_TOP, *(_row(method) for method in methods)]
    for family, group in groupby(methods, key=lambda method: method.family_title):
        lines += ["", f"## {family}"]
        for method in group:
            lines += ["", *_section(method, pictures)]
    lines += ["", "## Of every method", "", _parameter("augment", AUGMENT)]
    return "\n".join(lines) + "\n"


def _row(method: Method) -> str:
    needs = ", ".join({"head": "linear head"}.get(need, need) for need in method.needs) or "the model"
    shape = "of a layer" if method.in_graph else "of the input"
    shown = {"positive": "positive part", "magnitude": "absolute value"}[method.display]
    signed = ", signed" if method.signed else ""
    return f"| [`{method.name}`](#{method.name}) | {needs} | {shape}{signed} | {shown} | {method.cost} |"


def _section(method: Method, pictures: str) -> list[str]:
    choices = [_parameter(name, one) for name, one in method.parameters.items() if name != "augment"]
    return [
        f'### <a id="{method.name}"></a>{method.title}',
        "",
        f'<img src="{pictures}/{method.name}.jpg" alt="{method.title} of a cat" width="{_SIDE}" align="right">',
        "",
        f"`{method.name}`: {method.equation}",
        "",
        f"- {method.symbols}.",
        f"- Source: {method.paper}.",
        f"- Use: {method.use}",
        f"- Limits: {method.limits}",
        *([] if method.space else ["- Looks at no class."]),
        *choices,
        "",
        '<br clear="right">',
    ]


def _parameter(name: str, parameter: Parameter) -> str:
    return f"- `{name}` ({parameter.allowed}; {parameter.default!r} if left out): {parameter.description}."


def draw(explainer: explain.Explainer, photo: Path, folder: Path) -> None:
    """Write `<method>.jpg` for every method."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in explain.methods():
        picture = explainer.explain(photo, method=name).overlay(opacity=0.7)
        picture.thumbnail((_SIDE, _SIDE))
        picture.save(folder / f"{name}.jpg", quality=80)


def main(argv: list[str] | None = None) -> int:
    """Print the page, or draw its pictures; 0, or 1 when a picture could not be drawn (said on stderr)."""
    parser = argparse.ArgumentParser(prog="whylight methods", description="Print what there is to explain with.")
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="draw a picture of each method there instead")
    arguments: Any = parser.parse_args(argv)
    if arguments.pictures is None:
        print(page(explain.methods().values()), end="")
        return 0
    import models
    import settings

    try:
        chosen = settings.load()
        draw(explain.Explainer(models.load("pets", chosen.models)), chosen.samples / "cat.jpg", arguments.pictures)
    except (explain.ExplainError, explain.PhotoError, settings.SettingsError, OSError) as error:
        print(f"whylight methods: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
