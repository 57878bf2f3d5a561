"""What providers tell of a mail afterwards, in one form for both, and what follows from it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from invoicer_core.plugin import InvalidInput
from invoicer_core.plugin.use_cases import consents, messages, once, transaction
from invoicer_email_providers.settings import Ctx

EMAIL: Final = "email"
OLDEST: Final = timedelta(hours=25)
"""Providers repeat a call for up to a day; what is older is a replay."""

NEWEST: Final = timedelta(minutes=10)
SOON: Final = timedelta(seconds=60)
"""By then our own side has written down the number of a mail that it just handed over."""

AT_ONCE: Final = 50
"""Happenings of one call that are worked on at once; a job takes the rest."""

State = Literal["delivered", "bounced", "failed", "read"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that became of a mail. ``refs`` are what it may be known by: the provider's number,
    our own mark. ``unwanted``: whoever has ``address`` wants no more mail."""

    channel: str
    id: str
    refs: tuple[str, ...] = ()
    state: State | None = None
    error: str | None = None
    unwanted: bool = False
    address: str = ""


def is_timely(moment: datetime) -> bool:
    """Whether a signed call is of today."""
    age = datetime.now(UTC) - moment
    return -NEWEST <= age <= OLDEST


def take(ctx: Ctx, found: Iterable[Happening]) -> None:
    """Write down what became of mails, each happening once; the later ones of many in a job."""
    every = list(found)
    for each in every[:AT_ONCE]:
        if not _note(ctx, each):
            _put_off(ctx, [each], SOON)
    for start in range(AT_ONCE, len(every), AT_ONCE):
        _put_off(ctx, every[start : start + AT_ONCE], timedelta(0))


def note_later(ctx: Ctx, happenings: list[dict[str, Any]]) -> None:
    """The job for what was too much for one call, or came before we knew the mail's number."""
    for each in happenings:
        _note(ctx, Happening(**{**each, "refs": tuple(each["refs"])}))


def _put_off(ctx: Ctx, found: list[Happening], delay: timedelta) -> None:
    ctx.later("note", delay=delay, happenings=[asdict(each) for each in found])


def _note(ctx: Ctx, it: Happening) -> bool:
    """Write one down, unless it was before; False when nobody here knows the mail (yet)."""
    with transaction(by=ctx.actor):
        if it.unwanted and it.address and _is_first(ctx, it):
            _withdraw(ctx, it)
        if it.state is None or (it.state == "read" and not ctx.settings.count_opens):
            return True
        return any(
            messages.report(
                channel=it.channel, provider_ref=ref, state=it.state, by=ctx.actor, error=it.error
            )
            for ref in it.refs
        )


def _is_first(ctx: Ctx, it: Happening) -> bool:
    """A mail's state only moves on, however often it is told; consent may have been given again
    since, so that each withdrawal counts once."""
    return once.first_time("hook", ctx.plugin, it.channel, it.id)


def _withdraw(ctx: Ctx, it: Happening) -> None:
    try:
        consents.withdraw(
            channel=EMAIL, address=it.address, how=f"told by {it.channel}", by=ctx.actor
        )
    except InvalidInput:
        ctx.log.warning("%s names an address that is none", it.channel)
