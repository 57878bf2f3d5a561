"""Clients from a file: the columns guessed and chosen, each wrong row told, all rows or none."""

import io
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from flask_babel import force_locale

from invoicer_core.models import db
from invoicer_core.models.tasks import Task
from invoicer_core.services import businesses, clients, files, table_import, tasks
from invoicer_core.services.clients import importing
from tests.integration.web.conftest import Visitor

GOOD = (
    "Kunde;E-Mail;Straße;PLZ;Ort;Land;USt-IdNr.;Zahlungsziel;Farbe\n"
    "Kiefer GmbH;post@kiefer.test;Weg 1;20259;Hamburg;Deutschland;DE123456789;30;rot\n"
    "=cmd();x@cmd.test;;;Wien;at;;;\n"
    "Harbour Books;;;;;;;;\n"
)


@pytest.fixture
def entered(app: Flask, owner: Visitor):  # type: ignore[no-untyped-def]
    """The owner's business from inside, for as long as the block lasts."""

    @contextmanager
    def enter() -> Iterator[None]:
        with app.app_context(), businesses.enter_business(owner.business_id):
            yield

    return enter


def upload(owner: Visitor, text: str, name: str = "clients.csv") -> str:
    """The path of the page that asks what the columns hold."""
    file = (io.BytesIO(text.encode()), name)
    answer = owner.send("/clients/import", "/clients/import", file=file)
    assert answer.status_code == 302, answer.text
    return str(answer.location)


def guessed(owner: Visitor, path: str) -> dict[str, str]:
    """The choices as the page suggests them."""
    form = {}
    for part in owner.get(path).text.split("<select")[1:]:
        name = part.split('name="')[1].split('"')[0]
        chosen = part.split("</select>")[0].partition('" selected')[0]
        if name.startswith("column-") and '" selected' in part.split("</select>")[0]:
            form[name] = chosen.rsplit('value="', 1)[1]
    return form


def test_columns_are_guessed_and_rows_come_in_once(owner: Visitor, entered) -> None:  # type: ignore[no-untyped-def]
    path = upload(owner, GOOD)
    choice = guessed(owner, path)
    assert choice == {
        "column-0": "name", "column-1": "email", "column-2": "address", "column-3": "postcode",
        "column-4": "city", "column-5": "country", "column-6": "vat_id",
        "column-7": "payment_terms_days",
    }  # fmt: skip
    fields = {**owner.hidden(path), **choice}
    assert owner.send(path, path, **fields).location == "/clients"
    page = owner.get("/clients").text
    assert owner.send(path, "/clients", **fields).location == "/clients"
    assert "2 clients are added." in page
    assert "1 row was left out" in page
    with entered():
        found = {each.name: each for each in clients.find().items}
        assert files.find().items == ()
    assert set(found) == {"Kiefer GmbH", "=cmd()", "Harbour Books"}
    kiefer = found["Kiefer GmbH"]
    assert (kiefer.country, kiefer.city, kiefer.payment_terms_days) == ("DE", "Hamburg", 30)
    assert found["=cmd()"].country == "AT"


def test_each_wrong_row_is_told_and_none_comes_in(owner: Visitor, entered) -> None:  # type: ignore[no-untyped-def]
    path = upload(owner, "Name,Mail,VAT\nGood,g@good.test,\n,x@x.test,\nBad,not-an-address,??\n")
    answer = owner.send(path, path, **guessed(owner, path))
    assert answer.status_code == 422
    assert "Nothing was imported: 3 faults" in answer.text
    assert "Line 3 · Name" in answer.text
    assert "Line 4 · Mail" in answer.text
    assert "Line 4 · VAT" in answer.text
    with entered():
        assert {each.name for each in clients.find().items} == {"Harbour Books"}


def test_a_file_without_names_or_that_is_no_table_is_refused(owner: Visitor) -> None:
    path = upload(owner, "Name,Mail\nGood,g@good.test\n")
    answer = owner.send(path, path, **{"column-1": "email"})
    assert answer.status_code == 422
    assert "Choose the column that holds: Name." in answer.text
    twice = owner.send(path, path, **{"column-0": "name", "column-1": "name"})
    assert "Another column holds this already." in twice.text
    none = owner.send("/clients/import", "/clients/import")
    assert none.status_code == 422
    file = (io.BytesIO(b"Name\n"), "empty.csv")
    assert owner.send("/clients/import", "/clients/import", file=file).status_code == 422


def test_a_large_file_is_read_in_the_background(owner: Visitor, entered) -> None:  # type: ignore[no-untyped-def]
    rows = "".join(f"Client {n},c{n}@many.test\n" for n in range(table_import.AT_ONCE + 1))
    path = upload(owner, f"Name,Mail\n{rows}")
    answer = owner.send(path, path, **guessed(owner, path))
    assert str(answer.location).startswith("/tasks/")
    with entered():
        row = db.session.get(Task, int(str(answer.location).rsplit("/", 1)[1]))
        assert row is not None
        with force_locale("en"):
            importing.import_all(tasks.Running(row))
        assert clients.find().total == table_import.AT_ONCE + 2
        done = tasks.get(task_id=row.id)
    assert done.state == "done"
    assert done.message.startswith("201 clients are added.")


def test_a_viewer_imports_nothing(owner: Visitor, viewer: Visitor) -> None:
    assert viewer.get("/clients/import").status_code == 403
    assert "Import" not in viewer.get("/clients").text
