"""A definition as text for Mermaid, with a run's path and place marked."""

from typing import Final

from invoicer_core.domain.work import RunSnapshot
from invoicer_core.hooks.workflows import Fail, Step, Workflow
from invoicer_core.services.workflows.marks import marks

CLASSES: Final = {
    "done": "fill:#d1fae5,stroke:#047857,color:#064e3b",
    "failed": "fill:#fee2e2,stroke:#b91c1c,color:#7f1d1d",
    "skipped": "fill:#f1f5f9,stroke:#64748b,color:#334155,stroke-dasharray:4",
    "undone": "fill:#fef3c7,stroke:#b45309,color:#78350f,stroke-dasharray:4",
    "here": "fill:#dbeafe,stroke:#1d4ed8,color:#1e3a8a,stroke-width:3px",
    "waits": "fill:#dbeafe,stroke:#1d4ed8,color:#1e3a8a,stroke-dasharray:4",
}
_ESCAPED: Final = {each: f"#{ord(each)};" for each in '#;:"<>{}[]`&\\'}


def mermaid(definition: Workflow, run: RunSnapshot | None = None) -> str:
    """A ``stateDiagram-v2``.

    Args:
        run: marks what it went through and where it is.
    """
    ids = {state.name: f"s{at}" for at, state in enumerate(definition.states)}
    lines = ["stateDiagram-v2", "    direction TB"]
    lines += [f'    state "{_words(each.title)}" as {ids[each.name]}' for each in definition.states]
    lines += [f"    [*] --> {ids[definition.start]}"]
    for source, target, label in definition.edges():
        said = f" : {_words(label)}" if label else ""
        lines.append(f"    {ids[source]} --> {ids[target]}{said}")
    for state in definition.states:
        if isinstance(state, Fail) or (isinstance(state, Step) and state.then is None):
            lines.append(f"    {ids[state.name]} --> [*]")
    found = marks(run).states
    for mark in sorted(set(found.values())):
        lines.append(f"    classDef {mark} {CLASSES[mark]}")
    lines += [f"    class {ids[name]} {mark}" for name, mark in found.items() if name in ids]
    return "\n".join(lines) + "\n"


def _words(text: str) -> str:
    """Text that Mermaid takes as words: signs with a meaning become entities."""
    shown = " ".join(text.split())
    return "".join(_ESCAPED.get(sign, sign) for sign in shown)
