"""The one place where messages are written: its part of a page is in the invoice's dialogs, and on
a page of its own."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import InvoicerError, NotFound
from invoicer_core.domain.snapshots import ClientSnapshot, InvoiceSnapshot
from invoicer_core.hooks.offers import Quote
from invoicer_core.services import businesses, clients, invoices, mail_texts, messages
from invoicer_core.services.files import attachments
from invoicer_core.services.messages import carriers, composing, consents, quiet, writing
from invoicer_core.services.messages.composing import Draft
from invoicer_core.services.messages.reaching import Way
from invoicer_core.services.wording import told
from invoicer_core.web import access, formats, once
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.catalogs import spoken
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.site import query_of

TEXT_LONGEST: Final = 10_000
LANGUAGES: Final = {"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español"}


@dataclass(frozen=True, slots=True)
class Part:
    """What the templates show: to whom, over what, the words and what is to be known about them."""

    kind: str
    way: Way
    draft: Draft
    form: Form
    long: bool


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/messages/new", "new_message", new_message, methods=["GET", "POST"])
    site.add_url_rule("/messages/new/words", "message_words", message_words)
    site.add_url_rule("/messages/check", "check_message", check_message, methods=["POST"])


# --- parts of pages ----------------------------------------------------------------------------


def channel_word(way: Way) -> str:
    """What a channel is called, with the client's address, or why it is of no use."""
    title = _("E-mail") if way.name == "email" else spoken(way.title)
    if way.refusal is not None:
        said = _("%(channel)s (no consent)", channel=title)
    elif way.address is None:
        said = _("%(channel)s (no address)", channel=title)
    else:
        said = f"{title}: {way.address}"
    return str(said)


def begun(
    client: ClientSnapshot,
    invoice: InvoiceSnapshot | None,
    kind: str,
    way: Way,
    language: str | None = None,
) -> Part:
    """The words of the template, ready to be changed."""
    draft = writing.draft(
        client=client, channel=way.name, kind=kind, invoice=invoice, locale=language
    )
    values = {
        "channel": way.name, "recipient": way.address or "", "subject": draft.subject,
        "text": draft.text, "language": draft.language, "kind": kind,
    }  # fmt: skip
    return _part(kind, way, draft, Form(values))


def filled(form: Form, client: ClientSnapshot, invoice: InvoiceSnapshot | None, kind: str) -> Part:
    """The words as they were typed; what the form does not have, as the template has it."""
    way = _way(client, form.get("channel"))
    part = begun(client, invoice, kind, way, _language(form.get("language")))
    form.values = {**part.form.values, **form.values}
    return _part(kind, way, part.draft, form)


def _part(kind: str, way: Way, draft: Draft, form: Form) -> Part:
    return Part(kind, way, draft, form, composing.form_of(way.name) == "long")


def part(client: ClientSnapshot, invoice: InvoiceSnapshot | None, kind: str) -> Answer:
    """The part of a page that changes with channel, kind and language."""
    way = _way(client, request.args.get("channel", ""), strictly=True)
    made = begun(client, invoice, kind, way, _language(request.args.get("language", "")))
    prefix = {"invoice": "send-", "reminder": "remind-"}.get(kind, "")
    prefix = prefix if request.endpoint == "web.invoice_letter" else ""
    return render_template(
        "messages/words.html", part=made, prefix=prefix, client=client, invoice=invoice
    )


def _way(client: ClientSnapshot, name: str, *, strictly: bool = False) -> Way:
    found = [
        replace(each, refusal=told(each.refusal) if each.refusal else None)
        for each in writing.ways(client)
    ]
    way = next((each for each in found if each.name == name), None)
    if way is None and (strictly or not found):
        raise NotFound(_("This way to send messages is switched off."))
    return way or found[0]


def _language(value: str) -> str | None:
    return value if value in mail_texts.LANGUAGES else None


# --- what was typed ----------------------------------------------------------------------------


def sent() -> Form:
    """The form as it came."""
    return Form.sent(request.form, formats.locale())


def read(form: Form, *, kind: str) -> dict[str, Any]:
    """The arguments of `writing.write`; what is wrong is noted in the form."""
    channel = form.text("channel", required=True, longest=64) or "email"
    recipient = form.text("recipient", required=True, longest=254)
    if carriers.kind_of(channel) == "email":
        recipient = form.email("recipient", required=True)
    wish: dict[str, Any] = {"channel": channel, "recipient": recipient, "kind": kind}
    if "text" in form.values:
        wish["text"] = form.text("text", required=True, longest=TEXT_LONGEST)
        wish["subject"] = form.text("subject", longest=200) or ""
    wish["locale"] = _language(form.get("language"))
    return wish


@members("messages.read")
def check_message() -> Answer:
    """How a message would look and what it would take, as it is typed. Nothing is kept."""
    form = sent()
    client, invoice = _about(form)
    kind = form.get("kind")
    kind = kind if kind in writing.kinds(invoice) else writing.NOTE
    made = filled(form, client, invoice, kind)
    text = form.get("text")[:TEXT_LONGEST]
    draft = _replaced(made.draft, form.get("subject")[:200], text)
    letter = draft.letter()
    recipient = form.get("recipient")[:254]
    return render_template(
        "messages/check.html", letter=letter, part=made, recipient=recipient,
        quote=_quote(made, letter.text, recipient), refusal=_refusal(made, client, recipient),
        quiet_until=_quiet(made, client),
    )  # fmt: skip


def _replaced(draft: Draft, subject: str, text: str) -> Draft:
    try:
        return writing.edited(draft, subject=subject or "…", text=text or "…")
    except InvoicerError:
        return draft


def _quote(made: Part, text: str, recipient: str) -> Quote | None:
    try:
        return writing.quote(
            channel=made.way.name, text=text, recipient=recipient, kind=made.kind,
            locale=made.draft.language,
        )  # fmt: skip
    except InvoicerError as error:
        return Quote(note=told(error.detail))


def _refusal(made: Part, client: ClientSnapshot, recipient: str) -> str | None:
    if not recipient:
        return None
    offer = carriers.find(made.way.name).offer
    no = consents.refusal(kind=made.kind, client_id=client.id, offer=offer, address=recipient)
    return None if no is None else told(no)


def _quiet(made: Part, client: ClientSnapshot) -> Any:
    """The end of the quiet hours that it would ring in, None outside of them."""
    if not made.way.quiet:
        return None
    return quiet.until(businesses.current(), client.country, datetime.now(UTC))


def _about(form: Form) -> tuple[ClientSnapshot, InvoiceSnapshot | None]:
    invoice_id = _id(form.get("invoice_id"))
    invoice = None
    if invoice_id is not None and access.may("invoices.read"):
        invoice = invoices.get(invoice_id=invoice_id)
    client_id = invoice.client_id if invoice is not None else _id(form.get("client_id"))
    if client_id is None:
        raise NotFound.of("client", 0)
    return clients.get(client_id=client_id), invoice


def _id(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


# --- the page ----------------------------------------------------------------------------------


@members("messages.write")
def new_message() -> Answer:
    """Write to a client, over any channel."""
    if request.method == "POST":
        return _send()
    query = query_of("client_id", "invoice_id", "thread", "channel", "kind", "q", "cursor")
    form = Form({name: query.get(name, "") for name in query})
    if _id(query.get("client_id")) is None and _id(query.get("invoice_id")) is None:
        page = clients.find(q=query.get("q"), cursor=query.get("cursor"), sort="name")
        return render_template("messages/whom.html", page=page, query=query)
    client, invoice = _about(form)
    kinds = writing.kinds(invoice)
    kind = query.get("kind", "") if query.get("kind") in kinds else writing.NOTE
    if not writing.ways(client):
        return render_template("messages/no_way.html", client=client)
    made = begun(client, invoice, kind, _way(client, query.get("channel", "")))
    made.form.values["thread"] = query.get("thread", "")
    return _page(client, invoice, made)


def _page(client: ClientSnapshot, invoice: InvoiceSnapshot | None, made: Part) -> str:
    files = [*attachments.of(("client", client.id))]
    if invoice is not None:
        files += attachments.of(("invoice", invoice.id))
    own = {each.file.id: each.file for each in files}
    return render_template(
        "messages/new.html", client=client, invoice=invoice, part=made, form=made.form,
        channels=[(each.name, channel_word(each)) for each in writing.ways(client)],
        kinds=[(each, kind_choice(each)) for each in writing.kinds(invoice)],
        languages=list(LANGUAGES.items()), files=list(own.values()),
        chosen=request.form.getlist("files"),
    )  # fmt: skip


def kind_choice(kind: str) -> str:
    """What a template is for, in a list to choose from."""
    words = {
        "invoice": _("The invoice"), "reminder": _("A reminder"),
        "receipt": _("Thanks for the payment"), "payment": _("Receipt of a payment"),
        "statement": _("Statement of account"), "order": _("Confirmation of an order"),
        "note": _("A free message"),
    }  # fmt: skip
    return str(words[kind])


@members("messages.write")
def message_words() -> Answer:
    """The part of the page that changes with channel, template and language."""
    form = Form({name: request.args.get(name, "") for name in ("client_id", "invoice_id")})
    client, invoice = _about(form)
    kind = request.args.get("kind", "")
    return part(client, invoice, kind if kind in writing.kinds(invoice) else writing.NOTE)


def _send() -> Answer:
    form = sent()
    client, invoice = _about(form)
    kind = form.get("kind")
    kind = kind if kind in writing.kinds(invoice) else writing.NOTE
    if kind != writing.NOTE and not access.may("invoices.send"):
        kind = writing.NOTE
    wish = read(form, kind=kind)
    wish["thread_id"] = _id(form.get("thread"))
    wish["files"] = [number for each in request.form.getlist("files") if (number := _id(each))]

    def store() -> str:
        made = writing.write(
            client_id=client.id, invoice_id=invoice.id if invoice is not None else None,
            by=access.actor(), **wish,
        )  # fmt: skip
        return url_for("web.message", message_id=made.id)

    if form.ok:
        try:
            address = once.made(store)
            flash(_("On its way to %(to)s.", to=wish["recipient"]), "success")
            return redirect(address)
        except InvoicerError as error:
            form.refuse(error)
            status = status_of(error)
    else:
        status = 422
    return _page(client, invoice, filled(form, client, invoice, kind)), status


def unread() -> int:
    """Messages that came in and nobody looked at; shown where messages are."""
    return messages.unread_count()
