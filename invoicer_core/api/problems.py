"""Every refusal as ``application/problem+json`` (RFC 9457), with JSON pointers to the fields."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any, Final

from apiflask import APIFlask
from apiflask.exceptions import HTTPError
from flask import Response, current_app, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.wrappers import Response as BaseResponse

from invoicer_core.domain import errors as domain
from invoicer_core.domain.errors import FieldError, InvoicerError
from invoicer_core.hooks import codec
from invoicer_core.services import faults

log = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
PREFIXES: Final = ("/api/", "/healthz", "/readyz", "/metrics", "/hooks/")
PAGES: Final = "web"
"""The blueprint whose own error handler answers for addresses outside of the API."""

STATUS: Final[Mapping[type[InvoicerError], int]] = {
    domain.InvalidInput: 422,
    domain.NotFound: 404,
    domain.Conflict: 409,
    domain.Forbidden: 403,
    domain.NotAuthenticated: 401,
    domain.TooManyRequests: 429,
    domain.Unavailable: 503,
}
_TITLES: Final = {
    400: "The request was not understood",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    405: "This address does not take this method",
    406: "No such representation",
    409: "The current state does not allow this",
    413: "Too large",
    414: "The address is too long",
    415: "The body has the wrong media type",
    422: "Some of the input is not valid",
    429: "Too many requests",
    431: "The headers are too large",
    500: "Something went wrong on our side",
    503: "Temporarily unavailable",
}
_NAMES: Final = {
    400: "malformed", 401: "not-authenticated", 403: "forbidden", 404: "not-found",
    405: "method-not-allowed", 406: "not-acceptable", 409: "conflict", 413: "too-large",
    414: "address-too-long", 415: "wrong-media-type", 422: "invalid-input",
    429: "too-many-requests", 431: "headers-too-large", 500: "internal", 503: "unavailable",
}  # fmt: skip
_DETAILS: Final = {
    404: "There is nothing at this address.",
    413: "The body is larger than this address takes.",
    500: "Nothing was half done. Try again; if it keeps failing, tell who runs this server.",
}


class BadRequest(InvoicerError):
    """Not understood at all: malformed JSON, a header that is no number."""

    title = _TITLES[400]


class WrongMediaType(InvoicerError):
    """A body in a form that is not read here."""

    title = _TITLES[415]


_EDGE: Final[Mapping[type[InvoicerError], int]] = {BadRequest: 400, WrongMediaType: 415}


def status_of(error: InvoicerError) -> int:
    """The HTTP status of a refusal."""
    for table in (_EDGE, STATUS):
        for kind, status in table.items():
            if isinstance(error, kind):
                return status
    return 400


def problem(
    status: int, title: str, detail: str, fields: Iterable[FieldError] = (), **more: Any
) -> Response:
    """The answer itself."""
    body: dict[str, Any] = {
        "type": f"urn:invoicer:problem:{_NAMES.get(status, status)}",
        "title": title,
        "status": status,
        "detail": detail,
    }
    listed = [{"pointer": each.pointer, "message": each.message} for each in fields]
    if listed:
        body["errors"] = listed
    body |= more
    return Response(codec.dumps(body), status, content_type=MEDIA_TYPE)


def of_refusal(error: InvoicerError, status: int | None = None) -> Response:
    """The answer to a refusal in the domain's words.

    Args:
        status: instead of the usual one of its kind.
    """
    status = status or status_of(error)
    more: dict[str, Any] = {}
    if isinstance(error, domain.StaleVersion):
        more["current"] = error.current
    answer = problem(status, error.title, error.detail, error.fields, **more)
    retry_after = getattr(error, "retry_after", None)
    if retry_after is not None:
        answer.headers["Retry-After"] = str(retry_after)
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="invoicer"'
    return answer


def of_http(error: HTTPException) -> BaseResponse:
    """The answer to what the framework refused: unknown address, wrong method, too large."""
    if error.response is not None or (error.code or 500) < 400:
        return error.get_response()
    status = error.code or 500
    title = _TITLES.get(status, error.name)
    answer = problem(status, title, _DETAILS.get(status) or error.description or title)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    retry_after = getattr(error, "retry_after", None)
    if retry_after is not None:
        answer.headers["Retry-After"] = str(retry_after)
    return answer


def of_plugin(error: HTTPError) -> Response:
    """The answer to what APIFlask refused for a plugin's resource: its validation, its abort."""
    fields = []
    for place, found in _mapping(error.detail).items():
        for name, messages in _mapping(found).items():
            path = "" if name == "_schema" else "/" + str(name).replace(".", "/")
            where = path if place == "json" else f"/{place}{path}"
            fields += [FieldError(where, str(each)) for each in messages]
    title = _TITLES.get(error.status_code, "The request was refused")
    answer = problem(error.status_code, title, error.message or title, fields)
    answer.headers.extend(_mapping(error.headers))
    return answer


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def answer(error: Exception) -> Any:
    """What any exception becomes; unexpected ones are logged and never shown."""
    if isinstance(error, HTTPError):
        return of_plugin(error)
    if isinstance(error, HTTPException):
        return of_http(error)
    refusal = error if isinstance(error, InvoicerError) else faults.translated(error)
    if refusal is None:
        log.error(
            "request %s failed: %s %s", g.get("request_id"), request.method, request.path,
            exc_info=error,
        )  # fmt: skip
        return problem(500, _TITLES[500], _DETAILS[500])
    if not isinstance(error, InvoicerError):
        log.warning("request %s: the database refused: %s", g.get("request_id"), _first_line(error))
    return of_refusal(refusal)


def _first_line(error: BaseException) -> str:
    return (str(getattr(error, "orig", error)).splitlines() or [""])[0][:300]


def install(app: APIFlask) -> None:
    """Answer all errors of the API as problems; those of pages go to the pages' own face."""

    def everywhere(error: Exception) -> Any:
        if not request.path.startswith(PREFIXES):
            pages = current_app.error_handler_spec.get(PAGES, {}).get(None, {})
            if Exception in pages:
                return pages[Exception](error)
        return answer(error)

    app.error_processor(everywhere)
    for kind in (HTTPError, InvoicerError, HTTPException, Exception):
        app.register_error_handler(kind, everywhere)
