"""A plugin that a provider calls: signed with the secret in its settings, and told in the call what
to do."""

import hmac
from collections.abc import Iterable

from sqlalchemy import text

from invoicer_core.plugin import (
    Conflict,
    Context,
    InboundRequest,
    InboundResponse,
    InboundWebhook,
    Job,
    PermanentFailure,
    Plugin,
    RetryLater,
    Secret,
    Settings,
    field,
    hookimpl,
)
from invoicer_core.plugin.tables import session

SECRET = "shared-with-the-provider-0123456789"
taken: list[tuple[int, InboundRequest]] = []


class CallerSettings(Settings):
    """What the provider gave us."""

    token: Secret | None = field(None, title="Token")


def signature(body: bytes) -> str:
    """What the provider puts into its header."""
    return hmac.new(SECRET.encode(), body, "sha256").hexdigest()


def ready(ctx: Context) -> bool:
    return bool(ctx.settings.token)


def verify(ctx: Context, request: InboundRequest) -> bool:
    if request.headers.get("signature") == "raise":
        raise RuntimeError("cannot read this signature")
    if request.headers.get("signature") == "truthy":
        return "yes"  # type: ignore[return-value]
    key = ctx.settings.token.reveal().encode()
    wanted = hmac.new(key, request.body, "sha256").hexdigest()
    return hmac.compare_digest(wanted, request.headers.get("signature", ""))


def handle(ctx: Context, request: InboundRequest) -> InboundResponse | None:
    taken.append((ctx.business_id, request))
    ctx.later("note", said=request.body.decode("latin-1"))
    match request.body:
        case b"raise":
            raise RuntimeError("broken within")
        case b"sql":
            session.execute(text("SELECT nothing FROM nowhere"))
        case b"commit":
            session.commit()
        case b"exit":
            raise SystemExit(3)
        case b"later":
            raise RetryLater("the other side sleeps")
        case b"never":
            raise PermanentFailure("no such account")
        case b"conflict":
            raise Conflict("This payment is refunded already.")
        case b"nonsense":
            return "ok"  # type: ignore[return-value]
        case b"odd":
            return InboundResponse(500, "x", "text/html\r\nSet-Cookie: a=b")
        case b"xml":
            return InboundResponse(200, "<Response/>", "text/xml")
    return None


def challenge(ctx: Context, request: InboundRequest) -> InboundResponse | None:
    if "break" in request.query:
        raise RuntimeError("broken")
    asked = request.query.get("challenge")
    return None if asked is None else InboundResponse(200, asked)


def note(ctx: Context, said: str) -> None:
    ctx.log.info("noted %s", said)


class CallerPlugin(Plugin):
    """Is called by a provider."""

    name = "caller"
    settings = CallerSettings
    default_on = True

    @hookimpl
    def jobs(self) -> Iterable[Job]:
        yield Job("note", note)

    @hookimpl
    def inbound_webhooks(self) -> Iterable[InboundWebhook]:
        yield InboundWebhook(
            "calls", verify, handle, event_id=lambda request: request.headers.get("id"),
            ready=ready, challenge=challenge,
        )  # fmt: skip
