"""Who does something: written into the audit log and passed to every writing service."""

from dataclasses import dataclass
from typing import Literal

ActorKind = Literal["user", "api", "system", "plugin", "portal"]


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who acts.

    Args:
        kind: through which door.
        user_id: the user's id; None for system, plugin and portal.
        role: the member's role in the current business, None where there is none.
        label: what the audit log shows: an e-mail address, ``plugin:loyalty``, ``system``.
    """

    kind: ActorKind
    user_id: int | None = None
    role: str | None = None
    label: str = "system"


SYSTEM = Actor("system")


def plugin_actor(name: str) -> Actor:
    """The actor of a plugin's own writes."""
    return Actor("plugin", label=f"plugin:{name}")
