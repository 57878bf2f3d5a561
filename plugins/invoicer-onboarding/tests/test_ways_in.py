"""The board, its forms, and the API."""

import io
import re
from uuid import uuid4

import pytest
from flask import Flask
from invoicer_onboarding import OnboardingPlugin, many
from sqlalchemy import text

from invoicer_core import host
from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id, enter_business
from invoicer_core.services import plugins, workflows
from invoicer_core.services.buying import suppliers
from tests.factories import BY


@pytest.fixture
def guild(app: Flask, owner):
    """An owner whose business has the plugin on."""
    with app.app_context(), enter_business(owner.business_id):
        plugins.change(name=OnboardingPlugin.name, enabled=True, settings={}, by=BY)
    return owner


def test_a_supplier_begins_on_the_board_and_stands_in_its_column(guild):
    page = "/plugins/onboarding/"
    answer = guild.send(f"{page}start", page, name="Hill Tools", email="h@hill.test")
    assert answer.status_code == 303
    shown = guild.get(page).text
    first = shown.partition('data-state="DetermineProviderState"')[2].partition("</section>")[0]
    assert "Hill Tools" in first
    assert 'data-live="workflow"' in shown
    (style,) = re.findall(r'href="([^"]+board\.css)"', shown)
    assert guild.get(style).mimetype == "text/css"
    assert all(
        f'data-state="{state}"' in shown
        for state in ("ProviderTypeChoice", "HandleNewProvider", "HandleExistingProvider",
                      "GenerateAndSendInvoiceNew", "GenerateAndSendInvoiceOld",
                      "InvalidProviderType")
    )  # fmt: skip


def test_a_file_without_names_is_refused_in_words(guild):
    page = "/plugins/onboarding/"
    answer = guild.send(f"{page}import", page, file=(io.BytesIO(b"email\na@b.test"), "many.csv"))
    assert answer.status_code == 303
    assert "needs a column called name" in guild.get(page).text


def test_the_diagram_has_the_words_of_the_workflow(app: Flask, guild):
    with app.app_context(), enter_business(guild.business_id):
        definition = workflows.definitions.get(name="supplier-onboarding")
        assert ("InvalidProviderType", "otherwise") in {
            (to, label) for _, to, label in definition.edges()
        }
        assert "ProviderTypeError" in str(workflows.asl(definition))


def test_a_second_click_begins_no_second_run(guild, do):
    page = "/plugins/onboarding/"
    once = uuid4().hex
    for _ in range(2):
        guild.send(f"{page}start", page, once=once, name="Hill Tools")
        file = (io.BytesIO(b"name\nPine"), "many.csv")
        guild.send(f"{page}import", page, once=f"{once[:-1]}0", file=file)
    assert len(do(workflows.find, workflow="supplier-onboarding").items) == 1
    assert len(do(many.imports)) == 1


def test_what_is_wrong_in_the_form_is_named(guild, do):
    page = "/plugins/onboarding/"
    guild.send(f"{page}start", page, name="Hill", email="no address", vat_id="x" * 41)
    shown = guild.get(page).text
    assert "E-mail: Write an e-mail address" in shown
    assert "VAT number: " in shown
    assert do(workflows.find, workflow="supplier-onboarding").items == ()


def test_a_card_tells_evidence_differences_and_that_it_stands_still(guild, do):
    known = {"name": "Bäckerei Huber", "email": "b@h.test", "iban": "DE89370400440532013000"}
    do(suppliers.create, fields=known, by=BY)
    given = {"supplier": {"name": "bäckerei huber gmbh", "city": "Graz", "email": "x@h.test"}}
    run = do(workflows.start, workflow="supplier-onboarding", given=given, by=BY)
    do(_as_if_worked, run.id)
    do(_as_if_old)
    shown = guild.get("/plugins/onboarding/").text
    first = shown.partition('data-state="GenerateAndSendInvoiceOld"')[2].partition("</section>")[0]
    for words in ("Name: Bäckerei Huber (95 %)", "Taken over: City",
                  "Compare by hand: E-mail", "It stands still longer"):  # fmt: skip
        assert words in first


def _as_if_worked(run_id):
    """The steps up to the invoice, done here."""
    for _ in range(2):
        run = workflows.get(run_id=run_id)
        definition = workflows.definitions.get(name="supplier-onboarding")
        ctx = host.current().context("onboarding", current_business_id())
        output = definition.state(run.state).run(ctx, run)
        workflows.correct(run_id=run_id, reason="done here", by=BY, output=output)


def _as_if_old():
    values = {"business": current_business_id()}
    sql = (
        "UPDATE workflow_steps SET created_at = now() - interval '3 days'"
        " WHERE business_id = :business"
    )
    db.session.execute(text(sql), values)
    db.session.commit()


def test_who_may_not_write_suppliers_sees_no_board(guild, viewer, stranger, do):
    page = "/plugins/onboarding/"
    assert stranger.get(page).status_code in {302, 303, 401}
    assert viewer.get(page).status_code == 403
    fields = viewer.hidden("/settings/profile")
    answer = viewer.http.post(
        f"{page}start", data={**fields, "name": "Mine"}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert answer.status_code == 403
    assert do(workflows.find, workflow="supplier-onboarding").items == ()
