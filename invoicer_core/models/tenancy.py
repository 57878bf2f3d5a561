"""Walls one and two: the business in a context variable, and told to PostgreSQL.

Row level security and composite keys (walls three and four) are in the migrations.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session, SessionTransaction

from invoicer_core.models.base import db

_business: ContextVar[int | None] = ContextVar("invoicer_business", default=None)

_ENTER = "SELECT set_config('app.business_id', %(business)s, true)"
"""Given to the driver as it is: it runs with every transaction."""


class OutsideBusiness(RuntimeError):
    """Code that needs a business ran outside of one: a mistake of ours, never of the user."""


def current_business_id() -> int:
    """The business all work is done for. Raises OutsideBusiness when there is none."""
    business_id = _business.get()
    if business_id is None:
        raise OutsideBusiness("no business was entered: wrap the call in enter_business()")
    return business_id


def entered_business_id() -> int | None:
    """As `current_business_id`, but None outside."""
    return _business.get()


@contextmanager
def enter_business(business_id: int | None) -> Iterator[None]:
    """Work for this business within the block; None leaves the current one.

    A transaction belongs to one business: entering another one while a transaction is open is
    refused, because row level security would go on showing the former.
    """
    former = _business.get()
    if business_id != former and db.session.registry.has() and db.session().in_transaction():
        db.session.rollback() if _is_idle(db.session()) else _refuse(former, business_id)
    token = _business.set(business_id)
    try:
        yield
    finally:
        _business.reset(token)
        if business_id != former and db.session.registry.has() and db.session().in_transaction():
            db.session.rollback()


@contextmanager
def lend_transaction(business_id: int) -> Iterator[None]:
    """Do this block's writes for another business in the running transaction.

    For founding a business by a member of another one: both commit together or not at all.
    """
    former = current_business_id()
    token = _business.set(business_id)
    try:
        db.session.connection().exec_driver_sql(_ENTER, {"business": str(business_id)})
        yield
        db.session.flush()
        db.session.connection().exec_driver_sql(_ENTER, {"business": str(former)})
    finally:
        _business.reset(token)


def _is_idle(session: Session) -> bool:
    """Nothing written yet: only reads, so that the transaction may be ended."""
    return not (session.new or session.dirty or session.deleted or session.info.get("unit"))


def _refuse(former: int | None, wanted: int | None) -> None:
    raise OutsideBusiness(f"a transaction of business {former} is open; cannot enter {wanted}")


@event.listens_for(Session, "after_begin")
def _tell_postgresql(_session: Session, _transaction: SessionTransaction, conn: Connection) -> None:
    """Set the business for the transaction only (`true`): a pooled connection keeps nothing."""
    business_id = _business.get()
    if business_id is not None and conn.engine.url.username != "invoicer_gate":
        conn.exec_driver_sql(_ENTER, {"business": str(business_id)})


def gate() -> Any:
    """A transaction as the login that finds whose business something is: ids, hashes, due times.

    Use as ``with gate() as conn``; never for reading business data.
    """
    return db.engines["gate"].begin()
