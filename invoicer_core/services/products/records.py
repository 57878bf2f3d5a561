"""The catalogue: what is sold, by which unit, at which price and tax."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ARRAY, Text, and_, any_, bindparam, func, select

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict, Forbidden
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import Page, ProductSnapshot
from invoicer_core.domain.trigrams import one_of
from invoicer_core.domain.units import unit_code
from invoicer_core.models import db
from invoicer_core.models.catalog import Category, Product, TaxRate
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import tax_rates
from invoicer_core.services.fields import (
    Check,
    check_fields,
    currency,
    flag,
    number,
    text,
    whole,
    written,
)
from invoicer_core.services.listing import (
    ID_MOST,
    Ordering,
    checked_limit,
    has_id,
    matches,
    read_page,
    search_words,
    within_days,
)
from invoicer_core.services.products import categories, stock
from invoicer_core.services.products.product_rows import load, snapshot, snapshots
from invoicer_core.services.products.stock import without_costs
from invoicer_core.services.rows import (
    assign,
    check_version,
    find_row,
    refuse,
    taken,
    touch,
    translated,
)
from invoicer_core.services.transaction import Unit, transaction

NOT_NEGATIVE: Final = number(Decimal(0))
CHECKS: Final[Mapping[str, Check]] = {
    "sku": text(64),
    "name": text(200),
    "description": text(5_000, lines=True),
    "category": categories.NAME,
    "category_id": whole(1, ID_MOST),
    "unit": written(unit_code, 30),
    "unit_price": NOT_NEGATIVE,
    "cost_price": NOT_NEGATIVE,
    "currency": currency,
    "tax_rate": tax_rates.PERCENT,
    "tax_rate_id": whole(1, ID_MOST),
    "stock_quantity": NOT_NEGATIVE,
    "low_stock_level": NOT_NEGATIVE,
    "is_active": flag,
}
SHOWN: Final = ("active", "inactive", "low_stock", "all")
FUZZY: Final = 0.4
"""How alike a word must be to be found although it is mistyped (0 to 1, word similarity)."""
MISTYPED: Final = 0.6
"""The same where meaning is searched as well: words that are less alike are other words, and only
push aside what means the same."""
_CALLED: Final = func.lower(func.coalesce(Product.sku, "") + " " + Product.name, type_=Text)
"""What mistyped words are compared with: ten times faster than with the description. The search
column holds it too, and its index finds those that are worth comparing."""
_ORDERING: Final = Ordering(
    Product.id,
    {
        "name": func.lower(Product.name, type_=Text),
        "sku": func.lower(func.coalesce(Product.sku, ""), type_=Text),
        "unit_price": Product.unit_price,
        "stock_quantity": func.coalesce(Product.stock_quantity, Decimal(0)),
        "created_at": Product.created_at,
    },
)
_REQUIRED: Final = ("name", "unit_price")
_FILLED: Final = {"unit": "C62", "is_active": True}


def create(*, fields: Mapping[str, Any], by: Actor) -> ProductSnapshot:
    """Add a product. ``tax_rate`` (a percentage) and ``category`` (a name) are found or made;
    ``stock_quantity`` becomes its first movement.

    Raises:
        InvalidInput: a pointer per wrong field.
        NotFound: no such category or tax rate.
        Conflict: the number is another product's (``/sku``).
    """
    values = _checked(fields, by)
    with transaction(by=by) as unit:
        quantity = values.pop("stock_quantity", None)
        _resolve(values, by)
        row = Product(business_id=current_business_id(), **_filled(values))
        with translated({"uq_products_sku": _sku_taken()}):
            db.session.add(row)
            db.session.flush()
        if quantity is not None:
            _count(unit, row, quantity, "initial stock")
        unit.publish("product.created", without_costs(snapshot(row)))
        unit.record("product.created", product=row.id)
        return snapshot(row)


def check(*, fields: Mapping[str, Any], by: Actor) -> None:
    """What `create` would refuse of these fields, without writing anything. Raises as it does."""
    _checked(fields, by)


def get(*, product_id: int) -> ProductSnapshot:
    """One product. Raises NotFound."""
    return snapshot(load(product_id))


def update(
    *, product_id: int, fields: Mapping[str, Any], by: Actor, expected_version: int | None = None
) -> ProductSnapshot:
    """Change the given fields; None empties one. Another ``stock_quantity`` is a correction.

    Raises:
        InvalidInput, NotFound, StaleVersion: as ever.
        Conflict: the number is another product's (``/sku``).
    """
    values = _checked(fields, by, partial=True)
    with transaction(by=by) as unit:
        row = load(product_id, lock=True)
        check_version(row, expected_version, "product", lambda: snapshot(row))
        counted = "stock_quantity" in values
        quantity = values.pop("stock_quantity", None)
        _resolve(values, by)
        with translated({"uq_products_sku": _sku_taken()}):
            changed = assign(row, _filled(values, partial=True))
            db.session.flush()
        if counted:
            _count(unit, row, quantity, "correction")
        if changed:
            unit.publish("product.updated", without_costs(snapshot(row)))
            unit.record("product.updated", product=row.id, fields=sorted(changed))
        return snapshot(row)


def delete(*, product_id: int, by: Actor) -> None:
    """Take a product out of the catalogue; documents that have it keep it. Raises NotFound."""
    with transaction(by=by) as unit:
        row = load(product_id, lock=True)
        row.deleted_at = datetime.now(UTC)
        touch(row)
        db.session.flush()
        unit.publish("product.archived", without_costs(snapshot(row)))
        unit.record("product.archived", product=row.id)


def find(
    *,
    q: str | None = None,
    status: str | None = None,
    category_id: int | None = None,
    start: date | None = None,
    end: date | None = None,
    sort: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Page[ProductSnapshot]:
    """Products, the newest first.

    Args:
        q: words that name, number or description hold.
        status: ``active``, ``inactive``, ``low_stock`` (of those that are active), or all without
            a wish.
        start, end: days on which they were added.
    """
    if status is not None and status not in SHOWN:
        refuse("/status", say("This is one of %(known)s.", known=", ".join(SHOWN)))
    low = and_(
        Product.is_active,
        Product.low_stock_level.is_not(None),
        Product.stock_quantity <= Product.low_stock_level,
    )
    conditions = {"active": Product.is_active, "inactive": ~Product.is_active, "low_stock": low}
    statement = select(Product).where(
        Product.business_id == current_business_id(),
        Product.deleted_at.is_(None),
        conditions.get(status or "all", and_(True)),
        matches(Product.search, q),
        has_id(Product.category_id, category_id),
        within_days(Product.created_at, start, end),
    )
    return read_page(statement, _ORDERING, snapshots, sort=sort, limit=limit, cursor=cursor)


def search(*, q: str, limit: int | None = None) -> tuple[ProductSnapshot, ...]:
    """Active products that fit, the best first; mistyped words are forgiven when nothing fits.

    Raises:
        InvalidInput: an empty search (``/q``), ``/limit``.
    """
    return among(product_ids=ranked(q=q, limit=limit) or alike(q=q, limit=limit))


def ranked(*, q: str, limit: int | None = None) -> list[int]:
    """The ids of active products that hold every word, the best first. Raises as `search`."""
    words = _sought(q)
    own = func.lower(words) == func.lower(func.coalesce(Product.sku, ""))
    there = _offered(select(Product.id), checked_limit(limit)).where(matches(Product.search, words))
    likeness = func.word_similarity(func.lower(words), _CALLED)
    return list(db.session.scalars(there.order_by(own.desc(), likeness.desc(), Product.id.desc())))


def alike(*, q: str, limit: int | None = None, least: float = FUZZY) -> list[int]:
    """The ids of active products whose name or number is at least so like what was typed, letter by
    letter, the likest first. Raises as `search`."""
    words = _sought(q)
    likeness = func.word_similarity(func.lower(words), _CALLED)
    pieces = [f"%{piece}%" for piece in one_of(words, least)]
    held = Product.search.like(any_(bindparam("pieces", pieces, ARRAY(Text)))) if pieces else True
    there = _offered(select(Product.id), checked_limit(limit)).where(held, likeness >= least)
    return list(db.session.scalars(there.order_by(likeness.desc(), Product.id.desc())))


def among(*, product_ids: Sequence[int]) -> tuple[ProductSnapshot, ...]:
    """Those of these products that are active, in the given order."""
    if not product_ids:
        return ()
    statement = _offered(select(Product), len(product_ids)).where(Product.id.in_(product_ids))
    found = {each.id: each for each in snapshots(db.session.scalars(statement).all())}
    return tuple(found[each] for each in product_ids if each in found)


def _sought(q: str) -> str:
    words = " ".join(search_words(q))
    if not words:
        refuse("/q", say("Say what to search for."))
    return words


def _offered(statement: Any, limit: int) -> Any:
    return statement.where(
        Product.business_id == current_business_id(),
        Product.deleted_at.is_(None),
        Product.is_active,
    ).limit(limit)


def _checked(fields: Mapping[str, Any], by: Actor, *, partial: bool = False) -> dict[str, Any]:
    values = check_fields(fields, CHECKS, required=_REQUIRED, partial=partial)
    for name, other in (("category", "category_id"), ("tax_rate", "tax_rate_id")):
        if values.get(name) is not None and values.get(other) is not None:
            refuse(
                f"/{name}",
                say("Send either %(name)s or %(other)s, not both.", name=name, other=other),
            )
    if "cost_price" in values and by.user_id is not None and not by.may("costs.read"):
        raise Forbidden(
            say("Your role does not see what products cost, so it cannot set it either.")
        )
    return values


def _resolve(values: dict[str, Any], by: Actor) -> None:
    """Names and percentages to ids; ids to ids that are there."""
    if "category" in values:
        name = values.pop("category")
        if name is not None or "category_id" not in values:
            values["category_id"] = None if name is None else categories.id_of_name(name, by=by)
    elif values.get("category_id") is not None:
        find_row(Category, values["category_id"], "category", pointer="/category_id")
    if "tax_rate" in values:
        percent = values.pop("tax_rate")
        if percent is not None or "tax_rate_id" not in values:
            found = None if percent is None else tax_rates.id_of_percent(percent, by=by)
            values["tax_rate_id"] = found
    elif values.get("tax_rate_id") is not None:
        find_row(TaxRate, values["tax_rate_id"], "tax rate", pointer="/tax_rate_id")


def _filled(values: Mapping[str, Any], *, partial: bool = False) -> dict[str, Any]:
    """Columns that are never empty get their start value."""
    filled = dict(values)
    for name, start in _FILLED.items():
        if filled.get(name) is None and (name in filled or not partial):
            filled[name] = start
    return filled


def _count(unit: Unit, row: Product, quantity: Decimal | None, reason: str) -> None:
    """Set the stock to what was counted; None: it is not counted any more."""
    before = row.stock_quantity
    if before == quantity:
        return
    difference = (quantity or Decimal(0)) - (before or Decimal(0))
    if difference:
        stock.record(unit, row, difference, reason)
    if quantity is None or before is None:
        row.stock_quantity = quantity
        db.session.flush()


def _sku_taken() -> Conflict:
    return taken("/sku", say("Another product has this number already."))
