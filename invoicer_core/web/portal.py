"""The client's own pages: its invoices, credit notes, payments, statement and data; nothing of
anybody else's."""

from datetime import date
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from flask import flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import InvalidInput, TooManyRequests, Unavailable
from invoicer_core.services import documents, links, postings, statements, visits
from invoicer_core.services.portal import account, view, visitors
from invoicer_core.web import formats, portal_brand
from invoicer_core.web.access import Answer, Site
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.invoices import pdf_response
from invoicer_core.web.portal_entry import clients_only, leave, visit

WHICH: Final = ("open", "paid", "all")


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/portal/", "portal", portal)
    site.add_url_rule("/portal/invoices", "portal_invoices", portal_invoices)
    site.add_url_rule("/portal/credit-notes", "portal_credit_notes", portal_credit_notes)
    site.add_url_rule("/portal/credit-notes/<uuid:note>/pdf", "portal_credit_note", credit_note_pdf)
    site.add_url_rule("/portal/payments", "portal_payments", portal_payments)
    site.add_url_rule("/portal/payments/<uuid:payment>/receipt", "portal_receipt", receipt)
    site.add_url_rule("/portal/statement", "portal_statement", portal_statement)
    site.add_url_rule("/portal/statement/pdf", "portal_statement_pdf", statement_pdf)
    site.add_url_rule("/portal/details", "portal_details", portal_details, methods=["GET", "POST"])
    site.add_url_rule("/portal/sign-out", "portal_sign_out", sign_out, methods=["POST"])
    site.add_url_rule("/portal/colors.css", "portal_colors", portal_colors)
    site.add_url_rule("/portal/logo", "portal_logo", portal_logo)


@clients_only
def portal() -> Answer:
    """What is open, what was paid last, and the ways on."""
    client_id = visit().client_id
    return _page(
        "portal/home.html",
        standing=account.standing(client_id=client_id),
        open=account.invoices(client_id=client_id, which="open", limit=5),
        last=account.money(client_id=client_id, limit=3),
        follows=True,
    )


@clients_only
def portal_invoices() -> Answer:
    """The client's invoices; each leads to its page."""
    which = request.args.get("which", "open")
    which = which if which in WHICH else "open"
    page = account.invoices(
        client_id=visit().client_id,
        which=which,  # type: ignore[arg-type]  # one of WHICH
        cursor=request.args.get("cursor"),
    )
    return _page("portal/invoices.html", page=page, which=which, follows=True)


@clients_only
def portal_credit_notes() -> Answer:
    """The client's credit notes."""
    page = account.credit_notes_of(client_id=visit().client_id, cursor=request.args.get("cursor"))
    return _page("portal/credit_notes.html", page=page, follows=True)


@clients_only
def credit_note_pdf(note: UUID) -> Answer:
    """The PDF of a credit note of the client."""
    document, content = account.credit_note_pdf(client_id=visit().client_id, public_id=note)
    return pdf_response(document.filename, content)


@clients_only
def portal_payments() -> Answer:
    """The client's payments, with their receipts."""
    page = account.money(client_id=visit().client_id, cursor=request.args.get("cursor"))
    return _page("portal/payments.html", page=page, follows=True)


@clients_only
def receipt(payment: UUID) -> Answer:
    """The receipt of a payment of the client."""
    document, content = account.receipt(client_id=visit().client_id, public_id=payment)
    return pdf_response(document.filename, content)


@clients_only
def portal_statement() -> Answer:
    """The client's account over a period."""
    form, values = _period()
    shown = None
    if form.ok:
        try:
            shown = statements.compute(client_id=visit().client_id, **values)
        except InvalidInput as error:
            form.refuse(error, {"/to": "end", "/currency": "currency"})
    known = [(each, each) for each in _currencies()]
    page = _page(
        "portal/statement.html", form=form, statement=shown, currencies=known, line_words=_words()
    )
    return page, 200 if form.ok else 422


@clients_only
def statement_pdf() -> Answer:
    """The statement as a paper; it is kept as it was given out."""
    form, values = _period()
    if not form.ok:
        asked = {name: form.get(name) for name in ("start", "end", "currency")}
        return redirect(f"{url_for('web.portal_statement')}?{urlencode(asked)}")
    found = visit()
    kept = statements.freeze(client_id=found.client_id, by=found.actor(), **values)
    document, content = documents.await_pdf(statement_id=kept.id)
    return pdf_response(document.filename, content)


@clients_only
def portal_details() -> Answer:
    """What is noted of the client, and a message to the business about it."""
    if request.method == "GET":
        return _details(Form())
    form = Form.sent(request.form, formats.locale())
    text = form.text("text", required=True, longest=account.LONGEST_REQUEST)
    if not form.ok or text is None:
        return _details(form), 422
    found = visit()
    try:
        account.ask_for_change(
            client_id=found.client_id, email=found.email, text=text, by=found.actor()
        )
    except (InvalidInput, TooManyRequests, Unavailable) as error:
        form.refuse(error)
        return _details(form), status_of(error)
    flash(_("Sent. %(business)s answers to %(email)s.", business=g.business.name,
            email=found.email), "success")  # fmt: skip
    return redirect(url_for("web.portal_details"), 303)


@clients_only
def sign_out() -> Answer:
    """End the session in this browser."""
    visitors.sign_out(visit=visit())
    return leave(make_response(render_template("portal/closed.html", left=True)))


@clients_only
def portal_colors() -> Answer:
    """The business's colour as a style sheet."""
    return portal_brand.colors()


@clients_only
def portal_logo() -> Answer:
    """The business's logo."""
    return portal_brand.logo()


# --- inside --------------------------------------------------------------------------------------


def _page(template: str, **values: Any) -> str:
    """A page of the client's; it counts as a visit, but not when it follows a change."""
    if not request.headers.get("HX-Request"):
        visits.note(
            client_id=visit().client_id,
            channel="portal",
            user_agent=request.headers.get("User-Agent"),
            visitor=request.remote_addr,
        )
    return render_template(
        template, visit=visit(), token_of=links.invoice_token, client_name=g.client.name,
        live_pass=visitors.live_pass(visit=visit()), **values,
    )  # fmt: skip


def _details(form: Form) -> str:
    return _page("portal/details.html", form=form, client=view.client(g.client))


def _currencies() -> tuple[str, ...]:
    return postings.currencies(client_id=visit().client_id)


def _words() -> dict[str, str]:
    """The lines of a statement in words."""
    return {
        "invoice": _("Invoice"), "void": _("Annulled invoice"), "credit_note": _("Credit note"),
        "payment": _("Payment"), "refund": _("Paid back"), "write_off": _("No longer asked for"),
    }  # fmt: skip


def _period() -> tuple[Form, dict[str, Any]]:
    """The period that is asked for; this year up to today unless said."""
    today = formats.today()
    asked = {name: request.args.get(name, "") for name in ("start", "end", "currency")}
    form = Form.sent(asked, formats.locale())
    form.values["start"] = form.get("start") or date(today.year, 1, 1).isoformat()
    form.values["end"] = form.get("end") or today.isoformat()
    start, end = form.date("start"), form.date("end")
    known = _currencies()
    currency = form.choice("currency", known, required=False) if known else None
    return form, {"start": start, "end": end, "currency": currency}
