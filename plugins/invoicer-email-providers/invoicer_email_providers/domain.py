"""What a sender's domain has to say in the DNS so that its mails are believed: SPF, DKIM, DMARC."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from flask_babel import gettext as _
from python_http_client.exceptions import HTTPError

from invoicer_core.plugin import PermanentFailure, RetryLater
from invoicer_email_providers import sendgrid_way, ses_way
from invoicer_email_providers.looking_up import Resolver
from invoicer_email_providers.settings import Ctx, sender

_PROVIDERS: Final = {"sendgrid": "include:sendgrid.net", "ses": "include:amazonses.com"}
TITLES: Final = {"sendgrid": "SendGrid", "ses": "Amazon SES"}


@dataclass(frozen=True, slots=True)
class Record:
    """One record: where it belongs, what is there, what should be there. ``advice`` is a sentence;
    ``value`` the exact text to enter, empty where nothing has to be done."""

    about: str
    kind: Literal["TXT", "CNAME"]
    name: str
    state: Literal["ok", "missing", "wrong", "unknown"]
    found: tuple[str, ...] = ()
    value: str = ""
    advice: str = ""


def domain_of(ctx: Ctx) -> str | None:
    """The domain that mails come from."""
    address, _name = sender(ctx)
    return address.rpartition("@")[2].lower() or None


def in_use(ctx: Ctx) -> tuple[str, ...]:
    """The providers that have a key."""
    its = ctx.settings
    keys = {"sendgrid": bool(its.sendgrid_api_key), "ses": bool(its.ses_secret_key)}
    return tuple(name for name, there in keys.items() if there)


def records(ctx: Ctx, domain: str) -> list[Record]:
    """Every record that matters, as it stands now.

    Raises:
        PermanentFailure: the DNS server from the settings may not be asked.
    """
    resolver = Resolver(ctx)
    found = [_spf(ctx, resolver, domain)]
    for provider in in_use(ctx):
        found += _dkim(ctx, resolver, domain, provider)
    return [*found, _dmarc(resolver, domain)]


# --- SPF (RFC 7208) -------------------------------------------------------------------------------


def _spf(ctx: Ctx, resolver: Resolver, domain: str) -> Record:
    about = _("SPF: who may send for the domain")
    try:
        texts = resolver.texts(domain)
    except RetryLater as trouble:
        return Record(about, "TXT", domain, "unknown", advice=trouble.reason)
    there = tuple(each for each in texts if each.lower().split(" ")[0] == "v=spf1")
    wanted = [_PROVIDERS[name] for name in in_use(ctx)]
    if len(there) > 1:
        said = _("There are several SPF records, so that none counts. Keep one of them.")
        return Record(about, "TXT", domain, "wrong", there, with_includes(there[0], wanted), said)
    if not there:
        return Record(
            about, "TXT", domain, "missing", (), with_includes("v=spf1 ~all", wanted),
            _("Add this record."),
        )  # fmt: skip
    value = with_includes(there[0], wanted)
    if value == there[0]:
        return Record(about, "TXT", domain, "ok", there)
    said = _("Your provider is not named. Replace the record by this one.")
    return Record(about, "TXT", domain, "wrong", there, value, said)


def with_includes(spf: str, wanted: list[str]) -> str:
    """An SPF record with these terms before its end."""
    terms = spf.split()
    known = {each.lower().lstrip("+") for each in terms}
    missing = [each for each in wanted if each not in known]
    ends = next(
        (at for at, each in enumerate(terms) if each.lower().lstrip("+-~?") == "all"
         or each.lower().startswith("redirect=")),
        len(terms),
    )  # fmt: skip
    return " ".join([*terms[:ends], *missing, *terms[ends:]])


# --- DKIM (RFC 6376) ------------------------------------------------------------------------------


def _dkim(ctx: Ctx, resolver: Resolver, domain: str, provider: str) -> Iterator[Record]:
    about = _("DKIM: %(provider)s signs your mails", provider=TITLES[provider])
    try:
        wanted = (
            _aliases_of_sendgrid(ctx, domain) if provider == "sendgrid" else _of_ses(ctx, domain)
        )
    except (RetryLater, PermanentFailure) as trouble:
        yield Record(about, "CNAME", domain, "unknown", advice=trouble.reason)
        return
    if not wanted:
        said = _(
            "%(provider)s does not know this domain yet: add it there, then look here again.",
            provider=TITLES[provider],
        )
        yield Record(about, "CNAME", domain, "missing", advice=said)
    for name, target in wanted:
        yield _alias(resolver, about, name, target)


def _alias(resolver: Resolver, about: str, name: str, target: str) -> Record:
    try:
        there = resolver.alias(name)
    except RetryLater as trouble:
        return Record(about, "CNAME", name, "unknown", value=target, advice=trouble.reason)
    if there == target.lower():
        return Record(about, "CNAME", name, "ok", (there,))
    if there is None:
        return Record(about, "CNAME", name, "missing", (), target, _("Add this record."))
    return Record(about, "CNAME", name, "wrong", (there,), target, _("Replace it by this one."))


def _aliases_of_sendgrid(ctx: Ctx, domain: str) -> list[tuple[str, str]]:
    """What SendGrid wants for the domain: names and their targets."""
    try:
        answer = sendgrid_way.client(ctx).whitelabel.domains.get(
            query_params={"domain": domain}, timeout=sendgrid_way.SECONDS / 4
        )
    except HTTPError as refused:
        if refused.status_code in (401, 403):
            raise RetryLater(
                _("The API key may not read your domains: look at Settings, Sender Authentication"
                  " at SendGrid.")
            ) from refused  # fmt: skip
        raise RetryLater(_("SendGrid did not say what it wants.")) from refused
    except OSError as away:
        raise RetryLater(_("SendGrid did not say what it wants.")) from away
    found: Any = answer.to_dict
    ours = [each for each in found or () if str(each.get("domain", "")).lower() == domain]
    return [
        (str(each["host"]).lower(), str(each["data"]))
        for part in ours[:1]
        for each in part.get("dns", {}).values()
        if each.get("type") == "cname"
    ]


def _of_ses(ctx: Ctx, domain: str) -> list[tuple[str, str]]:
    """What Amazon wants for the domain: three names and their targets."""
    try:
        answer = ses_way.client(ctx).get_email_identity(EmailIdentity=domain)
    except ses_way.faults.ClientError as refused:
        if refused.response.get("Error", {}).get("Code") == "NotFoundException":
            return []
        raise RetryLater(
            _("The key may not read your domains: allow ses:GetEmailIdentity, or look at the"
              " identities of Amazon SES.")
        ) from refused  # fmt: skip
    except ses_way.faults.BotoCoreError as away:
        raise RetryLater(_("Amazon SES did not say what it wants.")) from away
    tokens = answer.get("DkimAttributes", {}).get("Tokens") or []
    return [
        (f"{each}._domainkey.{domain}".lower(), f"{each}.dkim.amazonses.com") for each in tokens
    ]


# --- DMARC (RFC 7489) -----------------------------------------------------------------------------


def _dmarc(resolver: Resolver, domain: str) -> Record:
    about, name = _("DMARC: what receivers do with mails that fail"), f"_dmarc.{domain}"
    try:
        texts = resolver.texts(name)
    except RetryLater as trouble:
        return Record(about, "TXT", name, "unknown", advice=trouble.reason)
    there = tuple(each for each in texts if each.lower().replace(" ", "").startswith("v=dmarc1;"))
    if len(there) == 1:
        return Record(about, "TXT", name, "ok", there)
    if there:
        said = _("There are several DMARC records, so that none counts. Keep one of them.")
        return Record(about, "TXT", name, "wrong", there, there[0], said)
    said = _("Add this record. It changes nothing for now, but large providers ask for it.")
    return Record(about, "TXT", name, "missing", (), "v=DMARC1; p=none", said)
