"""One plugin that raises, dies, hangs and eats memory after the commit, and raises, waits and
answers nonsense within it: real web, worker and clock. Invoices go on, the plugin is paused for
that business with the reason, other businesses keep it, and resuming replays what it is owed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from invoicer_core.config import Config, libpq_url
from invoicer_core.host.guard import LIMIT
from invoicer_core.host.states import MOST_FAILURES
from invoicer_core.jobs.clock import MOST_DEATHS
from invoicer_core.services.deliveries import WAITS
from tests.environment import Environment
from tests.integration.live.conftest import free_port
from tests.peers.packages import as_installed
from tests.peers.processes import Installed, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PASSWORD = "a quiet lake under 7 stars"
# Only less patient than usual: the try of a handler that hangs ends after 2 s instead of 55, and
# the death of a worker is noticed after some 2 s instead of 12.
START = (
    "from invoicer_core.jobs import leases, limits\n"
    "limits.PLUGIN_SECONDS, leases.LEASE, leases.RENEW = 2, 2, 0.5\n"
    "from invoicer_core.jobs import clock; clock.SWEEP = 0.5\n"
    "from invoicer_core.cli import main; main()"
)
LAST = {"dies": MOST_DEATHS - 1}


class Impatient(Installed):
    """A role like that."""

    start_with = START


@dataclass(frozen=True)
class Site:
    """Where it runs, what it has written down, and the owner's eyes on its database."""

    url: str
    data: Path
    owner_url: str

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.owner_url, autocommit=True) as connection:
            done = connection.execute(query, values)
            return done.fetchall() if done.description else []

    def heard(self, business_id: int) -> list[int]:
        """Of which invoices the plugin's handler ran to its end, once for each time."""
        path = self.data / "wicked.log"
        lines = path.read_text().splitlines() if path.exists() else []
        return [int(line.split()[1]) for line in lines if line.startswith(f"{business_id} ")]


@pytest.fixture(scope="module")
def site(
    servers: Environment, variables: dict[str, str], worker_number: int, run_folder: Path
) -> Iterator[Site]:  # fmt: skip
    database = f"wicked_{worker_number}"
    servers.create_database(database)
    data = run_folder / f"wicked{worker_number}"
    data.mkdir(exist_ok=True)
    port = free_port()
    environ = {
        **variables, **servers.variables(database), "PORT": str(port),
        "INVOICER_DATA": str(data), "INVOICER_URL": f"http://127.0.0.1:{port}",
        "INVOICER_WEB_WORKERS": "1", "PYTHONPATH": as_installed(data / "installed", "wicked"),
    }  # fmt: skip
    found = Site(environ["INVOICER_URL"], data, libpq_url(Config.from_environ(environ).owner_url))
    roles = [Impatient(name, environ, data).start() for name in ("web", "worker", "clock")]
    try:
        until(lambda: _is_ready(found.url), 300)
        yield found
    finally:
        for role in roles:
            role.kill()
            print(role.output()[-6000:])


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


class Desk:
    """An owner at the API, in a business of their own."""

    def __init__(self, site: Site, **settings: str) -> None:
        self.site = site
        self.http = httpx.Client(base_url=f"{site.url}/api/v1", timeout=30)
        email = f"{uuid4().hex[:12]}@desk.test"
        given = {"email": email, "password": PASSWORD, "business": {"name": "Desk & Co"}}
        assert self.http.post("/auth/register", json=given).is_success
        signed = self.http.post("/auth/login", json={"email": email, "password": PASSWORD}).json()
        self.http.headers["Authorization"] = f"Bearer {signed['token']}"
        self.business_id = int(signed["business_id"])
        self.tell(settings=settings)

    def tell(self, **change: Any) -> None:
        """Settings of the plugin, or on and off."""
        answer = self.http.put("/plugins/wicked", json=change)
        assert answer.is_success, answer.text

    @property
    def plugin(self) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get("/plugins/wicked").json()
        return found

    def draft(self) -> int:
        item = {"description": "Thing", "quantity": 1, "unit_price": 50}
        made = self.http.post("/invoices", json={"client": {"name": "Client"}, "items": [item]})
        assert made.status_code == 201, made.text
        return int(made.json()["id"])

    def issue(self, invoice_id: int) -> httpx.Response:
        return self.http.post(f"/invoices/{invoice_id}/issue")

    def issued(self) -> int:
        invoice_id = self.draft()
        answer = self.issue(invoice_id)
        assert answer.is_success, answer.text
        return invoice_id

    def has_pdf(self, invoice_id: int) -> bool:
        answer = self.http.get(f"/invoices/{invoice_id}/pdf")
        return answer.is_success and answer.content.startswith(b"%PDF-")

    def owed(self) -> dict[int, tuple[str, int, str]]:
        """What the plugin is owed: invoice -> state, tries, the last error."""
        rows = self.site.rows(
            "SELECT e.invoice_id, d.state, d.attempts, d.error FROM deliveries d"
            " JOIN events e ON e.id = d.event_id AND e.business_id = d.business_id"
            " WHERE d.business_id = %s AND d.subscriber = 'plugin:wicked'",
            self.business_id,
        )
        return {invoice_id: (state, tries, error or "") for invoice_id, state, tries, error in rows}

    def age(self, tries: int) -> None:
        """As if it had been tried so often: what is left is the last try, now."""
        self.site.rows(
            "UPDATE deliveries SET attempts = %s, due_at = now() WHERE business_id = %s"
            " AND subscriber = 'plugin:wicked' AND state = 'due'",
            tries, self.business_id,
        )  # fmt: skip
        self.site.rows("SELECT pg_notify('due', '')")


# --- after the commit ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("raises", "RuntimeError: a bad day"),
        ("hangs", "took longer than 2 s"),
        ("eats", "MemoryError"),
        ("dies", "the worker died each time"),
    ],
)
def test_bad_handlers_are_paused_and_nothing_is_lost(site: Site, how: str, words: str) -> None:
    desk, neighbour = Desk(site, events=how), Desk(site, events="well")
    invoices = [desk.issued() for _ in range(MOST_FAILURES)]
    theirs = neighbour.issued()
    # The core and the other business do not notice.
    assert desk.has_pdf(invoices[0])
    until(lambda: site.heard(neighbour.business_id) == [theirs])

    tries = LAST.get(how, len(WAITS))
    # Each death is noticed when its lease has run out, one after the other.
    until(lambda: _is_paused(desk, tries), 300, 0.2)
    assert words in desk.plugin["pause_reason"]
    assert f"{MOST_FAILURES} times in a row" in desk.plugin["pause_reason"]
    assert neighbour.plugin.get("paused_at") is None

    # Paused, it is not asked any more, and what happens is kept for it.
    late = desk.issued()
    assert desk.has_pdf(late)
    assert desk.owed()[late][:2] == ("parked", 0)
    assert site.heard(desk.business_id) == []

    desk.tell(settings={"events": "well"})
    desk.tell(enabled=True)
    until(lambda: sorted(site.heard(desk.business_id)) == sorted([*invoices, late]))
    until(lambda: {state for state, _, _ in desk.owed().values()} == {"done"})
    assert desk.plugin.get("paused_at") is None
    assert sorted(site.heard(desk.business_id)) == sorted([*invoices, late])


def _is_paused(desk: Desk, tries: int) -> bool:
    desk.age(tries)
    return bool(desk.plugin.get("paused_at"))


# --- within it -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("raises", "raised KeyError"),
        ("waits", "took longer than 2 s"),
        ("nonsense", "answered int instead of"),
    ],
)
def test_bad_hooks_are_paused_and_invoices_go_on(site: Site, how: str, words: str) -> None:
    desk, neighbour = Desk(site, hooks=how), Desk(site, hooks="well")
    invoice_id, refusals = desk.draft(), 0
    while not (answer := desk.issue(invoice_id)).is_success:
        refusals += 1
        assert answer.status_code == 409, answer.text
        assert f"wicked: {words}" in answer.json()["detail"]
        assert answer.elapsed.total_seconds() < LIMIT + 3
        assert refusals <= MOST_FAILURES
    assert refusals >= 1
    assert desk.plugin["paused_at"]
    assert words in desk.plugin["pause_reason"]
    assert desk.has_pdf(invoice_id)
    numbers = site.rows("SELECT seq FROM invoices WHERE business_id = %s", desk.business_id)
    assert numbers == [(1,)]
    assert neighbour.plugin.get("paused_at") is None
    assert neighbour.issued()

    desk.tell(settings={"hooks": "well"})
    desk.tell(enabled=True)
    until(lambda: site.heard(desk.business_id) == [invoice_id])
    assert desk.issued()


def test_one_that_waits_holds_up_nobody_else(site: Site) -> None:
    desk, other = Desk(site, hooks="waits"), Desk(site)
    invoice_id = desk.draft()
    with ThreadPoolExecutor(1) as beside:
        asked = beside.submit(desk.issue, invoice_id)
        took = []
        while not asked.done():
            took.append(other.http.get("/invoices").elapsed.total_seconds())
    assert asked.result().status_code == 409
    assert asked.result().elapsed.total_seconds() >= LIMIT
    assert max(took) < LIMIT / 2, took
