"""Bodies of members."""

from typing import Literal

from invoicer_core.api.schemas.account import Email
from invoicer_core.api.schemas.base import Body

Role = Literal["owner", "admin", "accountant", "staff", "viewer"]


class MemberInput(Body):
    """Who gets a seat, by e-mail address."""

    email: Email
    role: Role


class RoleInput(Body):
    """Another role for a member."""

    role: Role
