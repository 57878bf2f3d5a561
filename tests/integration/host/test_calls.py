"""Whatever a plugin does inside the core's transaction, the core goes on as if it had not."""

import pytest
from sqlalchemy import text

from invoicer_core.domain.document import Document
from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.domain.errors import Conflict
from invoicer_core.hooks.answers import Objection
from invoicer_core.host import (
    blame_abandoned,
    install,
    objections,
    proposals,
    refuse_objected,
    slots,
    states,
)
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from tests.integration.host.conftest import invoice, make_host, xid
from tests.plugins.crashing.invoicer_crashing import CrashingPlugin
from tests.plugins.good.invoicer_good import GoodPlugin
from tests.plugins.greedy.invoicer_greedy import GreedyPlugin

DRAFT = InvoiceDraft(document=Document("EUR", ()), client_id=1, notes="deliver")


def write():
    """Something of the core's own, in the transaction that plugins are called in."""
    states.switch(db.session, current(), "written_before", on=True)


def current():
    return int(db.session.scalar(text("SELECT current_setting('app.business_id')")))


def is_written():
    return states.read(db.session, current(), frozenset()).of("written_before").enabled


def ask(hook, business, snapshot=None):
    return objections(db.session, hook, snapshot or invoice(), business_id=business)


def reasons(found):
    return {each.plugin: each.reason for each in found}


def test_a_plugin_objects_and_one_that_crashes_objects_too(host_app, business):
    install(host_app, make_host(GoodPlugin, CrashingPlugin))
    assert ask("before_invoice_issued", business, invoice("2000")) == (
        Objection("raised ZeroDivisionError: division by zero", plugin="crashing"),
        Objection("The invoice is above the limit.", "/items", plugin="good"),
    )


def test_without_reasons_all_is_well(host_app, business):
    install(host_app, make_host(GoodPlugin))
    assert ask("before_invoice_issued", business) == ()
    refuse_objected(db.session, "before_invoice_issued", invoice(), business_id=business)


def test_objections_become_a_conflict_that_names_the_plugin(host_app, business):
    install(host_app, make_host(GoodPlugin))
    with pytest.raises(Conflict) as caught:
        refuse_objected(db.session, "before_invoice_issued", invoice("2000"), business_id=business)
    assert caught.value.detail == "good: The invoice is above the limit."
    assert [(each.pointer, each.message) for each in caught.value.fields] == [
        ("/items", "The invoice is above the limit.")
    ]


@pytest.mark.parametrize(
    ("hook", "plugin", "words"),
    [
        ("before_invoice_issued", GreedyPlugin, "tried to commit or roll back"),
        ("before_invoice_sent", GreedyPlugin, "by SQL"),
        ("before_credit_note_issued", GreedyPlugin, "tried to commit or roll back"),
        ("before_invoice_voided", GreedyPlugin, "more than 20 answers"),
        ("before_payment_refunded", GreedyPlugin, "answered str instead of Objections"),
        ("before_invoice_voided", CrashingPlugin, "raised ProgrammingError"),
    ],
)
def test_the_transaction_survives(host_app, business, hook, plugin, words):
    install(host_app, make_host(plugin))
    write()
    before = xid()
    found = ask(hook, business)
    assert [each.plugin for each in found] == [plugin.name]
    assert words in found[0].reason
    assert xid() == before
    assert is_written()
    db.session.commit()
    assert is_written()


def test_what_a_plugin_does_to_its_copy_stays_there(host_app, business):
    install(host_app, make_host(GreedyPlugin))
    mine = invoice(plugins={"good": {"points": 1}})
    ask("before_invoice_issued", business, mine)
    assert mine.plugins == {"good": {"points": 1}}


def test_proposals_are_checked_one_by_one(host_app, business):
    install(host_app, make_host(GoodPlugin, CrashingPlugin, GreedyPlugin))
    found = proposals(db.session, DRAFT, business_id=business)
    assert [(each.plugin, each.description) for each in found.accepted] == [("good", "Delivery")]
    assert reasons(found.refused) == {
        "crashing": "raised SystemExit: 3",
        "greedy": "answered InvoiceDraft instead of ItemProposal",
    }


def test_slots_are_escaped_and_a_crash_is_an_empty_piece(host_app, business):
    install(host_app, make_host(GoodPlugin, CrashingPlugin, GreedyPlugin))
    pieces = slots(
        db.session, "invoice.panels", {"invoice_number": "<INV-1>"}, business_id=business
    )
    assert list(pieces) == [
        "&lt;script&gt;alert(&#39;greed&#39;)&lt;/script&gt;",
        "<p>&lt;INV-1&gt;</p>",
        "<!-- good invoice.panels invoice_number= -->",
    ]
    assert slots(db.session, "nowhere", {}, business_id=business) == ()


def test_a_plugin_that_is_off_is_not_asked(host_app, business):
    install(host_app, make_host(CrashingPlugin))
    states.switch(db.session, business, "crashing", on=False)
    assert ask("before_invoice_issued", business) == ()
    assert slots(db.session, "invoice.panels", {}, business_id=business) == ()


def test_switching_counts_at_once_within_the_transaction(host_app, business):
    install(host_app, make_host(CrashingPlugin))
    assert len(ask("before_invoice_issued", business)) == 1
    states.switch(db.session, business, "crashing", on=False)
    assert ask("before_invoice_issued", business) == ()


def test_one_that_fails_again_and_again_is_paused_and_invoices_go_on(host_app, business):
    install(host_app, make_host(CrashingPlugin))
    for _ in range(states.MOST_FAILURES):
        assert len(ask("before_invoice_issued", business)) == 1
        db.session.rollback()
    assert ask("before_invoice_issued", business) == ()
    state = states.read(db.session, business, frozenset()).of("crashing")
    assert state.paused_at is not None
    assert state.pause_reason == (
        "failed 5 times in a row; the last time: "
        "before_invoice_issued: raised ZeroDivisionError: division by zero"
    )


def test_a_hook_that_keeps_killing_its_process_is_paused(host_app, business, tmp_path):
    install(host_app, make_host(GreedyPlugin))
    for number in range(states.MOST_FAILURES):
        gone = tmp_path / f"{4_194_400 + number}.hook"
        gone.write_text(f'["greedy", "before_invoice_issued", {business}]'.ljust(512))
        assert [each.plugin for each in blame_abandoned(tmp_path)] == ["greedy"]
    assert ask("before_invoice_issued", business) == ()
    state = states.read(db.session, business, frozenset()).of("greedy")
    assert "the process died while it ran" in str(state.pause_reason)


def test_the_pause_is_for_one_business_only(host_app, business, make_business):
    install(host_app, make_host(CrashingPlugin))
    states.pause(db.session, business, "crashing", "enough", on=True)
    db.session.commit()
    other = make_business()
    with enter_business(other):
        assert len(ask("before_invoice_issued", other)) == 1
    assert ask("before_invoice_issued", business) == ()


def test_only_failures_in_a_row_count(host_app, business):
    install(host_app, make_host(GoodPlugin))
    states.failed(db.session, business, "good", "once", on=True)
    db.session.commit()
    assert ask("before_invoice_issued", business) == ()
    db.session.rollback()
    assert states.read(db.session, business, frozenset()).of("good").failures == 0
