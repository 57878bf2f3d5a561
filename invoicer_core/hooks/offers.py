"""What a plugin can offer, as data: each offer is a name and the functions behind it.

Every function gets the context first. They may raise ``RetryLater``, ``PermanentFailure`` or
``OutcomeUnknown``; any other exception counts as "try again later".
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal
from uuid import UUID

from invoicer_core.domain.snapshots import (
    BusinessSnapshot,
    ClientSnapshot,
    CreditNoteSnapshot,
    InvoiceSnapshot,
    PaymentSnapshot,
)
from invoicer_core.hooks.context import Context
from invoicer_core.hooks.faces import (
    AiTool,
    ApiResource,
    Asset,
    Command,
    DashboardWidget,
    InboundWebhook,
    MenuItem,
    Page,
    Permission,
    Slot,
)
from invoicer_core.hooks.report_papers import Report
from invoicer_core.hooks.searching import Embedder, SearchBackend
from invoicer_core.hooks.workflows import Workflow

Ctx = Context[Any]

_DAILY: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)


# --- money -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRequest:
    """A client wants to pay. ``attempt_id`` is ours, stable over retries: use it as the provider's
    idempotency key. ``return_url`` is where the client's browser comes back to."""

    attempt_id: UUID
    invoice: InvoiceSnapshot
    amount: Decimal
    currency: str
    return_url: str
    cancel_url: str
    locale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentStart:
    """Where to send the client. ``instructions`` is for providers without a page of their own."""

    provider_ref: str | None = None
    redirect_url: str | None = None
    instructions: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentOutcome:
    """What a provider says of a payment or refund."""

    state: Literal["pending", "succeeded", "failed", "unknown"]
    provider_ref: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    fee: Decimal | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentProvider:
    """A way for clients to pay.

    Args:
        start: begin a payment; None where money is only recorded by hand.
        refund: give back ``amount`` of a payment; ``key`` is the idempotency key.
        lookup: ask the provider what became of a reference.
        currencies: ISO 4217 codes it takes; empty means all.
        ready: False while it is not set up: it is then not shown to anybody. None: always.
        find: ask the provider what became of one of our attempts whose reference nobody knows.
        charge: take the money from what the client saved and agreed to, nobody being at a screen.
    """

    name: str
    title: str
    start: Callable[[Ctx, PaymentRequest], PaymentStart] | None = None
    refund: Callable[[Ctx, PaymentSnapshot, Decimal, str], PaymentOutcome] | None = None
    lookup: Callable[[Ctx, str], PaymentOutcome] | None = None
    currencies: frozenset[str] = frozenset()
    ready: Callable[[Ctx], bool] | None = None
    find: Callable[[Ctx, UUID], PaymentOutcome] | None = None
    charge: Callable[[Ctx, PaymentRequest], PaymentOutcome] | None = None


# --- messages --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that goes with a message or into a rendered document."""

    filename: str
    media_type: str
    data: bytes = field(repr=False)
    relationship: Literal["Data", "Source", "Alternative", "Supplement", "Unspecified"] = (
        "Unspecified"
    )
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """One message to one recipient, ready to go.

    Args:
        message_id: ours, stable over retries: derive the provider's idempotency key from it.
        kind: ``invoice``, ``reminder``, ``receipt``, ``statement``, ``welcome`` ...
        recipient: an address of the channel's own kind: e-mail address, E.164 number.
        text: always there. ``html`` only for channels that show it.
        reference: what the answer of the recipient should be joined to, e.g. the invoice number.
    """

    message_id: int
    kind: str
    recipient: str
    text: str
    recipient_name: str | None = None
    subject: str | None = None
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()
    locale: str = "en"
    reply_to: str | None = None
    reference: str | None = None
    link: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SendResult:
    """How sending ended. ``queued``: the provider has it and will report; ``sent``: it is out."""

    state: Literal["queued", "sent", "delivered"] = "sent"
    provider_ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a message would take, before it is sent: parts it is cut into, money, a word on it."""

    segments: int | None = None
    cost: Decimal | None = None
    currency: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class MessageChannel:
    """A way to reach people: e-mail, SMS, voice.

    Args:
        name: the channel's word: ``email``, ``sms``, ``voice``.
        send: hand one message over.
        address: the recipient's address of a client on this channel, None when there is none.
        carries_files: whether attachments arrive.
        quote: what a message would take; shown before a person sends it.
        needs_consent: True: only with a recorded consent; False: unless consent was withdrawn.
        quiet: what is sent by itself waits for the end of the business's quiet hours.
        lookup: what became of an attempt whose end nobody knows, by the provider's reference where
            there is one; None: the provider does not know. PermanentFailure: it did not arrive.
        kind: what it carries, where that is not its name: a second way to send ``email``. Consent
            is by kind, and the business chooses which channel carries each.
    """

    name: str
    title: str
    send: Callable[[Ctx, OutgoingMessage], SendResult]
    address: Callable[[ClientSnapshot], str | None] = field(
        default=lambda client: client.email  # the commonest channel
    )
    carries_files: bool = True
    quote: Callable[[Ctx, OutgoingMessage], Quote] | None = None
    needs_consent: bool = False
    quiet: bool = False
    lookup: Callable[[Ctx, OutgoingMessage, str | None], SendResult | None] | None = None
    kind: str = ""

    @property
    def carries(self) -> str:
        """What it carries: its kind, or its own name."""
        return self.kind or self.name


# --- documents -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DocumentStore:
    """Keeps rendered documents. Keys are made by the core: letters, digits, ``-_./``, never a
    leading or doubled dot or slash.

    Args:
        put: store ``data`` under ``key``; the same key with the same data again is no error.
        get: the stored bytes. Raises KeyError when there are none.
        url: a short-lived address (seconds) for a direct download, None: served by the app.
        delete: forget a key; no error when it is not there.
    """

    name: str
    put: Callable[[Ctx, str, bytes, str], None]
    get: Callable[[Ctx, str], bytes]
    url: Callable[[Ctx, str, str, int], str | None] | None = None
    delete: Callable[[Ctx, str], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A payment as a document: who paid what, on which invoices."""

    payment: PaymentSnapshot
    client: ClientSnapshot
    public_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One line of a statement: a document or a payment, and the balance after it."""

    date: date
    kind: Literal["invoice", "credit_note", "payment", "refund", "write_off", "void"]
    number: str
    amount: Decimal
    balance: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A client's account over a period."""

    client: ClientSnapshot
    currency: str
    start: date
    end: date
    opening_balance: Decimal
    closing_balance: Decimal
    lines: tuple[StatementLine, ...] = ()
    public_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderRequest:
    """Everything a renderer may use; it fetches nothing.

    Args:
        document: the frozen snapshot; its seller and buyer are those of the day of issue.
        assets: files by name, e.g. ``logo``: bytes of a PNG or JPEG.
        revision_mark: a word across the page: ``void``, ``draft``, ``copy``.
        attachments: files to embed, e.g. an e-invoice's XML.
        options: choices of the business: colours, texts, paper size, ``template`` (classic, modern,
            compact, elegant; one that a renderer does not have is its own usual one).
    """

    kind: Literal["invoice", "credit_note", "receipt", "statement", "report"]
    document: InvoiceSnapshot | CreditNoteSnapshot | Receipt | Statement | Report
    business: BusinessSnapshot
    locale: str
    assets: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    revision_mark: str | None = None
    attachments: tuple[Attachment, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DocumentRenderer:
    """Makes a file of a document. Runs in a worker, in a child process where it can be slow."""

    name: str
    media_type: str
    render: Callable[[Ctx, RenderRequest], bytes]


# --- work ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Job:
    """Work that ``ctx.later(name, ...)`` asks for. Runs at least once: make it idempotent."""

    name: str
    run: Callable[..., None]
    limit: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A job at set times: ``every`` a span of at least a minute, or daily ``at`` "HH:MM" in the
    business's zone.

    Runs once a period in each business that has the plugin on; what was missed while nothing ran
    is made up for within the period, and a plugin that is switched on begins with the running one.
    """

    name: str
    job: str
    every: timedelta | None = None
    at: str | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for a time that never comes."""
        if (self.every is None) == (self.at is None):
            raise ValueError(f"schedule {self.name}: give either every or at")
        if self.every is not None and self.every < timedelta(minutes=1):
            raise ValueError(f"schedule {self.name}: every is at least one minute")
        if self.at is not None and not _DAILY.fullmatch(self.at):
            raise ValueError(f"schedule {self.name}: at is written HH:MM, not {self.at!r}")


@dataclass(frozen=True, slots=True)
class Health:
    """How a part is, in words a person can act on."""

    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """Answers within 2 s; shown on the plugin's page."""

    name: str
    check: Callable[[Ctx], Health]


@dataclass(frozen=True, slots=True)
class JobRequest:
    """Work for a queue: an allow-listed callable's name and JSON arguments."""

    id: str
    callable: str
    arguments: Mapping[str, Any]
    queue: str = "default"
    delay: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class JobQueue:
    """Another way to carry jobs to workers. Rows decide what runs: losing a job costs only time."""

    name: str
    enqueue: Callable[[JobRequest], None]
    ready: Callable[[], bool]


OFFERS: Final[Mapping[str, type[Any]]] = {
    "payment_providers": PaymentProvider,
    "message_channels": MessageChannel,
    "document_renderers": DocumentRenderer,
    "document_stores": DocumentStore,
    "embedders": Embedder,
    "search_backends": SearchBackend,
    "workflows": Workflow,
    "ai_tools": AiTool,
    "permissions": Permission,
    "pages": Page,
    "api_resources": ApiResource,
    "inbound_webhooks": InboundWebhook,
    "jobs": Job,
    "schedules": Schedule,
    "health_checks": HealthCheck,
    "commands": Command,
    "menu_items": MenuItem,
    "dashboard_widgets": DashboardWidget,
    "slots": Slot,
    "assets": Asset,
    "job_queues": JobQueue,
}
"""The hook that yields each kind of offer."""
