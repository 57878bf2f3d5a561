"""Whether a plugin may run for a business, and how it has fared: the table ``plugin_states``."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session, scoped_session

AnySession = Session | scoped_session[Any]

MOST_FAILURES: Final = 5
"""Failures in a row after which a plugin is paused for the business."""

_MEMORY: Final = "invoicer.plugin_states"
_READ: Final = text(
    "SELECT plugin, enabled, paused_at, pause_reason, failures, last_error, updated_at"
    " FROM plugin_states WHERE business_id = :business"
)
_SWITCH: Final = text(
    "INSERT INTO plugin_states (business_id, plugin, enabled) VALUES (:business, :plugin, :on)"
    " ON CONFLICT (business_id, plugin) DO UPDATE SET enabled = excluded.enabled, failures = 0,"
    " paused_at = NULL, pause_reason = NULL, updated_at = now()"
)
_FAILED: Final = text(
    "INSERT INTO plugin_states AS s (business_id, plugin, enabled, failures, last_error)"
    " VALUES (:business, :plugin, :on, 1, :error)"
    " ON CONFLICT (business_id, plugin) DO UPDATE SET failures = s.failures + 1,"
    " last_error = excluded.last_error, updated_at = now()"
    " RETURNING s.failures, s.paused_at"
)
_PAUSE: Final = text(
    "INSERT INTO plugin_states AS s (business_id, plugin, enabled, paused_at, pause_reason)"
    " VALUES (:business, :plugin, :on, now(), :reason)"
    " ON CONFLICT (business_id, plugin) DO UPDATE SET"
    " pause_reason = CASE WHEN s.paused_at IS NULL THEN excluded.pause_reason"
    " ELSE s.pause_reason END, paused_at = coalesce(s.paused_at, now()), updated_at = now()"
)
_RESUME: Final = text(
    "UPDATE plugin_states SET paused_at = NULL, pause_reason = NULL, failures = 0,"
    " updated_at = now() WHERE business_id = :business AND plugin = :plugin"
    " AND paused_at IS NOT NULL RETURNING plugin"
)
_WELL: Final = text(
    "UPDATE plugin_states SET failures = 0, updated_at = now()"
    " WHERE business_id = :business AND plugin = :plugin AND failures > 0"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A plugin's state for a business; without a row, the plugin's default."""

    enabled: bool
    paused_at: datetime | None = None
    pause_reason: str | None = None
    failures: int = 0
    last_error: str | None = None
    updated_at: datetime | None = None

    @property
    def runs(self) -> bool:
        """Switched on and not paused."""
        return self.enabled and self.paused_at is None


@dataclass(frozen=True, slots=True)
class States:
    """The states of all plugins for one business."""

    rows: dict[str, State]
    default_on: frozenset[str]

    def of(self, plugin: str) -> State:
        """The state of a plugin."""
        found = self.rows.get(plugin)
        return found if found is not None else State(enabled=plugin in self.default_on)


def read(session: AnySession, business_id: int, default_on: frozenset[str]) -> States:
    """All states of a business; one query per transaction, then from memory."""
    real = session() if isinstance(session, scoped_session) else session
    kept = real.info.get(_MEMORY)
    transaction = real.get_transaction()
    if kept is not None and kept[0] is transaction and kept[1] == business_id:
        known: States = kept[2]
        return known
    rows = real.execute(_READ, {"business": business_id}).mappings()
    states = States(
        {row["plugin"]: State(**{k: v for k, v in row.items() if k != "plugin"}) for row in rows},
        default_on,
    )
    real.info[_MEMORY] = (real.get_transaction(), business_id, states)
    return states


def switch(session: AnySession, business_id: int, plugin: str, *, on: bool) -> None:
    """Turn a plugin on or off; also ends a pause and forgets failures."""
    _write(session, _SWITCH, business=business_id, plugin=plugin, on=on)


def failed(session: AnySession, business_id: int, plugin: str, error: str, *, on: bool) -> bool:
    """Count a failure; True when this one paused the plugin.

    Args:
        on: what the plugin is by default, for the first row.
    """
    row = _write(
        session, _FAILED, business=business_id, plugin=plugin, on=on, error=_short(error)
    ).one()
    if row.failures < MOST_FAILURES or row.paused_at is not None:
        return False
    reason = f"failed {row.failures} times in a row; the last time: {_short(error)}"
    pause(session, business_id, plugin, reason, on=on)
    return True


def pause(session: AnySession, business_id: int, plugin: str, reason: str, *, on: bool) -> None:
    """Stop running it for this business until someone resumes it. What it is owed is kept."""
    _write(session, _PAUSE, business=business_id, plugin=plugin, on=on, reason=_short(reason))


def resume(session: AnySession, business_id: int, plugin: str) -> bool:
    """Let it run again; True when it was paused."""
    return _write(session, _RESUME, business=business_id, plugin=plugin).first() is not None


def went_well(session: AnySession, business_id: int, plugin: str) -> None:
    """Forget earlier failures: only those in a row count."""
    _write(session, _WELL, business=business_id, plugin=plugin)


def _write(session: AnySession, statement: Any, **values: Any) -> Any:
    session.info.pop(_MEMORY, None)
    return session.execute(statement, values)


def _short(words: str) -> str:
    return words if len(words) <= 500 else words[:497] + "..."
