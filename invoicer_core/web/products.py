"""Products: the list, the page of one, adding, changing and archiving."""

from collections.abc import Sequence

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import InvoicerError
from invoicer_core.domain.snapshots import ProductSnapshot, StockMovementSnapshot, TaxRateSnapshot
from invoicer_core.services import products, tax_rates
from invoicer_core.services.files import attachments
from invoicer_core.services.products import categories, stock
from invoicer_core.web import access, formats, once, saving
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.differences import Difference
from invoicer_core.web.forms.products import (
    category_options,
    product_fields,
    product_labels,
    product_values,
    rate_options,
    unit_options,
)
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.invoices import id_of
from invoicer_core.web.site import query_of

TABS = ("", "low_stock", "inactive")


def install(site: Site) -> None:
    """Add the pages of this file."""
    both, post = ["GET", "POST"], ["POST"]
    one = "/products/<int:product_id>"
    site.app_template_global("movement_reason")(movement_reason)
    site.app_template_global("movement_actor")(movement_actor)
    site.add_url_rule("/products", "products", product_list)
    site.add_url_rule("/products/new", "new_product", new_product, methods=both)
    site.add_url_rule(one, "product", product)
    site.add_url_rule(f"{one}/edit", "edit_product", edit_product, methods=both)
    site.add_url_rule(f"{one}/stock", "move_stock", move_stock, methods=post)
    site.add_url_rule(f"{one}/archive", "archive_product", archive_product, methods=post)


@members("products.read")
def product_list() -> Answer:
    """Products by name; low on stock, archived, of one category."""
    query = query_of("status", "category_id", "q", "cursor")
    if query.get("status") not in TABS:
        query.pop("status", None)
    category_id = id_of(query.get("category_id"))
    page = products.find(
        q=query.get("q"),
        status=query.get("status") or "active",
        category_id=category_id,
        sort="name",
        cursor=query.get("cursor"),
    )
    labels = (_("Active"), _("Low on stock"), _("Archived"))
    return render_template(
        "products/list.html",
        page=page,
        query=query,
        tabs=list(zip(TABS, labels, strict=True)),
        low=products.find(status="low_stock", limit=1).total,
        pictures=_pictures([each.id for each in page.items]),
        categories=category_options(categories.tree()),
    )


@members("products.read")
def product(product_id: int) -> Answer:
    """One product with its stock and how it came about."""
    return detail_page(products.get(product_id=product_id))


def movement_reason(move: StockMovementSnapshot) -> str:
    """Why the stock changed: what we wrote down ourselves in the page's language, else as typed."""
    kind, _space, number = move.reason.partition(" ")
    if move.invoice_id is not None:
        words = {
            "invoice": _("Invoice %(number)s", number=number),
            "void": _("Void of %(number)s", number=number.removeprefix("of ")),
            "credit": _("Credit of %(number)s", number=number.removeprefix("of ")),
        }
        return str(words.get(kind, move.reason))
    known = {"initial stock": _("Initial stock"), "correction": _("Correction")}
    return str(known.get(move.reason, move.reason))


def movement_actor(move: StockMovementSnapshot) -> str:
    """Who changed the stock; what follows invoices happens by itself."""
    return str(_("automatic")) if move.actor.startswith("plugin:") else move.actor


def detail_page(found: ProductSnapshot, form: Form | None = None, *, show: str = "") -> str:
    """The page; ``show`` names the dialog that is open, filled from ``form``."""
    cursor = request.args.get("movements")
    return render_template(
        "products/detail.html",
        product=found,
        show=show,
        form=form or Form({"direction": "in"}),
        movements=stock.movements(product_id=found.id, limit=10, cursor=cursor),
        picture=_pictures([found.id]).get(found.id),
        rates={rate.id: rate for rate in _rates()},
        directions=[
            ("in", _("Came in")),
            ("out", _("Went out")),
            ("count", _("Counted: this is what is there")),
        ],
    )


@members("products.write")
def new_product() -> Answer:
    """Add a product."""
    if request.method == "GET":
        usual = next((str(rate.id) for rate in _rates() if rate.is_default), "")
        return _page(Form({"unit": "C62", "tax_rate_id": usual}))
    form = Form.sent(request.form, formats.locale())
    fields = product_fields(form, fresh=True)

    def store() -> str:
        made = products.create(
            fields={name: value for name, value in fields.items() if value is not None},
            by=access.actor(),
        )
        flash(_("%(name)s is added.", name=made.name), "success")
        return url_for("web.product", product_id=made.id)

    return saving.made(form, store, _page)


@members("products.write")
def edit_product(product_id: int) -> Answer:
    """Change a product; invoices that exist keep what they say."""
    return saving.Edit(
        load=lambda: products.get(product_id=product_id),
        values=product_values,
        read=lambda form: product_fields(form, fresh=False),
        store=lambda fields, version: products.update(
            product_id=product_id, fields=fields, by=access.actor(), expected_version=version
        ),
        page=_page,
        address=url_for("web.product", product_id=product_id),
        labels=product_labels(),
        options={"unit": dict(unit_options()), "tax_rate_id": dict(rate_options(_rates()))},
    ).answer()


@members("stock.write")
def move_stock(product_id: int) -> Answer:
    """Add to the stock, take from it, or write down what was counted; with the reason."""
    found = products.get(product_id=product_id)
    form = Form.sent(request.form, formats.locale())
    direction = form.choice("direction", ("in", "out", "count"))
    quantity = form.number("quantity", required=True)
    reason = form.text("reason", required=True, longest=200)
    if quantity is not None and (quantity < 0 or (quantity == 0 and direction != "count")):
        form.fail("quantity", _("Give a quantity above 0."))
    if not form.ok or quantity is None or reason is None:
        return detail_page(found, form, show="stock"), 422

    def store() -> str:
        by = access.actor()
        if direction == "count":
            stock.count(product_id=product_id, quantity=quantity, reason=reason, by=by)
        else:
            change = quantity if direction == "in" else -quantity
            stock.move(product_id=product_id, quantity=change, reason=reason, by=by)
        flash(_("The stock of %(name)s is written down.", name=found.name), "success")
        return url_for("web.product", product_id=product_id)

    try:
        return redirect(once.made(store))
    except InvoicerError as error:
        form.refuse(error)
        return detail_page(found, form, show="stock"), status_of(error)


@members("products.write")
def archive_product(product_id: int) -> Answer:
    """Take a product out of the lists and searches, or put it back."""
    back = request.form.get("back") == "1"
    done = products.update(product_id=product_id, fields={"is_active": back}, by=access.actor())
    words = _("%(name)s is offered again.") if back else _("%(name)s is archived.")
    flash(words % {"name": done.name}, "success")
    return redirect(url_for("web.product", product_id=product_id))


def _pictures(ids: list[int]) -> dict[int, int]:
    """The first picture of each product, of those the visitor may see."""
    if not access.may("files.read"):
        return {}
    return attachments.pictures(kind="product", ids=ids, costs=access.may("costs.read"))


def _rates() -> tuple[TaxRateSnapshot, ...]:
    return tax_rates.find(limit=200).items


def _page(
    form: Form,
    stored: ProductSnapshot | None = None,
    *,
    differences: Sequence[Difference] | None = None,
) -> str:
    return render_template(
        "products/edit.html",
        form=form,
        product=stored,
        differences=differences,
        units=unit_options(stored.unit if stored else None),
        rates=rate_options(_rates()),
        categories=[branch.category.name for branch in categories.tree()],
    )
