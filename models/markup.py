"""The parts that a report is put together from, as HTML; whatever they are given as text is escaped here."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import math
from typing import Any

from PIL import Image
from plotly.offline import get_plotlyjs

from models import evaluation, looks

SIDE = 360
"""Pixels that an embedded photo's longer side has at most."""


def text(value: str) -> str:
    """Text that is no markup, also inside quotes."""
    return html.escape(value)


def percent(share: float) -> str:
    """A share in words: what is nearly all is not all, nearly nothing not nothing, and nan is a dash."""
    if math.isnan(share):
        return "–"
    if 0.9995 <= share < 1:
        return "over\u00a099.9\u00a0%"
    return "under\u00a00.1\u00a0%" if 0 < share < 0.0005 else f"{100 * share:.1f}\u00a0%"


def tile(what: str, value: str, note: str) -> str:
    """A number to be seen at once, with what it is and what must be known of it."""
    return f'<div class="tile"><span>{text(what)}</span><b>{text(value)}</b><small>{text(note)}</small></div>'


def section(title: str, before: str, content: str, after: str = "") -> str:
    """A part of the page: content, which is HTML, between two paragraphs of text, either of which may be empty."""
    first, last = (f'<p class="soft">{text(one)}</p>' if one else "" for one in (before, after))
    return f"<section><h2>{text(title)}</h2>{first}{content}{last}</section>"


def scrolling(table: str) -> str:
    """A table, which is HTML, that may be larger than the page is wide."""
    return f'<div class="scroll" tabindex="0">{table}</div>'


def figure(drawn: Any, what: str, square: bool = False) -> str:
    """A figure of Plotly, as data for the page's script; `what` it shows is for those who can't see it."""
    data = drawn.to_json()  # Plotly writes < as \u003c there, so nothing in it ends the script that holds it
    shape = "figure square" if square else "figure"
    return (
        f'<div class="{shape}" role="img" aria-label="{text(what)}"></div>'
        f'<script type="application/json">{data}</script>'
    )


def picture(image: Image.Image, caption: str, what: str) -> str:
    """A picture as part of the page, made smaller if need be: JPEG, in base64."""
    small = image.convert("RGB")
    small.thumbnail((SIDE, SIDE))
    stored = io.BytesIO()
    small.save(stored, "JPEG", quality=82)
    return (
        f'<figure><img src="data:image/jpeg;base64,{_base64(stored.getvalue())}" width="{small.width}" '
        f'height="{small.height}" alt="{text(what)}"><figcaption>{text(caption)}</figcaption></figure>'
    )


def page(title: str, about: str, note: str, content: str) -> str:
    """The whole page, with Plotly in it.

    Args:
        title: in its head and on top of it.
        about: a line below it.
        note: what must be known before it is given to others.
        content: HTML.
    """
    scripts = (get_plotlyjs(), looks.SCRIPT)
    hashes = " ".join(f"'sha256-{_base64(hashlib.sha256(script.encode()).digest())}'" for script in scripts)
    policy = f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{text(title)}</title>
<style>{looks.STYLE}</style>
</head>
<body>
<header>
<h1>{text(title)}</h1>
<p class="soft">{text(about)}</p>
{f'<p class="note">{text(note)}</p>' if note else ""}
</header>
<main>
{content}
</main>
<footer>Measured {text(evaluation.circumstances())}.</footer>
<script>{scripts[0]}</script>
<script>{scripts[1]}</script>
</body>
</html>
"""


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
