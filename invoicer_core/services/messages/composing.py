"""The words of a message to a client: from the templates, for a channel and a language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from invoicer_core.domain.snapshots import InvoiceSnapshot
from invoicer_core.services import businesses, invoices, links, mail_texts, templates
from invoicer_core.services.mail_texts import Letter
from invoicer_core.services.messages import carriers

EMAIL: Final = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Words with their values in, before they become a mail: in e-mails the paragraph ``[link]``
    stands for a button, ``[summary]`` for a small table.

    Args:
        link, rows: what these paragraphs become.
    """

    channel: str
    language: str
    subject: str
    text: str
    link: str = ""
    rows: tuple[tuple[str, str], ...] = ()

    def letter(self) -> Letter:
        """The message as it goes out."""
        if form_of(self.channel) == "short":
            return Letter("", self.text.strip(), "")
        return mail_texts.lay_out(
            self.subject, self.text, language=self.language, link=self.link, rows=self.rows,
            color=businesses.current().color,
        )  # fmt: skip


def form_of(channel: str) -> str:
    """``long`` for what carries e-mail, ``short`` for all else."""
    return "long" if carriers.kind_of(channel) == EMAIL else "short"


def compose(*, kind: str, invoice_id: int, channel: str, locale: str | None = None) -> Letter:
    """The words of a message about an invoice.

    Args:
        kind: ``invoice``, ``receipt`` or ``reminder``.
        locale: None for the client's language.

    Raises NotFound; InvalidInput for another kind.
    """
    invoice = invoices.get(invoice_id=invoice_id)
    return about_invoice(kind=kind, invoice=invoice, channel=channel, locale=locale).letter()


def about_invoice(
    *, kind: str, invoice: InvoiceSnapshot, channel: str, locale: str | None = None
) -> Draft:
    """A message about an invoice. Raises InvalidInput for a kind that is about something else."""
    business = businesses.current()
    reader = locale or _reader(invoice) or business.locale
    values, rows = mail_texts.about_invoice(kind, reader, invoice, business)
    link = links.invoice_link(public_id=invoice.public_id, channel=carriers.kind_of(channel))
    return drafted(
        kind=kind, channel=channel, locale=reader, values={**values, "link": link}, rows=rows,
        link=link,
    )  # fmt: skip


def drafted(
    *,
    kind: str,
    channel: str,
    locale: str | None,
    values: Mapping[str, str],
    rows: Sequence[tuple[str, str]] = (),
    link: str = "",
) -> Draft:
    """The words of a kind with these values; business and greeting are filled in."""
    business = businesses.current()
    tongue = mail_texts.language_of(locale or business.locale)
    found = templates.get(kind=kind, form=form_of(channel), language=tongue)
    given = {"business": business.name, "signature": templates.signature(), **values}
    subject = " ".join(templates.fill(found.subject or "", kind, given).split())
    text = templates.fill(found.text, kind, given)
    return Draft(
        channel=channel, language=tongue, subject=subject, text=text, link=link, rows=tuple(rows)
    )


def _reader(invoice: InvoiceSnapshot) -> str | None:
    return invoice.buyer.locale if invoice.buyer is not None else None
