"""A provider's calls: genuine ones once, forged ones never, and no fault of a plugin is a 500."""

from dataclasses import dataclass
from threading import Barrier, Thread
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import businesses, plugins, timeline
from tests.factories import BY, make_business
from tests.peers import caller
from tests.peers.caller import SECRET, CallerPlugin, signature

FAILURES = 5


@dataclass(frozen=True)
class Provider:
    """Calls one business's webhook."""

    app: Flask
    business_id: int

    @property
    def path(self) -> str:
        return f"/hooks/caller/calls/{self.business_id}"

    def call(self, body: bytes = b"hello", path: str = "", **headers: str) -> TestResponse:
        given = {"Signature": signature(body), **headers}
        http = self.app.test_client()
        http.set_cookie("session", "somebody's")
        return http.post(path or self.path, data=body, headers=given)

    def jobs(self) -> list[str]:
        """What the plugin asked to be done later, in this business."""
        with self.app.app_context(), enter_business(self.business_id):
            rows = db.session.execute(
                text(
                    "SELECT e.data -> 'arguments' ->> 'said' FROM deliveries d JOIN events e"
                    " ON e.id = d.event_id WHERE d.subscriber = 'job:caller' ORDER BY d.id"
                )
            )
            return list(rows.scalars())

    def state(self) -> Any:
        with self.app.app_context(), enter_business(self.business_id):
            return plugins.get(name="caller")


@pytest.fixture(scope="module")
def called(config: Config) -> Flask:
    return create_app(config, plugins=[CallerPlugin])


def a_provider(app: Flask, *, token: str | None = SECRET) -> Provider:
    with app.app_context():
        business_id = make_business()
        if token is not None:
            with enter_business(business_id):
                plugins.change(name="caller", settings={"token": token}, by=BY)
    return Provider(app, business_id)


@pytest.fixture
def provider(called: Flask) -> Provider:
    caller.taken.clear()
    return a_provider(called)


def test_a_genuine_call_reaches_its_business_as_it_came(provider: Provider) -> None:
    body = b'{"b": 1,\r\n "a": \xff}'
    answer = provider.call(body, provider.path + "?x=1&y=%2F", Id="evt_1")
    assert (answer.status_code, answer.data) == (204, b"")
    ((business_id, request),) = caller.taken
    assert (business_id, request.body, request.method) == (provider.business_id, body, "POST")
    assert request.query == {"x": "1", "y": "/"}
    assert request.headers["id"] == "evt_1"
    assert "cookie" not in request.headers
    with provider.app.app_context():
        url = provider.app.extensions["invoicer.config"].url
    assert request.url == f"{url}{provider.path}?x=1&y=%2F"
    assert provider.jobs() == [body.decode("latin-1")]


def test_a_form_is_read_and_its_bytes_are_kept(provider: Provider) -> None:
    body = b"From=%2B4366012&Body=Hi+there"
    provider.call(body, **{"Content-Type": "application/x-www-form-urlencoded"})
    ((_, request),) = caller.taken
    assert request.form == {"From": "+4366012", "Body": "Hi there"}
    assert request.body == body


def test_the_public_id_leads_there_too_and_is_what_is_told(provider: Provider) -> None:
    with provider.app.app_context(), enter_business(provider.business_id):
        public_id: UUID = businesses.get(business_id=provider.business_id).public_id
        host = provider.app.extensions["invoicer.host"]
        url = host.context("caller", provider.business_id).webhook_url("calls")
    path = f"/hooks/caller/calls/{public_id}"
    assert url.endswith(path)
    assert provider.call(path=path).status_code == 204


def test_the_same_event_has_one_effect(provider: Provider) -> None:
    assert [provider.call(Id="evt_7").status_code for _ in range(3)] == [204, 200, 200]
    assert provider.jobs() == ["hello"]
    other = a_provider(provider.app)
    assert other.call(Id="evt_7").status_code == 204
    assert [provider.call().status_code for _ in range(2)] == [204, 204]


def test_at_the_same_moment_too(provider: Provider) -> None:
    barrier = Barrier(6)
    found: list[int] = []

    def send() -> None:
        barrier.wait()
        found.append(provider.call(Id="evt_8").status_code)

    threads = [Thread(target=send) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(found) == [200] * 5 + [204]
    assert provider.jobs() == ["hello"]


@pytest.mark.parametrize("forged", ["", "0" * 64, "raise", "truthy", signature(b"other")])
def test_a_forged_call_does_nothing_and_cannot_pause_the_plugin(
    provider: Provider, forged: str
) -> None:
    for _ in range(FAILURES + 2):
        answer = provider.call(Signature=forged, Id="evt_9")
        assert answer.status_code == 400
        assert answer.content_type == "application/problem+json"
    assert caller.taken == []
    assert provider.jobs() == []
    assert provider.state().failures == 0
    assert provider.call(Id="evt_9").status_code == 204
    figures = provider.app.test_client().get("/metrics").get_data(as_text=True)
    assert 'invoicer_hook_calls_total{hook="calls",outcome="forged",plugin="caller"}' in figures


def test_a_call_for_another_business_s_secret_is_forged(provider: Provider) -> None:
    other = a_provider(provider.app, token="another-secret-of-another-business")
    assert other.call().status_code == 400
    assert caller.taken == []


def test_whatever_is_missing_answers_the_same(provider: Provider) -> None:
    no_secret = a_provider(provider.app, token=None)
    off = a_provider(provider.app)
    with off.app.app_context(), enter_business(off.business_id):
        plugins.change(name="caller", enabled=False, by=BY)
    paths = [
        no_secret.path, off.path, "/hooks/nobody/calls/1", "/hooks/caller/nothing/1",
        "/hooks/caller/calls/999999999", "/hooks/caller/calls/0", "/hooks/caller/calls/x",
        f"/hooks/caller/calls/{UUID(int=5)}", "/hooks/caller/calls",
        "/hooks/caller/calls/" + "9" * 30,
        "/hooks/caller/calls/%00", "/hooks/caller", "/hooks/none/at/all/here",
    ]  # fmt: skip
    answers = [provider.call(path=path) for path in paths]
    assert {each.status_code for each in answers} == {404}
    assert len({each.data for each in answers}) == 1
    assert caller.taken == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"raise", 503), (b"sql", 503), (b"commit", 503), (b"exit", 503), (b"nonsense", 503),
        (b"later", 503), (b"never", 409), (b"conflict", 409),
    ],
)  # fmt: skip
def test_what_a_plugin_does_wrong_is_undone_and_no_500(
    provider: Provider, body: bytes, status: int
) -> None:
    answer = provider.call(body, Id="evt_10")
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert b"broken within" not in answer.data
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert provider.jobs() == []
    assert provider.call(Id="evt_10").status_code == 204


def test_failing_again_and_again_pauses_and_is_told(provider: Provider) -> None:
    for _ in range(FAILURES):
        assert provider.call(b"raise").status_code == 503
    state = provider.state()
    assert state.paused_at is not None
    assert "broken within" in (state.pause_reason or "")
    caller.taken.clear()
    assert provider.call().status_code == 503
    assert caller.taken == []
    with provider.app.app_context(), enter_business(provider.business_id):
        told = [each for each in timeline.recent() if each.name == "plugin.paused"]
        assert [each.title for each in told] == ["A plugin was paused"]
        assert "caller" in (told[0].detail or "")
        plugins.change(name="caller", enabled=True, by=BY)
    assert provider.call().status_code == 204


def test_a_success_forgets_earlier_failures(provider: Provider) -> None:
    for _ in range(3):
        for _ in range(FAILURES - 1):
            provider.call(b"raise")
        assert provider.call().status_code == 204
    assert provider.state().failures == 0


def test_the_answer_is_the_plugin_s_but_never_a_page(provider: Provider) -> None:
    answer = provider.call(b"xml")
    assert (answer.data, answer.content_type) == (b"<Response/>", "text/xml; charset=utf-8")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    odd = provider.call(b"odd")
    assert (odd.status_code, odd.content_type) == (503, "text/plain; charset=utf-8")


def test_neither_session_nor_cors(provider: Provider) -> None:
    for answer in (
        provider.call(Origin="https://evil.test"),
        provider.app.test_client().options(provider.path, headers={"Origin": "https://evil.test"}),
    ):
        assert "Set-Cookie" not in answer.headers
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
    assert answer.status_code == 405


def test_a_challenge_is_answered_and_nothing_else(provider: Provider) -> None:
    http = provider.app.test_client()
    answer = http.get(f"{provider.path}?challenge=%3Cb%3E")
    assert (answer.data, answer.content_type) == (b"<b>", "text/plain; charset=utf-8")
    assert http.get(provider.path).status_code == 404
    for _ in range(FAILURES + 1):
        assert http.get(f"{provider.path}?break=1").status_code == 404
    assert provider.state().failures == 0
    assert caller.taken == []


def test_more_than_1_mib_is_refused(provider: Provider) -> None:
    assert provider.call(b"x" * 1024 * 1024).status_code == 204
    assert provider.call(b"x" * (1024 * 1024 + 1)).status_code == 413
    many = "&".join(f"a{number}=1" for number in range(1001))
    assert provider.call(path=f"{provider.path}?{many}").status_code == 400


def test_an_address_is_limited(config: Config, variables: dict[str, str]) -> None:
    limited = {**variables, "INVOICER_RATE_LIMIT_ADDRESS": "3/minute"}
    app = create_app(Config.from_environ(limited), plugins=[CallerPlugin])
    answers = [
        app.test_client().post(
            "/hooks/caller/nothing/1", environ_base={"REMOTE_ADDR": "127.0.9.77"}
        ).status_code
        for _ in range(4)
    ]  # fmt: skip
    assert answers == [404, 404, 404, 429]
