"""Frozen values about the business's own house: series, sign-ins, plugins, the audit log."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSnapshot:
    """A run of numbers with its pattern."""

    id: int
    document_type: Literal["invoice", "credit_note", "quote", "order", "receipt"]
    name: str
    pattern: str
    reset: Literal["never", "yearly", "fiscal_year", "monthly"]
    ordered_dates: bool
    is_default: bool = True
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRange:
    """Running numbers from ``first`` to ``last``, both included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GapReport:
    """One period of a series: the last number given, how many documents have one, which lack."""

    series_id: int
    document_type: str
    name: str
    period: str
    last: int
    documents: int
    missing: tuple[NumberRange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInSnapshot:
    """One browser session or one API client; ``current`` marks the one that asks."""

    id: int
    kind: Literal["web", "api"]
    ip: str | None = None
    user_agent: str | None = None
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    current: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityEventSnapshot:
    """Something that concerns who may sign in as a user, and from where it came."""

    name: str
    created_at: datetime
    ip: str | None = None
    user_agent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoFactorSnapshot:
    """Whether a user's sign-in takes a code; ``is_pending`` while the app is being set up."""

    is_on: bool
    is_pending: bool = False
    since: datetime | None = None
    codes_left: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeySnapshot:
    """A key for programs. ``hint`` is how it begins; ``creator`` whose permissions bound it."""

    id: int
    name: str
    hint: str
    scopes: tuple[str, ...]
    creator: str
    state: Literal["active", "expired", "revoked", "orphaned"]
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginCheck:
    """What a plugin says of one of its parts, in words that can be acted on."""

    name: str
    ok: bool
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginSnapshot:
    """A plugin as a business sees it. Secrets among ``settings`` are only said to be set;
    ``checks`` are made while it runs for the business."""

    name: str
    title: str
    description: str | None = None
    package: str
    enabled: bool
    paused_at: datetime | None = None
    pause_reason: str | None = None
    failures: int = 0
    last_error: str | None = None
    checks: tuple[PluginCheck, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    settings_schema: dict[str, Any] = field(default_factory=dict)
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntrySnapshot:
    """One link of the audit chain; ``hash`` is sha256 of the former hash and ``payload``."""

    seq: int
    at: datetime
    payload: str
    prev: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditCheck:
    """What walking the whole chain found; ``broken_at`` is the first entry that does not fit."""

    valid: bool
    entries: int
    head: str
    broken_at: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One event in the changes feed."""

    id: int
    name: str
    business_id: int
    occurred_at: datetime
    version: int
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """A piece of the feed; ask again with ``after=next`` for what follows."""

    items: tuple[Change, ...]
    next: str
    more: bool
