"""The addresses beside the page: whether the service is up and ready, the samples, and the headers of every answer."""

from __future__ import annotations

from collections.abc import Callable

from dash import Dash
from flask import Blueprint, Response, jsonify, send_from_directory

from service import Service


def register(app: Dash, service: Service) -> None:
    """Add the addresses, below the base path and at the root, where probes look for them."""
    base = app.config.routes_pathname_prefix.rstrip("/")
    for prefix in dict.fromkeys((base, "")):
        app.server.register_blueprint(
            _addresses(service), url_prefix=prefix or None, name=f"whylight{prefix}".replace("/", "-")
        )
    app.server.after_request(_headers(app))


def _addresses(service: Service) -> Blueprint:
    addresses = Blueprint("whylight", __name__)

    @addresses.get("/healthz")
    def health() -> Response:
        return jsonify(status="up")

    @addresses.get("/readyz")
    def ready() -> Response:
        state = service.state()
        answer = jsonify(status="ready" if state.ready else "not ready", detail=state.detail, device=state.device)
        if not state.ready:
            answer.status_code = 503
            answer.headers["Retry-After"] = "2"
        return answer

    @addresses.get("/samples/<name>")
    def sample(name: str) -> Response:
        return send_from_directory(service.samples, name, max_age=3600)

    return addresses


def _headers(app: Dash) -> Callable[[Response], Response]:
    """Photos are uploaded here: nothing may come from or go to another site, frame the page or guess at types.

    Dash's inline scripts are allowed by their hashes, which are known once all callbacks are registered. Plotly and
    Mantine set style attributes everywhere.
    """
    policy = "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {' '.join(app.csp_hashes())}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        )
    )

    def protect(answer: Response) -> Response:
        answer.headers["Content-Security-Policy"] = policy
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Referrer-Policy"] = "no-referrer"
        return answer

    return protect
