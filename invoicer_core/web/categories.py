"""Categories of products: the tree, adding, renaming, moving, deleting."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import InvoicerError
from invoicer_core.services.products import categories
from invoicer_core.services.wording import told
from invoicer_core.web import access, formats, once
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.products import category_options
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.invoices import id_of


def install(site: Site) -> None:
    """Add the pages of this file."""
    post = ["POST"]
    one = "/products/categories/<int:category_id>"
    site.add_url_rule("/products/categories", "categories", category_list)
    site.add_url_rule("/products/categories", "new_category", new_category, methods=post)
    site.add_url_rule(one, "edit_category", edit_category, methods=post)
    site.add_url_rule(f"{one}/delete", "delete_category", delete_category, methods=post)


@members("products.read")
def category_list() -> Answer:
    """All categories, as they stand inside one another."""
    return _page()


def _page(form: Form | None = None, *, show: str = "") -> str:
    branches = categories.tree()
    forms = {
        branch.category.id: Form(
            {"name": branch.category.name, "parent_id": str(branch.category.parent_id or "")}
        )
        for branch in branches
    }
    return render_template(
        "products/categories.html",
        branches=branches,
        options=category_options(branches),
        forms=forms,
        blank=Form(),
        form=form or Form(),
        show=show,
    )


def _fields(form: Form) -> dict[str, Any]:
    return {
        "name": form.text("name", required=True, longest=100),
        "parent_id": id_of(form.get("parent_id")),
    }


@members("products.write")
def new_category() -> Answer:
    """Add a category."""
    form = Form.sent(request.form, formats.locale())
    fields = _fields(form)

    def store() -> str:
        made = categories.create(fields=fields, by=access.actor())
        flash(_("%(name)s is added.", name=made.name), "success")
        return url_for("web.categories")

    if not form.ok:
        return _page(form, show="new"), 422
    try:
        return redirect(once.made(store))
    except InvoicerError as error:
        form.refuse(error)
        return _page(form, show="new"), status_of(error)


@members("products.write")
def edit_category(category_id: int) -> Answer:
    """Rename a category or put it elsewhere."""
    form = Form.sent(request.form, formats.locale())
    fields = _fields(form)
    show = f"edit-{category_id}"
    if not form.ok:
        return _page(form, show=show), 422
    try:
        categories.update(
            category_id=category_id,
            fields=fields,
            by=access.actor(),
            expected_version=id_of(form.get("version")),
        )
    except InvoicerError as error:
        form.refuse(error)
        return _page(form, show=show), status_of(error)
    flash(_("Saved."), "success")
    return redirect(url_for("web.categories"))


@members("products.write")
def delete_category(category_id: int) -> Answer:
    """Remove an empty category."""
    found = categories.get(category_id=category_id)
    try:
        categories.delete(category_id=category_id, by=access.actor())
    except InvoicerError as error:
        flash(told(error.detail), "danger")
        return redirect(url_for("web.categories"))
    flash(_("%(name)s is deleted.", name=found.name), "success")
    return redirect(url_for("web.categories"))
