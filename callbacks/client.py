"""Callbacks that run in the page."""

from typing import Any

from dash import ClientsideFunction, Dash, Input


def in_page(app: Dash, function: str, control: str | dict[str, Any], value: str = "value") -> None:
    """Call the function of this name in `assets/page.mjs` whenever the control's value changes.

    Args:
        app: the application.
        function: a name.
        control: its id, or a pattern of the ids of several; the function then gets a list of values.
        value: the property that changes.
    """
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("whylight", function), Input(control, value), prevent_initial_call=True
    )
