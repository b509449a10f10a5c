"""How the heat is drawn, and the download: all of it happens in the page, without a request."""

from __future__ import annotations

from dash import Dash

from callbacks.client import in_page
from layouts import ids


def register(app: Dash) -> None:
    """Connect the controls with the functions of the same names in the page."""
    for control in (ids.LAYER, ids.FILM_SCRUB, ids.COLORMAP, ids.OPACITY, ids.THRESHOLD):
        in_page(app, control, control)
    in_page(app, ids.DOWNLOAD, ids.DOWNLOAD, "n_clicks")
