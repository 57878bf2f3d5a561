"""Calls from Twilio: a reply, or what became of a message."""

from datetime import UTC, datetime
from typing import Final

from flask_babel import force_locale
from flask_babel import gettext as _
from twilio.request_validator import RequestValidator

from invoicer_core.plugin import Context, InboundRequest, InboundResponse
from invoicer_whatsapp import news
from invoicer_whatsapp.composing import locale_of
from invoicer_whatsapp.failures import at_twilio
from invoicer_whatsapp.news import Reply, Report
from invoicer_whatsapp.settings import WhatsAppSettings, twilio_ready

Ctx = Context[WhatsAppSettings]

STATES: Final = {
    "sent": "sent", "delivered": "delivered", "read": "read", "failed": "failed",
    "undelivered": "failed",
}  # fmt: skip
_THANKS: Final = InboundResponse(200, "<Response/>", "text/xml")


def ready(ctx: Ctx) -> bool:
    """Whether the auth token is set, without which nothing can be believed."""
    return twilio_ready(ctx.settings)


def verify(ctx: Ctx, request: InboundRequest) -> bool:
    """Twilio's signature over our public address and every field."""
    validator = RequestValidator(ctx.settings.twilio_auth_token.reveal())
    given = request.headers.get("x-twilio-signature", "")
    return bool(validator.validate(request.url, dict(request.form), given))


def event_id(request: InboundRequest) -> str | None:
    """A message and the state it is in; each is told once."""
    sid = request.form.get("MessageSid", "")
    return f"{sid}:{request.form.get('MessageStatus', '')}"[:200] if sid else None


def handle(ctx: Ctx, request: InboundRequest) -> InboundResponse:
    """Take note of what is for our number."""
    form = request.form
    own = f"whatsapp:{ctx.settings.twilio_number}"
    sid = form.get("MessageSid", "")
    if not sid or form.get("AccountSid") != ctx.settings.twilio_account_sid:
        return _THANKS
    if form.get("From") == own and form.get("MessageStatus") in STATES:
        state = STATES[form["MessageStatus"]]
        said = form.get("ErrorMessage") or _("Twilio did not say why.")
        error = at_twilio(form.get("ErrorCode", ""), said) if state == "failed" else None
        ours = news.own_id(request.query.get("message"))
        news.take(ctx, [Report(sid, state, ours, error)])
    sender = news.sender_of(form.get("From"))
    if form.get("To") == own and sender is not None and "MessageStatus" not in form:
        now = int(datetime.now(UTC).timestamp())
        with force_locale(str(locale_of(ctx.business.locale))):
            said = _words(request)
        news.take(ctx, [Reply(sid, sender, said, now)])
    return _THANKS


def _words(request: InboundRequest) -> str:
    form = request.form
    said = news.clean(form.get("Body") or form.get("ButtonText"))
    files = form.get("NumMedia", "0")
    if files not in ("", "0"):
        kind = news.clean(form.get("MediaContentType0"))[:60]
        said = " ".join([_("(a file: %(kind)s)", kind=kind), said]).strip()
    return said or _("(a message without text)")
