"""From an entry point to a checked plugin: everything that can be wrong is said in words."""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from itertools import islice
from typing import Any, Final

from invoicer_core.hooks.marks import PROJECT
from invoicer_core.hooks.offers import OFFERS
from invoicer_core.hooks.plugin import API, HOOKS, NAME, BrokenPlugin, Plugin
from invoicer_core.hooks.settings import Settings
from invoicer_core.hooks.workflows import Workflow

GROUP: Final = "invoicer.plugins"
OWN_PACKAGE: Final = "invoicer"
MOST_OFFERS: Final = 200


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that says it is a plugin. ``source`` is an entry point or the class itself."""

    name: str
    package: str
    source: EntryPoint | type[Plugin]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A plugin that keeps the contract, with everything it offers, by hook."""

    name: str
    package: str
    plugin: Plugin
    offers: Mapping[str, tuple[Any, ...]]


def installed() -> Iterator[Candidate]:
    """What the installed packages announce in the group ``invoicer.plugins``."""
    for entry in entry_points(group=GROUP):
        dist = entry.dist
        package = f"{dist.name} {dist.version}" if dist is not None else entry.module
        yield Candidate(entry.name, package, entry)


def given(plugins: Iterable[type[Plugin]]) -> Iterator[Candidate]:
    """Classes handed over directly, as tests do."""
    for plugin in plugins:
        name = getattr(plugin, "name", plugin.__name__)
        yield Candidate(str(name), plugin.__module__, plugin)


def load(candidate: Candidate) -> Loaded:
    """Import, check, make, and ask for the offers.

    Raises:
        BrokenPlugin: says what is wrong and with which package.
    """
    try:
        kind = _class_of(candidate)
        check_class(kind)
        if kind.name != candidate.name:
            raise BrokenPlugin(
                f"the entry point is named {candidate.name}, the plugin {kind.name}: make them one"
            )
        plugin = kind()
        offers = {hook: _offers(plugin, hook) for hook in OFFERS if implements(kind, hook)}
    except BrokenPlugin as broken:
        raise BrokenPlugin(f"{candidate.name} ({candidate.package}): {broken}") from broken
    except (Exception, SystemExit) as error:
        what = f"{type(error).__name__}: {error}"
        raise BrokenPlugin(f"{candidate.name} ({candidate.package}): {what}") from error
    return Loaded(candidate.name, candidate.package, plugin, offers)


def _class_of(candidate: Candidate) -> type[Plugin]:
    source = candidate.source
    found: Any = source.load() if isinstance(source, EntryPoint) else source
    if not (isinstance(found, type) and issubclass(found, Plugin)):
        raise BrokenPlugin(f"{found!r} is not a class that inherits Plugin")
    return found


def check_class(kind: type[Plugin]) -> None:
    """Check what a plugin class declares, without making one.

    Raises:
        BrokenPlugin: the first thing that is wrong.
    """
    name = getattr(kind, "name", None)
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise BrokenPlugin(f"name must match {NAME.pattern}, it is {name!r}")
    if kind.api != API:
        raise BrokenPlugin(f"written for version {kind.api} of the contract, this is {API}")
    if not (isinstance(kind.settings, type) and issubclass(kind.settings, Settings)):
        raise BrokenPlugin("settings must be a class that inherits Settings")
    for attribute in dir(kind):
        _check_method(kind, attribute)


def _check_method(kind: type[Plugin], name: str) -> None:
    member = inspect.getattr_static(kind, name)
    marked = getattr(member, f"{PROJECT}_impl", None)
    if marked is None:
        if name in HOOKS and member is not inspect.getattr_static(Plugin, name):
            raise BrokenPlugin(f"{name} is a hook but lacks @hookimpl")
        if name.startswith(("on_", "before_")) and name not in HOOKS:
            raise BrokenPlugin(
                f"{name} looks like a hook, but there is none of that name{_near(name)}"
            )
        return
    if name not in HOOKS:
        raise BrokenPlugin(f"there is no hook named {name}{_near(name)}")
    if marked.get("wrapper") or marked.get("hookwrapper"):
        raise BrokenPlugin(f"{name}: hooks cannot wrap each other")
    wanted = arguments_of(getattr(Plugin, name))
    foreign = [arg for arg in arguments_of(member) if arg not in wanted]
    if foreign:
        raise BrokenPlugin(
            f"{name} takes {', '.join(wanted) or 'nothing'}, not {', '.join(foreign)}"
        )


def _near(name: str) -> str:
    close = get_close_matches(name, HOOKS, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def arguments_of(function: Any) -> tuple[str, ...]:
    """The names of a method's arguments, without ``self``."""
    return tuple(inspect.signature(function).parameters)[1:]


def implements(kind: type[Plugin], hook: str) -> bool:
    """Whether the class has the hook marked as its own."""
    member = inspect.getattr_static(kind, hook, None)
    return getattr(member, f"{PROJECT}_impl", None) is not None


def _own_name(offer: Any) -> str:
    """What no other offer of the plugin may be called; a workflow has a name for each version."""
    return f"{offer.name} {offer.version}" if isinstance(offer, Workflow) else str(offer.name)


def _offers(plugin: Plugin, hook: str) -> tuple[Any, ...]:
    expected = OFFERS[hook]
    found = tuple(islice(iter(getattr(plugin, hook)()), MOST_OFFERS + 1))
    if len(found) > MOST_OFFERS:
        raise BrokenPlugin(f"{hook} yields more than {MOST_OFFERS} offers")
    for offer in found:
        if not isinstance(offer, expected):
            raise BrokenPlugin(f"{hook} must yield {expected.__name__}, not {type(offer).__name__}")
    names = [_own_name(offer) for offer in found]
    for name in names:
        if names.count(name) > 1:
            raise BrokenPlugin(f"{hook} yields two offers named {name}")
    return found
