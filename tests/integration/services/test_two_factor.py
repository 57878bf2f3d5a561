"""Codes of two-step sign-in under fire: the same one from many at once, others' codes, old keys."""

import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select

from invoicer_core import host
from invoicer_core.domain.account import TwoFactorSnapshot
from invoicer_core.domain.errors import NotAuthenticated, NotFound
from invoicer_core.host.vault import Vault, VaultError
from invoicer_core.models import db
from invoicer_core.models.access import SecondFactor
from invoicer_core.models.identity import User
from invoicer_core.services.identity import sessions, two_factor, users
from invoicer_core.services.identity.security_log import NOBODY

AT_ONCE = 8


def enrolled() -> tuple[int, str, tuple[str, ...]]:
    """A user with two-step sign-in: id, secret, recovery codes. Needs an application context."""
    user = User(email=f"{uuid4().hex}@codes.test", password_hash="-")
    db.session.add(user)
    db.session.commit()
    two_factor.begin(user_id=user.id)
    found = two_factor.enrolment(user=users.snapshot_of(user))
    assert found is not None
    code = pyotp.TOTP(found.secret).at(int(time.time()))
    return user.id, found.secret, two_factor.enable(user_id=user.id, code=code)


def tried(app: Flask, user_id: int, code: str) -> bool:
    with app.app_context():
        try:
            two_factor.pass_code(user_id, code, NOBODY)
        except NotAuthenticated:
            return False
        return True


@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_of_many_at_once_one_gets_in(app: Flask, kind: str) -> None:
    with app.app_context():
        user_id, secret, codes = enrolled()
    code = codes[0] if kind == "recovery" else pyotp.TOTP(secret).at(int(time.time()) + 30)
    count = AT_ONCE if kind == "recovery" else two_factor.TRIES
    with ThreadPoolExecutor(count) as pool:
        found = list(pool.map(lambda _: tried(app, user_id, code), range(count)))
    assert found.count(True) == 1


def test_a_recovery_code_is_of_one_user(app: Flask) -> None:
    with app.app_context():
        _one, _secret, codes = enrolled()
        other, _secret, _codes = enrolled()
    assert not tried(app, other, codes[0])


def test_a_sealed_secret_opens_for_its_user_only(app: Flask) -> None:
    with app.app_context():
        one, _secret, _codes = enrolled()
        other, _secret, _codes = enrolled()
        sealed = db.session.scalar(select(SecondFactor.sealed).where(SecondFactor.user_id == one))
        row = db.session.scalars(select(SecondFactor).where(SecondFactor.user_id == other)).one()
        row.sealed = sealed
        db.session.commit()
        with pytest.raises(VaultError):
            two_factor.pass_code(other, "123456", NOBODY)
        db.session.rollback()


def test_a_new_key_of_the_installation_takes_over_with_the_next_code(app: Flask) -> None:
    former = "an-older-key-of-this-installation-0123456789"
    with app.app_context():
        user_id, secret, _codes = enrolled()
        both = Vault((*host.current().secret_keys, former))
        old, place = Vault((former,)), two_factor._place(user_id)
        row = db.session.scalars(select(SecondFactor).where(SecondFactor.user_id == user_id)).one()
        row.sealed = old.seal(place, secret)
        db.session.commit()
        vaults = host.current()._vaults
        present = list(vaults)
        vaults[:] = [both]
        try:
            code = pyotp.TOTP(secret).at(int(time.time()) + 30)
            two_factor.pass_code(user_id, code, NOBODY)
        finally:
            vaults[:] = present
        sealed = db.session.scalar(
            select(SecondFactor.sealed).where(SecondFactor.user_id == user_id)
        )
        assert host.current().vault.open(place, sealed or "") == secret


def test_who_runs_the_server_can_let_somebody_in_who_lost_everything(app: Flask) -> None:
    with app.app_context():
        user_id, _secret, _codes = enrolled()
        email = users.get(user_id=user_id).email
        signed = sessions.begin(user_id=user_id, kind="web")
        two_factor.reset(email=email.upper())
        assert two_factor.state(user_id=user_id) == TwoFactorSnapshot(is_on=False)
        assert sessions.authenticate_web(signed.token) is None
        with pytest.raises(NotFound):
            two_factor.reset(email=email)
