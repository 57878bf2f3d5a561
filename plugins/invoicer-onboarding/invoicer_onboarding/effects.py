"""Effects that happen once, however often a step is tried."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from invoicer_core.plugin.tables import current_business_id, session
from invoicer_core.plugin.use_cases import transaction

from .settings import Ctx
from .tables import Effect


def once(ctx: Ctx, key: str, do: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    """Do it and keep what it says, or say again what it said.

    A second try at the same moment waits at the unique key until the first has ended.
    """
    with transaction(by=ctx.actor):
        business = current_business_id()
        marked = insert(Effect).values(business_id=business, key=key).on_conflict_do_nothing()
        if session.scalar(marked.returning(Effect.id)) is None:
            kept = select(Effect.detail).where(Effect.business_id == business, Effect.key == key)
            return dict(session.scalars(kept).one())
        told = dict(do())
        session.execute(
            update(Effect)
            .where(Effect.business_id == business, Effect.key == key)
            .values(detail=told)
        )
        return told


def alone(what: str) -> None:
    """Wait until no other transaction of the business does this; then none begins to until ours
    has ended."""
    business = current_business_id()
    row = (Effect.business_id == business, Effect.key == what)
    session.execute(insert(Effect).values(business_id=business, key=what).on_conflict_do_nothing())
    session.execute(select(Effect.id).where(*row).with_for_update())
