"""The one error of this package."""

from __future__ import annotations


class ModelError(ValueError):
    """Something is wrong with a model, its files or the data it is trained on; the text says what to do."""
