"""Groups of products, which may stand inside one another."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Text, func, select
from sqlalchemy.dialects.postgresql import insert

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import CategorySnapshot, Page
from invoicer_core.models import db
from invoicer_core.models.catalog import Category, Product
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.fields import Check, check_fields, text, whole
from invoicer_core.services.listing import ID_MOST, Ordering, read_page
from invoicer_core.services.rows import assign, check_version, find_row, refuse, taken, translated
from invoicer_core.services.transaction import transaction

NAME: Final = text(100)
CHECKS: Final[Mapping[str, Check]] = {"name": NAME, "parent_id": whole(1, ID_MOST)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A category in the tree: how deep it stands, and how many products are in it."""

    category: CategorySnapshot
    version: int
    depth: int
    products: int
    has_children: bool


def tree() -> tuple[Branch, ...]:
    """All categories, each followed by those inside it; by name on each level."""
    mine = current_business_id()
    counts = (
        select(Product.category_id, func.count().label("count"))
        .where(Product.business_id == mine, Product.deleted_at.is_(None))
        .group_by(Product.category_id)
        .subquery()
    )
    rows = db.session.execute(
        select(Category, func.coalesce(counts.c.count, 0))
        .outerjoin(counts, counts.c.category_id == Category.id)
        .where(Category.business_id == mine)
        .order_by(func.lower(Category.name), Category.id)
    ).all()
    inside: dict[int | None, list[tuple[Category, int]]] = {}
    for row, count in rows:
        inside.setdefault(row.parent_id, []).append((row, count))
    found: list[Branch] = []
    waiting = [(row, count, 0) for row, count in reversed(inside.get(None, []))]
    while waiting:
        row, count, depth = waiting.pop()
        children = inside.get(row.id, [])
        found.append(
            Branch(
                category=_snapshot(row),
                version=row.version,
                depth=depth,
                products=count,
                has_children=bool(children),
            )
        )
        waiting += [(child, number, depth + 1) for child, number in reversed(children)]
    return tuple(found)


def create(*, fields: Mapping[str, Any], by: Actor) -> CategorySnapshot:
    """Add a category.

    Raises:
        InvalidInput, NotFound: as ever.
        Conflict: the name is another category's (``/name``).
    """
    values = check_fields(fields, CHECKS, required=("name",))
    with transaction(by=by) as unit:
        _check_parent(values.get("parent_id"), None)
        row = _insert(values)
        if row is None:
            raise _name_taken()
        unit.record("category.created", category=row.id)
        return _snapshot(row)


def get(*, category_id: int) -> CategorySnapshot:
    """One category. Raises NotFound."""
    return _snapshot(find_row(Category, category_id, "category"))


def find(
    *,
    q: str | None = None,
    sort: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Page[CategorySnapshot]:
    """Categories by name; ``q`` is a part of it."""
    name = func.lower(Category.name, type_=Text)
    statement = select(Category).where(Category.business_id == current_business_id())
    if q:
        statement = statement.where(name.contains(q.lower(), autoescape=True))
    return read_page(
        statement,
        Ordering(Category.id, {"name": name}, default="name"),
        lambda rows: [_snapshot(row) for row in rows],
        sort=sort,
        limit=limit,
        cursor=cursor,
    )


def update(
    *, category_id: int, fields: Mapping[str, Any], by: Actor, expected_version: int | None = None
) -> CategorySnapshot:
    """Rename a category or put it elsewhere.

    Raises:
        InvalidInput: also when it would stand inside itself (``/parent_id``).
        NotFound, StaleVersion, Conflict: as ever.
    """
    values = check_fields(fields, CHECKS, required=("name",), partial=True)
    with transaction(by=by) as unit:
        row = find_row(Category, category_id, "category", lock=True)
        check_version(row, expected_version, "category", lambda: _snapshot(row))
        _check_parent(values.get("parent_id"), category_id)
        with translated({"uq_categories_business_id_name": _name_taken()}):
            if assign(row, values):
                db.session.flush()
                unit.record("category.updated", category=row.id)
        return _snapshot(row)


def delete(*, category_id: int, by: Actor) -> None:
    """Remove an empty category. Raises NotFound; Conflict while something is in it."""
    with transaction(by=by) as unit:
        row = find_row(Category, category_id, "category", lock=True)
        mine = current_business_id()
        inside = select(
            select(Product.id)
            .where(Product.business_id == mine, Product.category_id == row.id)
            .exists(),
            select(Category.id)
            .where(Category.business_id == mine, Category.parent_id == row.id)
            .exists(),
        )
        if any(db.session.execute(inside).one()):
            raise Conflict(say("There are products or categories in this one: move them first."))
        db.session.delete(row)
        db.session.flush()
        unit.record("category.deleted", category=category_id)


def id_of_name(name: str, *, by: Actor) -> int:
    """The category of this name (capitals do not matter), made when there is none."""
    named = select(Category.id).where(
        Category.business_id == current_business_id(),
        func.lower(Category.name) == func.lower(name),
    )
    found = db.session.scalar(named)
    if found is not None:
        return found
    with transaction(by=by) as unit:
        row = _insert({"name": name})
        if row is None:
            return int(db.session.scalar(named) or 0)
        unit.record("category.created", category=row.id)
        return row.id


def _insert(values: Mapping[str, Any]) -> Category | None:
    """The new row, or None when its name is taken: the transaction lives on."""
    statement = (
        insert(Category)
        .values(business_id=current_business_id(), **values)
        .on_conflict_do_nothing()
        .returning(Category)
    )
    return db.session.scalars(statement).first()


def _check_parent(parent_id: int | None, own_id: int | None) -> None:
    """The parent is there, and is neither the category itself nor inside it."""
    while parent_id is not None:
        if parent_id == own_id:
            refuse("/parent_id", say("A category cannot stand inside itself."))
        parent_id = find_row(Category, parent_id, "category", pointer="/parent_id").parent_id


def _name_taken() -> Conflict:
    return taken("/name", say("There is a category of this name already."))


def _snapshot(row: Category) -> CategorySnapshot:
    return CategorySnapshot(id=row.id, name=row.name, parent_id=row.parent_id)
