"""The invoice editor's form: typed text, read into an `InvoiceDraft`.

What the editor does not show of a stored draft is taken over from it unchanged, so that editing
here never loses what the API put there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from babel import Locale
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from invoicer_core.domain.document import Document
from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.domain.errors import InvoicerError
from invoicer_core.domain.snapshots import (
    InvoiceItemSnapshot,
    InvoiceSnapshot,
    TaxRateSnapshot,
)
from invoicer_core.web import formats
from invoicer_core.web.forms import extras, rows
from invoicer_core.web.forms.extras import Extra
from invoicer_core.web.forms.reading import Form, shown_number
from invoicer_core.web.forms.rows import Row

MOST_ROWS: Final = 500
NEW_CLIENT: Final = (
    "new_name", "new_email", "new_address", "new_postcode", "new_city", "new_country",
)  # fmt: skip
_REPEATED: Final = frozenset((*rows.COLUMNS.values(), *extras.COLUMNS.values()))


@dataclass
class InvoiceForm(Form):
    """The whole editor. ``extras`` None: the form that was sent did not hold that part."""

    rows: list[Row] = field(default_factory=list)
    extras: list[Extra] | None = None
    hint: str | None = None
    keeps_more: bool = False
    """The stored draft has parts that the editor does not show."""

    @classmethod
    def of_request(cls, sent: MultiDict[str, str], locale: Locale) -> "InvoiceForm":
        """As the browser sent it; rows are the repeated fields, in their order."""
        values = {name: value.strip() for name, value in sent.items() if name not in _REPEATED}
        form = cls(values, locale=locale, rows=rows.rows_of_request(sent, MOST_ROWS))
        form.extras = extras.extras_of_request(sent)
        if len(sent.getlist(rows.COLUMNS["key"])) > MOST_ROWS:
            form.fail("items", _("At most %(count)s items.", count=MOST_ROWS))
        return form

    @classmethod
    def empty(cls, locale: Locale, *, currency: str, tax: str) -> "InvoiceForm":
        """For a new invoice: one row, today."""
        values = {
            "currency": currency, "issue_date": formats.today().isoformat(),
            "discount_kind": "percent",
        }  # fmt: skip
        return cls(values, locale=locale, rows=[Row(tax=tax)], extras=[])

    @classmethod
    def of_invoice(
        cls, invoice: InvoiceSnapshot, rates: Sequence[TaxRateSnapshot], locale: Locale
    ) -> "InvoiceForm":
        """For editing a stored draft."""
        off = rows.simple_adjustment(invoice.discounts)
        values = {
            "client": str(invoice.client_id),
            "currency": invoice.currency,
            "issue_date": invoice.issue_date.isoformat() if invoice.issue_date else "",
            "due_date": invoice.due_date.isoformat() if invoice.due_date else "",
            "purchase_order": invoice.purchase_order or "",
            "payment_terms": invoice.payment_terms or "",
            "notes": invoice.notes or "",
            "internal_note": invoice.internal_note or "",
            "prices_include_tax": "1" if invoice.prices_include_tax else "",
            "version": str(invoice.version),
            "discount_kind": "amount" if off and off.amount is not None else "percent",
            "discount": shown_number(rows.size_of(off), locale),
            **extras.deduction_values(invoice, locale),
        }
        form = cls(values, locale=locale, extras=extras.extras_of(invoice, rates, locale))
        form.rows = [rows.row_of(item, rates, locale) for item in invoice.items]
        form.keeps_more = (
            extras.unseen_deductions(invoice)
            or any(row.kept_tax for row in form.rows)
            or not all(rows.shows_all(item) for item in invoice.items)
        )
        return form

    @property
    def used_rows(self) -> list[Row]:
        """The rows in which something was typed."""
        return [row for row in self.rows if not row.blank]

    def draft(
        self,
        rates: Sequence[TaxRateSnapshot],
        stored: InvoiceSnapshot | None = None,
        more_items: Sequence[InvoiceItemSnapshot] = (),
    ) -> InvoiceDraft:
        """The draft that was typed; look at `ok` before using it.

        Args:
            stored: the draft that the form was filled from.
            more_items: stored items of other versions of it, of which rows were taken.
        """
        by_id = {str(rate.id): rate for rate in rates}
        known = {str(item.id): item for item in (*(stored.items if stored else ()), *more_items)}
        document = Document(
            currency=self.text("currency", required=True, longest=3) or "",
            items=tuple(
                rows.item_of(self, row, by_id, known.get(row.item_id)) for row in self.used_rows
            ),
            prices_include_tax=bool(self.get("prices_include_tax")),
        )
        client_id, client = self._client()
        draft = InvoiceDraft(
            document=extras.adjusted(self, document, self.extras, by_id, stored),
            client_id=client_id,
            client=client,
            issue_date=self.date("issue_date"),
            due_date=self.date("due_date"),
            purchase_order=self.text("purchase_order", longest=100),
            payment_terms=self.text("payment_terms", longest=500),
            notes=self.text("notes", longest=4000),
            internal_note=self.text("internal_note", longest=4000),
        )
        return draft if stored is None else self._with_unseen(draft, stored)

    def _with_unseen(self, draft: InvoiceDraft, stored: InvoiceSnapshot) -> InvoiceDraft:
        shown = "payment_terms" in self.values
        return replace(
            draft,
            order_id=stored.order_id,
            buyer_reference=stored.buyer_reference,
            payment_terms=draft.payment_terms if shown else stored.payment_terms,
            payment_means=stored.payment_means,
            exchange_rate=stored.exchange_rate,
            tags=stored.tags,
            plugins=stored.plugins,
        )

    def refuse_draft(self, error: InvoicerError) -> None:
        """Put a service's refusal beside the row or field it is about."""
        names = {
            f"/items/{at}/{theirs}": f"{ours}-{row.key}"
            for at, row in enumerate(self.used_rows)
            for theirs, ours in rows.POINTERS.items()
        }
        names |= {f"/items/{at}": f"description-{row.key}" for at, row in enumerate(self.used_rows)}
        names |= {"/client_id": "client", "/client": "client", "/items": "items",
                  "/client/name": "new_name", "/client/email": "new_email",
                  "/prepaid/0": "prepaid", "/withholding/0/rate": "withholding",
                  "/rounding/increment": "rounding"}  # fmt: skip
        names |= self._extra_names()
        self.refuse(error, names)

    def _extra_names(self) -> dict[str, str]:
        typed = [each for each in self.extras or () if not each.blank]
        places = {"discount": ["discount"] if self.get("discount") else [], "charge": []}
        for each in typed:
            places[each.kind].append(f"extra-{each.key}")
        return {
            f"/{kind}s/{at}{part}": name
            for kind, found in places.items()
            for at, name in enumerate(found)
            for part in ("", "/percent", "/amount", "/tax", "/spread")
        }

    def _client(self) -> tuple[int | None, dict[str, str] | None]:
        chosen = self.get("client")
        if chosen == "new":
            party = {
                "name": self.text("new_name", required=True),
                "email": self.email("new_email"),
                "address": self.text("new_address"),
                "postcode": self.text("new_postcode", longest=20),
                "city": self.text("new_city"),
                "country": self.text("new_country", longest=2),
            }
            return None, {name: value for name, value in party.items() if value}
        if chosen.isascii() and chosen.isdigit() and len(chosen) < 19:
            return int(chosen), None
        self.fail("client", _("Choose a client, or add a new one."))
        return None, None
