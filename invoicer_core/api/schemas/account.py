"""Bodies of signing in and of one's own account, and what they answer."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, StringConstraints, WithJsonSchema

from invoicer_core.api.schemas.base import Body, Stored, Text40, Text200
from invoicer_core.api.schemas.parties import BusinessFields, LocaleTag
from invoicer_core.domain.snapshots import BusinessSnapshot, UserSnapshot

Email = Annotated[
    str,
    StringConstraints(strict=True, max_length=254),
    Stored,
    WithJsonSchema({"type": "string", "format": "email", "maxLength": 254}),
]
NewPassword = Annotated[
    str,
    StringConstraints(strict=True, min_length=8, max_length=1024),
    Stored,
    Field(json_schema_extra={"format": "password"}),
]
Password = Annotated[
    str,
    StringConstraints(strict=True, max_length=1024),
    Stored,
    Field(json_schema_extra={"format": "password"}),
]
Token = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200), Stored]


class Registration(Body):
    """A new user, with a business of its own. ``code`` is the set-up code of a new installation."""

    email: Email
    password: NewPassword
    name: Text200 | None = None
    business: BusinessFields | None = None
    code: Text40 | None = None


class Credentials(Body):
    """Who signs in. ``code`` is for users with two-step sign-in only."""

    email: Email
    password: Password
    code: Text40 | None = None


class RefreshInput(Body):
    """The refresh token of the last sign-in or refresh."""

    refresh_token: Token


class ResetRequest(Body):
    """Whose password was forgotten."""

    email: Email


class ResetInput(Body):
    """The mailed token and the new password."""

    token: Token
    password: NewPassword


class OwnFields(Body):
    """One's own name and language."""

    name: Text200 | None = None
    locale: LocaleTag | None = None


class PasswordInput(Body):
    """The present password and the new one."""

    current_password: Password
    password: NewPassword


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """Said for every address, so that nobody learns which ones have an account."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """``token`` is the access token; it lives ``expires_in`` seconds. ``refresh_token`` is good
    once, within seven days."""

    token: str
    refresh_token: str
    expires_in: int
    token_type: str
    business_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """The one who asks, with the role and permissions in the business that was meant."""

    user: UserSnapshot
    business_id: int | None = None
    role: str | None = None
    permissions: tuple[str, ...] = ()
    businesses: tuple[BusinessSnapshot, ...] = ()
