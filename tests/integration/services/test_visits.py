"""Visits are counted, and nothing that tells who it was is kept."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from invoicer_core.domain.devices import device_of
from invoicer_core.models import db
from invoicer_core.models.insight import Visit
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import clients, upkeep, visits
from tests.factories import BY, make_business

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148 Safari/604.1"
DESK = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def rows() -> list[Visit]:
    return list(db.session.scalars(select(Visit).order_by(Visit.id).execution_options(
        populate_existing=True)))  # fmt: skip


def test_a_stay_is_one_row_and_others_have_their_own(business: int) -> None:
    client = clients.create(fields={"name": "Kiefer"}, by=BY).id
    for visitor, agent, channel in (
        ("10.1.2.3", PHONE, "email"), ("10.1.2.3", PHONE, "email"), ("10.1.2.4", DESK, "evil"),
        ("10.1.2.4", "Slackbot-LinkExpanding 1.0", "email"), ("10.1.2.4", None, "email"),
    ):  # fmt: skip
        visits.note(client_id=client, channel=channel, user_agent=agent, visitor=visitor)
    found = rows()
    assert [(row.channel, row.device, row.views) for row in found] == [
        ("email", "mobile", 2), ("link", "desktop", 1),
    ]  # fmt: skip
    assert found[0].visitor != found[1].visitor
    assert found[0].last_at > found[0].created_at


def test_the_same_visitor_is_another_one_elsewhere(app: Flask, other_business: int) -> None:
    seen = []
    for business_id in (other_business, make_business()):
        with enter_business(business_id):
            visits.note(channel=None, user_agent=DESK, visitor="10.1.2.3")
            (row,) = rows()
            seen.append(row.visitor)
            assert b"10.1.2.3" not in row.visitor
    assert seen[0] != seen[1]


@pytest.mark.parametrize(
    ("agent", "device"),
    [(PHONE, "mobile"), (DESK, "desktop"), ("Mozilla/5.0 (iPad; CPU OS 17_5)", "tablet"),
     ("Mozilla/5.0 (Linux; Android 15; Pixel Tablet)", "tablet"),
     ("Mozilla/5.0 (Linux; Android 15; Pixel 9) Mobile Safari", "mobile"),
     ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "desktop"), ("Lynx/2.9", "other")],
)  # fmt: skip
def test_devices_by_what_browsers_say(agent: str, device: str) -> None:
    assert device_of(agent) == device


def test_old_visits_are_forgotten_with_the_purge(business: int, other_business: int) -> None:
    now = datetime.now(UTC)
    for age in (0, 399, 401, 900):
        visits.note(channel=None, user_agent=DESK, visitor="v", at=now - timedelta(days=age))
    with enter_business(other_business):
        visits.note(channel=None, user_agent=DESK, visitor="v", at=now - timedelta(days=900))
    with enter_business(business):
        upkeep.purge_business()
        assert sorted((now - row.last_at).days for row in rows()) == [0, 399]
    with enter_business(other_business):
        assert len(rows()) == 1
