"""Changing the address one signs in with, by a link that is mailed to the new one."""

import re
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from invoicer_core.models import db
from invoicer_core.models.documents import Message
from invoicer_core.services import businesses
from invoicer_core.services.identity import users
from tests.integration.web.conftest import PASSWORD, Visitor

PAGE = "/profile/email"


def mails(app: Flask, owner: Visitor, kind: str) -> list[tuple[str, str]]:
    with app.app_context(), businesses.enter_business(owner.business_id):
        rows = db.session.query(Message).filter_by(business_id=owner.business_id, kind=kind)
        return [(row.recipient, row.text or "") for row in rows.order_by(Message.id)]


def link_in(words: str) -> str:
    found = re.search(r"/confirm-address/\S+", words)
    assert found is not None, words
    return found[0]


@pytest.fixture
def new() -> str:
    return f"{uuid4().hex[:10]}@new.test"


def ask(owner: Visitor, email: str, password: str = PASSWORD) -> Any:
    return owner.send(PAGE, PAGE, email=email, password=password)


def test_the_address_changes_by_the_link_and_the_old_one_is_told(
    app: Flask, owner: Visitor, stranger: Visitor, new: str
) -> None:
    assert ask(owner, new).status_code == 302
    assert "A link is on its way to" in owner.get("/profile").text
    ((recipient, words),) = mails(app, owner, "email_change")
    assert recipient == new
    link = link_in(words)
    assert new in stranger.get(link).text  # looking changes nothing
    assert owner.email in owner.get("/profile").text
    assert stranger.send(link, link).status_code == 302
    assert new in owner.get("/profile").text
    ((told, warning),) = mails(app, owner, "email_changed")
    assert told == owner.email
    assert new in warning
    fresh = Visitor(app.test_client())
    page = "/sign-in"
    assert fresh.send(page, page, email=owner.email, password=PASSWORD).status_code == 401
    assert fresh.send(page, page, email=new, password=PASSWORD).status_code == 302


def test_a_link_counts_once(app: Flask, owner: Visitor, stranger: Visitor, new: str) -> None:
    ask(owner, new)
    link = link_in(mails(app, owner, "email_change")[0][1])
    stranger.send(link, link)
    assert stranger.get(link).status_code == 404
    assert stranger.send(link, "/sign-in").status_code == 404


def test_a_link_is_too_old_after_an_hour(app: Flask, owner: Visitor, new: str) -> None:
    ask(owner, new)
    link = link_in(mails(app, owner, "email_change")[0][1])
    with app.app_context():
        db.session.execute(
            text("UPDATE one_time_tokens SET expires_at = now() WHERE email = :new"), {"new": new}
        )
        db.session.commit()
    answer = owner.send(link, "/profile")
    assert answer.status_code == 404
    assert "is too old" in answer.text
    assert owner.email in owner.get("/profile").text


def test_a_second_wish_ends_the_first_link(app: Flask, owner: Visitor, new: str) -> None:
    ask(owner, new)
    ask(owner, f"other-{new}")
    first, second = (link_in(words) for _to, words in mails(app, owner, "email_change"))
    assert owner.get(first).status_code == 404
    assert owner.get(second).status_code == 200


def test_the_password_is_asked(app: Flask, owner: Visitor, new: str) -> None:
    answer = ask(owner, new, "not the password")
    assert answer.status_code == 403
    assert "This is not your password." in answer.text
    assert mails(app, owner, "email_change") == []


def test_whether_an_address_is_taken_is_told_to_nobody(
    app: Flask, owner: Visitor, new: str
) -> None:
    with app.app_context():
        users.register(email=new, password=PASSWORD, business={"name": "Theirs"})
    assert ask(owner, new).status_code == 302
    assert mails(app, owner, "email_change") == []


def test_a_link_for_another_address_sets_no_password(
    app: Flask, owner: Visitor, stranger: Visitor, new: str
) -> None:
    ask(owner, new)
    token = link_in(mails(app, owner, "email_change")[0][1]).rpartition("/")[2]
    answer = stranger.send(f"/reset/{token}", f"/reset/{token}", password="another quiet lake 7")
    assert answer.status_code == 422


def test_the_link_is_kept_from_colleagues(app: Flask, owner: Visitor, new: str) -> None:
    ask(owner, new)
    assert "confirm-address" not in owner.get("/messages").text
