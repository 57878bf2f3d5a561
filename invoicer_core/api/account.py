"""Signing up, in and out; one's own account."""

from typing import Any

from flask import request

from invoicer_core.api.resources import PUBLIC, SIGNED_IN, Resource
from invoicer_core.api.schemas.account import (
    Credentials,
    Me,
    OwnFields,
    PasswordInput,
    RefreshInput,
    Registered,
    Registration,
    ResetInput,
    ResetRequest,
    Tokens,
)
from invoicer_core.domain.account import SignInSnapshot
from invoicer_core.domain.snapshots import UserSnapshot
from invoicer_core.services import businesses
from invoicer_core.services.identity import access_tokens, refresh_tokens, sessions, sign_ins, users
from invoicer_core.services.identity.sessions import Identity, SignedIn

resource = Resource("auth", tag="Authentication")

_LONGEST_AGENT = 300


def _visitor() -> dict[str, Any]:
    agent = request.headers.get("User-Agent")
    return {"ip": request.remote_addr, "user_agent": agent[:_LONGEST_AGENT] if agent else None}


@resource.post(
    "/auth/register", PUBLIC, body=Registration, answer=Registered, invalid=400, errors=(403,)
)
def register(body: Registration) -> Registered:
    """Register a new user.

    The user gets a business of its own. The answer is the same for an address that has an account
    already.
    """
    fields = body.sent()
    business = fields.pop("business", None)
    users.register(**fields, business=business, **_visitor())
    return Registered(message="Registered. Sign in with this e-mail address and password.")


@resource.post("/auth/login", PUBLIC, body=Credentials, answer=Tokens, errors=(401,))
def login(body: Credentials) -> Tokens:
    """Authenticate a user.

    Who has switched on two-step sign-in also sends `code`: the six digits of the authenticator
    app, or a recovery code. Without it the answer is 401 with the pointer `/code`.
    """
    signed = sessions.sign_in(
        email=body.email, password=body.password, code=body.code, kind="api", **_visitor()
    )
    return _tokens(signed)


@resource.post("/auth/refresh", PUBLIC, body=RefreshInput, answer=Tokens, errors=(401,))
def refresh(body: RefreshInput) -> Tokens:
    """Exchange a refresh token for new tokens.

    Each refresh token is good once. Using one a second time ends the whole session, except within
    30 seconds by the same client, which gets the same tokens again.
    """
    return _tokens(refresh_tokens.refresh(token=body.refresh_token, **_visitor()))


def _tokens(signed: SignedIn) -> Tokens:
    who = signed.identity
    return Tokens(
        token=access_tokens.make(who.user_id, who.sign_in_id, who.business_id),
        refresh_token=signed.token,
        expires_in=int(access_tokens.LIFETIME.total_seconds()),
        token_type="Bearer",  # noqa: S106 - the kind, not a token
        business_id=who.business_id,
    )


@resource.post("/auth/logout", SIGNED_IN, status=204)
def logout(who: Identity) -> None:
    """End this session: its access and refresh tokens stop at once."""
    sessions.end(identity=who, ip=request.remote_addr)


@resource.get("/auth/me", SIGNED_IN, answer=Me)
def me(who: Identity) -> Me:
    """Who asks, and what they may do."""
    seats = businesses.of_user(user_id=who.user_id)
    return Me(
        user=who.user,
        business_id=who.business_id,
        role=who.role,
        permissions=tuple(sorted(who.permissions)),
        businesses=seats,
    )


@resource.put("/auth/me", SIGNED_IN, body=OwnFields, answer=UserSnapshot)
def update_me(body: OwnFields, who: Identity) -> UserSnapshot:
    """Change one's own name or language."""
    return users.update_own(user_id=who.user_id, fields=body.sent())


@resource.put("/auth/password", SIGNED_IN, body=PasswordInput, status=204, errors=(403,))
def change_password(body: PasswordInput, who: Identity) -> None:
    """Change one's own password; all other sessions end."""
    users.change_password(
        user_id=who.user_id, current=body.current_password, new=body.password,
        sign_in_id=who.sign_in_id,
    )  # fmt: skip


@resource.get("/auth/sessions", SIGNED_IN, answer=list[SignInSnapshot])
def list_sessions(who: Identity) -> tuple[SignInSnapshot, ...]:
    """List one's own sessions."""
    return sign_ins.find(identity=who)


@resource.delete("/auth/sessions/{sessionId}", SIGNED_IN)
def revoke_session(session_id: int, who: Identity) -> None:
    """End one of one's own sessions."""
    sign_ins.revoke(identity=who, sign_in_id=session_id, ip=request.remote_addr)


@resource.post("/auth/password-reset", PUBLIC, body=ResetRequest, answer=Registered, status=202)
def ask_password_reset(body: ResetRequest) -> Registered:
    """Ask for a mail with a link to choose a new password.

    The answer is the same for every address.
    """
    users.request_password_reset(email=body.email, **_visitor())
    return Registered(message="If this address has an account, a mail is on its way.")


@resource.post("/auth/password-reset/confirm", PUBLIC, body=ResetInput, status=204, errors=(404,))
def confirm_password_reset(body: ResetInput) -> None:
    """Choose a new password with the mailed token; all sessions end."""
    users.reset_password(token=body.token, password=body.password, **_visitor())
