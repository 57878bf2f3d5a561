"""Words of the clients' pages: postings, and why a statement was not sent."""

from flask_babel import gettext as _

from invoicer_core.services.statements.runs import NO_ADDRESS, NO_CONSENT


def posting_word(kind: str) -> str:
    """One line of a statement."""
    words = {
        "invoice": _("Invoice"), "credit_note": _("Credit note"), "payment": _("Payment"),
        "refund": _("Refund"), "write_off": _("Write-off"), "void": _("Voided invoice"),
    }  # fmt: skip
    return str(words.get(kind, kind))


def outcome_word(outcome: str) -> str:
    """What became of one client in a run."""
    words = {
        "waiting": _("waiting"), "sent": _("on its way"), "skipped": _("left out"),
        "failed": _("failed"),
    }  # fmt: skip
    return str(words.get(outcome, outcome))


def reason_word(reason: str | None) -> str:
    """Why a client got no statement."""
    words = {
        NO_ADDRESS: _("This client has no e-mail address."),
        NO_CONSENT: _("The contact with this address does not want e-mail any more."),
    }
    return str(words.get(reason or "") or reason or "")


def thing_word(table: str) -> str:
    """What is moved or erased, as people call it."""
    words = {
        "invoices": _("Invoices"), "credit_notes": _("Credit notes"), "payments": _("Payments"),
        "orders": _("Orders"), "messages": _("Messages"), "contacts": _("Contacts"),
        "statements": _("Statements"), "attachments": _("Files"), "drafts": _("Drafts"),
    }  # fmt: skip
    return str(words.get(table, table))


def field_word(name: str) -> str:
    """A client's field."""
    words = {
        "name": _("Name"), "email": _("E-mail"), "currency": _("Currency"), "notes": _("Notes"),
        "legal_name": _("Legal name"), "phone": _("Phone"), "address": _("Street and number"),
        "city": _("City"), "postcode": _("Postcode"), "region": _("Region"),
        "country": _("Country"), "vat_id": _("VAT id"), "tax_number": _("Tax number"),
        "registration": _("Registration"), "electronic_address": _("Electronic address"),
        "contact_name": _("Contact"), "iban": _("IBAN"), "bic": _("BIC"),
        "locale": _("Language"), "payment_terms_days": _("Days to pay"),
        "buyer_reference": _("Their reference"), "credit_limit": _("Credit limit"),
    }  # fmt: skip
    return str(words.get(name, name))
