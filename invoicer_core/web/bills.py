"""Bills: what suppliers invoice us, what is due, and what we paid."""

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import InvoicerError
from invoicer_core.services import files
from invoicer_core.services.buying import bills, suppliers
from invoicer_core.services.buying.bill_rows import BillSnapshot
from invoicer_core.services.files import attachments
from invoicer_core.web import access, formats, once, uploads, words
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.forms.suppliers import (
    bill_fields,
    bill_values,
    payment_fields,
    payment_values,
)
from invoicer_core.web.invoices import id_of
from invoicer_core.web.site import query_of

PILLS = {"open": "sent", "partial": "partial", "paid": "paid", "overdue": "overdue",
         "void": "void"}  # fmt: skip


def install(site: Site) -> None:
    """Add the pages of this file."""
    both, post = ["GET", "POST"], ["POST"]
    one = "/bills/<int:bill_id>"
    site.add_url_rule("/bills", "bills", bill_list)
    site.add_url_rule("/bills/new", "new_bill", new_bill, methods=both)
    site.add_url_rule(one, "bill", bill)
    site.add_url_rule(f"{one}/edit", "edit_bill", edit_bill, methods=both)
    site.add_url_rule(f"{one}/pay", "pay_bill", pay_bill, methods=post)
    site.add_url_rule(f"{one}/void", "void_bill", void_bill, methods=post)
    site.add_url_rule(
        f"{one}/payments/<int:payment_id>/undo", "undo_bill_payment", undo_payment, methods=post
    )
    site.app_template_global("bill_word")(bill_word)
    site.app_template_global("bill_pill")(PILLS.get)


def bill_word(status: str) -> str:
    """A bill's state as people say it."""
    known = {
        "open": _("To pay"), "partial": _("Part paid"), "paid": _("Paid"),
        "overdue": _("Overdue"), "void": _("Void"),
    }  # fmt: skip
    return str(known.get(status, status))


@members("costs.read")
def bill_list() -> Answer:
    """What is to be paid, the most urgent first; and what was paid or voided."""
    query = query_of("status", "supplier_id", "q", "cursor")
    tabs = [
        ("", _("To pay")),
        ("overdue", _("Overdue")),
        ("paid", _("Paid")),
        ("void", _("Void")),
        ("all", _("All")),
    ]
    if query.get("status") not in dict(tabs):
        query.pop("status", None)
    supplier_id = id_of(query.get("supplier_id"))
    status = query.get("status", "open")
    page = bills.find(
        q=query.get("q"),
        supplier_id=supplier_id,
        status=None if status == "all" else status,
        sort="due_date" if status in ("open", "overdue") else "-bill_date",
        cursor=query.get("cursor"),
    )
    return render_template(
        "suppliers/bills.html",
        page=page,
        query=query,
        tabs=tabs,
        owed=bills.owed(supplier_id=supplier_id),
        supplier=suppliers.get(supplier_id=supplier_id) if supplier_id else None,
    )


@members("costs.read")
def bill(bill_id: int) -> Answer:
    """One bill: its amounts, its file, what was paid for it."""
    return _detail(bills.get(bill_id=bill_id))


def _detail(found: BillSnapshot, form: Form | None = None, *, show: str = "") -> str:
    return render_template(
        "suppliers/bill.html",
        bill=found,
        payments=bills.payments(bill_id=found.id),
        form=form or Form(payment_values(found)),
        methods=words.method_options(),
        show=show,
    )


@uploads.takes_files
@members("suppliers.write")
def new_bill() -> Answer:
    """Write down a supplier's bill, with its file."""
    if request.method == "GET":
        return _new_page(_empty(id_of(request.args.get("supplier_id"))))
    form = Form.sent(request.form, formats.locale())
    supplier_id = id_of(form.get("supplier_id"))
    if supplier_id is None:
        form.fail("supplier_id", _("Choose a supplier."))
    fields = bill_fields(form)
    sent = [(each.filename or "", each.stream.read()) for each in uploads.sent_files()]
    if not form.ok or supplier_id is None:
        return _new_page(form), 422

    def store() -> str:
        by = access.actor()
        given = {name: value for name, value in fields.items() if value is not None}
        made = bills.record(supplier_id=supplier_id, fields=given, by=by)
        for name, data in sent if access.may("files.write") else ():
            kept = files.upload(name=name, data=data, by=by)
            attachments.attach(file_id=kept.id, to=("bill", made.id), by=by)
        flash(_("Bill %(number)s is written down.", number=made.number), "success")
        return url_for("web.bill", bill_id=made.id)

    try:
        return redirect(once.made(store))
    except InvoicerError as error:
        form.values.setdefault("file", "")
        form.refuse(error)
        return _new_page(form), status_of(error)


def _empty(supplier_id: int | None) -> Form:
    values = {"bill_date": formats.today().isoformat(), "currency": formats.currency()}
    if supplier_id is not None:
        found = suppliers.get(supplier_id=supplier_id)
        values["supplier_id"] = str(found.id)
        values["currency"] = found.currency or values["currency"]
    return Form(values)


def _new_page(form: Form) -> str:
    known = suppliers.find(sort="name", limit=200).items
    options = [("", _("Choose …")), *((str(each.id), each.name) for each in known)]
    chosen = id_of(form.get("supplier_id"))
    if chosen is not None and str(chosen) not in dict(options):
        options.append((str(chosen), suppliers.get(supplier_id=chosen).name))
    return _page(form, options=options)


def _page(
    form: Form, stored: BillSnapshot | None = None, options: list[tuple[str, str]] | None = None
) -> str:
    currencies = [(code, code) for code in words.CURRENCIES]
    current = form.get("currency")
    if current and current not in dict(currencies):
        currencies.append((current, current))
    return render_template(
        "suppliers/edit_bill.html",
        form=form,
        bill=stored,
        suppliers=options or [],
        currencies=currencies,
    )


@members("suppliers.write")
def edit_bill(bill_id: int) -> Answer:
    """Correct what was written down."""
    stored = bills.get(bill_id=bill_id)
    if stored.status == "void":
        flash(_("A void bill cannot be changed. Write it down anew."), "warning")
        return redirect(url_for("web.bill", bill_id=bill_id))
    if request.method == "GET":
        return _page(Form(bill_values(stored)), stored)
    form = Form.sent(request.form, formats.locale())
    fields = bill_fields(form)
    if not form.ok:
        return _page(form, stored), 422
    try:
        bills.update(
            bill_id=bill_id,
            fields=fields,
            by=access.actor(),
            expected_version=id_of(form.get("version")),
        )
    except InvoicerError as error:
        form.refuse(error)
        form.values["version"] = str(bills.get(bill_id=bill_id).version)
        return _page(form, stored), status_of(error)
    flash(_("Saved."), "success")
    return redirect(url_for("web.bill", bill_id=bill_id))


@members("suppliers.write")
def pay_bill(bill_id: int) -> Answer:
    """Write down money that was paid to the supplier."""
    found = bills.get(bill_id=bill_id)
    form = Form.sent(request.form, formats.locale())
    fields = payment_fields(form)
    if not form.ok:
        return _detail(found, form, show="pay"), 422

    def store() -> str:
        done = bills.pay(bill_id=bill_id, fields=fields, by=access.actor())
        if done.balance_due:
            left = formats.money(done.balance_due, done.currency)
            flash(_("The payment is written down. %(left)s is still to pay.", left=left), "success")
        else:
            flash(_("Bill %(number)s is paid.", number=done.number), "success")
        return url_for("web.bill", bill_id=bill_id)

    try:
        return redirect(once.made(store))
    except InvoicerError as error:
        form.refuse(error)
        return _detail(bills.get(bill_id=bill_id), form, show="pay"), status_of(error)


@members("suppliers.write")
def undo_payment(bill_id: int, payment_id: int) -> Answer:
    """Take back a payment that was written down by mistake."""
    return _with_reason(
        bill_id,
        f"undo-{payment_id}",
        lambda reason: bills.undo_payment(
            payment_id=payment_id, bill_id=bill_id, reason=reason, by=access.actor()
        ),
        _("The payment is undone."),
    )


@members("suppliers.write")
def void_bill(bill_id: int) -> Answer:
    """Annul a bill that was written down by mistake."""
    return _with_reason(
        bill_id,
        "void",
        lambda reason: bills.void(bill_id=bill_id, reason=reason, by=access.actor()),
        _("The bill is void."),
    )


def _with_reason(
    bill_id: int, show: str, work: Callable[[str], BillSnapshot], words_done: str
) -> Answer:
    """Do something that needs a reason; the dialog that asked is open again without one."""
    found = bills.get(bill_id=bill_id)
    form = Form.sent(request.form, formats.locale())
    reason = form.text("reason", required=True, longest=500)
    if not form.ok or reason is None:
        return _detail(found, form, show=show), 422
    try:
        work(reason)
    except InvoicerError as error:
        form.refuse(error)
        return _detail(bills.get(bill_id=bill_id), form, show=show), status_of(error)
    flash(words_done, "success")
    return redirect(url_for("web.bill", bill_id=bill_id))
