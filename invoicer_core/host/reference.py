"""Writes the reference pages of hooks and events from the docstrings they are declared with.

``python -m invoicer_core.host.reference docs/plugin-authors`` brings the files up to date; a test
fails while they are not.
"""

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, Final

from invoicer_core.domain.events import EVENTS, LIVE_NAMES, Event
from invoicer_core.hooks import answers, faces, offers, workflows
from invoicer_core.hooks.answers import ItemProposal, Objection
from invoicer_core.hooks.context import Context
from invoicer_core.hooks.event_hooks import EventHooks
from invoicer_core.hooks.offer_hooks import OfferHooks
from invoicer_core.hooks.offers import OFFERS
from invoicer_core.hooks.places import PLACES, Place
from invoicer_core.hooks.plugin import HOOKS, ObjectionHooks, Plugin, ProposalHooks

WRITTEN: Final = (
    "<!-- Written by python -m invoicer_core.host.reference; edit the docstrings instead. -->"
)
_MODULES: Final = re.compile(r"\b(?:[a-z_]+\.)+(?=[A-Za-z])")


def hooks_page() -> str:
    """Every hook by family, every offer with its fields."""
    return "\n".join(
        [
            "# Hooks", "", WRITTEN, "",
            "A hook is a method of your plugin with the same name and arguments, marked with "
            "`@hookimpl`. Everything below is imported from `invoicer_core.plugin`.", "",
            "## Offers", "", *_prose(inspect.getmodule(OfferHooks)), "",
            *_hooks("offer"),
            "## Objections", "", *_prose(ObjectionHooks), "", *_hooks("objection"),
            *_dataclass(Objection),
            "## Proposals", "", *_prose(ProposalHooks), "", *_hooks("proposal"),
            *_dataclass(ItemProposal),
            "## Events", "", *_prose(inspect.getmodule(EventHooks)), "",
            "One hook per event; [events](events.md) lists them with what they carry.", "",
            "## Context", "", *_prose(Context), "", *_context(),
            "## What is handed over", "", *_handed_over(),
        ]
    )  # fmt: skip


def events_page() -> str:
    """Every event: what it means, what it carries, which hook hears it."""
    lines = ["# Events", "", WRITTEN, "", *_prose(Event), ""]
    for name, kind in EVENTS.items():
        lines += [f"## `{name}`", "", *_prose(kind), ""]
        lines += [f"- class: `{kind.__name__}`"]
        lines += [f"- hook: `on_{name.replace('.', '_')}(self, ctx, event)`"]
        properties = list(_readings(kind))
        if properties:
            lines += [f"- properties: {', '.join(f'`{each}`' for each in properties)}"]
        if name in LIVE_NAMES:
            lines += [f"- on the live channel: `{LIVE_NAMES[name]}` (message `invoice`)"]
        lines += [""]
    return "\n".join(lines)


def places_page() -> str:
    """Every place where a slot may stand, and what it hands over."""
    rows = [
        f"| `{name}` | {place.where} | {' '.join(map('`{}`'.format, place.gives)) or 'nothing'} |"
        for name, place in PLACES.items()
    ]
    return "\n".join(
        [
            "# Places", "", WRITTEN, "", *_prose(inspect.getmodule(Place)), "",
            "| Place | Where | Hands over |", "|---|---|---|", *rows, "",
        ]
    )  # fmt: skip


PAGES: Final[dict[str, Callable[[], str]]] = {
    "hooks.md": hooks_page,
    "events.md": events_page,
    "places.md": places_page,
}


def _hooks(family: str) -> Iterator[str]:
    for hook, of in HOOKS.items():
        if of != family:
            continue
        function = getattr(Plugin, hook)
        yield from (f"### `{hook}`", "", "```python", f"def {hook}{_signature(function)}: ...")
        yield from ("```", "", *([] if hook in OFFERS else [*_prose(function), ""]))
        if hook in OFFERS:
            yield from _dataclass(OFFERS[hook], heading=False)


def _dataclass(kind: type[Any], *, heading: bool = True) -> Iterator[str]:
    if heading:
        yield from (f"### `{kind.__name__}`", "")
    yield from (*_prose(kind), "", "| Field | Type | Default |", "|---|---|---|")
    for each in fields(kind):
        if not each.init:
            continue
        default = _default(each)
        yield f"| `{each.name}` | `{_type(each.type)}` | {default} |"
    yield ""


def _handed_over() -> Iterator[str]:
    """The types that offers' functions take, answer and raise."""
    for module in (answers, offers, faces, workflows):
        for kind in vars(module).values():
            if not inspect.isclass(kind) or kind.__module__ != module.__name__:
                continue
            if issubclass(kind, Exception):
                signature = _clean(str(inspect.signature(kind)))
                yield from (f"### `{kind.__name__}{signature}`", "", *_prose(kind), "")
            elif is_dataclass(kind) and kind not in (*OFFERS.values(), Objection, ItemProposal):
                yield from _dataclass(kind)


def _default(each: Field[Any]) -> str:
    if each.default_factory is not MISSING:
        return "empty"
    if each.default is MISSING:
        return ""
    if isinstance(each.default, frozenset):
        return f"`{', '.join(sorted(each.default)) or 'none'}`"
    return "a function" if callable(each.default) else f"`{_MODULES.sub('', repr(each.default))}`"


def _type(annotation: Any) -> str:
    text = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    return _clean(text).replace("|", "\\|")


def _signature(function: Any) -> str:
    return _clean(str(inspect.signature(function)))


def _clean(text: str) -> str:
    """Types as an author writes them: no modules, no quotes of forward references."""
    shown = _MODULES.sub("", text).replace("Context[Any]", "Context")
    return re.sub(r"'([A-Z][^']*)'", r"\1", shown)


def _context() -> Iterator[str]:
    for name, member in vars(Context).items():
        if name.startswith("_"):
            continue
        if inspect.isfunction(member):
            yield from (f"### `ctx.{name}{_signature(member)}`".replace("(self, ", "("), "")
            yield from (*_prose(member), "")
        elif hasattr(member, "__doc__") and not isinstance(member, type(None)):
            yield from (f"### `ctx.{name}`", "", *_prose(member), "")


def _readings(kind: type[Event]) -> Iterator[str]:
    """The typed properties, those of the base classes first."""
    for base in reversed(kind.__mro__[:-1]):
        for name, member in vars(base).items():
            if type(member).__name__ == "_Read":
                yield name


def _prose(thing: Any) -> list[str]:
    """A docstring as Markdown: the paragraphs, then what it says of arguments and errors."""
    doc = inspect.getdoc(thing) or ""
    lines: list[str] = []
    raised = ""
    for line in doc.replace("``", "`").splitlines():
        if re.fullmatch(r"(Args|Raises|Returns):", line):
            lines += [] if not lines or lines[-1] == "" else [""]
            raised = "raises " if line == "Raises:" else ""
        elif re.match(r" {4}\S", line):
            lines.append(re.sub(r"^ {4}([^:]+): ", rf"- {raised}`\1`: ", line))
        elif re.match(r" {8}\S", line):
            lines.append("  " + line.strip())
        else:
            lines.append(line)
    return lines


def main(folder: Path) -> None:
    """Write both pages."""
    for name, page in PAGES.items():
        (folder / name).write_text(page(), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
