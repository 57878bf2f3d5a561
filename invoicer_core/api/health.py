"""For who runs the server: alive, ready, figures."""

from flask import Blueprint, Flask, Response, redirect
from werkzeug.wrappers import Response as BaseResponse

from invoicer_core.api import metrics
from invoicer_core.api.running import as_json
from invoicer_core.services import readiness


def install(app: Flask) -> None:
    """Add the addresses."""
    routes = Blueprint("operation", __name__)
    routes.add_url_rule("/healthz", "healthz", healthz)
    routes.add_url_rule("/readyz", "readyz", readyz)
    routes.add_url_rule("/metrics", "metrics", figures)
    routes.add_url_rule("/health", "health", health)
    app.register_blueprint(routes)


def healthz() -> Response:
    """Alive; says nothing more."""
    return as_json({"status": "alive"})


def health() -> BaseResponse:
    """The address that others call it by."""
    return redirect("/healthz")


def readyz() -> Response:
    """200 when everything is up that serving takes; otherwise 503, and which part is down."""
    parts = readiness.parts()
    ready = all(parts.values())
    words = {name: "up" if works else "down" for name, works in parts.items()}
    body = {"status": "ready" if ready else "not ready", "parts": words}
    response = as_json(body, 200 if ready else 503)
    response.headers["Cache-Control"] = "no-store"
    return response


def figures() -> Response:
    """Prometheus' text format."""
    counts, oldest = readiness.deliveries()
    body = metrics.text(counts, oldest, readiness.parts())
    return Response(body, content_type=metrics.CONTENT_TYPE)
