"""The class every plugin inherits: its methods are the catalogue of hooks."""

# ruff: noqa: ARG002 - the hooks below are declarations; their arguments are for who overrides them

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Final, Literal

from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.domain.snapshots import (
    CreditNoteSnapshot,
    InvoiceSnapshot,
    PaymentSnapshot,
)
from invoicer_core.hooks.answers import ItemProposal, Objection
from invoicer_core.hooks.context import Context
from invoicer_core.hooks.event_hooks import EventHooks
from invoicer_core.hooks.marks import PROJECT, hookspec
from invoicer_core.hooks.offer_hooks import OfferHooks
from invoicer_core.hooks.settings import Settings

API: Final = 1
"""The version of this contract. A plugin says in ``api`` which one it was written for."""

NAME: Final = re.compile(r"[a-z][a-z0-9_]{1,39}")

Family = Literal["offer", "objection", "proposal", "event"]


class BrokenPlugin(Exception):
    """A plugin that does not keep the contract; the message says what to mend."""


class ObjectionHooks:
    """Asked inside the core's transaction, before something is done that cannot be undone.

    Yield an ``Objection`` for each reason against it. They run under a savepoint and may not commit
    or roll back; one that raises, takes longer than 2 s or answers something else counts as an
    objection in the plugin's name. Look, decide, answer: slow or outside work belongs in an event.
    """

    @hookspec
    def before_invoice_issued(self, ctx: Context, invoice: InvoiceSnapshot) -> Iterable[Objection]:
        """A draft is about to get its number and be frozen."""
        return ()

    @hookspec
    def before_invoice_sent(self, ctx: Context, invoice: InvoiceSnapshot) -> Iterable[Objection]:
        """An issued invoice is about to be handed to a channel."""
        return ()

    @hookspec
    def before_invoice_voided(self, ctx: Context, invoice: InvoiceSnapshot) -> Iterable[Objection]:
        """An issued invoice is about to be annulled."""
        return ()

    @hookspec
    def before_credit_note_issued(
        self, ctx: Context, credit_note: CreditNoteSnapshot
    ) -> Iterable[Objection]:
        """A credit note is about to get its number."""
        return ()

    @hookspec
    def before_payment_refunded(
        self, ctx: Context, payment: PaymentSnapshot
    ) -> Iterable[Objection]:
        """Money is about to go back to the client."""
        return ()


class ProposalHooks:
    """Asked while a draft is made, on a copy; what is accepted enters the totals like any line."""

    @hookspec
    def propose_items(self, ctx: Context, draft: InvoiceDraft) -> Iterable[ItemProposal]:
        """Lines to add to a draft: a surcharge, a discount, a deposit."""
        return ()


class Plugin(OfferHooks, ObjectionHooks, ProposalHooks, EventHooks):
    """Base of every plugin. Override what you need and mark it with ``@hookimpl``.

    The first line of your class's docstring is shown as its description.
    """

    name: ClassVar[str]
    """Lower case letters, digits and ``_``; the entry point has the same name. Never change it."""

    api: ClassVar[int] = API
    """The version of this contract that the plugin was written for."""

    title: ClassVar[str] = ""
    """How people call it; the class's name in words when empty."""

    settings: ClassVar[type[Settings]] = Settings
    """The class of its settings; the base itself means: none."""

    default_on: ClassVar[bool] = False
    """Whether it is on for a business that never chose."""

    migrations: ClassVar[str | None] = None
    """Folder of its migrations, beside the module of the class; None without tables."""


def _specs(base: type) -> Iterator[str]:
    for name, member in vars(base).items():
        if getattr(member, f"{PROJECT}_spec", None) is not None:
            yield name


HOOKS: Final[Mapping[str, Family]] = {
    **dict.fromkeys(_specs(OfferHooks), "offer"),
    **dict.fromkeys(_specs(ObjectionHooks), "objection"),
    **dict.fromkeys(_specs(ProposalHooks), "proposal"),
    **dict.fromkeys(_specs(EventHooks), "event"),
}
"""Every hook and the family whose rules it follows."""


def title_of(plugin: type[Plugin]) -> str:
    """What to call a plugin on screen."""
    if plugin.title:
        return plugin.title
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", plugin.__name__.removesuffix("Plugin"))
    return words or plugin.__name__


def description_of(plugin: type[Plugin]) -> str:
    """The first line of the plugin's own docstring, empty when it has none."""
    doc: Any = plugin.__dict__.get("__doc__")
    return str(doc).strip().splitlines()[0].strip() if doc else ""
