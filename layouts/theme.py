"""Colours, type and shapes of the controls; `assets/whylight.css` has the page's own."""

from typing import Any

THEME: dict[str, Any] = {
    "primaryColor": "ink",
    "respectReducedMotion": True,
    "primaryShade": {"light": 7, "dark": 4},
    "defaultRadius": "md",
    "fontFamily": "var(--font)",
    "colors": {
        "ink": [
            "#ecf6f6",
            "#d8eaea",
            "#aed6d6",
            "#82c2c2",
            "#5db1b2",
            "#45a6a8",
            "#2b8385",
            "#16686b",
            "#0d5558",
            "#06393b",
        ],
        "dark": [
            "#e9f0ef",
            "#bccac9",
            "#a3b2b1",
            "#6f8281",
            "#344444",
            "#2b3838",
            "#1d2828",
            "#172020",
            "#111919",
            "#0c1212",
        ],
    },
}
"""As `dmc.MantineProvider` takes it."""
