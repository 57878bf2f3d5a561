"""Which plugin is on for which business, how it fares, and its settings."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from invoicer_core.models.base import Base, OfBusiness


class PluginState(OfBusiness, Base):
    """On or off, paused or not, and how often it failed of late. No row: the plugin's default."""

    __tablename__ = "plugin_states"

    business_id: Mapped[int] = mapped_column(primary_key=True)
    plugin: Mapped[str] = mapped_column(primary_key=True)
    enabled: Mapped[bool]
    paused_at: Mapped[datetime | None]
    pause_reason: Mapped[str | None]
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    last_error: Mapped[str | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (ForeignKeyConstraint(["business_id"], ["businesses.id"]),)


class PluginSetting(OfBusiness, Base):
    """The settings of a plugin for a business; ``sealed`` holds its secrets, encrypted."""

    __tablename__ = "plugin_settings"

    business_id: Mapped[int] = mapped_column(primary_key=True)
    plugin: Mapped[str] = mapped_column(primary_key=True)
    values: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    sealed: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    version: Mapped[int] = mapped_column(server_default=text("1"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (ForeignKeyConstraint(["business_id"], ["businesses.id"]),)
