"""What an assistant proposed and a person has to confirm: kept, confirmed once, or dismissed.

The row, its note and what the tool writes commit together: a second click, a second tab or a
process that dies in between can not do it twice, nor lose that it was done.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Identity, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from invoicer_core.plugin import (
    Actor,
    Conflict,
    Forbidden,
    InvoicerError,
    NotFound,
    TooManyRequests,
    say,
)
from invoicer_core.plugin.pages import told
from invoicer_core.plugin.tables import OfBusiness, current_business_id, session
from invoicer_core.plugin.use_cases import ai_tools, transaction

from . import spending

LIFETIME: Final = timedelta(hours=24)
MOST_WAITING: Final = 50
LONGEST_WORDS: Final = 8_000
_KEPT: Final = 4_000


class Action(OfBusiness, spending.Base):
    """A proposal to its person, ``user_id``, who alone can confirm it.

    ``words`` say what it does, by the tool itself and not by a model. ``state``: ``waiting``,
    ``done``, ``failed`` (with ``trouble``; nothing was written) or ``dismissed``.
    """

    __tablename__ = "actions"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    user_id: Mapped[int]
    turn_id: Mapped[int | None]
    tool: Mapped[str]
    title: Mapped[str]
    arguments: Mapped[dict[str, Any]] = mapped_column(JSONB)
    words: Mapped[str]
    proposed_by: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="waiting")
    result: Mapped[str] = mapped_column(server_default="")
    trouble: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]

    @property
    def is_open(self) -> bool:
        """Whether it can still be confirmed."""
        return self.state == "waiting" and self.expires_at > datetime.now(UTC)


def propose(
    *, tool: str, arguments: dict[str, Any], by: Actor, turn_id: int | None = None
) -> Action:
    """Keep what a tool would do; the same proposal a second time is the first one.

    Raises:
        NotFound, Forbidden, InvalidInput: the tool, the right or the arguments are not there, or
            the tool says that it would not work.
        TooManyRequests: too many wait already.
    """
    user_id = person(by)
    known = ai_tools.get(name=tool, by=by)
    words = told(ai_tools.preview(name=tool, arguments=arguments, by=by)).strip()[:LONGEST_WORDS]
    with transaction(by=by) as unit:
        open_ones = waiting(by=by)
        for each in open_ones:
            if (each.tool, each.arguments, each.words) == (tool, arguments, words):
                return each
        if len(open_ones) >= MOST_WAITING:
            raise TooManyRequests(
                say("%(most)s proposals wait already: decide on some first.", most=MOST_WAITING),
                retry_after=60,
            )
        row = Action(
            business_id=current_business_id(),
            user_id=user_id,
            turn_id=turn_id,
            tool=tool,
            title=told(known.title),
            arguments=arguments,
            words=words,
            proposed_by=by.label,
            expires_at=datetime.now(UTC) + LIFETIME,
        )
        session.add(row)
        session.flush()
        unit.record("ai.action_proposed", proposal=row.id, tool=tool)
        return row


def waiting(*, by: Actor) -> Sequence[Action]:
    """What this person can still confirm, the newest first."""
    statement = (
        _of(by)
        .where(Action.state == "waiting", Action.expires_at > func.now())
        .order_by(Action.id.desc())
    )
    return session.scalars(statement).all()


def of_turns(turn_ids: Sequence[int], *, by: Actor) -> dict[int, list[Action]]:
    """The proposals that these turns made, by turn."""
    found: dict[int, list[Action]] = {}
    for each in session.scalars(_of(by).where(Action.turn_id.in_(turn_ids)).order_by(Action.id)):
        found.setdefault(each.turn_id or 0, []).append(each)
    return found


def decide(*, action_id: int, by: Actor, confirmed: bool) -> tuple[Action, bool]:
    """Do it as the person who confirms, or never; True unless that was decided before.

    Raises:
        NotFound: no proposal to this person.
        Forbidden: a program asks; or the person may not do this any more.
        Conflict: it has expired.
        InvoicerError: what the tool refuses; nothing was written, and it is not tried again.
    """
    if person(by) and by.scopes is not None:
        # What a program proposes it must not confirm itself.
        raise Forbidden(say("Only a person who is signed in can decide on this, not an API key."))
    try:
        return _decided(action_id, by, confirmed)
    except _Expired:
        raise Conflict(say("This proposal has expired: ask for it again.")) from None
    except InvoicerError as refused:
        with transaction(by=by) as unit:
            row = session.scalar(_of(by).where(Action.id == action_id).with_for_update())
            if row is not None and row.state == "waiting":
                row.trouble = told(refused.detail)[:_KEPT]
                _note(unit, row, "failed")
        raise


class _Expired(Exception):
    """Its time is over."""


def _decided(action_id: int, by: Actor, confirmed: bool) -> tuple[Action, bool]:
    with transaction(by=by) as unit:
        row = get(action_id, by=by, lock=True)
        if row.state != "waiting":
            return row, False
        if confirmed:
            if not row.is_open:
                raise _Expired
            answer = ai_tools.run(name=row.tool, arguments=row.arguments, by=by, confirmed=True)
            row.result = answer[:_KEPT]
        _note(unit, row, "done" if confirmed else "dismissed")
        return row, True


def _note(unit: Any, row: Action, state: str) -> None:
    row.state, row.decided_at = state, datetime.now(UTC)
    session.flush()
    unit.record(f"ai.action_{state}", proposal=row.id, tool=row.tool)


def get(action_id: int, *, by: Actor, lock: bool = False) -> Action:
    """One of this person's own. Raises NotFound for any other."""
    asked = _of(by).where(Action.id == action_id)
    if lock:
        asked = asked.with_for_update().execution_options(populate_existing=True)
    found: Action | None = session.scalar(asked)
    if found is None:
        raise NotFound(say("There is no such proposal for you."))
    return found


def _of(by: Actor) -> Any:
    return select(Action).where(
        Action.business_id == current_business_id(), Action.user_id == person(by)
    )


def person(by: Actor) -> int:
    """The id of the one who asks. Raises Forbidden where that is nobody."""
    if by.user_id is None:
        raise Forbidden(say("Sign in to do this."))
    return by.user_id
