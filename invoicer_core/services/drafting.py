"""From what was typed to a document that can be computed and stored: parties, currency, taxes,
dates and series are looked up here, once, for preview, creation, edit and issue alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, text

from invoicer_core.domain import calendar
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.document import Adjustment, Document, Item, Tax, Totals
from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.domain.errors import Conflict, FieldError, InvalidInput, NotFound
from invoicer_core.domain.numbering import NumberTemplate, Pattern
from invoicer_core.domain.saying import say
from invoicer_core.domain.units import unit_code
from invoicer_core.host import proposals
from invoicer_core.models import db
from invoicer_core.models.direct import Statement
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.document_rows import PARTY_FIELDS
from invoicer_core.services.listing import ID_MOST

DEFAULT_TERMS_DAYS = 14
FALLBACK_CURRENCY = "EUR"


def _party_sql(alias: str) -> str:
    pairs = ", ".join(f"'{name}', {alias}.{name}" for name in PARTY_FIELDS)
    return f"jsonb_strip_nulls(jsonb_build_object({pairs}))::text"


# Ids are given beforehand, so that everything that names them can be written in one statement.
_RESERVED = (
    " nextval('invoices_id_seq') AS id, gen_random_uuid() AS public_id, now() AS now,"
    " (SELECT coalesce(array_agg(nextval('invoice_items_id_seq')), '{}')"
    " FROM generate_series(1, %(reserve)s)) AS items,"
)
_SETTING = (
    " b.currency, b.payment_terms_days, b.settings,"
    " (now() AT TIME ZONE b.time_zone)::date AS today, " + _party_sql("b") + " AS seller,"
    " c.id AS client_id, c.public_id AS client_public_id, c.name AS client_name,"
    " c.currency AS client_currency, c.payment_terms_days AS client_terms, "
    + _party_sql("c")
    + " AS buyer, c.buyer_reference,"
    " s.id AS series_id, s.pattern, s.reset, s.ordered_dates"
    " FROM businesses b"
    " JOIN clients c ON c.business_id = b.id AND c.id = %(client)s AND c.deleted_at IS NULL"
    " JOIN series s ON s.business_id = b.id AND s.document_type = %(type)s AND s.is_default"
    " WHERE b.id = %(business)s"
)
_LOOK_UP = Statement("SELECT" + _SETTING)
_LOOK_UP_AND_RESERVE = Statement("SELECT" + _RESERVED + _SETTING)


@dataclass(frozen=True, slots=True)
class Reserved:
    """Ids for an invoice and its lines, and the instant of the transaction."""

    id: int
    public_id: UUID
    now: datetime
    items: Sequence[int]


@dataclass(frozen=True, slots=True)
class Setting:
    """All that a document needs to know of its business, client and series."""

    currency: str
    terms_days: int
    settings: Mapping[str, Any]
    today: date
    seller: str
    client_id: int
    client_public_id: UUID
    client_name: str
    buyer: str
    buyer_reference: str | None
    series_id: int
    pattern: str
    reset: str
    ordered_dates: bool
    reserved: Reserved | None = None

    def number(self, day: date) -> NumberTemplate:
        """The pattern of the series with everything but the running number filled in."""
        return Pattern.parse(self.pattern, self.reset).expand(
            day,
            client_code=self.client_name,
            fiscal_year_start=int(self.settings.get("fiscal_year_start", 1)),
        )


def setting(
    client_id: int, document_type: str = "invoice", *, reserve: int | None = None
) -> Setting:
    """Look everything up in one query.

    Args:
        reserve: also give ids for an invoice with this many lines.

    Raises:
        NotFound: no such client in this business.
    """
    statement = _LOOK_UP if reserve is None else _LOOK_UP_AND_RESERVE
    parameters = {
        "reserve": reserve,
        "client": client_id if 0 < client_id <= ID_MOST else 0,
        "type": document_type,
        "business": current_business_id(),
    }
    row = statement.first(parameters)
    if row is None:
        missing = NotFound.of("client", client_id)
        raise NotFound(missing.detail, [FieldError("/client_id", missing.detail)])
    return _as_setting(row, reserved=reserve is not None)


def _as_setting(row: Any, *, reserved: bool) -> Setting:
    terms = row.client_terms if row.client_terms is not None else row.payment_terms_days
    return Setting(
        currency=row.client_currency or row.currency or FALLBACK_CURRENCY,
        terms_days=DEFAULT_TERMS_DAYS if terms is None else terms,
        settings=row.settings,
        today=row.today,
        seller=row.seller,
        client_id=row.client_id,
        client_public_id=row.client_public_id,
        client_name=row.client_name,
        buyer=row.buyer,
        buyer_reference=row.buyer_reference,
        series_id=row.series_id,
        pattern=row.pattern,
        reset=row.reset,
        ordered_dates=row.ordered_dates,
        reserved=Reserved(row.id, row.public_id, row.now, row.items) if reserved else None,
    )


def complete(document: Document, currency: str) -> Document:
    """The document with its currency, with units as codes and with the taxes that were named by id.

    Raises:
        NotFound: a tax rate or product that this business does not have.
        InvalidInput: a unit that is neither a code nor a known word (``/items/N/unit``).
    """
    document = _with_unit_codes(document)
    wanted = {item.tax_rate_id for item in document.items if item.tax_rate_id is not None}
    products = {item.product_id for item in document.items if item.product_id is not None}
    if products:
        _check_products(document, products)
    if wanted:
        rates = _tax_rates(wanted)
        document = replace(
            document,
            items=tuple(_taxed(item, index, rates) for index, item in enumerate(document.items)),
        )
    return document if document.currency else replace(document, currency=currency)


def dates(draft: InvoiceDraft, known: Setting) -> tuple[date, date]:
    """Issue date and due date: as given, or today in the business's zone and by its terms.

    Raises:
        InvalidInput: due before issued.
    """
    issue_date = draft.issue_date or known.today
    due_date = draft.due_date or calendar.due_date(issue_date, known.terms_days)
    if draft.due_date is not None:
        calendar.check_due_date(issue_date, due_date)
    return issue_date, due_date


def check_expected(draft_total: Any, totals: Totals) -> None:
    """Refuse when the sender computed another total than we: 409, so that nobody is surprised."""
    if draft_total is not None and draft_total != totals.total_amount:
        message = say(
            "The total is %(total)s, not %(expected)s.",
            total=totals.total_amount,
            expected=draft_total,
        )
        raise Conflict(message, [FieldError("/expected_total", message)])


def require_items(document: Document) -> None:
    """An invoice that is issued has at least one line [EN 16931 BR-16]."""
    if not document.items:
        raise InvalidInput.at("/items", say("Add at least one item before issuing."))


def _with_unit_codes(document: Document) -> Document:
    """Units as codes of UN/ECE Recommendation 20 [EN 16931 BT-130], whatever was typed."""
    items, faults = [], []
    for index, item in enumerate(document.items):
        try:
            code = unit_code(item.unit)
        except ValueError as refusal:
            faults.append(FieldError(f"/items/{index}/unit", str(refusal)))
        else:
            items.append(item if code == item.unit else replace(item, unit=code))
    if faults:
        raise InvalidInput.listing(faults)
    return replace(document, items=tuple(items))


def _taxed(item: Item, index: int, rates: Mapping[int, Tax]) -> Item:
    if item.tax_rate_id is None:
        return item
    if item.taxes:
        raise InvalidInput.at(
            f"/items/{index}/tax_rate_id", say("Send either taxes or tax_rate_id, not both.")
        )
    rate = rates.get(item.tax_rate_id)
    if rate is None:
        missing = NotFound.of("tax rate", item.tax_rate_id)
        raise NotFound(missing.detail, [FieldError(f"/items/{index}/tax_rate_id", missing.detail)])
    return replace(item, taxes=(rate,), tax_rate_id=None)


_TAX_RATES = text(
    "SELECT id, name, category, rate, compound, exemption_code, exemption_text FROM tax_rates"
    " WHERE business_id = :business AND id IN :ids"
).bindparams(bindparam("ids", expanding=True))
_PRODUCTS = text(
    "SELECT id FROM products WHERE business_id = :business AND id IN :ids AND deleted_at IS NULL"
).bindparams(bindparam("ids", expanding=True))


def _tax_rates(ids: set[int]) -> dict[int, Tax]:
    rows = db.session.execute(_TAX_RATES, {"business": current_business_id(), "ids": list(ids)})
    return {
        row.id: Tax(
            category=row.category,
            rate=row.rate,
            name=row.name,
            compound=row.compound,
            exemption_code=row.exemption_code,
            exemption_text=row.exemption_text,
        )
        for row in rows
    }


def _check_products(document: Document, ids: set[int]) -> None:
    found = set(
        db.session.scalars(_PRODUCTS, {"business": current_business_id(), "ids": list(ids)})
    )
    for index, item in enumerate(document.items):
        if item.product_id is not None and item.product_id not in found:
            missing = NotFound.of("product", item.product_id)
            raise NotFound(
                missing.detail, [FieldError(f"/items/{index}/product_id", missing.detail)]
            )


def with_proposals(draft: InvoiceDraft, by: Actor) -> InvoiceDraft:
    """The draft with the lines that plugins propose and that were accepted."""
    found = proposals(db.session(), draft, business_id=current_business_id(), by=by).accepted
    if not found:
        return draft
    document = draft.document
    adjustments: dict[str, list[Adjustment]] = {"discount": [], "charge": []}
    items = []
    for each in found:
        tax = None
        if each.tax_rate is not None:
            tax = Tax(category=each.tax_category or "S", rate=each.tax_rate)
        if each.kind == "item":
            taxes = (tax,) if tax else ()
            items.append(Item(each.description, each.quantity, each.amount, taxes=taxes))
        else:
            adjustments[each.kind].append(
                Adjustment(amount=each.amount, reason=each.description, tax=tax)
            )
    return replace(
        draft,
        document=replace(
            document,
            items=(*document.items, *items),
            discounts=(*document.discounts, *adjustments["discount"]),
            charges=(*document.charges, *adjustments["charge"]),
        ),
    )


def business_currency() -> str:
    """What the business invoices in unless a client or draft says otherwise."""
    statement = text("SELECT currency FROM businesses WHERE id = :business")
    found = db.session.scalar(statement, {"business": current_business_id()})
    return str(found or FALLBACK_CURRENCY)
