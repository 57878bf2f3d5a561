"""The words of tables of figures: titles of reports and columns, and what cells name by a key."""

from flask_babel import gettext as _

from invoicer_core.domain.tables import Word


def words() -> dict[str, str]:
    """All of them in the reader's language."""
    return {**_titles(), **_columns(), **_cells(), **_methods(), **_steps()}


def _titles() -> dict[str, str]:
    return {
        "receivables": _("Aged receivables"), "open-invoices": _("Open invoices"),
        "tax": _("Tax summary"), "clients": _("Sales by client"),
        "products": _("Sales by product"), "payments": _("Payments received"),
        "numbers": _("Number check"), "days": _("Revenue by day"),
        "by-client": _("Revenue by client"), "by-product": _("Revenue by product"),
        "by-category": _("Revenue by category"), "delays": _("When invoices are paid"),
        "cohorts": _("Clients who come back"), "funnel": _("From draft to paid"),
        "channels": _("Views by channel"), "devices": _("Views by device"),
        "kpis": _("Key figures"),
    }  # fmt: skip


def _columns() -> dict[str, str]:
    return {
        "client": _("Client"), "product": _("Product"), "category": _("Category"),
        "invoice": _("Invoice"), "issued-on": _("Issued"), "due-on": _("Due"),
        "days-late": _("Days late"), "open": _("Open"), "total": _("Total"), "net": _("Net"),
        "tax-amount": _("Tax"), "base": _("Net amount"), "tax-name": _("Name"), "rate": _("Rate"),
        "invoices": _("Invoices"), "credited": _("Credited"), "revenue": _("Revenue"),
        "quantity": _("Quantity"), "day": _("Day"), "method": _("Method"),
        "reference": _("Reference"), "amount": _("Amount"), "refunded": _("Paid back"),
        "kept": _("Kept"), "series": _("Series"), "document": _("Document"),
        "period": _("Period"), "documents": _("Documents"), "last": _("Last number"),
        "missing": _("Missing"), "average": _("7-day average"), "remark": _("Remark"),
        "share": _("Share"), "delay": _("Paid"), "week": _("First invoice in the week of"),
        "step": _("Step"), "channel": _("Channel"), "device": _("Device"), "views": _("Views"),
        "how-many": _("Clients"),
    }  # fmt: skip


def _cells() -> dict[str, str]:
    return {
        "not-due": _("Not due yet"), "0-30": _("0-30 days"), "31-60": _("31-60 days"),
        "61-90": _("61-90 days"), "over-90": _("Over 90 days"),
        "whole": _("Discounts and charges on whole invoices"), "others": _("All others"),
        "no-category": _("Without a category"), "none": _("none"),
        "high": _("unusually high"), "low": _("unusually low"),
        "early": _("More than a week early"), "week-early": _("Up to a week early"),
        "on-day": _("On the due day"), "week-late": _("1-7 days late"),
        "fortnight-late": _("8-14 days late"), "month-late": _("15-30 days late"),
        "two-months-late": _("31-60 days late"), "later": _("More than 60 days late"),
        "document:invoice": _("Invoices"), "document:credit_note": _("Credit notes"),
        "S": _("Standard or reduced rate"), "Z": _("Zero rated"), "E": _("Exempt"),
        "AE": _("Reverse charge"), "K": _("Delivery within the EU"), "G": _("Export"),
        "O": _("Not subject to tax"), "L": _("Canary Islands tax"), "M": _("Ceuta and Melilla tax"),
    }  # fmt: skip


def _methods() -> dict[str, str]:
    return {
        "method:bank_transfer": _("Bank transfer"), "method:cash": _("Cash"),
        "method:card": _("Card"), "method:cheque": _("Cheque"),
        "method:direct_debit": _("Direct debit"), "method:other": _("Other"),
        "channel:email": _("E-mail"), "channel:sms": _("SMS"), "channel:whatsapp": _("WhatsApp"),
        "channel:voice": _("Call"), "channel:portal": _("Portal"),
        "channel:link": _("Copied link"), "device:desktop": _("Computer"),
        "device:mobile": _("Phone"), "device:tablet": _("Tablet"), "device:other": _("Other"),
    }  # fmt: skip


def _steps() -> dict[str, str]:
    steps = {
        "step:created": _("Drafts written"), "step:issued": _("Issued"),
        "step:viewed": _("Viewed by the client"), "step:paid": _("Paid"),
    }  # fmt: skip
    weeks = {f"week-{at}": _("Week %(number)s", number=at) for at in range(1, 8)}
    return {**steps, **weeks, "week-0": _("First week")}


def method(name: str) -> Word:
    """A payment's method as a cell."""
    return Word(f"method:{name}")
