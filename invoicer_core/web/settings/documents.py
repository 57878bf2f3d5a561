"""What documents look like and say, with a sample of it in a frame of its own."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask import Response, g, render_template, request
from flask_babel import gettext as _

from invoicer_core.domain.document import Document, Item, Tax
from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.domain.errors import InvoicerError
from invoicer_core.domain.numbering import Pattern
from invoicer_core.domain.snapshots import InvoiceSnapshot, Party
from invoicer_core.services import (
    businesses,
    document_texts,
    documents,
    invoices,
    series,
    tax_rates,
)
from invoicer_core.web import access, formats, headers, portal_brand
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.invoices import pdf_response
from invoicer_core.web.settings import frame


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/settings/documents", "settings_documents", show)
    site.add_url_rule("/settings/documents", "settings_documents_save", save, methods=["POST"])
    site.add_url_rule("/settings/documents/sample", "settings_documents_sample", sample)
    site.add_url_rule("/settings/documents/sample.pdf", "settings_documents_pdf", sample_pdf)
    site.add_url_rule("/settings/documents/colors.css", "settings_documents_colors", colors)


def languages() -> list[tuple[str, str]]:
    """Languages that texts are written for, the business's own first."""
    names = {"en": _("English"), "de": _("German"), "fr": _("French"), "es": _("Spanish")}
    own = (g.business.locale or "en")[:2].lower()
    codes = sorted(document_texts.LANGUAGES, key=lambda code: code != own)
    return [(code, names[code]) for code in codes]


def column_words() -> dict[str, str]:
    """What may be left out of the table of items."""
    return {
        "position": _("Position"), "item_number": _("Item number"), "quantity": _("Quantity"),
        "unit_price": _("Unit price"), "tax": _("Tax rate"),
    }  # fmt: skip


def template_words() -> dict[str, tuple[str, str]]:
    """How documents may look: what each template is called, and what it is for."""
    return {
        "classic": (_("Classic"), _("A line of your colour, clear rows. For any business.")),
        "modern": (_("Modern"), _("Your name on a band of your colour, striped rows.")),
        "compact": (_("Compact"), _("Small type and close rows: many items on one page.")),
        "elegant": (_("Elegant"), _("A letter with a centred name, in a serif type.")),
    }


@members("settings.write")
def show() -> Answer:
    """The texts, the columns, the sample."""
    return _page(Form(_stored()))


def _stored() -> dict[str, str]:
    settings = g.business.settings
    texts = settings.get("document_texts") or {}
    values = {}
    for code in document_texts.LANGUAGES:
        for part in document_texts.PARTS:
            values[f"{part}_{code}"] = str((texts.get(code) or {}).get(part) or "")
    hidden = settings.get("hidden_columns") or ()
    for name in document_texts.COLUMNS:
        values[f"column_{name}"] = "" if name in hidden else "1"
    values["color"] = g.business.color or "#2f54c8"
    values["paper"] = str(settings.get("paper") or "")
    values["document_template"] = _chosen_template()
    values["invoice_notes"] = str(settings.get("invoice_notes") or "")
    values["version"] = str(g.business.version)
    return values


def _page(form: Form) -> str:
    headers.widen("frame-src", "'self'")
    return frame.page(
        "documents", form, languages=languages(), columns=column_words(),
        shown_language=_asked_language(), papers=_papers(), templates=template_words(),
        shown_template=_asked_template(),
    )  # fmt: skip


def _papers() -> list[tuple[str, str]]:
    return [("", _("As usual in your country")), ("A4", "A4"), ("letter", _("US letter"))]


def _asked_language() -> str:
    asked = request.args.get("language", "")
    return asked if asked in document_texts.LANGUAGES else languages()[0][0]


def _chosen_template() -> str:
    return str(g.business.settings.get("document_template") or document_texts.TEMPLATES[0])


def _asked_template() -> str:
    """The one to look at before it is chosen; the chosen one where none is asked for."""
    asked = request.args.get("document_template", "")
    return asked if asked in document_texts.TEMPLATES else _chosen_template()


@members("settings.write")
def save() -> Answer:
    """Keep the texts for the documents to come; PDFs that were stored stay as they are."""
    form = frame.sent()
    texts: dict[str, dict[str, Any]] = {
        code: {
            part: form.text(f"{part}_{code}", longest=500 if part == "terms" else 2000)
            for part in document_texts.PARTS
        }
        for code in document_texts.LANGUAGES
    }
    hidden = [name for name in document_texts.COLUMNS if not form.get(f"column_{name}")]
    settings = {
        "document_texts": texts,
        "hidden_columns": hidden,
        "paper": form.choice("paper", document_texts.PAPERS, required=False),
        "document_template": form.choice(
            "document_template", document_texts.TEMPLATES, required=False
        ),
        "invoice_notes": form.text("invoice_notes", longest=2000),
        "invoice_footer": None,
        "payment_terms": None,
    }
    fields = {"settings": settings, "color": form.text("color", longest=7)}
    if not form.ok:
        return _page(form), 422
    try:
        businesses.update(
            fields=fields, by=access.actor(), expected_version=int(form.get("version") or 0) or None
        )
    except InvoicerError as error:
        form.values["version"] = str(businesses.current().version)
        status = frame.refusal(form, error)
        return _page(form), status
    return frame.saved("settings_documents")


@members("settings.write")
def sample() -> Answer:
    """A sample invoice as it stands in the frame: what is saved, in the language and with the
    template asked for."""
    language = _asked_language()
    headers.widen("frame-ancestors", "'self'")
    page = render_template("settings/sample.html", document=_preview(language), language=language)
    return Response(page, headers={"X-Frame-Options": "SAMEORIGIN"})


@members("settings.write")
def sample_pdf() -> Answer:
    """The sample as the PDF that clients would get."""
    document = _sample(_asked_language())
    return pdf_response(
        "sample.pdf",
        documents.sample(document=document, mark=_("Sample"), template=_asked_template()),
    )


def _preview(language: str) -> Any:
    return documents.preview_html(document=_sample(language), template=_asked_template())


def _sample(language: str) -> InvoiceSnapshot:
    """An invoice of this business that is stored nowhere."""
    usual = tax_rates.default()
    taxes = () if usual is None else (Tax(usual.category, usual.rate, usual.name),)
    items = (
        Item(_("Consulting"), Decimal("7.5"), Decimal("95.00"), taxes=taxes, sku="C-100",
             unit="HUR"),
        Item(_("Travel"), Decimal(1), Decimal("148.50"), taxes=taxes),
    )  # fmt: skip
    document = Document(formats.currency(), items)
    today = formats.today()
    draft = InvoiceDraft(
        document=document,
        issue_date=today,
        due_date=today + timedelta(days=g.business.payment_terms_days or 14),
    )
    made = invoices.preview(draft=draft, by=access.actor())
    buyer = Party(name=_("Sample client"), city=_("Sampletown"), locale=language)
    return replace(made, buyer=buyer, invoice_number=_number(today))


def _number(today: date) -> str:
    """As the usual series would write it today."""
    found = series.find(document_type="invoice", limit=200).items
    for each in found:
        if each.is_default:
            start = int(formats.business_settings().get("fiscal_year_start") or 1)
            pattern = Pattern.parse(each.pattern, each.reset)
            return pattern.expand(today, "CLIENT", start).render(1)
    return "1"


@members("settings.write")
def colors() -> Answer:
    """The business's colour for the frame, as a style sheet."""
    return portal_brand.paper_colors()
