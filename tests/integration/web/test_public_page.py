"""The page of an invoice by its link: what it tells, in whose words, and paying by it."""

import re
from datetime import date
from decimal import Decimal

import pytest
from flask import Flask

from invoicer_core.domain.drafts import CreditNoteDraft, PaymentDraft
from invoicer_core.services import (
    businesses,
    clients,
    credit_notes,
    files,
    invoices,
    payments,
)
from invoicer_core.web.portal_brand import as_ink, contrast, on_color
from tests.integration.web.conftest import Visitor
from tests.integration.web.scenes import make_shop, words

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360"
    "606060000000050001a5f645400000000049454e44ae426082"
)


# --- what it tells -------------------------------------------------------------------------------


def test_it_tells_what_is_to_be_paid_and_how(app: Flask, stranger: Visitor) -> None:
    shop = make_shop(app)
    made = shop.issue(notes="Thank you for your trust.", internal_note="margin 61 %", tags=("vip",))
    answer = stranger.get(shop.link(made))
    told = words(answer)
    for text in (
        made.invoice_number, "Harbour Books", "Brand workshop", "Thank you for your trust.",
        "DE89 3704 0044 0532 0130 00", "COBADEFFXXX", "119,00 €", "19,00 €",
    ):  # fmt: skip
        assert text in told, text
    for secret in ("margin 61 %", "vip", "pays late", "Pay online"):
        assert secret not in answer.text
    assert 'data-copy="DE89370400440532013000"' in answer.text
    assert 'src="data:image/svg+xml' in answer.text


def test_nothing_follows_the_reader(app: Flask, stranger: Visitor) -> None:
    shop = make_shop(app)
    answer = stranger.get(shop.link(shop.issue()))
    headers = answer.headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Robots-Tag"] == "noindex"
    assert "Set-Cookie" not in headers
    assert '<meta name="robots" content="noindex">' in answer.text
    hosts = set(re.findall(r'(?:src|href|action)="(https?:)?//([^/"]+)', answer.text))
    assert hosts == set()


@pytest.mark.parametrize(
    ("theirs", "asked", "language", "amount"),
    [("de-AT", "fr", "de", "€ 119,00"), (None, "es-ES,es;q=0.9", "es", "119,00 €"),
     (None, "ja", "de", "119,00 €"), ("sv", "fr", "fr", "119,00 €")],
)  # fmt: skip
def test_it_speaks_the_clients_language_else_the_browsers(
    app: Flask, stranger: Visitor, theirs: str | None, asked: str, language: str, amount: str
) -> None:
    shop = make_shop(app)
    shop.do(clients.update, client_id=shop.client_id, fields={"locale": theirs})
    answer = stranger.get(shop.link(shop.issue()), headers={"Accept-Language": asked})
    assert f'<html lang="{language}"' in answer.text
    assert amount in words(answer).replace("\xa0", " ")


def test_the_brand_can_always_be_read() -> None:
    for brand in ("#000000", "#ffffff", "#ffee00", "#0f766e", "#777777", "#ff0000"):
        text = on_color(brand)
        assert contrast(brand, text) >= 4.5
        for ground in ("#ffffff", "#19212d"):
            assert contrast(as_ink(brand, ground), ground) >= 4.5
    assert as_ink("#0f766e", "#ffffff") == "#0f766e"


def test_logo_and_colour_come_with_the_link_only(app: Flask, stranger: Visitor) -> None:
    shop = make_shop(app)
    link = shop.link(shop.issue())
    assert stranger.get(f"{link}/logo").status_code == 404
    assert "--brand:#0f766e" in stranger.get(f"{link}/colors.css").text
    logo = shop.do(files.upload, name="logo.png", data=PNG)
    shop.do(businesses.update, fields={"logo_file_id": logo.id})
    answer = stranger.get(f"{link}/logo")
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert f"{link}/logo" in stranger.get(link).text
    wrong = link[:-2] + ("AA" if link[-2:] != "AA" else "BB")
    for path in ("", "/pdf", "/logo", "/colors.css"):
        assert stranger.get(wrong + path).status_code == 404


def test_a_draft_is_not_there(app: Flask, stranger: Visitor) -> None:
    shop = make_shop(app)
    draft = shop.issue(issue=False)
    answer = stranger.get(shop.link(draft))
    assert answer.status_code == 404
    assert "Brand workshop" not in answer.text
    assert stranger.get(f"{shop.link(draft)}/pdf").status_code == 404


def test_each_end_is_told_in_its_words(app: Flask, stranger: Visitor) -> None:
    shop = make_shop(app, locale="en")

    def told(made: object) -> str:
        return words(stranger.get(shop.link(made), headers={"Accept-Language": "en"}))  # type: ignore[arg-type]

    void = shop.issue()
    shop.do(invoices.void, invoice_id=void.id, reason="Wrong client")
    assert "This invoice was annulled" in told(void)
    assert "Wrong client" not in told(void)
    paid = shop.issue()
    shop.do(payments.pay_balance, invoice_id=paid.id)
    assert "Paid. Thank you!" in told(paid)
    assert "Payment of €119.00 received" in told(paid)
    credited = shop.issue()
    shop.do(credit_notes.create, draft=CreditNoteDraft(invoice_id=credited.id))
    assert "This invoice was credited" in told(credited)
    assert "Credit note CN-" in told(credited)
    waived = shop.issue()
    shop.do(invoices.write_off, invoice_id=waived.id, reason="hopeless")
    assert "This invoice is settled" in told(waived)
    assert "hopeless" not in told(waived)
    part = shop.issue()
    shop.do(payments.record, draft=PaymentDraft(amount=Decimal("19.00"), invoice_id=part.id,
                                                method="cash", note="in a paper bag"))  # fmt: skip
    assert "€19.00 received, thank you" in told(part)
    assert "Still to pay €100.00" in told(part)
    assert "paper bag" not in told(part)
    for settled in (void, paid, credited, waived):
        assert "IBAN" not in told(settled)


def test_an_overdue_one_says_so(app: Flask, stranger: Visitor) -> None:
    shop = make_shop(app)
    made = shop.issue(issue_date=date(2026, 1, 5), due_date=date(2026, 1, 19))
    told = words(stranger.get(shop.link(made), headers={"Accept-Language": "en"}))
    assert "was due on" in told


def test_without_a_bank_account_it_says_whom_to_ask(app: Flask, stranger: Visitor) -> None:
    shop = make_shop(app, iban=None, bic=None)
    told = words(stranger.get(shop.link(shop.issue()), headers={"Accept-Language": "en"}))
    assert "Ask Atelier Nordlicht how you can pay. hello@atelier.test" in told
