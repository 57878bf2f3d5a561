"""Record, PDF, store, notify: the whole way, through the real clock, workers, renderer and mail."""

import os
import re
import signal
from datetime import date
from decimal import Decimal
from email import message_from_bytes, policy

import pytest

from invoicer_core import host
from invoicer_core.domain.document import Document, Item, Tax
from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.domain.errors import Unavailable
from invoicer_core.models import db
from invoicer_core.services import (
    businesses,
    clients,
    documents,
    invoices,
    messages,
    overdue,
    workflows,
)
from invoicer_core.services.messages import notifications
from tests.factories import BY
from tests.peers.processes import children_of, until
from tests.peers.smtp import smtp_peer

VAT = Tax("S", Decimal(19))


def a_draft(**client):
    fields = {"name": "Käufer & Söhne", "email": "buyer@client.test", **client}
    client_id = clients.create(
        fields={name: value for name, value in fields.items() if value}, by=BY
    ).id
    items = (Item("Consulting", Decimal("2.5"), Decimal("100.00"), taxes=(VAT,)),)
    return InvoiceDraft(document=Document("EUR", items), client_id=client_id)


def issue(*, send: bool = True, **client):
    return invoices.create(draft=a_draft(**client), by=BY, issue=True, send=send)


def fresh(function, **arguments):
    """What it answers in a new transaction, so that it sees what others committed."""
    db.session.rollback()
    return function(**arguments)


def the_run(invoice_id: int):
    found = fresh(workflows.of_invoice, invoice_id=invoice_id)
    return found[0] if found else None


def finished(invoice_id: int):
    run = the_run(invoice_id)
    return run if run is not None and run.status in ("succeeded", "failed") else None


def the_message(invoice_id: int, *states: str):
    found = fresh(messages.find, invoice_id=invoice_id).items
    return found[0] if found and found[0].state in states else None


@pytest.fixture
def smtp(business):
    """A mail server that this business uses."""
    with smtp_peer() as peer:
        host.current().drawer("email", business).write({"smtp_url": peer.url})
        db.session.commit()
        yield peer


def test_issue_and_send_makes_keeps_and_mails_the_pdf(business, data, clock, worker):
    invoice = issue()
    run = until(lambda: finished(invoice.id))
    assert (run.status, run.path) == ("succeeded", ("record", "pdf", "store", "notify"))
    assert {step.status for step in run.steps} == {"succeeded"}
    message = until(lambda: the_message(invoice.id, "sent"))
    mail = message_from_bytes(
        (data / "mail" / f"{message.id}.eml").read_bytes(), policy=policy.default
    )
    assert mail["To"] == "buyer@client.test"
    assert mail["Subject"] == f"Invoice {invoice.invoice_number} from Jobs & Co"
    text, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert "€297.50" in text.get_content()
    assert "K&auml;ufer" in page.get_content() or "Käufer &amp; Söhne" in page.get_content()
    (file,) = mail.iter_attachments()
    kept, pdf = fresh(documents.get_pdf, invoice_id=invoice.id)
    assert (file.get_content(), file.get_filename()) == (pdf, f"{invoice.invoice_number}.pdf")
    assert (pdf[:5], kept.revision) == (b"%PDF-", 1)
    shown = fresh(invoices.get, invoice_id=invoice.id)
    assert shown.sent_at is not None
    assert shown.pdf_url == f"/api/v1/invoices/{invoice.id}/pdf"


def test_without_the_wish_or_an_address_nobody_is_written_to(business, data, clock, worker):
    quiet, unknown = issue(send=False), issue(email=None)
    for invoice in (quiet, unknown):
        run = until(lambda: finished(invoice.id))  # noqa: B023
        assert run.output["notify"]["told"] is False
        assert run.steps[-1].note == run.output["notify"]["reason"]
        assert fresh(messages.find, invoice_id=invoice.id).items == ()
        assert fresh(invoices.get, invoice_id=invoice.id).sent_at is None


def test_a_business_that_wants_it_mails_every_invoice_that_is_issued(business, data, clock, worker):
    businesses.update(fields={"settings": {"mail_sent": True}}, by=BY)
    invoice = issue(send=False)
    assert until(lambda: the_message(invoice.id, "sent")).kind == "invoice"


def test_void_keeps_a_second_revision(business, data, clock, worker):
    invoice = issue(send=False)
    first, _ = fresh(documents.await_pdf, invoice_id=invoice.id)
    invoices.void(invoice_id=invoice.id, reason="typo", by=BY)
    second, pdf = fresh(documents.await_pdf, invoice_id=invoice.id)
    assert (first.revision, second.revision) == (1, 2)
    assert fresh(documents.content_of, document=first) != pdf
    assert first.sha256 != second.sha256


def test_a_changed_file_is_not_given_out(business, data, alone):
    invoice = issue(send=False)
    kept = documents.render(invoice_id=invoice.id)
    path = data / "documents" / kept.key
    path.write_bytes(path.read_bytes() + b"%")
    with pytest.raises(Unavailable, match="hash differs"):
        documents.get_pdf(invoice_id=invoice.id)
    path.unlink()
    with pytest.raises(Unavailable, match="lost"):
        documents.get_pdf(invoice_id=invoice.id)


def test_rendering_twice_keeps_one(business, data, alone):
    invoice = issue(send=False)
    first = documents.render(invoice_id=invoice.id)
    assert documents.render(invoice_id=invoice.id) == first


def test_mail_over_smtp(business, data, clock, worker, smtp):
    invoice = issue(locale="de-AT")
    until(lambda: the_message(invoice.id, "sent"))
    (mail,) = smtp.mails
    assert mail["Subject"] == f"Rechnung {invoice.invoice_number} von Jobs & Co"
    assert mail["From"] == "Jobs & Co <billing@jobs.test>" or "billing@jobs.test" in mail["From"]
    assert re.fullmatch(r"<[0-9a-f]{40}@jobs.test>", mail["Message-ID"])
    assert "297,50" in mail.get_body(("plain",)).get_content()


def test_a_refused_mail_fails_and_says_why(business, data, clock, worker, smtp):
    smtp.mood = "refuses"
    invoice = issue()
    message = until(lambda: the_message(invoice.id, "failed"))
    assert "no thank you" in message.error
    assert [each.state for each in message.attempts] == ["failed"]
    assert fresh(invoices.get, invoice_id=invoice.id).sent_at is None


def test_not_now_is_tried_again_and_sent_once(business, data, clock, worker, smtp, owner):
    smtp.mood = "not now"
    invoice = issue()
    waiting = until(lambda: tried(the_message(invoice.id, "queued")))
    assert "later please" in waiting.error
    smtp.mood = "takes"
    until(lambda: due_again(owner, business))
    until(lambda: the_message(invoice.id, "sent"))
    assert len(smtp.mails) == 1


def tried(message):
    """The attempt that failed, once there is one."""
    attempts = [each for each in message.attempts if each.state == "failed"] if message else []
    return attempts[0] if attempts else None


def due_again(owner, business: int) -> bool:
    """Let the wait of the failed message be over."""
    found = owner.execute(
        "UPDATE deliveries SET due_at = now() WHERE business_id = %s AND subscriber = 'messages'"
        " AND state = 'due' AND attempts > 0 RETURNING id",
        [business],
    ).fetchall()
    owner.execute("SELECT pg_notify('due', '')")
    return bool(found)


def test_a_connection_that_breaks_after_the_data_leaves_it_unknown(
    business, data, clock, worker, smtp
):
    smtp.mood = "hangs up"
    invoice = issue()
    message = until(lambda: the_message(invoice.id, "unknown"))
    assert "broke while the mail went out" in message.error
    smtp.mood = "takes"
    again = messages.send_again(message_id=message.id, by=BY)
    until(lambda: fresh(messages.get, message_id=again.id).state == "sent")
    assert len(smtp.mails) == 2


def test_a_worker_killed_while_it_sends_never_sends_twice(business, data, clock, worker, smtp):
    smtp.mood = "waits"
    invoice = issue()
    assert smtp.in_data.wait(60)
    children = children_of(worker.pid)
    worker.kill()
    for child in children:
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            continue
    smtp.mood = "takes"
    smtp.go_on.set()
    worker.start()
    message = until(lambda: the_message(invoice.id, "unknown"), seconds=60)
    assert "may or may not have arrived" in message.error
    assert [each.state for each in message.attempts] == ["unknown"]
    assert len(smtp.mails) <= 1


def test_paid_and_overdue_are_mailed_where_the_business_wants_it(business, data, clock, worker):
    businesses.update(fields={"settings": {"mail_overdue": True}}, by=BY)
    invoice = issue(send=False)
    until(lambda: finished(invoice.id))
    make_late(invoice.id)
    assert fresh(overdue.sweep) == 1
    assert fresh(overdue.sweep) == 0
    reminder = until(lambda: the_message(invoice.id, "sent"))
    assert reminder.kind == "reminder"
    assert "overdue" in reminder.subject
    assert fresh(notifications.tell_paid, invoice_id=invoice.id, by=BY) is None


def make_late(invoice_id: int) -> None:
    db.session.rollback()
    db.session.connection().exec_driver_sql(
        "UPDATE invoices SET due_date = %s WHERE id = %s", (date(2020, 1, 1), invoice_id)
    )
    db.session.commit()
