"""What a plugin does when a provider calls: each step contained, and told apart who is to blame."""

from collections.abc import Callable
from dataclasses import dataclass
from logging import getLogger
from typing import Any, Final, TypeVar

from invoicer_core.domain.errors import Conflict, InvoicerError, Unavailable
from invoicer_core.domain.saying import say
from invoicer_core.hooks.answers import OutcomeUnknown, PermanentFailure, RetryLater
from invoicer_core.hooks.faces import InboundRequest, InboundResponse, InboundWebhook
from invoicer_core.host import states, watch
from invoicer_core.host.calls import note_failure
from invoicer_core.host.guard import HookFailed, contained
from invoicer_core.host.host import current
from invoicer_core.host.offers import Provided
from invoicer_core.host.states import AnySession

T = TypeVar("T")

log: Final = getLogger(__name__)

HANDLE_SECONDS: Final = 5.0
LONGEST_ID: Final = 500


@dataclass(frozen=True, slots=True)
class InboundCall:
    """One call of a provider to one webhook of a plugin, for the business that was entered."""

    session: AnySession
    webhook: Provided[InboundWebhook]
    request: InboundRequest

    def is_ready(self) -> bool:
        """Whether the webhook has what it needs to tell true calls from false ones."""
        return self._careful("ready", lambda: self.webhook.offer.ready(self.webhook.ctx)) is True

    def is_genuine(self) -> bool:
        """Whether the plugin vouches for the signature. Whatever it raises means no, and counts
        for nothing: anybody may send what makes it raise."""
        offer, ctx = self.webhook.offer, self.webhook.ctx
        return self._careful("verify", lambda: offer.verify(ctx, self.request)) is True

    def challenged(self) -> InboundResponse | None:
        """The answer to a provider's question who owns the address; None without one."""
        offer, ctx = self.webhook.offer, self.webhook.ctx
        if offer.challenge is None:
            return None
        ask = offer.challenge
        answer = self._careful("challenge", lambda: ask(ctx, self.request))
        return answer if isinstance(answer, InboundResponse) else None

    def event_id(self) -> str | None:
        """The provider's own id of the call. Raises Unavailable, as ``handled``."""
        given: Any = self._blamed("event_id", lambda: self.webhook.offer.event_id(self.request))
        if given is None or (isinstance(given, str) and 0 < len(given) <= LONGEST_ID):
            return given
        raise self._failed("event_id", HookFailed("gave an id that is no short text"))

    def handled(self) -> InboundResponse:
        """Let the plugin take note.

        Raises:
            InvoicerError: the plugin's own refusal; Unavailable when it failed or asked to be
                called again.
        """
        offer, ctx = self.webhook.offer, self.webhook.ctx
        answer: Any = self._blamed("handle", lambda: offer.handle(ctx, self.request))
        if answer is None:
            return InboundResponse()
        if isinstance(answer, InboundResponse):
            return answer
        wrong = HookFailed(f"answered {type(answer).__name__} instead of InboundResponse")
        raise self._failed("handle", wrong)

    def _run(self, step: str, run: Callable[[], T]) -> T:
        ctx = self.webhook.ctx
        what = self._what(step)
        with watch.begun(ctx.plugin, what, ctx.business_id):
            with contained(self.session, ctx.plugin, HANDLE_SECONDS):
                return run()

    def _careful(self, step: str, run: Callable[[], T]) -> T | None:
        try:
            return self._run(step, run)
        except HookFailed as failure:
            self.webhook.ctx.log.warning("%s: %s", self._what(step), failure)
            return None

    def _blamed(self, step: str, run: Callable[[], T]) -> T:
        try:
            return self._run(step, run)
        except HookFailed as failure:
            raise self._refusal(step, failure) from failure

    def _refusal(self, step: str, failure: HookFailed) -> InvoicerError:
        cause = failure.__cause__
        if isinstance(cause, RetryLater):
            wait = int(cause.after.total_seconds()) if cause.after is not None else 60
            return Unavailable(say("Not now; send it again later."), max(1, wait))
        if isinstance(cause, PermanentFailure):
            return Conflict(cause.reason)
        if isinstance(cause, InvoicerError):
            return cause
        if isinstance(cause, OutcomeUnknown):
            return Unavailable(say("Not known how it ended; send it again later."), 60)
        return self._failed(step, failure)

    def _failed(self, step: str, failure: HookFailed) -> Unavailable:
        """Blame the plugin: so many in a row pause it. The core's transaction is undone first."""
        self.session.rollback()
        ctx = self.webhook.ctx
        note_failure(current(), ctx.plugin, self._what(step), ctx.business_id, failure)
        return Unavailable(say("The call could not be worked on; send it again later."), 60)

    def _what(self, step: str) -> str:
        return f"webhook {self.webhook.offer.name} ({step})"

    def went_well(self) -> None:
        """Forget earlier failures, in the caller's transaction."""
        ctx = self.webhook.ctx
        on = current().registry.default_on
        if states.read(self.session, ctx.business_id, on).of(ctx.plugin).failures:
            states.went_well(self.session, ctx.business_id, ctx.plugin)
