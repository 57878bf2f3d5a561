"""What the editor says of the whole document beside its lines: discounts, charges, deductions.

Each is typed text that keeps a mark of the stored part it shows, so that what the editor does not
show of it (a base, a reason's code) stays. A part that was not sent at all stays as it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from secrets import token_hex
from typing import Final

from babel import Locale
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from invoicer_core.domain.document import Adjustment, Document, Rounding, Withholding
from invoicer_core.domain.snapshots import InvoiceSnapshot, TaxRateSnapshot
from invoicer_core.web.forms.reading import Form, shown_number
from invoicer_core.web.forms.rows import (
    HUNDRED,
    safe_key,
    simple_adjustment,
    size_of,
    tax_of,
    tax_words,
)

MARK: Final = "extras"
MOST: Final = 20
MOST_PERCENT: Final = Decimal(1000)
INCREMENTS: Final = ("0.05", "0.10", "0.50", "1")
BASES: Final = ("net", "gross", "items")
COLUMNS: Final = {
    "key": "extra-key", "kind": "extra-kind", "size": "extra-size", "unit": "extra-unit",
    "reason": "extra-reason", "tax": "extra-tax", "kept": "extra-kept",
}  # fmt: skip


@dataclass
class Extra:
    """A discount or charge of the whole document, as typed. ``kept`` names the stored one."""

    key: str = field(default_factory=lambda: token_hex(4))
    kind: str = "discount"
    size: str = ""
    unit: str = "percent"
    reason: str = ""
    tax: str = "spread"
    kept: str = ""
    kept_tax: str = ""

    @property
    def blank(self) -> bool:
        """Nothing was typed: it is left out."""
        return not self.size


def extras_of_request(sent: MultiDict[str, str]) -> list[Extra] | None:
    """As the browser sent them; None when the form did not hold that part."""
    if MARK not in sent:
        return None
    lists = {name: sent.getlist(sent_as) for name, sent_as in COLUMNS.items()}
    found = []
    for at in range(min(len(lists["key"]), MOST)):
        cells = {name: (got[at].strip() if at < len(got) else "") for name, got in lists.items()}
        extra = Extra(**(cells | {"key": safe_key(cells["key"])}))
        extra.kind = "charge" if extra.kind == "charge" else "discount"
        extra.unit = "amount" if extra.unit == "amount" else "percent"
        found.append(extra)
    return found


def extras_of(
    invoice: InvoiceSnapshot, rates: Sequence[TaxRateSnapshot], locale: Locale
) -> list[Extra]:
    """Those of a stored draft, but for the discount that has a field of its own."""
    plain = simple_adjustment(invoice.discounts)
    found = []
    for kind, stored in (("discount", invoice.discounts), ("charge", invoice.charges)):
        for at, each in enumerate(stored):
            if each is not plain:
                found.append(_extra_of(each, kind, f"{kind}{at}", rates, locale))
    return found


def _extra_of(
    stored: Adjustment, kind: str, kept: str, rates: Sequence[TaxRateSnapshot], locale: Locale
) -> Extra:
    same = next((rate for rate in rates if stored.tax == tax_of(rate)), None)
    spread = "spread" if stored.tax is None else "keep"
    return Extra(
        kind=kind,
        size=shown_number(size_of(stored), locale),
        unit="amount" if stored.amount is not None else "percent",
        reason=stored.reason or "",
        tax=str(same.id) if same else spread,
        kept=kept,
        kept_tax=tax_words([stored.tax]) if stored.tax and not same else "",
    )


def adjusted(
    form: Form,
    document: Document,
    extras: Sequence[Extra] | None,
    rates: Mapping[str, TaxRateSnapshot],
    stored: InvoiceSnapshot | None,
) -> Document:
    """The document with its discounts, charges and deductions."""
    kept = stored.discounts if stored else ()
    plain = simple_adjustment(kept)
    discounts = list(_plain_discount(form, plain))
    charges: list[Adjustment] = []
    if extras is None:
        discounts += [each for each in kept if each is not plain]
        charges += stored.charges if stored else ()
    for extra in extras or ():
        if not extra.blank:
            made = _adjustment(form, extra, rates, stored)
            (charges if extra.kind == "charge" else discounts).append(made)
    return replace(
        document,
        discounts=tuple(discounts),
        charges=tuple(charges),
        prepaid=_prepaid(form, stored),
        withholding=_withholding(form, stored),
        rounding=_rounding(form, stored),
    )


def _plain_discount(form: Form, stored: Adjustment | None) -> tuple[Adjustment, ...]:
    amounts = form.get("discount_kind") == "amount"
    size = form.number("discount", least=Decimal(0), most=None if amounts else HUNDRED)
    if not size:
        return ()
    base = stored or Adjustment(spread=True)
    if amounts:
        return (replace(base, amount=size, percent=None),)
    return (replace(base, percent=size, amount=None),)


def _adjustment(
    form: Form,
    extra: Extra,
    rates: Mapping[str, TaxRateSnapshot],
    stored: InvoiceSnapshot | None,
) -> Adjustment:
    cells = Form({"size": extra.size, "reason": extra.reason}, locale=form.locale)
    percent = extra.unit == "percent"
    most = (HUNDRED if extra.kind == "discount" else MOST_PERCENT) if percent else None
    size = cells.number("size", required=True, least=Decimal(0), most=most)
    reason = cells.text("reason", longest=200)
    for message in cells.errors.values():
        form.fail(f"extra-{extra.key}", message)
    base = _stored(extra, stored) or Adjustment()
    made = replace(
        base,
        percent=size if percent else None,
        amount=None if percent else size,
        base=base.base if percent else None,
        reason=reason,
    )
    if extra.tax == "keep" and base.tax is not None:
        extra.kept_tax = tax_words([base.tax])
        return made
    if extra.tax in ("spread", "", "keep"):
        return replace(made, tax=None, spread=True)
    rate = rates.get(extra.tax)
    if rate is None:
        form.fail(f"extra-{extra.key}", _("This tax rate is gone; choose another."))
        return made
    return replace(made, tax=tax_of(rate), spread=False)


def _stored(extra: Extra, stored: InvoiceSnapshot | None) -> Adjustment | None:
    number = extra.kept.removeprefix(extra.kind)
    if stored is None or not number.isdigit() or len(number) > 3:
        return None
    source = stored.charges if extra.kind == "charge" else stored.discounts
    return source[int(number)] if int(number) < len(source) else None


# --- deductions -----------------------------------------------------------------------------------


def deduction_values(invoice: InvoiceSnapshot, locale: Locale) -> dict[str, str]:
    """The fields of what is paid before, kept back and rounded, of a stored draft."""
    withheld = invoice.withholding[0] if invoice.withholding else None
    rule = invoice.rounding_rule
    increment = rule.increment if rule is not None else None
    known = next((each for each in INCREMENTS if increment == Decimal(each)), "")
    return {
        "prepaid": shown_number(invoice.prepaid[0] if invoice.prepaid else None, locale),
        "withholding": shown_number(withheld.rate if withheld else None, locale),
        "withholding_on": withheld.on if withheld else "net",
        "rounding": known or ("keep" if rule is not None else ""),
    }


def _prepaid(form: Form, stored: InvoiceSnapshot | None) -> tuple[Decimal, ...]:
    kept = stored.prepaid if stored else ()
    if "prepaid" not in form.values:
        return kept
    size = form.number("prepaid", least=Decimal(0))
    return (*((size,) if size else ()), *kept[1:])


def _withholding(form: Form, stored: InvoiceSnapshot | None) -> tuple[Withholding, ...]:
    kept = stored.withholding if stored else ()
    if "withholding" not in form.values:
        return kept
    rate = form.number("withholding", least=Decimal(0), most=HUNDRED)
    on = form.choice("withholding_on", BASES, required=False) or "net"
    if not rate:
        return kept[1:]
    base = kept[0] if kept else Withholding(rate=rate)
    return (replace(base, rate=rate, on=on), *kept[1:])  # type: ignore[arg-type]


def _rounding(form: Form, stored: InvoiceSnapshot | None) -> Rounding | None:
    kept = stored.rounding_rule if stored else None
    chosen = form.get("rounding")
    if "rounding" not in form.values or (chosen == "keep" and kept is not None):
        return kept
    if chosen not in INCREMENTS:
        return None
    return Rounding(increment=Decimal(chosen))


def unseen_deductions(invoice: InvoiceSnapshot) -> bool:
    """True when the draft has more of them than there are fields for."""
    return len(invoice.prepaid) > 1 or len(invoice.withholding) > 1
