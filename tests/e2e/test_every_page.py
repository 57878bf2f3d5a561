"""Every page of the URL map: accessible, quiet, within its policy, no wider than a phone, and
harmless whatever was typed into the fields."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, expect
from werkzeug.routing import BuildError

from invoicer_core.services import sessions
from tests.conftest import Scale
from tests.e2e import portal_rows
from tests.e2e.conftest import Owner, Watch
from tests.e2e.furnishing import Furniture, furnish

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
FORMS = (("light", 1366), ("dark", 390), ("light", 390), ("dark", 1366))
ELSEWHERE = {
    "web.set_up": "only before the first owner", "web.reset": "needs a mailed link",
    "web.register": "only for strangers", "web.sign_in_code": "only between two steps",
    "web.sign_in": "only for strangers", "web.ask_reset": "only for strangers",
    "web.bundle": "its names come from the build", "web.mail_result": "a part, of a test mail",
    "web.logo": "there is none", "web.public_logo": "there is none",
    "web.portal_logo": "there is none", "web.settings_business_picture": "there is none",
    "web.task_file": "the worker makes it later", "web.portal_enter": "leads on to the portal",
    "web.invoice_letter": "a part of a dialog, for a channel",
}  # fmt: skip
"""What this signed-in owner cannot open, or not yet; each has a test of its own."""

HOSTILE = (
    "<script data-evil>alert(1)</script>",
    '"><img data-evil src=x onerror=alert(2)>',
    "'><svg data-evil onload=alert(3)>",
    "javascript:alert(4)",
    "{{ 7*7 }}{% for x in () %}",
    "</textarea></title></style><script data-evil>alert(5)</script>",
    "<iframe data-evil srcdoc='<script>parent.alert(6)</script>'></iframe>",
    '" autofocus onfocus=alert(7) data-evil x="',
    "<a data-evil href='javascript:alert(8)'>x</a>",
    "<!--><script data-evil>alert(9)</script>-->",
    "&lt;script&gt;alert(10)&lt;/script&gt;",
    "</script><script data-evil>alert(11)</script>",
    '=HYPERLINK("http://evil.test","x")',
    "<style data-evil>*{display:none}</style>",
    "<base data-evil href='http://evil.test/'>",
    "<form data-evil action='http://evil.test'><button>x",
)


@pytest.fixture
def business_id(app: Flask, owner: Owner) -> int:
    with app.app_context():
        found = sessions.sign_in(email=owner.email, password=owner.password, kind="web")
        assert found.identity.business_id is not None
        return found.identity.business_id


def by_of(app: Flask, owner: Owner):
    with app.app_context():
        signed = sessions.sign_in(email=owner.email, password=owner.password, kind="web")
        return signed.identity.actor()


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


def pages(context: BrowserContext, app: Flask, made: Furniture) -> dict[str, str]:
    """Name -> address of every whole page; downloads and parts of pages must answer too."""
    found, wrong = {}, []
    for endpoint, path in addresses(app, made):
        answer = context.request.get(path, max_redirects=0)
        if answer.status != 200:
            wrong.append(f"{endpoint}: {path} answers {answer.status}")
        elif "text/html" in answer.headers.get("content-type", ""):
            whole = answer.text().lstrip()[:9].lower() == "<!doctype"
            found |= {f"{endpoint} {path}": path} if whole else {}
    assert not wrong, "\n".join(wrong)
    return found


def look(page: Page, name: str, path: str, width: int) -> list[str]:
    """What is wrong with a page: its status, its width, what axe finds."""
    answer = page.goto(path)
    assert answer is not None
    wrong = [] if answer.status == 200 else [f"{name}: status {answer.status}"]
    across = page.evaluate("document.documentElement.scrollWidth")
    if across > width:
        wrong.append(f"{name} is {across} px wide at {width} px")
    found = page.evaluate("axe.run()")
    return wrong + [
        f"{name} at {width}: {each['id']} {json.dumps(each['nodes'][0]['html'])}"
        for each in found["violations"]
    ]


def test_every_page_in_every_form(
    signed_in: Page, app: Flask, owner: Owner, business_id: int, browser: Browser, site: str,
    watch: Watch, scale: Scale,
) -> None:  # fmt: skip
    made = furnish(app, business_id, by_of(app, owner))
    let_in(signed_in.context, site, made)
    seen = pages(signed_in.context, app, made)
    assert len(seen) > 60
    state = signed_in.context.storage_state()
    wrong: list[str] = []
    for scheme, width in FORMS[: scale(2, 4)]:
        context = browser.new_context(
            base_url=site, storage_state=state, locale="en-GB", color_scheme=scheme,
            viewport={"width": width, "height": 844},
        )  # fmt: skip
        watch.on(context)
        context.add_init_script(path=AXE)
        page = context.new_page()
        for name, path in seen.items():
            wrong += look(page, f"{name} {scheme}", path, width)
        context.clear_cookies()
        wrong += look(page, f"sign in {scheme}", "/sign-in", width)
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        context.close()
    assert not wrong, "\n".join(wrong)


def test_whatever_was_typed_is_shown_and_never_run(
    signed_in: Page, app: Flask, owner: Owner, business_id: int, site: str,
    watch: Watch, scale: Scale,
) -> None:  # fmt: skip
    asked: list[str] = []

    def note(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    signed_in.on("dialog", note)
    by = by_of(app, owner)
    for turn in range(scale(1, len(HOSTILE))):
        texts = itertools.cycle(HOSTILE[turn:] + HOSTILE[:turn])
        made = furnish(app, business_id, by, lambda name: next(texts))  # noqa: B023
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
