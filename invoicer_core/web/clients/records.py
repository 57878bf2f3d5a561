"""Clients: the list, the page of one with its tabs, adding, changing, archiving."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import NotFound
from invoicer_core.domain.snapshots import ClientSnapshot
from invoicer_core.services import clients, credit_notes, invoices, messages, payments, statements
from invoicer_core.services.clients import ledger, merging
from invoicer_core.services.messages import consents
from invoicer_core.web import access, formats, saving
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.clients.words import field_word
from invoicer_core.web.forms.differences import Difference
from invoicer_core.web.forms.parties import CLIENT_FIELDS, client_fields
from invoicer_core.web.forms.reading import Form, shown_number
from invoicer_core.web.site import query_of
from invoicer_core.web.words import (
    Options,
    channel_titles,
    country_options,
    currency_options,
    locale_options,
    locale_word,
)

SHOWN: Final = ("", "open", "overdue", "archived")
TABS: Final = ("invoices", "payments", "credits", "statements", "messages", "notes")
_FOUND: Final[Mapping[str, tuple[str, Callable[..., Any]]]] = {
    "invoices": ("invoices.read", invoices.find),
    "payments": ("payments.read", payments.find),
    "credits": ("invoices.read", credit_notes.find),
    "statements": ("clients.read", statements.find),
    "messages": ("messages.read", messages.find),
}
LINES: Final = 20
PLACES: Final = 4
"""Channels in a client's own order, in the form."""


def install(site: Site) -> None:
    """Add the pages of this file."""
    both = ["GET", "POST"]
    site.add_url_rule("/clients", "clients", client_list)
    site.add_url_rule("/clients/new", "new_client", new_client, methods=both)
    site.add_url_rule("/clients/<int:client_id>", "client", client)
    site.add_url_rule("/clients/<int:client_id>/edit", "edit_client", edit_client, methods=both)
    site.add_url_rule(
        "/clients/<int:client_id>/archive", "archive_client", archive_client, methods=["POST"]
    )


@members("clients.read")
def client_list() -> Answer:
    """Clients by name: all, those who owe, those who are late, those who were archived."""
    query = query_of("show", "q", "cursor")
    show = query.get("show", "")
    if show not in SHOWN:
        show = query.pop("show") and ""
    page = clients.find(
        q=query.get("q"),
        sort="name",
        status="archived" if show == "archived" else "all" if show else None,
        owing=show if show in clients.OWING else None,
        cursor=query.get("cursor"),
    )
    labels = (_("Active"), _("With open balance"), _("Overdue"), _("Archived"))
    return render_template(
        "clients/list.html",
        page=page,
        query=query,
        tabs=list(zip(SHOWN, labels, strict=True)),
        accounts=ledger.of(client_ids=[each.id for each in page.items]),
    )


@members("clients.read")
def client(client_id: int) -> Answer:
    """One client: figures, contacts, and what there is of one kind."""
    try:
        found = clients.get(client_id=client_id)
    except NotFound:
        into = merging.merged_into(client_id=client_id)
        if into is None:
            raise
        return redirect(url_for("web.client", client_id=into))
    tabs = _tabs()
    tab = request.args.get("tab", "")
    if tab not in dict(tabs):
        tab = tabs[0][0]
    accounts = ledger.of(client_ids=[client_id]).get(client_id, ())
    currency = found.currency or formats.currency()
    return render_template(
        "clients/detail.html",
        client=found,
        currency=currency,
        account=ledger.in_currency(accounts, currency),
        others=[each for each in accounts if each.currency != currency],
        consents=consents.current(contact_ids=[each.id for each in found.contacts]),
        channels=consents.channels(),
        tabs=tabs,
        chosen=tab,
        page=_FOUND[tab][1](client_id=client_id, limit=LINES) if tab in _FOUND else None,
    )


def _tabs() -> list[tuple[str, str]]:
    labels = (
        _("Invoices"), _("Payments"), _("Credit notes"), _("Statements"), _("Messages"),
        _("Notes"),
    )  # fmt: skip
    return [
        (name, label)
        for name, label in zip(TABS, labels, strict=True)
        if name not in _FOUND or access.may(_FOUND[name][0])
    ]


@members("clients.write")
def new_client() -> Answer:
    """Add a client."""
    if request.method == "GET":
        return _page(Form({"country": formats.country()}))
    form = Form.sent(request.form, formats.locale())
    fields = _read(form)

    def store() -> str:
        made = clients.create(
            fields={name: value for name, value in fields.items() if value is not None},
            by=access.actor(),
        )
        flash(_("%(name)s is added.", name=made.name), "success")
        return url_for("web.client", client_id=made.id)

    return saving.made(form, store, _page)


@members("clients.write")
def edit_client(client_id: int) -> Answer:
    """Change a client; issued invoices keep what they say."""
    return saving.Edit(
        load=lambda: clients.get(client_id=client_id),
        values=_values,
        read=_read,
        store=lambda fields, version: clients.update(
            client_id=client_id, fields=fields, by=access.actor(), expected_version=version
        ),
        page=_page,
        address=url_for("web.client", client_id=client_id),
        labels={name: field_word(name) for name in CLIENT_FIELDS} | _places(),
        options=_options(),
    ).answer()


@members("clients.write")
def archive_client(client_id: int) -> Answer:
    """Take a client out of the lists, or back into them."""
    back = bool(request.form.get("back"))
    done = clients.archive(client_id=client_id, archived=not back, by=access.actor())
    if back:
        flash(_("%(name)s is back in the lists.", name=done.name), "success")
        return redirect(url_for("web.client", client_id=client_id))
    flash(_("%(name)s is archived.", name=done.name), "success")
    return redirect(url_for("web.clients"))


def _read(form: Form) -> dict[str, Any]:
    """What was typed, with the order of channels as one list."""
    fields = client_fields(form)
    if any(name in form.values for name in _places()):
        typed = [form.get(name) for name in _places()]
        fields["channels"] = [each for each in dict.fromkeys(typed) if each]
    return fields


def _places() -> dict[str, str]:
    """The fields that hold the order of channels, as people call them."""
    return {
        f"channel-{place}": _("Channel %(number)s", number=place) for place in range(1, PLACES + 1)
    }


def _values(stored: ClientSnapshot) -> dict[str, str]:
    values: dict[str, Any] = {name: getattr(stored, name) for name in CLIENT_FIELDS}
    values["credit_limit"] = shown_number(stored.credit_limit, formats.locale())
    values["locale"] = (stored.locale or "").replace("_", "-")
    values["version"] = stored.version
    values |= dict.fromkeys(_places())
    values |= dict(zip(_places(), stored.channels, strict=False))
    return {name: "" if value is None else str(value) for name, value in values.items()}


def _page(
    form: Form,
    stored: ClientSnapshot | None = None,
    *,
    differences: Sequence[Difference] | None = None,
) -> str:
    return render_template(
        "clients/edit.html",
        form=form,
        client=stored,
        differences=differences,
        currencies=_with(currency_options(), form.get("currency")),
        locales=_with(locale_options(), form.get("locale"), locale_word),
        ways=list(channel_titles().items()),
        places=range(1, PLACES + 1),
    )


def _options() -> dict[str, dict[str, str]]:
    return {
        "country": dict(country_options()),
        "currency": dict(currency_options()),
        "locale": dict(locale_options()),
        **dict.fromkeys(_places(), channel_titles()),
    }


def _with(options: Options, stored: str, word: Callable[[str], str] = str) -> Options:
    """The choices, with what is stored, in words, where it is none of the usual ones."""
    known = stored in {value for value, _label in options}
    return options if known or not stored else [*options, (stored, word(stored))]
