"""Statements by the API: guarded, run behind walls, noted down."""

import json

import pytest
from invoicer_ai.sql.allowed import RELATIONS, TEXT_COLUMNS
from invoicer_ai.sql.guard import check
from sqlalchemy import text

from invoicer_core.models import db
from invoicer_core.plugin.use_cases import reporting
from tests.factories import make_caller

SLOW = (
    "SELECT sum((SELECT sum((SELECT sum(a * b * c) FROM generate_series(1, 9999) c))"
    " FROM generate_series(1, 9999) b))"
    " FROM generate_series(1, 9999) a"
)


def audit(what):
    """The newest entries of that name in the audit log."""
    statement = text("SELECT payload FROM audit_entries ORDER BY seq DESC LIMIT 5")
    entries = [json.loads(payload) for payload in db.session.scalars(statement)]
    found = [action for entry in entries for action in entry["actions"] if action["do"] == what]
    assert found, entries
    return found[0]


def test_who_owes_more_than_a_thousand(books) -> None:
    answer = books.execute(
        "SELECT c.name, sum(i.balance_due) AS owed FROM clients c"
        " JOIN invoices i ON i.client_id = c.id GROUP BY c.name HAVING sum(i.balance_due) > 1000"
    )
    assert answer.status_code == 200, answer.text
    found = answer.get_json()
    assert [row[0] for row in found["rows"]] == ["Anker"]
    assert found["columns"] == [
        {"name": "name", "type": "text"},
        {"name": "owed", "type": "numeric"},
    ]
    assert (found["row_count"], found["truncated"]) == (1, False)
    assert found["chart"]["value"] in ("owed", None)


def test_the_neighbours_rows_are_not_there(books, canary) -> None:
    assert books.rows("SELECT name FROM clients ORDER BY 1") == [["Anker"], ["Birke"]]
    for view in RELATIONS:
        shown = json.dumps(books.rows("TABLE " + view))
        assert canary not in shown
        assert "777" not in shown


def test_the_views_say_what_the_api_says(books) -> None:
    listed = books.mine.get("/invoices").get_json()
    names = ("invoice_number", "status", "balance_due")
    wanted = [[str(each[name]) for name in names] for each in listed]
    shown = books.rows("SELECT invoice_number, status, balance_due FROM invoices")
    assert sorted(shown) == sorted(wanted)
    lines = books.rows("SELECT description, quantity, tax_rate, line_total FROM invoice_items")
    items = [item for each in listed for item in each["items"]]
    assert sorted(line[0] for line in lines) == sorted(item["description"] for item in items)


def test_a_thousand_rows_and_no_more(books) -> None:
    answer = books.execute("SELECT n FROM generate_series(1, 5000) AS g(n)").get_json()
    assert (answer["row_count"], answer["truncated"]) == (1000, True)


def test_what_people_ask_runs_and_gives_the_same_as_directly(within, benign) -> None:
    differing = []
    for statement in benign:
        try:
            ran = reporting.run(check(statement).sql)
        except reporting.StatementFailed as failed:
            differing.append((statement, failed.kind))
            continue
        db.session.rollback()
        db.session.execute(text("SET LOCAL search_path = reporting"))
        connection = db.session.connection().connection.driver_connection
        direct = connection.execute(statement.encode()).fetchmany(1000)
        db.session.rollback()
        if sorted(map(str, direct)) != sorted(map(str, ran.rows)):
            differing.append((statement, direct[:2], ran.rows[:2]))
    assert [each for each in differing if "now()" not in each[0]] == []


def test_a_refusal_teaches_and_is_noted(within) -> None:
    answer = within.execute("SELECT pg_sleep(9)")
    problem = answer.get_json()
    assert answer.status_code == 422
    assert "pg_sleep" in problem["detail"]
    assert "sum, count" in problem["detail"]
    assert problem["errors"][0]["pointer"] == "/sql"
    noted = audit("question.refused")
    assert (noted["reason"], noted["sql"]) == ("function", "SELECT pg_sleep(9)")


def test_a_run_is_noted_with_question_statement_and_rows(within) -> None:
    assert within.execute("SELECT name FROM clients", question="Who?").status_code == 200
    noted = audit("question.run")
    assert (noted["question"], noted["sql"], noted["rows"]) == (
        "Who?",
        "SELECT name FROM clients",
        2,
    )


def test_the_databases_own_text_is_not_shown(books) -> None:
    answer = books.execute("SELECT (name || email)::integer FROM clients")
    assert answer.status_code == 422
    assert "anker" not in answer.text.lower()
    answer = books.execute("SELECT 1 / 0")
    assert "NULLIF" in answer.get_json()["detail"]


def test_a_slow_one_is_stopped(books) -> None:
    answer = books.execute(SLOW)
    assert answer.status_code == 422
    assert "seconds" in answer.get_json()["detail"]


def test_the_client_cancels_where_the_server_does_not(within) -> None:
    with pytest.raises(reporting.StatementFailed) as stopped:
        reporting.run(SLOW, cancel_after=0.2)
    assert stopped.value.kind == "QueryCanceled"


def test_it_is_left_where_the_database_hears_no_cancelling(within) -> None:
    """The guard refuses this one: a computation of seconds that nothing interrupts."""
    deaf = " + ".join(["mod(x, y)"] * 12)
    with pytest.raises(reporting.StatementFailed) as left:
        reporting.run(
            f"SELECT {deaf} FROM (SELECT 9.9 ^ 99999 x, 7.7 ^ 50000 y) q",  # noqa: S608
            cancel_after=0.1,
        )
    assert left.value.kind == "Left"
    assert "longer than" in left.value.detail
    assert reporting.run("SELECT 1").rows == ((1,),)


def test_only_two_of_a_business_run_at_a_time(within) -> None:
    with db.engine.connect() as one, db.engine.connect() as two:
        for place, connection in enumerate((one, two)):
            connection.execute(
                text("SELECT pg_advisory_xact_lock(:slot, :business)"),
                {"slot": 7_204_119 + place, "business": within.mine.business_id},
            )
        assert within.execute("SELECT 1").status_code == 429
        two.rollback()
        assert within.execute("SELECT 1").status_code == 200


def test_it_is_for_those_who_may_and_off_until_it_is_switched_on(books) -> None:
    viewer = make_caller(books.app, role="viewer", business_id=books.mine.business_id)
    assert viewer.post("/ai/sql/execute", {"sql": "SELECT 1"}).status_code == 403
    new = make_caller(books.app)
    assert new.post("/ai/sql/execute", {"sql": "SELECT 1"}).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"sql": 1},
        {"sql": "x" * 30_000},
        {"sql": "SELECT 1", "x": 1},
        {"sql": "\0"},
        {"sql": ""},
    ],
)
def test_bad_input_is_a_problem(books, body) -> None:
    answer = books.mine.post("/ai/sql/execute", body)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"


def test_the_guards_columns_are_those_of_the_views(within) -> None:
    views = reporting.described()
    assert {
        name: tuple(column for column in columns if column) for name, columns in views.items()
    } == dict(RELATIONS)
    assert all(columns[""] for columns in views.values())
    texts = ("text", "character", '"char"')
    assert {
        column
        for columns in views.values()
        for column, kind in columns.items()
        if column and kind.startswith(texts)
    } == TEXT_COLUMNS
