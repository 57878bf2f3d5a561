"""Every plugin that runs, in an order that never depends on installation or on chance."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from logging import getLogger
from typing import Any, Final, Generic, Literal, TypeVar

import pluggy

from invoicer_core.domain.events import EVENTS
from invoicer_core.hooks.faces import ApiResource, Slot
from invoicer_core.hooks.marks import PROJECT
from invoicer_core.hooks.offers import OFFERS
from invoicer_core.hooks.plugin import HOOKS, BrokenPlugin, Plugin
from invoicer_core.hooks.workflows import Wait, Workflow
from invoicer_core.host.loading import OWN_PACKAGE, Candidate, Loaded, given, installed, load

T = TypeVar("T")

log: Final = getLogger(__name__)

OWN_NAMESPACE: Final = frozenset(
    {"permissions", "pages", "api_resources", "inbound_webhooks", "jobs", "schedules",
     "health_checks", "commands", "menu_items", "dashboard_widgets", "slots", "assets"}
)  # fmt: skip
"""Offers whose names live inside the plugin's own; the others share one namespace."""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A plugin that does not run, and why."""

    name: str
    package: str
    reason: str


@dataclass(frozen=True, slots=True)
class Implementation:
    """One plugin's own version of a hook. ``arguments`` are the names it asks for."""

    plugin: str
    function: Callable[..., Any]
    arguments: tuple[str, ...]

    def __call__(self, **values: Any) -> Any:
        """Call it with those of the values that it asks for."""
        return self.function(*[values[name] for name in self.arguments])


@dataclass(frozen=True, slots=True)
class Offered(Generic[T]):
    """An offer, and whose it is."""

    plugin: str
    offer: T


@dataclass(frozen=True)
class Registry:
    """What is loaded. Built once; nothing in it changes while the process runs."""

    plugins: Mapping[str, Loaded] = field(default_factory=dict)
    quarantined: tuple[Quarantined, ...] = ()
    implementations: Mapping[str, tuple[Implementation, ...]] = field(default_factory=dict)
    offers: Mapping[type[Any], tuple[Offered[Any], ...]] = field(default_factory=dict)
    subscribers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    core_subscribers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    slots: Mapping[str, tuple[Offered[Slot], ...]] = field(default_factory=dict)
    default_on: frozenset[str] = frozenset()

    def offered(self, kind: type[T]) -> tuple[Offered[T], ...]:
        """Every offer of a kind, by name."""
        return self.offers.get(kind, ())


Selection = Literal["all", "none"] | tuple[str, ...]


def discover(
    selection: Selection = "all",
    *,
    extra: Iterable[type[Plugin]] = (),
    entry_points: bool = True,
    only_built_in: bool = False,
    strict: bool = False,
) -> Registry:
    """Find, check and load.

    Args:
        selection: all, none (safe mode), or the names to load.
        extra: classes besides the installed ones.
        entry_points: False looks at ``extra`` only.
        only_built_in: of the installed ones take those that ship inside.
        strict: a broken plugin stops the start instead of being left out.

    Raises:
        BrokenPlugin: only when strict.
    """
    found = [*(installed() if entry_points else ()), *given(extra)]
    if only_built_in:
        found = [each for each in found if _is_own(each) or isinstance(each.source, type)]
    builder = _Builder(strict)
    for candidate in sorted(found, key=_order):
        if selection == "all" or (selection != "none" and candidate.name in selection):
            builder.add(candidate)
    if isinstance(selection, tuple):
        for name in sorted(set(selection) - {candidate.name for candidate in found}):
            builder.refuse(name, "not installed", f"{name}: no installed package has this plugin")
    return builder.registry()


def _order(candidate: Candidate) -> tuple[bool, str, str]:
    """The core's own first, so that nobody can take the name of one of its offers; then by name."""
    return not _is_own(candidate), candidate.name, candidate.package


def _is_own(candidate: Candidate) -> bool:
    return candidate.package.split(" ")[0] == OWN_PACKAGE


class _Builder:
    """Collects what loads; keeps apart what does not."""

    def __init__(self, strict: bool) -> None:
        self._strict = strict
        self._loaded: dict[str, Loaded] = {}
        self._quarantined: list[Quarantined] = []
        self._taken: dict[tuple[str, str], Loaded] = {}

    def add(self, candidate: Candidate) -> None:
        try:
            loaded = load(candidate)
            claims = self._claims(loaded)
        except BrokenPlugin as broken:
            self.refuse(candidate.name, candidate.package, str(broken))
            return
        self._loaded[loaded.name] = loaded
        self._taken.update(dict.fromkeys(claims, loaded))

    def refuse(self, name: str, package: str, reason: str) -> None:
        if self._strict:
            raise BrokenPlugin(reason)
        log.error("plugin in quarantine: %s", reason)
        self._quarantined.append(Quarantined(name, package, reason))

    def _claims(self, loaded: Loaded) -> list[tuple[str, str]]:
        """The names it would take.

        Raises:
            BrokenPlugin: one is taken; names both packages.
        """
        claims = [("plugin", loaded.name)]
        for hook, offers in loaded.offers.items():
            if hook not in OWN_NAMESPACE:
                claims += [(hook, offer.name) for offer in offers]
            for offer in offers:
                if isinstance(offer, ApiResource) and offer.alias is not None:
                    claims.append(("API alias", offer.alias))
        for claim in claims:
            other = self._taken.get(claim)
            if other is not None:
                kind, name = claim
                raise BrokenPlugin(
                    f"{kind} {name} is offered twice: by {other.package} ({other.name}) "
                    f"and by {loaded.package} ({loaded.name})"
                )
        return claims

    def registry(self) -> Registry:
        implementations = self._implementations()
        offers = {kind: self._offered(hook) for hook, kind in OFFERS.items()}
        return Registry(
            plugins=dict(self._loaded),
            quarantined=tuple(self._quarantined),
            implementations=implementations,
            offers=offers,
            subscribers={
                event: tuple(f"plugin:{impl.plugin}" for impl in implementations[hook])
                for event in EVENTS
                if (hook := "on_" + event.replace(".", "_")) in implementations
            },
            core_subscribers=_core_subscribers(offers[Workflow]),
            slots=_by_place(offers[Slot]),
            default_on=frozenset(
                name for name, loaded in self._loaded.items() if loaded.plugin.default_on
            ),
        )

    def _implementations(self) -> dict[str, tuple[Implementation, ...]]:
        """pluggy's order (``tryfirst``, ``trylast``), and by name among equals: pluggy calls the
        last registered first, so they are registered backwards."""
        manager = pluggy.PluginManager(PROJECT)
        manager.add_hookspecs(Plugin)
        for name in reversed(self._loaded):
            manager.register(self._loaded[name].plugin, name)
        found = {}
        for hook in HOOKS:
            impls = reversed(getattr(manager.hook, hook).get_hookimpls())
            kept = tuple(
                Implementation(impl.plugin_name, impl.function, tuple(impl.argnames))
                for impl in impls
            )
            if kept:
                found[hook] = kept
        return found

    def _offered(self, hook: str) -> tuple[Offered[Any], ...]:
        found = [
            Offered(loaded.name, offer)
            for loaded in self._loaded.values()
            for offer in loaded.offers.get(hook, ())
        ]
        return tuple(sorted(found, key=lambda each: (each.offer.name, each.plugin)))


def _core_subscribers(workflows: Iterable[Offered[Workflow]]) -> dict[str, tuple[str, ...]]:
    """Events that the core itself acts on: a message that waits, a payment that was begun, a run
    that came into a state, and everything that begins a run or that one waits for."""
    moving = {"workflow.started", "workflow.moved"}
    for each in workflows:
        moving |= set(each.offer.on)
        moving |= {state.resume for state in each.offer.states if isinstance(state, Wait)}
    own = {"message.queued": ("messages",), "message.watch": ("message-watch",),
           "payment.begun": ("payments",),
           "payment.refund_asked": ("payments",)}  # fmt: skip
    return {**dict.fromkeys(moving, ("workflows",)), **own}


def _by_place(slots: Iterable[Offered[Slot]]) -> dict[str, tuple[Offered[Slot], ...]]:
    places: dict[str, list[Offered[Slot]]] = {}
    for each in sorted(slots, key=lambda each: (each.offer.weight, each.offer.name, each.plugin)):
        places.setdefault(each.offer.place, []).append(each)
    return {place: tuple(found) for place, found in places.items()}
