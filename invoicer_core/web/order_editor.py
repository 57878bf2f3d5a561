"""The order editor: a form whose rows, choices and totals come from the server."""

from collections.abc import Sequence
from dataclasses import replace

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.document import Totals
from invoicer_core.domain.errors import InvoicerError, NotFound
from invoicer_core.domain.snapshots import ClientSnapshot, OrderSnapshot, TaxRateSnapshot
from invoicer_core.services import clients, orders, products, tax_rates
from invoicer_core.services.wording import told
from invoicer_core.web import access, formats, once, words
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.orders import OrderForm, OrderRow, row_with_product
from invoicer_core.web.forms.products import unit_options
from invoicer_core.web.forms.rows import usual_tax
from invoicer_core.web.invoices import id_of

CHOICES = 8


def install(site: Site) -> None:
    """Add the pages of this file."""
    both, post = ["GET", "POST"], ["POST"]
    site.add_url_rule("/orders/new", "new_order", new_order, methods=both)
    site.add_url_rule("/orders/<int:order_id>/edit", "edit_order", edit_order, methods=both)
    site.add_url_rule("/orders/row", "order_row", order_row)
    site.add_url_rule("/orders/totals", "order_totals", order_totals, methods=post)
    site.add_url_rule("/orders/client-field", "order_client_field", order_client_field)
    site.add_url_rule("/orders/client-choices", "order_client_choices", order_client_choices)
    site.add_url_rule("/orders/product-choices", "order_product_choices", order_product_choices)


def _rates() -> tuple[TaxRateSnapshot, ...]:
    return tax_rates.find(limit=200).items


@members("orders.write")
def new_order() -> Answer:
    """Take an order."""
    rates = _rates()
    if request.method == "GET":
        form = OrderForm.empty(formats.locale(), rates)
        form.values["client"] = str(id_of(request.args.get("client_id")) or "")
        chosen = _chosen(form)
        if chosen is not None and chosen.currency:
            form.values["currency"] = chosen.currency
        return _page(form, rates)
    form = OrderForm.of_request(request.form, formats.locale())
    fields = form.fields(rates)

    def store() -> str:
        given = {name: value for name, value in fields.items() if value is not None}
        made = orders.create(fields=given, by=access.actor())
        flash(_("Order %(number)s is taken.", number=made.order_number), "success")
        return url_for("web.order", order_id=made.id)

    if not form.ok:
        return _page(form, rates), 422
    try:
        return redirect(once.made(store))
    except InvoicerError as error:
        form.refuse_order(error)
        return _page(form, rates), status_of(error)


@members("orders.write")
def edit_order(order_id: int) -> Answer:
    """Rewrite an order, while it is pending and nothing of it is invoiced."""
    rates = _rates()
    stored = orders.get(order_id=order_id)
    if stored.status != "pending" or stored.invoice_ids:
        flash(_("Only a pending order of which nothing is invoiced can be rewritten."), "warning")
        return redirect(url_for("web.order", order_id=order_id))
    if request.method == "GET":
        return _page(OrderForm.of_order(stored, rates, formats.locale()), rates, stored)
    form = OrderForm.of_request(request.form, formats.locale())
    fields = form.fields(rates, stored)
    if not form.ok:
        return _page(form, rates, stored), 422
    try:
        orders.update(
            order_id=order_id,
            fields=fields,
            by=access.actor(),
            expected_version=id_of(form.get("version")),
        )
    except InvoicerError as error:
        form.refuse_order(error)
        form.values["version"] = str(orders.get(order_id=order_id).version)
        return _page(form, rates, stored), status_of(error)
    flash(_("Saved."), "success")
    return redirect(url_for("web.order", order_id=order_id))


def _page(
    form: OrderForm, rates: Sequence[TaxRateSnapshot], stored: OrderSnapshot | None = None
) -> str:
    errors, problem = dict(form.errors), form.problem
    totals = _totals(form, rates, stored)
    form.errors, form.problem = errors, problem
    return render_template(
        "orders/edit.html",
        form=form,
        rates=rates,
        units=unit_options(),
        currencies=_currencies(form.get("currency")),
        order=stored,
        client=_chosen(form),
        totals=totals,
        currency=form.get("currency"),
    )


def _currencies(current: str) -> list[tuple[str, str]]:
    options = [(code, code) for code in words.CURRENCIES]
    known = {code for code, _label in options}
    return options if current in known or not current else [(current, current), *options]


def _chosen(form: OrderForm) -> ClientSnapshot | None:
    client_id = id_of(form.get("client"))
    if client_id is None:
        return None
    try:
        return clients.get(client_id=client_id)
    except NotFound:
        form.values["client"] = ""
        return None


def _totals(
    form: OrderForm, rates: Sequence[TaxRateSnapshot], stored: OrderSnapshot | None
) -> Totals | None:
    """What the typed rows come to, as far as they can be read; fills in the rows' amounts."""
    used = [row for row in form.rows if not row.blank]
    typed = replace(form, rows=used, errors={}, problem=None)
    items = typed.items(rates, stored)
    if typed.errors or not items:
        return None
    currency = form.get("currency") or formats.currency()
    try:
        found = orders.preview(items=items, currency=currency)
    except InvoicerError as error:
        form.hint = told(error.detail)
        return None
    for row, item in zip(used, found.items, strict=True):
        row.amount = formats.money(item.total_price, currency)
    return found


@members("orders.write")
def order_totals() -> Answer:
    """The totals of what is typed so far. Stores nothing."""
    form = OrderForm.of_request(request.form, formats.locale())
    order_id = id_of(request.args.get("order_id"))
    stored = orders.get(order_id=order_id) if order_id else None
    totals = _totals(form, _rates(), stored)
    return render_template(
        "orders/totals.html", form=form, totals=totals, currency=form.get("currency")
    )


@members("orders.write")
def order_row() -> Answer:
    """A new row, or a row with a product put into it."""
    rates = _rates()
    row = OrderRow(tax=usual_tax(rates))
    key = request.args.get("key", "")
    product_id = id_of(request.args.get("product_id"))
    if key.isalnum() and key.isascii() and len(key) <= 16:
        row.key = key
        row.item_id = request.args.get("item-id", "")[:19]
        row.quantity = request.args.get("item-quantity", "1")[:24]
    if product_id is not None:
        product = products.get(product_id=product_id)
        row = row_with_product(product, row, rates, formats.locale())
    return render_template(
        "orders/row.html", row=row, form=OrderForm(), rates=rates, units=unit_options()
    )


@members("orders.write")
def order_client_field() -> Answer:
    """The client part of the editor: a chosen one, or the search."""
    client_id = id_of(request.args.get("client_id"))
    client = clients.get(client_id=client_id) if client_id else None
    return render_template("orders/client_field.html", form=OrderForm(), client=client, fresh=True)


@members("orders.write")
def order_client_choices() -> Answer:
    """Clients whose name or e-mail holds what was typed."""
    typed = request.args.get("client_search", "").strip()[:100]
    found = clients.find(q=typed or None, limit=CHOICES).items
    return render_template("orders/client_choices.html", found=found)


@members("orders.write")
def order_product_choices() -> Answer:
    """Products whose name or number holds what was typed, from two letters on."""
    typed = request.args.get("item-description", "").strip()[:100]
    found = products.find(q=typed, status="active", limit=CHOICES).items if len(typed) > 1 else ()
    key = request.args.get("key", "")
    return render_template(
        "orders/product_choices.html", found=found, key=key if key.isalnum() else ""
    )
