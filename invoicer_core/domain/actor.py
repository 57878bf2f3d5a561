"""Who does something: written into the audit log and passed to every writing service."""

from dataclasses import dataclass
from typing import Literal

from invoicer_core.domain.errors import Forbidden
from invoicer_core.domain.permissions import allowed
from invoicer_core.domain.saying import say

ActorKind = Literal["user", "api", "system", "plugin", "portal"]


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who acts.

    Args:
        kind: through which door.
        user_id: the user's id; None for system, plugin and portal.
        role: the member's role in the current business, None where there is none.
        label: what the audit log shows: an e-mail address, ``plugin:loyalty``, ``api:till``,
            ``system``.
        scopes: of what the role may do, only this; None: all of it.
    """

    kind: ActorKind
    user_id: int | None = None
    role: str | None = None
    label: str = "system"
    scopes: frozenset[str] | None = None

    def may(self, permission: str) -> bool:
        """True when the role holds the permission and no scope leaves it out."""
        return allowed(self.role, permission) and (self.scopes is None or permission in self.scopes)

    def require(self, permission: str) -> None:
        """Raise Forbidden, saying whether role or scope is in the way, unless this is allowed."""
        if not self.may(permission):
            raise Forbidden(refusal(self.role, permission, by_role=allowed(self.role, permission)))


def refusal(role: str | None, permission: str, *, by_role: bool) -> str:
    """Why somebody may not: the role leaves it out, or (``by_role``) only the key's scopes do."""
    if by_role:
        return say(
            "The scopes of this API key do not include %(permission)s: make one that has it.",
            permission=permission,
        )
    return say(
        "Your role (%(role)s) does not include %(permission)s.", role=role, permission=permission
    )


SYSTEM = Actor("system")


def plugin_actor(name: str) -> Actor:
    """The actor of a plugin's own writes."""
    return Actor("plugin", label=f"plugin:{name}")
