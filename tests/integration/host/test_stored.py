"""Settings of a plugin for a business: sealed, masked, versioned, apart from other businesses'."""

import pytest
from sqlalchemy import text

from invoicer_core.domain.errors import Conflict, InvalidInput, NotFound
from invoicer_core.host import current, install
from invoicer_core.host.stored import reseal
from invoicer_core.host.vault import VaultError
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from tests.integration.host.conftest import KEYS, make_host
from tests.plugins.good.invoicer_good import GoodPlugin

CANARY = "canary-9876543210-tail"


@pytest.fixture
def drawer(host_app, business):
    return current().drawer("good", business)


def stored_text():
    return str(db.session.execute(text("SELECT s::text FROM plugin_settings s")).all())


def test_before_anything_is_set_the_environment_and_the_defaults_count(drawer):
    assert drawer.effective().tone == "kind"
    assert drawer.effective().token.reveal() == "from-environment-7777"
    assert drawer.shown()["token"] == {"set": True, "from": "GOOD_TOKEN"}
    assert drawer.version() == 0


def test_a_secret_lies_sealed_and_is_shown_masked(drawer):
    assert drawer.write({"tone": "short", "token": CANARY}) == 1
    assert CANARY not in stored_text()
    assert CANARY not in str(drawer.shown())
    assert drawer.shown()["token"] == {"set": True, "last4": "tail"}
    assert drawer.effective().token.reveal() == CANARY
    assert drawer.effective().tone == "short"


@pytest.mark.parametrize("sent", [{}, {"token": None}, {"token": {"set": True, "last4": "tail"}}])
def test_a_mask_sent_back_keeps_the_secret(drawer, sent):
    drawer.write({"token": CANARY})
    assert drawer.write({"limit": "50.5", **sent}) == 2
    assert drawer.effective().token.reveal() == CANARY
    assert str(drawer.effective().limit) == "50.5"


def test_someone_elses_change_is_not_overwritten(drawer):
    drawer.write({"tone": "one"})
    with pytest.raises(Conflict):
        drawer.write({"tone": "two"}, expected_version=0)
    assert drawer.write({"tone": "two"}, expected_version=1) == 2


def test_of_two_writers_at_the_same_time_the_second_is_told(drawer):
    drawer.write({"tone": "one"})
    with pytest.raises(Conflict):
        drawer._replace({"tone": "two"}, {}, version=0)
    assert drawer.effective().tone == "one"


@pytest.mark.parametrize(
    ("values", "pointer"), [({"limit": -1}, "/limit"), ({"unknown": 1}, "/unknown")]
)
def test_a_wrong_setting_is_refused_by_name(drawer, values, pointer):
    with pytest.raises(InvalidInput) as caught:
        drawer.write(values)
    assert [error.pointer for error in caught.value.fields] == [pointer]


def test_another_business_sees_nothing_and_cannot_open_a_copied_seal(drawer, make_business):
    drawer.write({"token": CANARY})
    sealed = db.session.scalar(text("SELECT sealed::text FROM plugin_settings"))
    db.session.commit()
    other = make_business()
    with enter_business(other):
        theirs = current().drawer("good", other)
        assert theirs.version() == 0
        db.session.execute(
            text(
                "INSERT INTO plugin_settings (business_id, plugin, sealed)"
                " VALUES (:other, 'good', cast(:sealed AS jsonb))"
            ),
            {"other": other, "sealed": sealed},
        )
        with pytest.raises(VaultError, match="sealed for elsewhere"):
            theirs.effective()


def test_keys_are_rotated_and_the_old_one_can_go(host_app, business):
    install(host_app, make_host(GoodPlugin, keys=KEYS[1:]))
    current().drawer("good", business).write({"token": CANARY})
    install(host_app, make_host(GoodPlugin, keys=KEYS))
    assert list(reseal(db.session, current().vault, business)) == ["good"]
    assert list(reseal(db.session, current().vault, business)) == []
    install(host_app, make_host(GoodPlugin, keys=KEYS[:1]))
    assert current().drawer("good", business).effective().token.reveal() == CANARY


def test_a_context_gives_the_settings(host_app, business):
    context = current().context("good", business)
    assert context.settings.tone == "kind"
    assert CANARY not in repr(context)
    with pytest.raises(NotFound):
        current().settings_class("missing")
