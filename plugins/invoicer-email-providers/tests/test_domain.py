"""The check of the sender's domain, against a DNS server of the test's own."""

from html import unescape

import pytest
from flask_babel import force_locale
from invoicer_email_providers import looking_up
from invoicer_email_providers.domain import records, with_includes

from invoicer_core.models.tenancy import enter_business
from invoicer_core.plugin import PermanentFailure
from invoicer_core.services import businesses, plugins
from tests.factories import BY
from tests.peers.ses import TOKENS

PAGE = "/plugins/email_providers/domain"
SPF = "v=spf1 include:sendgrid.net include:amazonses.com ~all"


def look(desk, domain="mills.test"):
    """Every record, by name; of the provider's three aliases each."""
    with desk.app.app_context(), enter_business(desk.business_id), force_locale("en"):
        return records(desk.ctx(), domain)


def by_state(found):
    told = {}
    for each in found:
        told.setdefault(each.state, []).append(each.name)
    return told


def publish(dns, sendgrid, amazon):
    """Everything as it should be."""
    dns.txt("mills.test", "google-site-verification=x", SPF)
    dns.txt("_dmarc.mills.test", "v=DMARC1; p=quarantine")
    for each in sendgrid.domain("mills.test")["dns"].values():
        dns.cname(each["host"], each["data"])
    for token in TOKENS:
        dns.cname(f"{token}._domainkey.mills.test", f"{token}.dkim.amazonses.com")


def test_a_domain_that_is_set_up(desk, sendgrid, amazon, dns):
    publish(dns, sendgrid, amazon)
    found = look(desk)
    assert set(by_state(found)) == {"ok"}
    assert len(found) == 2 + 3 + len(TOKENS)


def test_a_domain_of_which_nobody_knows(desk, sendgrid, amazon, dns):
    sendgrid.domain("mills.test")
    found = {each.name: each for each in look(desk)}
    assert {each.state for each in found.values()} == {"missing"}
    assert found["mills.test"].value == SPF
    assert found["_dmarc.mills.test"].value == "v=DMARC1; p=none"
    assert found["s1._domainkey.mills.test"].value == "s1.domainkey.u7.wl.sendgrid.net"
    assert found["s1._domainkey.mills.test"].kind == "CNAME"


def test_a_record_that_stands_is_completed_and_not_replaced(desk, sendgrid, amazon, dns):
    publish(dns, sendgrid, amazon)
    dns.txt("mills.test", "v=spf1 mx include:sendgrid.net -all")
    dns.cname("s1._domainkey.mills.test", "elsewhere.test")
    found = {each.name: each for each in look(desk)}
    assert found["mills.test"].state == "wrong"
    assert found["mills.test"].found == ("v=spf1 mx include:sendgrid.net -all",)
    assert found["mills.test"].value == "v=spf1 mx include:sendgrid.net include:amazonses.com -all"
    alias = found["s1._domainkey.mills.test"]
    assert (alias.state, alias.found) == ("wrong", ("elsewhere.test",))


@pytest.mark.parametrize(
    ("there", "made"),
    [
        ("v=spf1 ~all", "v=spf1 include:a ~all"),
        ("v=spf1 mx -ALL", "v=spf1 mx include:a -ALL"),
        ("v=spf1 +include:A ~all", "v=spf1 +include:A ~all"),
        ("v=spf1 redirect=other.test", "v=spf1 include:a redirect=other.test"),
        ("v=spf1", "v=spf1 include:a"),
    ],
)
def test_an_include_goes_before_the_end(there, made):
    assert with_includes(there, ["include:a"]) == made


def test_several_records_count_for_nothing(desk, sendgrid, amazon, dns):
    publish(dns, sendgrid, amazon)
    dns.txt("mills.test", SPF, "v=spf1 mx ~all")
    dns.txt("_dmarc.mills.test", "v=DMARC1; p=none", "v=DMARC1; p=reject")
    found = {each.name: each for each in look(desk)}
    assert (found["mills.test"].state, found["_dmarc.mills.test"].state) == ("wrong", "wrong")


def test_a_long_answer_is_fetched_by_tcp(desk, sendgrid, amazon, dns):
    publish(dns, sendgrid, amazon)
    dns.txt("mills.test", *(f"verification={n}{'x' * 250}" for n in range(5)), SPF)
    found = {each.name: each for each in look(desk)}
    assert found["mills.test"].state == "ok"
    assert ("tcp", "TXT", "mills.test") in dns.asked


@pytest.mark.parametrize("mood", ["fails", "silent"])
def test_a_dns_server_that_does_not_say_is_not_taken_for_a_no(
    desk, sendgrid, amazon, dns, mood, monkeypatch
):
    monkeypatch.setattr(looking_up, "SECONDS", 0.3)
    sendgrid.domain("mills.test")
    dns.mood = mood
    found = look(desk)
    assert {each.state for each in found} == {"unknown"}
    assert all("did not say" in each.advice for each in found)


def test_a_business_cannot_point_the_server_at_a_dns_server_inside(desk, dns):
    desk.set(dns_server="127.0.0.1:1")
    with pytest.raises(PermanentFailure, match="private network"):
        look(desk)
    assert dns.asked == []


def test_a_domain_that_the_provider_does_not_know_is_said_so(desk, sendgrid, amazon, dns):
    found = [each for each in look(desk, "mills-of-nowhere.test") if each.kind == "CNAME"]
    assert [each.state for each in found] == ["missing", "missing"]
    assert all("does not know this domain yet" in each.advice for each in found)


def test_a_key_that_may_not_read_domains_says_where_to_look(desk, sendgrid, dns):
    desk.set(sendgrid_api_key="SG.another", ses_secret_key="x", ses_access_key="")
    found = [each for each in look(desk) if each.kind == "CNAME"]
    assert {each.state for each in found} == {"unknown"}
    assert "Sender Authentication" in found[0].advice


# --- the page -------------------------------------------------------------------------------------


@pytest.fixture
def on(owner, do, sendgrid, amazon, dns):
    """An owner with the plugin on and a sender."""
    do(plugins.change, name="email_providers", enabled=True, by=BY)
    do(businesses.update, fields={"email": "office@mills.test"}, by=BY)
    return owner


def test_the_page_shows_what_to_add(on, sendgrid, amazon, dns):
    sendgrid.domain("mills.test")
    shown = unescape(on.get(PAGE).text)
    assert "office@mills.test" in shown
    assert SPF in shown
    assert f'data-copy="{SPF}"' in shown
    assert ">missing<" in shown
    publish(dns, sendgrid, amazon)
    shown = unescape(on.get(PAGE).text)
    assert ">missing<" not in shown
    assert "data-copy" not in shown


def test_the_page_is_for_those_who_may_change_settings(on, viewer, stranger):
    assert on.get(PAGE).status_code == 200
    assert viewer.get(PAGE).status_code == 403
    assert stranger.get(PAGE).status_code == 302
    assert PAGE in on.get("/settings").text


def test_where_the_plugin_is_off_there_is_no_page(owner):
    assert owner.get(PAGE).status_code == 404


def test_without_a_sender_it_says_what_to_do(on, do):
    do(businesses.update, fields={"email": None}, by=BY)
    do(plugins.change, name="email_providers", settings={"from_address": ""}, by=BY)
    assert "There is no sender yet" in on.get(PAGE).text


def test_no_secret_is_on_any_page(on, do):
    canary = "canary-7f3a9c1e5b-0123456789"
    given = {"sendgrid_api_key": canary, "ses_secret_key": canary}
    do(plugins.change, name="email_providers", settings=given, by=BY)
    pages = (PAGE, "/settings/plugins/email_providers", "/settings/notifications", "/settings/jobs")
    for path in pages:
        assert canary not in on.get(path).text


def test_hostile_records_are_shown_as_text(on, sendgrid, amazon, dns):
    publish(dns, sendgrid, amazon)
    dns.txt("mills.test", "v=spf1 <script>alert(1)</script> ~all")
    shown = on.get(PAGE).text
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(1)" in shown
