"""The taxes of a business: what products and items refer to by id."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Text, func, select
from sqlalchemy import update as update_rows

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import Page, TaxRateSnapshot
from invoicer_core.domain.tax import CATEGORIES, RATE_LIMIT, ZERO_RATE_CATEGORIES
from invoicer_core.models import db
from invoicer_core.models.catalog import TaxRate
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.fields import (
    Check,
    calendar_day,
    check_fields,
    choice,
    flag,
    number,
    text,
)
from invoicer_core.services.listing import Ordering, read_page
from invoicer_core.services.rows import assign, check_version, find_row, refuse, touch
from invoicer_core.services.transaction import transaction

PERCENT: Final = number(Decimal(0), Decimal(RATE_LIMIT))
CHECKS: Final[Mapping[str, Check]] = {
    "name": text(100),
    "category": choice(*CATEGORIES),
    "rate": PERCENT,
    "exemption_code": text(30),
    "exemption_text": text(500),
    "compound": flag,
    "is_default": flag,
    "valid_from": calendar_day,
    "valid_to": calendar_day,
}
_STARTS: Final = {"category": "S", "compound": False, "is_default": False}


def create(*, fields: Mapping[str, Any], by: Actor) -> TaxRateSnapshot:
    """Add a tax rate; a new default takes the place of the former one.

    Raises:
        InvalidInput: a pointer per wrong field.
    """
    values = check_fields(fields, CHECKS, required=("name", "rate"))
    values = {**_STARTS, **{name: value for name, value in values.items() if value is not None}}
    _check_whole(values)
    with transaction(by=by) as unit:
        if values["is_default"]:
            _no_default()
        row = TaxRate(business_id=current_business_id(), **values)
        db.session.add(row)
        db.session.flush()
        unit.record("tax_rate.created", tax_rate=row.id)
        return _snapshot(row)


def get(*, tax_rate_id: int) -> TaxRateSnapshot:
    """One tax rate, archived or not. Raises NotFound."""
    return _snapshot(find_row(TaxRate, tax_rate_id, "tax rate"))


def find(
    *,
    q: str | None = None,
    archived: bool = False,
    sort: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Page[TaxRateSnapshot]:
    """The tax rates in use, or the archived ones; ``q`` is a part of the name."""
    statement = select(TaxRate).where(TaxRate.business_id == current_business_id())
    gone = TaxRate.archived_at.is_not(None)
    statement = statement.where(gone if archived else ~gone)
    if q:
        name = func.lower(TaxRate.name, type_=Text)
        statement = statement.where(name.contains(q.lower(), autoescape=True))
    keys = {"name": func.lower(TaxRate.name, type_=Text), "rate": TaxRate.rate}
    return read_page(
        statement,
        Ordering(TaxRate.id, keys, default="id"),
        lambda rows: [_snapshot(row) for row in rows],
        sort=sort,
        limit=limit,
        cursor=cursor,
    )


def update(
    *, tax_rate_id: int, fields: Mapping[str, Any], by: Actor, expected_version: int | None = None
) -> TaxRateSnapshot:
    """Change a tax rate for the documents to come; those that are issued keep theirs.

    Raises:
        InvalidInput, NotFound, StaleVersion.
    """
    values = check_fields(fields, CHECKS, required=("name", "rate"), partial=True)
    for name, start in _STARTS.items():
        if name in values and values[name] is None:
            values[name] = start
    with transaction(by=by) as unit:
        row = find_row(TaxRate, tax_rate_id, "tax rate", TaxRate.archived_at.is_(None), lock=True)
        check_version(row, expected_version, "tax rate", lambda: _snapshot(row))
        _check_whole({**{name: getattr(row, name) for name in CHECKS}, **values})
        if values.get("is_default") and not row.is_default:
            _no_default()
        if assign(row, values):
            db.session.flush()
            unit.record("tax_rate.updated", tax_rate=row.id)
        return _snapshot(row)


def archive(*, tax_rate_id: int, by: Actor) -> TaxRateSnapshot:
    """Take a tax rate out of the lists; products that have it keep it. Raises NotFound."""
    with transaction(by=by) as unit:
        row = find_row(TaxRate, tax_rate_id, "tax rate", lock=True)
        if row.archived_at is None:
            row.archived_at = datetime.now(UTC)
            row.is_default = False
            touch(row)
            db.session.flush()
            unit.record("tax_rate.archived", tax_rate=row.id)
        return _snapshot(row)


def default() -> TaxRateSnapshot | None:
    """The tax rate that new items get, if there is one."""
    row = db.session.scalars(
        select(TaxRate)
        .where(
            TaxRate.business_id == current_business_id(),
            TaxRate.archived_at.is_(None),
            TaxRate.is_default,
        )
        .order_by(TaxRate.id)
    ).first()
    return None if row is None else _snapshot(row)


def id_of_percent(percent: Decimal, *, by: Actor) -> int:
    """The plain tax rate of this percentage, made when there is none.

    Zero percent is category Z; anything above is S.
    """
    category = "S" if percent else "Z"
    found = db.session.scalars(
        select(TaxRate.id)
        .where(
            TaxRate.business_id == current_business_id(),
            TaxRate.archived_at.is_(None),
            TaxRate.rate == percent,
            TaxRate.category == category,
            ~TaxRate.compound,
        )
        .order_by(TaxRate.is_default.desc(), TaxRate.id)
    ).first()
    if found is not None:
        return found
    fields = {"name": "VAT", "rate": percent, "category": category}
    return create(fields=fields, by=by).id


def _no_default() -> None:
    db.session.execute(
        update_rows(TaxRate)
        .where(TaxRate.business_id == current_business_id(), TaxRate.is_default)
        .values(is_default=False)
    )


def _check_whole(values: Mapping[str, Any]) -> None:
    """Rules over several fields: EN 16931 BR-*-5 to 7 (no rate), and the span."""
    category, start, end = values["category"], values.get("valid_from"), values.get("valid_to")
    if values["rate"] and category in ZERO_RATE_CATEGORIES:
        meaning = CATEGORIES[category]
        refuse(
            "/rate",
            say(
                "The rate of category %(category)s (%(meaning)s) is always 0.",
                category=category,
                meaning=meaning,
            ),
        )
    if isinstance(start, date) and isinstance(end, date) and end < start:
        refuse("/valid_to", say("The end of the span lies before its start."))


def _snapshot(row: TaxRate) -> TaxRateSnapshot:
    return TaxRateSnapshot(
        id=row.id,
        name=row.name,
        category=row.category,
        rate=row.rate,
        exemption_code=row.exemption_code,
        exemption_text=row.exemption_text,
        compound=row.compound,
        is_default=row.is_default,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )
