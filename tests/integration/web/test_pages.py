"""Pages against real PostgreSQL: who may see them, what forms do once, and what is refused."""

import re
from decimal import Decimal

import pytest
from flask import Flask

from invoicer_core.domain.document import Adjustment, Document, Item, Tax
from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.services import businesses, documents, invoices, payments
from tests.factories import BY
from tests.integration.web.conftest import Visitor, _enter

ITEM = {
    "item__key": "a1", "item__description": "Consulting", "item__quantity": "2,5",
    "item__unit": "HUR", "item__price": "100,00", "item__tax": "none",
}  # fmt: skip


def issued(owner: Visitor) -> str:
    """The path of a new issued invoice over 250.00."""
    answer = owner.send("/invoices/new", client=owner.client_id, currency="EUR", then="issue",
                        **ITEM)  # fmt: skip
    assert answer.status_code == 302, answer.text
    return str(answer.location)


def test_every_answer_has_its_headers(owner: Visitor) -> None:
    for path in ("/", "/sign-in", "/static/dist/nothing.js", "/invoices/99999999"):
        answer = owner.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        for part in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'",
                     "form-action 'self'"):  # fmt: skip
            assert part in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "Strict-Transport-Security" not in answer.headers
    assert owner.get("/").headers["Cache-Control"] == "no-store"


def test_strangers_are_sent_to_sign_in_and_back(stranger: Visitor) -> None:
    answer = stranger.get("/invoices?status=open")
    assert answer.location == "/sign-in?next=/invoices?status%3Dopen"
    assert stranger.get("/", headers={"HX-Request": "true"}).status_code == 401


def test_a_wrong_password_says_so_and_keeps_the_address(stranger: Visitor, owner: Visitor) -> None:
    answer = stranger.send("/sign-in", "/sign-in", email=owner.email, password="wrong, wrong")
    assert answer.status_code == 401
    assert "do not belong together" in answer.text
    assert f'value="{owner.email}"' in answer.text
    assert "wrong, wrong" not in answer.text


def test_the_session_cookie_is_closed_to_scripts_and_other_sites(
    app: Flask, owner: Visitor
) -> None:
    cookie = _enter(app, owner.email).http.get_cookie("invoicer_session")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"


def test_signing_out_ends_the_session_itself(owner: Visitor) -> None:
    cookie = owner.http.get_cookie("invoicer_session")
    assert cookie is not None
    owner.send("/sign-out", "/")
    owner.http.set_cookie("invoicer_session", cookie.value)
    assert owner.get("/").status_code == 302


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
     {"Origin": "https://evil.test"}],
)  # fmt: skip
def test_another_site_can_not_send_forms(owner: Visitor, headers: dict[str, str]) -> None:
    hidden = owner.hidden("/clients/new")
    values = {**hidden, "name": "Planted"}
    assert owner.http.post("/clients/new", data=values, headers=headers).status_code == 403
    assert "Planted" not in owner.get("/clients").text


@pytest.mark.parametrize("secret", ["", "0" * 64, "ü"])
def test_a_form_without_its_secret_is_refused(owner: Visitor, secret: str) -> None:
    answer = owner.send("/clients/new", form_secret=secret, name="Planted")
    assert answer.status_code == 403
    assert "Planted" not in owner.get("/clients").text


def test_the_secret_of_another_browser_is_of_no_use(owner: Visitor, viewer: Visitor) -> None:
    taken = viewer.hidden("/")["form_secret"]
    assert owner.send("/clients/new", form_secret=taken, name="Planted").status_code == 403


def test_a_form_sent_twice_does_it_once(app: Flask, owner: Visitor) -> None:
    hidden = owner.hidden("/invoices/new")
    fields = {**hidden, **ITEM, "client": owner.client_id, "currency": "EUR"}
    first = owner.send("/invoices/new", **fields)
    second = owner.send("/invoices/new", **fields)
    assert first.location == second.location
    path = issued(owner)
    payment = {**owner.hidden(path), "amount": "100", "date": "2026-11-20", "method": "cash"}
    for _ in range(2):
        assert owner.send(f"{path}/payments", **payment).status_code == 302
    with app.app_context(), businesses.enter_business(owner.business_id):
        assert payments.find(invoice_id=int(path.rsplit("/", 1)[1])).total == 1


def test_a_refused_form_names_the_field_and_keeps_the_text(owner: Visitor) -> None:
    answer = owner.send(
        "/invoices/new", client=owner.client_id, currency="EUR",
        notes="Grüße </textarea><script>x</script>", **{**ITEM, "item__quantity": "zwei"},
    )  # fmt: skip
    assert answer.status_code == 422
    assert re.search(r'id="quantity-a1-error">This is not a number', answer.text)
    assert 'value="zwei"' in answer.text
    assert "Grüße &lt;/textarea&gt;&lt;script&gt;" in answer.text
    assert "<script>x" not in answer.text


def test_a_services_refusal_stands_beside_its_field(owner: Visitor) -> None:
    answer = owner.send("/clients/new", name="Kiefer", vat_id="not a vat id at all!")
    assert answer.status_code == 422
    assert 'id="vat_id-error"' in answer.text
    answer = owner.send("/invoices/new", client=owner.client_id, currency="EUR",
                        issue_date="2026-11-20", due_date="2026-11-01", **ITEM)  # fmt: skip
    assert answer.status_code == 422
    assert 'id="due_date-error"' in answer.text


def test_a_stale_edit_overwrites_nothing(app: Flask, owner: Visitor) -> None:
    path = str(owner.send("/invoices/new", client=owner.client_id, currency="EUR", **ITEM).location)
    fields = {"client": owner.client_id, "currency": "EUR", "version": 1}
    saved = {**ITEM, "item__description": "First"}
    assert owner.send(f"{path}/edit", **fields, **saved).status_code == 302
    answer = owner.send(f"{path}/edit", **fields, **{**ITEM, "item__description": "Second"})
    assert answer.status_code == 409
    assert "Somebody else saved this draft" in answer.text
    with app.app_context(), businesses.enter_business(owner.business_id):
        found = invoices.get(invoice_id=int(path.rsplit("/", 1)[1]))
    assert found.items[0].description == "First"


def test_a_viewer_looks_but_does_not_touch(owner: Visitor, viewer: Visitor) -> None:
    path = issued(owner)
    page = viewer.get(path)
    assert page.status_code == 200
    assert "Record payment" not in page.text
    assert viewer.get("/invoices/new").status_code == 403
    for action in ("void", "payments", "duplicate", "credit", "send"):
        assert viewer.send(f"{path}/{action}", "/", reason="x").status_code == 403
    assert viewer.get("/settings").status_code == 403


def test_things_of_others_are_not_there(app: Flask, owner: Visitor, stranger: Visitor) -> None:
    path = issued(owner)
    other = Visitor(app.test_client())
    other_owner = _another(app, other)
    for page in (path, f"{path}/edit", f"{path}/pdf", f"/clients/{owner.client_id}"):
        assert other_owner.get(page).status_code == 404
    answer = other_owner.send(f"{path}/void", "/", reason="x")
    assert answer.status_code == 404
    foreign = other_owner.send("/invoices/new", client=owner.client_id, currency="EUR", **ITEM)
    assert foreign.status_code == 422 or foreign.status_code == 404
    assert "Harbour Books" not in foreign.text


def _another(app: Flask, visitor: Visitor) -> Visitor:
    from uuid import uuid4

    from invoicer_core.services.identity import users
    from tests.integration.web.conftest import PASSWORD

    email = f"{uuid4().hex[:12]}@other.test"
    with app.app_context():
        users.register(email=email, password=PASSWORD, business={"name": "Other"})
    visitor.send("/sign-in", "/sign-in", email=email, password=PASSWORD)
    return visitor


def test_an_invoices_page_leads_to_its_credit_notes_and_receipts(
    app: Flask, owner: Visitor
) -> None:
    path = issued(owner)
    fields = {"amount": "100", "date": "2026-11-20", "method": "cash"}
    assert owner.send(f"{path}/payments", path, **fields).status_code == 302
    assert owner.send(f"{path}/credit", path, reason="back", settlement="credit").status_code == 302
    links = re.findall(
        r'href="(/credit-notes/(\d+)/pdf|/payments/\d+/receipt)"', owner.get(path).text
    )
    assert len(links) == 2
    note_id = next(int(found) for _, found in links if found)
    with app.app_context(), businesses.enter_business(owner.business_id):
        documents.render(credit_note_id=note_id)
    other = _another(app, Visitor(app.test_client()))
    for link, _ in links:
        answer = owner.get(link)
        assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
        assert answer.data.startswith(b"%PDF-")
        assert other.get(link).status_code == 404


def test_the_clients_page_needs_the_whole_link(owner: Visitor, stranger: Visitor) -> None:
    found = re.search(r'data-copy="[^"]*(/i/[^"]+)"', owner.get(issued(owner)).text)
    assert found is not None
    link = found[1]
    answer = stranger.get(link)
    assert answer.status_code == 200
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in answer.headers
    changed = link[:-2] + ("AA" if link[-2:] != "AA" else "BB")
    for wrong in (changed, link[:-4], "/i/x", "/i/" + "A" * 500):
        assert stranger.get(wrong).status_code == 404


def a_draft_with_more(client_id: int) -> InvoiceDraft:
    """A charge, two taxes on a line, a percentage of all, something prepaid."""
    rush = Adjustment(amount=Decimal("5.00"), reason="rush")
    item = Item(
        "Work", Decimal(3), Decimal("33.335"), charges=(rush,), sku="W-1",
        taxes=(Tax("S", Decimal(20), "USt"), Tax("S", Decimal(5), "City", compound=True)),
    )  # fmt: skip
    discount = Adjustment(percent=Decimal(10), reason="regular", spread=True)
    document = Document("EUR", (item,), discounts=(discount,), prepaid=(Decimal("10.00"),))
    return InvoiceDraft(document=document, client_id=client_id)


def test_the_editor_keeps_what_it_does_not_show(app: Flask, owner: Visitor) -> None:
    with app.app_context(), businesses.enter_business(owner.business_id):
        made = invoices.create(draft=a_draft_with_more(owner.client_id), by=BY)
    path = f"/invoices/{made.id}/edit"
    assert "They stay and are part of the totals" in owner.get(path).text
    page = owner.get(path).text
    fields = dict(
        re.findall(
            r'name="(item-[a-z]+|version|currency|client|discount)"[^>]* value="([^"]*)"', page
        )
    )
    fields |= {"item-unit": "C62", "item-tax": "keep", "currency": "EUR"}
    fields |= dict(re.findall(r'<input type="hidden" name="(item-[a-z]+)" value="([^"]*)"', page))
    answer = owner.send(path, path, **fields)
    assert answer.status_code == 302, answer.text
    with app.app_context(), businesses.enter_business(owner.business_id):
        after = invoices.get(invoice_id=made.id)
    assert after.total_amount == made.total_amount
    assert after.amount_due == made.amount_due
    assert after.discounts == made.discounts
    assert after.items[0].charges == made.items[0].charges
    assert after.items[0].taxes == made.items[0].taxes
    assert after.items[0].unit_price == made.items[0].unit_price


@pytest.mark.parametrize(
    ("path", "status"),
    [("/nothing-here", 404), ("/invoices/0", 404), ("/invoices/99999999999999999999", 404),
     ("/invoices?cursor=x", 422), ("/invoices?status=evil&client_id=x", 200),
     ("/clients?q=" + "x" * 300, 422), ("/settings/nothing", 404)],
)  # fmt: skip
def test_odd_addresses_get_a_page_that_helps(owner: Visitor, path: str, status: int) -> None:
    answer = owner.get(path)
    assert answer.status_code == status
    assert "text/html" in answer.headers["Content-Type"]
    assert "Traceback" not in answer.text


def test_built_files_are_small_and_kept(owner: Visitor) -> None:
    page = owner.get("/").text
    total = 0
    for name in re.findall(r'(?:src|href)="(/static/dist/[^"#]+)"', page):
        answer = owner.get(name, headers={"Accept-Encoding": "br, gzip"})
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        total += len(answer.data)
    assert 50_000 < total < 250_000
