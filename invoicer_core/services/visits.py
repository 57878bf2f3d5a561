"""Visits of public pages: counted without cookies, trackers, addresses or names."""

import hmac
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Final

from sqlalchemy import text

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.devices import device_of, is_machine
from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import secret_keys
from invoicer_core.services.transaction import transaction

PURPOSE: Final = "visits"
CHANNELS: Final = ("email", "sms", "whatsapp", "voice", "portal")
LINK: Final = "link"
"""Where a visit came from when its address does not say: a link that was copied."""
VISITOR: Final = Actor("portal", label="client")
_HASH_BYTES: Final = 16

# A stay ends when half an hour has passed without a page. Two first pages at once make two rows,
# which nobody minds.
_NOTE: Final = text(
    "WITH stay AS ("
    " UPDATE visits SET views = views + 1, last_at = greatest(last_at, :at) WHERE id = ("
    "  SELECT id FROM visits WHERE business_id = :business AND visitor = :visitor"
    "   AND invoice_id IS NOT DISTINCT FROM :invoice AND client_id IS NOT DISTINCT FROM :client"
    "   AND last_at > :at - interval '30 minutes' AND created_at <= :at ORDER BY id DESC LIMIT 1)"
    " AND business_id = :business RETURNING id)"
    " INSERT INTO visits"
    " (business_id, invoice_id, client_id, channel, device, visitor, created_at, last_at)"
    " SELECT :business, :invoice, :client, :channel, :device, :visitor, :at, :at"
    " WHERE NOT EXISTS (SELECT FROM stay)"
)

_FORGET: Final = text(
    "DELETE FROM visits WHERE business_id = :business"
    " AND last_at < now() - make_interval(days => :days)"
)


def note(
    *,
    invoice_id: int | None = None,
    client_id: int | None = None,
    channel: str | None,
    user_agent: str | None,
    visitor: str | None,
    at: datetime | None = None,
) -> None:
    """Somebody looks at a public page of the business that was entered.

    It is no fact of the business: neither an event nor an entry of the audit log.

    Args:
        invoice_id, client_id: what the page is about.
        channel: what the link says it came by; any other word counts as a copied link.
        user_agent: as the browser sent it; programs that make previews are not counted.
        visitor: what tells visitors apart, as their address. Only its hash of the day is kept.
        at: when it was, for what is told later; now unless given.
    """
    if is_machine(user_agent):
        return
    moment = at or datetime.now(UTC)
    values = {
        "business": current_business_id(),
        "invoice": invoice_id,
        "client": client_id,
        "channel": channel if channel in CHANNELS else LINK,
        "device": device_of(user_agent),
        "visitor": _hash_of(moment.date(), f"{visitor}\n{user_agent}"),
        "at": moment,
    }
    with transaction(by=VISITOR):
        db.session.execute(_NOTE, values)


def forget_old() -> int:
    """Throw away visits that are older than the setting INVOICER_VISIT_DAYS; how many. Commits.

    What the pages of analytics show of them goes with them: no sum of who looked at what is worth
    keeping for ever.
    """
    days = secret_keys.settings().visit_days
    done = db.session.execute(_FORGET, {"business": current_business_id(), "days": days})
    db.session.commit()
    return int(getattr(done, "rowcount", 0))


def _hash_of(day: date, who: str) -> bytes:
    """Another one each day and for each business, so that nobody can be followed."""
    about = f"{day}\n{current_business_id()}\n{who}"
    key = secret_keys.newest(PURPOSE)
    return hmac.new(key, about.encode(), sha256).digest()[:_HASH_BYTES]
