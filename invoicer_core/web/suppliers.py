"""Suppliers: the list, the page of one, adding and changing."""

from collections.abc import Sequence

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.snapshots import SupplierSnapshot
from invoicer_core.services.buying import bills, suppliers
from invoicer_core.web import access, formats, saving
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.forms.differences import Difference
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.forms.suppliers import supplier_fields, supplier_labels, supplier_values
from invoicer_core.web.site import query_of
from invoicer_core.web.words import country_options


def install(site: Site) -> None:
    """Add the pages of this file."""
    both, post = ["GET", "POST"], ["POST"]
    one = "/suppliers/<int:supplier_id>"
    site.add_url_rule("/suppliers", "suppliers", supplier_list)
    site.add_url_rule("/suppliers/new", "new_supplier", new_supplier, methods=both)
    site.add_url_rule(one, "supplier", supplier)
    site.add_url_rule(f"{one}/edit", "edit_supplier", edit_supplier, methods=both)
    site.add_url_rule(f"{one}/archive", "archive_supplier", archive_supplier, methods=post)


@members("suppliers.read")
def supplier_list() -> Answer:
    """Suppliers by name, with what we owe all of them."""
    query = query_of("status", "q", "cursor")
    if query.get("status") != "archived":
        query.pop("status", None)
    page = suppliers.find(
        q=query.get("q"), status=query.get("status"), sort="name", cursor=query.get("cursor")
    )
    costs = access.may("costs.read")
    return render_template(
        "suppliers/list.html",
        page=page,
        query=query,
        tabs=[("", _("Active")), ("archived", _("Archived"))],
        owed=bills.owed() if costs else (),
        owed_to=bills.owed_to([each.id for each in page.items]) if costs else {},
    )


@members("suppliers.read")
def supplier(supplier_id: int) -> Answer:
    """One supplier: who it is, what it billed, what we owe it."""
    found = suppliers.get(supplier_id=supplier_id)
    costs = access.may("costs.read")
    return render_template(
        "suppliers/detail.html",
        supplier=found,
        bills=bills.find(supplier_id=supplier_id, limit=10) if costs else None,
        owed=bills.owed(supplier_id=supplier_id) if costs else (),
        onboarding=suppliers.onboarding(supplier_id=supplier_id),
    )


@members("suppliers.write")
def new_supplier() -> Answer:
    """Add a supplier."""
    if request.method == "GET":
        return _page(Form({"country": formats.country()}))
    form = Form.sent(request.form, formats.locale())
    fields = supplier_fields(form)

    def store() -> str:
        made = suppliers.create(
            fields={name: value for name, value in fields.items() if value is not None},
            by=access.actor(),
        )
        flash(_("%(name)s is added.", name=made.name), "success")
        return url_for("web.supplier", supplier_id=made.id)

    return saving.made(form, store, _page)


@members("suppliers.write")
def edit_supplier(supplier_id: int) -> Answer:
    """Change a supplier."""
    return saving.Edit(
        load=lambda: suppliers.get(supplier_id=supplier_id),
        values=supplier_values,
        read=supplier_fields,
        store=lambda fields, version: suppliers.update(
            supplier_id=supplier_id, fields=fields, by=access.actor(), expected_version=version
        ),
        page=_page,
        address=url_for("web.supplier", supplier_id=supplier_id),
        labels=supplier_labels(),
        options={"country": dict(country_options())},
    ).answer()


@members("suppliers.write")
def archive_supplier(supplier_id: int) -> Answer:
    """Take a supplier out of the lists, or put it back."""
    back = request.form.get("back") == "1"
    done = suppliers.archive(supplier_id=supplier_id, by=access.actor(), archived=not back)
    if back:
        flash(_("%(name)s is in the lists again.", name=done.name), "success")
        return redirect(url_for("web.supplier", supplier_id=supplier_id))
    flash(_("%(name)s is archived.", name=done.name), "success")
    return redirect(url_for("web.suppliers"))


def _page(
    form: Form,
    stored: SupplierSnapshot | None = None,
    *,
    differences: Sequence[Difference] | None = None,
) -> str:
    return render_template(
        "suppliers/edit.html", form=form, supplier=stored, differences=differences
    )
