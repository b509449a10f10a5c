"""How the heat is drawn, and the downloads: what is done in the page, and what the page asks other addresses for."""

from __future__ import annotations

from dash import Dash

from callbacks.client import in_page
from layouts import ids


def register(app: Dash) -> None:
    """Connect the controls with the functions of the same names in the page."""
    for control in (ids.LAYER, ids.FILM_SCRUB, ids.COLORMAP, ids.OPACITY, ids.THRESHOLD, ids.SHOW):
        in_page(app, control, control)
    for button in (ids.COMPARE, ids.DOWNLOAD, ids.MAP, ids.RECORD, ids.FILM_WEBP, ids.FILM_GIF):
        in_page(app, button, button, "n_clicks")
