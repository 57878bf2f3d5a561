"""What was asked of models, what it cost, and the day's limit, which holds before a call is made.

A row is written before the call with the most that it can cost, and corrected afterwards: calls
at the same time can not pass the limit together, and one that was cut off counts in full.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Identity, Index, func, select, text
from sqlalchemy.orm import Mapped, mapped_column

from invoicer_core.plugin import Actor, Context, InvalidInput, NotFound, TooManyRequests, say
from invoicer_core.plugin.tables import DeclarativeBase, OfBusiness, session, table_registry
from invoicer_core.plugin.use_cases import transaction

from .settings import AiSettings

Ctx = Context[AiSettings]
LONGEST_KEPT: Final = 20_000
_ALONE: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('ai.spending', :business))")


class Base(DeclarativeBase):
    """Tables of what was generated."""

    registry = table_registry("ai")


class Generation(OfBusiness, Base):
    """One call of a model.

    ``state``: ``running``, ``done``, ``cut`` (too long), ``stopped`` (the reader left),
    ``refused`` (by moderation) or ``failed``, with ``trouble``. ``cost`` is in US dollars; while it
    runs, the most that it can be.
    """

    __tablename__ = "generations"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    purpose: Mapped[str]
    model: Mapped[str]
    prompt: Mapped[str]
    result: Mapped[str] = mapped_column(server_default="")
    state: Mapped[str] = mapped_column(server_default="running")
    trouble: Mapped[str] = mapped_column(server_default="")
    tokens_in: Mapped[int] = mapped_column(server_default="0")
    tokens_out: Mapped[int] = mapped_column(server_default="0")
    cost: Mapped[Decimal]
    file_id: Mapped[int | None]
    who: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (Index("ix_generations_created_at", "business_id", "created_at"),)


def begin(ctx: Ctx, *, purpose: str, model: str, prompt: str, most: Decimal, by: Actor) -> int:
    """Write a call down before it is made; gives its id.

    Args:
        most: US dollars that it can cost at most.

    Raises:
        TooManyRequests: the day's limit would be passed.
    """
    if "unit" in session().info:
        raise InvalidInput(say("A model is not asked in a transaction: send no Idempotency-Key."))
    with transaction(by=by):
        session.execute(_ALONE, {"business": ctx.business_id})
        if spent_today(ctx) + most > ctx.settings.daily_cap:
            raise TooManyRequests(
                say("Today's limit for AI (%(cap)s US dollars) is reached. Wait until tomorrow, or"
                    " raise it in the settings of the plugin.", cap=ctx.settings.daily_cap),
                retry_after=3600,
            )  # fmt: skip
        row = Generation(
            business_id=ctx.business_id,
            purpose=purpose,
            model=model,
            prompt=kept(prompt),
            cost=most,
            who=by.label,
        )
        session.add(row)
        session.flush()
        return row.id


def finish(
    generation_id: int,
    *,
    state: str,
    cost: Decimal | None,
    by: Actor,
    result: str = "",
    trouble: str = "",
    tokens: tuple[int, int] = (0, 0),
    file_id: int | None = None,
) -> None:
    """Write down how a call ended. ``cost`` None: nobody knows, so the most stays."""
    with transaction(by=by) as unit:
        row = session.get_one(Generation, generation_id)
        row.state, row.result, row.trouble = state, kept(result), kept(trouble)
        row.tokens_in, row.tokens_out = tokens
        row.file_id = file_id
        if cost is not None:
            row.cost = cost
        unit.record("ai.generated", generation=row.id, purpose=row.purpose, state=state)


def spent_today(ctx: Ctx) -> Decimal:
    """US dollars since midnight in the business's zone, with what is under way."""
    zone = ZoneInfo(ctx.business.time_zone)
    day = datetime.now(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    asked = select(func.coalesce(func.sum(Generation.cost), 0)).where(
        Generation.business_id == ctx.business_id, Generation.created_at >= day.astimezone(UTC)
    )
    return Decimal(session.scalar(asked) or 0)


def history(ctx: Ctx, *, before: int | None = None, limit: int = 50) -> Sequence[Generation]:
    """What was generated, the newest first."""
    asked = select(Generation).where(Generation.business_id == ctx.business_id)
    if before is not None:
        asked = asked.where(Generation.id < before)
    return session.scalars(asked.order_by(Generation.id.desc()).limit(limit)).all()


def get(ctx: Ctx, generation_id: int) -> Generation:
    """One of them. Raises NotFound."""
    asked = select(Generation).where(
        Generation.business_id == ctx.business_id, Generation.id == generation_id
    )
    found = session.scalar(asked)
    if found is None:
        raise NotFound(say("There is nothing like that in the history."))
    return found


def kept(words: str) -> str:
    """The text as the database can hold it, not longer than anybody reads."""
    return words.encode("utf-8", "replace").decode().replace("\0", "")[:LONGEST_KEPT]
