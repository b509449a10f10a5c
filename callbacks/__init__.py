"""What happens when somebody does something: one module per kind of action, each thin."""

from __future__ import annotations

from dash import Dash

from callbacks import film, gallery, http, look, question, record, what_if
from service import Service

__all__ = ["register"]


def register(app: Dash, service: Service) -> None:
    """Connect the page and the addresses beside it with the service."""
    question.register(app, service)
    gallery.register(app, service)
    look.register(app)
    film.register(app, service)
    record.register(app, service)
    what_if.register(app)
    http.register(app, service)
