"""The story of a part payment: a client pays from a phone, the owner's screen follows by itself."""

import socket
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.services import businesses, clients, plugins, sessions
from tests.e2e.conftest import PASSWORD, Installed, Owner, Watch, _answers
from tests.integration.web.scenes import CODE, Shop
from tests.peers.processes import until
from tests.peers.till import Till, till_peer
from tests.plugins.paying.invoicer_paying import PayingPlugin

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]

PLUGIN = Path(__file__).parents[1] / "plugins" / "paying"
PHONE = {
    "viewport": {"width": 390, "height": 844}, "device_scale_factor": 3, "is_mobile": True,
    "has_touch": True, "locale": "en-GB",
    "user_agent": "Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 (KHTML, like Gecko)"
                  " Chrome/156.0.0.0 Mobile Safari/537.36",
}  # fmt: skip


@pytest.fixture(scope="module")
def till() -> Iterator[Till]:
    """The payment provider."""
    with till_peer() as peer:
        yield peer


@pytest.fixture(scope="module")
def installed_plugin(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folders for PYTHONPATH in which the plugin is found as an installed package."""
    folder = tmp_path_factory.mktemp("installed")
    info = folder / "invoicer_paying-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: invoicer-paying\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text(
        "[invoicer.plugins]\npaying = invoicer_paying:PayingPlugin\n"
    )
    return f"{folder}:{PLUGIN}"


@pytest.fixture(scope="module")
def shop_site(
    site_variables: dict[str, str], installed_plugin: str, run_folder: Path, worker_number: int
) -> Iterator[str]:
    """A running installation with the plugin: web, worker and clock."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    environ = {
        **site_variables, "PORT": str(port), "INVOICER_URL": address, "INVOICER_WEB_WORKERS": "1",
        "PYTHONPATH": installed_plugin,
    }  # fmt: skip
    folder = run_folder / f"shop{worker_number}"
    folder.mkdir(exist_ok=True)
    roles = [Installed(name, environ, folder).start() for name in ("web", "worker", "clock")]
    try:
        until(lambda: _answers(f"{address}/healthz"), 40)
        yield address
    finally:
        for role in roles:
            role.kill()


@pytest.fixture(scope="module")
def shop_app(config: Config) -> Flask:
    """An application with the plugin, on the same database."""
    return create_app(config, plugins=[PayingPlugin])


@pytest.fixture
def shop(shop_app: Flask, owner: Owner, till: Till) -> Shop:
    """The owner's business, which takes part payments at the till."""
    with shop_app.app_context():
        who = sessions.sign_in(email=owner.email, password=PASSWORD, kind="web").identity
    shop = Shop(shop_app, who.business_id or 0, 0, f"{uuid4().hex[:12]}@client.test")
    fields = {"name": "Harbour Books", "email": shop.email, "locale": "en-GB"}
    shop.client_id = shop.do(clients.create, fields=fields).id
    shop.do(businesses.update, fields={"settings": {"part_payments": True}})
    shop.do(plugins.change, name="paying", settings={"till": till.url})
    till.sales.clear()
    return shop


@pytest.fixture
def watch(shop_site: str, till: Till) -> Iterator[Watch]:
    """As ever, and the provider's page is no foreign host here."""
    watch = Watch(shop_site, also=(till.url,))
    yield watch
    assert not watch.wrong, "\n".join(watch.wrong)


@pytest.fixture
def phone(browser: Browser, shop_site: str, watch: Watch) -> Iterator[Page]:
    """The client's phone."""
    context = browser.new_context(base_url=shop_site, **PHONE)  # type: ignore[arg-type]
    context.set_default_timeout(15_000)
    watch.on(context)
    yield context.new_page()
    context.close()


@pytest.fixture
def desk(browser: Browser, shop_site: str, watch: Watch, owner: Owner) -> Iterator[Page]:
    """The owner's desk, signed in."""
    context = browser.new_context(base_url=shop_site, locale="en-GB")
    context.set_default_timeout(15_000)
    watch.on(context)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("E-mail").fill(owner.email)
    page.get_by_label("Password").fill(owner.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    yield page
    context.close()


def code_in_mail(data: str, shop: Shop) -> str:
    """The code in a mail to the client; without an SMTP server mails are files of the data folder,
    and the stored text is forgotten as soon as it is sent."""
    for path in Path(data, "mail").glob("*.eml"):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        body = mail.get_body(("plain",))
        if body is not None and shop.email in str(mail["To"]):
            found = CODE.search(body.get_content())
            if found is not None:
                return found[1] + found[2]
    return ""


def fits(page: Page) -> None:
    """The page needs no scrolling sideways."""
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_client_pays_a_part_from_a_phone(shop: Shop, phone: Page, desk: Page, till: Till) -> None:
    made = shop.issue()
    desk.goto(f"/invoices/{made.id}")
    expect(desk.locator("[data-live-state=on]").first).to_be_attached()

    phone.goto(shop.link(made))
    expect(phone.get_by_role("heading", level=1)).to_contain_text(made.invoice_number)
    expect(phone.locator(".public-amount strong")).to_have_text("€119.00")
    fits(phone)
    phone.get_by_label("Amount in EUR").fill("50")
    phone.get_by_role("button", name="Pay with the Till").tap()
    expect(phone.get_by_role("heading", name="The Till", exact=True)).to_be_visible()
    assert set(till.referrers) == {None}
    expect(phone.get_by_text("50.00 EUR")).to_be_visible()
    phone.get_by_role("button", name="Pay now").tap()
    expect(phone.get_by_text("Your payment of €50.00 has arrived.")).to_be_visible()
    expect(phone.get_by_text("€69.00 is still to be paid.")).to_be_visible()
    fits(phone)

    # The owner's second screen was not touched.
    expect(desk.get_by_text("€69.00").first).to_be_visible()
    phone.get_by_role("link", name="Back to the invoice").tap()
    expect(phone.locator(".public-amount strong")).to_have_text("€69.00")
    expect(phone.get_by_text("Payment of €50.00 received")).to_be_visible()
    assert phone.context.cookies() == []


def test_a_payer_who_does_not_come_back(shop: Shop, phone: Page, desk: Page, till: Till) -> None:
    made = shop.issue()
    desk.goto(f"/invoices/{made.id}")
    phone.goto(shop.link(made))
    phone.get_by_role("button", name="Pay with the Till").tap()
    expect(phone.get_by_role("heading", name="The Till", exact=True)).to_be_visible()
    phone.goto("about:blank")
    till.only()["state"] = "paid"
    # A worker asks the till; nobody told the business, and nobody reloads the page.
    expect(desk.get_by_text("Paid", exact=True).first).to_be_visible(timeout=90_000)


def test_the_clients_page_follows_what_the_owner_records(
    shop: Shop, phone: Page, desk: Page
) -> None:
    made = shop.issue()
    phone.goto(shop.link(made))
    expect(phone.locator("[data-live-state=on]").first).to_be_attached()
    desk.goto(f"/invoices/{made.id}")
    desk.get_by_role("button", name="Record payment").first.click()
    desk.get_by_role("dialog").get_by_role("button", name="Record payment").click()
    expect(phone.get_by_text("Paid. Thank you!")).to_be_visible()
    expect(phone.get_by_role("button", name="Pay with")).to_have_count(0)


def test_a_client_looks_through_its_own_pages(
    shop: Shop, phone: Page, watch: Watch, site_variables: dict[str, str]
) -> None:
    made = shop.issue()
    phone.goto(shop.link(made))
    phone.get_by_role("link", name="See my other invoices").tap()
    phone.get_by_label("Your e-mail address").fill(shop.email)
    phone.get_by_role("button", name="Send me a code").tap()
    expect(phone.get_by_role("heading", name="Look into your mail")).to_be_visible()
    watch.expect("status of 422")
    phone.get_by_label("Code").fill("0000 0000")
    phone.get_by_role("button", name="Open my invoices").tap()
    expect(phone.get_by_text("This code is wrong")).to_be_visible()
    phone.get_by_label("Code").fill(
        until(lambda: code_in_mail(site_variables["INVOICER_DATA"], shop), 20)
    )
    phone.get_by_role("button", name="Open my invoices").tap()
    expect(phone.get_by_text(f"Signed in as {shop.email}")).to_be_visible()
    for name in ("Invoices", "Credit notes", "Payments", "Statement", "Your data", "Overview"):
        phone.get_by_role("navigation", name="Your pages").get_by_role("link", name=name).tap()
        expect(phone).to_have_title(
            f"{'Overview' if name == 'Overview' else name} · Atelier Nordlicht"
        )
        fits(phone)
    phone.get_by_role("link", name=made.invoice_number).tap()
    expect(phone.get_by_role("heading", level=1)).to_contain_text(made.invoice_number)
    phone.get_by_role("link", name="See my other invoices").tap()
    phone.get_by_role("button", name="Sign out").tap()
    expect(phone.get_by_role("heading", name="You are signed out")).to_be_visible()
