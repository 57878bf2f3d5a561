"""Where providers call plugins: ``/hooks/<plugin>/<name>/<business>``.

No session, no token, no CORS: what counts is the plugin's check of the signature over the very
bytes that came. Whatever a plugin does wrong is a problem of 4xx or 503, never a 500.
"""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from flask import Blueprint, Flask, Request, Response, current_app, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from invoicer_core.api import metrics
from invoicer_core.api.problems import BadRequest, of_http, of_refusal
from invoicer_core.domain.errors import InvoicerError, Unavailable
from invoicer_core.hooks.faces import InboundRequest, InboundResponse
from invoicer_core.services import inbound, rate_limits

NOBODYS: Final = 1024 * 1024
"""Bytes that are read of a call to an address that nobody offers."""

MOST_FIELDS: Final = 1000
FORM: Final = "application/x-www-form-urlencoded"
_MEDIA_TYPE: Final = re.compile(r"[a-z]+/[a-z0-9.+-]+", re.ASCII)
_CLOSED: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Referrer-Policy": "no-referrer",
}


def install(app: Flask) -> None:
    """Add the addresses."""
    routes = Blueprint("inbound", __name__, url_prefix="/hooks")
    for rule, endpoint in (("/<plugin>/<name>", "only"), ("/<plugin>/<name>/<business>", "one")):
        routes.add_url_rule(
            rule, endpoint, call, methods=["GET", "POST"], provide_automatic_options=False
        )
    app.register_blueprint(routes)


def call(plugin: str, name: str, business: str | None = None) -> BaseResponse:
    """Hand a provider's call to the plugin, and its answer back."""
    rate_limits.check_address(request.remote_addr)
    most = inbound.most_bytes(plugin=plugin, name=name)
    request.max_content_length = NOBODYS if most is None else most
    label = ("-", "-") if most is None else (plugin, name)
    try:
        came = read(request, current_app.extensions["invoicer.config"].url)
        answer = inbound.receive(plugin=plugin, name=name, business=business, request=came)
    except inbound.Nowhere:
        metrics.hook_called(*label, "nowhere")
        return of_http(NotFound())
    except inbound.Forged as forged:
        metrics.hook_called(*label, "forged")
        return of_refusal(forged, 400)
    except InvoicerError as refusal:
        metrics.hook_called(*label, "failed" if isinstance(refusal, Unavailable) else "refused")
        return of_refusal(refusal)
    metrics.hook_called(*label, "taken")
    return _written(answer)


def read(came: Request, url: str) -> InboundRequest:
    """The call as plugins get it.

    Args:
        url: the public address of the installation; never what the caller claims in ``Host``.

    Raises:
        BadRequest: a query or form that cannot be read.
        RequestEntityTooLarge: more than the webhook takes.
    """
    body = came.get_data(cache=True, parse_form_data=False)
    query = came.query_string.decode("latin-1")
    is_form = came.mimetype == FORM
    return InboundRequest(
        body=body,
        headers={
            name.lower(): ", ".join(came.headers.getlist(name))
            for name in came.headers.keys()  # noqa: SIM118 - headers yield pairs
            if name.lower() != "cookie"
        },
        query=_fields(query),
        form=_fields(body.decode("utf-8", "replace")) if is_form else {},
        url=url.rstrip("/") + came.path + (f"?{query}" if query else ""),
        method="GET" if came.method == "HEAD" else came.method,
    )


def _fields(encoded: str) -> Mapping[str, str]:
    try:
        return dict(parse_qsl(encoded, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise BadRequest("There are more fields than can be read.") from None


def _written(answer: InboundResponse) -> Response:
    """The plugin's answer; what is not well formed is left out rather than a fault of ours."""
    status = answer.status if 200 <= answer.status < 600 and answer.status != 500 else 503
    kind = answer.media_type if _MEDIA_TYPE.fullmatch(answer.media_type) else "text/plain"
    body = answer.body if status != 204 else ""
    return Response(str(body), status, {"Content-Type": f"{kind}; charset=utf-8", **_CLOSED})
