"""Speaking to Twilio: bounded in time, and never unclear about what may have happened."""

from collections.abc import Callable
from logging import WARNING, getLogger
from typing import Any, Final, NoReturn, TypeVar

import requests
from twilio.base.exceptions import TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from urllib3.exceptions import NewConnectionError

from invoicer_core.plugin import (
    Context,
    Health,
    OutcomeUnknown,
    PermanentFailure,
    RetryLater,
    outside,
    say,
)
from invoicer_twilio.failures import failure
from invoicer_twilio.settings import API_ENV, NOT_SET, TwilioSettings, ready

T = TypeVar("T")
Ctx = Context[TwilioSettings]

_BUSY: Final = (429, 503)

_silent: Final = getLogger("invoicer.plugin.twilio.http")
_silent.setLevel(WARNING)  # the library would log whom a request is about


class Stopped(PermanentFailure):
    """Twilio knows that the recipient has answered STOP."""


def connect(settings: TwilioSettings, seconds: float | None = None) -> Client:
    """A client of the business's account. Raises PermanentFailure when there is none."""
    if not ready(settings):
        raise PermanentFailure(NOT_SET)
    http = TwilioHttpClient(timeout=seconds or settings.seconds, logger=_silent, max_retries=0)
    client = Client(settings.account_sid, settings.auth_token.reveal(), http_client=http)
    if settings.api_address:
        outside.keep_outside(http.session, settings.api_address, env=API_ENV)
        client.api.base_url = settings.api_address
    return client


def ask(question: Callable[[], T]) -> T:
    """Read something at Twilio. Raises RetryLater: no answer now; PermanentFailure: refused."""
    try:
        return order(question)
    except OutcomeUnknown as unclear:
        raise RetryLater(unclear.reason) from None


def order(request: Callable[[], T]) -> T:
    """Have something done at Twilio, which has no idempotency keys: only what certainly had no
    effect is tried again.

    Raises:
        RetryLater: it had no effect. PermanentFailure: refused.
        OutcomeUnknown: it may have been done.
    """
    try:
        return request()
    except (TwilioRestException, TwilioServiceException) as refusal:
        if refusal.status >= 500 and refusal.status not in _BUSY:
            raise OutcomeUnknown(say("Twilio had a fault.") + f" ({refusal.status})") from None
        _refused(refusal)
    except requests.ConnectionError as failure:
        if isinstance(failure, requests.ConnectTimeout) or _never_connected(failure):
            raise RetryLater(say("Twilio cannot be reached.")) from None
        raise OutcomeUnknown(say("The connection to Twilio broke before it answered.")) from None
    except (requests.RequestException, ValueError) as failure:
        late = isinstance(failure, requests.Timeout)
        what = (
            say("Twilio did not answer in time.")
            if late
            else say("Twilio's answer could not be read.")
        )
        raise OutcomeUnknown(what) from None


def check(ctx: Ctx) -> Health:
    """Ask Twilio for the account."""
    try:
        client = connect(ctx.settings, seconds=1.5)
        account: Any = ask(lambda: client.api.accounts(ctx.settings.account_sid).fetch())
    except (PermanentFailure, RetryLater) as failure:
        return Health(False, failure.reason)
    if account.status != "active":
        return Health(False, say("The account at Twilio is %(state)s.", state=account.status))
    if not (ctx.settings.sender or ctx.settings.caller):
        return Health(False, say("Say which number messages and calls come from."))
    name, at = account.friendly_name, ctx.webhook_url("incoming")
    told = say("Signed in at Twilio as %(name)s. Let it send answers to %(at)s", name=name, at=at)
    return Health(True, told)


def _refused(refusal: TwilioRestException | TwilioServiceException) -> NoReturn:
    if refusal.status in _BUSY:
        raise RetryLater(failure(20429 if refusal.status == 429 else None, say("Twilio is busy.")))
    words = failure(refusal.code, say("Twilio refuses it."))
    if refusal.code == 21610:
        raise Stopped(words)
    raise PermanentFailure(words)


def _never_connected(failure: requests.ConnectionError) -> bool:
    cause: Any = failure.args[0] if failure.args else None
    return isinstance(getattr(cause, "reason", cause), NewConnectionError)
