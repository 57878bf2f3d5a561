"""What providers tell: what became of a message, and what a client answers. Each counts once, by
its own id, in whatever order and however often it comes."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from invoicer_core.plugin import InvoicerError, MessageSnapshot, NotFound, RetryLater, phones
from invoicer_core.plugin.use_cases import consents, messages
from invoicer_whatsapp.composing import CHANNEL, Ctx

AT_ONCE: Final = 50
"""Items of one call that are worked on before it is answered; the rest goes to a worker."""

LONGEST: Final = 4096
STOP: Final = frozenset(
    {"stop", "stopp", "stopall", "unsubscribe", "abmelden", "abbestellen", "arret", "arrêt",
     "désabonner", "desabonner", "baja", "alto", "parar"}
)  # fmt: skip
START: Final = frozenset({"start", "unstop", "subscribe", "anmelden", "abonner", "alta"})
_OURS: Final = re.compile(r"invoicer-([0-9]{1,18})", re.ASCII)
_PASSING: Final = timedelta(seconds=10)


def sender_of(given: object) -> str | None:
    """Who wrote, as a provider says it: ``4917...`` or ``whatsapp:+4917...``."""
    bare = given.removeprefix("whatsapp:") if isinstance(given, str) else ""
    return phones.e164(bare if bare.startswith("+") else f"+{bare}")


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a message. ``message_id`` is ours, where the provider gave it back."""

    reference: str
    state: str
    message_id: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What somebody wrote, and when (seconds since 1970, by the provider's clock)."""

    reference: str
    sender: str
    text: str
    at: int


def own_id(key: object) -> int | None:
    """Our message's id in the word that goes out with it and comes back with every report."""
    ours = _OURS.fullmatch(key) if isinstance(key, str) else None
    return None if ours is None else int(ours[1])


def take(ctx: Ctx, found: Sequence[Report | Reply]) -> None:
    """Take note of everything in one call of a provider."""
    for item in found[:AT_ONCE]:
        _one(ctx, item)
    for begin in range(AT_ONCE, len(found), AT_ONCE):
        rest = [asdict(item) for item in found[begin : begin + AT_ONCE]]
        ctx.later("news", items=rest)


def work(ctx: Ctx, items: Sequence[dict[str, Any]]) -> None:
    """The job ``news``: what a call left over."""
    for item in items:
        _one(ctx, Reply(**item) if "sender" in item else Report(**item))


def report_again(ctx: Ctx, item: dict[str, Any]) -> None:
    """The job ``report``: a report that overtook the answer to the request it is about.

    Raises:
        RetryLater: that answer is still not there.
    """
    report = Report(**item)
    if not _known(ctx, report) and _is_going_out(report.message_id):
        raise RetryLater("The message is still going out.", _PASSING)


def clean(text: Any) -> str:
    """Text as it can be kept and shown: no control characters but the end of a line, no halves of
    characters, not too long."""
    whole = str(text or "").encode("utf-8", "replace").decode()
    kept = "".join(char if char.isprintable() or char == "\n" else " " for char in whole)
    return kept.strip()[:LONGEST]


def _one(ctx: Ctx, item: Report | Reply) -> None:
    try:
        if isinstance(item, Reply):
            _reply(ctx, item)
        elif not _known(ctx, item) and _is_going_out(item.message_id):
            ctx.later("report", item=asdict(item), delay=_PASSING)
    except InvoicerError as refusal:
        ctx.log.warning("left out what came as %s: %s", item.reference[:80], refusal)


def _known(ctx: Ctx, item: Report) -> bool:
    return messages.report(
        channel=CHANNEL, provider_ref=item.reference, state=item.state, by=ctx.actor,
        error=item.error, message_id=item.message_id,
    )  # fmt: skip


def _is_going_out(message_id: int | None) -> bool:
    try:
        attempts = messages.get(message_id=message_id or 0).attempts
    except NotFound:
        return False
    return any(each.state == "queued" and each.provider_ref is None for each in attempts)


def _reply(ctx: Ctx, item: Reply) -> None:
    kept = messages.receive(
        channel=CHANNEL, sender=item.sender, text=item.text, provider_ref=item.reference,
        at=datetime.fromtimestamp(item.at, UTC), by=ctx.actor,
    )  # fmt: skip
    word = _word(item.text)
    if kept is None or not word or _was_taken_back(kept):
        return
    act = consents.withdraw if word in STOP else consents.give
    how = f"wrote {word.upper()} on WhatsApp"
    act(channel=CHANNEL, address=item.sender, how=how, by=ctx.actor)


def _word(text: str | None) -> str:
    """The word that turns messages off or on, where a message is nothing but that."""
    bare = (text or "").strip().strip(".!").strip().casefold()
    return bare if bare in STOP | START else ""


def _was_taken_back(word: MessageSnapshot) -> bool:
    """Whether its writer has said such a word since: it came late."""
    said = messages.find(q=word.recipient, channel=CHANNEL, limit=100).items
    return any(
        each.direction == "in" and each.created_at > word.created_at and _word(each.text)
        for each in said
    )
