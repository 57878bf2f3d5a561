"""What an operator asks of workflows: which there are, their states, one of them as a file. Needs
no database: a definition is data of the plugins that load."""

import json
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from invoicer_core.config import Config
from invoicer_core.hooks.workflows import Choice, Fail, Step, Wait, Workflow
from invoicer_core.host.registry import Offered, discover
from invoicer_core.services.workflows import asl, mermaid, svg


class NoWorkflow(Exception):
    """No plugin that loads offers it; the message says which there are."""


def listed(config: Config) -> Iterator[str]:
    """A line per workflow and version: name, version, plugin, title."""
    for each in _offered(config):
        found = each.offer
        yield f"{found.name:24} {found.version:>3}  {each.plugin:20} {found.title}"


def shown(config: Config, name: str, version: int | None) -> Iterator[str]:
    """A workflow in words, a line per state. Raises NoWorkflow."""
    found = _one(config, name, version)
    yield f"{found.title} ({found.name}, version {found.version})"
    if found.on:
        yield f"begins with {', '.join(found.on)}"
    ways: dict[str, list[str]] = {state.name: [] for state in found.states}
    for source, target, label in found.edges():
        ways[source].append(f"{label}: {target}" if label else target)
    for state in found.states:
        ends = isinstance(state, Step) and state.then is None
        leads = [*ways[state.name], *(["the end"] if ends else [])]
        kind = type(state).__name__.lower()
        yield f"  {state.name:28} {kind:7} {_facts(state):28} {', '.join(leads)}".rstrip()


def exported(config: Config, name: str, form: str, version: int | None) -> str:
    """A workflow in one of `FORMS`. Raises NoWorkflow."""
    return FORMS[form](_one(config, name, version))


def _as_asl(found: Workflow) -> str:
    return json.dumps(asl(found), indent=2, ensure_ascii=False) + "\n"


FORMS: Final[Mapping[str, Callable[[Workflow], str]]] = MappingProxyType(
    {"asl": _as_asl, "mermaid": mermaid, "svg": lambda found: svg(found) + "\n"}
)


def _facts(state: Step | Choice | Wait | Fail) -> str:
    if isinstance(state, Step):
        back = ", can be undone" if state.undo is not None else ""
        return f"{state.retry.attempts} x {state.limit.total_seconds():g} s{back}"
    if isinstance(state, Wait):
        return f"up to {state.limit}" if state.limit is not None else "without end"
    return state.error if isinstance(state, Fail) else ""


def _offered(config: Config) -> list[Offered[Workflow]]:
    found = discover(config.plugins).offered(Workflow)
    return sorted(found, key=lambda each: (each.offer.name, each.offer.version))


def _one(config: Config, name: str, version: int | None) -> Workflow:
    every = [each.offer for each in _offered(config)]
    found = [each for each in every if each.name == name]
    if not found:
        known = ", ".join(sorted({each.name for each in every})) or "none"
        raise NoWorkflow(f"There is no workflow {name}; there is: {known}.")
    for each in found:
        if version == each.version:
            return each
    if version is None:
        return found[-1]
    versions = ", ".join(str(each.version) for each in found)
    raise NoWorkflow(f"{name} has no version {version}; it has: {versions}.")
