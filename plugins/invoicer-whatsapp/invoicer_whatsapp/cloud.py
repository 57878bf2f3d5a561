"""Meta's Cloud API over HTTP: bounded in time, and never unclear about what may have happened."""

import json
from datetime import timedelta
from typing import Any, Final

from urllib3.filepost import encode_multipart_formdata

from invoicer_core.plugin import (
    Attachment,
    Health,
    OutcomeUnknown,
    PermanentFailure,
    RetryLater,
    SendResult,
    say,
)
from invoicer_core.plugin.outside import Answer, Unanswered, ask
from invoicer_whatsapp.composing import Ctx, Letter
from invoicer_whatsapp.failures import in_words
from invoicer_whatsapp.settings import META, META_ENV, WhatsAppSettings

VERSION: Final = "v23.0"
WINDOW_CLOSED: Final = 131047
HEALTH_SECONDS: Final = 1.5
_JSON: Final = "application/json"
_WAIT: Final = {
    4: timedelta(minutes=10),
    80007: timedelta(minutes=10),
    130429: timedelta(minutes=1),
    131048: timedelta(hours=1),
    131056: timedelta(minutes=1),
}
"""Meta's limits, and when to try again."""

_FAULTS: Final = frozenset({1, 2, 131000, 131016, 133004})
"""Meta says that it failed and that trying again may help."""


class Refused(PermanentFailure):
    """Meta said no. ``code`` is its error code."""

    def __init__(self, reason: str, code: int) -> None:
        super().__init__(reason)
        self.code = code


def send(ctx: Ctx, letter: Letter) -> SendResult:
    """Hand a message to Meta.

    Raises:
        RetryLater: it had no effect. Refused: Meta does not take it.
        OutcomeUnknown: it may be on its way; Meta's first report of it says so.
    """
    settings = ctx.settings
    media_id = None if letter.file is None else _upload(settings, letter.file)
    body = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": letter.to.removeprefix("+"),
        "biz_opaque_callback_data": letter.reference,
        **_content(letter, media_id),
    }
    try:
        found = _call(settings, "POST", "/messages", json.dumps(body).encode(), effect=True)
        return SendResult("queued", str(found["messages"][0]["id"]))
    except (KeyError, IndexError, TypeError):
        raise OutcomeUnknown(say("Meta's answer names no message.")) from None


def check(settings: WhatsAppSettings) -> Health:
    """Ask Meta for the phone number."""
    try:
        fields = "?fields=display_phone_number,verified_name,quality_rating"
        found = _call(settings, "GET", fields, seconds=HEALTH_SECONDS)
    except (PermanentFailure, RetryLater) as failure:
        return Health(False, failure.reason)
    return Health(True, f"{found.get('display_phone_number')} ({found.get('verified_name')})")


def _content(letter: Letter, media_id: str | None) -> dict[str, Any]:
    document = None
    if letter.file is not None:
        document = {"id": media_id, "filename": letter.file.filename[:240]}
    if letter.template is None:
        if document is not None:
            return {"type": "document", "document": {**document, "caption": letter.text}}
        return {"type": "text", "text": {"body": letter.text, "preview_url": False}}
    components: list[dict[str, Any]] = []
    if document is not None:
        shown = [{"type": "document", "document": document}]
        components.append({"type": "header", "parameters": shown})
    values = letter.values or {}
    gaps = [
        {"type": "text", "text": values[word]}
        for word in letter.template.values
        if word != "document"
    ]
    if gaps:
        components.append({"type": "body", "parameters": gaps})
    template = {
        "name": letter.template.name,
        "language": {"code": letter.template.language, "policy": "deterministic"},
        "components": components,
    }
    return {"type": "template", "template": template}


def _upload(settings: WhatsAppSettings, file: Attachment) -> str:
    parts: dict[str, str | bytes | tuple[str, str | bytes, str]] = {
        "messaging_product": "whatsapp",
        "type": file.media_type,
        "file": ("document", file.data, file.media_type),
    }
    body, media_type = encode_multipart_formdata(parts)
    found = _call(settings, "POST", "/media", body, media_type)
    if not isinstance(found.get("id"), str):
        raise RetryLater(say("Meta took the document, but gave it no id."))
    return str(found["id"])


def _call(
    settings: WhatsAppSettings,
    method: str,
    path: str,
    body: bytes | None = None,
    media_type: str = _JSON,
    *,
    effect: bool = False,
    seconds: float | None = None,
) -> dict[str, Any]:
    """One request below our phone number.

    Args:
        effect: a person would notice when it is done twice.
    """
    if not (settings.phone_number_id and settings.access_token):
        raise PermanentFailure(
            say("Enter the phone number ID and the access token under Settings, Plugins, WhatsApp.")
        )
    base = (settings.api_address or META).rstrip("/")
    headers = {
        "Authorization": f"Bearer {settings.access_token.reveal()}",
        "Content-Type": media_type,
        "Accept": _JSON,
    }
    url = f"{base}/{VERSION}/{settings.phone_number_id}{path}"
    try:
        answer = ask(
            method, url, headers, body=body, seconds=seconds or settings.seconds, env=META_ENV
        )
    except Unanswered as silence:
        if effect and silence.sent:
            raise OutcomeUnknown(say("Meta did not answer.") + f" ({silence})") from None
        raise RetryLater(say("Meta cannot be reached.") + f" ({silence})") from None
    found = _read(answer)
    if answer.status == 200 and found is not None:
        return found
    raise _failure(answer, found, effect)


def _read(answer: Answer) -> dict[str, Any] | None:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _failure(answer: Answer, found: dict[str, Any] | None, effect: bool) -> Exception:
    error = (found or {}).get("error")
    if not isinstance(error, dict) or not isinstance(error.get("code"), int):
        words = f"Meta answered {answer.status} without saying why."
        if answer.status in (429, 503):
            return RetryLater(words)
        if answer.status == 200 or answer.status >= 500:
            return OutcomeUnknown(words) if effect else RetryLater(words)
        return PermanentFailure(words)
    code = error["code"]
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, dict) else None
    words = in_words(code, str(details or error.get("message") or ""))
    if code in _WAIT:
        return RetryLater(words, _WAIT[code])
    if code in _FAULTS or answer.status in (429, 503) or error.get("is_transient") is True:
        return RetryLater(words)
    if answer.status >= 500:
        return OutcomeUnknown(words) if effect else RetryLater(words)
    return Refused(words, code)
