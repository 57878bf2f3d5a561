"""The list of payments and the page of one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from flask import render_template, request
from flask_babel import gettext as _

from invoicer_core.domain.snapshots import PaymentSnapshot
from invoicer_core.services import clients, payments
from invoicer_core.services.documents import papers
from invoicer_core.services.payments import open_items, providers
from invoicer_core.services.payments.recording import USABLE
from invoicer_core.web import formats, words
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.forms.reading import Form, shown_number
from invoicer_core.web.invoices import id_of
from invoicer_core.web.site import query_of

MANUAL = "manual"
STATES = ("", "unapplied", "refunded")
DIALOGS = ("refund", "receipt")


@dataclass(frozen=True, slots=True)
class Part:
    """What of a payment lies on one invoice; ``undo`` is the posting that can be taken back."""

    invoice_id: int
    number: str
    amount: Decimal
    undo: int | None


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/payments", "payments", payment_list)
    site.add_url_rule("/payments/<int:payment_id>", "payment", payment)


@members("payments.read")
def payment_list() -> Answer:
    """Payments by state, method, day, client or words, newest first."""
    query = query_of("state", "method", "client_id", "from", "to", "q", "cursor")
    if query.get("state", "") not in STATES:
        query.pop("state")
    client_id = id_of(query.get("client_id"))
    page = payments.find(
        q=query.get("q"),
        state=query.get("state"),
        method=query.get("method"),
        client_id=client_id,
        start=_day(query, "from"),
        end=_day(query, "to"),
        cursor=query.get("cursor"),
    )
    labels = (_("All"), _("Not used yet"), _("Refunded"))
    return render_template(
        "payments/list.html",
        page=page,
        query=query,
        tabs=list(zip(STATES, labels, strict=True)),
        methods=[("", _("Every method")), *_known_methods()],
        form=Form(query),
        client=clients.get(client_id=client_id) if client_id else None,
        filtered=any(name in query for name in ("state", "method", "client_id", "from", "to")),
    )


@members("payments.read")
def payment(payment_id: int) -> Answer:
    """One payment: what it was put on, what went back, its receipt; ``show`` opens a dialog."""
    show = request.args.get("show", "")
    return detail_page(payments.get(payment_id=payment_id), show=show if show in DIALOGS else "")


def detail_page(found: PaymentSnapshot, *, show: str = "", form: Form | None = None) -> str:
    """The page; ``show`` names the dialog or section that ``form`` came back for."""
    client = clients.get(client_id=found.client_id)
    usable = found.status in USABLE
    left = found.amount - found.refunded_amount
    items = open_items.open_items(client_id=found.client_id, currency=found.currency)
    values = {
        "amount": shown_number(left, formats.locale()),
        "recipient": client.email or "",
        "through": "provider",
    }
    return render_template(
        "payments/detail.html",
        payment=found,
        client=client,
        parts=parts_of(found),
        attempts=providers.attempts(payment_id=found.id),
        gives_back=providers.gives_back(payment=found),
        left=left,
        can_apply=usable and found.unapplied_amount > 0,
        can_refund=usable and left > 0,
        has_receipt=found.status in papers.RECEIVED,
        items=items if usable and found.unapplied_amount > 0 else (),
        show=show,
        form=form or Form(values),
    )


def parts_of(found: PaymentSnapshot) -> list[Part]:
    """What lies on each invoice now. A posting that was countered in full is gone; where a refund
    took a part away, the rest is one sum that is not taken off by itself."""
    parts: list[Part] = []
    for invoice_id in dict.fromkeys(each.invoice_id for each in found.allocations):
        postings = [each for each in found.allocations if each.invoice_id == invoice_id]
        standing = [each for each in postings if each.amount > 0]
        for counter in (each for each in postings if each.amount < 0):
            whole = [each for each in standing if each.amount == -counter.amount]
            if whole:
                standing.remove(whole[0])
        total = sum((each.amount for each in postings), Decimal(0))
        number = postings[0].invoice_number
        if sum((each.amount for each in standing), Decimal(0)) == total:
            parts += [Part(invoice_id, number, each.amount, each.id) for each in standing]
        elif total > 0:
            parts.append(Part(invoice_id, number, total, None))
    return parts


def by_hand() -> list[tuple[str, str]]:
    """Methods of money that is recorded by hand: those of plugins that are on; none while payments
    by hand are switched off."""
    on = providers.switched_on()
    if not any(name == MANUAL for name, _title in on):
        return []
    others = [(name, title) for name, title in on if name != MANUAL]
    return [*words.method_options(), *others]


def _known_methods() -> list[tuple[str, str]]:
    """Every method that is offered or was ever used."""
    known = dict(by_hand())
    for method in payments.methods():
        known.setdefault(method, words.method_word(method))
    return list(known.items())


def _day(query: Mapping[str, str], name: str) -> date | None:
    return Form(dict(query)).date(name)
