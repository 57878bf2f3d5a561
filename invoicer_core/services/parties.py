"""Parties: the checks of their fields, and what clients and suppliers do alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import ColumnElement, Text, func, select
from sqlalchemy.dialects.postgresql import insert

from invoicer_core.domain import calendar
from invoicer_core.domain import parties as rules
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import Identifier, Page, Party
from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.fields import (
    Check,
    check_fields,
    currency,
    email,
    locale,
    text,
    whole,
    written,
)
from invoicer_core.services.listing import Ordering, matches, read_page, within_days
from invoicer_core.services.rows import (
    assign,
    check_version,
    find_row,
    refuse,
    taken,
    touch,
    translated,
)
from invoicer_core.services.transaction import transaction

SHOWN: Final = ("active", "archived", "all")

R = TypeVar("R")
S = TypeVar("S")


def _identifier(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(say("This must be an object with a value and a scheme."))
    parts = {"value": text(100), "scheme": text(20)}
    found = check_fields(value, parts, required=("value",))
    return {name: part for name, part in found.items() if part is not None}


PARTY_CHECKS: Final[Mapping[str, Check]] = {
    "name": text(200),
    "legal_name": text(200),
    "email": email,
    "phone": written(rules.phone),
    "address": text(500, lines=True),
    "city": text(100),
    "postcode": text(20),
    "region": text(100),
    "country": written(rules.country),
    "vat_id": written(rules.vat_id),
    "tax_number": text(50),
    "registration": _identifier,
    "electronic_address": _identifier,
    "contact_name": text(200),
    "iban": written(rules.iban),
    "bic": written(rules.bic),
    "currency": currency,
    "locale": locale,
    "payment_terms_days": whole(0, calendar.TERMS_LIMIT),
}
"""The fields of every party (a business too) and what they accept."""

PARTY_NAMES: Final = tuple(each.name for each in fields(Party))


def check_party(
    given: Mapping[str, Any],
    more: Mapping[str, Check] | None = None,
    *,
    partial: bool = False,
    pointer: str = "",
) -> dict[str, Any]:
    """The fields of a party as they are stored.

    Args:
        more: fields that this kind of party has besides.
        partial: an edit.

    Raises:
        InvalidInput: with a pointer per wrong field.
    """
    checks = {**PARTY_CHECKS, **(more or {})}
    return check_fields(given, checks, required=("name",), partial=partial, pointer=pointer)


def party_values(row: Any) -> dict[str, Any]:
    """A row's columns as the arguments of a snapshot."""
    values = {name: getattr(row, name) for name in PARTY_NAMES}
    for name in ("registration", "electronic_address"):
        if values[name] is not None:
            values[name] = Identifier(**values[name])
    return values


@dataclass(frozen=True, slots=True)
class PartyKind(Generic[R, S]):
    """What tells clients from suppliers.

    Args:
        what: the word for one of them, first part of its events' names.
        checks: its fields besides those of every party.
        snapshots: turns rows into answers, all at once.
        refuse_delete: raises Conflict while something hangs on the row.
    """

    what: str
    model: Any
    checks: Mapping[str, Check]
    snapshots: Callable[[Sequence[Any]], Sequence[S]]
    refuse_delete: Callable[[Any], None]

    def snapshot(self, row: Any) -> S:
        """The answer of one row."""
        return self.snapshots([row])[0]

    def row(self, row_id: int, *, lock: bool = False, pointer: str | None = None) -> Any:
        """A row that is not deleted. Raises NotFound."""
        there = self.model.deleted_at.is_(None)
        return find_row(self.model, row_id, self.what, there, lock=lock, pointer=pointer)

    def announce(self, unit: Any, happened: str, row: Any) -> S:
        """Publish and audit what happened to a row; returns its snapshot."""
        snapshot = self.snapshot(row)
        client_id = row.id if self.what == "client" else None
        unit.publish(f"{self.what}.{happened}", snapshot, client_id=client_id)
        unit.record(f"{self.what}.{happened}", **{self.what: row.id})
        return snapshot


def create(kind: PartyKind[R, S], given: Mapping[str, Any], *, by: Actor) -> S:
    """Add a party. Raises InvalidInput, and Conflict when its e-mail address is taken."""
    values = check_party(given, kind.checks)
    with transaction(by=by) as unit:
        row = insert_row(kind, values)
        if row is None:
            raise _email_taken(kind.what)
        return kind.announce(unit, "created", row)


def insert_row(kind: PartyKind[R, S], values: Mapping[str, Any]) -> Any | None:
    """The new row, or None when another one has its e-mail address: the transaction lives on."""
    statement = (
        insert(kind.model)
        .values(business_id=current_business_id(), **values)
        .on_conflict_do_nothing()
        .returning(kind.model)
    )
    return db.session.scalars(statement).first()


def update(
    kind: PartyKind[R, S],
    row_id: int,
    given: Mapping[str, Any],
    *,
    by: Actor,
    expected_version: int | None = None,
) -> S:
    """Change the given fields; documents that are issued keep what they say.

    Raises InvalidInput, NotFound, StaleVersion, and Conflict when the e-mail address is taken.
    """
    values = check_party(given, kind.checks, partial=True)
    with transaction(by=by) as unit:
        row = kind.row(row_id, lock=True)
        check_version(row, expected_version, kind.what, lambda: kind.snapshot(row))
        with translated({f"uq_{kind.model.__tablename__}_email": _email_taken(kind.what)}):
            changed = assign(row, values)
            db.session.flush()
        return kind.announce(unit, "updated", row) if changed else kind.snapshot(row)


def archive(kind: PartyKind[R, S], row_id: int, *, by: Actor, archived: bool = True) -> S:
    """Take a party out of the lists, or back into them. Twice is the same as once."""
    with transaction(by=by) as unit:
        row = kind.row(row_id, lock=True)
        if (row.archived_at is not None) == archived:
            return kind.snapshot(row)
        row.archived_at = datetime.now(UTC) if archived else None
        touch(row)
        db.session.flush()
        return kind.announce(unit, "archived" if archived else "updated", row)


def delete(kind: PartyKind[R, S], row_id: int, *, by: Actor) -> None:
    """Remove a party nothing hangs on (the row stays, unseen). Raises NotFound, Conflict."""
    with transaction(by=by) as unit:
        row = kind.row(row_id, lock=True)
        kind.refuse_delete(row)
        row.deleted_at = datetime.now(UTC)
        touch(row)
        db.session.flush()
        kind.announce(unit, "archived", row)


def find(
    kind: PartyKind[R, S],
    *,
    q: str | None,
    status: str | None,
    start: date | None,
    end: date | None,
    sort: str | None,
    limit: int | None,
    cursor: str | None,
    only: Sequence[ColumnElement[bool]] = (),
) -> Page[S]:
    """Parties whose names, addresses or towns hold every word of ``q``.

    Args:
        status: ``active`` (without a wish), ``archived`` or ``all``.
        start, end: days on which they were added.
        only: what else must hold.
    """
    model = kind.model
    if status is not None and status not in SHOWN:
        refuse("/status", say("This is one of %(known)s.", known=", ".join(SHOWN)))
    statement = select(model).where(
        model.business_id == current_business_id(),
        model.deleted_at.is_(None),
        matches(model.search, q),
        within_days(model.created_at, start, end),
        *only,
    )
    if status != "all":
        archived = model.archived_at.is_not(None)
        statement = statement.where(archived if status == "archived" else ~archived)
    keys = {
        "name": func.lower(model.name, type_=Text),
        "email": func.lower(func.coalesce(model.email, ""), type_=Text),
        "created_at": model.created_at,
        "updated_at": model.updated_at,
    }
    ordering = Ordering(model.id, keys)
    return read_page(statement, ordering, kind.snapshots, sort=sort, limit=limit, cursor=cursor)


_EMAIL_TAKEN: Final = {
    "client": say("Another client has this e-mail address already."),
    "supplier": say("Another supplier has this e-mail address already."),
}


def _email_taken(what: str) -> Conflict:
    return taken("/email", _EMAIL_TAKEN[what])
