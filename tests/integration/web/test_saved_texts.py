"""Texts that are kept, and picked while somebody writes."""

from html import unescape
from typing import Any

import pytest

from tests.integration.web.conftest import Visitor

PAGE = "/settings/saved-texts"


def keep(owner: Visitor, **fields: str) -> Any:
    given = {"name": "Thanks", "kind": "notes", "body": "Thank you & see you soon."}
    return owner.send(PAGE, PAGE, **{**given, **fields})


def first(owner: Visitor) -> str:
    page = owner.get(PAGE).text
    start = page.index(f"{PAGE}/") + len(PAGE) + 1
    return page[start : page.index('"', start)]


def test_a_text_is_kept_and_offered_where_it_belongs(owner: Visitor) -> None:
    assert 'data-text-into="notes"' not in owner.get("/invoices/new").text
    assert keep(owner).status_code == 302
    keep(owner, name="Soon", kind="terms", body="Within 7 days.")
    page = owner.get("/invoices/new").text
    notes = page[page.index('data-text-into="notes"') :].partition("</select>")[0]
    terms = page[page.index('data-text-into="payment_terms"') :].partition("</select>")[0]
    assert "Thank you & see you soon." in unescape(notes)
    assert "Soon" not in notes
    assert "Within 7 days." in terms


def test_it_is_changed_and_deleted(owner: Visitor) -> None:
    keep(owner)
    path = f"{PAGE}/{first(owner)}"
    answer = owner.send(path, path, name="Greeting", kind="notes", body="Hello.", version="1")
    assert answer.status_code == 302
    assert "Greeting" in owner.get(PAGE).text
    stale = owner.send(path, path, name="Mine", kind="notes", body="Hello.", version="1")
    assert stale.status_code == 409
    assert "Somebody else changed this text while you were writing." in stale.text
    assert owner.send(f"{path}/delete", path).status_code == 302
    assert "No texts yet." in owner.get(PAGE).text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"body": ""}, "Please fill this in."),
        ({"kind": "letter"}, "Please choose one of the list."),
        ({"kind": "terms", "body": "x" * 501}, "Terms of payment have at most 500 characters."),
    ],
)
def test_what_cannot_be_kept_is_said(owner: Visitor, fields: dict[str, str], words: str) -> None:
    answer = keep(owner, **fields)
    assert answer.status_code == 422
    assert words in answer.text


def test_a_name_is_used_once(owner: Visitor) -> None:
    keep(owner)
    answer = keep(owner)
    assert answer.status_code == 409
    assert "Another text has this name already." in answer.text


def test_who_may_not_change_settings_keeps_none(owner: Visitor, viewer: Visitor) -> None:
    assert viewer.get(PAGE).status_code == 403
    assert viewer.send(PAGE, "/profile", name="x", kind="notes", body="x").status_code == 403
