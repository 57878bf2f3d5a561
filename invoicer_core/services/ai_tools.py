"""The tools that plugins offer to assistants, for one who asks: found, checked, run.

Here stand the guards, whoever asks for a tool and by whichever door: the permission of the one who
asks, the form of the arguments, and that nothing is written before a person has confirmed it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from invoicer_core import host
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import (
    FieldError,
    Forbidden,
    InvalidInput,
    InvoicerError,
    NotFound,
    Unavailable,
)
from invoicer_core.domain.saying import say
from invoicer_core.hooks import codec
from invoicer_core.hooks.answers import PermanentFailure, RetryLater
from invoicer_core.hooks.faces import AiTool
from invoicer_core.hooks.model_faults import fault_words
from invoicer_core.host import offers
from invoicer_core.host.offers import Provided
from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import faults, plugins

LONGEST: Final = 20_000
"""Characters of an answer."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that may be used by the one who asked. ``schema`` is JSON Schema of its arguments."""

    name: str
    title: str
    description: str
    schema: Mapping[str, Any]
    permission: str
    writes: bool
    plugin: str


def find(*, by: Actor) -> tuple[Tool, ...]:
    """The tools of every plugin that is on which this one may use, by name."""
    return tuple(_tool(each) for each in _offered() if _may(by, each.offer))


def get(*, name: str, by: Actor) -> Tool:
    """One tool. Raises NotFound, Forbidden."""
    return _tool(_provided(name, by))


def preview(*, name: str, arguments: Any, by: Actor) -> str:
    """What a tool that writes would do, in words: marked by ``say``, like its title.

    Raises:
        NotFound, Forbidden: no such tool for this one.
        InvalidInput: the arguments do not fit. What else the tool refuses.
    """
    provided = _provided(name, by)
    tool = provided.offer
    given = _checked(tool, arguments)
    if tool.preview is None:
        return tool.title or tool.name
    with _contained(provided):
        return tool.preview(_context(provided, by), given)


def run(*, name: str, arguments: Any, by: Actor, confirmed: bool = False) -> str:
    """Use a tool; the answer is JSON text, at most `LONGEST` characters of it.

    Args:
        confirmed: a person has seen what exactly will be done and said yes.

    Raises:
        NotFound, Forbidden: no such tool for this one, or it writes and nobody confirmed it.
        InvalidInput: the arguments do not fit. What else the tool refuses.
    """
    provided = _provided(name, by)
    given = _checked(provided.offer, arguments)
    if provided.offer.writes and not confirmed:
        raise Forbidden(say("A person has to confirm this first."))
    with _contained(provided):
        answer = provided.offer.run(_context(provided, by), given)
        return codec.dumps(codec.to_json(answer))[:LONGEST]


def _offered() -> tuple[Provided[AiTool], ...]:
    return offers.every(db.session, AiTool, current_business_id())


def _may(by: Actor, tool: AiTool) -> bool:
    in_scope = by.scopes is None or tool.permission in by.scopes
    return in_scope and plugins.may(by.role, tool.permission)


def _provided(name: str, by: Actor) -> Provided[AiTool]:
    found = next((each for each in _offered() if each.offer.name == name), None)
    if found is None:
        raise NotFound(say("There is no tool named %(name)s.", name=name[:100]))
    if not _may(by, found.offer):
        raise Forbidden(
            say("Using this tool needs the permission %(permission)s.",
                permission=found.offer.permission)
        )  # fmt: skip
    return found


def _context(provided: Provided[AiTool], by: Actor) -> Any:
    return host.current().context(provided.plugin, current_business_id(), by)


def _tool(provided: Provided[AiTool]) -> Tool:
    offer = provided.offer
    return Tool(
        name=offer.name,
        title=offer.title or offer.name,
        description=offer.description,
        schema=offer.arguments.model_json_schema(),
        permission=offer.permission,
        writes=offer.writes,
        plugin=provided.plugin,
    )


def _checked(tool: AiTool, arguments: Any) -> BaseModel:
    try:
        return tool.arguments.model_validate(arguments)
    except ValidationError as wrong:
        found = [
            FieldError("/" + "/".join(map(str, each["loc"])), fault_words(each))
            for each in wrong.errors(include_url=False, include_input=False)[:5]
        ]
        raise InvalidInput.listing(found) from None


@contextmanager
def _contained(provided: Provided[AiTool]) -> Iterator[None]:
    """Refusals as they are, everything else in words; whoever asks has no use for a traceback."""
    try:
        yield
    except InvoicerError:
        raise
    except (PermanentFailure, RetryLater) as failure:
        raise Unavailable(failure.reason) from failure
    except Exception as error:
        if "unit" not in db.session().info:
            db.session.rollback()
        provided.ctx.log.exception("the tool %s failed", provided.offer.name)
        known = faults.translated(error)
        if known is not None:
            raise known from error
        raise Unavailable(
            say("The tool %(name)s failed. Its plugin's log says why.", name=provided.offer.name)
        ) from error
