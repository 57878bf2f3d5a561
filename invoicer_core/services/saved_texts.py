"""Texts kept under a name, to be put into the notes or the terms of documents."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict
from invoicer_core.domain.saying import say
from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.models.texts import SavedText
from invoicer_core.services.fields import Check, check_fields, choice, text
from invoicer_core.services.rows import (
    assign,
    check_version,
    find_row,
    refuse,
    taken,
    translated,
)
from invoicer_core.services.transaction import transaction

KINDS: Final = ("notes", "terms")
MOST: Final = 100
CHECKS: Final[Mapping[str, Check]] = {
    "kind": choice(*KINDS),
    "name": text(100),
    "body": text(4_000, lines=True),
}
TERMS_LONGEST: Final = 500
"""As long as a document's terms of payment may be."""

_ONCE: Final = {
    "uq_saved_texts_business_id_kind_name": taken(
        "/name", say("Another text has this name already.")
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedTextSnapshot:
    """One text; ``kind`` says into which field of a document it goes."""

    id: int
    version: int
    kind: str
    name: str
    body: str


def find() -> tuple[SavedTextSnapshot, ...]:
    """All of them, by name."""
    rows = db.session.scalars(
        select(SavedText)
        .where(SavedText.business_id == current_business_id())
        .order_by(SavedText.kind, func.lower(SavedText.name), SavedText.id)
    )
    return tuple(_snapshot(row) for row in rows)


def get(*, text_id: int) -> SavedTextSnapshot:
    """One of them. Raises NotFound."""
    return _snapshot(find_row(SavedText, text_id, "text"))


def create(*, fields: Mapping[str, Any], by: Actor) -> SavedTextSnapshot:
    """Keep a text.

    Raises:
        InvalidInput: a pointer per wrong field.
        Conflict: its name is taken, or there are too many.
    """
    values = check_fields(fields, CHECKS, required=tuple(CHECKS))
    _check_length(values["kind"], values["body"])
    with transaction(by=by) as unit, translated(_ONCE):
        if len(find()) >= MOST:
            raise Conflict(say("There are %(most)s texts: delete one first.", most=MOST))
        row = SavedText(business_id=current_business_id(), **values)
        db.session.add(row)
        db.session.flush()
        unit.record("saved_text.created", text=row.id)
        return _snapshot(row)


def update(
    *, text_id: int, fields: Mapping[str, Any], by: Actor, expected_version: int | None = None
) -> SavedTextSnapshot:
    """Change a text; documents that it was put into keep what they say.

    Raises:
        InvalidInput, NotFound, StaleVersion: as ever.
        Conflict: its name is taken.
    """
    values = check_fields(fields, CHECKS, required=tuple(CHECKS), partial=True)
    with transaction(by=by) as unit, translated(_ONCE):
        row = find_row(SavedText, text_id, "text", lock=True)
        check_version(row, expected_version, "text", lambda: _snapshot(row))
        _check_length(values.get("kind", row.kind), values.get("body", row.body))
        if assign(row, values):
            db.session.flush()
            unit.record("saved_text.updated", text=row.id)
        return _snapshot(row)


def delete(*, text_id: int, by: Actor) -> None:
    """Forget a text; documents that it was put into keep it. Raises NotFound."""
    with transaction(by=by) as unit:
        row = find_row(SavedText, text_id, "text", lock=True)
        db.session.delete(row)
        unit.record("saved_text.deleted", text=row.id)


def _check_length(kind: str, body: str) -> None:
    if kind == "terms" and len(body) > TERMS_LONGEST:
        refuse(
            "/body", say("Terms of payment have at most %(most)s characters.", most=TERMS_LONGEST)
        )


def _snapshot(row: SavedText) -> SavedTextSnapshot:
    return SavedTextSnapshot(
        id=row.id, version=row.version, kind=row.kind, name=row.name, body=row.body
    )
