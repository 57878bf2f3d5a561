"""Every page of the URL map: accessible, quiet, within its policy, no wider than a phone, and
harmless whatever was typed into the fields."""

import itertools
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from flask import Flask
from playwright.sync_api import (
    APIResponse,
    Browser,
    BrowserContext,
    Dialog,
    Page,
    StorageState,
    expect,
)
from werkzeug.routing import BuildError

from invoicer_core.domain.actor import Actor
from invoicer_core.services.identity import sessions
from tests.e2e import portal_rows
from tests.e2e.conftest import Owner, Watch, enter, new_owner
from tests.e2e.furnishing import Furniture, furnish
from tests.hostile import HOSTILE
from tests.peers.processes import until
from tests.scale import Scale

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
FORMS = (("light", 1366), ("dark", 390), ("light", 390), ("dark", 1366))
EVERY_RULE = """axe.run({resultTypes: ["violations"]}).then(
    (found) => found.violations.map((each) => [each.id, each.nodes[0].html]))"""
"""Only what is wrong is told in full: to tell what is right takes longer than to find it."""
CUT = """[...document.querySelectorAll(".btn, dt, .figure-amount, .key-figure strong")]
    .filter((each) => each.checkVisibility() && !each.closest(".visually-hidden"))
    .filter((each) => each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 2)
    .map((each) => each.textContent.trim().slice(0, 60))"""
"""Buttons, labels and amounts whose words do not fit."""
ELSEWHERE = {
    "web.set_up": "only before the first owner", "web.reset": "needs a mailed link",
    "web.confirm_address": "needs a mailed link",
    "web.register": "only for strangers", "web.sign_in_code": "only between two steps",
    "web.sign_in": "only for strangers", "web.ask_reset": "only for strangers",
    "web.bundle": "its names come from the build", "web.mail_result": "a part, of a test mail",
    "web.logo": "there is none", "web.public_logo": "there is none",
    "web.portal_logo": "there is none", "web.settings_business_picture": "there is none",
    "web.task_file": "the worker makes it later", "web.portal_enter": "leads on to the portal",
    "web.invoice_letter": "a part of a dialog, for a channel",
    "web.message_words": "a part of the page that writes a message",
}  # fmt: skip
"""What this signed-in owner cannot open, or not yet; each has a test of its own."""


@dataclass(frozen=True)
class Furnished:
    """A business with one of everything, a browser's state in which its owner and its client are
    signed in, and its pages."""

    state: StorageState
    pages: dict[str, str]


@pytest.fixture
def actor(app: Flask, owner: Owner) -> Actor:
    return _signed(app, owner).identity.actor()


@pytest.fixture
def business_id(app: Flask, owner: Owner) -> int:
    return _signed(app, owner).identity.business_id or 0


@pytest.fixture(scope="module")
def furnished(app: Flask, browser: Browser, site: str) -> Furnished:
    """The same for every form."""
    owner = new_owner(app)
    who = _signed(app, owner).identity
    made = furnish(app, who.business_id or 0, who.actor())
    with closing(browser.new_context(base_url=site, locale="en-GB")) as context:
        enter(context, app, owner, site)
        let_in(context, site, made)
        seen = pages(context, app, made)
        return Furnished(context.storage_state(), seen)


def _signed(app: Flask, owner: Owner) -> sessions.SignedIn:
    with app.app_context():
        return sessions.sign_in(email=owner.email, password=owner.password, kind="web")


def addresses(app: Flask, made: Furniture) -> Iterator[tuple[str, str]]:
    """Endpoint and address of everything that GET opens; one for each known value of an argument.
    An argument that nobody furnishes fails."""
    with app.test_request_context():
        adapter = app.url_map.bind("")
        for rule in app.url_map.iter_rules():
            own = rule.endpoint.startswith("web.") and "GET" in (rule.methods or ())
            if not own or rule.endpoint in ELSEWHERE:
                continue
            for values in made.choices(rule.endpoint, sorted(rule.arguments)):
                try:
                    yield rule.endpoint, adapter.build(rule.endpoint, values)
                except BuildError as error:
                    raise AssertionError(f"{rule}: {values}") from error


def let_in(context: BrowserContext, site: str, made: Furniture) -> None:
    """The same browser visits the client's own pages too."""
    cookie = {"name": portal_rows.COOKIE, "value": made["visit"], "url": f"{site}/portal"}
    context.add_cookies([cookie])


def asked(context: BrowserContext, path: str) -> APIResponse:
    """The answer; one that says to come back later, as a PDF on a busy machine, is asked again."""

    def told() -> APIResponse | None:
        answer = context.request.get(path, max_redirects=0)
        return None if answer.status == 503 and "retry-after" in answer.headers else answer

    return until(told, 60, 1)


def pages(context: BrowserContext, app: Flask, made: Furniture) -> dict[str, str]:
    """Name -> address of every whole page; downloads and parts of pages must answer too."""
    found, wrong = {}, []
    for endpoint, path in addresses(app, made):
        answer = asked(context, path)
        if answer.status != 200:
            wrong.append(f"{endpoint}: {path} answers {answer.status}")
        elif "text/html" in answer.headers.get("content-type", ""):
            whole = answer.text().lstrip()[:9].lower() == "<!doctype"
            found |= {f"{endpoint} {path}": path} if whole else {}
    assert not wrong, "\n".join(wrong)
    return found


def look(page: Page, name: str, path: str, width: int) -> list[str]:
    """What is wrong with a page: its status, its width, words that are cut, what axe finds."""
    answer = page.goto(path)
    assert answer is not None
    wrong = [] if answer.status == 200 else [f"{name}: status {answer.status}"]
    across = page.evaluate("document.documentElement.scrollWidth")
    if across > width:
        wrong.append(f"{name} is {across} px wide at {width} px")
    wrong += [f"{name} at {width} cuts {words!r}" for words in page.evaluate(CUT)]
    found = page.evaluate(EVERY_RULE)
    return wrong + [f"{name} at {width}: {rule} {json.dumps(html)}" for rule, html in found]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each form is a test of its own, so that workers share them."""
    if "scheme" in metafunc.fixturenames:
        some = FORMS[: Scale(metafunc.config.getoption("--scale"))(2, 4)]
        metafunc.parametrize(("scheme", "width"), some, ids=[f"{how}-{px}" for how, px in some])


def test_every_page_in_every_form(
    furnished: Furnished, browser: Browser, site: str, watch: Watch,
    scheme: Literal["light", "dark"], width: int,
) -> None:  # fmt: skip
    assert len(furnished.pages) > 60
    context = browser.new_context(
        base_url=site, storage_state=furnished.state, locale="en-GB", color_scheme=scheme,
        viewport={"width": width, "height": 844},
    )  # fmt: skip
    watch.on(context)
    context.add_init_script(path=AXE)
    page = context.new_page()
    wrong: list[str] = []
    for name, path in furnished.pages.items():
        wrong += look(page, f"{name} {scheme}", path, width)
    context.clear_cookies()
    wrong += look(page, f"sign in {scheme}", "/sign-in", width)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    context.close()
    assert not wrong, "\n".join(wrong)


def test_whatever_was_typed_is_shown_and_never_run(
    signed_in: Page, app: Flask, actor: Actor, business_id: int, site: str, scale: Scale
) -> None:  # fmt: skip
    asked: list[str] = []

    def note(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    signed_in.on("dialog", note)
    for turn in range(scale(1, len(HOSTILE))):
        texts = itertools.cycle(HOSTILE[turn:] + HOSTILE[:turn])
        made = furnish(app, business_id, actor, lambda name: next(texts))  # noqa: B023
        let_in(signed_in.context, site, made)
        for name, path in pages(signed_in.context, app, made).items():
            signed_in.goto(path)
            assert signed_in.locator("[data-evil]").count() == 0, name
            assert "49{%" not in signed_in.content(), name
    assert not asked


def test_errors_say_what_to_do(signed_in: Page, watch: Watch) -> None:
    watch.expect("status of 404")
    page = signed_in
    page.goto("/invoices/999999999")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is nothing at this address")
    expect(page.get_by_text("There is no invoice with the id 999999999")).to_be_visible()
