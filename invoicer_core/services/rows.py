"""What every edit of a row has in common: find it, lock it, compare versions, save it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import IntegrityError

from invoicer_core.domain.errors import (
    Conflict,
    FieldError,
    InvalidInput,
    InvoicerError,
    NotFound,
    StaleVersion,
)
from invoicer_core.domain.saying import say, this
from invoicer_core.models import db
from invoicer_core.models.base import Edited, Row
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.listing import ID_MOST

R = TypeVar("R", bound=Row)


def find_row(
    model: type[R],
    row_id: int,
    what: str,
    *conditions: ColumnElement[bool],
    lock: bool = False,
    pointer: str | None = None,
) -> R:
    """The row of this business with this id, locked until the end of the transaction if asked.

    Args:
        what: the thing's word in the answer.
        conditions: which rows count as there, e.g. not deleted.
        pointer: where the id stands in what was sent; None for an address.

    Raises:
        NotFound: in the same words for missing, deleted and foreign ids.
    """
    columns: Any = model
    statement = select(model).where(
        columns.business_id == current_business_id(), columns.id == row_id, *conditions
    )
    if lock:
        statement = statement.with_for_update(key_share=True, of=columns)
        statement = statement.execution_options(populate_existing=True)
    row = db.session.scalars(statement).first() if 0 < row_id <= ID_MOST else None
    if row is None:
        missing = NotFound.of(what, row_id)
        raise (
            missing
            if pointer is None
            else NotFound(missing.detail, [FieldError(pointer, missing.detail)])
        )
    return row


def check_version(
    row: Edited, expected: int | None, what: str, current: Callable[[], object]
) -> None:
    """Refuse an edit of something older than what is there.

    Args:
        expected: the version that the editor saw; None skips the check.
        current: makes the snapshot that the refusal carries.

    Raises:
        StaleVersion: another version is there.
    """
    if expected is None or row.version == expected:
        return
    raise StaleVersion(
        say(
            "%(this)s was changed meanwhile: it has version %(version)s, not "
            "%(expected)s. Look at the newer one and try again.",
            this=this(what),
            version=row.version,
            expected=expected,
        ),
        current(),
    )


def assign(row: Edited, values: Mapping[str, Any]) -> frozenset[str]:
    """Set what differs; count the version up if anything does. Returns the changed names."""
    changed = frozenset(name for name, value in values.items() if getattr(row, name) != value)
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        touch(row)
    return changed


def touch(row: Edited) -> None:
    """Count the version up."""
    row.version = row.version + 1
    row.updated_at = func.now()


@contextmanager
def translated(rules: Mapping[str, InvoicerError]) -> Iterator[None]:
    """Turn refusals of the database into ours.

    Args:
        rules: name of a constraint or unique index -> the error to raise.
    """
    try:
        yield
    except IntegrityError as refusal:
        error = rules.get(_constraint(refusal) or "")
        if error is None:
            raise
        raise error from refusal


def _constraint(refusal: IntegrityError) -> str | None:
    diagnosis = getattr(refusal.orig, "diag", None)
    return getattr(diagnosis, "constraint_name", None)


def taken(pointer: str, message: str) -> Conflict:
    """The refusal of a value that another row has already."""
    return Conflict(message, [FieldError(pointer, message)])


def refuse(pointer: str, message: str) -> NoReturn:
    """Refuse one field."""
    raise InvalidInput.at(pointer, message)
