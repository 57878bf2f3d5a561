"""The first set-up: every step saves on its own, can be skipped, and is resumed."""

import re
from decimal import Decimal
from io import BytesIO

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select

from invoicer_core.models import db
from invoicer_core.models.documents import Message
from invoicer_core.services import businesses, first_steps, invoices, series, tax_rates
from tests.factories import BY
from tests.integration.web.conftest import Visitor

BUSINESS = {
    "name": "Atelier Nordlicht", "address": "Kai 7", "postcode": "20457", "city": "Hamburg",
    "country": "DE", "vat_id": "DE136695976", "email": "mail@nordlicht.test",
    "iban": "DE89 3704 0044 0532 0130 00",
}  # fmt: skip


def step(visitor: Visitor, name: str, /, **fields: object):
    """Send a step as its page shows it."""
    page = f"/welcome/{name}"
    version = re.search(r'name="version" value="(\d+)"', visitor.get(page).text)
    given = {"version": version[1]} if version else {}
    return visitor.send(page, page, **{**given, **fields})


def test_a_new_owner_is_led_through_and_may_skip_and_resume(app: Flask, owner: Visitor) -> None:
    assert owner.get("/welcome").location == "/welcome/business"
    page = owner.get("/welcome/business").text
    assert "step 1 of 7" in page
    assert 'value="0"' in page
    assert step(owner, "business", **BUSINESS).location == "/welcome/region"
    with app.app_context(), businesses.enter_business(owner.business_id):
        saved = businesses.current()
    assert (saved.name, saved.city, saved.vat_id) == ("Atelier Nordlicht", "Hamburg", "DE136695976")
    skipped = owner.send("/welcome/region/skip", "/welcome/region")
    assert skipped.location == "/welcome/look"
    page = owner.get("/welcome").text
    assert "2 of 7 steps are behind you" in page
    assert 'href="/welcome/look"' in page
    region = step(owner, "region", currency="CHF", locale="de-CH", time_zone="Europe/Zurich",
                  payment_terms_days="10")  # fmt: skip
    assert region.location == "/welcome/look"
    for name in ("look", "numbers", "taxes", "mail"):
        owner.send(f"/welcome/{name}/skip", f"/welcome/{name}")
    done = owner.send("/welcome/invoice/skip", "/welcome/invoice")
    assert done.location == "/welcome"
    assert "Everything is set up" in owner.get("/welcome").text
    with app.app_context(), businesses.enter_business(owner.business_id):
        states = dict(first_steps.progress().steps)
        assert (states["business"], states["region"], states["look"]) == ("done", "done", "skipped")
        assert businesses.current().currency == "CHF"


def test_a_refused_step_names_the_field_and_is_not_done(app: Flask, owner: Visitor) -> None:
    answer = step(owner, "business", **{**BUSINESS, "iban": "DE00 1", "name": "New <i>name</i>"})
    assert answer.status_code == 422
    assert 'id="iban-error"' in answer.text
    assert 'value="New &lt;i&gt;name&lt;/i&gt;"' in answer.text
    with app.app_context(), businesses.enter_business(owner.business_id):
        assert first_steps.progress().done == 0
        assert businesses.current().name == "Atelier"


def test_what_was_changed_meanwhile_is_not_overwritten(app: Flask, owner: Visitor) -> None:
    with app.app_context(), businesses.enter_business(owner.business_id):
        old = businesses.current().version
        businesses.update(fields={"city": "Bremen"}, by=BY)
    answer = step(owner, "business", **BUSINESS, version=str(old))
    assert answer.status_code == 409
    with app.app_context(), businesses.enter_business(owner.business_id):
        assert businesses.current().city == "Bremen"


def picture(kind: str = "PNG") -> BytesIO:
    image = BytesIO()
    Image.new("RGB", (40, 20), "#336699").save(image, kind)
    image.seek(0)
    return image


def test_logo_and_colour(app: Flask, owner: Visitor) -> None:
    assert owner.get("/welcome/look/logo").status_code == 404
    answer = step(owner, "look", color="#a1b2c3", logo=(picture(), "logo.png"))
    assert answer.location == "/welcome/numbers"
    shown = owner.get("/welcome/look/logo")
    assert shown.mimetype == "image/png"
    assert shown.data.startswith(b"\x89PNG")
    page = owner.get("/welcome/look").text
    assert 'fill="#a1b2c3"' in page
    wrong = step(owner, "look", color="#a1b2c3", logo=(BytesIO(b"no picture"), "logo.png"))
    assert wrong.status_code == 422
    assert 'id="logo-error"' in wrong.text
    text = step(owner, "look", color="#a1b2c3", logo=(BytesIO(b"%PDF-1.7\n%%EOF"), "a.pdf"))
    assert text.status_code == 422
    assert owner.get("/welcome/look/logo").data == shown.data
    bad = step(owner, "look", color="red;}")
    assert bad.status_code == 422
    assert owner.send("/welcome/look/logo/remove", "/welcome/look").location == "/welcome/look"
    assert owner.get("/welcome/look/logo").status_code == 404


@pytest.mark.parametrize(
    ("pattern", "reset", "expected"),
    [
        ("R-{seq:03}", "never", "R-001"),
        ("{year}/{seq:05}", "yearly", "/00002"),
        ("R-{seq}", "yearly", "would repeat numbers"),
        ("<b>{seq}", "never", "&lt;b&gt;1"),
        ("", "yearly", "must not be empty"),
        ("{seq}", "sometimes", "The reset is one of"),
    ],
)
def test_the_example_follows_the_pattern(
    owner: Visitor, pattern: str, reset: str, expected: str
) -> None:
    answer = owner.get(
        "/welcome/numbers/example", query_string={"pattern": pattern, "reset": reset}
    )
    assert answer.status_code == 200
    assert expected in answer.text
    assert "<html" not in answer.text


def test_numbers(app: Flask, owner: Visitor) -> None:
    wrong = step(owner, "numbers", pattern="R-{seq}", reset="yearly")
    assert wrong.status_code == 422
    assert 'id="pattern-error"' in wrong.text
    assert step(owner, "numbers", pattern="R-{year}-{seq}", reset="yearly").status_code == 302
    with app.app_context(), businesses.enter_business(owner.business_id):
        found = [each.pattern for each in series.find(document_type="invoice").items]
    assert found == ["R-{year}-{seq}"]


def rates(app: Flask, owner: Visitor) -> dict[str, tuple[Decimal, bool]]:
    with app.app_context(), businesses.enter_business(owner.business_id):
        return {each.name: (each.rate, each.is_default) for each in tax_rates.find().items}


def shown_rates(visitor: Visitor) -> dict[str, str]:
    """The fields of the taxes' page as they stand there."""
    page = visitor.get("/welcome/taxes").text
    fields = dict(re.findall(r'name="((?:id|category)-\d+)" value="([^"]*)"', page))
    fields |= dict(re.findall(r'name="((?:name|rate)-\d+)" type="text" value="([^"]*)"', page))
    fields |= dict.fromkeys(re.findall(r'name="(keep-\d+)" value="1" checked', page), "1")
    usual = re.search(r'name="usual" value="(\d+)" checked', page)
    return fields | ({"usual": usual[1]} if usual else {})


def test_taxes_are_proposed_and_edited(app: Flask, owner: Visitor) -> None:
    fields = shown_rates(owner)
    before = rates(app, owner)
    assert {"VAT", "Reverse charge", "No tax"} <= set(before)
    assert fields["rate-0"] == "19"
    fields |= {"name-0": "MwSt.", "name-1": "MwSt. ermäßigt", "usual": "1"}
    dropped = next(name for name, value in fields.items() if value == "Reverse charge")
    del fields[f"keep-{dropped.partition('-')[2]}"]
    assert step(owner, "taxes", **fields).location == "/welcome/mail"
    after = rates(app, owner)
    assert after["MwSt."] == (Decimal(19), False)
    assert after["MwSt. ermäßigt"] == (Decimal(7), True)
    assert "Reverse charge" not in after
    assert "Reverse charge" in owner.get("/welcome/taxes").text
    again = shown_rates(owner)
    back = next(n for n, value in again.items() if value == "Reverse charge").partition("-")[2]
    assert f"keep-{back}" not in again
    step(owner, "taxes", **again, **{f"keep-{back}": "1"})
    with app.app_context(), businesses.enter_business(owner.business_id):
        made = next(e for e in tax_rates.find().items if e.name == "Reverse charge")
    assert (made.category, made.exemption_code) == ("AE", "VATEX-EU-AE")


def test_taxes_that_cannot_be_change_nothing(app: Flask, owner: Visitor) -> None:
    before, fields = rates(app, owner), shown_rates(owner)
    wrong = step(owner, "taxes", **{**fields, "rate-0": "many", "name-1": ""})
    assert wrong.status_code == 422
    assert 'id="rate-0-error"' in wrong.text
    assert 'value="many"' in wrong.text
    none = step(owner, "taxes", **{n: v for n, v in fields.items() if not n.startswith("keep-")})
    assert none.status_code == 422
    assert "Keep at least one rate" in none.text
    assert rates(app, owner) == before


def test_a_test_mail_tells_what_became_of_it(app: Flask, owner: Visitor) -> None:
    answer = step(owner, "mail", recipient=owner.email)
    assert answer.status_code == 200
    assert "On its way" in answer.text
    found = re.search(r'hx-get="(/welcome/mail/(\d+))"', answer.text)
    assert found is not None
    assert "On its way" in owner.get(found[1]).text
    for state, words in (("failed", "could not be sent: no such host"), ("sent", "took it for")):
        with app.app_context(), businesses.enter_business(owner.business_id):
            row = db.session.scalars(select(Message).where(Message.id == int(found[2]))).one()
            row.state, row.error = state, "no such host"
            db.session.commit()
        assert words in owner.get(found[1]).text
    assert "every 1s" not in owner.get(found[1]).text
    with app.app_context(), businesses.enter_business(owner.business_id):
        assert dict(first_steps.progress().steps)["mail"] == "done"
    assert step(owner, "mail", recipient="nobody").status_code == 422


def test_the_result_of_another_message_is_not_told(app: Flask, owner: Visitor) -> None:
    with app.app_context(), businesses.enter_business(owner.business_id):
        welcome = db.session.scalars(select(Message.id).where(Message.kind == "welcome")).first()
    assert owner.get(f"/welcome/mail/{welcome}").status_code == 404
    assert owner.get("/welcome/mail/99999999").status_code == 404


def test_the_first_invoice_ends_the_set_up(app: Flask, owner: Visitor) -> None:
    page = owner.get("/welcome/invoice").text
    assert 'href="/clients/new"' in page
    assert 'href="/invoices/new"' in page
    item = {"item__key": "a", "item__description": "Work", "item__quantity": "1",
            "item__unit": "HUR", "item__price": "10", "item__tax": "none"}  # fmt: skip
    owner.send("/invoices/new", client=owner.client_id, currency="EUR", **item)
    with app.app_context(), businesses.enter_business(owner.business_id):
        assert invoices.find(limit=1).items
        assert dict(first_steps.progress().steps)["invoice"] == "done"


def test_the_set_up_is_for_those_who_may_change_settings(viewer: Visitor) -> None:
    for path in ("/welcome", "/welcome/business", "/welcome/numbers/example"):
        assert viewer.get(path).status_code == 403
    assert viewer.send("/welcome/look/skip", "/profile").status_code == 403
    assert viewer.send("/welcome/business", "/profile", **BUSINESS).status_code == 403


def test_a_step_that_is_none_is_not_there(owner: Visitor) -> None:
    assert owner.get("/welcome/nonsense").status_code == 404
    assert owner.send("/welcome/nonsense/skip", "/profile").status_code == 404
