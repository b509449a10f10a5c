"""What can be wrong, in two kinds; the text of each is a sentence for people."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PhotoError(ValueError):
    """Something is wrong with a photo."""


class ExplainError(ValueError):
    """Something is wrong with a layer, target, method, parameter or model."""


def unknown(what: str, received: object, known: Iterable[str]) -> ExplainError:
    """The error for a name that is not among the known ones; it names the closest."""
    names = [str(name) for name in known]
    close = difflib.get_close_matches(str(received), names, n=3)
    if close:
        hint = f"Did you mean {' or '.join(repr(name) for name in close)}?"
    else:
        hint = f"Known: {', '.join(names[:20])}{', ...' if len(names) > 20 else ''}."
    return ExplainError(f"There is no {what} {received!r}. {hint}")
