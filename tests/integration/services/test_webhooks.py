"""Endpoints of webhooks: what may be stored, what is shown, whose they are."""

import pytest
from sqlalchemy import text

from invoicer_core.domain.errors import Conflict, InvalidInput, NotFound, StaleVersion
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import clients, webhooks
from tests.factories import BY

FIELDS = {"url": "https://hooks.example.com/in", "events": ["client.created"]}


def test_the_secret_is_given_out_once_and_lies_sealed(business: int) -> None:
    made, secret = webhooks.create(fields=FIELDS, by=BY)
    assert secret.startswith("whsec_")
    assert secret not in repr(webhooks.get(endpoint_id=made.id))
    row = db.session.execute(
        text("SELECT w::text FROM webhook_endpoints w WHERE id = :id"), {"id": made.id}
    ).scalar_one()
    assert secret not in row
    assert secret.removeprefix("whsec_") not in row
    entries = db.session.execute(text("SELECT string_agg(payload, ' ') FROM audit_entries"))
    assert secret not in entries.scalar_one()


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"url": "http://hooks.example.com/"}, "/url"),
        ({"url": "https://10.0.0.1/"}, "/url"),
        ({"url": "https://127.0.0.1/"}, "/url"),
        ({"events": []}, "/events"),
        ({"events": ["message.queued"]}, "/events"),
        ({"events": "client.created"}, "/events"),
        ({"secret": "mine"}, "/secret"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(business: int, fields: dict, pointer: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        webhooks.create(fields={**FIELDS, **fields}, by=BY)
    assert [each.pointer for each in refusal.value.fields] == [pointer]


def test_an_edit_of_something_older_is_refused(business: int) -> None:
    made, _ = webhooks.create(fields=FIELDS, by=BY)
    changed = webhooks.update(
        endpoint_id=made.id, fields={"description": "Books"}, by=BY, expected_version=1
    )
    assert (changed.description, changed.version) == ("Books", 2)
    with pytest.raises(StaleVersion):
        webhooks.update(
            endpoint_id=made.id, fields={"description": "Shop"}, by=BY, expected_version=1
        )


def test_another_business_has_no_part_in_it(business: int, other_business: int) -> None:
    made, _ = webhooks.create(fields=FIELDS, by=BY)
    with enter_business(other_business):
        clients.create(fields={"name": "Elsewhere"}, by=BY)
        assert webhooks.find().items == ()
        for use in (webhooks.rotate, webhooks.delete, webhooks.ping):
            with pytest.raises(NotFound):
                use(endpoint_id=made.id, by=BY)
        with pytest.raises(NotFound):
            webhooks.attempts(endpoint_id=made.id)
    db.session.rollback()
    assert webhooks.get(endpoint_id=made.id).waiting == 0


def test_while_off_nothing_is_collected_and_what_was_due_is_kept(business: int) -> None:
    made, _ = webhooks.create(fields=FIELDS, by=BY)
    clients.create(fields={"name": "Before"}, by=BY)
    assert webhooks.get(endpoint_id=made.id).waiting == 1
    webhooks.switch(endpoint_id=made.id, on=False, by=BY)
    clients.create(fields={"name": "During"}, by=BY)
    found = webhooks.get(endpoint_id=made.id)
    assert (found.state, found.waiting, found.held) == ("off", 0, 1)
    assert webhooks.switch(endpoint_id=made.id, on=True, by=BY) == 1


def test_there_are_not_endlessly_many(business: int) -> None:
    for _ in range(webhooks.MOST):
        webhooks.create(fields=FIELDS, by=BY)
    with pytest.raises(Conflict):
        webhooks.create(fields=FIELDS, by=BY)
