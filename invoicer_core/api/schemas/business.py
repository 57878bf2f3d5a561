"""Bodies of members and number series."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from invoicer_core.api.schemas.account import Email
from invoicer_core.api.schemas.base import Body, Flag, Stored

Role = Literal["owner", "admin", "accountant", "staff", "viewer"]


class MemberInput(Body):
    """Who gets a seat, by e-mail address."""

    email: Email
    role: Role


class RoleInput(Body):
    """Another role for a member."""

    role: Role


class SeriesInput(Body):
    """How the next documents are numbered: ``INV-{year}-{seq:04}``."""

    pattern: (
        Annotated[str, StringConstraints(strict=True, min_length=1, max_length=100), Stored] | None
    ) = None
    reset: Literal["never", "yearly", "fiscal_year", "monthly"] | None = None
    ordered_dates: Flag | None = None
