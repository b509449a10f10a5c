"""The gallery: many photos, each a question of its own, in stores of their own beside those of the one photo."""

from __future__ import annotations

from dash import Dash

from callbacks import question
from callbacks.client import in_page
from layouts import ids
from service import Service


def register(app: Dash, service: Service) -> None:
    """Connect the gallery's two stores with each other, and its controls with the functions in the page."""
    question.connect(app, service, ids.GALLERY_QUESTION, ids.GALLERY_ANSWER)
    in_page(app, "galleryReceive", ids.GALLERY_ANSWER, "data")
    for function, control in (
        ("galleryClass", ids.GALLERY_CLASS),
        ("galleryOrder", ids.GALLERY_ORDER),
        ("galleryShow", ids.GALLERY_SHOW),
        ("gallerySearch", ids.GALLERY_SEARCH),
    ):
        in_page(app, function, control)
    for function, button in (
        ("galleryStop", ids.GALLERY_STOP),
        ("galleryAgain", ids.GALLERY_AGAIN),
        ("galleryClose", ids.GALLERY_CLOSE),
        ("galleryReturn", ids.GALLERY_RETURN),
        ("galleryCsv", ids.GALLERY_CSV),
        ("galleryReport", ids.GALLERY_REPORT),
    ):
        in_page(app, function, button, "n_clicks")
