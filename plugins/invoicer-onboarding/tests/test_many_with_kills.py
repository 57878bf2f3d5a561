"""A file of many suppliers on a real installation, while its worker and clock are killed.

Every supplier comes to an end state, with one record, one invoice, one mail of each kind.
"""

import os
import random
import re
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from invoicer_core.config import Config, libpq_url
from tests.environment import Environment
from tests.integration.live.conftest import free_port
from tests.peers.processes import Installed, children_of, until
from tests.peers.smtp import SmtpPeer, smtp_peer
from tests.scale import Scale

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

PASSWORD = "a quiet lake under 7 stars"
SEED = 20_261_174
VICTIMS = ("worker", "clock", "child of the worker")
HIDDEN = re.compile(r'name="(form_secret|once)" value="([^"]*)"')
LONG = 1800.0
"""Seconds. What is waited for is a condition; how long it takes is no finding."""
# Only less patient than usual: that a worker died is noticed after some 2 s instead of 12.
START = (
    "from invoicer_core.jobs import leases, clock\n"
    "leases.LEASE, leases.RENEW, clock.LEASE, clock.SWEEP = 2, 0.5, 2, 0.5\n"
    "from invoicer_core.cli import main; main()"
)


class Impatient(Installed):
    """A role like that."""

    start_with = START


@dataclass
class Site:
    """Web, worker and clock, the owner's eyes on their database, and somebody who kills."""

    url: str
    owner_url: str
    roles: dict[str, Installed]
    smtp: SmtpPeer
    dice: random.Random = field(default_factory=lambda: random.Random(SEED))
    killed: list[str] = field(default_factory=list)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.owner_url, autocommit=True) as connection:
            return connection.execute(query, values).fetchall()

    def one(self, query: str, *values: Any) -> Any:
        return self.rows(query, *values)[0][0]

    def kill(self) -> None:
        """Kill -9 one of them by chance; a whole role is then started again."""
        victim = self.dice.choice(VICTIMS)
        if victim in self.roles:
            role = self.roles[victim]
            role.kill()
            role.start()
        else:
            children = until(lambda: children_of(self.roles["worker"].pid), LONG)
            os.kill(self.dice.choice(children), signal.SIGKILL)
        self.killed.append(victim)


@pytest.fixture(scope="module")
def site(
    servers: Environment, variables: dict[str, str], worker_number: int, run_folder: Path,
    scale: Scale,
) -> Iterator[Site]:  # fmt: skip
    database = f"onboarding_{worker_number}"
    servers.create_database(database)
    folder = run_folder / f"onboarding{worker_number}"
    folder.mkdir(exist_ok=True)
    port = free_port()
    with smtp_peer() as smtp:
        environ = {
            **variables, **servers.variables(database), "INVOICER_DATA": str(folder),
            "PORT": str(port), "INVOICER_URL": f"http://127.0.0.1:{port}",
            "INVOICER_WEB_WORKERS": "1", "SMTP_URL": smtp.url,
        }  # fmt: skip
        kind = Impatient if scale.name == "small" else Installed
        roles = {
            name: kind(name, environ, folder) for name in ("web", "worker", "clock")
        }  # fmt: skip
        for role in roles.values():
            role.start()
        owner_url = libpq_url(Config.from_environ(environ).owner_url or "")
        try:
            until(lambda: _answers(environ["INVOICER_URL"]), LONG)
            yield Site(environ["INVOICER_URL"], owner_url, roles, smtp)
        finally:
            for role in roles.values():
                role.kill()
                print(role.output()[-4000:])


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


class Office:
    """An owner with a business that asks a fee, at the API and at the board."""

    def __init__(self, site: Site) -> None:
        self.http = httpx.Client(base_url=site.url, timeout=60)
        email = f"{uuid4().hex[:12]}@guild.test"
        business = {"name": "Guild", "country": "AT", "currency": "EUR", "email": email}
        given = {"email": email, "password": PASSWORD, "business": business}
        self._ok(self.http.post("/api/v1/auth/register", json=given))
        signed = self._ok(
            self.http.post("/api/v1/auth/login", json={"email": email, "password": PASSWORD})
        ).json()
        self.token = {"Authorization": f"Bearer {signed['token']}"}
        self.business_id = int(signed["business_id"])
        settings = {"fee_amount": "25.00", "membership_amount": "100.00", "tax_rate": "20"}
        self._ok(
            self.http.put(
                "/api/v1/plugins/onboarding", headers=self.token,
                json={"enabled": True, "settings": settings},
            )
        )  # fmt: skip
        self.send("/sign-in", "/sign-in", data={"email": email, "password": PASSWORD})

    def know(self, name: str, email: str) -> None:
        """A supplier that is there before."""
        given = {"name": name, "email": email, "country": "AT"}
        self._ok(self.http.post("/api/v1/suppliers", headers=self.token, json=given))

    def send(self, path: str, page: str, data: dict[str, str], **more: Any) -> None:
        """Send a form of a page."""
        found: dict[str, str] = {}
        for name, value in HIDDEN.findall(self.http.get(page).text):
            found.setdefault(name, value)
        answer = self.http.post(
            path, data={**found, **data}, headers={"Sec-Fetch-Site": "same-origin"}, **more
        )
        assert answer.status_code in (302, 303), answer.text

    @staticmethod
    def _ok(answer: httpx.Response) -> httpx.Response:
        assert answer.is_success, f"{answer.status_code}: {answer.text}"
        return answer


STEPS = (
    "SELECT count(*) FROM workflow_steps s JOIN workflow_runs r ON r.id = s.run_id"
    " AND r.business_id = s.business_id WHERE r.business_id = %s"
    " AND r.workflow = 'supplier-onboarding' AND s.ended_at IS NOT NULL"
)
OPEN = (
    "SELECT count(*) FROM deliveries WHERE business_id = %s AND state IN ('due', 'leased')"
    " AND subscriber <> 'live'"
)


def test_every_supplier_of_a_file_ends_with_one_invoice_whoever_dies(
    site: Site, scale: Scale
) -> None:
    many, kills = scale(8, 500), scale(3, 40)
    office = Office(site)
    business = office.business_id
    names = [(f"Supplier {at} {uuid4().hex[:6]}", f"s{at}@many.test") for at in range(many)]
    known = names[::5]
    for each in known:
        office.know(*each)
    lines = [f"{name},{email},AT" for name, email in names]
    bad = [",nobody@many.test,AT", f"Once more,{names[0][1]},AT"]
    data = "\n".join(["name,email,country", *lines, *bad]).encode()
    began = time.monotonic()
    office.send(
        "/plugins/onboarding/import", "/plugins/onboarding/", {},
        files={"file": ("many.csv", data, "text/csv")},
    )  # fmt: skip
    for due in sorted(site.dice.sample(range(1, 4 * many), kills)):
        until(lambda due=due: site.one(STEPS, business) >= due, LONG, 0.05)
        site.kill()
    until(lambda: site.one(STEPS, business) == 4 * many, LONG, 0.1)
    until(lambda: site.one(OPEN, business) == 0, LONG, 0.1)
    print(f"{many} suppliers, {time.monotonic() - began:.0f} s, killed: {Counter(site.killed)}")
    check_runs(site, business, new=many - len(known), old=len(known))
    check_invoices(site, business, many)
    check_mails(site, business, new=many - len(known), many=many)


def check_runs(site: Site, business: int, *, new: int, old: int) -> None:
    """All in an end state, on their way; the file read to its end, its bad lines told."""
    runs = site.rows(
        "SELECT workflow, state, status, count(*) FROM workflow_runs WHERE business_id = %s"
        " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        business,
    )
    assert [row for row in runs if row[0] == "supplier-onboarding"] == [
        ("supplier-onboarding", "GenerateAndSendInvoiceNew", "succeeded", new),
        ("supplier-onboarding", "GenerateAndSendInvoiceOld", "succeeded", old),
    ]
    sent = [row[2:] for row in runs if row[0] == "invoice-delivery"]
    assert sent == [("succeeded", new + old)]
    ((position, rows, errors),) = site.rows(
        "SELECT position, jsonb_array_length(rows), errors FROM plugin_onboarding.imports"
        " WHERE business_id = %s",
        business,
    )
    assert position == rows
    found = [(each["row"] - new - old, each["field"]) for each in errors]
    assert found == [(2, "name"), (3, "email")]


def check_invoices(site: Site, business: int, many: int) -> None:
    """One record and one invoice each, to the record that the supplier is linked to."""
    suppliers = site.rows(
        "SELECT client_id, email FROM suppliers WHERE business_id = %s", business
    )  # fmt: skip
    invoices = site.rows(
        "SELECT client_id, seq, total_amount FROM invoices WHERE business_id = %s", business
    )
    assert len({email for _, email in suppliers}) == len(suppliers) == many
    assert sorted(who for who, _, _ in invoices) == sorted(who for who, _ in suppliers)
    assert sorted(seq for _, seq, _ in invoices) == list(range(1, many + 1))
    assert {str(total) for _, _, total in invoices} == {"150.00"}
    assert site.one("SELECT count(*) FROM clients WHERE business_id = %s", business) == many
    told = dict(
        site.rows(
            "SELECT name, count(*) FROM events WHERE business_id = %s GROUP BY name", business
        )
    )
    once = ("supplier.created", "client.created", "invoice.created", "invoice.issued")
    assert {name: told.get(name) for name in once} == dict.fromkeys(once, many)
    parked = "SELECT error FROM deliveries WHERE business_id = %s AND state = 'parked'"
    assert site.rows(parked, business) == []


def check_mails(site: Site, business: int, *, new: int, many: int) -> None:
    """One request for documents to each new one and one invoice to all; none twice. A mail whose
    sender died in the middle of it is listed as unknown, and not repeated."""
    kinds = dict(
        site.rows(
            "SELECT kind, count(*) FROM messages WHERE business_id = %s AND invoice_id IS NULL"
            " AND kind = 'note' OR kind = 'invoice' AND business_id = %s GROUP BY kind",
            business, business,
        )
    )  # fmt: skip
    assert kinds == {"note": new, "invoice": many}
    states = Counter(
        state
        for (state,) in site.rows(
            "SELECT state FROM messages WHERE business_id = %s AND kind IN ('note', 'invoice')",
            business,
        )
    )
    deaths = sum("worker" in each for each in site.killed)
    print("mails:", dict(states))
    assert set(states) <= {"sent", "unknown"}
    # Four of the worker's children may each be in the middle of one when it is killed.
    assert states["unknown"] <= 4 * deaths
    sent = Counter(
        (mail["To"], mail["Subject"]) for mail in site.smtp.mails if "many.test" in mail["To"]
    )
    assert not [each for each, times in sent.items() if times > 1]
    assert states["sent"] <= len(sent) <= new + many
