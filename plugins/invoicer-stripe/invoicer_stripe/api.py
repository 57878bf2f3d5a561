"""Calls to Stripe: bounded in time, tried at most twice under one key, and their errors sorted.

What had no effect for certain may be tried again; what may have had one is `OutcomeUnknown` and is
asked about, never repeated under another key.
"""

from collections.abc import Callable
from logging import getLogger
from typing import Final, TypeVar

import requests
import stripe

from invoicer_core.plugin import Context, OutcomeUnknown, PermanentFailure, RetryLater, outside

from .settings import API_ENV, StripeSettings
from .words import gettext

T = TypeVar("T")
Ctx = Context[StripeSettings]

CONNECT, READ = 2.0, 5.0
"""Seconds. Two tries end before the 15 seconds that the core waits for a provider."""

TRIES: Final = 2
_UNSENT: Final = (requests.exceptions.ConnectTimeout, requests.exceptions.SSLError)
log: Final = getLogger(__name__)


def client(ctx: Ctx, *, read: float | None = None) -> stripe.StripeClient:
    """Stripe, for this business; ``read`` are seconds. Raises PermanentFailure without a key."""
    key = ctx.settings.secret_key
    if not key:
        raise PermanentFailure(gettext("Stripe is not set up."))
    address, seconds = ctx.settings.api_address, READ if read is None else read
    session = requests.Session()
    if address:
        outside.keep_outside(session, address, env=API_ENV)
    return stripe.StripeClient(
        key.reveal(),
        base_addresses={"api": address} if address else None,
        max_network_retries=0,
        http_client=stripe.RequestsClient((min(CONNECT, seconds), seconds), session),
    )


def is_live(ctx: Ctx) -> bool:
    """Whether the key moves real money."""
    key = ctx.settings.secret_key
    return bool(key) and key is not None and "_live_" in key.reveal()[:16]


def asked(ask: Callable[[], T]) -> T:
    """Read something. Raises RetryLater, PermanentFailure."""
    try:
        return done(ask)
    except OutcomeUnknown as unknown:
        raise RetryLater(unknown.reason) from unknown


def done(do: Callable[[], T]) -> T:
    """Change something, under an idempotency key: what fails on the way is tried once more.

    Raises:
        RetryLater: it had no effect.
        PermanentFailure: Stripe refuses it; the words are for the payer.
        OutcomeUnknown: it may have had an effect.
    """
    may_have_begun = False
    for _ in range(TRIES):
        try:
            return do()
        except stripe.APIConnectionError as error:
            may_have_begun = may_have_begun or not _was_unsent(error)
        except stripe.CardError as error:
            words = error.user_message or gettext("The card was declined.")
            raise PermanentFailure(words) from error
        except stripe.RateLimitError as error:
            raise _later(may_have_begun, gettext("Stripe is busy.")) from error
        except (stripe.AuthenticationError, stripe.PermissionError) as error:
            log.error("Stripe does not accept the key: %s", type(error).__name__)
            raise PermanentFailure(
                gettext("Stripe is not set up rightly. Please tell us.")
            ) from error
        except stripe.InvalidRequestError as error:
            raise _refused(error) from error
        except stripe.StripeError:
            # Its own faults, and a key that is just being used: both may come from our first try.
            may_have_begun = True
    raise _later(may_have_begun, gettext("Stripe did not answer."))


def _was_unsent(error: stripe.APIConnectionError) -> bool:
    """Whether no connection came about, so that Stripe can not have heard of it."""
    cause = error.__cause__
    refused = "NewConnectionError" in repr(cause) or "NameResolutionError" in repr(cause)
    return isinstance(cause, _UNSENT) or refused


def _later(may_have_begun: bool, words: str) -> OutcomeUnknown | RetryLater:
    return OutcomeUnknown(words) if may_have_begun else RetryLater(words)


def _refused(error: stripe.InvalidRequestError) -> PermanentFailure:
    log.warning("Stripe refused: %s (%s)", error.user_message, error.code)
    words = {
        "amount_too_small": gettext("The amount is too small for Stripe."),
        "amount_too_large": gettext("The amount is too large for Stripe."),
        "charge_already_refunded": gettext("It was refunded already."),
        "charge_disputed": gettext("The payer's bank contests the payment."),
        "resource_missing": gettext("Stripe does not know it."),
    }
    return PermanentFailure(words.get(error.code or "") or gettext("Stripe refused it."))
