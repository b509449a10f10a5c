"""Callbacks that run in the page."""

from dash import ClientsideFunction, Dash, Input


def in_page(app: Dash, function: str, control: str, value: str = "value") -> None:
    """Call the function of this name in `assets/page.mjs` whenever the control's value changes."""
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("whylight", function), Input(control, value), prevent_initial_call=True
    )
