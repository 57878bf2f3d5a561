"""Two clients made one, and a client's personal data taken away: issued papers stay."""

import json
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from invoicer_core.domain.document import Document, Item
from invoicer_core.domain.drafts import CreditNoteDraft, InvoiceDraft, PaymentDraft
from invoicer_core.domain.errors import Conflict, InvalidInput, NotFound
from invoicer_core.models import Base, db
from invoicer_core.models.documents import MessageAttempt
from invoicer_core.models.tenancy import current_business_id, enter_business
from invoicer_core.services import (
    clients,
    credit_notes,
    documents,
    files,
    invoices,
    messages,
    payments,
    statements,
)
from invoicer_core.services.clients import erasure, exporting, ledger, letters, merging
from invoicer_core.services.files import attachments
from invoicer_core.services.messages import consents
from tests.factories import BY
from tests.integration.builtin.pdf_reading import Pdf


def make(name, **fields):
    return clients.create(fields={"name": name, **fields}, by=BY)


def bill(client_id, price, *, issue=True):
    document = Document("EUR", (Item("Work", Decimal(1), Decimal(price)),))
    draft = InvoiceDraft(document=document, client_id=client_id)
    return invoices.create(draft=draft, by=BY, issue=issue)


def pay(client_id, amount, invoice_id=None, **more):
    draft = PaymentDraft(amount=Decimal(amount), client_id=client_id, invoice_id=invoice_id, **more)
    return payments.record(draft=draft, by=BY)


def merged():
    """An old client with one of everything, merged into a new one."""
    old = make("Harbour Bks", email="old@harbour.test", phone="+43 1 555", notes="pays late")
    new = make("Harbour Books", email="new@harbour.test")
    issued, draft = bill(old.id, "100"), bill(old.id, "7", issue=False)
    pay(old.id, "130", issued.id)
    clients.add_contact(
        client_id=old.id, fields={"name": "Ann", "email": "ann@harbour.test", "is_primary": True},
        by=BY,
    )  # fmt: skip
    kept = statements.freeze(
        client_id=old.id, start=date(2026, 1, 1), end=date(2026, 12, 31), by=BY
    )
    letters.send_statement(statement_id=kept.id, by=BY)
    plan = merging.plan(client_id=old.id, into_id=new.id)
    merging.merge(client_id=old.id, into_id=new.id, by=BY)
    return old, new, issued, draft, kept, plan


def test_everything_moves_and_issued_papers_say_what_they_said(business):
    old, new, issued, draft, kept, plan = merged()
    assert plan.counts == {
        "invoices": 2, "payments": 1, "messages": 1, "contacts": 1, "statements": 1,
    }  # fmt: skip
    assert (plan.drafts, plan.filled) == (1, ("phone",))

    now = invoices.get(invoice_id=issued.id)
    assert now.client_id == new.id
    assert (now.client_name, now.buyer) == ("Harbour Bks", issued.buyer)
    assert now.total_amount == issued.total_amount
    assert invoices.get(invoice_id=draft.id).client_name == "Harbour Books"
    printed = Pdf(documents.content_of(document=documents.render(invoice_id=issued.id))).text
    assert "Harbour Bks" in printed

    found = clients.get(client_id=new.id)
    assert (found.email, found.phone, found.notes) == ("new@harbour.test", "+43 1 555", "pays late")
    assert {each.email for each in found.contacts} == {"ann@harbour.test", "old@harbour.test"}
    assert not any(each.is_primary for each in found.contacts)
    assert ledger.of(client_ids=[new.id])[new.id][0].unapplied == Decimal("30.00")
    assert statements.get(statement_id=kept.id).client_id == new.id
    assert statements.get(statement_id=kept.id).client_name == "Harbour Bks"
    with pytest.raises(NotFound):
        clients.get(client_id=old.id)
    assert merging.merged_into(client_id=old.id) == new.id


def test_money_of_the_one_pays_invoices_of_the_other_afterwards(business):
    old, new = make("Old"), make("New")
    paid, owed = pay(old.id, "50"), bill(new.id, "50")
    with pytest.raises(InvalidInput):
        payments.allocate(payment_id=paid.id, allocations=[(owed.id, Decimal(50))], by=BY)
    merging.merge(client_id=old.id, into_id=new.id, by=BY)
    payments.allocate(payment_id=paid.id, allocations=[(owed.id, Decimal(50))], by=BY)
    assert invoices.get(invoice_id=owed.id).status == "paid"


def test_credit_notes_go_along(business):
    old, new = make("Old"), make("New")
    note = credit_notes.create(draft=CreditNoteDraft(invoice_id=bill(old.id, "9").id), by=BY)
    merging.merge(client_id=old.id, into_id=new.id, by=BY)
    found = credit_notes.get(credit_note_id=note.id)
    assert (found.client_id, found.client_name) == (new.id, "Old")


def test_mail_to_the_old_address_finds_the_client_that_stayed(business):
    _, new, *_ = merged()
    found = clients.find_or_create(fields={"name": "X", "email": "OLD@harbour.test"}, by=BY)
    assert found.id == new.id


def test_preferred_channels_of_both_are_kept_in_order(business):
    old, new, bare = (make(name, channels=channels) for name, channels in (
        ("Old", ["sms", "email"]), ("New", ["whatsapp", "sms"]), ("Bare", None)))  # fmt: skip
    merging.merge(client_id=old.id, into_id=new.id, by=BY)
    assert clients.get(client_id=new.id).channels == ("whatsapp", "sms", "email")
    merging.merge(client_id=new.id, into_id=bare.id, by=BY)
    assert clients.get(client_id=bare.id).channels == ("whatsapp", "sms", "email")


def test_others_are_told_who_was_merged_and_who_was_erased(business):
    old, new = make("Old"), make("New")
    merging.merge(client_id=old.id, into_id=new.id, by=BY)
    erasure.erase(client_id=new.id, by=BY)
    assert clients.get(client_id=new.id).channels == ()
    rows = db.session.execute(
        text("SELECT name, client_id, data ->> 'id' FROM events WHERE name IN"
             " ('client.merged', 'client.erased') ORDER BY id")
    ).all()  # fmt: skip
    assert [tuple(row) for row in rows] == [
        ("client.merged", new.id, str(new.id)), ("client.erased", new.id, str(new.id)),
    ]  # fmt: skip


def test_who_was_merged_before_follows(business):
    first, second, third = make("A"), make("B"), make("C")
    merging.merge(client_id=first.id, into_id=second.id, by=BY)
    merging.merge(client_id=second.id, into_id=third.id, by=BY)
    assert merging.merged_into(client_id=first.id) == third.id


def test_across_currencies_nothing_is_merged(business):
    old, new = make("Old", currency="USD"), make("New")
    for act in (merging.plan, lambda **ids: merging.merge(**ids, by=BY)):
        with pytest.raises(Conflict, match="USD"):
            act(client_id=old.id, into_id=new.id)
    assert clients.get(client_id=old.id).name == "Old"


def test_a_client_is_not_merged_into_itself_nor_into_anothers(business, other_business):
    mine = make("Mine")
    with enter_business(other_business):
        other = make("Theirs")
    with pytest.raises(InvalidInput):
        merging.merge(client_id=mine.id, into_id=mine.id, by=BY)
    with pytest.raises(NotFound):
        merging.merge(client_id=mine.id, into_id=other.id, by=BY)


@pytest.mark.parametrize("change", ["client_id = :new", "client_id = :new, total_amount = 1"])
@pytest.mark.parametrize("table", ["invoices", "payments", "credit_notes"])
def test_the_database_lets_papers_follow_a_merge_only(business, table, change):
    old, new = make("Old"), make("New")
    issued = bill(old.id, "9")
    credit_notes.create(draft=CreditNoteDraft(invoice_id=issued.id), by=BY)
    pay(old.id, "5")
    change = change.replace("total_amount", "amount") if table == "payments" else change
    if "amount" in change:
        merging._both(old.id, new.id)
        db.session.execute(
            text("UPDATE clients SET merged_into_id = :new WHERE id = :old"),
            {"old": old.id, "new": new.id},
        )
    with pytest.raises(DBAPIError, match="merged into"):
        db.session.execute(
            text(f"UPDATE {table} SET {change} WHERE client_id = :old"),  # noqa: S608 - ours
            {"old": old.id, "new": new.id},
        )
    db.session.rollback()


def test_every_table_of_a_client_is_thought_of():
    refer = {
        table.name
        for table in Base.metadata.tables.values()
        for key in table.foreign_key_constraints
        if key.referred_table.name == "clients"
    }
    thought_of = {*merging.MOVED, *merging.ENDED, "clients", "statement_run_rows"}
    assert refer == thought_of


# --- erased -----------------------------------------------------------------------------------


def private():
    """A client of whom much is known, with nothing open."""
    client = make(
        "Jo Miller", email="jo@miller.test", phone="+43 1 555", address="Elm Lane 3",
        city="Vienna", country="AT", vat_id="ATU12345678", notes="likes tea",
    )  # fmt: skip
    contact = clients.add_contact(
        client_id=client.id, fields={"name": "Kim", "email": "kim@miller.test"}, by=BY
    )
    consents.record(
        client_id=client.id, contact_id=contact.id, channel="sms", given=True, how="signed form",
        day=date(2026, 1, 2), by=BY,
    )  # fmt: skip
    issued = bill(client.id, "100")
    draft = bill(client.id, "7", issue=False)
    paid = pay(client.id, "100", issued.id, note="from her mother")
    sent = letters.send_receipt(payment_id=paid.id, by=BY)
    attempt = MessageAttempt(
        business_id=current_business_id(), message_id=sent.id, channel="email", state="bounced",
        recipient="jo@miller.test", error="jo@miller.test is full",
    )  # fmt: skip
    db.session.add(attempt)
    db.session.commit()
    letter = files.upload(name="letter.txt", data=b"Dear Jo Miller", by=BY)
    attachments.attach(file_id=letter.id, to=("client", client.id), by=BY)
    return client, issued, draft


def test_names_contacts_and_texts_go_and_issued_invoices_stay(business):
    client, issued, draft = private()
    plan = erasure.plan(client_id=client.id)
    assert plan.erased == {
        "contacts": 1, "messages": 1, "drafts": 1, "orders": 0, "attachments": 1,
    }  # fmt: skip
    assert plan.kept == {"invoices": 1, "credit_notes": 0, "payments": 1, "statements": 0}

    erasure.erase(client_id=client.id, by=BY)
    found = clients.get(client_id=client.id)
    assert found.name == f"Erased client {client.id}"
    assert found.archived_at is not None
    personal = ("email", "phone", "address", "city", "vat_id", "notes", "contact_name")
    assert [getattr(found, name) for name in personal] == [None] * len(personal)
    assert found.contacts == ()
    (message,) = messages.find(client_id=client.id).items
    assert (message.recipient, message.subject, message.text) == ("erased", None, None)
    with pytest.raises(NotFound):
        invoices.get(invoice_id=draft.id)
    assert files.find().items == ()

    kept = invoices.get(invoice_id=issued.id)
    assert kept.buyer is not None
    assert (kept.client_name, kept.buyer.address) == ("Jo Miller", "Elm Lane 3")
    assert kept.total_amount == Decimal("100.00")


def test_nothing_personal_is_left_in_the_tables_that_may_forget(business):
    client, _, _ = private()
    erasure.erase(client_id=client.id, by=BY)
    for table in ("clients", "contacts", "contact_consents", "messages", "message_attempts",
                  "payments", "orders", "statements"):  # fmt: skip
        rows = db.session.scalars(text(f"SELECT row_to_json(t)::text FROM {table} t"))  # noqa: S608
        held = " ".join(rows).lower()
        for word in ("miller", "kim@", "elm lane", "tea", "mother", "atu123"):
            assert word not in held, (table, word)
    told = db.session.scalars(
        text("SELECT data::text FROM events WHERE name LIKE 'client.%' OR name LIKE 'message.%'")
    ).all()
    assert len(told) >= 4
    assert not any("miller" in each.lower() for each in told)


def test_a_client_that_was_merged_is_erased_too(business):
    _, new, issued, _, _, _ = merged()
    paid = payments.find(client_id=new.id).items[0]
    payments.refund(payment_id=paid.id, amount=Decimal(30), by=BY)
    erasure.erase(client_id=new.id, by=BY)
    names = db.session.scalars(text("SELECT name || coalesce(email, '') FROM clients")).all()
    assert all(name.startswith("Erased client ") for name in names)
    assert invoices.get(invoice_id=issued.id).client_name == "Harbour Bks"


def test_while_something_is_open_nothing_is_erased(business):
    owing, rich = make("Owes"), make("Rich")
    bill(owing.id, "5")
    pay(rich.id, "5")
    for client in (owing, rich):
        with pytest.raises(Conflict, match="still open"):
            erasure.erase(client_id=client.id, by=BY)
        assert clients.get(client_id=client.id).name == client.name


def test_all_that_is_known_can_be_taken_along(business):
    client, issued, _ = private()
    found = json.loads(exporting.export(client_id=client.id))
    assert found["client"]["name"] == "Jo Miller"
    assert found["contacts"][0]["consents"][0]["how"] == "signed form"
    assert [each["invoice_number"] for each in found["invoices"]][-1] == issued.invoice_number
    assert len(found["payments"]) == len(found["messages"]) == 1


@pytest.mark.parametrize("change", ["data = '{}'", "name = 'client.created'"])
def test_events_are_never_changed_otherwise(business, change):
    make("Books")
    with pytest.raises(DBAPIError):
        db.session.execute(text(f"UPDATE events SET {change}"))  # noqa: S608 - ours
    db.session.rollback()


# --- consent ----------------------------------------------------------------------------------


def test_the_newest_word_of_a_contact_counts_and_all_are_kept(business):
    client = make("Books")
    contact = clients.add_contact(
        client_id=client.id, fields={"name": "Kim", "email": "kim@books.test"}, by=BY
    )
    for given, day in ((True, 1), (False, 9)):
        consents.record(
            client_id=client.id, contact_id=contact.id, channel="email", given=given,
            how="by mail", day=date(2026, 1, day), by=BY,
        )  # fmt: skip
    assert len(consents.history(contact_id=contact.id)) == 2
    assert not consents.current(contact_ids=[contact.id])[contact.id]["email"].given
    assert consents.withdrawn(client_id=client.id, channel="email", address="KIM@books.test")
    clients.remove_contact(client_id=client.id, contact_id=contact.id, by=BY)
    assert consents.history(contact_id=contact.id) == ()


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [({"channel": "fax"}, "/channel"), ({"how": " "}, "/how"), ({"day": date(2999, 1, 1)}, "/day")],
)
def test_a_consent_says_over_what_how_and_when(business, wrong, pointer):
    client = make("Books")
    contact = clients.add_contact(client_id=client.id, fields={"name": "Kim"}, by=BY)
    given = {"channel": "sms", "given": True, "how": "form", "day": date(2026, 1, 1), **wrong}
    with pytest.raises(InvalidInput) as refusal:
        consents.record(client_id=client.id, contact_id=contact.id, by=BY, **given)
    assert refusal.value.fields[0].pointer == pointer
