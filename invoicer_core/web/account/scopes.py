"""What an API key may do, in words: permissions by thing, and sets for usual ends."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import gettext as _

from invoicer_core.services.identity.api_keys import PRESETS


@dataclass(frozen=True, slots=True)
class Thing:
    """One kind of thing with what may be done to it: pairs of permission and verb."""

    label: str
    rights: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Preset:
    """A usual set of scopes."""

    key: str
    label: str
    text: str


def _things() -> dict[str, str]:
    return {
        "business": _("The business"), "clients": _("Clients"), "invoices": _("Invoices"),
        "credit_notes": _("Credit notes"), "payments": _("Payments"), "products": _("Products"),
        "costs": _("What products cost"), "stock": _("Stock"), "orders": _("Orders"),
        "suppliers": _("Suppliers"), "files": _("Files"), "messages": _("Messages"),
        "reports": _("Reports"), "events": _("The feed of changes"), "taxes": _("Taxes"),
        "settings": _("Settings"), "members": _("Members"), "owners": _("Owners"),
        "plugins": _("Plugins"), "deliveries": _("Deliveries to plugins"),
        "audit": _("The audit log"),
    }  # fmt: skip


def _verbs() -> dict[str, str]:
    return {
        "read": _("see"), "write": _("change"), "issue": _("issue"), "send": _("send"),
        "void": _("void"), "write_off": _("write off"), "refund": _("refund"),
        "delete": _("delete"), "merge": _("merge"), "erase": _("erase"),
    }  # fmt: skip


def things(permissions: Iterable[str]) -> list[Thing]:
    """The permissions by thing, in the order of the menu; plugins' things come last."""
    names, verbs = _things(), _verbs()
    by_thing: dict[str, list[str]] = {}
    for each in sorted(permissions):
        thing, _dot, right = each.rpartition(".")
        by_thing.setdefault(thing, []).append(right)
    order = [*(name for name in names if name in by_thing), *(set(by_thing) - set(names))]
    place = list(verbs)
    return [
        Thing(
            names.get(thing, thing),
            tuple(
                (f"{thing}.{right}", verbs.get(right, right))
                for right in sorted(
                    by_thing[thing],
                    key=lambda one: (place.index(one) if one in place else len(place), one),
                )
            ),
        )
        for thing in [name for name in order if name in names]
        + sorted(name for name in order if name not in names)
    ]


def presets() -> list[Preset]:
    """The usual sets, in words."""
    words = {
        "read": (_("See everything"), _("For reports and backups: it changes nothing.")),
        "invoicing": (_("Write invoices"), _("For a program that bills: clients and invoices, "
                                             "issued and sent.")),
        "payments": (_("Record payments"), _("For a bank or a till: finds invoices and books what "
                                             "came in.")),
        "shop": (_("Run a shop"), _("Orders, stock, clients, invoices and payments.")),
    }  # fmt: skip
    return [Preset(key, *map(str, words[key])) for key in PRESETS]
