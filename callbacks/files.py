"""Files that the server makes of what stands on the page: each kind has an address, where the question is posted."""

from __future__ import annotations

import binascii
import logging
from collections.abc import Callable
from typing import Any

from dash import Dash
from flask import Blueprint, Response, jsonify, request
from pydantic import ValidationError

from callbacks.question import UNREADABLE
from service import MissingPhotoError, NotYetError, RefusedError

log = logging.getLogger("whylight")

Make = Callable[[Any], Response]


def add(app: Dash, name: str, make: Make) -> None:
    """Add the address of this name, below the base path: what is posted there is given to `make`."""
    files = Blueprint(name, __name__, url_prefix=app.config.routes_pathname_prefix.rstrip("/") or None)

    @files.post(f"/{name}")
    def post() -> tuple[Response, int]:
        return made(make, request.get_json(silent=True))

    app.server.register_blueprint(files)


def made(make: Make, posted: Any) -> tuple[Response, int]:
    """The file, or why there is none: a sentence for people, and a status that tells the page what to do."""
    try:
        return make(posted), 200
    except (ValidationError, binascii.Error):
        return jsonify(error=UNREADABLE), 400
    except NotYetError as reason:
        return jsonify(error=str(reason), again=reason.seconds), 503
    except MissingPhotoError:
        return jsonify(error="The photo has to be sent again."), 409
    except RefusedError as reason:
        return jsonify(error=str(reason)), 422
    except Exception as error:
        log.error("A file failed.", exc_info=error)
        return jsonify(error="Something went wrong on the server, and it has been logged. Try again."), 500
