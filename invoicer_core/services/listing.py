"""How every list is read: a page by key, sorted by allow-listed names, searched and counted.

Pages are read by key and not by offset: the cursor holds the sort key and id of the last row, so
that a page costs the same wherever it lies and rows that are added meanwhile shift nothing.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import reduce
from typing import Any, Final, NoReturn, TypeVar

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    and_,
    false,
    func,
    select,
    true,
    tuple_,
)

from invoicer_core.domain.calendar import zone
from invoicer_core.domain.errors import InvalidInput
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import Page
from invoicer_core.models import db

LIMIT: Final = 50
LIMIT_MOST: Final = 200
COUNTED: Final = 10_000
"""Up to here a list's total is exact; above, counting would cost more than the page."""
COUNTED_OF_SEARCH: Final = 200
"""The same for a search, which visits each row it counts."""
SEARCH_LENGTH: Final = 200
SEARCH_WORDS: Final = 8
CURSOR_LENGTH: Final = 1_000
ID_MOST: Final = 2**63 - 1

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ordering:
    """By what a list may be sorted.

    Args:
        id: the column that makes the order total.
        keys: what callers may name -> a column that is never null (``coalesce`` others), of whole
            numbers, texts, decimals, dates or instants. ``id`` is always there.
        default: the order without a wish; "-" in front means descending.
    """

    id: SQLColumnExpression[int]
    keys: Mapping[str, SQLColumnExpression[Any]]
    default: str = "-id"

    def __post_init__(self) -> None:
        for name in self.keys:
            if self.column(name).type.python_type not in _PARSERS:
                raise TypeError(f"the sort key {name} needs a type: func.lower(x, type_=Text)")

    def column(self, name: str) -> Any:
        """The column of a name without its sign. Raises InvalidInput at ``/sort``."""
        if name == "id":
            return self.id
        if name not in self.keys:
            known = ", ".join(sorted({"id", *self.keys}))
            raise InvalidInput.at(
                "/sort", say("Sort by one of %(known)s; put - in front to descend.", known=known)
            )
        return self.keys[name]


@dataclass(frozen=True, slots=True)
class _Position:
    """The last row of a page."""

    key: Any
    id: int


def read_page(
    statement: Select[Any],
    ordering: Ordering,
    make: Callable[[Sequence[Any]], Sequence[T]],
    *,
    sort: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
    counted: int = COUNTED,
) -> Page[T]:
    """One page of a filtered select.

    Args:
        statement: with its filters, without order and limit. A select of one entity hands
            ``make`` the entities, one of several hands it tuples.
        make: turns the page's rows into what is answered, all at once.
        counted: up to here the total is exact; above it is None.

    Raises:
        InvalidInput: at ``/sort``, ``/limit`` or ``/cursor``.
    """
    sort = sort or ordering.default
    size = checked_limit(limit)
    descending = sort.startswith("-")
    key = ordering.column(sort.removeprefix("-"))
    paged = statement.add_columns(key.label("page_key"), ordering.id.label("page_id"))
    if cursor is not None:
        paged = paged.where(_after(ordering, key, descending, _decode(cursor, sort, key)))
    columns = [key] if key is ordering.id else [key, ordering.id]
    paged = paged.order_by(*(column.desc() if descending else column for column in columns))
    rows = db.session.execute(paged.limit(size + 1)).all()
    more, rows = len(rows) > size, rows[:size]
    items = make([row[0] if len(row) == 3 else tuple(row[:-2]) for row in rows])
    last = rows[-1] if more else None
    return Page(
        items=tuple(items),
        next_cursor=None if last is None else _encode(sort, last.page_key, last.page_id),
        total=len(rows) if not more and cursor is None else _total(statement, ordering, counted),
    )


def checked_limit(limit: int | None) -> int:
    """The size of a page, 50 without a wish. Raises InvalidInput at ``/limit``."""
    if limit is None:
        return LIMIT
    if not 1 <= limit <= LIMIT_MOST:
        raise InvalidInput.at(
            "/limit", say("A page has from 1 to %(most)s entries.", most=LIMIT_MOST)
        )
    return limit


def _total(statement: Select[Any], ordering: Ordering, most: int) -> int | None:
    ids = statement.with_only_columns(ordering.id, maintain_column_froms=True).limit(most + 1)
    count = int(db.session.scalar(select(func.count()).select_from(ids.subquery())) or 0)
    return count if count <= most else None


def _after(
    ordering: Ordering, key: Any, descending: bool, position: _Position
) -> ColumnElement[bool]:
    """A row comparison, which an index on (key, id) can answer."""
    if key is ordering.id:
        return key < position.id if descending else key > position.id
    row, last = tuple_(key, ordering.id), tuple_(position.key, position.id)
    return row < last if descending else row > last


# --- cursors ----------------------------------------------------------------------------------

_PARSERS: Final[Mapping[type, Callable[[str], Any]]] = {
    int: int,
    str: str,
    Decimal: Decimal,
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
}


def _encode(sort: str, key: Any, row_id: int) -> str:
    text = key.isoformat() if isinstance(key, date) else str(key)
    packed = json.dumps([sort, text, row_id], separators=(",", ":"))
    return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")


def _decode(cursor: str, sort: str, key: Any) -> _Position:
    if len(cursor) > CURSOR_LENGTH or not cursor.isascii():
        _refuse_cursor()
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        named, text, row_id = json.loads(packed)
    except (binascii.Error, ValueError, TypeError, RecursionError):
        _refuse_cursor()
    if type(text) is not str or type(row_id) is not int or not 0 <= row_id <= ID_MOST:
        _refuse_cursor()
    if named != sort:
        raise InvalidInput.at(
            "/cursor", say("This cursor is of a list in another order: start anew.")
        )
    return _Position(_parsed(text, key.type.python_type), row_id)


def _parsed(text: str, kind: type) -> Any:
    try:
        value = _PARSERS[kind](text)
    except (ValueError, InvalidOperation):
        _refuse_cursor()
    if isinstance(value, int) and abs(value) > ID_MOST:
        _refuse_cursor()
    if isinstance(value, Decimal) and (not value.is_finite() or abs(value.adjusted()) > 40):
        _refuse_cursor()
    if isinstance(value, datetime) and value.tzinfo is None:
        _refuse_cursor()
    if isinstance(value, str) and not storable(value):
        _refuse_cursor()
    return value


def _refuse_cursor() -> NoReturn:
    message = say("This is no cursor of this list: take it from the Link header, or leave it out.")
    raise InvalidInput.at("/cursor", message)


# --- filters ----------------------------------------------------------------------------------


def storable(text: str) -> bool:
    """False for what PostgreSQL has no text for: U+0000 and half surrogate pairs."""
    return "\x00" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def matches(column: SQLColumnExpression[str], query: str | None) -> ColumnElement[bool]:
    """Every word of ``query`` is somewhere in a ``search`` column (stored in lower case).

    The column itself stands on the left of a plain LIKE: that is what its trigram index serves
    under row level security.

    Raises:
        InvalidInput: at ``/q``: too long, or not a text.
    """
    words = search_words(query)
    if not words:
        return and_(True)
    return reduce(and_, [column.like(func.lower(f"%{_escaped(word)}%")) for word in words])


def search_words(query: str | None) -> tuple[str, ...]:
    """The words of a search. Raises InvalidInput at ``/q``."""
    query = (query or "").strip()
    if len(query) > SEARCH_LENGTH:
        raise InvalidInput.at(
            "/q",
            say("A search has at most %(most)s characters.", most=SEARCH_LENGTH),
        )
    if not storable(query):
        raise InvalidInput.at("/q", say("The search holds a character that no text can hold."))
    return tuple(query.split()[:SEARCH_WORDS])


def _escaped(word: str) -> str:
    r"""Backslash is PostgreSQL's escape character of LIKE without an ESCAPE clause."""
    return word.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")


def within_days(
    column: Any, start: date | None, end: date | None, time_zone: str = "UTC"
) -> ColumnElement[bool]:
    """Rows of the days from ``start`` to ``end``, both included.

    Args:
        column: dates, or instants; these are compared with the days as ``time_zone`` has them.

    Raises:
        InvalidInput: at ``/to`` when it lies before ``from``.
    """
    if start is not None and end is not None and end < start:
        raise InvalidInput.at("/to", say("The end of the span lies before its start."))
    conditions = []
    if column.type.python_type is datetime:
        if start is not None:
            conditions.append(column >= _midnight(start, time_zone))
        if end is not None and end < date.max:
            conditions.append(column < _midnight(end + timedelta(days=1), time_zone))
    else:
        if start is not None:
            conditions.append(column >= start)
        if end is not None:
            conditions.append(column <= end)
    return and_(True, *conditions)


def _midnight(day: date, time_zone: str) -> datetime:
    local = datetime.combine(day, time.min, tzinfo=zone(time_zone))
    try:
        return local.astimezone(UTC)
    except OverflowError:
        return datetime.combine(day, time.min, tzinfo=UTC)


def one_of(
    column: SQLColumnExpression[str], value: str | None, allowed: Sequence[str], pointer: str
) -> ColumnElement[bool]:
    """Rows with this value, one of ``allowed``. Raises InvalidInput at ``pointer``."""
    if value is None:
        return and_(True)
    if value not in allowed:
        raise InvalidInput.at(pointer, say("This is one of %(known)s.", known=", ".join(allowed)))
    return column == value


def has_id(column: SQLColumnExpression[Any], value: int | None) -> ColumnElement[bool]:
    """Rows that refer to this id; none for a number that no id can be."""
    if value is None:
        return and_(True)
    return column == value if 0 < value <= ID_MOST else false()


def there_is(*conditions: ColumnElement[bool], beside: type[Any]) -> ColumnElement[bool]:
    """As a column of a list: whether such a row belongs to the row of ``beside``.

    Looked up for each row that is answered. EXISTS among the columns would be planned for all rows
    of the business, whatever the page's limit: PostgreSQL then reads all that might belong to one
    of them into a hash first.
    """
    found = select(true()).where(*conditions).limit(1).correlate(beside).scalar_subquery()
    return func.coalesce(found, false())
