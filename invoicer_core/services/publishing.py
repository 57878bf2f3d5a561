"""Facts leave here: events, one delivery per subscriber, one link of the audit chain.

Everything that other transactions wait for (the series' counter, the head of the chain) is touched
in the one statement that comes last before the commit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any, Final

from sqlalchemy.exc import DBAPIError

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict
from invoicer_core.domain.saying import say
from invoicer_core.hooks import codec
from invoicer_core.host import subscribers
from invoicer_core.models.direct import Statement
from invoicer_core.models.tenancy import current_business_id

NOT_ISSUED: Final = "IV001"
"""What the database says when a series or an invoice does not allow it (see the migrations)."""

NUMBER: Final = "@number"
"""Stands in events and actions for the number that is being given."""


@dataclass(frozen=True, slots=True)
class PendingEvent:
    """A fact that is published when its transaction commits."""

    name: str
    data: Any
    client_id: int | None
    invoice_id: int | None


@dataclass(frozen=True, slots=True)
class Numbering:
    """What the last statement of an issue needs to number an invoice.

    Args:
        prefix, width, suffix: the pattern, all but the running number expanded.
        ordered: refuse a date before the last one of the period.
        version: the draft's version that was read; another one means someone was faster.
        statement: made by `issuing`; None for a draft that is stored already.
        parameters: what else that statement needs.
    """

    invoice_id: int
    version: int
    series_id: int
    period: str
    day: date
    prefix: str
    width: int
    suffix: str
    ordered: bool
    due_date: date
    seller: str
    buyer: str
    statement: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)


_TAIL = """
ev AS (
    INSERT INTO events (business_id, name, data, client_id, invoice_id, actor)
    SELECT %(business)s, t.name,
           CASE WHEN issued.number IS NULL THEN t.data
                ELSE t.data || jsonb_build_object('invoice_number', issued.number) END,
           t.client_id, t.invoice_id, %(actor)s
    FROM issued CROSS JOIN
         (VALUES {events}) AS t (position, name, data, client_id, invoice_id)
    ORDER BY t.position
    RETURNING id, name
), owed AS (
    INSERT INTO deliveries (business_id, event_id, subscriber, state)
    SELECT %(business)s, ev.id, s.subscriber,
           CASE WHEN p.paused_at IS NULL THEN 'due' ELSE 'parked' END
    FROM ev
    JOIN unnest(%(heard)s::text[], %(subscribers)s::text[], %(defaults)s::bool[])
         AS s (name, subscriber, default_on) ON s.name = ev.name
    LEFT JOIN plugin_states p
      ON p.business_id = %(business)s AND s.subscriber = 'plugin:' || p.plugin
    WHERE coalesce(p.enabled, s.default_on)
    UNION ALL
    SELECT %(business)s, ev.id, 'webhook:' || w.id,
           CASE w.state WHEN 'on' THEN 'due' ELSE 'parked' END
    FROM ev
    JOIN webhook_endpoints w ON ev.name = ANY(w.events)
    WHERE w.business_id = %(business)s AND w.state <> 'off' AND w.deleted_at IS NULL
), payload AS (
    SELECT replace(%(payload)s::text, '"@number"',
                   coalesce(to_json(issued.number)::text, '"@number"')) AS line
    FROM issued
), head AS (
    UPDATE audit_heads h SET seq = h.seq + 1, prev = h.hash,
           hash = sha256(h.hash || convert_to(payload.line, 'UTF8'))
    FROM payload
    WHERE h.business_id = %(business)s
    RETURNING h.seq, h.prev, h.hash, payload.line
), entry AS (
    INSERT INTO audit_entries (business_id, seq, payload, prev, hash)
    SELECT %(business)s, head.seq, head.line, head.prev, head.hash FROM head
)
SELECT issued.number, pg_notify('due', '')::text FROM issued, head
UNION ALL
SELECT refuse_issue(), '' WHERE NOT EXISTS (SELECT FROM issued)
"""

_PLAIN = "WITH issued AS (SELECT NULL::text AS number), " + _TAIL

_COUNTER = """
counter AS (
    INSERT INTO series_counters (business_id, series_id, period, last, last_date)
    VALUES (%(business)s, %(series)s, %(period)s, 1, %(day)s)
    ON CONFLICT (series_id, period) DO UPDATE
       SET last = series_counters.last + 1,
           last_date = greatest(series_counters.last_date, excluded.last_date)
     WHERE NOT %(ordered)s OR series_counters.last_date <= excluded.last_date
    RETURNING last
), """

NUMBER_SQL: Final = (
    "%(prefix)s || lpad(counter.last::text, greatest(%(width)s, length(counter.last::text)), '0')"
    " || %(suffix)s"
)
"""The number, where `counter` and the parameters of a `Numbering` are known."""


def issuing(issued: str) -> str:
    """The statement that issues, around ``issued AS (...)``, which returns the number or no row."""
    return "WITH " + _COUNTER + issued + ", " + _TAIL


ISSUE_DRAFT: Final = issuing(
    "issued AS ("  # noqa: S608 - constants only
    " UPDATE invoices i"
    " SET state = 'issued', issued_at = now(), updated_at = now(), number = "
    + NUMBER_SQL
    + ", seq = counter.last, series_id = %(series)s, period = %(period)s,"
    " issue_date = %(day)s, due_date = %(due)s,"
    " seller = %(seller)s::jsonb, buyer = %(buyer)s::jsonb"
    " FROM counter"
    " WHERE i.business_id = %(business)s AND i.id = %(invoice)s"
    " AND i.state = 'draft' AND i.version = %(version)s"
    " RETURNING i.number)"
)
"""Issues a draft that is stored already."""


def flush(
    by: Actor,
    events: Sequence[PendingEvent],
    actions: Sequence[dict[str, Any]],
    numbering: Numbering | None = None,
    *,
    commit: bool = False,
) -> str | None:
    """Write events, deliveries and the audit entry; with ``numbering``, issue the invoice too.

    In an action the text ``@number`` stands for the number that is being given.

    Args:
        commit: send COMMIT along, because nothing else follows. The locks are then held for no
            round trip at all, however busy this process is.

    Returns the number given, or None. Raises Conflict when no number could be given.
    """
    parameters = _parameters(by, events, actions)
    statement = _PLAIN
    if numbering is not None:
        statement = numbering.statement or ISSUE_DRAFT
        parameters |= _numbering_parameters(numbering)
    try:
        row = _for_events(statement, len(events)).first(parameters, commit=commit)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == NOT_ISSUED:
            raise Conflict(
                say(
                    "The invoice was not issued: it was changed or issued meanwhile, or its date "
                    "lies before the last one of its series. Load it again."
                )
            ) from error
        raise
    return None if numbering is None else str(row[0])


def _parameters(
    by: Actor, events: Sequence[PendingEvent], actions: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    listeners = [
        (event.name, name, default)
        for event in {event.name: event for event in events}.values()
        for name, default in subscribers(event.name)
    ]
    return {
        **_event_parameters(events),
        "business": current_business_id(),
        "actor": by.label,
        "heard": [listener[0] for listener in listeners],
        "subscribers": [listener[1] for listener in listeners],
        "defaults": [listener[2] for listener in listeners],
        "payload": codec.dumps({"by": by, "actions": list(actions)}),
    }


@cache
def _for_events(statement: str, count: int) -> Statement:
    """The statement with a place for each event: a text of its own is parsed once, by the cast."""
    rows = ", ".join(
        f"({at}, %(name{at})s, %(data{at})s::jsonb, %(client{at})s::bigint, %(of{at})s::bigint)"
        for at in range(count)
    )
    if not count:
        rows = "(0, NULL::text, NULL::jsonb, NULL::bigint, NULL::bigint)"
        statement = statement.replace("ORDER BY t.position", "WHERE false ORDER BY t.position")
    return Statement(statement.replace("{events}", rows))


def _event_parameters(events: Sequence[PendingEvent]) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    for at, event in enumerate(events):
        parameters[f"name{at}"] = event.name
        parameters[f"data{at}"] = codec.dumps(event.data)
        parameters[f"client{at}"] = event.client_id
        parameters[f"of{at}"] = event.invoice_id
    return parameters


def _numbering_parameters(numbering: Numbering) -> dict[str, Any]:
    return {
        **numbering.parameters,
        "invoice": numbering.invoice_id,
        "version": numbering.version,
        "series": numbering.series_id,
        "period": numbering.period,
        "day": numbering.day,
        "prefix": numbering.prefix,
        "width": numbering.width,
        "suffix": numbering.suffix,
        "ordered": numbering.ordered,
        "due": numbering.due_date,
        "seller": numbering.seller,
        "buyer": numbering.buyer,
    }
