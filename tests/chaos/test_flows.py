"""From an invoice to its payment, again and again, while every kind of process is killed.

Nothing may be lost and nothing done twice: not a number, a payment, an event or a mail.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.chaos.installation import Installation, Killer, Up
from tests.integration.live.conftest import free_port
from tests.peers.processes import until
from tests.peers.smtp import SmtpPeer, smtp_peer
from tests.scale import Scale

PASSWORD = "a quiet lake under 7 stars"
CALM = 60.0
MID_MAIL = ("worker", "postgres")
"""Whose death can leave a mail half told: the sender's, and that of its memory."""
SETTLED = (
    "SELECT count(*) FROM deliveries WHERE state IN ('due', 'leased') AND subscriber <> 'live'"
)


@pytest.fixture(scope="module")
def smtp() -> Iterator[SmtpPeer]:
    with smtp_peer() as peer:
        yield peer


@pytest.fixture(scope="module")
def installation(run_folder: Path, smtp: SmtpPeer) -> Iterator[Installation]:
    folder = run_folder / f"chaos-{uuid4().hex[:6]}"
    folder.mkdir(mode=0o711)
    port = free_port()
    variables = {
        "INVOICER_DATA": str(folder),
        "PORT": str(port),
        "INVOICER_URL": f"http://127.0.0.1:{port}",
        "INVOICER_SIGNUP": "open",
        "INVOICER_RATE_LIMIT_ACCOUNT": "off",
        "INVOICER_RATE_LIMIT_ADDRESS": "off",
        "INVOICER_RATE_LIMIT_SIGN_IN": "off",
        "SMTP_URL": smtp.url,
    }
    role = Up("up", variables, folder)
    role.start()
    found = Installation(role, f"http://127.0.0.1:{port}", variables)
    try:
        until(found.ready, seconds=90, every=0.2)
        yield found
        role.stop()
    finally:
        if role.child is not None:
            role.kill()
        print(role.output()[-20_000:])


class Till:
    """Somebody with a business who writes invoices and takes money, and tries until it works."""

    def __init__(self, url: str) -> None:
        self.client = httpx.Client(base_url=f"{url}/api/v1", timeout=20)
        email = f"{uuid4().hex[:12]}@chaos.test"
        business = {"name": "Chaos", "country": "AT", "currency": "EUR", "email": "us@chaos.test"}
        given = {"email": email, "password": PASSWORD, "business": business}
        self._insist(lambda: self.client.post("/auth/register", json=given))
        signed = self._insist(
            lambda: self.client.post("/auth/login", json={"email": email, "password": PASSWORD})
        )
        self.client.headers["Authorization"] = f"Bearer {signed.json()['token']}"
        self.business_id = self._insist(lambda: self.client.get("/businesses")).json()[0]["id"]

    def flow(self, number: int) -> int:
        """One invoice, issued, sent, printed and paid; its id."""
        party = {"name": f"Client {number}", "email": f"c{number}@chaos.test"}
        item = {"description": "Thing", "quantity": 3, "unit_price": 33.33}
        invoice = self.write("/invoices", {"client": party, "items": [item], "send": True})
        pdf = self._insist(lambda: self.client.get(f"/invoices/{invoice['id']}/pdf"))
        assert pdf.content.startswith(b"%PDF-")
        amount = invoice["balance_due"]
        self.write(f"/invoices/{invoice['id']}/payments", {"amount": amount, "method": "cash"})
        return int(invoice["id"])

    def write(self, path: str, body: dict[str, Any]) -> Any:
        """POST with one key, however often it takes."""
        key = {"Idempotency-Key": uuid4().hex}
        return self._insist(lambda: self.client.post(path, json=body, headers=key)).json()

    def _insist(self, ask: Callable[[], httpx.Response]) -> httpx.Response:
        end = time.monotonic() + 120
        while True:
            try:
                answer = ask()
                if answer.status_code not in (409, 429, 500, 502, 503, 504):
                    assert answer.is_success, f"{answer.status_code}: {answer.text}"
                    return answer
                assert answer.status_code != 500, answer.text
                wrong: object = answer.text
            except httpx.TransportError as error:
                wrong = error
            assert time.monotonic() < end, f"did not work for two minutes: {wrong}"
            time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kills", [True, False], ids=["killed", "calm"])
def test_flows_lose_nothing_and_do_nothing_twice(
    installation: Installation, smtp: SmtpPeer, scale: Scale, kills: bool
) -> None:
    count = scale(12, 200)
    before = len(smtp.mails)
    till = Till(installation.url)
    killer = Killer(installation, scale(5, 60) if kills else 0, seed=20_261_120)
    killer.start()
    with ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(till.flow, range(count)))
    until(lambda: len(killer.killed) == killer.most, seconds=300, every=0.2)
    killer.stop()
    print("killed:", ", ".join(killer.killed))
    until(lambda: installation.rows(SETTLED) == [(0,)], seconds=CALM, every=0.2)
    check_ledger(installation, till.business_id, count)
    check_events(installation, till.business_id, count)
    deaths = sum(any(who in name for who in MID_MAIL) for name in killer.killed)
    unknown = check_mails(installation, till.business_id, ids, smtp, before, kills=deaths)
    print(f"mails in state unknown: {unknown}, deaths that could cause one: {deaths}")


def check_ledger(installation: Installation, business_id: int, count: int) -> None:
    """Numbers without a gap, each invoice paid once, to the cent."""
    numbers = installation.rows(
        "SELECT seq FROM invoices WHERE business_id = %s AND issued_at IS NOT NULL ORDER BY seq",
        business_id,
    )
    assert [seq for (seq,) in numbers] == list(range(1, count + 1))
    ((due, settled, paid, payments),) = installation.rows(
        "SELECT (SELECT sum(amount_due) FROM invoices WHERE business_id = %s),"
        " (SELECT sum(settled) FROM invoices WHERE business_id = %s),"
        " (SELECT sum(amount) FROM payments WHERE business_id = %s),"
        " (SELECT count(*) FROM payments WHERE business_id = %s)",
        *[business_id] * 4,
    )
    assert due == settled == paid
    assert isinstance(due, Decimal)
    assert payments == count


def check_events(installation: Installation, business_id: int, count: int) -> None:
    """Every fact once, nothing parked, every run at its end."""
    names = dict(
        installation.rows(
            "SELECT name, count(*) FROM events WHERE business_id = %s GROUP BY name", business_id
        )
    )
    once = ("invoice.created", "invoice.issued", "invoice.paid", "payment.recorded",
            "document.stored", "workflow.started", "workflow.succeeded")  # fmt: skip
    assert {name: names.get(name) for name in once} == dict.fromkeys(once, count)
    assert installation.rows(
        "SELECT state, count(*) FROM deliveries WHERE business_id = %s AND state <> 'done'"
        " GROUP BY state",
        business_id,
    ) in ([], [("skipped", 0)])


def check_mails(
    installation: Installation,
    business_id: int,
    ids: list[int],
    smtp: SmtpPeer,
    before: int,
    *,
    kills: int,
) -> int:
    """Each invoice's mail went out once, or is listed as unknown; how many are."""
    states = installation.rows(
        "SELECT invoice_id, state FROM messages WHERE business_id = %s AND kind = 'invoice'",
        business_id,
    )
    assert sorted(invoice_id for invoice_id, _ in states) == sorted(ids)
    unknown = [invoice_id for invoice_id, state in states if state == "unknown"]
    assert {state for _, state in states} <= {"sent", "unknown"}
    assert len(unknown) <= kills
    sent = [str(mail["Message-ID"]) for mail in smtp.mails[before:]]
    assert len(sent) == len(set(sent))
    welcomes = 1
    assert len(ids) - len(unknown) <= len(sent) <= len(ids) + welcomes
    return len(unknown)
