"""A business that takes suppliers in, and the work of a worker done here."""

import hmac
import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import pytest
from flask import Flask
from invoicer_onboarding import OnboardingPlugin
from sqlalchemy import text
from werkzeug.test import TestResponse

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import deliveries, workflows
from invoicer_core.services.statements import run_rows
from tests.factories import BY, make_business
from tests.peers.plugin_desk import PluginDesk

STEP = text(
    "SELECT id FROM deliveries WHERE business_id = :business AND state = 'due'"
    " AND subscriber = 'workflows' AND due_at <= now() ORDER BY id LIMIT 1"
)
LEASE = text("UPDATE deliveries SET state = 'leased', attempts = attempts + 1 WHERE id = :id")
BACK = text("UPDATE deliveries SET state = 'due' WHERE id = :id")
SECRET = "a mail gate of the tests"


class Killed(BaseException):
    """A worker that dies: nothing of ours may catch it."""


@dataclass
class Desk(PluginDesk):
    """Starts runs and does their steps."""

    plugin = "onboarding"

    def begin(self, name: str, **fields: Any) -> int:
        """Begin one supplier; the run's id."""
        kind = fields.pop("type", None)
        given = {"supplier": {"name": name, **fields}, "type": kind}
        return int(self.do(workflows.start, workflow="supplier-onboarding", given=given, by=BY).id)

    def run(self, run_id: int) -> Any:
        """A run as it is."""
        return self.do(workflows.get, run_id=run_id)

    def steps(self, dies: Any = lambda: False) -> None:
        """Do all steps that are due. Where ``dies`` says so, the worker is gone after the step's
        effect and before its delivery was settled, and another one begins again."""
        with self.app.app_context(), enter_business(self.business_id):
            while due := db.session.execute(STEP, {"business": self.business_id}).scalar():
                db.session.execute(LEASE, {"id": due})
                db.session.commit()
                owed = deliveries.load(delivery_id=due)
                if dies() and owed.name == "workflow.moved":
                    self._effect_only(owed)
                    db.session.execute(BACK, {"id": due})
                    db.session.commit()
                    continue
                workflows.advance(owed=owed)
                db.session.rollback()

    def _effect_only(self, owed: Any) -> None:
        run = workflows.get(run_id=int(owed.data["id"]))
        state = workflows.definitions.get(name=run.workflow, version=run.version).state(run.state)
        if hasattr(state, "run"):
            view = run_rows.view(run_rows.load(run.id), 1)
            db.session.rollback()
            state.run(self.ctx(), view)
        db.session.rollback()

    def mail(self, message_id: str, sender: str, *, secret: str = SECRET) -> int:
        """A provider hands a mail over; the status of the answer."""
        said = {"message_id": message_id, "from": sender, "from_name": "Mail Mills"}
        return self.hook(json.dumps(said).encode(), secret=secret).status_code

    def hook(
        self, body: bytes, *, secret: str = SECRET, business: str | None = None
    ) -> TestResponse:
        """A signed call of a provider."""
        sign = hmac.new(secret.encode(), body, sha256).hexdigest()
        path = f"/hooks/onboarding/mail/{business or self.public_id()}"
        headers = {"X-Onboarding-Signature": sign, "Content-Type": "application/json"}
        return self.app.test_client().post(path, data=body, headers=headers)


@pytest.fixture(scope="session")
def app(variables: dict[str, str]) -> Flask:
    """An application with the plugin."""
    return create_app(Config.from_environ(variables), plugins=[OnboardingPlugin])


@pytest.fixture
def desk(app: Flask) -> Desk:
    """A business that asks a fee and a membership."""
    with app.app_context():
        business_id = make_business(name="Guild", email="office@guild.test")
    desk = Desk(app, business_id, 0)
    desk.set(fee_amount="25.00", membership_amount="100.00", tax_rate="20", mail_secret=SECRET)
    return desk
