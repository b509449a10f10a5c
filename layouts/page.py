"""The page as it is served: everything in its place, before the first photo is explained."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from layouts import compare, controls, gallery, ids, photo, sharing, shortcuts, what_if
from layouts.attributes import aria, data
from layouts.film import film
from layouts.theme import THEME


@dataclass(frozen=True)
class Contents:
    """What there is to choose from, and the limits that the page tells people of.

    Attributes:
        models: titles of the models, by name.
        own: names of those that are not shipped.
        model: the one that the page starts with.
        method: the one that the page starts with; the others come with the first answer, when the engine is there.
        colormap: the colour map that the page starts with; the others come likewise.
        samples: files of the bundled photos.
        notes: of some of them, by file: what is on it ("caption"), the class that a model should find ("shows"), and
            what there is to learn where one does not ("lessons", by model).
        max_bytes: size of the largest file that is taken.
        max_pixels: number of pixels of the largest photo that is taken.
    """

    models: Mapping[str, str]
    own: Sequence[str]
    model: str
    method: str
    colormap: str
    samples: Sequence[str]
    max_bytes: int
    max_pixels: int
    notes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def page(contents: Contents, address: str) -> Any:
    """The whole page.

    Args:
        contents: what there is to choose from.
        address: where the page lies, with a slash at its end.
    """
    settings = {
        "model": contents.model,
        "models": dict(contents.models),
        "own": list(contents.own),
        "method": contents.method,
        "colormap": contents.colormap,
        "samples": list(contents.samples),
        "limits": {"bytes": contents.max_bytes, "pixels": contents.max_pixels},
    }
    return dmc.MantineProvider(
        html.Div(
            [
                _header(address),
                gallery.way_back(),
                html.Main(
                    [
                        html.Section(
                            [
                                compare.panes(photo.figure()),
                                film(),
                                what_if.bar(),
                                photo.entrance(contents.samples, contents.notes, contents.max_bytes, address),
                            ],
                            className="stage",
                            **aria(label="Photo"),
                        ),
                        html.Section(
                            [
                                controls.verdict(),
                                controls.question(contents.models, contents.model, contents.method),
                                controls.look(contents.colormap),
                                sharing.sharing(),
                                controls.reading(),
                            ],
                            id=ids.EXPLANATION,
                            className="panel",
                            **aria(label="Explanation"),
                        ),
                    ]
                ),
                gallery.view(),
                _footer(),
                shortcuts.dialog(),
                dcc.Store(id=ids.QUESTION),
                dcc.Store(id=ids.ANSWER),
            ],
            id=ids.PAGE,
            **data(settings=json.dumps(settings)),
        ),
        theme=THEME,
        defaultColorScheme="auto",
    )


def _header(address: str) -> Any:
    return html.Header(
        [
            html.Button("Skip to the explanation", id=ids.SKIP, type="button", className="button skip"),
            html.A(
                [
                    html.Img(src=f"{address}assets/logo.svg", alt="", width=30, height=30),
                    html.H1("Whylight", className="wordmark"),
                ],
                href=address,
                className="brand",
            ),
            html.Span("Why does the model say that?", className="tagline"),
            html.Button(
                html.Span(className="glyph help"),
                id=ids.HELP,
                type="button",
                className="icon",
                title="Keyboard",
                **aria(label="Keyboard shortcuts"),
            ),
            dmc.ColorSchemeToggle(
                id=ids.THEME,
                lightIcon=html.Span(className="glyph moon"),
                darkIcon=html.Span(className="glyph sun"),
                variant="subtle",
                color="gray",
                size="lg",
                **aria(label="Light or dark"),
            ),
        ],
        className="header",
    )


def _footer() -> Any:
    return html.Footer(
        [
            html.Span("Photos stay in memory; they are never written to disk or logged."),
            html.Span(["Runs on ", html.Span("…", id=ids.DEVICE)]),
        ],
        className="footer",
    )
