"""Clients by their pages: figures, contacts and consent, statements, merging, erasing, export."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask

from invoicer_core.domain.document import Document, Item
from invoicer_core.domain.drafts import InvoiceDraft, PaymentDraft
from invoicer_core.domain.snapshots import InvoiceSnapshot
from invoicer_core.models import db
from invoicer_core.models.tasks import Task
from invoicer_core.services import (
    businesses,
    clients,
    invoices,
    messages,
    payments,
    statements,
    tasks,
)
from invoicer_core.services.messages import consents
from invoicer_core.services.statements import runs
from tests.factories import BY
from tests.integration.web.conftest import Visitor

HOSTILE = '"><script>alert(1)</script>{{7*7}}'


@pytest.fixture
def entered(app: Flask, owner: Visitor):  # type: ignore[no-untyped-def]
    """The owner's business from inside, for as long as the block lasts."""

    @contextmanager
    def enter() -> Iterator[None]:
        with app.app_context(), businesses.enter_business(owner.business_id):
            yield

    return enter


def bill(client_id: int, price: str, *, late: int = 0, currency: str = "EUR") -> InvoiceSnapshot:
    """An issued invoice, overdue by so many days."""
    document = Document(currency, (Item("Work", Decimal(1), Decimal(price)),))
    draft = InvoiceDraft(document=document, client_id=client_id)
    issued = invoices.create(draft=draft, by=BY, issue=True)
    if late and issued.issue_date:
        db.session.execute(
            db.text("UPDATE invoices SET due_date = issue_date - :late WHERE id = :id"),
            {"late": late, "id": issued.id},
        )
        db.session.commit()
    return issued


def test_the_list_shows_what_is_open_and_late_and_filters(owner: Visitor, entered) -> None:  # type: ignore[no-untyped-def]
    with entered():
        bill(owner.client_id, "100", late=12)
        bill(owner.client_id, "50")
        clients.create(fields={"name": "Settled"}, by=BY)
        fresh = clients.create(fields={"name": "Fresh"}, by=BY)
        bill(fresh.id, "7")
        gone = clients.create(fields={"name": "Gone"}, by=BY)
        clients.archive(client_id=gone.id, by=BY)

    def shown(query: str) -> set[str]:
        found = owner.get(f"/clients?{query}").text
        return {name for name in ("Harbour Books", "Settled", "Fresh", "Gone") if name in found}

    assert shown("") == {"Harbour Books", "Settled", "Fresh"}
    assert shown("show=open") == {"Harbour Books", "Fresh"}
    assert shown("show=overdue") == {"Harbour Books"}
    assert shown("show=archived") == {"Gone"}
    assert shown("q=fre") == {"Fresh"}
    page = owner.get("/clients?show=overdue").text.replace("\xa0", " ")
    assert "100,00 €" in page
    assert "150,00 €" in page
    assert "12 days" in page


def test_a_clients_page_says_how_it_stands(owner: Visitor, entered) -> None:  # type: ignore[no-untyped-def]
    with entered():
        bill(owner.client_id, "100", late=3)
        bill(owner.client_id, "9", currency="USD")
        clients.update(
            client_id=owner.client_id,
            fields={"credit_limit": 60, "locale": "fr-FR", "tax_number": "12/345"},
            by=BY,
        )
        draft = PaymentDraft(amount=Decimal(25), client_id=owner.client_id, reference="bank 9")
        payments.record(draft=draft, by=BY)
    page = owner.get(f"/clients/{owner.client_id}").text.replace("\xa0", " ")
    for words in ("100,00 €", "9,00 $", "for 3 days", "25,00 €", "exceeded by 40,00 €",
                  "12/345", "French (France)", "INV-"):  # fmt: skip
        assert words in page, words
    assert "bank 9" in owner.get(f"/clients/{owner.client_id}?tab=payments").text
    for tab in ("credits", "statements", "messages", "notes", "nonsense"):
        assert owner.get(f"/clients/{owner.client_id}?tab={tab}").status_code == 200


def test_language_and_tax_ids_are_kept(owner: Visitor, entered) -> None:  # type: ignore[no-untyped-def]
    path = f"/clients/{owner.client_id}/edit"
    owner.send(path, path, name="Harbour Books", locale="fr-FR", currency="CHF", version=1,
               tax_number="12/345", legal_name="Harbour Books Ltd")  # fmt: skip
    with entered():
        found = clients.get(client_id=owner.client_id)
    assert (found.locale, found.currency) == ("fr-FR", "CHF")
    assert (found.tax_number, found.legal_name) == ("12/345", "Harbour Books Ltd")
    assert '<option value="fr-FR" selected>' in owner.get(path).text


def test_an_archived_client_comes_back(owner: Visitor) -> None:
    path = f"/clients/{owner.client_id}"
    owner.send(f"{path}/archive", path)
    assert (
        "Harbour Books"
        not in owner.get("/clients").text.split("list-foot")[0].split('id="list"')[1]
    )
    assert "Bring back" in owner.get(path).text
    owner.send(f"{path}/archive", path, back="1")
    assert "Bring back" not in owner.get(path).text


# --- contacts ---------------------------------------------------------------------------------


def test_a_contact_is_added_once_and_says_what_it_agreed_to(owner: Visitor, entered) -> None:  # type: ignore[no-untyped-def]
    base = f"/clients/{owner.client_id}"
    fields = {**owner.hidden(f"{base}/contacts/new"), "name": HOSTILE, "email": "kim@h.test"}
    made = [owner.send(f"{base}/contacts/new", base, **fields) for _ in range(2)]
    assert made[0].location == made[1].location
    path = str(made[0].location)
    for given, how in (("yes", "signed form"), ("no", "on the phone")):
        answer = owner.send(f"{path}/consent", path, channel="whatsapp", given=given, how=how,
                            day="2026-01-05")  # fmt: skip
        assert answer.location == path
    page = owner.get(path).text
    assert "signed form" in page
    assert "on the phone" in page
    assert "<script>alert" not in page
    assert "{{7*7}}" in page
    shown = owner.get(base).text
    assert "withdrawn" in shown
    with entered():
        (contact,) = clients.contacts(client_id=owner.client_id)
        said = consents.current(contact_ids=[contact.id])[contact.id]
    assert not said["whatsapp"].given


def test_a_consent_without_how_or_when_is_refused(owner: Visitor, entered) -> None:  # type: ignore[no-untyped-def]
    with entered():
        contact = clients.add_contact(client_id=owner.client_id, fields={"name": "Kim"}, by=BY)
    path = f"/clients/{owner.client_id}/contacts/{contact.id}"
    answer = owner.send(f"{path}/consent", path, channel="sms", given="yes", how="", day="")
    assert answer.status_code == 422
    assert 'id="said-how-error"' in answer.text
    assert 'id="said-day-error"' in answer.text
    later = owner.send(
        f"{path}/consent", path, channel="sms", given="yes", how="x", day="2199-01-01"
    )
    assert later.status_code == 422
    assert 'id="said-day-error"' in later.text


def test_a_contact_is_changed_and_removed(owner: Visitor, entered) -> None:  # type: ignore[no-untyped-def]
    with entered():
        contact = clients.add_contact(client_id=owner.client_id, fields={"name": "Kim"}, by=BY)
    path = f"/clients/{owner.client_id}/contacts/{contact.id}"
    assert owner.send(path, path, name="", email="nonsense").status_code == 422
    owner.send(path, path, name="Kim Lee", is_primary="1")
    assert "Main contact" in owner.get(f"/clients/{owner.client_id}").text
    owner.send(f"{path}/remove", path)
    assert owner.get(path).status_code == 404


# --- statements -------------------------------------------------------------------------------


def test_a_statement_is_looked_at_kept_and_sent(owner: Visitor, entered) -> None:  # type: ignore[no-untyped-def]
    with entered():
        issued = bill(owner.client_id, "100")
    base = f"/clients/{owner.client_id}"
    seen = owner.get(f"{base}/statement").text.replace("\xa0", " ")
    assert issued.invoice_number in seen
    assert "Closing balance" in seen
    with entered():
        assert statements.find().items == ()
    span = {"from": "2026-01-01", "to": "2099-12-31", "currency": "EUR"}
    kept = owner.send(f"{base}/statements", f"{base}/statement", **span)
    path = str(kept.location)
    assert re.fullmatch(r"/statements/\d+", path)
    with entered():
        bill(owner.client_id, "55")
    frozen = owner.get(path).text.replace("\xa0", " ")
    assert "100,00 €" in frozen
    assert "155,00 €" not in frozen
    pdf = owner.get(f"{path}/pdf")
    assert pdf.data.startswith(b"%PDF-")
    assert owner.get(f"{path}/pdf").data == pdf.data

    nobody = owner.send(f"{path}/send", path, recipient="")
    assert nobody.status_code == 422
    owner.send(f"{path}/send", path, recipient="a@harbour.test")
    sent = owner.send(
        f"{base}/statements", f"{base}/statement", then="send", recipient="b@harbour.test", **span
    )
    assert sent.status_code == 302
    with entered():
        found = messages.find(client_id=owner.client_id).items
    assert [each.recipient for each in found] == ["b@harbour.test", "a@harbour.test"]
    assert "a@harbour.test" in owner.get(f"{base}?tab=messages").text


def test_a_period_the_wrong_way_round_is_refused_on_the_page(owner: Visitor) -> None:
    answer = owner.get(f"/clients/{owner.client_id}/statement?from=2026-05-01&to=2026-04-01")
    assert answer.status_code == 422
    assert "ends before it starts" in answer.text
    odd = owner.get(f"/clients/{owner.client_id}/statement?from=yesterday&currency=XXX")
    assert odd.status_code == 422


def test_statements_go_to_all_who_owe_in_the_background(owner: Visitor, entered) -> None:  # type: ignore[no-untyped-def]
    assert "Send to all who owe" not in owner.get("/statements").text
    with entered():
        bill(owner.client_id, "100")
        reached = clients.create(fields={"name": "Reached", "email": "r@reached.test"}, by=BY)
        bill(reached.id, "20")
    page = owner.get("/statements").text
    assert "2 clients have an open balance" in page
    assert "1 of them has no e-mail address" in page
    fields = {**owner.hidden("/statements"), "from": "2026-01-01", "to": "2026-12-31"}
    asked = [owner.send("/statements/run", "/statements", **fields) for _ in range(2)]
    assert asked[0].location == asked[1].location
    path = str(asked[0].location)
    assert "waiting" in owner.get(path).text
    with entered():
        assert tasks.find().total == 1
        row = db.session.get(Task, int(path.rsplit("/", 1)[1]))
        assert row is not None
        runs.send_all(tasks.Running(row))
    done = owner.get(path).text
    assert "Done: 1 statement is on its way." in done
    assert "This client has no e-mail address." in done
    assert 'hx-trigger="every 1s"' not in done


# --- merging and erasing ----------------------------------------------------------------------


def test_merging_tells_the_numbers_first_and_leads_on(owner: Visitor, entered) -> None:  # type: ignore[no-untyped-def]
    with entered():
        bill(owner.client_id, "100")
        kept = clients.create(fields={"name": "Harbour Publishers", "email": "p@h.test"}, by=BY)
        foreign = clients.create(fields={"name": "Dollars", "currency": "USD"}, by=BY)
    path = f"/clients/{owner.client_id}/merge"
    assert "Harbour Publishers" in owner.get(path).text
    told = owner.get(f"{path}?into={kept.id}").text
    assert re.search(r"<dt>Invoices</dt><dd>1</dd>", told)
    assert "Merge now" in told
    refused = owner.get(f"{path}?into={foreign.id}")
    assert refused.status_code == 409
    assert "USD" in refused.text
    with entered():
        assert clients.get(client_id=owner.client_id).balance == Decimal("100.00")
    done = owner.send(path, path, into=kept.id)
    assert done.location == f"/clients/{kept.id}"
    assert owner.send(path, "/clients/new", into=kept.id).location == f"/clients/{kept.id}"
    assert owner.get(f"/clients/{owner.client_id}").location == f"/clients/{kept.id}"
    assert "issued to Harbour Books" in owner.get(f"/clients/{kept.id}").text


def test_erasing_says_what_goes_asks_twice_and_refuses_what_is_open(
    owner: Visitor, entered
) -> None:  # type: ignore[no-untyped-def]
    with entered():
        issued = bill(owner.client_id, "100")
    path = f"/clients/{owner.client_id}/erase"
    page = owner.get(path).text
    assert "cannot be done yet" in page
    assert "Erase now" not in page
    assert owner.send(path, "/clients/new", sure="1").status_code == 409
    with entered():
        draft = PaymentDraft(amount=Decimal(100), invoice_id=issued.id)
        payments.record(draft=draft, by=BY)
    assert owner.send(path, path).status_code == 409
    assert "Harbour Books" in owner.get("/clients").text
    assert owner.send(path, path, sure="1").status_code == 302
    assert "Harbour Books" not in owner.get(f"/clients/{owner.client_id}?tab=payments").text
    assert "erased already" in owner.get(path).text


def test_all_data_is_exported_as_json(owner: Visitor, entered) -> None:  # type: ignore[no-untyped-def]
    with entered():
        issued = bill(owner.client_id, "100")
    answer = owner.get(f"/clients/{owner.client_id}/export")
    found = json.loads(answer.data)
    assert "attachment" in answer.headers["Content-Disposition"]
    assert found["invoices"][0]["invoice_number"] == issued.invoice_number


# --- who may ----------------------------------------------------------------------------------


def test_a_viewer_looks_but_does_not_touch(owner: Visitor, viewer: Visitor, entered) -> None:  # type: ignore[no-untyped-def]
    with entered():
        kept = statements.freeze(
            client_id=owner.client_id, start=(day := businesses_day()) - timedelta(days=9), end=day,
            by=BY,
        )  # fmt: skip
    base = f"/clients/{owner.client_id}"
    for path in (base, f"{base}/statement", "/statements", f"/statements/{kept.id}"):
        page = viewer.get(path)
        assert page.status_code == 200, path
        for words in ("Merge", "Erase", "Record payment", "Keep as PDF", 'data-dialog="send"'):
            assert words not in page.text, (path, words)
    for path in ("merge", "erase", "contacts/new", "edit"):
        assert viewer.get(f"{base}/{path}").status_code == 403, path
    for path in ("archive", "statements", "merge", "erase", "contacts/new"):
        assert viewer.send(f"{base}/{path}", base, name="x").status_code == 403, path


def businesses_day():  # type: ignore[no-untyped-def]
    """Today in the business."""
    return db.session.scalar(db.text("SELECT CURRENT_DATE"))


def test_clients_of_others_are_not_there(owner: Visitor) -> None:
    for path in ("", "/edit", "/statement", "/merge", "/erase", "/export", "/contacts/new"):
        assert owner.get(f"/clients/999999999{path}").status_code == 404, path
    assert owner.get("/statements/999999999").status_code == 404
    assert owner.get("/statements/runs/999999999").status_code == 404
