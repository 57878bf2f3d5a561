"""Making and revoking API keys in the browser."""

import re

from flask import Flask

from invoicer_core.services import businesses
from invoicer_core.services.identity import api_keys
from tests.factories import Api
from tests.integration.web.conftest import PASSWORD, Visitor

PAGE, NEW = "/settings/api-keys", "/settings/api-keys/new"
TOKEN = re.compile(r'value="(inv_[A-Za-z0-9_-]{40,})"')
FIELDS = {"name": "Web <b>shop</b>", "preset": "shop", "days": "90", "password": PASSWORD}


def test_a_key_is_shown_once_and_works(app: Flask, owner: Visitor) -> None:
    assert "No API keys yet" in owner.get(PAGE).text
    values = {**owner.hidden(NEW), **FIELDS}
    made = owner.send(NEW, **values)
    assert made.status_code == 200
    assert made.headers["Cache-Control"] == "no-store"
    token = TOKEN.search(made.text)
    assert token is not None
    program = Api(app.test_client(), token[1])
    assert program.post("/clients", {"name": "From outside"}).status_code == 201
    assert program.get("/settings").status_code == 404
    assert program.get("/series").status_code in (200, 403)
    page = owner.get(PAGE).text
    assert token[1] not in page
    assert f"{token[1][:10]}…" in page
    assert "Web &lt;b&gt;shop&lt;/b&gt;" in page
    assert "Last used" in page
    again = owner.send(NEW, **values)
    assert again.location == PAGE
    with app.app_context(), businesses.enter_business(owner.business_id):
        found = api_keys.find()
    assert len(found) == 1
    assert set(found[0].scopes) == api_keys.PRESETS["shop"]
    assert found[0].expires_at is not None


def test_only_what_is_ticked(app: Flask, owner: Visitor) -> None:
    values = {**FIELDS, "preset": "custom", "days": ""}
    none = owner.send(NEW, NEW, **values)
    assert none.status_code == 422
    assert 'id="preset-error"' in none.text
    made = owner.send(NEW, NEW, **values, scope=["clients.read", "invoices.read"])
    assert made.status_code == 200
    with app.app_context(), businesses.enter_business(owner.business_id):
        found = api_keys.find()
    assert found[0].scopes == ("clients.read", "invoices.read")
    assert found[0].expires_at is None


def test_a_refused_key_names_the_field_and_keeps_what_was_typed(app: Flask, owner: Visitor) -> None:
    wrong = owner.send(NEW, NEW, **{**FIELDS, "password": "not my password"})
    assert wrong.status_code == 403
    assert 'id="password-error"' in wrong.text
    assert "not my password" not in wrong.text
    assert 'value="Web &lt;b&gt;shop&lt;/b&gt;"' in wrong.text
    bad = owner.send(NEW, NEW, name="", preset="custom", days="7", scope="clients.read")
    assert bad.status_code == 422
    for name in ("name", "days", "password"):
        assert f'id="{name}-error"' in bad.text
    assert 'value="clients.read" checked' in bad.text
    beyond = owner.send(NEW, NEW, **{**FIELDS, "preset": "custom"}, scope="no.such")
    assert beyond.status_code == 403
    with app.app_context(), businesses.enter_business(owner.business_id):
        assert api_keys.find() == ()


def test_a_revoked_key_is_locked_out(app: Flask, owner: Visitor) -> None:
    made = owner.send(NEW, NEW, **{**FIELDS, "preset": "read"})
    token = TOKEN.search(made.text)
    assert token is not None
    program = Api(app.test_client(), token[1])
    assert program.get("/invoices").status_code == 200
    key_id = re.search(r"api-keys/(\d+)/revoke", owner.get(PAGE).text)
    assert key_id is not None
    assert owner.send(f"{PAGE}/{key_id[1]}/revoke", PAGE).location == PAGE
    assert program.get("/invoices").status_code == 401
    assert "revoked" in owner.get(PAGE).text


def test_keys_are_for_those_who_may_change_settings(owner: Visitor, viewer: Visitor) -> None:
    assert viewer.get(PAGE).status_code == 403
    assert viewer.get(NEW).status_code == 403
    assert viewer.send(NEW, "/profile", **FIELDS).status_code == 403
    assert viewer.send(f"{PAGE}/1/revoke", "/profile").status_code == 403
