"""Pages of lists: by key, in any order, with nothing lost and nothing twice."""

import base64
import json
from datetime import date

import psycopg
import pytest
from sqlalchemy import text

from invoicer_core.config import libpq_url
from invoicer_core.domain.errors import InvalidInput
from invoicer_core.models import db
from invoicer_core.services import clients
from tests.factories import BY

NAMES = ["Zeta", "alpha", "Beta", "alpha", "Gamma 100%", "under_score", "back\\slash", "Ömer"]


@pytest.fixture
def eight(business: int) -> list[int]:
    """Clients with these names, in this order."""
    return [clients.create(fields={"name": name}, by=BY).id for name in NAMES]


def walk(**wishes: object) -> list[int]:
    seen, cursor = [], None
    for _ in range(20):
        page = clients.find(limit=3, cursor=cursor, **wishes)
        assert page.total == len(NAMES)
        assert len(page.items) <= 3
        seen += [client.id for client in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return seen
    raise AssertionError("the list has no end")


@pytest.mark.parametrize("sort", ["id", "-id", "name", "-name", "created_at", "-email", None])
def test_every_row_is_on_one_page(eight, sort):
    assert sorted(walk(sort=sort)) == sorted(eight)


def test_the_order_is_total_and_descending_is_its_reverse(eight):
    assert walk(sort="name") == list(reversed(walk(sort="-name")))
    assert walk() == list(reversed(eight))


def test_a_row_that_is_added_meanwhile_shifts_nothing(eight):
    first = clients.find(limit=3)
    clients.create(fields={"name": "new"}, by=BY)
    second = clients.find(limit=3, cursor=first.next_cursor)
    assert [c.id for c in (*first.items, *second.items)] == list(reversed(eight))[:6]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("ALPHA", ["alpha", "alpha"]),
        ("  gam   100 ", ["Gamma 100%"]),
        ("%", ["Gamma 100%"]),
        ("_", ["under_score"]),
        ("\\", ["back\\slash"]),
        ("ömer", ["Ömer"]),
        ("ÖMER", ["Ömer"]),
        ("' OR 1=1 --", []),
        ("", list(reversed(NAMES))),
    ],
)
def test_search_takes_words_literally(eight, query, names):
    assert [client.name for client in clients.find(q=query).items] == names


def cursor_of(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(list(parts)).encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "", "x", "%%%", "ü", "A" * 5_000, "W10", "e30", "bnVsbA", cursor_of("-id", "7"),
        cursor_of("-id", 7, 7), cursor_of("-id", "seven", 7), cursor_of("-id", "7", "7"),
        cursor_of("-id", "9" * 40, 7), cursor_of("-id", "7", 2**70), cursor_of("-id", "7", -1),
        cursor_of("-id", "7", True), cursor_of("name", "a", 7), cursor_of("-id", "NaN", 7),
        cursor_of("-id; DROP TABLE clients", "7", 7), "W1tb" * 240,
    ],
)  # fmt: skip
def test_a_made_up_cursor_is_refused_by_name(eight, cursor):
    with pytest.raises(InvalidInput) as refusal:
        clients.find(cursor=cursor)
    assert [field.pointer for field in refusal.value.fields] == ["/cursor"]


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
def test_a_text_that_cannot_be_stored_is_refused_everywhere(eight, text):
    for wishes in ({"q": text}, {"sort": "name", "cursor": cursor_of("name", text, 7)}):
        with pytest.raises(InvalidInput):
            clients.find(**wishes)


@pytest.mark.parametrize(
    ("wishes", "pointer"),
    [
        ({"limit": 0}, "/limit"),
        ({"limit": 201}, "/limit"),
        ({"limit": -1}, "/limit"),
        ({"sort": "password"}, "/sort"),
        ({"sort": "name desc"}, "/sort"),
        ({"sort": "--name"}, "/sort"),
        ({"q": "x" * 201}, "/q"),
        ({"status": "gone"}, "/status"),
        ({"start": date(2026, 2, 1), "end": date(2026, 1, 1)}, "/to"),
    ],
)
def test_a_wrong_wish_is_refused_by_name(business, wishes, pointer):
    with pytest.raises(InvalidInput) as refusal:
        clients.find(**wishes)
    assert [field.pointer for field in refusal.value.fields] == [pointer]


def test_days_hold_both_ends_and_any_date(eight):
    today = clients.find(limit=1).items[0].created_at.date()
    assert clients.find(start=today, end=today).total == 8
    assert clients.find(start=date.min, end=date.max).total == 8
    assert clients.find(end=date.min).total == 0


def test_a_cursor_of_another_business_shows_nothing_of_it(eight, other_business):
    from invoicer_core.models.tenancy import enter_business

    cursor = clients.find(limit=3).next_cursor
    with enter_business(other_business):
        page = clients.find(cursor=cursor)
    assert page.items == ()
    assert page.total == 0


def test_search_is_served_by_its_index_under_row_level_security(business, config):
    db.session.execute(
        text(
            "INSERT INTO clients (business_id, name)"
            " SELECT :business, md5(n::text) FROM generate_series(1, 3000) n"
        ),
        {"business": business},
    )
    db.session.commit()
    with psycopg.connect(libpq_url(config.owner_url), autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE clients")
    plan = db.session.scalars(
        text(
            "EXPLAIN SELECT id FROM clients"
            " WHERE business_id = :business AND search LIKE lower('%ABCDEF%')"
        ),
        {"business": business},
    ).all()
    (condition,) = [line for line in plan if "Index Cond" in line and "search" in line] or [plan]
    assert "search ~~ '%abcdef%'" in condition
