"""How the heat is drawn: layer, colours, opacity, threshold, and the download. All of it happens in the page, without a request."""

from __future__ import annotations

from dash import ClientsideFunction, Dash, Input

from layouts import ids

LOOKS = (ids.LAYER, ids.COLORMAP, ids.OPACITY, ids.THRESHOLD)


def register(app: Dash) -> None:
    """Connect the controls with the functions of the same names in `assets/page.mjs`."""
    for control in LOOKS:
        app.clientside_callback(
            ClientsideFunction("whylight", control), Input(control, "value"), prevent_initial_call=True
        )
    app.clientside_callback(
        ClientsideFunction("whylight", "download"), Input(ids.DOWNLOAD, "n_clicks"), prevent_initial_call=True
    )
