"""Orders: the list by state, the page of one, its way through the states, and its invoices."""

from decimal import Decimal

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import InvoicerError, NotFound
from invoicer_core.domain.snapshots import InvoiceSnapshot, OrderSnapshot
from invoicer_core.services import clients, invoices, orders
from invoicer_core.services.clients import letters
from invoicer_core.services.wording import told
from invoicer_core.web import access, formats, once
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.reading import Form, shown_number
from invoicer_core.web.invoices import id_of
from invoicer_core.web.site import query_of

PILLS = {
    "pending": "draft", "processing": "sent", "completed": "paid", "cancelled": "void",
}  # fmt: skip


def install(site: Site) -> None:
    """Add the pages of this file."""
    both, post = ["GET", "POST"], ["POST"]
    one = "/orders/<int:order_id>"
    site.add_url_rule("/orders", "orders", order_list)
    site.add_url_rule(one, "order", order)
    site.add_url_rule(f"{one}/state", "move_order", move_order, methods=post)
    site.add_url_rule(f"{one}/delete", "delete_order", delete_order, methods=post)
    site.add_url_rule(f"{one}/confirm", "confirm_order", confirm_order, methods=post)
    site.add_url_rule(f"{one}/invoice", "convert_order", convert_order, methods=both)
    site.app_template_global("order_word")(order_word)
    site.app_template_global("order_pill")(PILLS.get)


def order_word(status: str) -> str:
    """An order's state as people say it."""
    words = {
        "pending": _("Pending"), "processing": _("Processing"), "completed": _("Completed"),
        "cancelled": _("Cancelled"),
    }  # fmt: skip
    return str(words.get(status, status))


@members("orders.read")
def order_list() -> Answer:
    """Orders by state, client or words, newest first."""
    query = query_of("status", "q", "client_id", "cursor")
    if query.get("status") not in orders.STATUSES:
        query.pop("status", None)
    client_id = id_of(query.get("client_id"))
    page = orders.find(
        q=query.get("q"),
        status=query.get("status"),
        client_id=client_id,
        cursor=query.get("cursor"),
    )
    counts = orders.counts(client_id=client_id)
    counts["all"] = sum(counts.values())
    tabs = [("", _("All")), *((status, order_word(status)) for status in orders.STATUSES)]
    return render_template(
        "orders/list.html",
        page=page,
        query=query,
        counts=counts,
        tabs=tabs,
        client=clients.get(client_id=client_id) if client_id else None,
    )


@members("orders.read")
def order(order_id: int) -> Answer:
    """One order: its lines, what is invoiced of them, what may happen next."""
    return _page(order_id, Form())


def _page(order_id: int, form: Form, show: str = "") -> str:
    found = orders.get(order_id=order_id)
    if not show:
        form.values["recipient"] = clients.get(client_id=found.client_id).email or ""
    return render_template(
        "orders/detail.html",
        order=found,
        totals=orders.totals_of(found),
        invoices=_invoices(found) if access.may("invoices.read") else [],
        left=_left(found),
        editable=found.status == "pending" and not found.invoice_ids,
        following=orders.NEXT[found.status],
        form=form,
        show=show,
    )


def _invoices(found: OrderSnapshot) -> list[InvoiceSnapshot]:
    made = []
    for invoice_id in found.invoice_ids:
        try:
            made.append(invoices.get(invoice_id=invoice_id))
        except NotFound:
            continue
    return made


def _left(found: OrderSnapshot) -> dict[int, Decimal]:
    """Of each line, what is not invoiced yet."""
    return {item.id: item.quantity - item.invoiced_quantity for item in found.items}


@members("orders.write")
def move_order(order_id: int) -> Answer:
    """Put an order into its next state."""
    status = request.form.get("status", "")
    try:
        orders.update(
            order_id=order_id,
            fields={"status": status},
            by=access.actor(),
            expected_version=id_of(request.form.get("version")),
        )
    except InvoicerError as error:
        if status_of(error) == 404:
            raise
        flash(told(error.detail), "danger")
        return redirect(url_for("web.order", order_id=order_id))
    words = {
        "processing": _("The order is being worked on."),
        "completed": _("The order is completed."),
        "cancelled": _("The order is cancelled."),
    }
    flash(words.get(status, _("Saved.")), "success")
    return redirect(url_for("web.order", order_id=order_id))


@members("messages.write")
def confirm_order(order_id: int) -> Answer:
    """Tell the client that the order has come in, as often as wanted."""
    form = Form.sent(request.form, formats.locale())
    recipient = form.email("recipient", required=True)

    def store() -> str:
        letters.send_order(order_id=order_id, recipient=recipient, by=access.actor())
        return url_for("web.order", order_id=order_id)

    if not form.ok:
        return _page(order_id, form, "confirm"), 422
    try:
        address = once.made(store)
    except InvoicerError as error:
        form.refuse(error)
        return _page(order_id, form, "confirm"), status_of(error)
    flash(_("The confirmation is on its way to %(to)s.", to=recipient), "success")
    return redirect(address)


@members("orders.write")
def delete_order(order_id: int) -> Answer:
    """Throw away an order without invoices."""
    found = orders.get(order_id=order_id)
    try:
        orders.delete(order_id=order_id, by=access.actor())
    except InvoicerError as error:
        flash(told(error.detail), "danger")
        return redirect(url_for("web.order", order_id=order_id))
    flash(_("Order %(number)s is deleted.", number=found.order_number), "success")
    return redirect(url_for("web.orders"))


@members("invoices.write")
def convert_order(order_id: int) -> Answer:
    """Choose what of an order is invoiced now; the rest can follow later."""
    found = orders.get(order_id=order_id)
    left = _left(found)
    if request.method == "GET":
        values = {
            f"quantity-{key}": shown_number(rest, formats.locale())
            for key, rest in left.items()
            if rest > 0
        }
        return _invoice_page(found, Form(values))
    form = Form.sent(request.form, formats.locale())
    wanted: dict[int, Decimal] = {}
    for key, rest in left.items():
        name = f"quantity-{key}"
        quantity = form.number(name, least=Decimal(0))
        if quantity is not None and quantity > max(rest, Decimal(0)):
            form.fail(
                name,
                _(
                    "At most %(left)s is left to invoice.",
                    left=formats.number(max(rest, Decimal(0))),
                ),
            )
        if quantity:
            wanted[key] = quantity
    if form.ok and not wanted:
        form.problem = _("Give at least one line a quantity above 0.")
    if not form.ok:
        return _invoice_page(found, form), 422
    try:
        return redirect(once.made(lambda: _invoiced(found, wanted)))
    except InvoicerError as error:
        form.problem = told(error.detail)
        return _invoice_page(orders.get(order_id=order_id), form), status_of(error)


def _invoiced(found: OrderSnapshot, wanted: dict[int, Decimal]) -> str:
    made = orders.to_invoice(order_id=found.id, quantities=wanted, by=access.actor())
    flash(
        _("A draft of the invoice for order %(number)s is made. Look at it, then issue it.",
          number=found.order_number),
        "success",
    )  # fmt: skip
    return url_for("web.invoice", invoice_id=made.id)


def _invoice_page(found: OrderSnapshot, form: Form) -> str:
    return render_template("orders/invoice.html", order=found, form=form, left=_left(found))
