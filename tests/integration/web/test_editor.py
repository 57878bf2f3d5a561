"""The editor of drafts: saved while somebody writes, never over another's text, never with a
number; and what is done to an invoice from its page."""

import re
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from invoicer_core.domain.document import Adjustment, Document, Item, PriceDiscount, Tax
from invoicer_core.domain.drafts import CreditNoteDraft, InvoiceDraft
from invoicer_core.domain.snapshots import InvoiceSnapshot
from invoicer_core.services import businesses, clients, credit_notes, invoices, messages, tax_rates
from tests.factories import BY
from tests.integration.web.conftest import Visitor

ITEM = {
    "item__key": "a1", "item__description": "Consulting", "item__quantity": "2,5",
    "item__unit": "HUR", "item__price": "100,00", "item__tax": "none",
}  # fmt: skip


def typed(owner: Visitor, **more: Any) -> dict[str, Any]:
    """A whole new invoice as the browser sends it."""
    return {"client": owner.client_id, "currency": "EUR", "extras": "1", **ITEM, **more}


def draft_of(owner: Visitor, **more: Any) -> int:
    """The id of a new draft over 250.00."""
    answer = owner.send("/invoices/new", **typed(owner, **more))
    assert answer.status_code == 302, answer.text
    return int(answer.location.rsplit("/", 1)[1])


def issued(owner: Visitor, **more: Any) -> int:
    """The id of a new issued invoice over 250.00."""
    return draft_of(owner, then="issue", **more)


def stored(app: Flask, owner: Visitor, invoice_id: int) -> InvoiceSnapshot:
    with app.app_context(), businesses.enter_business(owner.business_id):
        return invoices.get(invoice_id=invoice_id)


def count(app: Flask, owner: Visitor) -> int:
    with app.app_context(), businesses.enter_business(owner.business_id):
        return sum(invoices.counts().values())


# --- saving while somebody writes -----------------------------------------------------------------


def test_a_new_invoice_becomes_a_draft_while_it_is_written(app: Flask, owner: Visitor) -> None:
    hidden = owner.hidden("/invoices/new")
    answer = owner.send("/invoices/new?autosave=1", **hidden, **typed(owner))
    assert answer.status_code == 200
    assert 'data-state="saved"' in answer.text
    found = re.search(r'data-edit="/invoices/(\d+)/edit"', answer.text)
    assert found is not None
    made = stored(app, owner, int(found[1]))
    assert (made.state, made.total_amount) == ("draft", Decimal("250.00"))
    assert made.invoice_number.startswith("DRAFT-")


@pytest.mark.parametrize(
    ("more", "words"),
    [({"client": ""}, "begins with a client and an item"),
     ({"client": "new", "new_name": "Harb"}, "added when you save"),
     ({"item__quantity": "many"}, "not a number"), ({"item__price": ""}, "Kept in this browser")],
)  # fmt: skip
def test_what_is_no_draft_yet_is_not_stored(
    app: Flask, owner: Visitor, more: dict[str, str], words: str
) -> None:
    answer = owner.send("/invoices/new?autosave=1", **{**typed(owner), **more})
    assert answer.status_code == 200
    assert 'data-state="waiting"' in answer.text
    assert words in answer.text
    assert count(app, owner) == 0
    with app.app_context(), businesses.enter_business(owner.business_id):
        assert clients.find().total == 1


def test_the_button_changes_the_draft_that_the_autosave_made(app: Flask, owner: Visitor) -> None:
    hidden = owner.hidden("/invoices/new")
    owner.send("/invoices/new?autosave=1", **hidden, **typed(owner))
    later = typed(owner, item__price="120,00")
    answer = owner.send("/invoices/new", **hidden, **later)
    assert answer.status_code == 302
    assert count(app, owner) == 1
    found = stored(app, owner, int(answer.location.rsplit("/", 1)[1]))
    assert found.total_amount == Decimal("300.00")


def test_an_autosave_tells_the_form_its_new_version_and_items(app: Flask, owner: Visitor) -> None:
    invoice_id = draft_of(owner)
    before = stored(app, owner, invoice_id)
    path = f"/invoices/{invoice_id}/edit"
    sent = typed(owner, version=1, item__id=before.items[0].id, item__quantity="3")
    answer = owner.send(f"{path}?autosave=1", **sent)
    after = stored(app, owner, invoice_id)
    assert after.version == 2
    assert '<input type="hidden" id="version" name="version" value="2"' in answer.text
    assert f'id="item-id-a1" name="item-id" value="{after.items[0].id}"' in answer.text


def test_an_autosave_never_overwrites_what_others_saved(app: Flask, owner: Visitor) -> None:
    invoice_id = draft_of(owner)
    path = f"/invoices/{invoice_id}/edit"
    owner.send(f"{path}?autosave=1", **typed(owner, version=1, notes="First"))
    answer = owner.send(f"{path}?autosave=1", **typed(owner, version=1, notes="Second"))
    assert answer.status_code == 409
    assert "First" in answer.text
    assert "Second" in answer.text
    assert stored(app, owner, invoice_id).notes == "First"


def test_an_autosave_leaves_an_issued_invoice_alone(app: Flask, owner: Visitor) -> None:
    invoice_id = issued(owner)
    answer = owner.send(f"/invoices/{invoice_id}/edit?autosave=1", **typed(owner, notes="x"))
    assert answer.status_code == 409
    assert "issued this draft" in answer.text
    assert stored(app, owner, invoice_id).notes is None


def test_kept_text_is_put_back_without_being_stored(app: Flask, owner: Visitor) -> None:
    answer = owner.send("/invoices/new?restore=1", **typed(owner, notes="Kept <b>text</b>"))
    assert answer.status_code == 200
    assert "Kept &lt;b&gt;text&lt;/b&gt;" in answer.text
    assert 'value="Consulting"' in answer.text
    assert count(app, owner) == 0


# --- two people -----------------------------------------------------------------------------------


def two_people(owner: Visitor, **second: Any) -> tuple[int, Any]:
    """Somebody saved another price and note; then a text that began before that is sent."""
    invoice_id = draft_of(owner)
    path = f"/invoices/{invoice_id}/edit"
    owner.send(path, **typed(owner, version=1, item__id="0", item__price="90,00", notes="Theirs"))
    return invoice_id, owner.send(path, **typed(owner, version=1, **second))


def test_a_stale_save_shows_field_by_field_what_differs(owner: Visitor) -> None:
    _, answer = two_people(owner, notes="Mine", purchase_order="PO 7")
    assert answer.status_code == 409
    text = re.sub(r"\s+", " ", answer.text)
    assert re.search(r'name="choose-notes" value="yours" checked.*?Mine.*?Theirs', text)
    assert "choose-purchase_order" not in text
    assert 'value="PO 7"' in text


def test_the_chosen_fields_are_saved_and_the_rest_stays_mine(app: Flask, owner: Visitor) -> None:
    invoice_id, answer = two_people(owner, notes="Mine", purchase_order="PO 7")
    seen = re.search(r'name="seen_version" value="(\d+)"', answer.text)
    assert seen is not None
    sent = typed(owner, version=1, notes="Mine", purchase_order="PO 7", seen_version=seen[1],
                 choose__notes="theirs")  # fmt: skip
    assert owner.send(f"/invoices/{invoice_id}/edit", **sent).status_code == 302
    after = stored(app, owner, invoice_id)
    assert (after.notes, after.purchase_order) == ("Theirs", "PO 7")


def test_a_choice_made_for_an_older_version_is_asked_again(app: Flask, owner: Visitor) -> None:
    invoice_id, _ = two_people(owner, notes="Mine")
    sent = typed(owner, version=1, notes="Mine", seen_version=1, choose__notes="yours")
    assert owner.send(f"/invoices/{invoice_id}/edit", **sent).status_code == 409
    assert stored(app, owner, invoice_id).notes == "Theirs"


def test_only_what_the_other_changed_is_proposed_from_the_other(app: Flask, owner: Visitor) -> None:
    invoice_id = draft_of(owner)
    first = str(stored(app, owner, invoice_id).items[0].id)
    path = f"/invoices/{invoice_id}/edit"
    owner.send(path, **typed(owner, version=1, item__id=first, item__price="90,00"))
    answer = owner.send(path, **typed(owner, version=1, item__id=first, item__quantity="4"))
    assert answer.status_code == 409
    key = f"choose-row-{first}-price"
    assert f'name="{key}" value="theirs" checked' in answer.text
    assert f"choose-row-{first}-quantity" not in answer.text
    seen = re.search(r'name="seen_version" value="(\d+)"', answer.text)
    assert seen is not None
    fields = typed(owner, version=1, item__id=first, item__quantity="4", seen_version=seen[1])
    fields[key] = "theirs"
    assert owner.send(path, **fields).status_code == 302
    item = stored(app, owner, invoice_id).items[0]
    assert (item.quantity, item.unit_price) == (Decimal(4), Decimal(90))


# --- what can be typed ----------------------------------------------------------------------------


def test_discounts_charges_and_deductions_reach_the_totals(app: Flask, owner: Visitor) -> None:
    invoice_id = draft_of(
        owner, item__off="amount", item__discount="10", item__charge="5", item__reason="Rush",
        discount="10", discount_kind="percent", prepaid="20", withholding="15",
        withholding_on="net", extra__key="x1", extra__kind="charge", extra__size="7.50",
        extra__unit="amount", extra__reason="Freight", extra__tax="spread", extra__kept="",
        payment_terms="2 % within 7 days",
    )  # fmt: skip
    found = stored(app, owner, invoice_id)
    item = found.items[0]
    assert item.total_price == Decimal("245.00")
    assert item.charges[0].reason == "Rush"
    assert found.charges[0].reason == "Freight"
    assert found.total_amount == Decimal("228.00")
    assert found.withheld_total == Decimal("34.20")
    assert found.amount_due == Decimal("173.80")
    assert found.payment_terms == "2 % within 7 days"
    page = owner.get(f"/invoices/{invoice_id}/edit").text
    for value in ("Freight", "7.50", "Rush", "2 % within 7 days"):
        assert f'value="{value.replace(".", ",") if value == "7.50" else value}"' in page


def test_an_item_takes_several_taxes(app: Flask, owner: Visitor) -> None:
    with app.app_context(), businesses.enter_business(owner.business_id):
        ids = [
            tax_rates.create(fields={"name": name, "rate": rate}, by=BY).id
            for name, rate in (("GST", Decimal(5)), ("PST", Decimal(7)))
        ]
    more = {"item__tax": ids[0], "item__more__tax__a1": ids[1]}
    found = stored(app, owner, draft_of(owner, **more))
    assert [tax.name for tax in found.items[0].taxes] == ["GST", "PST"]
    assert found.total_amount == Decimal("280.00")
    twice = owner.send("/invoices/new", **typed(owner, **{**more, "item__more__tax__a1": ids[0]}))
    assert twice.status_code == 422
    assert "chosen twice" in twice.text


def test_what_no_field_shows_stays(app: Flask, owner: Visitor) -> None:
    item = Item("Paper", Decimal(3), Decimal(10), base_quantity=Decimal(2), sku="P-1",
                price_discounts=(PriceDiscount(amount=Decimal(1)),),
                taxes=(Tax("S", Decimal(20), "USt"),))  # fmt: skip
    charge = Adjustment(percent=Decimal(5), base=Decimal(100), reason="Fee", spread=True)
    draft = InvoiceDraft(
        document=Document("EUR", (item,), charges=(charge,)), client_id=owner.client_id
    )
    with app.app_context(), businesses.enter_business(owner.business_id):
        made = invoices.create(draft=draft, by=BY)
    path = f"/invoices/{made.id}/edit"
    for _ in range(2):  # an autosave gives the items new ids; the second must find them
        page = owner.get(path).text
        assert "They stay and are part of the totals" in page
        names = r'name="((?:item|extra)-[a-z]+|version|client|extras)"'
        fields = dict(re.findall(rf"{names}[^>]*? value=\"([^\"]*)\"", page))
        fields |= {"item-unit": "C62", "item-tax": "keep", "currency": "EUR",
                   "extra-unit": "percent", "extra-tax": "spread"}  # fmt: skip
        assert owner.send(path, path, **fields).status_code == 302
    after = stored(app, owner, made.id)
    assert after.total_amount == made.total_amount
    assert after.charges == made.charges
    assert after.items[0].price_discounts == made.items[0].price_discounts
    assert after.items[0].base_quantity == Decimal(2)


def test_a_credit_limit_is_warned_of_before_the_issue(app: Flask, owner: Visitor) -> None:
    with app.app_context(), businesses.enter_business(owner.business_id):
        clients.update(client_id=owner.client_id, fields={"credit_limit": Decimal(400)}, by=BY)
    assert "credit limit of" not in owner.send("/invoices/totals", **typed(owner)).text
    issued(owner)
    words = owner.send("/invoices/totals", **typed(owner)).text
    assert "Harbour Books owes 250,00\xa0€ already" in words
    assert "more than the credit limit of 400,00\xa0€" in words
    assert "credit limit of" in owner.get(f"/invoices/{draft_of(owner)}").text


def test_the_preview_alone_may_stand_in_a_frame(owner: Visitor) -> None:
    answer = owner.send("/invoices/preview", **typed(owner, notes="<script>x</script>"))
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in policy
    assert "unsafe" not in policy
    assert "style-src 'self';" in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "Harbour Books" in answer.text
    assert "250,00" in answer.text
    assert "&lt;script&gt;x" in answer.text
    assert not re.search(r"<script|<style| style=", answer.text)
    page = owner.get("/invoices/new")
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


# --- what is done to an invoice -------------------------------------------------------------------


def test_an_internal_note_can_be_changed_after_the_issue(app: Flask, owner: Visitor) -> None:
    invoice_id = issued(owner)
    path = f"/invoices/{invoice_id}"
    assert owner.send(f"{path}/note", path, internal_note="Asked for it").status_code == 302
    assert stored(app, owner, invoice_id).internal_note == "Asked for it"
    assert "Asked for it" in owner.get(path).text


def test_what_a_message_says_is_shown_before_it_is_sent(app: Flask, owner: Visitor) -> None:
    with app.app_context(), businesses.enter_business(owner.business_id):
        clients.update(client_id=owner.client_id, fields={"email": "a@harbour.test"}, by=BY)
    invoice_id = issued(owner)
    path = f"/invoices/{invoice_id}"
    shown = owner.get(f"{path}/letter?kind=reminder&channel=email").text
    subject = re.search(r'name="subject"[^>]* value="(.+?)"', shown)
    assert 'value="a@harbour.test"' in shown
    assert subject is not None
    sent = {"channel": "email", "recipient": "b@harbour.test"}
    assert owner.send(f"{path}/remind", path, **sent).status_code == 302
    with app.app_context(), businesses.enter_business(owner.business_id):
        message = messages.find(invoice_id=invoice_id).items[0]
    assert (message.kind, message.recipient) == ("reminder", "b@harbour.test")
    assert message.subject in subject[1]
    assert owner.get(f"{path}/letter?channel=pigeon").status_code == 404


def test_nothing_open_is_reminded_of(owner: Visitor) -> None:
    path = f"/invoices/{issued(owner)}"
    fields = {"amount": "250", "date": "2026-11-20", "method": "cash"}
    owner.send(f"{path}/payments", path, **fields)
    answer = owner.send(f"{path}/remind", path, channel="email", recipient="b@harbour.test")
    assert answer.status_code == 409


def test_a_part_of_an_invoice_is_credited_with_its_preview(app: Flask, owner: Visitor) -> None:
    invoice_id = issued(owner)
    path = f"/invoices/{invoice_id}/credit"
    wanted = {"lines": "1", "take__0": "1", "quantity__0": "1", "settlement": "credit"}
    shown = owner.send(f"{path}/preview", path, **wanted)
    assert "100,00" in shown.text
    answer = owner.send(path, path, reason="One hour less", **wanted)
    assert answer.status_code == 302
    assert stored(app, owner, invoice_id).balance_due == Decimal("150.00")
    page = owner.get(answer.location).text
    assert "One hour less" in page
    assert f'href="/invoices/{invoice_id}"' in page
    assert "1,5 nicht" in owner.get(path).text or "1,5 not credited yet" in owner.get(path).text
    assert "CN-" in owner.get("/credit-notes").text


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"take__0": "1", "quantity__0": "3", "reason": "x"}, "at most that"),
     ({"reason": "x"}, "at least one item"), ({"take__0": "1", "quantity__0": "1"}, "fill this in"),
     ({"take__0": "1", "quantity__0": "viel", "reason": "x"}, "not a number")],
)  # fmt: skip
def test_a_wrong_credit_names_its_field(
    app: Flask, owner: Visitor, fields: dict[str, str], words: str
) -> None:
    invoice_id = issued(owner)
    path = f"/invoices/{invoice_id}/credit"
    answer = owner.send(path, path, lines="1", settlement="credit", **fields)
    assert answer.status_code == 422
    assert words in answer.text
    with app.app_context(), businesses.enter_business(owner.business_id):
        assert credit_notes.find(invoice_id=invoice_id).total == 0


def test_credit_notes_of_others_are_not_there(app: Flask, owner: Visitor, viewer: Visitor) -> None:
    invoice_id = issued(owner)
    with app.app_context(), businesses.enter_business(owner.business_id):
        draft = CreditNoteDraft(invoice_id=invoice_id, reason="x")
        note = credit_notes.create(draft=draft, by=BY)
    assert viewer.get(f"/credit-notes/{note.id}").status_code == 200
    assert viewer.get(f"/invoices/{invoice_id}/credit").status_code == 403
    for action in ("remind", "note", "reminders"):
        answer = viewer.send(f"/invoices/{invoice_id}/{action}", "/", channel="email")
        assert answer.status_code == 403
    assert owner.get(f"/credit-notes/{note.id + 1000}").status_code == 404


def test_two_hundred_items_are_kept_and_shown(owner: Visitor) -> None:
    fields: dict[str, Any] = {**owner.hidden("/invoices/new"), **typed(owner)}
    rows = {name.replace("__", "-"): [value] * 200 for name, value in ITEM.items()}
    rows["item-key"] = [f"k{at}" for at in range(200)]
    fields = {name.replace("__", "-"): v for name, v in fields.items()} | rows
    answer = owner.http.post("/invoices/new", data=fields)
    assert answer.status_code == 302
    page = owner.get(f"{answer.location}/edit")
    assert page.text.count("data-row id=") == 200
