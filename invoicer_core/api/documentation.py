"""The OpenAPI document, and Swagger UI served by ourselves under the strict policy."""

from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from apiflask import APIFlask
from flask import Blueprint, Response, current_app, redirect
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from invoicer_core.api import openapi, plugin_resources
from invoicer_core.api.catalogue import operations
from invoicer_core.hooks import codec

EXTENSION: Final = "invoicer.openapi"
_TYPES: Final = {"css": "text/css", "js": "text/javascript", "png": "image/png"}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
"""Swagger UI sets style attributes from its script; scripts are only ours."""

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Invoicer API</title>
<link rel="icon" type="image/png" href="/api/docs/favicon-32x32.png">
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
<link rel="stylesheet" href="/api/docs/index.css">
</head>
<body>
<main id="swagger-ui"></main>
<script src="/api/docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/start.js"></script>
</body>
</html>
"""
_START: Final = """SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
});
"""


def install(app: APIFlask) -> None:
    """Add the addresses."""
    app.config["OPENAPI_VERSION"] = "3.1.0"
    app.config["AUTO_404_RESPONSE"] = False
    app.config["AUTO_OPERATION_ID"] = True
    routes = Blueprint("documentation", __name__)
    routes.add_url_rule("/api/openapi.json", "document", document)
    routes.add_url_rule("/api/docs", "page", page)
    routes.add_url_rule("/api/docs/<name>", "asset", asset)
    routes.add_url_rule("/api-docs", "old_page", lambda: redirect("/api/docs"))
    routes.add_url_rule("/api-docs.json", "old_document", lambda: redirect("/api/openapi.json"))
    app.register_blueprint(routes)


def document() -> Response:
    """The document of this installation, its plugins included."""
    return Response(_text(), content_type="application/json")


def current_document() -> dict[str, Any]:
    """The document as plain values."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - the real one is needed
    return openapi.document(operations(), plugin_resources.described(app))


def _text() -> str:
    """Generated at the first request: what is registered never changes afterwards."""
    found = current_app.extensions.get(EXTENSION)
    if found is None:
        found = current_app.extensions[EXTENSION] = codec.dumps(current_document())
    return str(found)


def page() -> Response:
    """The page that shows the document."""
    return _with_policy(Response(_PAGE, content_type="text/html; charset=utf-8"))


def asset(name: str) -> BaseResponse:
    """A file of Swagger UI, by its plain name."""
    if name == "start.js":
        return _with_policy(Response(_START, content_type="text/javascript"))
    found = _asset(name)
    if found is None:
        raise NotFound
    kind = _TYPES[name.rpartition(".")[2]]
    response = _with_policy(Response(found, content_type=kind))
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


def _with_policy(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _POLICY
    return response


@lru_cache(maxsize=16)
def _asset(name: str) -> bytes | None:
    """Only files of the package's own folder: the name is compared, never joined."""
    for each in files("flask_swagger_ui").joinpath("dist").iterdir():
        if each.name == name and name.rpartition(".")[2] in _TYPES:
            return each.read_bytes()
    return None
