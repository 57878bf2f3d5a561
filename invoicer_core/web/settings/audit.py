"""The audit log in words, with proof that nothing in it was changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from flask import Response
from flask_babel import gettext as _

from invoicer_core.domain.account import AuditCheck, AuditEntrySnapshot
from invoicer_core.hooks import codec
from invoicer_core.services import audit, sheets
from invoicer_core.web import audit_words
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.settings import frame
from invoicer_core.web.site import query_of

MOST_EXPORTED: Final = 50_000
_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Line:
    """An entry in words."""

    seq: int
    at: datetime
    who: str
    through: str
    done: tuple[str, ...]
    names: tuple[str, ...]
    details: tuple[str, ...]
    hash: str


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/settings/audit", "settings_audit", show)
    site.add_url_rule("/settings/audit/check", "settings_audit_check", check, methods=["POST"])
    site.add_url_rule("/settings/audit.csv", "settings_audit_export", export)


def _query() -> dict[str, str]:
    return query_of("who", "what", "start", "end", "cursor")


def _found(query: Mapping[str, str], *, limit: int, cursor: str | None) -> Any:
    return audit.find(
        who=query.get("who"), what=query.get("what"), start=_day(query.get("start")),
        end=_day(query.get("end")), limit=limit, cursor=cursor,
    )  # fmt: skip


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _page(checked: AuditCheck | None = None) -> str:
    query = _query()
    page = _found(query, limit=50, cursor=query.get("cursor"))
    return frame.page(
        "audit", lines=[line_of(each) for each in page.items], page=page, query=query,
        checked=checked, things=audit_words.things(),
    )  # fmt: skip


@members("audit.read")
def show() -> Answer:
    """The entries, the newest first."""
    return _page()


@members("audit.read")
def check() -> Answer:
    """Walk the whole chain and say what was found."""
    return _page(audit.verify())


@members("audit.read")
def export() -> Answer:
    """The entries as a table: in words, and as they were hashed."""
    header = (_("Number"), _("When"), _("Who"), _("What"), _("Entry"), _("Hash"))
    data = sheets.csv_bytes(header, _rows(_query()))
    name = f"audit-{date.today().isoformat()}.csv"  # noqa: DTZ011 - a file's name
    return Response(
        data, mimetype="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _rows(query: Mapping[str, str]) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    cursor: str | None = None
    while len(rows) < MOST_EXPORTED:
        page = _found(query, limit=_SHOWN, cursor=cursor)
        for entry in page.items:
            line = line_of(entry)
            what = "; ".join(line.done)
            rows.append((line.seq, line.at.isoformat(), line.who, what, entry.payload, line.hash))
        cursor = page.next_cursor
        if cursor is None:
            break
    return rows


def line_of(entry: AuditEntrySnapshot) -> Line:
    """An entry in words, and what it says in figures."""
    said = codec.loads(entry.payload)
    by, actions = said.get("by") or {}, said.get("actions") or []
    names = tuple(str(each.get("do", "")) for each in actions)
    return Line(
        seq=entry.seq,
        at=entry.at,
        who=audit_words.who(by),
        through=audit_words.through(str(by.get("kind", ""))),
        done=tuple(dict.fromkeys(audit_words.title(name) for name in names)),
        names=names,
        details=tuple(_details(each) for each in actions if len(each) > 1),
        hash=entry.hash,
    )


def _details(action: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {_short(value)}" for name, value in action.items()
        if name != "do"
    )  # fmt: skip


def _short(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
