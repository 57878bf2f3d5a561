"""Texts that a business keeps, to be put into documents again and again."""

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from invoicer_core.models.base import Base, Edited, OfBusiness, Row, owned


class SavedText(Row, OfBusiness, Edited, Base):
    """A text under a name: for the notes on a document, or for its terms of payment."""

    __tablename__ = "saved_texts"

    kind: Mapped[str]
    name: Mapped[str]
    body: Mapped[str]

    __table_args__ = (
        *owned("saved_texts"),
        CheckConstraint("kind IN ('notes', 'terms')", name="kind"),
        UniqueConstraint("business_id", "kind", "name"),
    )
