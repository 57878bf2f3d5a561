"""The only ways in which the core calls a plugin."""

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from functools import partial
from logging import getLogger
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from markupsafe import Markup, escape
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.domain.errors import Conflict, FieldError
from invoicer_core.domain.events import EVENTS, Event
from invoicer_core.domain.saying import say, together
from invoicer_core.hooks.answers import (
    PROPOSAL_KINDS,
    ItemProposal,
    Objection,
    OutcomeUnknown,
    PermanentFailure,
    RetryLater,
)
from invoicer_core.hooks.context import Context
from invoicer_core.hooks.faces import Slot
from invoicer_core.hooks.plugin import HOOKS, Plugin
from invoicer_core.host import states, watch
from invoicer_core.host.guard import HookFailed, answers, contained
from invoicer_core.host.host import Host, current
from invoicer_core.host.loading import arguments_of
from invoicer_core.host.registry import Implementation
from invoicer_core.host.states import AnySession
from invoicer_core.host.watch import Abandoned
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business

T = TypeVar("T")

log: Final = getLogger(__name__)

LIVE: Final = ("live", True)

_SHORT_WAIT: Final = text("SET LOCAL lock_timeout = '1s'")
_ONLY_LIVE: Final = (LIVE,)
_SUBJECTS: Final = {
    hook: arguments_of(getattr(Plugin, hook))[1]
    for hook, family in HOOKS.items()
    if family in ("objection", "proposal")
}


def subscribers(event_name: str) -> tuple[tuple[str, bool], ...]:
    """Who may hear an event: ``live``, ``plugin:<name>`` of each plugin with the hook, and the
    core's own; with each, whether it is on for a business that never chose."""
    registry = current().registry
    names = registry.subscribers.get(event_name, ())
    core = registry.core_subscribers.get(event_name, ())
    if event_name not in EVENTS:
        return tuple((name, True) for name in core)
    if not names and not core:
        return _ONLY_LIVE
    on = registry.default_on
    heard = ((name, name.removeprefix("plugin:") in on) for name in names)
    return (LIVE, *heard, *((name, True) for name in core))


# --- inside the core's transaction -----------------------------------------------------------


def asked(hook: str) -> bool:
    """Whether any plugin that is loaded answers this hook."""
    return bool(current().registry.implementations.get(hook))


def objections(
    session: AnySession, hook: str, snapshot: Any, *, business_id: int, by: Actor | None = None
) -> tuple[Objection, ...]:
    """Every reason that plugins give against what is about to happen; empty means go on.

    A plugin that fails counts as an objection in its name; repeated failure pauses it.
    """
    host = current()
    implementations = host.registry.implementations.get(hook)
    if not implementations:
        return ()
    call = _Call(host, session, hook, business_id, by)
    found: list[Objection] = []
    for implementation in call.running(implementations):
        name = implementation.plugin
        try:
            given = call.ask(implementation, Objection, snapshot)
        except HookFailed as failure:
            found.append(Objection(f"{failure}", plugin=name))
        else:
            found += (replace(each, plugin=name) for each in given)
    return tuple(found)


def refuse_objected(
    session: AnySession, hook: str, snapshot: Any, *, business_id: int, by: Actor | None = None
) -> None:
    """Stop when any plugin objects.

    Raises:
        Conflict: says every reason, each with its plugin.
    """
    found = objections(session, hook, snapshot, business_id=business_id, by=by)
    if found:
        reasons = (
            say("%(plugin)s: %(reason)s", plugin=each.plugin, reason=each.reason) for each in found
        )
        faults = [FieldError(each.pointer, each.reason) for each in found if each.pointer]
        raise Conflict(together(*reasons), faults)


@dataclass(frozen=True, slots=True)
class Proposals:
    """What plugins would add to a draft, and what was refused of it, with the reason."""

    accepted: tuple[ItemProposal, ...] = ()
    refused: tuple[Objection, ...] = ()


_NONE: Final = Proposals()


def proposals(
    session: AnySession, draft: InvoiceDraft, *, business_id: int, by: Actor | None = None
) -> Proposals:
    """Lines that plugins propose for a draft. They are asked with a copy; compute totals anew."""
    host = current()
    implementations = host.registry.implementations.get("propose_items")
    if not implementations:
        return _NONE
    call = _Call(host, session, "propose_items", business_id, by)
    accepted: list[ItemProposal] = []
    refused: list[Objection] = []
    for implementation in call.running(implementations):
        name = implementation.plugin
        try:
            given = call.ask(implementation, ItemProposal, draft)
        except HookFailed as failure:
            refused.append(Objection(str(failure), plugin=name))
            continue
        for each in given:
            wrong = _wrong_with(each)
            if wrong is None:
                accepted.append(replace(each, plugin=name))
            else:
                refused.append(Objection(wrong, plugin=name))
    return Proposals(tuple(accepted), tuple(refused))


def _wrong_with(proposal: ItemProposal) -> str | None:
    if proposal.kind not in PROPOSAL_KINDS:
        return f"proposed a {proposal.kind}; it may propose {', '.join(PROPOSAL_KINDS)}"
    numbers = [proposal.amount, proposal.quantity, proposal.tax_rate]
    if not all(number is None or _is_money(number) for number in numbers):
        return "proposed an amount that is not a finite Decimal"
    if proposal.kind != "item" and proposal.amount < 0:
        return f"proposed a negative {proposal.kind}"
    if not isinstance(proposal.description, str) or not 0 < len(proposal.description) <= 500:
        return "proposed a line without a description of at most 500 characters"
    return None


def _is_money(number: Any) -> bool:
    from_decimal = getattr(number, "is_finite", None)
    return from_decimal is not None and bool(from_decimal()) and abs(number.adjusted()) <= 15


@dataclass(frozen=True, slots=True)
class _Call:
    """One hook, asked for one business within one transaction."""

    host: Host
    session: AnySession
    hook: str
    business_id: int
    by: Actor | None

    def states(self) -> states.States:
        return states.read(self.session, self.business_id, self.host.registry.default_on)

    def running(self, implementations: Iterable[Implementation]) -> list[Implementation]:
        known = self.states()
        return [each for each in implementations if known.of(each.plugin).runs]

    def ask(self, implementation: Implementation, expected: type[T], subject: Any) -> list[T]:
        plugin = implementation.plugin
        values = {
            "ctx": self.host.context(plugin, self.business_id, self.by),
            _SUBJECTS[self.hook]: _copied(subject),
        }
        try:
            with watch.begun(plugin, self.hook, self.business_id):
                given = answers(self.session, plugin, expected, lambda: implementation(**values))
        except HookFailed as failure:
            note_failure(self.host, plugin, self.hook, self.business_id, failure)
            raise
        if self.states().of(plugin).failures:
            _note(self.business_id, partial(states.went_well, plugin=plugin))
        return given


def _copied(snapshot: Any) -> Any:
    """Frozen as it is, a snapshot may hold dicts; a plugin gets its own."""
    mutable = {
        field.name: deepcopy(value)
        for field in fields(snapshot)
        if isinstance(value := getattr(snapshot, field.name), dict)
    }
    return replace(snapshot, **mutable) if mutable else snapshot


def note_failure(
    host: Host, plugin: str, hook: str, business_id: int, failure: BaseException
) -> None:
    """Log and count a failure; the one that is too many pauses the plugin and is told."""
    log.error(
        "plugin %s failed in %s: %s",
        plugin,
        hook,
        failure,
        exc_info=failure.__cause__,
        extra={"plugin": plugin, "hook": hook, "business_id": business_id},
    )
    on = plugin in host.registry.default_on
    if _note(business_id, partial(states.failed, plugin=plugin, error=f"{hook}: {failure}", on=on)):
        log.error("plugin %s is paused for business %s", plugin, business_id)
        host.tell_paused(plugin, business_id, f"{hook}: {failure}")


def _note(business_id: int, write: Callable[..., T]) -> T | None:
    """Write a state in a transaction of its own: the running one is the core's, and may be undone.
    It never waits long, since the running one may hold the row."""
    try:
        with Session(db.engine) as session, session.begin():
            session.execute(_SHORT_WAIT)
            return write(session, business_id)
    except DBAPIError:
        log.exception("the state of a plugin of business %s was not noted", business_id)
        return None


def blame_abandoned(folder: Path) -> list[Abandoned]:
    """Count a failure for each hook in the middle of which a process died; see ``watch``.

    A hook that spins or eats memory kills its worker each time and is so paused after a few; one
    that merely ran when somebody killed the process is forgiven by its next success.
    """
    found = watch.abandoned(folder)
    on = current().registry.default_on
    for each in found:
        failed = partial(
            states.failed,
            plugin=each.plugin,
            error=f"{each.hook}: the process died while it ran",
            on=each.plugin in on,
        )
        with enter_business(each.business_id):
            _note(each.business_id, failed)
    return found


# --- while a page is rendered ----------------------------------------------------------------


def slots(
    session: AnySession,
    place: str,
    values: Mapping[str, Any],
    *,
    business_id: int,
    by: Actor | None = None,
) -> tuple[Markup, ...]:
    """The pieces that plugins put at a place; one that fails is logged and left out."""
    host = current()
    offered = host.registry.slots.get(place)
    if not offered:
        return ()
    known = states.read(session, business_id, host.registry.default_on)
    found = (
        rendered(
            session,
            each.plugin,
            f"slot {place}",
            partial(_render_slot, each.offer, values),
            business_id=business_id,
            by=by,
        )
        for each in offered
        if known.of(each.plugin).runs
    )
    return tuple(piece for piece in found if piece)


def _render_slot(slot: Slot, values: Mapping[str, Any], ctx: Context) -> str:
    return slot.render(ctx, values)


def rendered(
    session: AnySession,
    plugin: str,
    what: str,
    render: Callable[[Context], str],
    *,
    business_id: int,
    by: Actor | None = None,
) -> Markup:
    """A piece of HTML by a plugin (a slot, a widget): escaped unless it is ``Markup``, empty when
    it fails."""
    host = current()
    try:
        with watch.begun(plugin, what, business_id), contained(session, plugin):
            piece = render(host.context(plugin, business_id, by))
            if not isinstance(piece, str):
                raise HookFailed(f"rendered {type(piece).__name__} instead of text")
            return escape(piece)
    except HookFailed as failure:
        note_failure(host, plugin, what, business_id, failure)
        return Markup("")


# --- after the commit, in a worker -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outcome:
    """How handing an event to a plugin ended.

    Args:
        state: ``done``; ``retry`` (after ``after``, None: by the usual schedule); ``parked``: it
            will not work by trying; ``skipped``: it is off or not installed; ``held``: it is
            paused or in quarantine, keep it.
    """

    state: Literal["done", "retry", "parked", "skipped", "held"]
    after: timedelta | None = None
    error: str | None = None


def deliver(plugin: str, event: Event) -> Outcome:
    """Hand an event to one plugin, in the business that was entered. Never raises what it raised.

    The handler's own writes are its own transactions; what it leaves open is rolled back.
    """
    host = current()
    implementation = _listener(host, plugin, event)
    if implementation is None:
        waiting = any(each.name == plugin for each in host.registry.quarantined)
        return Outcome("held" if waiting else "skipped", error="not installed, or not loaded")
    state = states.read(db.session, event.business_id, host.registry.default_on).of(plugin)
    db.session.rollback()
    if not state.enabled:
        return Outcome("skipped", error="switched off for this business")
    if state.paused_at is not None:
        return Outcome("held", error=state.pause_reason)
    outcome = _handled(host, implementation, event)
    if outcome.state == "done" and state.failures:
        states.went_well(db.session, event.business_id, plugin)
        db.session.commit()
    return outcome


def parked(plugin: str, business_id: int, error: str) -> bool:
    """Count a delivery that was given up; True when the plugin was paused because of it."""
    host = current()
    on = plugin in host.registry.default_on
    paused = states.failed(db.session, business_id, plugin, error, on=on)
    db.session.commit()
    return paused


def _listener(host: Host, plugin: str, event: Event) -> Implementation | None:
    hook = "on_" + event.name.replace(".", "_")
    found = host.registry.implementations.get(hook, ())
    return next((each for each in found if each.plugin == plugin), None)


def _handled(host: Host, implementation: Implementation, event: Event) -> Outcome:
    ctx = host.context(implementation.plugin, event.business_id)
    try:
        implementation(ctx=ctx, event=event)
    except RetryLater as later:
        return Outcome("retry", later.after, later.reason)
    except (PermanentFailure, OutcomeUnknown) as final:
        return Outcome("parked", error=f"{type(final).__name__}: {final.reason}")
    except (Exception, SystemExit) as error:
        ctx.log.exception("on %s failed", event.name)
        return Outcome("retry", error=f"{type(error).__name__}: {error}")
    finally:
        db.session.rollback()
    return Outcome("done")
