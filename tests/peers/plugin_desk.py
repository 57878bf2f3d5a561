"""A business that uses a plugin, and a worker's work done in the test's own process."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from flask import Flask
from sqlalchemy import text

from invoicer_core import host
from invoicer_core.domain.snapshots import MessageSnapshot
from invoicer_core.hooks.answers import RetryLater
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import businesses, messages, plugins
from invoicer_core.services.messages import sending
from invoicer_core.services.plugins import plugin_jobs
from tests.factories import BY

DUE = text(
    "SELECT d.id, d.subscriber, e.data FROM deliveries d"
    " JOIN events e ON e.business_id = d.business_id AND e.id = d.event_id"
    " WHERE d.state IN ('due', 'leased') AND d.subscriber IN ('messages', :jobs)"
    " AND d.business_id = :business ORDER BY d.id"
)
SETTLED = text("UPDATE deliveries SET state = 'done' WHERE business_id = :business AND id = :id")


@dataclass
class PluginDesk:
    """A business that sends over ``plugin``, and one client of it."""

    app: Flask
    business_id: int
    client_id: int
    settings: dict[str, Any] = field(default_factory=dict, kw_only=True)

    plugin: ClassVar[str]

    def do(self, work: Any, **values: Any) -> Any:
        """Call a service in the business."""
        with self.app.app_context(), enter_business(self.business_id):
            return work(**values)

    def set(self, **values: Any) -> None:
        """Change settings of the plugin, which is switched on."""
        self.settings.update(values)
        self.do(plugins.change, name=self.plugin, enabled=True, settings=self.settings, by=BY)

    def ctx(self) -> Any:
        """What the plugin's functions are called with."""
        return host.current().context(self.plugin, self.business_id)

    def hook(self, name: str) -> str:
        """Where the provider calls."""
        with self.app.app_context(), enter_business(self.business_id):
            found: str = self.ctx().webhook_url(name)
            return found

    def public_id(self) -> Any:
        """The business's id in such addresses."""
        return self.do(businesses.current).public_id

    def work(self) -> list[Exception]:
        """Do what a worker would do now; what it would have to try again."""
        again: list[Exception] = []
        with self.app.app_context(), enter_business(self.business_id):
            wanted = {"business": self.business_id, "jobs": f"job:{self.plugin}"}
            owed = db.session.execute(DUE, wanted).all()
            db.session.rollback()
            for delivery_id, subscriber, data in owed:
                try:
                    self._one(delivery_id, subscriber, data)
                except RetryLater as later:
                    db.session.rollback()
                    again.append(later)
        return again

    def _one(self, delivery_id: int, subscriber: str, data: dict[str, Any]) -> None:
        if subscriber == "messages":
            sending.send_queued(message_id=int(data["id"]), delivery_id=delivery_id)
            return
        plugin_jobs.run(data)
        db.session.execute(SETTLED, {"business": self.business_id, "id": delivery_id})
        db.session.commit()

    def message(self, message_id: int) -> MessageSnapshot:
        """A message as it is now."""
        found: MessageSnapshot = self.do(messages.get, message_id=message_id)
        return found
