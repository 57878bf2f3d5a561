"""Calls from Meta: one may carry many entries, changes, statuses and messages."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from flask_babel import force_locale, gettext

from invoicer_core.plugin import Context, InboundRequest, InboundResponse, InvalidInput
from invoicer_whatsapp import news
from invoicer_whatsapp.composing import locale_of
from invoicer_whatsapp.failures import in_words
from invoicer_whatsapp.news import Reply, Report
from invoicer_whatsapp.settings import WhatsAppSettings, meta_ready

Ctx = Context[WhatsAppSettings]

_: Final[Callable[..., str]] = gettext

STATES: Final = frozenset({"sent", "delivered", "read", "failed"})
MOST_BYTES: Final = 3 * 1024 * 1024
"""Meta puts many items into one call: by its documents up to 3 MB."""

LONGEST_ID: Final = 300
LONGEST_CHALLENGE: Final = 200


def ready(ctx: Ctx) -> bool:
    """Whether the app secret is set, without which nothing can be believed."""
    return meta_ready(ctx.settings)


def verify(ctx: Ctx, request: InboundRequest) -> bool:
    """The signature over the very bytes that came, with the app secret."""
    key = ctx.settings.app_secret.reveal().encode()
    wanted = "sha256=" + hmac.new(key, request.body, hashlib.sha256).hexdigest()
    given = request.headers.get("x-hub-signature-256", "")
    return hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace"))


def challenge(ctx: Ctx, request: InboundRequest) -> InboundResponse | None:
    """Meta asks whether this is the address that was meant."""
    token, asked = ctx.settings.verify_token.reveal(), request.query.get("hub.challenge", "")
    given = request.query.get("hub.verify_token", "")
    if not token or request.query.get("hub.mode") != "subscribe":
        return None
    if not hmac.compare_digest(token.encode(), given.encode("utf-8", "replace")):
        return None
    if not asked or len(asked) > LONGEST_CHALLENGE or not asked.isprintable():
        return None
    return InboundResponse(200, asked)


def event_id(request: InboundRequest) -> str:
    """The same bytes again are the same call; what is batched anew is told apart by its items."""
    return hashlib.sha256(request.body).hexdigest()


def handle(ctx: Ctx, request: InboundRequest) -> InboundResponse:
    """Take note of what is for our phone number. Raises InvalidInput for what is no JSON."""
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        raise InvalidInput("This is no JSON.") from None
    with force_locale(str(locale_of(ctx.business.locale))):
        found = list(items(body, ctx.settings.phone_number_id))
    news.take(ctx, found)
    return InboundResponse(200)


def items(body: Any, phone_number_id: str) -> Iterator[Report | Reply]:
    """What a call says of our phone number; what is not understood is left out."""
    whole = body if isinstance(body, Mapping) else {}
    if whole.get("object") != "whatsapp_business_account":
        return
    for entry in _maps(whole, "entry"):
        for change in _maps(entry, "changes"):
            value = _map(change, "value")
            about = _map(value, "metadata").get("phone_number_id")
            if change.get("field") != "messages" or about != phone_number_id:
                continue
            yield from filter(None, map(_reply, _maps(value, "messages")))
            yield from filter(None, map(_report, _maps(value, "statuses")))


def _report(status: Mapping[str, Any]) -> Report | None:
    reference, state = status.get("id"), status.get("status")
    if not _is_id(reference) or state not in STATES:
        return None
    error = None
    if state == "failed":
        said = [_error(each) for each in _maps(status, "errors")]
        error = " ".join(said)[:1000] or _("Meta did not say why.")
    ours = news.own_id(status.get("biz_opaque_callback_data"))
    return Report(str(reference), str(state), ours, error)


def _error(error: Mapping[str, Any]) -> str:
    details = _map(error, "error_data").get("details")
    otherwise = details or error.get("title") or error.get("message")
    return in_words(error.get("code"), news.clean(otherwise))


def _reply(message: Mapping[str, Any]) -> Reply | None:
    reference, sender = message.get("id"), news.sender_of(message.get("from"))
    if not _is_id(reference) or sender is None:
        return None
    at = str(message.get("timestamp"))
    known = at.isascii() and at.isdigit() and len(at) <= 10
    when = int(at) if known else int(datetime.now(UTC).timestamp())
    text = news.clean(_words(message)) or _("(a message without text)")
    return Reply(str(reference), sender, text, when)


def _words(message: Mapping[str, Any]) -> str:
    """What a message says, or in words what it is."""
    kind = str(message.get("type"))[:40]
    part = _map(message, kind)
    caption = f": {part['caption']}" if part.get("caption") else ""
    match kind:
        case "text":
            return str(part.get("body") or "")
        case "button":
            return str(part.get("text") or part.get("payload") or "")
        case "interactive":
            return _chosen(part)
        case "reaction":
            return _("Reacted with %(emoji)s", emoji=part.get("emoji") or "-")
        case "image" | "sticker":
            return _("(a picture)") + caption
        case "video":
            return _("(a video)") + caption
        case "audio":
            return _("(a voice message)")
        case "document":
            return _("(a document: %(name)s)", name=part.get("filename") or "?") + caption
        case "location":
            named = [part.get(name) for name in ("name", "address", "latitude", "longitude")]
            return _("(a place: %(place)s)", place=", ".join(str(each) for each in named if each))
        case "contacts":
            people = [_map(each, "name") for each in _maps(message, "contacts")]
            names = ", ".join(str(each.get("formatted_name") or "?") for each in people)
            return _("(contacts: %(names)s)", names=names)
        case "system":
            return str(part.get("body") or "")
    return _("(a message of a kind that cannot be shown here: %(kind)s)", kind=kind)


def _chosen(interactive: Mapping[str, Any]) -> str:
    for name in ("button_reply", "list_reply"):
        found = _map(interactive, name)
        if found:
            about = f" ({found['description']})" if found.get("description") else ""
            return f"{found.get('title') or ''}{about}"
    return str(_map(interactive, "nfm_reply").get("body") or _("(a filled-in form)"))


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_ID and value.isprintable()


def _map(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = value.get(name)
    return found if isinstance(found, Mapping) else {}


def _maps(value: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = value.get(name)
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []
