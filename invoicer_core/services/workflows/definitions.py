"""Which definition a run follows: new ones the newest, those under way the one they began with."""

from collections.abc import Sequence

from invoicer_core.domain.errors import NotFound
from invoicer_core.domain.saying import say
from invoicer_core.hooks.workflows import Workflow
from invoicer_core.host import current as host_of_app
from invoicer_core.host import offers
from invoicer_core.host.offers import Provided
from invoicer_core.host.registry import Offered
from invoicer_core.models import db
from invoicer_core.models.outbox import WorkflowRun
from invoicer_core.models.tenancy import current_business_id


class NotOffered(NotFound):
    """No plugin that is loaded has this version of the workflow."""


def newest(name: str) -> Provided[Workflow]:
    """The version that new runs begin on.

    Raises:
        NotFound: nobody offers the workflow.
        Unavailable: its plugin is off or paused for this business.
    """
    return _provide(_offered(name)[-1])


def following(run: WorkflowRun) -> Provided[Workflow]:
    """The version that a run began with. Raises NotOffered, Unavailable."""
    return _provide(_version(run.workflow, run.workflow_version))


def get(*, name: str, version: int | None = None) -> Workflow:
    """A definition, whether or not its plugin is on; the newest version without a wish. Raises
    NotFound."""
    if version is None:
        return _offered(name)[-1].offer
    return _version(name, version).offer


def every() -> tuple[Workflow, ...]:
    """All versions of all workflows of plugins that are on for the business."""
    found = offers.every(db.session, Workflow, current_business_id())
    return tuple(
        sorted((each.offer for each in found), key=lambda each: (each.name, -each.version))
    )


def started_by(event: str) -> tuple[Provided[Workflow], ...]:
    """The newest versions of the workflows that this event begins."""
    newest_of: dict[str, Provided[Workflow]] = {}
    for each in offers.every(db.session, Workflow, current_business_id()):
        known = newest_of.get(each.offer.name)
        if known is None or known.offer.version < each.offer.version:
            newest_of[each.offer.name] = each
    return tuple(each for each in newest_of.values() if event in each.offer.on)


def _offered(name: str) -> Sequence[Offered[Workflow]]:
    """Every version, the oldest first; at least one. Raises NotFound."""
    found = [each for each in host_of_app().registry.offered(Workflow) if each.offer.name == name]
    if not found:
        raise NotOffered(say("No plugin that is loaded offers the workflow %(name)s.", name=name))
    return sorted(found, key=lambda each: each.offer.version)


def _version(name: str, version: int) -> Offered[Workflow]:
    found = _offered(name)
    for each in found:
        if each.offer.version == version:
            return each
    raise NotOffered(
        say(
            "No plugin that is loaded offers version %(version)s of the workflow %(name)s any"
            " more, only %(known)s. Install the plugin that has it and try again, or give the"
            " run up.",
            version=version,
            name=name,
            known=", ".join(str(each.offer.version) for each in found),
        )
    )


def _provide(offered: Offered[Workflow]) -> Provided[Workflow]:
    return offers.provide(db.session, offered, current_business_id())
