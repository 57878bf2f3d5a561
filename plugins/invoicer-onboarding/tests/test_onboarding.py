"""Suppliers come in: each way, each branch, each effect once."""

import random
from uuid import uuid4

import pytest
from invoicer_onboarding import limits, many
from sqlalchemy import text

from invoicer_core.models import db
from invoicer_core.services import invoices, messages, workflows
from invoicer_core.services.buying import suppliers
from tests.factories import BY, make_business

NEW = ("DetermineProviderState", "ProviderTypeChoice", "HandleNewProvider",
       "GenerateAndSendInvoiceNew")  # fmt: skip
OLD = ("DetermineProviderState", "ProviderTypeChoice", "HandleExistingProvider",
       "GenerateAndSendInvoiceOld")  # fmt: skip


def onboarded(desk, name, **fields):
    run_id = desk.begin(name, **fields)
    desk.steps()
    return desk.run(run_id)


def all_invoices(desk):
    return desk.do(invoices.find, limit=100).items


def test_a_new_supplier_is_registered_asked_and_invoiced(desk):
    run = onboarded(desk, "Hill Tools Ltd", email="office@hill.test", country="AT")
    assert run.path == NEW
    assert run.status == "succeeded"
    made = run.output["HandleNewProvider"]
    supplier = desk.do(suppliers.get, supplier_id=made["supplier_id"])
    (invoice,) = all_invoices(desk)
    assert (invoice.client_id, invoice.state) == (supplier.client_id, "issued")
    assert str(invoice.total_amount) == "150.00"
    (flow,) = desk.do(workflows.of_invoice, invoice_id=invoice.id)
    assert flow.workflow == "invoice-delivery"
    assert flow.input["send"] is True
    asked = desk.do(messages.find, limit=10).items
    assert "office@hill.test" in {each.recipient for each in asked}
    assert made["documents"] == "asked for"
    assert made["call"] == "not on"
    (step,) = [each for each in run.steps if each.name == "HandleNewProvider"]
    assert step.note == "The welcome call is skipped: no voice channel is on."


def test_a_known_supplier_is_found_by_tax_id_and_merged(desk):
    with desk.app.app_context():
        fields = {"name": "Old Mill", "vat_id": "ATU12345675", "iban": "AT611904300234573201"}
        known = desk.do(suppliers.create, fields=fields, by=BY)
    run = onboarded(
        desk, "Mill (new sign)", vat_id="ATU12345675", city="Graz", iban="DE89370400440532013000"
    )
    assert run.path == OLD
    assert run.status == "succeeded"
    reasons = run.output["DetermineProviderState"]["evidence"]
    assert [(each["supplier_id"], each["by"]) for each in reasons] == [(known.id, "tax id")]
    now = desk.do(suppliers.get, supplier_id=known.id)
    assert (now.city, now.iban) == ("Graz", "AT611904300234573201")
    differing = run.output["HandleExistingProvider"]["differences"]
    assert {(each["field"], each["merged"]) for each in differing} == {
        ("name", False), ("city", True), ("iban", False)
    }  # fmt: skip
    assert len(all_invoices(desk)) == 1


def test_a_name_is_known_without_its_legal_form(desk):
    desk.do(suppliers.create, fields={"name": "Bäckerei Huber GmbH"}, by=BY)
    run = onboarded(desk, "bäckerei  HUBER")
    assert run.output["DetermineProviderState"]["evidence"][0]["by"] == "name"
    assert run.path == OLD


def test_any_other_type_fails_with_its_name_and_a_person_corrects_it(desk):
    run = onboarded(desk, "Who Knows", type="strange")
    assert (run.path[-1], run.status, run.error) == (
        "InvalidProviderType", "failed", "ProviderTypeError",
    )  # fmt: skip
    output = {"type": "new", "supplier_id": None, "evidence": []}
    desk.do(
        workflows.correct, run_id=run.id, reason="It is new", by=BY,
        state="DetermineProviderState", output=output,
    )  # fmt: skip
    desk.steps()
    assert desk.run(run.id).status == "succeeded"


def test_steps_that_die_after_their_effect_do_nothing_twice(desk):
    count = 8
    lines = [f"Supplier {at} {uuid4().hex[:6]},s{at}@many.test" for at in range(count)]
    data = "\n".join(["name,email", *lines, ",nobody@many.test"]).encode()
    with desk.app.app_context():
        desk.do(lambda: many.begin_import(desk.ctx(), data))
    dice = random.Random(7)
    while desk.work() or _left(desk):
        continue
    desk.steps(dies=lambda: dice.random() < 0.3)
    with desk.app.app_context():
        counts = desk.do(workflows.counts, workflow="supplier-onboarding")
        (kept,) = desk.do(lambda: [(e.position, e.errors) for e in many.imports()])
    assert counts == {"succeeded": count}
    assert kept[0] == count
    assert [each["row"] for each in kept[1]] == [count + 2]
    billed = _column(desk, "SELECT client_id FROM invoices WHERE business_id = :business")
    known = _column(desk, "SELECT client_id FROM suppliers WHERE business_id = :business")
    assert len(billed) == len(set(billed)) == count
    assert sorted(billed) == sorted(known)


def _left(desk):
    with desk.app.app_context():
        return desk.do(lambda: any(e.position < len(e.rows) for e in many.imports()))


def _column(desk, sql):
    values = {"business": desk.business_id}
    return desk.do(lambda: list(db.session.scalars(text(sql), values)))


def test_two_runs_of_one_supplier_at_once_make_one_record_and_one_invoice(desk):
    runs = [desk.begin("Twin Mills", city="Graz") for _ in range(2)]
    desk.steps()  # both look first, and both find nobody
    for each in runs:
        run = desk.run(each)
        assert (run.path, run.status) == (NEW, "succeeded")
    (made,) = desk.do(suppliers.find, limit=10).items
    assert len(all_invoices(desk)) == 1
    # Its page leads to the newest of them, also without an e-mail address to know it by.
    assert desk.do(suppliers.onboarding, supplier_id=made.id).id == runs[-1]


def test_a_person_who_says_new_gets_a_new_one_of_the_same_name(desk):
    known = desk.do(suppliers.create, fields={"name": "Twin Mills"}, by=BY)
    run = onboarded(desk, "Twin Mills", type="new")
    assert run.output["HandleNewProvider"]["supplier_id"] != known.id
    assert len(all_invoices(desk)) == 1


def test_the_same_name_with_another_tax_number_is_for_a_person(desk):
    fields = {"name": "Old Mill", "vat_id": "ATU12345675"}
    known = desk.do(suppliers.create, fields=fields, by=BY)
    run = onboarded(desk, "old mill", vat_id="DE136695976")
    (reason,) = run.output["DetermineProviderState"]["evidence"]
    assert (reason["by"], reason["against"]) == ("name", ["vat_id"])
    assert run.error == "ProviderTypeError"
    assert desk.do(suppliers.get, supplier_id=known.id).vat_id == "ATU12345675"


@pytest.mark.parametrize(
    ("settings", "lines"),
    [
        ({"fee_amount": "0", "membership_description": "Guild 2027"}, [("Guild 2027", "100.00")]),
        ({"membership_amount": "0", "fee_amount": "9.90"}, [("Registration fee", "9.90")]),
        ({"fee_amount": "0", "membership_amount": "0"}, []),
    ],
)
def test_the_lines_of_the_invoice_are_what_the_business_set(desk, settings, lines):
    desk.set(**settings)
    run = onboarded(desk, "Lines Ltd", email="l@lines.test")
    assert run.status == "succeeded"
    found = [
        (item.description, f"{item.unit_price:.2f}")
        for each in all_invoices(desk)
        for item in desk.do(invoices.get, invoice_id=each.id).items
    ]
    assert found == lines
    words = run.steps[-1].note
    assert words == (None if lines else "No fee is set, so there is nothing to invoice.")


def runs_of(desk):
    return desk.do(workflows.find, workflow="supplier-onboarding").items


def test_a_mail_begins_one_run_and_a_forged_one_none(desk):
    assert desk.mail("m-1", "mill@mail.test", secret="guessed") == 400
    assert desk.mail("m-1", "mill@mail.test") == 202
    assert desk.mail("m-1", "mill@mail.test") == 200
    (run,) = runs_of(desk)
    supplier = {key: value for key, value in run.input["supplier"].items() if value}
    assert supplier == {"name": "Mail Mills", "email": "mill@mail.test"}
    assert run.input["source"] == "mail"


def test_a_mail_to_an_unknown_address_finds_nothing_there(desk):
    body = b'{"message_id": "m", "from": "a@b.test"}'
    with desk.app.app_context():
        off, other = (type(desk)(desk.app, make_business(name="Without"), 0) for _ in range(2))
    other.set(fee_amount="1.00")  # on, but with no secret
    for business in (str(uuid4()), "no-such", off.public_id(), other.public_id()):
        assert desk.hook(body, business=business).status_code == 404
    assert runs_of(desk) == runs_of(other) == ()


NO_MAILS = (
    b"", b"no json", b"[]", b'"x"', b"[" * 100_000, b"\xff\xfe",
    b'{"message_id": "m"}', b'{"from": "a@b.test"}', b'{"message_id": 7, "from": "a@b.test"}',
    b'{"message_id": "m", "from": "no address"}', b'{"message_id": "m", "from": {"a": 1}}',
    b'{"message_id": "m", "from": "a@b.test", "from_name": "a\\u0000b"}',
)  # fmt: skip


def test_a_mail_that_is_none_is_refused_and_one_that_is_mended_goes_on(desk):
    for body in NO_MAILS:
        answer = desk.hook(body)
        assert answer.status_code in (400, 422), (body, answer.text)
    assert runs_of(desk) == ()
    assert desk.mail("m", "a@b.test") == 202


def test_the_owner_is_told_once_of_a_run_that_stands_still(desk):
    onboarded(desk, "Stuck", type="strange")
    sql = (
        "UPDATE workflow_steps SET created_at = now() - interval '3 days'"
        " WHERE business_id = :business"
    )
    desk.do(lambda: (db.session.execute(text(sql), {"business": desk.business_id}),
                     db.session.commit()))  # fmt: skip
    for _ in range(2):
        desk.do(lambda: limits.escalate(desk.ctx()))
    told = [e for e in desk.do(messages.find, limit=10).items
            if e.recipient == "office@guild.test"]  # fmt: skip
    assert len(told) == 1
    assert "Stuck" in told[0].text
