"""What Twilio accepts: its published description where it is at hand, its rules restated, and how
it signs what it calls."""

import base64
import hmac
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha1
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import ProxyHandler, Request, build_opener

E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
STOP_WORDS = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"}
START_WORDS = {"START", "YES", "UNSTOP"}
MESSAGE_FIELDS = {
    "To", "From", "MessagingServiceSid", "Body", "MediaUrl", "StatusCallback", "ValidityPeriod",
    "SmartEncoded", "ContentSid", "ContentVariables", "SendAt", "ScheduleType",
}  # fmt: skip
CALL_FIELDS = {
    "To", "From", "Url", "Method", "Twiml", "StatusCallback", "StatusCallbackMethod",
    "StatusCallbackEvent", "Timeout", "TimeLimit", "MachineDetection",
}  # fmt: skip
CALL_EVENTS = {"initiated", "ringing", "answered", "completed"}
SECONDS = 10

Form = Sequence[tuple[str, str]]


class Refused(Exception):
    """Twilio's answer to a wrong request."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status

    def body(self) -> dict[str, Any]:
        more = f"https://www.twilio.com/docs/errors/{self.code}"
        return {
            "code": self.code, "message": self.message, "more_info": more, "status": self.status,
        }  # fmt: skip


def check_message(form: Form, senders: Mapping[str, Any]) -> dict[str, str]:
    """The fields of a message to be made. Raises Refused."""
    given = _once(form, MESSAGE_FIELDS)
    if not E164.fullmatch(given.get("To", "")):
        raise Refused(21211, "Invalid 'To' Phone Number")
    sender = given.get("MessagingServiceSid") or given.get("From")
    if not sender:
        raise Refused(21603, "A 'From' phone number is required")
    if sender not in senders:
        raise Refused(21606, "The 'From' phone number is not a valid sender of this account")
    if not (given.get("Body") or given.get("MediaUrl") or given.get("ContentSid")):
        raise Refused(21602, "Message body is required")
    if len(given.get("Body", "")) > 1600:
        raise Refused(21617, "The concatenated message body exceeds the 1600 character limit")
    if not _is_address(given.get("StatusCallback")):
        raise Refused(21609, "Invalid StatusCallback url")
    return given


def check_call(form: Form, senders: Mapping[str, Any]) -> dict[str, str]:
    """The fields of a call to be made. Raises Refused."""
    given = _once(form, CALL_FIELDS, several=("StatusCallbackEvent",))
    if not E164.fullmatch(given.get("To", "")):
        raise Refused(21211, "Invalid 'To' Phone Number")
    if given.get("From") not in senders:
        raise Refused(21210, "Source phone number not yet verified")
    if not (given.get("Url") or given.get("Twiml")):
        raise Refused(21205, "Url parameter is required")
    if not _is_address(given.get("Url")) or not _is_address(given.get("StatusCallback")):
        raise Refused(21205, "Url is not a valid URL")
    unknown = {value for name, value in form if name == "StatusCallbackEvent"} - CALL_EVENTS
    if unknown:
        raise Refused(21626, f"Invalid StatusCallbackEvent {unknown}")
    return given


def _once(form: Form, known: set[str], several: tuple[str, ...] = ()) -> dict[str, str]:
    names = [name for name, _ in form if name not in several]
    odd = (set(names) - known) | {name for name in names if names.count(name) > 1}
    if odd:
        raise Refused(20001, f"Unknown or repeated parameters: {sorted(odd)}")
    return dict(form)


def _is_address(url: str | None) -> bool:
    if url is None:
        return True
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def against_the_specification(method: str, path: str, query: str, body: bytes) -> list[str]:
    """What Twilio's own description of its API says against a request; nothing where it is not at
    hand (``INVOICER_SPECS``)."""
    api = _specification()
    if api is None:
        return []
    found = []
    try:
        api.validate_request(_asked(method, path, query, body))
    except Exception as wrong:  # noqa: BLE001 - whatever it says is what we want to know
        found.append(f"{method} {path}: {wrong!r} {getattr(wrong, '__cause__', '')!r}")
    if method == "POST":
        kind = "Messages" if "/Messages" in path else "Calls"
        known = _known_fields(f"/2010-04-01/Accounts/{{AccountSid}}/{kind}.json")
        unknown = {name for name, _ in parse_qsl(body.decode())} - known
        found += [f"{method} {path}: no parameter {name}" for name in sorted(unknown)]
    return found


@cache
def _specification() -> Any:
    folder = os.environ.get("INVOICER_SPECS")
    if not folder or not Path(folder, "twilio-api-v2010.json").is_file():
        return None
    from openapi_core import Config, OpenAPI

    return OpenAPI.from_dict(_described(), config=Config(spec_validator_cls=None))


@cache
def _described() -> dict[str, Any]:
    path = Path(os.environ["INVOICER_SPECS"], "twilio-api-v2010.json")
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def _known_fields(path: str) -> set[str]:
    content = _described()["paths"][path]["post"]["requestBody"]["content"]
    return set(content["application/x-www-form-urlencoded"]["schema"]["properties"])


def _asked(method: str, path: str, query: str, body: bytes) -> Any:
    """The request, as the checker wants to see it, at Twilio's own address."""
    from openapi_core.contrib.werkzeug import WerkzeugOpenAPIRequest
    from werkzeug.test import EnvironBuilder
    from werkzeug.wrappers import Request as Wrapped

    builder = EnvironBuilder(
        path=path,
        query_string=query,
        base_url="https://api.twilio.com",
        method=method,
        data=body if method == "POST" else None,
        content_type="application/x-www-form-urlencoded" if method == "POST" else None,
        headers={"Authorization": "Basic QTpC"},
    )
    return WerkzeugOpenAPIRequest(Wrapped(builder.get_environ()))


def signature(token: str, url: str, form: Form) -> str:
    """The whole address, then every field's name and value in the order of names."""
    text = url + "".join(name + value for name, value in sorted(set(form)))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), sha1).digest()).decode()


@dataclass(frozen=True)
class Answer:
    """What somebody's webhook said; status 0: nobody there."""

    status: int
    media_type: str = ""
    body: str = ""


def call_back(
    url: str,
    form: Mapping[str, str],
    token: str,
    *,
    method: str = "POST",
    signed: str | None = None,
) -> Answer:
    """Call a webhook as Twilio does.

    Args:
        signed: another signature than the right one; empty: none.
    """
    fields = list(form.items())
    address = url if method == "POST" else f"{url}{'&' if '?' in url else '?'}{urlencode(fields)}"
    right = signature(token, address, fields if method == "POST" else [])
    body = urlencode(fields).encode() if method == "POST" else None
    headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "TwilioProxy/1.1"}
    if signed != "":
        headers["X-Twilio-Signature"] = right if signed is None else signed
    request = Request(address, body, headers, method=method)  # noqa: S310 - http, on this machine
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=SECONDS) as found:
            kind = found.headers.get_content_type()
            return Answer(found.status, kind, found.read().decode())
    except HTTPError as error:
        return Answer(error.code, error.headers.get_content_type(), error.read().decode())
    except OSError:
        return Answer(0)
