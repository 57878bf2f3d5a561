"""What a business keeps for a plugin in the core's tables, thrown away for good."""

from typing import Final

from sqlalchemy import delete, text

from invoicer_core.domain.actor import Actor
from invoicer_core.models import db
from invoicer_core.models.plugins import PluginSetting, PluginState
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.transaction import transaction

SUBSCRIBERS: Final = ("plugin:", "job:")
_SKIP: Final = text(
    "UPDATE deliveries SET state = 'skipped', done_at = now(),"
    " error = 'The plugin was uninstalled.'"
    " WHERE business_id = :business AND state IN ('due', 'leased', 'parked')"
    " AND subscriber = ANY(:subscribers)"
)


def forget(*, name: str, by: Actor) -> None:
    """Delete the settings, secrets and switch of a plugin in the business that was entered; what
    waits for it is skipped. It need not be installed any more."""
    with transaction(by=by) as unit:
        mine = current_business_id()
        for model in (PluginSetting, PluginState):
            db.session.execute(delete(model).where(model.business_id == mine, model.plugin == name))
        owed = [each + name for each in SUBSCRIBERS]
        db.session.execute(_SKIP, {"business": mine, "subscribers": owed})
        unit.record("plugin.uninstalled", plugin=name)
