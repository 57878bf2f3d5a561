"""WhatsApp over Twilio, through Twilio's own client library."""

import json
from logging import WARNING, getLogger
from typing import Any, Final

import requests
from twilio.base.exceptions import TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from urllib3.exceptions import NewConnectionError

from invoicer_core.plugin import (
    Health,
    OutcomeUnknown,
    PermanentFailure,
    RetryLater,
    SendResult,
    say,
)
from invoicer_core.plugin.outside import keep_outside
from invoicer_whatsapp.composing import Ctx, Letter
from invoicer_whatsapp.failures import at_twilio
from invoicer_whatsapp.settings import TWILIO_ENV, WhatsAppSettings, twilio_ready

HOOK: Final = "twilio"
OF_INVOICE: Final = frozenset({"invoice", "reminder"})
HEALTH_SECONDS: Final = 1.5
_BUSY: Final = (429, 503)

_silent: Final = getLogger("invoicer.plugin.whatsapp.http")
_silent.setLevel(WARNING)  # the library would log whom a request is about


def send(ctx: Ctx, letter: Letter) -> SendResult:
    """Hand a message to Twilio, which has no idempotency keys: only what certainly had no effect
    is tried again.

    Raises:
        RetryLater: it had no effect. PermanentFailure: Twilio does not take it.
        OutcomeUnknown: it may be on its way; Twilio's first report of it says so.
    """
    client = connect(ctx.settings, ctx.settings.seconds)
    given = {
        "from_": f"whatsapp:{ctx.settings.twilio_number}",
        "to": f"whatsapp:{letter.to}",
        "status_callback": f"{ctx.webhook_url(HOOK)}?message={letter.reference}",
        **content(ctx, letter),
    }
    try:
        return SendResult("queued", str(client.messages.create(**given).sid))
    except (TwilioRestException, TwilioServiceException) as refusal:
        raise _failure(refusal) from None
    except requests.ConnectionError as failure:
        if isinstance(failure, requests.ConnectTimeout) or _never_connected(failure):
            raise RetryLater(say("Twilio cannot be reached.")) from None
        raise OutcomeUnknown(say("The connection to Twilio broke.")) from None
    except (requests.RequestException, ValueError):
        raise OutcomeUnknown(say("Twilio did not answer in time.")) from None


def check(settings: WhatsAppSettings) -> Health:
    """Ask Twilio for the account."""
    try:
        client = connect(settings, HEALTH_SECONDS)
        account: Any = client.api.accounts(settings.twilio_account_sid).fetch()
    except (PermanentFailure, RetryLater) as failure:
        return Health(False, failure.reason)
    except (TwilioRestException, TwilioServiceException) as refusal:
        return Health(False, at_twilio(refusal.code, say("Twilio refuses the account.")))
    except (requests.RequestException, ValueError):
        return Health(False, say("Twilio cannot be reached."))
    return Health(account.status == "active", f"The account at Twilio is {account.status}.")


def content(ctx: Ctx, letter: Letter) -> dict[str, Any]:
    """A template of Twilio's is found by its content SID."""
    document = _document(ctx, letter)
    if letter.template is None:
        with_file = {} if document is None else {"media_url": [document]}
        return {"body": letter.text, **with_file}
    if letter.template.carries_file and document is None:
        raise PermanentFailure(
            say(
                "Twilio fetches documents by their link, which only invoices and reminders have."
                " Use a template without a document for this kind of message."
            )
        )
    values = {**(letter.values or {}), "document": document}
    gaps = {str(at): values[word] for at, word in enumerate(letter.template.values, 1)}
    return {"content_sid": letter.template.name, "content_variables": json.dumps(gaps)}


def _document(ctx: Ctx, letter: Letter) -> str | None:
    """The address of the invoice's PDF, from where Twilio fetches it."""
    pages = ctx.webhook_url(HOOK).partition("/hooks/")[0] + "/i/"
    if letter.file is None or letter.kind not in OF_INVOICE or not letter.link.startswith(pages):
        return None
    return letter.link.partition("?")[0] + "/pdf"


def connect(settings: WhatsAppSettings, seconds: float) -> Client:
    """A client of the business's account. Raises PermanentFailure without one."""
    if not (twilio_ready(settings) and settings.twilio_number):
        raise PermanentFailure(
            say(
                "Enter Twilio's account SID, auth token and your number under Settings, Plugins,"
                " WhatsApp."
            )
        )
    http = TwilioHttpClient(timeout=seconds, logger=_silent, max_retries=0)
    token = settings.twilio_auth_token.reveal()
    client = Client(settings.twilio_account_sid, token, http_client=http)
    if settings.twilio_api_address:
        keep_outside(http.session, settings.twilio_api_address, env=TWILIO_ENV)
        client.api.base_url = settings.twilio_api_address
    return client


def _failure(refusal: TwilioRestException | TwilioServiceException) -> Exception:
    words = at_twilio(refusal.code, say("Twilio refuses it."))
    if refusal.status in _BUSY:
        return RetryLater(words)
    if refusal.status >= 500:
        return OutcomeUnknown(say("Twilio had a fault.") + f" ({refusal.status})")
    return PermanentFailure(words)


def _never_connected(failure: requests.ConnectionError) -> bool:
    cause: Any = failure.args[0] if failure.args else None
    return isinstance(getattr(cause, "reason", cause), NewConnectionError)
