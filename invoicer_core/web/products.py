"""Products: the list, adding and changing."""

from decimal import Decimal
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import InvoicerError
from invoicer_core.domain.snapshots import ProductSnapshot, TaxRateSnapshot
from invoicer_core.services import products, tax_rates
from invoicer_core.web import access, formats, once, words
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.reading import Form, shown_number
from invoicer_core.web.invoices import id_of
from invoicer_core.web.site import query_of


def install(site: Site) -> None:
    """Add the pages of this file."""
    both = ["GET", "POST"]
    site.add_url_rule("/products", "products", product_list)
    site.add_url_rule("/products/new", "new_product", new_product, methods=both)
    site.add_url_rule("/products/<int:product_id>/edit", "edit_product", edit_product, methods=both)


@members("products.read")
def product_list() -> Answer:
    """Products by name."""
    query = query_of("q", "cursor")
    page = products.find(q=query.get("q"), sort="name", cursor=query.get("cursor"))
    return render_template("products/list.html", page=page, query=query)


@members("products.write")
def new_product() -> Answer:
    """Add a product."""
    if request.method == "GET":
        usual = next((str(rate.id) for rate in _rates() if rate.is_default), "")
        return _page(Form({"unit": "C62", "tax_rate_id": usual}))
    form = Form.sent(request.form, formats.locale())
    fields = _fields(form)

    def store() -> str:
        made = products.create(
            fields={name: value for name, value in fields.items() if value is not None},
            by=access.actor(),
        )
        flash(_("%(name)s is added.", name=made.name), "success")
        return url_for("web.products")

    if not form.ok:
        return _page(form), 422
    try:
        return redirect(once.made(store))
    except InvoicerError as error:
        form.refuse(error)
        return _page(form), status_of(error)


@members("products.write")
def edit_product(product_id: int) -> Answer:
    """Change a product; invoices that exist keep what they say."""
    stored = products.get(product_id=product_id)
    if request.method == "GET":
        return _page(Form(_values(stored)), stored)
    form = Form.sent(request.form, formats.locale())
    fields = _fields(form)
    if not form.ok:
        return _page(form, stored), 422
    try:
        products.update(
            product_id=product_id,
            fields=fields,
            by=access.actor(),
            expected_version=id_of(form.get("version")),
        )
    except InvoicerError as error:
        form.refuse(error)
        form.values["version"] = str(products.get(product_id=product_id).version)
        return _page(form, stored), status_of(error)
    flash(_("Saved."), "success")
    return redirect(url_for("web.products"))


def _rates() -> tuple[TaxRateSnapshot, ...]:
    return tax_rates.find(limit=200).items


def _fields(form: Form) -> dict[str, Any]:
    known = [code for code, _label in words.units()]
    unit = form.get("unit")
    return {
        "name": form.text("name", required=True),
        "description": form.text("description", longest=2000),
        "unit_price": form.number("unit_price", required=True, least=Decimal(0)),
        "unit": unit if unit in known else form.text("unit", required=True, longest=10),
        "tax_rate_id": id_of(form.get("tax_rate_id")),
        "sku": form.text("sku", longest=100),
    }


def _values(stored: ProductSnapshot) -> dict[str, str]:
    return {
        "name": stored.name,
        "description": stored.description or "",
        "unit_price": shown_number(stored.unit_price, formats.locale()),
        "unit": stored.unit,
        "tax_rate_id": str(stored.tax_rate_id or ""),
        "sku": stored.sku or "",
        "version": str(stored.version),
    }


def _page(form: Form, stored: ProductSnapshot | None = None) -> str:
    rates = [(str(r.id), f"{r.name} {formats.percent(r.rate)}") for r in _rates()]
    units = words.units()
    if stored and stored.unit not in dict(units):
        units.append((stored.unit, stored.unit))
    return render_template(
        "products/edit.html",
        form=form,
        product=stored,
        units=units,
        rates=[("", _("No tax")), *rates],
    )
