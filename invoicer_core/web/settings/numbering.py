"""How documents are numbered, with an example while typing, and proof that none is missing."""

from dataclasses import dataclass

from flask import request
from flask_babel import gettext as _
from markupsafe import escape

from invoicer_core.domain.account import SeriesSnapshot
from invoicer_core.domain.errors import InvoicerError
from invoicer_core.domain.numbering import Pattern
from invoicer_core.services import businesses, number_proof, series
from invoicer_core.services.wording import told
from invoicer_core.web import access, formats
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.invoices import id_of
from invoicer_core.web.settings import frame

KINDS = ("invoice", "credit_note", "order", "quote", "receipt")


@dataclass(frozen=True, slots=True)
class Numbered:
    """A series as the form shows it. ``example`` is None for a pattern that is refused."""

    kind: str
    label: str
    series: SeriesSnapshot
    example: str | None


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/settings/numbering", "settings_numbering", show)
    site.add_url_rule("/settings/numbering", "save_numbering", save, methods=["POST"])
    site.add_url_rule("/settings/numbering/example", "settings_numbering_example", example)


def kind_words() -> dict[str, str]:
    """Documents that have numbers."""
    return {
        "invoice": _("Invoices"), "credit_note": _("Credit notes"), "order": _("Orders"),
        "quote": _("Quotes"), "receipt": _("Receipts"),
    }  # fmt: skip


def resets() -> list[tuple[str, str]]:
    """When a series starts again at 1."""
    return [
        ("never", _("never")), ("yearly", _("each year")), ("monthly", _("each month")),
        ("fiscal_year", _("each fiscal year")),
    ]  # fmt: skip


def series_word(kind: str, name: str) -> str:
    """What a series is called, in the page's language until somebody names it."""
    return kind_words()[kind] if businesses.is_first_name(kind, name) else name


def _defaults() -> dict[str, SeriesSnapshot]:
    """The series in use for each kind of document."""
    found = series.find(limit=200).items
    return {each.document_type: each for each in found if each.is_default}


def _numbered(form: Form) -> list[Numbered]:
    words, found = kind_words(), _defaults()
    return [
        Numbered(kind, words[kind], found[kind],
                 written(form.get(f"{kind}_pattern"), form.get(f"{kind}_reset")))
        for kind in KINDS
        if kind in found
    ]  # fmt: skip


def written(pattern: str, reset: str) -> str | None:
    """The first number of today's period by this pattern, None when it cannot be used."""
    start = int(formats.business_settings().get("fiscal_year_start") or 1)
    try:
        template = Pattern.parse(pattern, reset).expand(formats.today(), "CLIENT", start)
        return template.render(1)
    except InvoicerError:
        return None


def _page(form: Form) -> str:
    return frame.page(
        "numbering", form, numbered=_numbered(form), resets=resets(),
        proofs=number_proof.proofs(), kind_words=kind_words(), series_word=series_word,
    )  # fmt: skip


@members("settings.write")
def show() -> Answer:
    """The patterns, and the proof."""
    values = {}
    for kind, each in _defaults().items():
        values[f"{kind}_pattern"], values[f"{kind}_reset"] = each.pattern, each.reset
        values[f"{kind}_version"] = str(each.version)
    return _page(Form(values))


@members("settings.write")
def example() -> Answer:
    """What a pattern makes, or why it cannot be used; asked for while somebody types."""
    kind = next((each for each in KINDS if f"{each}_pattern" in request.args), "")
    pattern = request.args.get(f"{kind}_pattern", "")[:200]
    reset = request.args.get(f"{kind}_reset", "yearly")
    start = int(formats.business_settings().get("fiscal_year_start") or 1)
    try:
        template = Pattern.parse(pattern, reset).expand(formats.today(), "CLIENT", start)
        return str(escape(_("Like %(example)s", example=template.render(1))))
    except InvoicerError as refusal:
        return str(escape(told(refusal.fields[0].message if refusal.fields else refusal.detail)))


@members("settings.write")
def save() -> Answer:
    """Number the next documents so; those that have a number keep it."""
    form = frame.sent()
    options = [value for value, _label in resets()]
    for kind in KINDS:
        if f"{kind}_pattern" in form.values:
            form.text(f"{kind}_pattern", required=True, longest=100)
            form.choice(f"{kind}_reset", options)
    if not form.ok:
        return _page(form), 422
    for kind, each in _defaults().items():
        if f"{kind}_pattern" not in form.values:
            continue
        wanted = {"pattern": form.get(f"{kind}_pattern"), "reset": form.get(f"{kind}_reset")}
        try:
            series.update(
                series_id=each.id, fields=wanted, by=access.actor(),
                expected_version=id_of(form.get(f"{kind}_version")),
            )  # fmt: skip
        except InvoicerError as error:
            names = {"pattern": f"{kind}_pattern", "reset": f"{kind}_reset"}
            status = frame.refusal(form, error, **names)
            return _page(form), status
    return frame.saved("settings_numbering")
