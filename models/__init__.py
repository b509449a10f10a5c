"""Classifiers: what is shipped, and the tools that load, train and judge transfer models."""

from models.card import Card
from models.errors import ModelError
from models.registry import available, load

__all__ = ["Card", "ModelError", "available", "load"]
