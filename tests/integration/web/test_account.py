"""One's own account: name and language, password, and where one is signed in."""

from flask import Flask
from sqlalchemy import text

from invoicer_core.models import db
from tests.integration.web.conftest import PASSWORD, Visitor, _enter

NEW = "seven herons over the lake"


def test_name_and_language(owner: Visitor) -> None:
    assert 'value=""' in owner.get("/profile").text
    saved = owner.send("/profile", "/profile", name="Mara <b>Lind</b>", locale="de")
    assert saved.location == "/profile"
    page = owner.get("/profile").text
    assert "Mara &lt;b&gt;Lind&lt;/b&gt;" in page
    assert '<html lang="de"' in page
    assert '<option value="de" selected>Deutsch' in page
    owner.send("/profile", "/profile", name="", locale="")
    assert '<html lang="en"' in owner.get("/profile").text
    refused = owner.send("/profile", "/profile", name="x" * 201, locale="tlh")
    assert refused.status_code == 422
    assert 'id="name-error"' in refused.text
    assert 'id="locale-error"' in refused.text


def test_times_are_shown_where_the_business_is(app: Flask, owner: Visitor) -> None:
    owner.send("/welcome/region", "/welcome/region", currency="EUR", locale="en-GB",
               time_zone="Pacific/Auckland")  # fmt: skip
    with app.app_context():
        db.session.execute(
            text("UPDATE users SET created_at = '2026-03-01 22:30+00' WHERE email = :email"),
            {"email": owner.email},
        )
        db.session.commit()
    page = owner.get("/profile").text
    assert "02/03/2026, 11:30" in page
    assert "Pacific/Auckland" in page


def test_a_new_password_ends_the_other_sign_ins(app: Flask, owner: Visitor) -> None:
    other = _enter(app, owner.email)
    page = "/profile/password"
    wrong = owner.send(page, page, current="not this one", password=NEW)
    assert wrong.status_code == 403
    assert 'id="current-error"' in wrong.text
    weak = owner.send(page, page, current=PASSWORD, password="short")
    assert weak.status_code == 422
    assert 'id="password-error"' in weak.text
    assert other.get("/profile").status_code == 200
    assert owner.send(page, page, current=PASSWORD, password=NEW).location == page
    assert owner.get("/profile").status_code == 200
    assert other.get("/profile").status_code == 302
    fresh = Visitor(app.test_client())
    values = {"email": owner.email}
    assert fresh.send("/sign-in", "/sign-in", password=PASSWORD, **values).status_code == 401
    assert fresh.send("/sign-in", "/sign-in", password=NEW, **values).status_code == 302


def phone(app: Flask, owner: Visitor) -> Visitor:
    """The same person on a telephone."""
    visitor = Visitor(app.test_client(), owner.email)
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/605.1"
    answer = visitor.http.post(
        "/sign-in",
        data={**visitor.hidden("/sign-in"), "email": owner.email, "password": PASSWORD},
        headers={"User-Agent": agent, "Sec-Fetch-Site": "same-origin"},
    )
    assert answer.status_code == 302
    return visitor


def other_ids(page: str) -> list[int]:
    return [int(part.split("/", 1)[0]) for part in page.split("/profile/sign-ins/")[1:]
            if part[0].isdigit()]  # fmt: skip


def test_sign_ins_are_listed_and_ended_one_by_one(app: Flask, owner: Visitor) -> None:
    mobile = phone(app, owner)
    page = owner.get("/profile/sign-ins").text
    assert "Safari on iPhone" in page
    assert page.count("this device") == 1
    assert "127.0.0.1" in page
    ended = max(other_ids(page))
    assert owner.send(f"/profile/sign-ins/{ended}/end", "/profile").location == "/profile/sign-ins"
    assert mobile.get("/profile").status_code == 302
    left = owner.get("/profile/sign-ins").text.partition("What happened to your account")[0]
    assert "Safari on iPhone" not in left
    assert owner.send(f"/profile/sign-ins/{ended}/end", "/profile").status_code == 404


def test_all_others_are_ended_at_once(app: Flask, owner: Visitor) -> None:
    mobile, desk = phone(app, owner), _enter(app, owner.email)
    assert owner.send("/profile/sign-ins/end", "/profile").location == "/profile/sign-ins"
    assert [each.get("/profile").status_code for each in (owner, mobile, desk)] == [200, 302, 302]
    page = owner.get("/profile/sign-ins").text
    assert "on this device only" in page
    assert not other_ids(page)


def test_nobody_ends_the_sign_in_of_somebody_else(
    app: Flask, owner: Visitor, viewer: Visitor
) -> None:
    phone(app, viewer)
    theirs = max(other_ids(viewer.get("/profile/sign-ins").text))
    assert owner.send(f"/profile/sign-ins/{theirs}/end", "/profile").status_code == 404
    assert viewer.get("/profile").status_code == 200


def test_viewers_have_an_account_too(viewer: Visitor) -> None:
    for path in ("/profile", "/profile/password", "/profile/two-step", "/profile/sign-ins"):
        assert viewer.get(path).status_code == 200
    assert viewer.send("/profile", "/profile", name="Vi", locale="").status_code == 302


def test_a_wrong_password_is_told_to_whose_it_is(
    app: Flask, owner: Visitor, viewer: Visitor
) -> None:
    thief = Visitor(app.test_client())
    thief.send("/sign-in", "/sign-in", email=owner.email, password="guessing it")
    assert "Wrong password" in owner.get("/profile/sign-ins").text
    assert "Wrong password" not in viewer.get("/profile/sign-ins").text
