"""Paying by link at a provider: beginning, coming back, and what became of it in words.

The payer is led to the provider's page from a page of ours: browsers apply our policy for forms to
where a form's answer redirects, so that a form can never lead to another host itself.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID, uuid4

from flask import redirect, render_template, request, url_for

from invoicer_core.domain.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    TooManyRequests,
    Unavailable,
)
from invoicer_core.domain.snapshots import InvoiceSnapshot
from invoicer_core.services import invoices, payments, rate_limits, secret_keys
from invoicer_core.services.wording import told
from invoicer_core.web import formats, once, portal_brand
from invoicer_core.web.access import Answer, Site, everyone
from invoicer_core.web.catalogs import spoken
from invoicer_core.web.errors import status_of
from invoicer_core.web.forgery import by_link
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.public import CLIENT, opened, page_of

FOLLOWED_FOR: Final = timedelta(minutes=30)
"""How long an open page asks by itself what became of a payment."""


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/i/<token>/pay", "public_pay", public_pay, methods=["POST"])
    site.add_url_rule("/i/<token>/pay/<uuid:attempt>", "public_payment", public_payment)
    site.add_url_rule(
        "/i/<token>/pay/<uuid:attempt>/call-off", "public_call_off", public_call_off,
        methods=["POST"],
    )  # fmt: skip


@everyone
@by_link
def public_pay(token: str) -> Answer:
    """Begin a payment at the chosen provider; the same form sent twice begins one."""
    with opened(token) as found:
        form = Form.sent(request.form, formats.locale())
        amount = form.number("amount", digits=4) if form.get("amount") else None
        if not form.ok:
            return page_of(found, token, form), 422
        try:
            rate_limits.check_sign_in(f"pay {found.public_id}", request.remote_addr)
            begun = _begun(found, token, form.get("provider"), amount)
        except InvalidInput as error:
            form.refuse(error)
            return page_of(found, token, form), 422
        except (NotFound, Conflict, Unavailable, TooManyRequests) as error:
            form.problem = told(error.detail)
            return page_of(found, token, form), status_of(error)
        leads_on = begun.redirect_url is not None and begun.state == "pending"
        page = url_for("web.public_payment", token=token, attempt=begun.public_id)
        return redirect(f"{page}?go=1" if leads_on else page, 303)


def _begun(
    found: InvoiceSnapshot, token: str, provider: str, amount: Decimal | None
) -> payments.AttemptSnapshot:
    """The attempt has the id that the form was shown with."""
    sent = once.token()
    attempt_id = UUID(hex=sent) if sent else uuid4()
    page = url_for("web.public_payment", token=token, attempt=attempt_id)
    return payments.start(
        invoice_id=found.id,
        provider=provider,
        attempt_id=attempt_id,
        amount=amount,
        page=f"{secret_keys.settings().url}{page}",
        locale=portal_brand.reader_locale(),
        by=CLIENT,
    )


@everyone
def public_payment(token: str, attempt: UUID) -> Answer:
    """Leads to the provider at first; afterwards tells what became of the payment, and follows it
    while nobody knows."""
    with opened(token) as found:
        shown = _shown(found.id, attempt)
        return render_template(
            "public/payment.html",
            attempt=shown,
            invoice=invoices.get_public(public_id=found.public_id),
            way=spoken(payments.title_of(shown.provider)),
            token=token,
            go=bool(request.args.get("go")) and shown.state == "pending",
            follow=datetime.now(UTC) - shown.created_at < FOLLOWED_FOR,
        )


def _shown(invoice_id: int, attempt: UUID) -> payments.AttemptSnapshot:
    """The attempt; its provider is asked, but not while the payer is still led there."""
    if request.args.get("go"):
        return payments.attempt(invoice_id=invoice_id, public_id=attempt)
    ask = payments.call_off if request.args.get("cancelled") else payments.look
    return ask(invoice_id=invoice_id, public_id=attempt, by=CLIENT)


@everyone
@by_link
def public_call_off(token: str, attempt: UUID) -> Answer:
    """The payer says that they did not pay; another payment may then be begun."""
    with opened(token) as found:
        payments.call_off(invoice_id=found.id, public_id=attempt, by=CLIENT)
        return redirect(url_for("web.public_payment", token=token, attempt=attempt), 303)
