"""Who looked at what, without knowing who: visits of invoices' and clients' public pages."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from invoicer_core.models.base import Base, OfBusiness, Row, owned


class Visit(Row, OfBusiness, Base):
    """A stay of somebody on one public page, from ``created_at`` to ``last_at``.

    ``visitor`` is a keyed hash that is another one every day; no address and no name of a browser
    is kept, so that a visit can be told from others of its day and from nobody's life.
    """

    __tablename__ = "visits"

    invoice_id: Mapped[int | None]
    client_id: Mapped[int | None]
    channel: Mapped[str]
    device: Mapped[str]
    visitor: Mapped[bytes]
    views: Mapped[int] = mapped_column(server_default=text("1"))
    last_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (
        *owned("visits", refers=[("invoice_id", "invoices"), ("client_id", "clients")]),
        CheckConstraint("views > 0", name="views"),
        CheckConstraint("last_at >= created_at", name="last_at"),
        Index("ix_visits_created_at", "business_id", "created_at"),
        Index("ix_visits_visitor", "business_id", "visitor"),
    )
