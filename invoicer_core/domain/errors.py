"""Every way a use case can refuse, in the domain's words. The faces translate them to their own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from invoicer_core.domain.saying import none_of, say, together


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that was refused.

    Args:
        pointer: JSON pointer into what was sent, e.g. ``/items/0/quantity`` (RFC 6901).
        message: what is wrong with it and what would be accepted.
    """

    pointer: str
    message: str


class InvoicerError(Exception):
    """Base of every refusal; ``detail`` says in words what happened and what to do.

    Texts that people read are made by ``say``, so that each is shown them in their language.
    """

    title = "The request was refused"

    def __init__(self, detail: str, fields: Iterable[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fields = tuple(fields)

    @classmethod
    def at(cls, pointer: str, message: str) -> "InvoicerError":
        """The error of one field; its message is the detail too."""
        return cls(message, [FieldError(pointer, message)])


class InvalidInput(InvoicerError):
    """What was sent breaks a rule that its sender can mend."""

    title = "Some of the input is not valid"

    @classmethod
    def listing(cls, faults: Sequence[FieldError]) -> "InvalidInput":
        """One refusal for several fields; its detail tells the first."""
        first = say(
            "%(pointer)s: %(message)s", pointer=faults[0].pointer, message=faults[0].message
        )
        more = len(faults) - 1
        if not more:
            return cls(first, faults)
        return cls(together(first, say("(%(count)s more faults are listed.)", count=more)), faults)


class NotFound(InvoicerError):
    """No such thing in this business; also the answer for things of other businesses."""

    title = "Not found"

    @classmethod
    def of(cls, what: str, key: object) -> "NotFound":
        """``NotFound.of("invoice", 7)``: the same words whether it is missing or foreign."""
        text = say(
            "There is %(none)s with the id %(key)s in this business.", none=none_of(what), key=key
        )
        return cls(text)


class Conflict(InvoicerError):
    """True when asked, but the state of things does not allow it (any more)."""

    title = "The current state does not allow this"


class StaleVersion(Conflict):
    """It was changed since it was read; ``current`` is the snapshot as it stands now."""

    title = "It was changed meanwhile"

    def __init__(self, detail: str, current: object) -> None:
        super().__init__(detail)
        self.current = current


class Forbidden(InvoicerError):
    """Known who asks, and it is not allowed to them."""

    title = "Not allowed"


class NotAuthenticated(InvoicerError):
    """Not known who asks."""

    title = "Sign in first"


class TooManyRequests(InvoicerError):
    """Asked too often; ``retry_after`` is in seconds."""

    title = "Too many requests"

    def __init__(self, detail: str, retry_after: int = 60) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Unavailable(InvoicerError):
    """A part the request needs is away for the moment; ``retry_after`` is in seconds."""

    title = "Temporarily unavailable"

    def __init__(self, detail: str, retry_after: int = 5) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
