"""Long work in the background, row by row where it has rows; and lists as members like them."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from invoicer_core.models.base import Base, OfBusiness, Row, owned


class Task(Row, OfBusiness, Base):
    """Work that takes longer than a page may. ``resume`` is what it goes on from when its worker
    died; ``actor`` who asked for it, as kind, user, role and label."""

    __tablename__ = "tasks"

    kind: Mapped[str]
    title: Mapped[str] = mapped_column(server_default=text("''"))
    state: Mapped[str] = mapped_column(server_default=text("'queued'"))
    data: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    resume: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    done: Mapped[int] = mapped_column(server_default=text("0"))
    total: Mapped[int] = mapped_column(server_default=text("0"))
    message: Mapped[str] = mapped_column(server_default=text("''"))
    error: Mapped[str | None]
    is_stopping: Mapped[bool] = mapped_column(server_default=text("false"))
    file_id: Mapped[int | None]
    delivery_id: Mapped[int | None]
    created_by: Mapped[int | None]
    actor: Mapped[dict[str, Any]]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (
        *owned("tasks", refers=[("file_id", "files"), ("delivery_id", "deliveries")]),
        CheckConstraint(
            "state IN ('queued', 'running', 'done', 'failed', 'stopped')", name="state"
        ),
        Index("ix_tasks_newest", "business_id", text("id DESC")),
    )


class TaskRow(OfBusiness, Base):
    """One thing that a task is about. Its outcome is written in the transaction of its effect, so
    that neither a repetition nor a resumption does it twice."""

    __tablename__ = "task_rows"

    business_id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int]
    outcome: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    reason: Mapped[str | None]
    detail: Mapped[str | None]

    __table_args__ = (
        ForeignKeyConstraint(["business_id", "task_id"], ["tasks.business_id", "tasks.id"]),
        ForeignKeyConstraint(
            ["business_id", "invoice_id"], ["invoices.business_id", "invoices.id"]
        ),
        UniqueConstraint("business_id", "task_id", "invoice_id"),
        CheckConstraint("outcome IN ('waiting', 'done', 'skipped', 'failed')", name="outcome"),
        Index("ix_task_rows_invoice_id", "business_id", "invoice_id"),
    )


class SavedView(Row, OfBusiness, Base):
    """A list's filters, order and search under a name, for oneself or for the whole team."""

    __tablename__ = "saved_views"

    user_id: Mapped[int]
    page: Mapped[str]
    name: Mapped[str]
    query: Mapped[dict[str, Any]]
    shared: Mapped[bool] = mapped_column(server_default=text("false"))

    __table_args__ = (
        *owned("saved_views"),
        UniqueConstraint("business_id", "user_id", "page", "name"),
    )


class DefaultView(OfBusiness, Base):
    """The view that a list opens with, for one member."""

    __tablename__ = "default_views"

    business_id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True)
    page: Mapped[str] = mapped_column(primary_key=True)
    view_id: Mapped[int]

    __table_args__ = (
        ForeignKeyConstraint(
            ["business_id", "view_id"],
            ["saved_views.business_id", "saved_views.id"],
            ondelete="CASCADE",
        ),
        Index("ix_default_views_view_id", "business_id", "view_id"),
    )
