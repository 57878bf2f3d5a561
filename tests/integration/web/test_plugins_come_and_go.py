"""Each plugin uninstalled and installed again on a populated database: without it everything
answers and still shows what was done through it, and with it everything of it is there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from flask import Flask
from jinja2 import BytecodeCache, FileSystemBytecodeCache
from sqlalchemy import text

from invoicer_core.app import create_app
from invoicer_core.config import Config, libpq_url
from invoicer_core.domain.errors import Conflict, InvoicerError, NotFound
from invoicer_core.domain.events import event_from
from invoicer_core.domain.work import DeliverySnapshot
from invoicer_core.hooks.answers import RetryLater
from invoicer_core.hooks.offers import PaymentOutcome
from invoicer_core.hooks.plugin import Plugin
from invoicer_core.host import deliver, discover
from invoicer_core.host.lineages import plugin_lineages
from invoicer_core.host.loading import OWN_PACKAGE, Candidate, Loaded, installed, load
from invoicer_core.models import db
from invoicer_core.models.documents import Message
from invoicer_core.models.migrate import upgrade_all
from invoicer_core.models.payments import Payment
from invoicer_core.models.portal import PaymentAttempt
from invoicer_core.services import deliveries, documents, payments, plugins
from invoicer_core.services.messages import sending
from invoicer_core.services.payments import providers
from tests.integration.web.conftest import PASSWORD, Visitor, _enter
from tests.integration.web.plugin_rows import Filler, names_of
from tests.integration.web.scenes import BY, Shop, words
from tests.peers.stands import STANDS, Here
from tests.plugins.good.invoicer_good import GoodPlugin
from tests.plugins.paying.invoicer_paying import PayingPlugin

OUTSIDE = [each for each in installed() if each.package.split(" ")[0] != OWN_PACKAGE]
EXAMPLES = [Candidate(kind.name, kind.__module__, kind) for kind in (GoodPlugin, PayingPlugin)]
REF = "ref-of-the-provider"

pytestmark = pytest.mark.slow


@dataclass
class Story:
    """A business that used a plugin, and what is left of that."""

    loaded: Loaded
    shop: Shop
    visitor: Visitor
    config: Config
    owner: psycopg.Connection[Any]
    without: Flask
    """The application without the plugin."""
    compiled: BytecodeCache
    invoice_id: int = 0
    payment_ids: list[int] = field(default_factory=list)
    message_ids: list[int] = field(default_factory=list)
    queued_ids: list[int] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.loaded.name

    def filler(self) -> Filler:
        mine = {"business_id": self.shop.business_id}
        known = {
            "businesses": {"id": self.shop.business_id},
            "invoices": {**mine, "id": self.invoice_id},
            "clients": {**mine, "id": self.shop.client_id},
        }
        if self.payment_ids:
            known["payments"] = {**mine, "id": self.payment_ids[0]}
        if self.message_ids:
            known["messages"] = {**mine, "id": self.message_ids[0]}
        return Filler(self.owner, self.shop.business_id, known)


@pytest.fixture
def owner_eyes(config: Config) -> Iterator[psycopg.Connection[Any]]:
    """The owner's eyes, and hand: what a plugin wrote, the test writes for it."""
    with psycopg.connect(libpq_url(config.owner_url or ""), autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> BytecodeCache:
    """Templates, compiled once for all the applications here."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("compiled")))


@pytest.fixture(scope="module")
def without(config: Config, compiled: BytecodeCache) -> Flask:
    """The application without any of them."""
    return made(config, compiled)


@pytest.fixture(scope="module")
def using() -> dict[type[Plugin], Flask]:
    """The applications with one of them each, in which the stories begin."""
    return {}


def made(config: Config, compiled: BytecodeCache, *kinds: type[Plugin]) -> Flask:
    """The application with these plugins."""
    app = create_app(config, plugins=kinds)
    app.jinja_env.bytecode_cache = compiled
    return app


@pytest.fixture(params=[*EXAMPLES, *OUTSIDE], ids=lambda each: each.name)
def story(
    request: pytest.FixtureRequest, config: Config, owner: Visitor,
    owner_eyes: psycopg.Connection[Any], without: Flask, compiled: BytecodeCache,
    using: dict[type[Plugin], Flask],
) -> Story:  # fmt: skip
    """A business in which the plugin did all that it offers."""
    loaded = load(request.param)
    kind: type[Plugin] = type(loaded.plugin)
    if kind not in using:
        registry = discover(extra=[kind], entry_points=False, strict=True)
        upgrade_all(config.owner_url or "", plugin_lineages(registry))
        using[kind] = made(config, compiled, kind)
    shop = Shop(using[kind], owner.business_id, owner.client_id, f"{uuid4().hex[:8]}@client.test")
    told = Story(loaded, shop, owner, config, owner_eyes, without, compiled)
    _use(told)
    return told


def _use(story: Story) -> None:
    shop = story.shop
    settings = _settings_of(story)
    found = shop.do(plugins.change, name=story.name, enabled=True, settings=settings)
    story.settings = {**found.settings}
    story.invoice_id = shop.issue().id
    shop.read(lambda: documents.render(invoice_id=story.invoice_id))
    shop.read(_pay, story=story)
    shop.read(_write, story=story)
    _owe(story)
    story.rows = story.filler().fill(story.name)


def _settings_of(story: Story) -> dict[str, Any] | None:
    """As the demo sets it; None where the plugin needs none."""
    stands = [each for each in STANDS if each.plugin == story.name]
    here = Here(9, "http://127.0.0.1:9", story.shop.business_id)
    return stands[0].settings(here) if stands else None


def _pay(story: Story) -> None:
    """A payment begun and settled through each way to pay."""
    for number, provider in enumerate(names_of(story.loaded, "payment_providers")):
        attempt = uuid4()
        row = Payment(
            business_id=story.shop.business_id, public_id=attempt, client_id=story.shop.client_id,
            invoice_id=story.invoice_id, amount=Decimal("1.10"), currency="EUR", method="online",
            status="pending", date=db.session.scalar(text("SELECT current_date")),
            provider=provider, provider_ref=f"{REF}-{number}", recorded_by=story.name,
        )  # fmt: skip
        db.session.add(row)
        db.session.flush()
        mine = {"business_id": row.business_id, "payment_id": row.id}
        db.session.add(PaymentAttempt(**mine, plugin=story.name))
        story.payment_ids.append(row.id)
        db.session.commit()
        payments.settle(
            attempt_id=attempt, by=BY,
            outcome=PaymentOutcome(
                state="succeeded", provider_ref=f"{REF}-{number}", amount=Decimal("1.10"),
                currency="EUR",
            ),
        )  # fmt: skip


def _write(story: Story) -> None:
    """On each channel a message that arrived and one that waits."""
    for channel in names_of(story.loaded, "message_channels"):
        for state, kept in (("delivered", story.message_ids), ("queued", story.queued_ids)):
            row = Message(
                business_id=story.shop.business_id, kind="message", client_id=story.shop.client_id,
                invoice_id=story.invoice_id, channel=channel, recipient="+4940123456",
                subject="About your invoice", text=f"Sent by {channel}", state=state,
                token=uuid4().hex,
            )  # fmt: skip
            db.session.add(row)
            db.session.flush()
            kept.append(row.id)
    db.session.commit()


def _owe(story: Story) -> None:
    """An event that waits for the plugin, and one that was given up."""
    story.owner.execute(
        "INSERT INTO deliveries (business_id, event_id, subscriber, state)"
        " SELECT business_id, id, 'plugin:' || %s, state FROM events,"
        " (VALUES ('invoice.issued', 'parked'), ('invoice.created', 'parked')) given (event, state)"
        " WHERE business_id = %s AND invoice_id = %s AND name = event ON CONFLICT DO NOTHING",
        [story.name, story.shop.business_id, story.invoice_id],
    )


# --- what must answer ----------------------------------------------------------------------------


def addresses(app: Flask, story: Story) -> list[str]:
    """Every page and resource that can be asked for with what the story has."""
    invoice, client = story.invoice_id, story.shop.client_id
    known: dict[str, Any] = {
        "invoice_id": invoice, "invoiceId": invoice, "client_id": client, "clientId": client,
        "token": story.shop.tokens[invoice], "businessId": story.shop.business_id,
    }  # fmt: skip
    if story.payment_ids:
        known |= {"payment_id": story.payment_ids[0], "paymentId": story.payment_ids[0]}
    if story.message_ids:
        known |= {"message_id": story.message_ids[0], "messageId": story.message_ids[0]}
    found = []
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or not rule.arguments <= known.keys():
            continue
        if "static" in rule.endpoint or rule.rule.startswith(
            ("/hooks", "/reset", "/metrics", "/readyz")
        ):
            continue
        found.append(re.sub(r"<(?:\w+:)?(\w+)>", lambda each: str(known[each[1]]), rule.rule))
    return sorted(found)


def statuses(app: Flask, story: Story) -> dict[str, int]:
    """Address -> status, of what did not answer as it should."""
    visitor, api = _enter(app, story.visitor.email), app.test_client()
    given = {"email": story.visitor.email, "password": PASSWORD}
    token = api.post("/api/v1/auth/login", json=given).json["token"]
    wrong = {}
    for address in addresses(app, story):
        if address.startswith("/api/"):
            answer = api.get(address, headers={"Authorization": f"Bearer {token}"})
        else:
            answer = visitor.get(address)
        if answer.status_code >= 500:
            wrong[address] = answer.status_code
    return wrong


def test_everything_answers_without_it(story: Story) -> None:
    asked = addresses(story.without, story)
    assert len(asked) > 100
    assert {f"/invoices/{story.invoice_id}", f"/api/v1/invoices/{story.invoice_id}/pdf"} <= {*asked}
    assert statuses(story.without, story) == {}


def test_what_was_done_through_it_is_still_shown(story: Story) -> None:
    app = story.without
    visitor = _enter(app, story.visitor.email)
    page = words(visitor.get(f"/invoices/{story.invoice_id}"))
    public = words(app.test_client().get(f"/i/{story.shop.tokens[story.invoice_id]}"))
    for payment_id in story.payment_ids:
        assert "1.10" in page.replace("1,10", "1.10")
        assert "1.10" in public.replace("1,10", "1.10")
        assert REF in words(visitor.get(f"/payments/{payment_id}"))
    for message_id in story.message_ids:
        assert "Sent by" in words(visitor.get(f"/messages/{message_id}"))
    pdf = visitor.get(f"/invoices/{story.invoice_id}/pdf")
    assert pdf.data.startswith(b"%PDF-")


def test_what_it_would_have_to_do_is_refused_in_words(story: Story) -> None:
    app = story.without
    story.shop.app = app
    for payment_id in story.payment_ids:
        with pytest.raises(Conflict, match="pay it back by hand"):
            story.shop.do(providers.give_back, payment_id=payment_id, key=uuid4(), reason=None)
    for name in names_of(story.loaded, "payment_providers"):
        with pytest.raises(InvoicerError):
            story.shop.do(
                payments.start, invoice_id=story.invoice_id, provider=name, amount=None,
                attempt_id=uuid4(), page="http://x.test", locale="en",
            )  # fmt: skip
    for name in names_of(story.loaded, "inbound_webhooks"):
        address = f"/hooks/{story.name}/{name}/{story.shop.business_id}"
        assert app.test_client().post(address, data=b"{}").status_code == 404


def test_a_worker_goes_on_without_it(story: Story) -> None:
    story.shop.app = story.without
    event = event_from(
        event_id=1, name="invoice.issued", business_id=story.shop.business_id,
        occurred_at=db_now(story), data={"id": story.invoice_id},
    )  # fmt: skip
    assert story.shop.read(lambda: deliver(story.name, event)).state == "skipped"
    for message_id in story.queued_ids:
        try:
            story.shop.read(
                lambda each=message_id: sending.send_queued(
                    message_id=each, delivery_id=each, last=False
                )
            )
        except (InvoicerError, RetryLater):
            continue
    state = "SELECT state FROM messages WHERE id = ANY(%s)"
    found = {row[0] for row in story.owner.execute(state, [story.queued_ids]).fetchall()}
    assert found <= {"queued", "failed"}


def db_now(story: Story) -> Any:
    row = story.owner.execute("SELECT now()").fetchone()
    assert row is not None
    return row[0]


def parked(story: Story) -> list[DeliverySnapshot]:
    found = story.shop.read(lambda: deliveries.list_parked(subscriber=f"plugin:{story.name}"))
    return list(found.items)


def test_installed_again_all_of_it_is_there(story: Story) -> None:
    before = parked(story)
    story.shop.app = story.without
    with pytest.raises(NotFound):
        story.shop.read(plugins.get, name=story.name)
    # Life goes on meanwhile.
    meanwhile = story.shop.issue()
    story.shop.read(lambda: documents.render(invoice_id=meanwhile.id))
    again = made(story.config, story.compiled, type(story.loaded.plugin))
    story.shop.app = again
    registry = discover(extra=[type(story.loaded.plugin)], entry_points=False, strict=True)
    upgrade_all(story.config.owner_url or "", plugin_lineages(registry))
    found = story.shop.read(plugins.get, name=story.name)
    assert found.enabled
    assert found.settings == story.settings
    assert story.filler().count(story.name) == story.rows
    assert [each.id for each in parked(story)] == [each.id for each in before]
    assert len(before) == 2
    assert statuses(again, story) == {}
