"""Calls of providers to plugins: whose they are, whether they are genuine, and each only once.

Nobody signs in here. The plugin's signature check stands in place of it, and everything before it
answers the same: no such address.
"""

from typing import Final
from uuid import UUID

from sqlalchemy import text

from invoicer_core.domain.actor import plugin_actor
from invoicer_core.domain.errors import InvalidInput, NotFound, Unavailable
from invoicer_core.domain.saying import say
from invoicer_core.hooks.faces import InboundRequest, InboundResponse, InboundWebhook
from invoicer_core.host import current, offers, states
from invoicer_core.host.inbound import InboundCall
from invoicer_core.host.offers import Provided
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business, gate
from invoicer_core.services import once
from invoicer_core.services.transaction import transaction

_MOST: Final = 2**63 - 1
_WHOSE: Final = text(
    "SELECT id FROM businesses WHERE deleted_at IS NULL AND CASE"
    " WHEN :id > 0 THEN id = :id"
    " WHEN CAST(:public_id AS uuid) IS NOT NULL THEN public_id = CAST(:public_id AS uuid)"
    " ELSE true END LIMIT 2"
)
PAUSE_SECONDS: Final = 3600
LARGEST: Final = 4 * 1024 * 1024
"""Bytes that a webhook may ask for: every call is held in memory, before anybody has signed it."""


class Forged(InvalidInput):
    """The plugin does not vouch for the call: nothing was done."""

    title = "The signature does not hold"


class Nowhere(NotFound):
    """No webhook, no business, switched off, or not set up: which of them is not told."""


def most_bytes(*, plugin: str, name: str) -> int | None:
    """How much a call may hold; None where no loaded plugin offers this webhook."""
    offer = _offer(plugin, name)
    return None if offer is None else min(offer.most_bytes, LARGEST)


def receive(
    *, plugin: str, name: str, business: str | None, request: InboundRequest
) -> InboundResponse:
    """Take a provider's call.

    Args:
        business: its public id or id; None means the only business there is.

    Raises:
        Nowhere: there is nothing at this address.
        Forged: the signature does not hold.
        Unavailable: the plugin is paused, or failed, or asks to be called again.
        InvoicerError: the plugin refuses this call for good.
    """
    offer = _offer(plugin, name)
    business_id = _whose(business) if offer is not None else None
    if offer is None or business_id is None:
        raise Nowhere(say("There is nothing at this address."))
    host = current()
    with enter_business(business_id):
        state = states.read(db.session, business_id, host.registry.default_on).of(plugin)
        if not state.enabled:
            raise Nowhere(say("There is nothing at this address."))
        if state.paused_at is not None:
            raise Unavailable(say("This part is paused; send it again later."), PAUSE_SECONDS)
        webhook = Provided(plugin, offer, host.context(plugin, business_id))
        try:
            return _taken(InboundCall(db.session, webhook, request))
        finally:
            db.session.rollback()


def _offer(plugin: str, name: str) -> InboundWebhook | None:
    offered = current().registry.offered(InboundWebhook)
    found = (
        each.offer for each in offered if each.plugin == plugin and offers.named(each.offer) == name
    )
    return next(found, None)


def _whose(business: str | None) -> int | None:
    """The business meant; None where there is none or, unnamed, more than one."""
    number, public_id = 0, None
    if business is not None:
        if business.isascii() and business.isdigit() and len(business) < 20:
            number = int(business)
        else:
            public_id = _uuid(business)
        if not 0 < number <= _MOST and public_id is None:
            return None
    with gate() as connection:
        ids = connection.execute(_WHOSE, {"id": number, "public_id": public_id}).scalars().all()
    return int(ids[0]) if len(ids) == 1 else None


def _uuid(text_of_it: str) -> str | None:
    try:
        return str(UUID(text_of_it))
    except ValueError:
        return None


def _taken(call: InboundCall) -> InboundResponse:
    if not call.is_ready():
        raise Nowhere(say("There is nothing at this address."))
    if call.request.method != "POST":
        answer = call.challenged()
        if answer is None:
            raise Nowhere(say("There is nothing at this address."))
        return answer
    genuine = call.is_genuine()
    db.session.rollback()
    if not genuine:
        raise Forged(say("The signature of this call does not hold; nothing was done."))
    webhook = call.webhook
    with transaction(by=plugin_actor(webhook.plugin)):
        event_id = call.event_id()
        if event_id is not None and not once.first_time(
            "hook", webhook.plugin, webhook.offer.name, event_id
        ):
            return InboundResponse(200)
        response = call.handled()
        call.went_well()
    return response
