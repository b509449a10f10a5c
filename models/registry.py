"""Which models there are: those shipped in `models/zoo` and those in a folder of the user's own."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

from models import card
from models.card import Card
from models.errors import ModelError

if TYPE_CHECKING:
    from explain import Classifier
    from models.familiar import Familiar

ZOO = Path(__file__).parent / "zoo"


def folders(own: Path | None = None) -> dict[str, Path]:
    """Where each model lies, by name; a model of one's own takes the place of a shipped one of the same name."""
    found = {}
    for place in (ZOO, own):
        if place is not None and place.is_dir():
            found.update({file.parent.name: file.parent for file in sorted(place.glob(f"*/{card.FILE}"))})
    return found


def available(own: Path | None = None) -> dict[str, Card]:
    """The cards of all models, by name.

    Args:
        own: a folder with more models, one folder each.

    Raises:
        ModelError: a card is damaged.
    """
    return {name: card.read(folder) for name, folder in folders(own).items()}


def load(name: str | Path, own: Path | None = None) -> Classifier:
    """A model by its name, or by the path of its folder.

    Raises:
        ExplainError: there is none of this name, or it is damaged, or it computes other outputs than it did.
    """
    # Here and not above: whoever only lists models, or trains on another backend, does not wait for TensorFlow.
    import explain
    from models import storage

    try:
        return storage.load(folder(name, own))
    except ModelError as error:  # whoever explains photos meets this package's errors only through its models
        raise explain.ExplainError(str(error)) from error


def familiar(name: str | Path, own: Path | None = None) -> Familiar | None:
    """What tells photos that are unlike those that a model learnt from; None if it has no such fit.

    Args:
        name: as for `load`.
        own: as for `available`.

    Raises:
        ExplainError: there is no model of this name, or its fit is damaged.
    """
    import explain
    from models import familiar as fits

    try:
        return fits.load(folder(name, own))
    except ModelError as error:
        raise explain.ExplainError(str(error)) from error


def folder(name: str | Path, own: Path | None = None) -> Path:
    """Where a model lies, by its name, or by the path of its folder.

    Raises:
        ModelError: there is none of this name.
    """
    known = folders(own)
    place = known.get(str(name), Path(name))
    if not (place / card.FILE).is_file():
        close = difflib.get_close_matches(str(name), known, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ModelError(f"There is no model {str(name)!r}.{hint} Known: {', '.join(sorted(known)) or 'none'}.")
    return place
