"""What is known of the sample photos: `samples.json` beside them, which need not be there."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

log = logging.getLogger("whylight")


class Note(BaseModel, strict=True, extra="forbid"):
    """Of one photo.

    Attributes:
        caption: what is on it, for people who can't see it and for whoever points at it.
        shows: label of the class that a model should find, in the words of the models that know one.
        lessons: for models that find another class, by their names: what there is to learn from that.
    """

    caption: str
    shows: str | None = None
    lessons: dict[str, str] = Field(default_factory=dict)


_NOTES = TypeAdapter(dict[str, Note])


def notes(folder: Path) -> Mapping[str, dict[str, Any]]:
    """What is known, as plain data by the names of the files; a damaged `samples.json` is logged."""
    file = folder / "samples.json"
    if not file.exists():
        return {}
    try:
        known = _NOTES.validate_json(file.read_bytes())
    except ValidationError as error:
        log.error("%s can't be read: %s", file, error)
        return {}
    return {name: note.model_dump(exclude_defaults=True) for name, note in known.items()}
