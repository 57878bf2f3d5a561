"""A business to look at: seeded through the services, so that everything in it is real.

Its PDFs and mails are made by the worker, like anybody's.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.calendar import local_day
from invoicer_core.domain.document import Adjustment, Document, Item, Tax
from invoicer_core.domain.drafts import CreditNoteDraft, InvoiceDraft, PaymentDraft
from invoicer_core.domain.snapshots import InvoiceSnapshot
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import (
    businesses,
    clients,
    credit_notes,
    invoices,
    orders,
    payments,
    products,
)
from invoicer_core.services.buying import suppliers
from invoicer_core.services.demo import buying
from invoicer_core.services.demo.year import NEW_CLIENTS, YEAR, Goods, looks
from invoicer_core.services.identity import users
from invoicer_core.services.transaction import transaction

BUSINESS: Final[dict[str, Any]] = {
    "name": "Lindenhof Werkstatt",
    "legal_name": "Lindenhof Werkstatt GmbH",
    "email": "office@demo.test",
    "phone": "+49 30 5550100",
    "address": "Lindenstraße 12",
    "city": "Berlin",
    "postcode": "10969",
    "country": "DE",
    "vat_id": "DE136695976",
    "tax_number": "30/123/45678",
    "iban": "DE02120300000000202051",
    "bic": "BYLADEM1001",
    "currency": "EUR",
    "locale": "en_GB",
    "time_zone": "Europe/Berlin",
    "payment_terms_days": 14,
    "color": "#1f6f5c",
}
CLIENTS: Final[tuple[dict[str, Any], ...]] = (
    {"name": "Café Morgenrot", "email": "books@morgenrot.test", "city": "Berlin",
     "postcode": "10435", "country": "DE", "address": "Kastanienallee 85", "locale": "de_DE"},
    {"name": "Hafenkontor Lager & Logistik", "email": "invoices@hafenkontor.test",
     "city": "Hamburg", "postcode": "20457", "country": "DE", "address": "Am Sandtorkai 30",
     "vat_id": "DE129273398", "locale": "de_DE", "payment_terms_days": 30},
    {"name": "Atelier Bellerive", "email": "compta@bellerive.test", "city": "Lyon",
     "postcode": "69002", "country": "FR", "address": "18 quai Saint-Antoine",
     "vat_id": "FR40303265045", "locale": "fr_FR"},
    {"name": "Harbour Street Books", "email": "accounts@harbourstreet.test", "city": "Galway",
     "postcode": "H91 E2K4", "country": "IE", "address": "4 Harbour Street", "locale": "en_IE"},
    {"name": "Kiefer Architekten", "email": "buero@kiefer.test", "city": "Wien",
     "postcode": "1070", "country": "AT", "address": "Burggasse 51", "locale": "de_AT",
     "vat_id": "ATU13585627"},
    {"name": "Panadería del Puerto", "email": "facturas@delpuerto.test", "city": "Valencia",
     "postcode": "46002", "country": "ES", "address": "Carrer de la Pau 9", "locale": "es_ES"},
)  # fmt: skip
PRODUCTS: Final[tuple[dict[str, Any], ...]] = (
    {"sku": "OAK-TAB-180", "name": "Oak table 180 cm", "category": "Furniture", "unit": "C62",
     "unit_price": Decimal("890.00"), "cost_price": Decimal("420.00"), "tax_rate": Decimal(19),
     "stock_quantity": Decimal(7), "low_stock_level": Decimal(3)},
    {"sku": "OAK-SHELF", "name": "Wall shelf, oak", "category": "Furniture", "unit": "C62",
     "unit_price": Decimal("129.00"), "cost_price": Decimal("48.00"), "tax_rate": Decimal(19),
     "stock_quantity": Decimal(24), "low_stock_level": Decimal(5)},
    {"sku": "OIL-1L", "name": "Hard wax oil", "category": "Care", "unit": "LTR",
     "unit_price": Decimal("38.50"), "cost_price": Decimal("19.20"), "tax_rate": Decimal(19),
     "stock_quantity": Decimal(2), "low_stock_level": Decimal(5)},
    {"sku": "WORK-H", "name": "Workshop hour", "category": "Services", "unit": "HUR",
     "unit_price": Decimal("74.00"), "tax_rate": Decimal(19)},
    {"sku": "BOOK-CARE", "name": "The little book of wood care", "category": "Care",
     "unit": "C62", "unit_price": Decimal("14.95"), "cost_price": Decimal("6.10"),
     "tax_rate": Decimal(7), "stock_quantity": Decimal(80)},
)  # fmt: skip
FULL: Final = Tax("S", Decimal(19), "VAT")
REDUCED: Final = Tax("S", Decimal(7), "VAT")
TABLE: Final = Item("Oak table 180 cm", Decimal(1), Decimal("890.00"), taxes=(FULL,))
SHELVES: Final = Item("Wall shelf, oak", Decimal(4), Decimal("129.00"), taxes=(FULL,))
WORK: Final = Item(
    "Measuring, delivery and assembly", Decimal("6.5"), Decimal("74.00"), unit="HUR", taxes=(FULL,)
)
OIL: Final = Item("Hard wax oil", Decimal(3), Decimal("38.50"), unit="LTR", taxes=(FULL,))
BOOK: Final = Item("The little book of wood care", Decimal(12), Decimal("14.95"), taxes=(REDUCED,))
GOODS: Final[dict[Goods, Item]] = {
    "table": TABLE, "shelves": SHELVES, "work": WORK, "oil": OIL, "book": BOOK,
}  # fmt: skip
SKUS: Final[dict[Goods, str]] = {
    "table": "OAK-TAB-180", "shelves": "OAK-SHELF", "work": "WORK-H", "oil": "OIL-1L",
    "book": "BOOK-CARE",
}  # fmt: skip
_NAMES: Final = {item.description: name for name, item in GOODS.items()}
CLIENT: Final = Actor("portal", label="client")


@dataclass(frozen=True, slots=True)
class _Sale:
    """One invoice of the demo: to which client, how many days ago, what, and how far it got."""

    client: int
    days_ago: int
    items: tuple[Item, ...]
    ends: str
    discount: Decimal | None = None


SALES: Final = (
    _Sale(0, 74, (TABLE, WORK), "paid"),
    _Sale(1, 61, (SHELVES, WORK, OIL), "paid", Decimal(5)),
    _Sale(3, 48, (BOOK,), "paid"),
    _Sale(4, 40, (TABLE, TABLE, WORK), "overdue"),
    _Sale(2, 33, (SHELVES,), "part-paid"),
    _Sale(5, 29, (OIL, BOOK), "credited"),
    _Sale(0, 26, (WORK,), "overdue"),
    _Sale(1, 12, (TABLE, SHELVES, BOOK), "part-paid", Decimal(3)),
    _Sale(3, 9, (BOOK, OIL), "void"),
    _Sale(4, 5, (SHELVES, WORK), "sent"),
    _Sale(2, 2, (TABLE, OIL), "sent"),
    _Sale(5, 1, (BOOK,), "paid"),
    _Sale(0, 0, (SHELVES, OIL), "draft"),
    _Sale(3, 0, (TABLE, BOOK, WORK), "draft", Decimal(10)),
)


def seed(*, email: str, password: str) -> bool:
    """Make the demo's owner and business with some months of work; False when they are there.

    Args:
        email, password: what its owner signs in with.
    """
    if users.by_email(email) is not None:
        return False
    users.register(email=email, password=password, business=dict(BUSINESS))
    owner = users.by_email(email)
    assert owner is not None  # noqa: S101 - registered above
    by = Actor("user", owner.id, "owner", email)
    (business,) = businesses.of_user(user_id=owner.id)
    with enter_business(business.id):
        _fill(by, local_day(business.time_zone, datetime.now(UTC)))
    return True


def _fill(by: Actor, today: date) -> None:
    made_of = {fields["sku"]: _stocked(fields, by) for fields in PRODUCTS}
    known = [clients.create(fields=each, by=by).id for each in (*CLIENTS, *NEW_CLIENTS)]
    _fill_year(made_of, known, today, by)
    supplier = {"name": "Forstgut Eichenau", "email": "holz@eichenau.test", "country": "DE"}
    buying.fill(suppliers.create(fields=supplier, by=by).id, today, by)
    for sale in SALES:
        _sell(_of_products(sale, made_of), known[sale.client], today, by)
    ordered = [
        {"product_name": "Oak table 180 cm", "quantity": Decimal(2), "unit_price": Decimal(890)},
        {"product_name": "Hard wax oil", "quantity": Decimal(2), "unit_price": Decimal("38.50")},
    ]
    orders.create(fields={"client_id": known[1], "items": ordered}, by=by)


def _fill_year(made_of: dict[str, int], known: list[int], today: date, by: Actor) -> None:
    """The months before, in two transactions: what the business did, what its clients looked at."""
    sold = []
    with transaction(by=by):
        for past in YEAR:
            items = tuple(
                replace(GOODS[each], product_id=made_of[SKUS[each]]) for each in past.goods
            )
            sale = _Sale(past.client, past.days_ago, items, past.ends)
            sold.append(_sell(sale, known[past.client], today, by))
    with transaction(by=CLIENT):
        for number, made in enumerate(sold):
            if number % 5:
                invoices.mark_viewed(invoice_id=made.id, by=CLIENT)
                looks(made, number, BUSINESS["time_zone"], today)


def _stocked(fields: dict[str, Any], by: Actor) -> int:
    """A product with so many pieces that its stock is right after all that is sold of it."""
    sku = fields["sku"]
    goods = [GOODS[each] for past in YEAR for each in past.goods if SKUS[each] == sku]
    goods += [
        item
        for sale in SALES
        for item in sale.items
        if sale.ends not in ("draft", "void") and SKUS[_NAMES[item.description]] == sku
    ]
    if "stock_quantity" in fields:
        sold = sum((item.quantity for item in goods), Decimal(0))
        fields = {**fields, "stock_quantity": fields["stock_quantity"] + sold}
    return products.create(fields=fields, by=by).id


def _of_products(sale: _Sale, made_of: dict[str, int]) -> _Sale:
    """The sale with each line tied to the product that it sells."""
    items = tuple(
        replace(item, product_id=made_of[SKUS[_NAMES[item.description]]]) for item in sale.items
    )
    return replace(sale, items=items)


def _sell(sale: _Sale, client_id: int, today: date, by: Actor) -> InvoiceSnapshot:
    issue_date = today - timedelta(days=sale.days_ago)
    discounts: tuple[Adjustment, ...] = ()
    if sale.discount is not None:
        discounts = (Adjustment(percent=sale.discount, reason="Loyalty discount", spread=True),)
    draft = InvoiceDraft(
        document=Document("EUR", sale.items, discounts=discounts),
        client_id=client_id,
        issue_date=None if sale.ends == "draft" else issue_date,
        notes="Thank you for your order.",
    )
    made = invoices.create(draft=draft, by=by, issue=sale.ends != "draft")
    _end(sale, made, by)
    return made


def _end(sale: _Sale, made: InvoiceSnapshot, by: Actor) -> None:
    today = datetime.now(UTC).date()
    late = 2 + sale.days_ago % 25 if sale.ends == "late" else -(sale.days_ago % 11)
    received = min((made.due_date or today) + timedelta(days=late), today)
    if sale.ends in ("paid", "late", "part-paid"):
        half = (made.balance_due / 2).quantize(Decimal("0.01"))
        amount = half if sale.ends == "part-paid" else made.balance_due
        payment = PaymentDraft(
            amount=amount,
            invoice_id=made.id,
            date=received,
            reference=made.invoice_number,
        )
        payments.record(draft=payment, by=by)
    elif sale.ends == "credited":
        part = Document("EUR", (made_item(made),))
        credit_notes.create(
            draft=CreditNoteDraft(invoice_id=made.id, document=part, reason="One bottle leaked"),
            by=by,
        )
    elif sale.ends == "void":
        invoices.void(invoice_id=made.id, reason="Written for the wrong client", by=by)


def made_item(made: InvoiceSnapshot) -> Item:
    """One piece of the invoice's first line."""
    first = made.items[0]
    return Item(
        first.description,
        Decimal(1),
        first.unit_price,
        unit=first.unit,
        taxes=first.taxes,
        product_id=first.product_id,
    )
