"""What can be wrong, in two kinds; the text of each is a sentence for people."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable


class PhotoError(ValueError):
    """Something is wrong with a photo."""


class ExplainError(ValueError):
    """Something is wrong with a layer, target, method, parameter or model."""


def plain(error: Exception) -> str:
    """What an error of Keras says, without its colours and its list of arguments."""
    return " ".join(re.sub(r"\x1b\[\d*m", "", str(error)).partition("\n\nArguments received")[0].split())


def unknown(what: str, received: object, known: Iterable[str]) -> ExplainError:
    """The error for a name that is not among the known ones; it names the closest. Of a path the last part may be the
    close one: people leave the models around a layer out."""
    names = [str(name) for name in known]
    meant: dict[str, list[str]] = {}
    for name in names:
        for written in dict.fromkeys((name, name.rpartition("/")[2])):
            meant.setdefault(written, []).append(name)
    matches = difflib.get_close_matches(str(received), meant, n=3)
    close = list(dict.fromkeys(name for match in matches for name in meant[match]))[:3]
    if close:
        hint = f"Did you mean {' or '.join(repr(name) for name in close)}?"
    else:
        hint = f"Known: {', '.join(names[:20])}{', ...' if len(names) > 20 else ''}."
    return ExplainError(f"There is no {what} {received!r}. {hint}")
