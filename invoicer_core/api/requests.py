"""What happens to every request: an id, a log line with its time, headers, CORS where allowed."""

import logging
import re
from secrets import token_hex
from time import perf_counter, time_ns
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

from invoicer_core.api import metrics
from invoicer_core.api.problems import BadRequest
from invoicer_core.config import Config

log = logging.getLogger("invoicer.request")

REQUEST_ID: Final = "X-Request-Id"
_GIVEN: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_API: Final = "/api/"
PROBED: Final = frozenset({"/healthz", "/health", "/readyz", "/metrics"})
"""Addresses that machines ask, again and again and by number."""

_SECURE: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
_ALLOWED_HEADERS: Final = (
    "Authorization, Content-Type, Idempotency-Key, If-Match, X-Business-Id, X-Request-Id"
)
_SHOWN_HEADERS: Final = (
    "ETag, Idempotency-Replayed, Link, Location, Retry-After, X-Request-Id, X-Total-Count"
)


def install(app: Flask, config: Config) -> None:
    """Wrap every request of the application."""
    origins = frozenset(config.cors_origins)
    hsts = "max-age=31536000; includeSubDomains" if config.is_https else None

    @app.before_request
    def begin() -> None:
        g.begun, g.moment = perf_counter(), time_ns() // 1_000_000
        given = request.headers.get(REQUEST_ID, "")
        g.request_id = given if _GIVEN.fullmatch(given) else token_hex(8)
        _know_host(config.hosts)

    @app.after_request
    def finish(response: Response) -> Response:
        headers = response.headers
        headers[REQUEST_ID] = g.get("request_id", "-")
        if request.path.startswith(_API):
            for name, value in _SECURE.items():
                headers.setdefault(name, value)
            if hsts is not None:
                headers.setdefault("Strict-Transport-Security", hsts)
            _share(response, origins)
        _tell(response)
        return response


def _know_host(hosts: frozenset[str]) -> None:
    """Refuse who asks for a name that is not ours: nothing may be built or kept under it. Probes
    ask by address.

    Raises:
        BadRequest: where a public address is set.
    """
    if not hosts or request.path in PROBED:
        return
    if (urlsplit(f"//{request.host}").hostname or "") not in hosts:
        raise BadRequest("Nobody is served here under that host name.")


def _share(response: Response, origins: frozenset[str]) -> None:
    """CORS for exactly the origins of the setting; never with cookies."""
    if not origins:
        return
    response.headers.add("Vary", "Origin")
    origin = request.headers.get("Origin")
    if origin not in origins:
        return
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = _SHOWN_HEADERS
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, PUT, DELETE"
        response.headers["Access-Control-Allow-Headers"] = _ALLOWED_HEADERS
        response.headers["Access-Control-Max-Age"] = "600"


def _tell(response: Response) -> None:
    """One line a request. The rule and not the path: addresses may hold signed links."""
    took = perf_counter() - g.get("begun", perf_counter())
    rule = request.url_rule.rule if request.url_rule is not None else "-"
    metrics.seen(request.method, rule, response.status_code, took)
    level = logging.INFO if response.status_code < 500 else logging.ERROR
    if request.path in PROBED:
        level = logging.DEBUG if response.status_code < 500 else logging.WARNING
    log.log(
        level,
        "%s %s %d %.1f ms id=%s business=%s",
        request.method,
        rule,
        response.status_code,
        took * 1000,
        g.get("request_id", "-"),
        g.get("business_id", "-"),
    )
