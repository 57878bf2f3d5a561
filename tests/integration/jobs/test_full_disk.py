"""A worker on a full disk: the PDF waits for room, and the mail for the PDF."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from invoicer_core.services import messages
from tests.integration.jobs.test_invoice_delivery import finished, fresh, issue, the_message
from tests.peers.processes import Role, until


class Cramped(Role):
    """A role that may write no file larger than this."""

    def command(self) -> list[str]:
        return [sys.executable, "-m", "tests.peers.cramped", "20000", *super().command()[1:]]


@pytest.fixture
def cramped(alone, clock: Role, job_variables: dict[str, str], run_folder: Path) -> Iterator[Role]:
    role = Cramped("worker", job_variables, run_folder).start()
    yield role
    print(role.output()[-4000:])
    role.kill()


def _tries(owner, invoice_id: int) -> list[tuple]:
    return owner.execute(
        "SELECT d.state, d.attempts, d.error FROM deliveries d JOIN events e ON e.id = d.event_id"
        " WHERE d.error IS NOT NULL AND e.data -> 'input' ->> 'id' = %s",
        [str(invoice_id)],
    ).fetchall()


def test_a_pdf_that_finds_no_room_is_stored_and_sent_when_there_is_some(
    cramped: Role, data: Path, business: int, owner, job_variables, run_folder: Path
) -> None:
    before = {path for path in (data / "documents").rglob("*") if path.is_file()}
    invoice = issue()
    until(lambda: _tries(owner, invoice.id))
    assert fresh(messages.find, invoice_id=invoice.id).items == ()
    assert {path for path in (data / "documents").rglob("*") if path.is_file()} == before
    cramped.kill()
    roomy = Role("worker", job_variables, run_folder).start()
    try:
        owner.execute("UPDATE deliveries SET due_at = now() WHERE state = 'due'")
        owner.execute("SELECT pg_notify('due', '')")
        run = until(lambda: finished(invoice.id))
        assert run.status == "succeeded"
        until(lambda: the_message(invoice.id, "sent"))
        assert len(fresh(messages.find, invoice_id=invoice.id).items) == 1
    finally:
        print(roomy.output()[-4000:])
        roomy.kill()
