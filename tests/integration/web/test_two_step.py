"""Two-step sign-in in the browser: the app's codes, recovery codes, and what is refused."""

import re
import time

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select, text

from invoicer_core.models import db
from invoicer_core.models.access import RecoveryCode, SecondFactor
from invoicer_core.models.identity import SecurityEvent, User
from tests.integration.web.conftest import PASSWORD, Visitor

PAGE = "/profile/two-step"
CODE = re.compile(r"<li><code>([0-9A-Z-]{19})</code></li>")


def secret_on(page: str) -> str:
    found = re.search(r'two-step-key">([A-Z2-7 ]+)<', page)
    assert found is not None, page
    return found[1].replace(" ", "")


def code_of(secret: str, steps: int = 0) -> str:
    """The app's code, so many time steps from now."""
    return pyotp.TOTP(secret).at(int(time.time()) + 30 * steps)


def switched_on(visitor: Visitor) -> tuple[str, list[str]]:
    """Secret and recovery codes of a user who has just switched it on with the former step's
    code, so that the present one is still good."""
    visitor.send(f"{PAGE}/begin", PAGE)
    secret = secret_on(visitor.get(PAGE).text)
    answer = visitor.send(f"{PAGE}/on", PAGE, code=code_of(secret, -1))
    if answer.status_code == 422:  # a new time step began between the two
        answer = visitor.send(f"{PAGE}/on", PAGE, code=code_of(secret, -1))
    assert answer.status_code == 200, answer.text
    codes = CODE.findall(answer.text)
    assert len(set(codes)) == 10
    return secret, codes


def password_step(app: Flask, visitor: Visitor, page: str = "/sign-in") -> Visitor:
    """A fresh browser that has sent the right password."""
    fresh = Visitor(app.test_client(), visitor.email)
    answer = fresh.send("/sign-in", page, email=visitor.email, password=PASSWORD)
    assert answer.status_code == 302
    assert answer.location.startswith("/sign-in/code")
    return fresh


def events(app: Flask, email: str) -> list[str]:
    with app.app_context():
        return list(
            db.session.scalars(
                select(SecurityEvent.name)
                .join(User, User.id == SecurityEvent.user_id)
                .where(User.email == email)
                .order_by(SecurityEvent.id)
            )
        )


def test_switching_on_takes_a_code_and_shows_recovery_codes_once(
    app: Flask, owner: Visitor
) -> None:
    assert "Set up two-step sign-in" in owner.get(PAGE).text
    owner.send(f"{PAGE}/begin", PAGE)
    page = owner.get(PAGE).text
    secret = secret_on(page)
    assert 'src="data:image/svg+xml' in page
    wrong = owner.send(f"{PAGE}/on", PAGE, code="000000")
    assert wrong.status_code == 422
    assert 'id="code-error"' in wrong.text
    with app.app_context():
        stored = " ".join(db.session.scalars(select(SecondFactor.sealed)).all())
    assert secret not in stored
    answer = owner.send(f"{PAGE}/on", PAGE, code=f" {code_of(secret)[:3]} {code_of(secret)[3:]} ")
    codes = CODE.findall(answer.text)
    assert len(codes) == 10
    page = owner.get(PAGE).text
    assert "10 recovery codes are left" in page
    assert secret not in page
    assert not CODE.findall(page)
    with app.app_context():
        hashes = db.session.scalars(select(RecoveryCode.code_hash)).all()
    assert all(code.replace("-", "").encode() not in each for code in codes for each in hashes)
    assert "two_factor_on" in events(app, owner.email)


def test_a_password_alone_does_not_sign_in(app: Flask, owner: Visitor) -> None:
    secret, _codes = switched_on(owner)
    fresh = password_step(app, owner)
    assert fresh.http.get_cookie("invoicer_session") is None
    assert fresh.get("/clients").location.startswith("/sign-in")
    cookie = fresh.http.get_cookie("invoicer_second_step", path="/sign-in")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    wrong = fresh.send("/sign-in/code", "/sign-in/code", code="123 456")
    assert wrong.status_code == 401
    assert 'id="code-error"' in wrong.text
    right = fresh.send("/sign-in/code", "/sign-in/code?next=/clients", code=code_of(secret),
                       next="/clients")  # fmt: skip
    assert right.location == "/clients"
    assert fresh.get("/clients").status_code == 200
    assert fresh.http.get_cookie("invoicer_second_step", path="/sign-in") is None


def test_a_code_is_good_once(app: Flask, owner: Visitor) -> None:
    secret, _codes = switched_on(owner)
    code = code_of(secret)
    first, second = password_step(app, owner), password_step(app, owner)
    assert first.send("/sign-in/code", "/sign-in/code", code=code).status_code == 302
    again = second.send("/sign-in/code", "/sign-in/code", code=code)
    assert again.status_code == 401
    older = second.send("/sign-in/code", "/sign-in/code", code=code_of(secret, -1))
    assert older.status_code == 401
    newer = second.send("/sign-in/code", "/sign-in/code", code=code_of(secret, 1))
    assert newer.status_code == 302


def test_a_recovery_code_is_good_once(app: Flask, owner: Visitor) -> None:
    _secret, codes = switched_on(owner)
    fresh = password_step(app, owner)
    typed = codes[0].lower().replace("-", " ")
    assert fresh.send("/sign-in/code", "/sign-in/code", code=typed).location == "/"
    assert "9 recovery codes are left" in fresh.get(PAGE).text
    again = password_step(app, owner)
    assert again.send("/sign-in/code", "/sign-in/code", code=codes[0]).status_code == 401
    assert "recovery_code_used" in events(app, owner.email)


def test_guessing_ends_after_five_wrong_codes_but_recovery_codes_go_on(
    app: Flask, owner: Visitor
) -> None:
    secret, codes = switched_on(owner)
    fresh = password_step(app, owner)
    for _ in range(5):
        assert fresh.send("/sign-in/code", "/sign-in/code", code="000000").status_code == 401
    for visitor in (fresh, password_step(app, owner)):
        stopped = visitor.send("/sign-in/code", "/sign-in/code", code=code_of(secret))
        assert stopped.status_code == 429
        assert 0 < int(stopped.headers["Retry-After"]) <= 901
    assert fresh.send("/sign-in/code", "/sign-in/code", code=codes[3]).status_code == 302
    with app.app_context():
        db.session.execute(text("UPDATE second_factors SET failed_at = now() - interval '16 min'"))
        db.session.commit()
    later = password_step(app, owner)
    assert later.send("/sign-in/code", "/sign-in/code", code=code_of(secret)).status_code == 302


def test_the_second_step_has_to_follow_the_first_soon_and_once(app: Flask, owner: Visitor) -> None:
    secret, codes = switched_on(owner)
    stranger = Visitor(app.test_client())
    assert stranger.get("/sign-in/code").location == "/sign-in"
    fresh = password_step(app, owner)
    cookie = fresh.http.get_cookie("invoicer_second_step", path="/sign-in")
    assert cookie is not None
    assert fresh.send("/sign-in/code", "/sign-in/code", code=code_of(secret)).status_code == 302
    thief = Visitor(app.test_client())
    thief.http.set_cookie("invoicer_second_step", cookie.value, path="/sign-in")
    assert thief.send("/sign-in/code", "/sign-in", code=codes[1]).location == "/sign-in"
    late = password_step(app, owner)
    with app.app_context():
        db.session.execute(
            text("UPDATE one_time_tokens SET expires_at = now() WHERE purpose = 'second_step'")
        )
        db.session.commit()
    assert late.send("/sign-in/code", "/sign-in", code=codes[2]).location == "/sign-in"


def test_switching_off_takes_password_and_code(app: Flask, owner: Visitor) -> None:
    secret, _codes = switched_on(owner)
    off = f"{PAGE}/off"
    wrong = owner.send(off, PAGE, password="not my password", code=code_of(secret))
    assert wrong.status_code == 403
    assert 'id="off-password-error"' in wrong.text
    wrong = owner.send(off, PAGE, password=PASSWORD, code="000000")
    assert wrong.status_code == 403
    assert 'id="off-code-error"' in wrong.text
    assert owner.send(off, PAGE, password=PASSWORD, code="").status_code == 422
    assert owner.send(off, PAGE, password=PASSWORD, code=code_of(secret)).location == PAGE
    assert "Set up two-step sign-in" in owner.get(PAGE).text
    fresh = Visitor(app.test_client())
    answer = fresh.send("/sign-in", "/sign-in", email=owner.email, password=PASSWORD)
    assert answer.location == "/"
    assert events(app, owner.email)[-2:] == ["two_factor_off", "sign_in"]


def test_new_recovery_codes_replace_the_old_ones(app: Flask, owner: Visitor) -> None:
    secret, old = switched_on(owner)
    answer = owner.send(f"{PAGE}/codes", PAGE, code=code_of(secret))
    fresh = CODE.findall(answer.text)
    assert len(fresh) == 10
    assert not set(old) & set(fresh)
    visitor = password_step(app, owner)
    assert visitor.send("/sign-in/code", "/sign-in/code", code=old[0]).status_code == 401
    assert visitor.send("/sign-in/code", "/sign-in/code", code=fresh[0]).status_code == 302


def test_beginning_again_does_not_touch_what_is_on(app: Flask, owner: Visitor) -> None:
    secret, _codes = switched_on(owner)
    assert owner.send(f"{PAGE}/begin", PAGE).status_code == 409
    fresh = password_step(app, owner)
    assert fresh.send("/sign-in/code", "/sign-in/code", code=code_of(secret)).status_code == 302


@pytest.mark.parametrize("code", ["", "٠٠٠٠٠٠", "1" * 41, "' OR 1=1 --", "ABCDEFGHJKLMNPQR"])
def test_what_is_no_code_is_refused(app: Flask, owner: Visitor, code: str) -> None:
    switched_on(owner)
    fresh = password_step(app, owner)
    answer = fresh.send("/sign-in/code", "/sign-in/code", code=code)
    assert answer.status_code in (401, 422)
    assert fresh.get("/clients").status_code == 302
