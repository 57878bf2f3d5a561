"""Asks plugins how their parts are. An answer that does not come is an answer, too."""

import time
from collections.abc import Iterator
from typing import Any, Final

from invoicer_core.hooks.offers import Health, HealthCheck
from invoicer_core.host import watch
from invoicer_core.host.guard import LIMIT, HookFailed, contained
from invoicer_core.host.host import current
from invoicer_core.host.states import AnySession

ALL_SECONDS: Final = 5.0
"""What all checks of a plugin may take together; the rest is not asked."""

LONGEST: Final = 500


def checked(session: AnySession, plugin: str, business_id: int) -> tuple[tuple[str, Health], ...]:
    """Each check of a plugin by name, with what it said. Failures here pause nothing: they are
    what the check is for."""
    offered = current().registry.offered(HealthCheck)
    own = [each.offer for each in offered if each.plugin == plugin]
    return tuple(_asked(session, plugin, business_id, own))


def _asked(
    session: AnySession, plugin: str, business_id: int, checks: list[HealthCheck]
) -> Iterator[tuple[str, Health]]:
    until = time.monotonic() + ALL_SECONDS
    for check in checks:
        left = until - time.monotonic()
        if left <= 0:
            yield check.name, Health(False, "not asked: the checks before it took too long")
        else:
            yield check.name, _one(session, plugin, business_id, check, min(LIMIT, left))


def _one(
    session: AnySession, plugin: str, business_id: int, check: HealthCheck, seconds: float
) -> Health:
    ctx = current().context(plugin, business_id)
    what = f"health check {check.name}"
    try:
        with watch.begun(plugin, what, business_id), contained(session, plugin, seconds):
            said: Any = check.check(ctx)
            if isinstance(said, Health):
                return Health(bool(said.ok), str(said.detail)[:LONGEST])
            raise HookFailed(f"answered {type(said).__name__} instead of Health")
    except HookFailed as failure:
        ctx.log.warning("%s: %s", what, failure)
        return Health(False, str(failure)[:LONGEST])
