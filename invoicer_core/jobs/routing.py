"""Which queue a subscriber's deliveries go through: mail, tasks, webhooks, core, or forked."""

from typing import Any, Final

from invoicer_core.jobs.queue import CORE, MAIL, PLUGINS, TASKS, WEBHOOKS
from invoicer_core.services import tasks, workflows
from invoicer_core.services.messages import sending, watching

LIVE: Final = "live"
_OWN: Final = "invoicer_core.builtin."


def is_own(registry: Any, plugin: str) -> bool:
    """Whether the plugin came with the core: it may run in the core's own worker."""
    found = registry.plugins.get(plugin)
    return found is not None and type(found.plugin).__module__.startswith(_OWN)


def core_subscribers(plugins: tuple[str, ...]) -> tuple[str, ...]:
    """Subscribers that the core's own worker serves, with these plugins of ours."""
    own = [f"{kind}:{name}" for name in plugins for kind in ("plugin", "job")]
    return (workflows.SUBSCRIBER, *own)


def subscribers_of(registry: Any) -> dict[str, tuple[str, ...]]:
    """Queue -> the subscribers it carries; `PLUGINS` carries all that are in no other, `WEBHOOKS`
    those whose names begin with ``webhook:``."""
    own = tuple(name for name in sorted(registry.plugins) if is_own(registry, name))
    core = core_subscribers(own)
    return {
        CORE: core,
        MAIL: (sending.SUBSCRIBER, watching.SUBSCRIBER),
        TASKS: (tasks.SUBSCRIBER,),
        PLUGINS: (),
        WEBHOOKS: (),
    }
