"""Clients, their contacts, and suppliers beside them."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from sqlalchemy import text

from invoicer_core.domain.document import Document, Item
from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.domain.errors import Conflict, InvalidInput, NotFound, StaleVersion
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import clients, invoices, orders
from invoicer_core.services.buying import suppliers
from tests.factories import BY

FULL = {
    "name": "  Weber GmbH ",
    "legal_name": "Weber Gesellschaft mbH",
    "email": "Office@Weber.TEST",
    "phone": "+43 1  5550100",
    "address": "Ring 1\r\nTop 4",
    "city": "Wien",
    "postcode": "1010",
    "country": "at",
    "vat_id": "atu 123.456-78",
    "registration": {"value": "FN 123 a", "scheme": "0088"},
    "electronic_address": {"value": "office@weber.test", "scheme": "EM"},
    "iban": "at61 1904 3002 3457 3201",
    "bic": "gibaatwwxxx",
    "currency": "eur",
    "locale": "de_AT",
    "payment_terms_days": 30,
    "credit_limit": Decimal("5000.00"),
    "buyer_reference": "04011000-12345-67",
    "notes": "pays late\nbut pays",
}


def events(name: str) -> list[tuple[str, int | None]]:
    """What was published in the entered business under this name."""
    rows = db.session.execute(
        text("SELECT name, client_id FROM events WHERE name LIKE :name ORDER BY id"),
        {"name": name},
    ).all()
    return [(row.name, row.client_id) for row in rows]


def test_fields_are_kept_in_their_one_written_form(business):
    client = clients.create(fields=FULL, by=BY)
    assert clients.get(client_id=client.id) == client
    assert client.name == "Weber GmbH"
    assert client.email == "Office@weber.test"
    assert client.phone == "+43 1 5550100"
    assert client.address == "Ring 1\nTop 4"
    assert (client.country, client.vat_id, client.currency) == ("AT", "ATU12345678", "EUR")
    assert (client.iban, client.bic) == ("AT611904300234573201", "GIBAATWWXXX")
    assert client.locale == "de-AT"
    assert client.registration.value == "FN 123 a"
    assert client.balance == Decimal("0.00")
    assert client.version == 1


WRONG = {
    "name": " ",
    "email": "nobody@",
    "phone": "call me",
    "country": "Austria",
    "vat_id": "12345678",
    "iban": "AT611904300234573202",
    "bic": "GIBA",
    "currency": "EURO",
    "locale": "xx-klingon",
    "payment_terms_days": 3651,
    "credit_limit": Decimal(-1),
    "city": "a\nb",
    "notes": "x" * 5_001,
    "registration": {"scheme": "0088"},
    "electronic_address": "office@weber.test",
    "address": 7,
    "legal_name": "nul\x00",
    "tax_number": "\ud800",
    "business_id": 1,
    "deleted_at": None,
    "a/b~c": 1,
}


@pytest.mark.parametrize("service", [clients, suppliers])
def test_every_wrong_field_is_named_at_once(business, service):
    wrong = dict(WRONG)
    if service is suppliers:
        del wrong["credit_limit"]
    with pytest.raises(InvalidInput) as refusal:
        service.create(fields=wrong, by=BY)
    expected = {f"/{name}" for name in wrong} - {"/a/b~c", "/registration"}
    expected |= {"/a~1b~0c", "/registration/value"}
    assert {field.pointer for field in refusal.value.fields} == expected


@pytest.mark.parametrize("value", [True, 1.5, "5", [], {}, Decimal("NaN"), Decimal(10) ** 20])
def test_a_number_is_an_exact_number(business, value):
    with pytest.raises(InvalidInput) as refusal:
        clients.create(fields={"name": "A", "credit_limit": value}, by=BY)
    assert [field.pointer for field in refusal.value.fields] == ["/credit_limit"]


def test_a_missing_name_is_named(business):
    with pytest.raises(InvalidInput) as refusal:
        clients.create(fields={}, by=BY)
    assert [field.pointer for field in refusal.value.fields] == ["/name"]


def test_an_email_address_belongs_to_one_client(business):
    first = clients.create(fields={"name": "A", "email": "a@a.test"}, by=BY)
    other = clients.create(fields={"name": "B"}, by=BY)
    with pytest.raises(Conflict) as refusal:
        clients.create(fields={"name": "C", "email": "A@A.TEST"}, by=BY)
    assert [field.pointer for field in refusal.value.fields] == ["/email"]
    with pytest.raises(Conflict) as refusal:
        clients.update(client_id=other.id, fields={"email": "A@a.test"}, by=BY)
    assert [field.pointer for field in refusal.value.fields] == ["/email"]
    assert clients.get(client_id=other.id).email is None
    clients.delete(client_id=first.id, by=BY)
    assert clients.create(fields={"name": "C", "email": "a@a.test"}, by=BY).id > other.id


def test_an_edit_empties_with_none_and_counts_only_changes(business):
    client = clients.create(fields=FULL, by=BY)
    edited = clients.update(client_id=client.id, fields={"city": "Graz", "iban": None}, by=BY)
    assert (edited.city, edited.iban, edited.version) == ("Graz", None, 2)
    assert edited.name == client.name
    same = clients.update(client_id=client.id, fields={"city": "Graz"}, by=BY)
    assert same.version == 2
    assert [name for name, _ in events("client.%")] == ["client.created", "client.updated"]
    with pytest.raises(InvalidInput):
        clients.update(client_id=client.id, fields={"name": None}, by=BY)


def test_a_stale_edit_is_refused_with_what_is_there(business):
    client = clients.create(fields={"name": "A"}, by=BY)
    clients.update(client_id=client.id, fields={"name": "B"}, by=BY, expected_version=1)
    with pytest.raises(StaleVersion) as refusal:
        clients.update(client_id=client.id, fields={"name": "C"}, by=BY, expected_version=1)
    assert refusal.value.current.name == "B"
    assert refusal.value.current.version == 2


def test_an_event_and_an_audit_entry_leave_with_every_change(business):
    client = clients.create(fields={"name": "A"}, by=BY)
    clients.archive(client_id=client.id, by=BY)
    clients.archive(client_id=client.id, by=BY)
    assert events("client.%") == [
        ("client.created", client.id),
        ("client.archived", client.id),
    ]
    audited = db.session.scalars(text("SELECT payload FROM audit_entries ORDER BY seq")).all()
    assert [entry.count('"client.') for entry in audited[-2:]] == [1, 1]


def test_an_archived_client_is_only_in_its_own_list(business):
    client = clients.create(fields={"name": "A"}, by=BY)
    archived = clients.archive(client_id=client.id, by=BY)
    assert archived.archived_at is not None
    assert clients.find().items == ()
    assert [c.id for c in clients.find(status="archived").items] == [client.id]
    assert clients.find(status="all").total == 1
    assert clients.archive(client_id=client.id, by=BY, archived=False).archived_at is None
    assert clients.find().total == 1


@pytest.mark.parametrize("key", [0, -1, 2**63, 2**80])
def test_an_impossible_id_is_missing(business, key):
    with pytest.raises(NotFound):
        clients.get(client_id=key)


def test_a_client_of_another_business_is_missing_to_every_verb(business, other_business):
    with enter_business(other_business):
        foreign = clients.create(fields={"name": "Secret", "email": "s@s.test"}, by=BY).id
    verbs = [
        lambda key: clients.get(client_id=key),
        lambda key: clients.update(client_id=key, fields={"name": "x"}, by=BY),
        lambda key: clients.delete(client_id=key, by=BY),
        lambda key: clients.archive(client_id=key, by=BY),
        lambda key: clients.balances(client_id=key),
        lambda key: clients.contacts(client_id=key),
        lambda key: clients.add_contact(client_id=key, fields={"name": "x"}, by=BY),
        lambda key: suppliers.create(fields={"name": "x", "client_id": key}, by=BY),
    ]
    for verb in verbs:
        words = []
        for key in (foreign, 2**62):
            with pytest.raises(NotFound) as refusal:
                verb(key)
            words.append(refusal.value.detail.replace(str(key), "?"))
        assert words[0] == words[1]
    assert clients.find(q="Secret").items == ()
    assert clients.find_or_create(fields={"name": "x", "email": "s@s.test"}, by=BY).id != foreign


def test_an_inline_client_is_found_by_email_or_created(business):
    fields = {"name": "A", "email": "a@a.test"}
    made = clients.find_or_create(fields=fields, by=BY)
    found = clients.find_or_create(fields={"name": "other", "email": "A@A.test"}, by=BY)
    assert found == made
    with pytest.raises(InvalidInput) as refusal:
        clients.find_or_create(fields={"name": "A", "email": "no"}, by=BY, pointer="/client")
    assert [field.pointer for field in refusal.value.fields] == ["/client/email"]


def test_twenty_at_once_make_one_client(business, app):
    def run(_: int) -> int:
        with app.app_context(), enter_business(business):
            fields = {"name": "A", "email": "a@a.test"}
            return clients.find_or_create(fields=fields, by=BY).id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(run, range(20)))) == 1
    assert clients.find().total == 1


def test_contacts_have_one_primary(business):
    client = clients.create(fields={"name": "A"}, by=BY)
    first = clients.add_contact(
        client_id=client.id, fields={"name": "Ann", "is_primary": True}, by=BY
    )
    second = clients.add_contact(client_id=client.id, fields={"name": "Ben"}, by=BY)
    clients.change_contact(
        client_id=client.id, contact_id=second.id, fields={"is_primary": True}, by=BY
    )
    people = clients.get(client_id=client.id).contacts
    assert [(person.name, person.is_primary) for person in people] == [
        ("Ben", True),
        ("Ann", False),
    ]
    clients.remove_contact(client_id=client.id, contact_id=first.id, by=BY)
    assert [person.id for person in clients.contacts(client_id=client.id)] == [second.id]
    other = clients.create(fields={"name": "B"}, by=BY)
    with pytest.raises(NotFound):
        clients.remove_contact(client_id=other.id, contact_id=second.id, by=BY)
    with pytest.raises(InvalidInput):
        clients.add_contact(client_id=client.id, fields={"email": "x@x.test"}, by=BY)
    assert clients.get(client_id=client.id).version == 5


def test_a_supplier_is_kept_like_a_client(business):
    client = clients.create(fields={"name": "A"}, by=BY)
    fields = {"name": "Timber", "email": "t@t.test", "client_id": client.id}
    supplier = suppliers.create(fields=fields, by=BY)
    assert suppliers.get(supplier_id=supplier.id) == supplier
    assert suppliers.by_email(email="T@T.test") == supplier
    assert suppliers.create(fields={"name": "Twin", "email": "t@t.test"}, by=BY).id > supplier.id
    edited = suppliers.update(
        supplier_id=supplier.id, fields={"city": "Linz"}, by=BY, expected_version=1
    )
    assert edited.version == 2
    suppliers.delete(supplier_id=supplier.id, by=BY)
    with pytest.raises(NotFound):
        suppliers.get(supplier_id=supplier.id)
    assert [name for name, _ in events("supplier.%")] == [
        "supplier.created",
        "supplier.created",
        "supplier.updated",
        "supplier.archived",
    ]


def invoice_for(client_id: int, price: str, currency: str = "EUR", *, issue: bool = True):
    line = Item("Work", Decimal(1), Decimal(price))
    draft = InvoiceDraft(document=Document(currency, (line,)), client_id=client_id)
    return invoices.create(draft=draft, by=BY, issue=issue)


def test_a_client_owes_what_is_open_by_currency(business):
    client = clients.create(fields={"name": "A", "currency": "USD"}, by=BY)
    invoice_for(client.id, "10.00", "USD")
    invoice_for(client.id, "5.50", "USD")
    invoice_for(client.id, "7", "JPY")
    invoice_for(client.id, "99", "USD", issue=False)
    assert clients.get(client_id=client.id).balance == Decimal("15.50")
    assert clients.balances(client_id=client.id) == {"USD": Decimal("15.50"), "JPY": Decimal(7)}
    other = clients.create(fields={"name": "B"}, by=BY)
    assert {c.id: c.balance for c in clients.find().items} == {
        client.id: Decimal("15.50"),
        other.id: 0,
    }


def test_a_client_with_documents_is_archived_and_not_deleted(business):
    invoiced, ordering = (clients.create(fields={"name": name}, by=BY).id for name in "AB")
    draft = invoice_for(invoiced, "10", issue=False)
    line = {"product_name": "Desk", "quantity": 1, "unit_price": 1}
    order = orders.create(fields={"client_id": ordering, "items": [line]}, by=BY)
    for client_id in (invoiced, ordering):
        with pytest.raises(Conflict):
            clients.delete(client_id=client_id, by=BY)
        assert clients.archive(client_id=client_id, by=BY).archived_at is not None
    invoices.delete(invoice_id=draft.id, by=BY)
    orders.delete(order_id=order.id, by=BY)
    for client_id in (invoiced, ordering):
        clients.delete(client_id=client_id, by=BY)
    assert clients.find(status="all").items == ()
