"""What the plugin remembers: one row per issued invoice."""

from sqlalchemy import Identity, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from invoicer_core.plugin.tables import DeclarativeBase, OfBusiness, table_registry


class Base(DeclarativeBase):
    """Tables of this plugin."""

    registry = table_registry("good")


class Noted(OfBusiness, Base):
    """An invoice that was issued; unique, so that a second delivery changes nothing."""

    __tablename__ = "noted"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    invoice_id: Mapped[int]
    times: Mapped[int] = mapped_column(server_default="1")

    __table_args__ = (UniqueConstraint("business_id", "invoice_id"),)
