"""The browser that asks: what is noted of it, and the cookies that it gets."""

from datetime import timedelta
from typing import Final, TypedDict

from flask import redirect, request
from werkzeug.wrappers import Response

from invoicer_core.services.identity import sessions
from invoicer_core.services.identity.security_log import Visitor
from invoicer_core.web.access import COOKIE
from invoicer_core.web.site import uses_https

STEP_COOKIE: Final = "invoicer_second_step"
STEP_PATH: Final = "/sign-in"
_LONGEST_AGENT: Final = 300


class Noted(TypedDict):
    """What the security log keeps about a browser."""

    ip: str | None
    user_agent: str | None


def noted() -> Noted:
    """Its address and the name it gives itself."""
    agent = request.headers.get("User-Agent")
    return {"ip": request.remote_addr, "user_agent": agent[:_LONGEST_AGENT] if agent else None}


def visitor() -> Visitor:
    """As `noted`, for services that take it whole."""
    return Visitor(**noted())


def welcome(token: str, to: str) -> Response:
    """Send a signed-in browser on, with its new cookie (never one it brought along)."""
    response = redirect(to)
    _set(response, COOKIE, token, sessions.WEB_LIFETIME, "/")
    response.delete_cookie(STEP_COOKIE, path=STEP_PATH, httponly=True, samesite="Lax")
    return response


def ask_for_code(token: str, to: str, lifetime: timedelta) -> Response:
    """Send a browser whose password was right on to the second step."""
    response = redirect(to)
    _set(response, STEP_COOKIE, token, lifetime, STEP_PATH)
    return response


def _set(response: Response, name: str, value: str, lifetime: timedelta, path: str) -> None:
    response.set_cookie(
        name, value, max_age=lifetime, path=path, httponly=True, samesite="Lax",
        secure=uses_https(),
    )  # fmt: skip
