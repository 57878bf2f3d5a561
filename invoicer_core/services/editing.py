"""What the editor of drafts asks beside the draft itself: an earlier version of it, who saved the
newest, and what the client would owe."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import text

from invoicer_core.domain.snapshots import ClientSnapshot, InvoiceItemSnapshot, InvoiceSnapshot
from invoicer_core.hooks import codec
from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import document_rows, drafting
from invoicer_core.services.invoices import rows

_SAVED: Final = (
    " FROM events WHERE business_id = :business AND invoice_id = :invoice"
    " AND name IN ('invoice.created', 'invoice.updated')"
)
_VERSION: Final = text(
    "SELECT data::text" + _SAVED + " AND (data ->> 'version')::int = :version ORDER BY id LIMIT 1"
)
_NEWEST: Final = text("SELECT actor, created_at" + _SAVED + " ORDER BY id DESC LIMIT 1")
_PLAIN: Final = (
    "client_id", "client_name", "currency", "prices_include_tax", "version",
)  # fmt: skip
_OPTIONAL: Final = ("purchase_order", "payment_terms", "notes", "internal_note")
_DAYS: Final = ("issue_date", "due_date")
_SUMS: Final = ("quantity", "unit_price", "base_quantity", "total_price", "net_amount",
                "gross_amount")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Saved:
    """Who saved a draft last, and when."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a client would owe with one more invoice, above the limit that was set."""

    client_name: str
    open: Decimal
    after: Decimal
    limit: Decimal
    currency: str


def at_version(*, stored: InvoiceSnapshot, version: int) -> InvoiceSnapshot | None:
    """The draft as it was in an earlier version, by the facts that were told of it; None when they
    are not kept any more. Totals and parties are those of ``stored``."""
    if version == stored.version:
        return stored
    values = {"business": current_business_id(), "invoice": stored.id, "version": version}
    told = db.session.scalar(_VERSION, values)
    return _earlier(stored, codec.loads(told)) if told else None


def last_saved(*, invoice_id: int) -> Saved | None:
    """Who saved the newest version of a draft. Raises NotFound."""
    rows.load(invoice_id)
    values = {"business": current_business_id(), "invoice": invoice_id}
    row = db.session.execute(_NEWEST, values).first()
    return Saved(row.actor, row.created_at) if row is not None else None


def exposure(*, client: ClientSnapshot, amount: Decimal, currency: str) -> Exposure | None:
    """How far an invoice over ``amount`` would lead the client above the credit limit; None when
    it stays within, there is no limit, or the invoice is in another currency than the limit."""
    own = client.currency or drafting.business_currency()
    if client.credit_limit is None or currency != own:
        return None
    owed = client.balance or Decimal(0)
    after = owed + max(amount, Decimal(0))
    if after <= client.credit_limit:
        return None
    return Exposure(client.name, owed, after, client.credit_limit, currency)


def _earlier(stored: InvoiceSnapshot, told: Mapping[str, Any]) -> InvoiceSnapshot:
    extras = document_rows.read_extras({**told, "rounding": told.get("rounding_rule")})
    values: dict[str, Any] = {name: told[name] for name in _PLAIN}
    values |= {name: told.get(name) for name in _OPTIONAL}
    values |= {name: date.fromisoformat(told[name]) if told.get(name) else None for name in _DAYS}
    extras["rounding_rule"] = extras.pop("rounding")
    items = tuple(_item(each) for each in told.get("items", ()))
    return replace(stored, **values, **extras, items=items)


def _item(told: Mapping[str, Any]) -> InvoiceItemSnapshot:
    names = ("product_id", "details", "sku")
    row = {name: told.get(name) for name in names}
    row |= {name: Decimal(told.get(name, 1)) for name in _SUMS}
    row |= {
        name: date.fromisoformat(told[name]) if told.get(name) else None
        for name in ("period_start", "period_end")
    }
    row |= {name: told[name] for name in ("id", "description", "unit")}
    return document_rows.read_item({**row, "adjustments": told, "taxes": told.get("taxes", ())})
