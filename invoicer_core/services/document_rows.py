"""Items, tax groups and adjustments of a document: between the domain's values and rows.

Items go in as one JSON text that PostgreSQL takes apart (`json_to_recordset`): one parameter for
any number of lines, exact numbers, and a fraction of the object mapper's time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from invoicer_core.domain.document import (
    Adjustment,
    Document,
    Item,
    PriceDiscount,
    Rounding,
    Tax,
    TaxTotal,
    Totals,
    Withholding,
)
from invoicer_core.domain.snapshots import Identifier, InvoiceItemSnapshot, Party
from invoicer_core.hooks import codec

Record = Mapping[Any, Any]
"""A row by the names of its columns."""

ITEM_COLUMNS = (
    "position bigint, product_id bigint, description text, details text, sku text,"
    " quantity numeric, unit text, unit_price numeric, base_quantity numeric,"
    " period_start date, period_end date, adjustments jsonb, taxes jsonb,"
    " gross_amount numeric, total_price numeric, net_amount numeric"
)
TAX_COLUMNS = (
    "position bigint, name text, category text, rate numeric, base numeric, tax numeric,"
    " compound boolean, exemption_code text, exemption_text text"
)
PARTY_FIELDS = (
    "name", "legal_name", "email", "phone", "address", "city", "postcode", "region", "country",
    "vat_id", "tax_number", "registration", "electronic_address", "contact_name", "iban", "bic",
    "currency", "locale", "payment_terms_days",
)  # fmt: skip
TOTAL_FIELDS = (
    "subtotal", "discount_total", "charge_total", "net_total", "tax_total", "total_amount",
    "withheld_total", "prepaid_total", "rounding", "amount_due",
)  # fmt: skip


def items_json(document: Document, totals: Totals, ids: Sequence[int] | None = None) -> str:
    """The lines as a JSON text for `json_to_recordset` with ITEM_COLUMNS.

    Args:
        ids: those of the rows, where they were given beforehand.
    """
    rows = []
    for position, (item, sums) in enumerate(zip(document.items, totals.items, strict=True)):
        adjustments: dict[str, Any] = {}
        if item.price_discounts:
            adjustments["price_discounts"] = item.price_discounts
        if item.discounts:
            adjustments["discounts"] = item.discounts
        if item.charges:
            adjustments["charges"] = item.charges
        rows.append(
            {
                "id": ids[position] if ids else None,
                "position": position,
                "product_id": item.product_id,
                "description": item.description,
                "details": item.details,
                "sku": item.sku,
                "quantity": item.quantity,
                "unit": item.unit,
                "unit_price": item.unit_price,
                "base_quantity": item.base_quantity,
                "period_start": item.period_start,
                "period_end": item.period_end,
                "adjustments": adjustments,
                "taxes": item.taxes,
                "gross_amount": sums.gross_amount,
                "total_price": sums.total_price,
                "net_amount": sums.net_amount,
            }
        )
    return codec.dumps(rows)


def taxes_json(totals: Totals) -> str:
    """The tax groups as a JSON text for `json_to_recordset` with TAX_COLUMNS."""
    return codec.dumps(
        [
            {
                "position": position,
                "name": tax.name,
                "category": tax.category,
                "rate": tax.rate,
                "base": tax.base,
                "tax": tax.tax,
                "compound": tax.compound,
                "exemption_code": tax.exemption_code,
                "exemption_text": tax.exemption_text,
            }
            for position, tax in enumerate(totals.taxes)
        ]
    )


def adjustments_json(document: Document) -> str:
    """All of a document that is neither an item nor a column, as it was entered."""
    parts: dict[str, Any] = {
        "discounts": document.discounts,
        "charges": document.charges,
        "prepaid": document.prepaid,
        "withholding": document.withholding,
        "rounding": document.rounding,
    }
    return codec.dumps({name: value for name, value in parts.items() if value})


def item_snapshots(
    document: Document, totals: Totals, ids: Sequence[int]
) -> tuple[InvoiceItemSnapshot, ...]:
    """The lines as answered; ``ids`` are those of the rows, zeros in a preview."""
    return codec.Once(
        InvoiceItemSnapshot(
            id=row_id,
            description=item.description,
            quantity=item.quantity,
            unit_price=item.unit_price,
            total_price=sums.total_price,
            net_amount=sums.net_amount,
            gross_amount=sums.gross_amount,
            unit=item.unit,
            base_quantity=item.base_quantity,
            product_id=item.product_id,
            details=item.details,
            sku=item.sku,
            period_start=item.period_start,
            period_end=item.period_end,
            price_discounts=item.price_discounts,
            discounts=item.discounts,
            charges=item.charges,
            taxes=item.taxes,
        )
        for row_id, item, sums in zip(ids, document.items, totals.items, strict=True)
    )


def read_item(row: Record) -> InvoiceItemSnapshot:
    """A stored line."""
    adjustments = row["adjustments"]
    return InvoiceItemSnapshot(
        id=row["id"],
        description=row["description"],
        quantity=row["quantity"],
        unit_price=row["unit_price"],
        total_price=row["total_price"],
        net_amount=row["net_amount"],
        gross_amount=row["gross_amount"],
        unit=row["unit"],
        base_quantity=row["base_quantity"],
        product_id=row["product_id"],
        details=row["details"],
        sku=row["sku"],
        period_start=row["period_start"],
        period_end=row["period_end"],
        price_discounts=tuple(
            PriceDiscount(**_decimals(each, "amount", "percent"))
            for each in adjustments.get("price_discounts", ())
        ),
        discounts=read_adjustments(adjustments.get("discounts", ())),
        charges=read_adjustments(adjustments.get("charges", ())),
        taxes=tuple(read_tax(each) for each in row["taxes"]),
    )


def read_tax(value: Mapping[str, Any]) -> Tax:
    """A tax out of JSON."""
    return Tax(**_decimals(value, "rate"))


def read_adjustments(values: Sequence[Mapping[str, Any]]) -> tuple[Adjustment, ...]:
    """Discounts or charges out of JSON."""
    return tuple(
        Adjustment(
            **{
                **_decimals(each, "amount", "percent", "base"),
                "tax": read_tax(each["tax"]) if each.get("tax") else None,
            }
        )
        for each in values
    )


def read_tax_total(row: Record) -> TaxTotal:
    """A stored tax group."""
    return TaxTotal(
        name=row["name"],
        category=row["category"],
        rate=row["rate"],
        base=row["base"],
        tax=row["tax"],
        compound=row["compound"],
        exemption_code=row["exemption_code"],
        exemption_text=row["exemption_text"],
    )


def read_extras(adjustments: Mapping[str, Any]) -> dict[str, Any]:
    """Discounts, charges, prepaid, withholding and the rounding rule of a stored document."""
    rounding = adjustments.get("rounding")
    return {
        "discounts": read_adjustments(adjustments.get("discounts", ())),
        "charges": read_adjustments(adjustments.get("charges", ())),
        "prepaid": tuple(Decimal(amount) for amount in adjustments.get("prepaid", ())),
        "withholding": tuple(
            Withholding(**_decimals(each, "rate")) for each in adjustments.get("withholding", ())
        ),
        "rounding": Rounding(**_decimals(rounding, "increment", "amount")) if rounding else None,
    }


def read_party(value: Mapping[str, Any] | None) -> Party | None:
    """A frozen party out of JSON."""
    if value is None:
        return None
    fields = dict(value)
    for name in ("registration", "electronic_address"):
        if fields.get(name):
            fields[name] = Identifier(**fields[name])
    return Party(**fields)


def document_of(
    currency: str, prices_include_tax: bool, items: Sequence[InvoiceItemSnapshot], extras: Any
) -> Document:
    """What decides the totals, out of a stored document: to compute anew, copy or credit it."""
    return Document(
        currency=currency,
        prices_include_tax=prices_include_tax,
        items=tuple(
            Item(
                description=item.description,
                quantity=item.quantity,
                unit_price=item.unit_price,
                base_quantity=item.base_quantity,
                unit=item.unit,
                product_id=item.product_id,
                price_discounts=item.price_discounts,
                discounts=item.discounts,
                charges=item.charges,
                taxes=item.taxes,
                details=item.details,
                sku=item.sku,
                period_start=item.period_start,
                period_end=item.period_end,
            )
            for item in items
        ),
        **extras,
    )


def totals_dict(totals: Totals) -> dict[str, Any]:
    """The sums by the names of their columns."""
    return {name: getattr(totals, name) for name in TOTAL_FIELDS}


def party_dict(party: Party) -> dict[str, Any]:
    """A party's fields without those that have no value."""
    return {k: v for k, v in asdict(party).items() if v is not None and k in PARTY_FIELDS}


def _decimals(value: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """JSON numbers without a fraction arrive as int; money is Decimal."""
    return {
        key: Decimal(item) if key in names and item is not None else item
        for key, item in value.items()
    }
