"""Mail over SendGrid, by its own client."""

import json
import logging
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from typing import Any, Final
from urllib.error import URLError

from python_http_client.client import Client
from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient

from invoicer_core.plugin import (
    OutcomeUnknown,
    OutgoingMessage,
    PermanentFailure,
    RetryLater,
    SendResult,
    outside,
    say,
)
from invoicer_email_providers.letters import as_json, reference
from invoicer_email_providers.settings import SENDGRID_ENV, Ctx

NAME: Final = "sendgrid"
SECONDS = 20.0
_GATEWAY: Final = 504
_PATIENCE: Final = timedelta(hours=1)

# At DEBUG this library writes the API key and every letter into the log.
logging.getLogger("python_http_client").setLevel(logging.WARNING)


def client(ctx: Ctx) -> Any:
    """SendGrid's client for the business.

    Raises:
        RetryLater: there is no API key yet.
        PermanentFailure: the address from the settings may not be called.
    """
    its = ctx.settings
    if not its.sendgrid_api_key:
        raise RetryLater(say("SendGrid has no API key yet: fill it in under Settings, Plugins."))
    given = {"api_key": its.sendgrid_api_key.reveal()}
    if its.sendgrid_url:
        outside.check_address(its.sendgrid_url, env=SENDGRID_ENV)
        given["host"] = its.sendgrid_url.rstrip("/")
    made = SendGridAPIClient(**given).client
    is_own = bool(its.sendgrid_url) and not outside.is_operators(its.sendgrid_url, SENDGRID_ENV)
    return guarded(made) if is_own else made


def guarded(made: Client) -> Client:
    """The same client, which leads to the open Internet only, whatever its name says by then."""
    return _Guarded(made.host, made.request_headers, made._version)  # noqa: SLF001


class _Guarded(Client):  # type: ignore[misc]
    # the library has no types
    def _build_client(self, name: str | None = None) -> Client:
        made = super()._build_client(name)
        made.__class__ = type(self)
        return made

    def _make_request(self, _opener: Any, request: Any, timeout: float | None = None) -> Any:
        return super()._make_request(outside.opener(), request, timeout)


def send(ctx: Ctx, message: OutgoingMessage) -> SendResult:
    """Hand one mail over; what becomes of it is told by events, where we can hear them.

    Raises:
        PermanentFailure: SendGrid refuses the mail for good.
        RetryLater: it is away or asks to wait, or the settings are not right; nothing was sent.
        OutcomeUnknown: it did not answer after it had the mail.
    """
    its, body = client(ctx), as_json(ctx, message)
    try:
        answer = its.mail.send.post(request_body=body, timeout=SECONDS)
    except HTTPError as refused:
        raise _in_our_words(refused, reference(message)) from None
    except URLError as away:  # raised before the whole mail is over there
        raise RetryLater(say("SendGrid cannot be reached.") + f" ({away.reason})") from away
    except (OSError, HTTPException) as silence:
        raise OutcomeUnknown(
            say("SendGrid took the mail and did not answer.") + f" ({type(silence).__name__})",
            reference(message),
        ) from silence
    number = answer.headers.get("X-Message-Id")
    heard = bool(ctx.settings.sendgrid_event_key.strip())
    return SendResult("queued" if heard else "sent", str(number or reference(message)))


def _in_our_words(refused: HTTPError, ours: str) -> Exception:
    status, said = int(refused.status_code), _message(refused.body)
    if status == 401:
        return RetryLater(say("SendGrid refuses the API key: look at it under Settings, Plugins."))
    if status == _GATEWAY:
        return OutcomeUnknown(say("SendGrid did not say whether it has the mail."), ours)
    if status == 429:
        return RetryLater(say("SendGrid asks to send more slowly."), _until_reset(refused.headers))
    if status >= 500:
        return RetryLater(say("SendGrid stumbled.") + f" ({status})")
    return PermanentFailure(say("SendGrid refuses the mail.") + f" {said} ({status})")


def _message(body: bytes) -> str:
    """SendGrid's own first sentence."""
    try:
        found = json.loads(body)["errors"][0]["message"]
    except (ValueError, LookupError, TypeError):
        return ""
    return str(found)[:300]


def _until_reset(headers: Any) -> timedelta | None:
    """How long to wait, where SendGrid says it."""
    given = str(headers.get("X-RateLimit-Reset") or "") if headers is not None else ""
    if not given.isdecimal() or len(given) > 12:
        return None
    left = datetime.fromtimestamp(int(given), UTC) - datetime.now(UTC)
    return min(max(left, timedelta(seconds=1)), _PATIENCE)
