"""The settings: every page opens, keeps what was typed, and does what its buttons say."""

import io
import re
from typing import Any

import pytest
from flask import Flask
from PIL import Image

from invoicer_core.models import db
from invoicer_core.models.outbox import AuditEntry
from invoicer_core.services import (
    audit,
    businesses,
    invoices,
    messages,
    plugins,
    series,
    tasks,
    tax_rates,
    webhooks,
)
from tests.factories import BY
from tests.integration.builtin.pdf_reading import Pdf
from tests.integration.web.conftest import Visitor
from tests.integration.web.test_pages import issued

PAGES = (
    "/settings", "/settings/business", "/settings/documents", "/settings/documents/sample",
    "/settings/numbering", "/settings/taxes", "/settings/notifications", "/settings/plugins",
    "/settings/plugins/email", "/settings/webhooks", "/settings/audit", "/settings/export",
    "/settings/jobs",
)  # fmt: skip
HOOK = "https://hooks.example.com/in"


@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_the_settings_is_for_those_who_may(
    owner: Visitor, viewer: Visitor, path: str
) -> None:
    answer = owner.get(path)
    assert answer.status_code == 200, answer.text
    assert viewer.get(path).status_code == 403


def inside(app: Flask, visitor: Visitor) -> Any:
    """The visitor's business, entered."""
    return businesses.enter_business(visitor.business_id)


def test_what_is_missing_is_said_on_the_first_page(owner: Visitor) -> None:
    assert "no bank account yet" in owner.get("/settings").text
    fields = fields_of(owner, "/settings/business") | {"iban": "DE89 3704 0044 0532 0130 00"}
    assert owner.send("/settings/business", "/settings/business", **fields).status_code == 302
    assert "no bank account yet" not in owner.get("/settings").text


def fields_of(visitor: Visitor, path: str) -> dict[str, str]:
    """The form of a page as a browser would send it back."""
    page = visitor.get(path).text
    found = dict(
        re.findall(r'<input class="form-control[^>]* name="([^"]+)"[^>]*? value="([^"]*)"', page)
    )
    found |= dict(
        re.findall(r'<input type="hidden" name="(version|\w+_version)" value="([^"]*)"', page)
    )
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return found


def test_legal_ids_and_terms_are_kept(app: Flask, owner: Visitor) -> None:
    fields = fields_of(owner, "/settings/business") | {
        "legal_name": "Atelier GmbH", "registration": "HRB 99", "registration_scheme": "0002",
        "fiscal_year_start": "7", "prices_include_tax": "1",
    }  # fmt: skip
    assert owner.send("/settings/business", "/settings/business", **fields).status_code == 302
    with app.app_context(), inside(app, owner):
        found = businesses.current()
    assert (found.legal_name, found.settings["fiscal_year_start"]) == ("Atelier GmbH", 7)
    assert found.registration is not None
    assert (found.registration.value, found.registration.scheme) == ("HRB 99", "0002")
    stale = owner.send("/settings/business", "/settings/business", **fields)
    assert stale.status_code == 409
    assert "changed meanwhile" in stale.text


def test_a_logo_is_a_picture(app: Flask, owner: Visitor) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (20, 10), "navy").save(picture, "PNG")
    hidden = owner.hidden("/settings/business")
    headers = {"Sec-Fetch-Site": "same-origin"}
    for data, name, status in ((b"hello", "x.txt", 422), (picture.getvalue(), "l.png", 302)):
        answer = owner.http.post(
            "/settings/business/logo", headers=headers,
            data={**hidden, "logo": (io.BytesIO(data), name)},
        )  # fmt: skip
        assert answer.status_code == status, answer.text
    assert owner.get("/settings/business/logo").mimetype == "image/png"
    owner.send("/settings/business/logo/remove", "/settings/business")
    assert owner.get("/settings/business/logo").status_code == 404


def test_the_documents_words_are_shown_in_the_sample(owner: Visitor) -> None:
    fields = fields_of(owner, "/settings/documents") | {
        "introduction_de": "Danke <b>sehr</b>", "footer_en": "Goodbye", "color": "#0a7d55",
        "column_position": "1", "column_quantity": "1", "column_unit_price": "1",
    }  # fmt: skip
    saved = owner.send("/settings/documents", "/settings/documents", **fields)
    assert saved.status_code == 302, saved.text
    german = owner.get("/settings/documents/sample?language=de")
    assert "frame-ancestors 'self'" in german.headers["Content-Security-Policy"]
    assert german.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "Danke &lt;b&gt;sehr&lt;/b&gt;" in german.text
    english = owner.get("/settings/documents/sample?language=en")
    assert "Goodbye" in english.text
    assert '<th scope="col" class="number">Tax</th>' not in english.text
    pdf = owner.get("/settings/documents/sample.pdf?language=de")
    assert (pdf.status_code, pdf.mimetype) == (200, "application/pdf")
    assert "Danke <b>sehr</b>" in Pdf(pdf.data).text
    assert "frame-src 'self'" in owner.get("/settings/documents").headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in owner.get("/settings").headers["Content-Security-Policy"]


def test_numbers_are_shown_while_typing_and_proved(app: Flask, owner: Visitor) -> None:
    ask = "/settings/numbering/example?invoice_reset=yearly&invoice_pattern="
    assert "R7-" in owner.get(f"{ask}R7-{{year}}-{{seq:03}}").text
    assert "&lt;" not in owner.get(f"{ask}<script>{{seq}}").text.replace("&lt;script", "")
    assert "seq" in owner.get(f"{ask}R7").text
    path = issued(owner)
    owner.send(f"{path}/void", "/settings", reason="typed <twice>")
    issued(owner)
    page = owner.get("/settings/numbering").text
    assert "1 to 2 without a gap" in page
    assert "1 is void" in page
    assert "typed &lt;twice&gt;" in page
    fields = fields_of(owner, "/settings/numbering") | {"invoice_pattern": "no place for it"}
    refused = owner.send("/settings/numbering", "/settings/numbering", **fields)
    assert refused.status_code == 422
    assert 'id="invoice_pattern-error"' in refused.text
    assert "no place for it" in refused.text
    fields["invoice_pattern"] = "R-{year}-{seq:05}"
    assert owner.send("/settings/numbering", "/settings/numbering", **fields).status_code == 302
    with app.app_context(), inside(app, owner):
        patterns = {each.pattern for each in series.find().items}
    assert "R-{year}-{seq:05}" in patterns


def test_a_missing_number_is_named(app: Flask, owner: Visitor) -> None:
    issued(owner)
    with app.app_context(), inside(app, owner):
        (report,) = series.gap_report()
        db.session.execute(
            db.text("UPDATE series_counters SET last = last + 2 WHERE series_id = :id"),
            {"id": report.series_id},
        )
        db.session.commit()
    page = owner.get("/settings/numbering").text
    assert "2 to 3 are missing" in page
    assert "without a gap" not in page


def test_taxes_are_added_changed_and_archived(app: Flask, owner: Visitor) -> None:
    given = {"tax_name": "Reverse", "tax_rate": "0", "tax_category": "AE",
             "exemption_code": "VATEX-EU-AE", "exemption_text": "Reverse charge"}  # fmt: skip
    assert owner.send("/settings/taxes", "/settings/taxes", **given).status_code == 302
    with app.app_context(), inside(app, owner):
        (made,) = [each for each in tax_rates.find().items if each.name == "Reverse"]
    assert made.exemption_code == "VATEX-EU-AE"
    path = f"/settings/taxes/{made.id}"
    assert 'value="Reverse"' in owner.get(path).text
    wrong = owner.send(path, path, **{**given, "tax_rate": "12"})
    assert wrong.status_code == 422
    assert 'id="tax_rate-error"' in wrong.text
    assert owner.send(path, path, **{**given, "tax_name": "Umkehr"}).status_code == 302
    assert owner.send(f"{path}/remove", path).status_code == 302
    assert ">Archived<" in owner.get("/settings/taxes").text
    with app.app_context(), inside(app, owner):
        assert "Umkehr" not in {each.name for each in tax_rates.find().items}


def test_a_test_message_says_how_it_goes(app: Flask, owner: Visitor) -> None:
    page = "/settings/notifications"
    refused = owner.send("/settings/channels/email/test", page, recipient="")
    assert refused.status_code == 422
    answer = owner.send("/settings/channels/email/test", page, recipient="me@owner.test")
    assert answer.status_code == 302
    assert "On its way to me@owner.test" in owner.get(str(answer.location)).text
    with app.app_context(), inside(app, owner):
        (made,) = [each for each in messages.find().items if each.kind == "test"]
    assert (made.recipient, made.channel) == ("me@owner.test", "email")
    assert owner.send("/settings/channels/pigeon/test", page, recipient="x").status_code == 404


def test_a_plugins_settings_are_kept_and_its_secrets_never_shown(
    app: Flask, owner: Visitor
) -> None:
    page = "/settings/plugins/email"
    secret = "smtp://me:canary-7731-secret@mail.test:587"
    fields = {"set-smtp_url": secret, "set-from_address": "office@owner.test", "version": "0"}
    assert owner.send(f"{page}/settings", page, **fields).status_code == 302
    shown = owner.get(page).text
    assert "canary" not in shown
    assert "office@owner.test" in shown
    assert "It ends with" in shown
    kept = {"set-smtp_url": "", "set-from_address": "new@owner.test", "version": "1"}
    assert owner.send(f"{page}/settings", page, **kept).status_code == 302
    with app.app_context(), inside(app, owner):
        found = plugins.get(name="email").settings
    assert found["smtp_url"]["set"]
    assert found["from_address"] == "new@owner.test"
    wrong = {"set-from_address": "x" * 300, "version": "2"}
    refused = owner.send(f"{page}/settings", page, **wrong)
    assert refused.status_code == 422
    assert 'id="set-from_address-error"' in refused.text
    stale = owner.send(f"{page}/settings", page, **kept)
    assert stale.status_code == 409


def test_a_plugin_is_paused_and_goes_on(owner: Visitor, viewer: Visitor) -> None:
    page = "/settings/plugins/email"
    assert viewer.send(f"{page}/pause", "/").status_code == 403
    owner.send(f"{page}/pause", page, back="plugin")
    shown = owner.get(page).text
    assert "Paused since" in shown
    assert "is paused" in owner.get("/settings").text
    owner.send(f"{page}/resume", page, back="plugin")
    assert "Paused since" not in owner.get(page).text
    assert owner.get("/settings/plugins/nobody").status_code == 404


def test_a_webhooks_secret_is_shown_once(app: Flask, owner: Visitor) -> None:
    page = "/settings/webhooks"
    hidden = owner.hidden(page)
    given = {"url": HOOK, "description": "Books", "events": ["invoice.paid", "client.created"]}
    headers = {"Sec-Fetch-Site": "same-origin"}
    made = owner.http.post(page, data={**hidden, **given}, headers=headers)
    assert made.status_code == 200
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", made.text)
    assert secret is not None
    again = owner.http.post(page, data={**hidden, **given}, headers=headers)
    assert again.status_code == 302
    assert "whsec_" not in owner.get(str(again.location)).text
    with app.app_context(), inside(app, owner):
        (found,) = webhooks.find().items
    assert found.events == ("client.created", "invoice.paid")
    path = f"{page}/{found.id}"
    newer = owner.send(f"{path}/secret", path)
    assert "whsec_" in newer.text
    assert secret[0] not in newer.text


@pytest.mark.parametrize(
    ("given", "field"),
    [({"url": "http://hooks.example.com/"}, "url"), ({"url": "https://169.254.169.254/"}, "url"),
     ({"url": ""}, "url"), ({"events": []}, "events")],
)  # fmt: skip
def test_a_wrong_webhook_is_refused_beside_its_field(
    owner: Visitor, given: dict[str, Any], field: str
) -> None:
    page = "/settings/webhooks"
    data = {**owner.hidden(page), "url": HOOK, "events": ["invoice.paid"], **given}
    answer = owner.http.post(page, data=data, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text


def test_webhooks_of_others_are_not_there(app: Flask, owner: Visitor, stranger: Visitor) -> None:
    with app.app_context():
        other = businesses.create(fields={"name": "Other"}, owner_id=1, by=BY)
        with businesses.enter_business(other.id):
            made, _ = webhooks.create(fields={"url": HOOK, "events": ["invoice.paid"]}, by=BY)
    path = f"/settings/webhooks/{made.id}"
    assert owner.get(path).status_code == 404
    for action in ("save", "switch", "secret", "test", "delete"):
        answer = owner.send(f"{path}/{action}", "/settings/webhooks", url=HOOK, events="x")
        assert answer.status_code == 404, action


def test_a_webhook_is_changed_switched_and_deleted(app: Flask, owner: Visitor) -> None:
    with app.app_context(), inside(app, owner):
        made, _ = webhooks.create(fields={"url": HOOK, "events": ["invoice.paid"]}, by=BY)
    path = f"/settings/webhooks/{made.id}"
    fields = {"url": HOOK, "description": "<i>Shop</i>", "events": "client.created", "version": "1"}
    assert owner.send(f"{path}/save", path, **fields).status_code == 302
    assert "&lt;i&gt;Shop&lt;/i&gt;" in owner.get(path).text
    assert owner.send(f"{path}/save", path, **fields).status_code == 409
    assert owner.send(f"{path}/switch", path, on="").status_code == 302
    assert owner.send(f"{path}/test", path).status_code == 302
    assert owner.send(f"{path}/resend", path, delivery="9999999").status_code == 302
    assert owner.send(f"{path}/delete", path).status_code == 302
    assert owner.get(path).status_code == 404


def test_the_audit_log_is_in_words_and_its_chain_checked(app: Flask, owner: Visitor) -> None:
    owner.send("/settings/notifications", "/settings/notifications", notify_paid="1")
    page = owner.get("/settings/audit").text
    assert "Business: changed" in page
    assert owner.email in page
    assert "Business: changed" not in owner.get("/settings/audit?what=client.").text
    assert "Client: created" in owner.get("/settings/audit?what=client.").text
    assert "No entry fits" in owner.get("/settings/audit?who=nobody-at-all").text
    assert "Business: changed" in owner.get(f"/settings/audit?who={owner.email[:6]}").text
    good = owner.send("/settings/audit/check", "/settings/audit")
    assert "nothing is missing or changed" in good.text
    with app.app_context(), inside(app, owner):
        checked = audit.verify()
        assert checked.valid
        count = db.session.query(AuditEntry).count()
    assert checked.entries == count
    table = owner.get("/settings/audit.csv")
    assert table.mimetype == "text/csv"
    assert table.data.decode("utf-8-sig").count("\r\n") >= count


def test_an_export_is_asked_for_by_owners_only(app: Flask, owner: Visitor, viewer: Visitor) -> None:
    answer = owner.send("/settings/export", "/settings/export")
    assert answer.status_code == 302
    assert re.fullmatch(r"/tasks/\d+", str(answer.location))
    with app.app_context(), inside(app, owner):
        (made,) = tasks.find().items
    assert made.kind == "data_export"
    assert viewer.send("/settings/export", "/").status_code == 403


def test_what_was_given_up_is_tried_again_or_discarded(app: Flask, owner: Visitor) -> None:
    with app.app_context(), inside(app, owner):
        made, _ = webhooks.create(fields={"url": HOOK, "events": ["invoice.created"]}, by=BY)
    owner.send("/invoices/new", client=owner.client_id, currency="EUR", item__description="Work",
               item__quantity="1", item__price="5", item__tax="none")  # fmt: skip
    with app.app_context(), inside(app, owner):
        assert invoices.find().items
        webhooks.switch(endpoint_id=made.id, on=False, by=BY)
    page = owner.get("/settings/jobs").text
    assert f"Webhook {HOOK}: invoice.created" in page
    number = re.search(r'name="delivery" value="(\d+)"', page)
    assert number is not None
    assert (
        owner.send("/settings/jobs/discard", "/settings/jobs", delivery=number[1]).status_code
        == 302
    )
    assert "Nothing was given up" in owner.get("/settings/jobs").text
    again = owner.send("/settings/jobs/discard", "/settings/jobs", delivery=number[1])
    assert again.status_code == 404
