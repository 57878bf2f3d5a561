"""Bodies of invoices and credit notes, and their way into the domain's drafts."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from invoicer_core.api.schemas.base import (
    LEFT_OUT,
    Body,
    Day,
    Flag,
    Id,
    Number,
    Positive,
    Quantity,
    Stored,
    Text20,
    Text40,
    Text100,
    Text200,
    Text500,
    Text2000,
    Text10000,
    decimal_schema,
    read_decimal,
)
from invoicer_core.api.schemas.messages import ChannelName
from invoicer_core.api.schemas.parties import Currency, PartyFields
from invoicer_core.domain import document as domain
from invoicer_core.domain.drafts import CreditNoteDraft, InvoiceDraft

MOST_ITEMS = 1000
MOST_PARTS = 50

Category = Literal["S", "Z", "E", "AE", "K", "G", "O", "L", "M"]
Description = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=2000), Stored]
Percent = Annotated[
    Decimal,
    BeforeValidator(read_decimal),
    Field(ge=0, le=100),
    WithJsonSchema(decimal_schema("0", "100")),
]
Rate = Annotated[
    Decimal,
    BeforeValidator(read_decimal),
    Field(ge=0, le=1000),
    WithJsonSchema(decimal_schema("0", "1000")),
]
AboveZero = Annotated[Quantity, Field(gt=0), WithJsonSchema(decimal_schema("0.0001"))]
_ONE_OF: dict[str, Any] = {"oneOf": [{"required": ["amount"]}, {"required": ["percent"]}]}
_WHOM: list[Any] = [
    {"required": ["client_id"], "properties": {"client_id": {"type": "integer"}}},
    {"required": ["client"], "properties": {"client": {"type": "object"}}},
]
_BASE: dict[str, Any] = {"base": ["percent"]}

Reason = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=500), Stored]


class TaxInput(Body):
    """One tax: category (EN 16931 BT-151), rate in percent (BT-152)."""

    category: Category = "S"
    rate: Rate = Decimal(0)
    name: Text100 = "VAT"
    compound: Flag = False
    exemption_code: Text40 | None = None
    exemption_text: Text500 | None = None

    def tax(self) -> domain.Tax:
        """The domain's form."""
        return domain.Tax(**self.model_dump())


class PriceDiscountInput(Body):
    """Off the unit price: an amount, or a percentage."""

    model_config = ConfigDict(json_schema_extra=_ONE_OF)

    amount: Positive = LEFT_OUT
    percent: Percent = LEFT_OUT


class LineAdjustmentInput(Body):
    """A discount or charge of a line: an amount, or a percentage of ``base`` (the line's gross
    without one)."""

    model_config = ConfigDict(json_schema_extra={**_ONE_OF, "dependentRequired": _BASE})

    amount: Number = LEFT_OUT
    percent: Percent = LEFT_OUT
    base: Number | None = None
    reason: Text500 | None = None
    reason_code: Text20 | None = None

    def adjustment(self) -> domain.Adjustment:
        """The domain's form."""
        return domain.Adjustment(**self.model_dump())


class AdjustmentInput(LineAdjustmentInput):
    """A discount or charge of the document; of one ``tax`` group, or ``spread`` over all."""

    tax: TaxInput | None = None
    spread: Flag = False

    def adjustment(self) -> domain.Adjustment:
        """The domain's form."""
        plain = self.model_dump(exclude={"tax"})
        return domain.Adjustment(**plain, tax=self.tax.tax() if self.tax else None)


class WithholdingInput(Body):
    """Tax that the client keeps back, in percent of ``on``."""

    rate: Percent
    on: Literal["net", "gross", "items"] = "net"
    name: Text100 | None = None


class RoundingInput(Body):
    """Of the amount due: to a cash increment, or by a stated amount."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["increment"]}, {"required": ["amount"]}]}
    )

    increment: AboveZero = LEFT_OUT
    amount: Number = LEFT_OUT


class ItemInput(Body):
    """One line. ``unit`` is a code of UN/ECE Recommendation 20 (C62: pieces, HUR: hours)."""

    description: Description
    quantity: Quantity
    unit_price: Positive
    base_quantity: AboveZero = Decimal(1)
    unit: Text20 | None = None
    product_id: Id | None = None
    price_discounts: Annotated[list[PriceDiscountInput], Field(max_length=MOST_PARTS)] = Field(
        default_factory=list
    )
    discounts: Annotated[list[LineAdjustmentInput], Field(max_length=MOST_PARTS)] = Field(
        default_factory=list
    )
    charges: Annotated[list[LineAdjustmentInput], Field(max_length=MOST_PARTS)] = Field(
        default_factory=list
    )
    taxes: Annotated[list[TaxInput], Field(max_length=MOST_PARTS)] = Field(default_factory=list)
    tax_rate_id: Id | None = None
    details: Text10000 | None = None
    sku: Text100 | None = None
    period_start: Day | None = None
    period_end: Day | None = None

    def item(self) -> domain.Item:
        """The domain's form."""
        return domain.Item(
            description=self.description,
            quantity=self.quantity,
            unit_price=self.unit_price,
            base_quantity=self.base_quantity,
            unit=self.unit or "C62",
            product_id=self.product_id,
            price_discounts=tuple(
                domain.PriceDiscount(each.amount, each.percent) for each in self.price_discounts
            ),
            discounts=tuple(each.adjustment() for each in self.discounts),
            charges=tuple(each.adjustment() for each in self.charges),
            taxes=tuple(each.tax() for each in self.taxes),
            tax_rate_id=self.tax_rate_id,
            details=self.details,
            sku=self.sku,
            period_start=self.period_start,
            period_end=self.period_end,
        )


class DocumentFields(Body):
    """What decides the totals, besides the items."""

    currency: Currency | None = None
    prices_include_tax: Flag = False
    discounts: Annotated[list[AdjustmentInput], Field(max_length=MOST_PARTS)] = Field(
        default_factory=list
    )
    charges: Annotated[list[AdjustmentInput], Field(max_length=MOST_PARTS)] = Field(
        default_factory=list
    )
    prepaid: Annotated[list[Positive], Field(max_length=MOST_PARTS)] = Field(default_factory=list)
    withholding: Annotated[list[WithholdingInput], Field(max_length=MOST_PARTS)] = Field(
        default_factory=list
    )
    rounding: RoundingInput | None = None
    expected_total: Number | None = None

    def document(self, items: list[ItemInput]) -> domain.Document:
        """The domain's form; an empty currency means the client's or business's own."""
        rounding = self.rounding
        return domain.Document(
            currency=(self.currency or "").upper(),
            items=tuple(each.item() for each in items),
            prices_include_tax=self.prices_include_tax,
            discounts=tuple(each.adjustment() for each in self.discounts),
            charges=tuple(each.adjustment() for each in self.charges),
            prepaid=tuple(self.prepaid),
            withholding=tuple(
                domain.Withholding(each.rate, each.on, each.name) for each in self.withholding
            ),
            rounding=domain.Rounding(rounding.increment, rounding.amount) if rounding else None,
        )


class InvoiceTexts(Body):
    """What an invoice says besides items and sums."""

    issue_date: Day | None = None
    due_date: Day | None = None
    order_id: Id | None = None
    buyer_reference: Text200 | None = None
    purchase_order: Text200 | None = None
    payment_terms: Text2000 | None = None
    payment_means: Text40 | None = None
    notes: Text10000 | None = None
    internal_note: Text10000 | None = None
    tags: Annotated[list[Text40], Field(max_length=MOST_PARTS)] = Field(default_factory=list)
    exchange_rate: Positive | None = None
    plugins: dict[Text40, dict[str, Any]] = Field(default_factory=dict)


class ClientInline(PartyFields):
    """A client by its fields: found by e-mail address, else made."""

    name: Text200 | None = None
    buyer_reference: Text200 | None = None
    notes: Text10000 | None = None


class InvoiceInput(DocumentFields, InvoiceTexts):
    """A new invoice: ``client_id``, or ``client`` to find one by e-mail or make one."""

    model_config = ConfigDict(json_schema_extra={"anyOf": _WHOM})

    client_id: Id | None = None
    client: ClientInline | None = None
    items: Annotated[list[ItemInput], Field(max_length=MOST_ITEMS)]
    issue: Flag = False
    send: Flag = False

    def draft(self) -> InvoiceDraft:
        """What the service takes."""
        return InvoiceDraft(
            document=self.document(self.items),
            client_id=self.client_id,
            client=self.client.sent() if self.client else None,
            **texts_of(self),
            expected_total=self.expected_total,
        )


class InvoicePreview(InvoiceInput):
    """As a new invoice; a client may be left out."""

    model_config = ConfigDict(json_schema_extra=None)


def texts_of(body: InvoiceTexts) -> dict[str, Any]:
    """The texts and dates, as the draft's fields."""
    found = {name: getattr(body, name) for name in InvoiceTexts.model_fields}
    return {**found, "tags": tuple(found["tags"])}


class InvoiceChange(Body):
    """A change of an invoice. Of an issued one only status, due date, internal note, tags,
    reminders and plugins' data can change; lists and objects replace what was there."""

    status: Literal["draft", "sent", "paid", "overdue"] | None = None
    client_id: Id | None = None
    items: Annotated[list[ItemInput], Field(max_length=MOST_ITEMS)] | None = None
    currency: Currency | None = None
    prices_include_tax: Flag | None = None
    discounts: Annotated[list[AdjustmentInput], Field(max_length=MOST_PARTS)] | None = None
    charges: Annotated[list[AdjustmentInput], Field(max_length=MOST_PARTS)] | None = None
    prepaid: Annotated[list[Positive], Field(max_length=MOST_PARTS)] | None = None
    withholding: Annotated[list[WithholdingInput], Field(max_length=MOST_PARTS)] | None = None
    rounding: RoundingInput | None = None
    expected_total: Number | None = None
    issue_date: Day | None = None
    due_date: Day | None = None
    order_id: Id | None = None
    buyer_reference: Text200 | None = None
    purchase_order: Text200 | None = None
    payment_terms: Text2000 | None = None
    payment_means: Text40 | None = None
    notes: Text10000 | None = None
    internal_note: Text10000 | None = None
    tags: Annotated[list[Text40], Field(max_length=MOST_PARTS)] | None = None
    exchange_rate: Positive | None = None
    reminders_stopped: Flag | None = None
    plugins: dict[Text40, dict[str, Any]] | None = None


class ReasonInput(Body):
    """Why."""

    reason: Reason


class SendInput(Body):
    """Over which channel and to whom; by e-mail to the client without a wish."""

    channel: ChannelName = "email"
    recipient: (
        Annotated[str, StringConstraints(strict=True, min_length=3, max_length=320), Stored] | None
    ) = None


class CreditNoteFields(DocumentFields):
    """A credit of an invoice; without items it credits all that is not credited yet."""

    items: Annotated[list[ItemInput], Field(max_length=MOST_ITEMS)] | None = None
    client_id: Id | None = None
    issue_date: Day | None = None
    reason: Text500 | None = None
    notes: Text10000 | None = None
    settlement: Literal["refund", "credit", "out_of_band"] = "credit"

    def draft(self, invoice_id: int) -> CreditNoteDraft:
        """What the service takes."""
        return CreditNoteDraft(
            invoice_id=invoice_id,
            document=None if not self.items else self.document(self.items),
            issue_date=self.issue_date,
            reason=self.reason,
            notes=self.notes,
            settlement=self.settlement,
            expected_total=self.expected_total,
        )


class CreditNoteInput(CreditNoteFields):
    """A credit note, with the invoice it is for."""

    invoice_id: Id
