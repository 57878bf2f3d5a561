"""What Twilio calls: signed requests about messages, answers to them, and calls under way."""

import unicodedata
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse
from werkzeug.datastructures import MultiDict

from invoicer_core.plugin import Context, InboundRequest, InboundResponse, InboundWebhook
from invoicer_core.plugin.phones import e164
from invoicer_core.plugin.use_cases import consents, messages
from invoicer_twilio import sms, tracing, voice, words
from invoicer_twilio.client import ask, connect
from invoicer_twilio.settings import TwilioSettings, ready

Ctx = Context[TwilioSettings]

STOP: Final = frozenset(
    ("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "stopp", "arret", "baja", "alto")
)
START: Final = frozenset(("start", "yes", "unstop"))
HELP: Final = frozenset(("help", "info", "hilfe", "aide", "ayuda"))
"""Twilio's own words, and those that our languages use for them."""

FOLLOW_UP: Final = timedelta(seconds=45)  # by then the sender has written down Twilio's id


def webhooks() -> Iterable[InboundWebhook]:
    """The five addresses. Those of a call under way have no id: Twilio asks again when an answer
    is lost, and then needs the same one."""
    yield _webhook("incoming", incoming, "MessageSid")
    yield _webhook("status", status, "MessageSid", "MessageStatus")
    yield _webhook("call", call_status, "CallSid", "CallStatus", "SequenceNumber")
    yield _webhook(
        "voice", begin,
        challenge=lambda ctx, said: begin(ctx, said) if genuine(ctx, said) else None,
    )  # fmt: skip
    yield _webhook("keys", key)


def genuine(ctx: Ctx, request: InboundRequest) -> bool:
    """Whether Twilio made this request, for this account and exactly this address."""
    settings = ctx.settings
    if not ready(settings):
        return False
    signature = request.headers.get("x-twilio-signature", "")
    sent = parse_qsl(request.body.decode(), keep_blank_values=True)
    form: MultiDict[str, str] = MultiDict(sent if request.method == "POST" else ())
    named = form.get("AccountSid") or request.query.get("AccountSid")
    validator = RequestValidator(settings.auth_token.reveal())
    held = validator.validate(request.url, form, signature)
    return bool(held) and named == settings.account_sid


def incoming(ctx: Ctx, request: InboundRequest) -> InboundResponse:
    """A text message of somebody: kept, and obeyed when it is one of the words."""
    form, answer = request.form, MessagingResponse()
    sender = e164(form.get("From"))
    if sender is not None:
        files = int(form.get("NumMedia") or 0)
        text = form.get("Body", "").strip() or f"({files} file(s), kept at Twilio)"
        kept = messages.receive(
            channel=sms.CHANNEL, sender=sender, text=text,
            provider_ref=form.get("MessageSid", ""), by=ctx.actor,
        )  # fmt: skip
        reply = _obeyed(ctx, sender, _word(text), voice.locale_of(ctx, kept))
        if reply and "OptOutType" not in form:  # with it, Twilio has answered by itself
            answer.message(reply)
    return InboundResponse(200, str(answer), "application/xml")


def status(ctx: Ctx, request: InboundRequest) -> InboundResponse:
    """What became of a text message."""
    said = request.form
    found = sms.news(said.get("MessageStatus"), said.get("ErrorCode"))
    return _tell(ctx, request, sms.CHANNEL, said.get("MessageSid", ""), found)


def call_status(ctx: Ctx, request: InboundRequest) -> InboundResponse:
    """What became of a call."""
    said = request.form
    return _tell(
        ctx, request, voice.CHANNEL, said.get("CallSid", ""), voice.news(said.get("CallStatus"))
    )


def begin(ctx: Ctx, request: InboundRequest) -> InboundResponse:
    """Somebody has answered: what to say."""
    said = {**request.query, **request.form}
    message = voice.called(request.query.get("message"), said.get("CallSid"))
    return InboundResponse(200, voice.speak(ctx, message), "application/xml")


def key(ctx: Ctx, request: InboundRequest) -> InboundResponse:
    """A key was pressed in a call."""
    call, heard = request.form.get("CallSid", ""), request.query.get("heard", "")
    message = voice.called(request.query.get("message"), call)
    said = voice.pressed(ctx, message, request.form.get("Digits", ""), int(heard or 0), call)
    return InboundResponse(200, said, "application/xml")


def follow(ctx: Ctx, *, channel: str, ref: str) -> None:
    """Ask Twilio how a message or call stands whose news came before its id was written down."""
    client = connect(ctx.settings)
    if channel == voice.CHANNEL:
        call: Any = ask(lambda: client.calls(ref).fetch())
        _report(ctx, channel, ref, voice.news(str(call.status)))
    else:
        made: Any = ask(lambda: client.messages(ref).fetch())
        _report(ctx, channel, ref, sms.news(str(made.status), made.error_code))


def _tell(
    ctx: Ctx, request: InboundRequest, channel: str, ref: str, found: sms.News
) -> InboundResponse:
    """Report it; what nobody knows yet is asked for when its sender has written down the id."""
    if found is not None and not _report(ctx, channel, ref, found):
        tries = tracing.attempts(request.query.get("message"))
        if ref and tries and all(each.provider_ref != ref for each in tries):
            ctx.later("follow", delay=FOLLOW_UP, key=ref, channel=channel, ref=ref)
    return InboundResponse(204)


def _report(ctx: Ctx, channel: str, ref: str, found: sms.News) -> bool:
    if found is None:
        return False
    state, why = found
    return messages.report(channel=channel, provider_ref=ref, state=state, by=ctx.actor, error=why)


def _obeyed(ctx: Ctx, sender: str, word: str, locale: str | None) -> str | None:
    """Do what a word asks for; what to answer, where something is to be said."""
    business = ctx.business.name
    if word in STOP:
        consents.withdraw(channel=sms.CHANNEL, address=sender, how=f"SMS {word}", by=ctx.actor)
    elif word in START:
        consents.give(channel=sms.CHANNEL, address=sender, how=f"SMS {word}", by=ctx.actor)
        return words.say(locale, "welcome", business=business)
    elif word in HELP:
        return ctx.settings.help_answer or words.say(locale, "help", business=business)
    return None


def _word(text: str) -> str:
    """A message that is one word, without accents, case and signs around it; else nothing."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(sign for sign in plain if sign.isalnum() or sign.isspace()).split()
    return bare[0] if len(bare) == 1 else ""


def _webhook(name: str, handle: Any, *fields: str, challenge: Any = None) -> InboundWebhook:
    def event_id(request: InboundRequest) -> str | None:
        parts = [request.form.get(each, "") for each in fields]
        return ".".join(parts) if parts and parts[0] else None

    return InboundWebhook(
        name, verify=genuine, handle=handle, event_id=event_id,
        ready=lambda ctx: ready(ctx.settings), challenge=challenge,
    )  # fmt: skip
