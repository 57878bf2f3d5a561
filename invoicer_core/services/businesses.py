"""Businesses: founding one with all it needs, its own data and settings, its number series."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import func, select, text

from invoicer_core.domain import calendar
from invoicer_core.domain.account import SeriesSnapshot
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import InvalidInput, NotFound
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import BusinessSnapshot, Identifier
from invoicer_core.models import db
from invoicer_core.models.catalog import TaxRate
from invoicer_core.models.documents import File
from invoicer_core.models.identity import Business, Membership
from invoicer_core.models.invoices import Series
from invoicer_core.models.outbox import AuditHead
from invoicer_core.models.tenancy import (
    current_business_id,
    enter_business,
    gate,
    lend_transaction,
)
from invoicer_core.services import fields as check
from invoicer_core.services import rows
from invoicer_core.services import series as number_series
from invoicer_core.services.document_texts import PAPERS, TEMPLATES, columns_check, texts_check
from invoicer_core.services.parties import PARTY_CHECKS
from invoicer_core.services.starting_rates import starting_rates
from invoicer_core.services.transaction import Unit, transaction

__all__ = [
    "create", "current", "enter_business", "get", "is_first_name", "of_user", "series", "update",
]  # fmt: skip

SERIES: Final = (
    ("invoice", "Invoices", "INV-{year}-{seq:04}"),
    ("credit_note", "Credit notes", "CN-{year}-{seq:04}"),
    ("quote", "Quotes", "QU-{year}-{seq:04}"),
    ("order", "Orders", "SO-{year}-{seq:04}"),
    ("receipt", "Receipts", "RC-{year}-{seq:04}"),
)


def is_first_name(document_type: str, name: str) -> bool:
    """Whether a series is still called as it was when the business was founded: pages then say it
    in their own language."""
    return any(name == first for kind, first, _pattern in SERIES if kind == document_type)


def _time_zone(value: Any) -> str:
    name = check.text(64)(value)
    try:
        calendar.zone(name)
    except InvalidInput as wrong:
        raise ValueError(wrong.fields[0].message if wrong.fields else wrong.detail) from wrong
    return str(name)


def _color(value: Any) -> str:
    color = check.text(7)(value).lower()
    if len(color) != 7 or color[0] != "#" or set(color[1:]) - set("0123456789abcdef"):
        raise ValueError(say("Write a colour as #rrggbb."))
    return str(color)


SETTINGS: Final[Mapping[str, check.Check]] = {
    "on_create": check.choice("draft", "issue", "send"),
    "fiscal_year_start": check.whole(1, 12),
    "prices_include_tax": check.flag,
    "mail_sent": check.flag,
    "mail_paid": check.flag,
    "mail_overdue": check.flag,
    "part_payments": check.flag,
    "invoice_notes": check.text(2000, lines=True),
    "invoice_footer": check.text(2000, lines=True),
    "payment_terms": check.text(500, lines=True),
    "mail_signature": check.text(1000, lines=True),
    "document_texts": texts_check,
    "hidden_columns": columns_check,
    "paper": check.choice(*PAPERS),
    "document_template": check.choice(*TEMPLATES),
    "document_store": check.text(64),
    "carriers": check.by_name,
    "channel_order": check.names(10),
    "quiet_from": check.clock,
    "quiet_until": check.clock,
    "fallback_hours": check.whole(0, 168),
}
"""The settings of a business, by name; what is not there has its default."""


def _settings(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(say("This must be an object."))
    return check.check_fields(value, SETTINGS)


CHECKS: Final[Mapping[str, check.Check]] = {
    **PARTY_CHECKS,
    "time_zone": _time_zone,
    "color": _color,
    "logo_file_id": check.whole(1, 2**63 - 1),
    "settings": _settings,
}


def create(*, fields: Mapping[str, Any], owner_id: int, by: Actor) -> BusinessSnapshot:
    """Found a business with its owner's seat, number series, tax rates and audit chain.

    Within another business's transaction it commits together with that one.

    Raises:
        InvalidInput: a field is wrong.
    """
    values = check.check_fields(fields, CHECKS, required=["name"])
    business_id = next_id()
    if db.session().info.get("unit") is None:
        with enter_business(business_id), transaction(by=by) as unit:
            return _found(unit, business_id, values, owner_id)
    with lend_transaction(business_id):
        unit = Unit(by)
        founded = _found(unit, business_id, values, owner_id)
        unit.flush()
        return founded


def found_inside(unit: Unit, fields: Mapping[str, Any], owner_id: int) -> BusinessSnapshot:
    """As `create`, within a transaction that has entered the new business's id already."""
    values = check.check_fields(fields, CHECKS, required=["name"])
    return _found(unit, current_business_id(), values, owner_id)


def next_id() -> int:
    """An id for a business that is going to be founded."""
    return int(db.session.scalar(text("SELECT nextval('businesses_id_seq')")) or 0)


def _found(
    unit: Unit, business_id: int, values: Mapping[str, Any], owner_id: int
) -> BusinessSnapshot:
    business = Business(id=business_id, **{k: v for k, v in values.items() if v is not None})
    if business.currency is None:
        business.currency = "EUR"
    db.session.add(business)
    db.session.flush()
    db.session.add(AuditHead(business_id=business_id))
    db.session.add(Membership(business_id=business_id, user_id=owner_id, role="owner"))
    for kind, name, pattern in SERIES:
        db.session.add(
            Series(business_id=business_id, document_type=kind, name=name, pattern=pattern)
        )
    for place, rate in enumerate(starting_rates(business.country)):
        db.session.add(
            TaxRate(
                business_id=business_id,
                name=rate.name,
                category=rate.category,
                rate=rate.rate,
                exemption_code=rate.exemption_code,
                exemption_text=rate.exemption_text,
                is_default=place == 0,
            )
        )
    db.session.flush()
    unit.record("business.created", business=business_id)
    return _snapshot(business, "owner")


def current(*, role: str | None = None) -> BusinessSnapshot:
    """The business that was entered."""
    return _snapshot(_row(), role)


def get(*, business_id: int, role: str | None = None) -> BusinessSnapshot:
    """The business that was entered, by its id. Raises NotFound for another id."""
    if business_id != current_business_id():
        raise NotFound.of("business", business_id)
    return current(role=role)


def of_user(*, user_id: int) -> tuple[BusinessSnapshot, ...]:
    """Every business in which the user has a seat, by name. Enters each in turn."""
    with gate() as connection:
        seats = connection.execute(
            text(
                "SELECT m.business_id, m.role FROM memberships m JOIN businesses b"
                " ON b.id = m.business_id WHERE m.user_id = :user AND b.deleted_at IS NULL"
                " ORDER BY m.business_id LIMIT 200"
            ),
            {"user": user_id},
        ).all()
    found = []
    for business_id, role in seats:
        with enter_business(business_id):
            found.append(current(role=role))
    return tuple(sorted(found, key=lambda business: (business.name.lower(), business.id)))


def update(
    *, fields: Mapping[str, Any], by: Actor, expected_version: int | None = None
) -> BusinessSnapshot:
    """Change the business that was entered; ``settings`` are merged, None empties a field.

    Raises:
        InvalidInput: a field is wrong.
        StaleVersion: it was changed since ``expected_version``.
        NotFound: no such file for the logo.
    """
    values = check.check_fields(fields, CHECKS, required=["name", "currency"], partial=True)
    with transaction(by=by) as unit:
        business = _row(lock=True)
        rows.check_version(business, expected_version, "business", lambda: _snapshot(business))
        if values.get("logo_file_id") is not None:
            rows.find_row(File, values["logo_file_id"], "file", File.deleted_at.is_(None),
                          pointer="/logo_file_id")  # fmt: skip
        if "settings" in values:
            merged = {**business.settings, **(values["settings"] or {})}
            values["settings"] = {k: v for k, v in merged.items() if v is not None}
        if "time_zone" in values and values["time_zone"] is None:
            values["time_zone"] = "UTC"
        changed = rows.assign(business, values)
        db.session.flush()
        db.session.refresh(business)
        unit.record("business.updated", business=business.id, fields=sorted(changed))
        return _snapshot(business, by.role)


def series() -> tuple[SeriesSnapshot, ...]:
    """The number series of the business that was entered."""
    return number_series.find(limit=200).items


def update_series(
    *, series_id: int, by: Actor, expected_version: int | None = None, **fields: Any
) -> SeriesSnapshot:
    """Change how the next documents are numbered; numbers that were given stay.

    Raises:
        InvalidInput: a pattern that would repeat numbers.
        NotFound, StaleVersion.
    """
    return number_series.update(
        series_id=series_id, fields=fields, by=by, expected_version=expected_version
    )


def _row(*, lock: bool = False) -> Business:
    statement = select(Business).where(
        Business.id == current_business_id(), Business.deleted_at.is_(None)
    )
    if lock:
        statement = statement.with_for_update(key_share=True).execution_options(
            populate_existing=True
        )
    row = db.session.scalars(statement).first()
    if row is None:
        raise NotFound.of("business", current_business_id())
    return row


def _snapshot(row: Business, role: str | None = None) -> BusinessSnapshot:
    plain = {
        name: getattr(row, name)
        for name in CHECKS
        if name not in ("registration", "electronic_address")
    }
    return BusinessSnapshot(
        **plain,
        registration=_as_identifier(row.registration),
        electronic_address=_as_identifier(row.electronic_address),
        id=row.id,
        public_id=row.public_id,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        role=role,
    )


def _as_identifier(value: Mapping[str, Any] | None) -> Identifier | None:
    return None if value is None else Identifier(value["value"], value.get("scheme"))


def touch_last(user_id: int, business_id: int) -> None:
    """Remember which business the user worked in last, in the current transaction."""
    db.session.execute(
        text("UPDATE users SET last_business_id = :business WHERE id = :user"),
        {"business": business_id, "user": user_id},
    )


def count_members() -> int:
    """Seats of the business that was entered."""
    seats = select(func.count()).where(Membership.business_id == current_business_id())
    return int(db.session.scalar(seats) or 0)
