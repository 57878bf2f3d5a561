"""Error pages that say what happened and what to do; a small one for htmx."""

import logging
from typing import Final

from flask import Blueprint, Response, g, make_response, render_template, request
from flask_babel import lazy_gettext as lazy
from werkzeug.exceptions import HTTPException

from invoicer_core.domain import errors as domain
from invoicer_core.services import faults
from invoicer_core.services.wording import told

log = logging.getLogger(__name__)

STATUS: Final[dict[type[domain.InvoicerError], int]] = {
    domain.InvalidInput: 422,
    domain.NotFound: 404,
    domain.Conflict: 409,
    domain.Forbidden: 403,
    domain.NotAuthenticated: 401,
    domain.TooManyRequests: 429,
    domain.Unavailable: 503,
}


def status_of(error: domain.InvoicerError) -> int:
    """The HTTP status of a refusal."""
    return next((code for kind, code in STATUS.items() if isinstance(error, kind)), 400)


_WORDS: Final = {
    400: (
        lazy("This request was not understood"),
        lazy("Go back, reload the page and try again."),
    ),
    403: (
        lazy("This is not allowed"),
        lazy("Ask an owner or an administrator of the business for access."),
    ),
    404: (
        lazy("There is nothing at this address"),
        lazy("It may have been deleted, or the link is incomplete. Look in the lists instead."),
    ),
    405: (
        lazy("This address cannot be opened that way"),
        lazy("Go back and use the buttons of the page."),
    ),
    409: (
        lazy("Something changed in the meantime"),
        lazy("Go back, reload the page, and look before you try again."),
    ),
    413: (lazy("That is too large"), lazy("Send a smaller file or less text.")),
    422: (
        lazy("Some of the input is not valid"),
        lazy("Go back, correct it and send it again."),
    ),
    429: (lazy("Too many tries"), lazy("Wait a minute, then try again.")),
    500: (
        lazy("Something went wrong on our side"),
        lazy("Nothing was half done: what you wanted either happened or did not. Go back, reload "
          "the page and look. If it keeps failing, tell the person who runs this server the "
          "number below."),
    ),
    503: (
        lazy("A part of the system is away for the moment"),
        lazy("Wait some seconds and reload the page. Nothing is lost."),
    ),
}  # fmt: skip


_CLIENTS: Final = ("/i/", "/portal/")
"""Pages whose readers have no account, so that no list and no start page is theirs."""


def _words(status: int) -> tuple[str, str]:
    """Title and advice."""
    title, advice = _WORDS.get(status, _WORDS[400] if status < 500 else _WORDS[500])
    return str(title), str(advice)


def page(status: int, detail: str | None = None, retry_after: int | None = None) -> Response:
    """The page for an error; for htmx only its words."""
    title, advice = _words(status)
    if request.headers.get("HX-Request"):
        response = make_response(detail or title, status)
        response.mimetype = "text/plain"
    else:
        number = g.get("request_id")
        response = make_response(
            render_template(
                "errors/page.html", status=status, title=title, advice=advice, detail=detail,
                number=number, for_client=request.path.startswith(_CLIENTS),
            ),
            status,
        )  # fmt: skip
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
        if status == 503 and request.method == "GET":
            response.headers["Refresh"] = str(retry_after)  # what is looked at comes by itself
    return response


def answer(error: Exception) -> Response:
    """The page for anything a view raised. Unexpected errors are logged, never shown."""
    if isinstance(error, domain.InvoicerError):
        return page(status_of(error), told(error.detail), getattr(error, "retry_after", None))
    if isinstance(error, HTTPException):
        if error.response is not None or (error.code or 500) < 400:
            return make_response(error.get_response())
        return page(error.code or 500)
    refusal = faults.translated(error)
    if refusal is not None:
        log.warning("a page was refused what it needs: %s", type(error).__name__)
        return page(status_of(refusal), told(refusal.detail), getattr(refusal, "retry_after", None))
    log.error("a page failed: %s %s", request.method, request.path, exc_info=error)
    return page(500)


def install(blueprint: Blueprint) -> None:
    """Answer the errors of the pages with pages (the other faces keep their own)."""
    for kind in (domain.InvoicerError, HTTPException, Exception):
        blueprint.register_error_handler(kind, answer)
