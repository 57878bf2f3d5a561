"""Run as a program, with gevent as in a web worker: asks the slow plugin and prints how it went."""

# ruff: noqa: E402 - gevent patches before anything else is imported

from gevent import monkey

monkey.patch_all()

import json
import sys
import time

from flask import Flask

from invoicer_core.host import Host, discover, guard, install, objections, slots
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from tests.integration.host.conftest import invoice, xid
from tests.plugins.slow.invoicer_slow import SlowPlugin

PATIENCE = 0.3


def main(url, business_id):
    guard.LIMIT = PATIENCE
    app = Flask("slow")
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    db.init_app(app)
    install(app, Host(registry=discover(extra=[SlowPlugin], entry_points=False, strict=True)))
    results = []
    with app.app_context(), enter_business(business_id):
        for hook in ("before_invoice_issued", "before_invoice_voided"):
            before = xid()
            began = time.monotonic()
            found = objections(db.session, hook, invoice(), business_id=business_id)
            seconds = time.monotonic() - began
            results.append([hook, [each.reason for each in found], seconds, xid() == before])
            db.session.rollback()
        began = time.monotonic()
        pieces = slots(db.session, "invoice.panels", {}, business_id=business_id)
        results.append(["slot", list(pieces), time.monotonic() - began, True])
    print(json.dumps(results))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
