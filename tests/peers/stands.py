"""Which stand-ins there are beside the demo: how each is started, and what its plugin is told."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Here:
    """Where a stand-in is, and where the demo business listens."""

    port: int
    invoicer: str
    business_id: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def hook(self, plugin: str, name: str) -> str:
        """Where a provider calls a plugin of the demo business."""
        return f"{self.invoicer}/hooks/{plugin}/{name}/{self.business_id}"


@dataclass(frozen=True, kw_only=True)
class Stand:
    """One stand-in.

    Args:
        module: run as ``python -m MODULE --port PORT``; says one line when it is ready.
        settings: what the plugin is told.
        address_setting: which of these names the address; one that leads elsewhere is the owner's.
        arguments: more words for its command line.
        page: where a person may look at it.
        switched_on: False leaves the plugin to be switched on by hand.
    """

    plugin: str
    title: str
    what: str
    module: str
    port: int
    settings: Callable[[Here], dict[str, Any]]
    address_setting: str
    arguments: Callable[[Here], list[str]] = lambda here: []
    page: str = "/"
    switched_on: bool = True


# Made up, like everything here: what the stand-ins take for the keys of an account.
STRIPE_KEY = "sk_test_the_demo_business_0000000000"
STRIPE_SIGNS = "whsec_the_demo_business_000000000000"
TWILIO_ACCOUNT = "AC0123456789abcdef0123456789abcdef"
TWILIO_TOKEN = "twilio-peer-auth-token-58c1"
TWILIO_NUMBER = "+15005550006"
SENDGRID_SIGNS = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEx8uTK0yQlPQNN/Nir7OqviUM0X"
    "PGTmEchbc1qrBy1BSQkbxkKXHQeyYzZjG5pZoZyaDyGPUJZW1q4KsCVfX5wQ=="
)
LANGUAGES = ("en", "de", "fr", "es")


def _stripe(here: Here) -> dict[str, Any]:
    return {
        "secret_key": STRIPE_KEY, "webhook_secret": STRIPE_SIGNS, "api_address": here.url,
        "charge": "never",
    }  # fmt: skip


def _stripe_listens(here: Here) -> list[str]:
    return ["--listen", f"{STRIPE_KEY},{STRIPE_SIGNS},{here.hook('stripe', 'events')}"]


def _twilio(here: Here) -> dict[str, Any]:
    return {
        "account_sid": TWILIO_ACCOUNT, "auth_token": TWILIO_TOKEN, "sender": TWILIO_NUMBER,
        "caller": TWILIO_NUMBER, "alert_number": "+4917612345678", "segment_cost": "0.0079",
        "call_cost": "0.014", "api_address": here.url,
    }  # fmt: skip


def _whatsapp(here: Here) -> dict[str, Any]:
    return {
        "provider": "meta", "phone_number_id": "106540352242922",
        "access_token": "EAAG-peer-token-0123456789abcdef",
        "app_secret": "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "verify_token": "peer-verify-token",
        "template_invoice": _templates("invoice_ready", "document client number amount due"),
        "template_reminder": _templates("payment_reminder", "client number amount due"),
        "template_receipt": _templates("payment_received", "document client number amount date"),
        "api_address": here.url,
    }  # fmt: skip


def _templates(name: str, gaps: str) -> str:
    return "\n".join(f"{name} {language} {gaps}" for language in LANGUAGES)


def _sendgrid(here: Here) -> dict[str, Any]:
    return {
        "sendgrid_api_key": "SG.peer-of-tests.0000000000000000000000000000",
        "sendgrid_url": here.url, "sendgrid_event_key": SENDGRID_SIGNS,
        # Nobody listens there: made-up domains are looked up nowhere.
        "dns_server": f"127.0.0.1:{here.port}",
    }  # fmt: skip


def _model(here: Here) -> dict[str, Any]:
    return {"api_key": "sk-peer-of-tests-0000000000000000", "base_url": f"{here.url}/v1"}


def _bucket(here: Here) -> dict[str, Any]:
    return {
        "endpoint": here.url, "bucket": "invoices-of-tests", "region": "eu-central-1",
        "access_key": "AKIAPEEROFTESTS00000", "path_style": True,
        "secret_key": "peer/secret+of.tests/0000000000000000000",
    }  # fmt: skip


STANDS: tuple[Stand, ...] = (
    Stand(
        plugin="stripe", title="Stripe", what="pay pages open from an invoice's link",
        module="tests.peers.stripe", port=4101, settings=_stripe, arguments=_stripe_listens,
        address_setting="api_address",
    ),
    Stand(
        plugin="twilio", title="Twilio", what="text messages and calls, to read and to answer",
        module="tests.peers.twilio", port=4102, settings=_twilio, address_setting="api_address",
        arguments=lambda here: ["--incoming", here.hook("twilio", "incoming")],
    ),
    Stand(
        plugin="whatsapp", title="WhatsApp", what="messages, to read and to answer",
        module="tests.peers.whatsapp", port=4103, settings=_whatsapp,
        address_setting="api_address",
        arguments=lambda here: ["--callback", here.hook("whatsapp", "meta")],
    ),
    Stand(
        plugin="email_providers", title="SendGrid", what="an outbox; choose it to carry e-mail",
        module="tests.peers.sendgrid", port=4104, settings=_sendgrid,
        address_setting="sendgrid_url",
        arguments=lambda here: ["--tell", here.hook("email_providers", "sendgrid")],
    ),
    Stand(
        plugin="s3_pdfs", title="S3", what="a bucket; switch the plugin on to use it",
        module="tests.peers.s3", port=4105, settings=_bucket, address_setting="endpoint",
        switched_on=False,
    ),
    Stand(
        plugin="ai", title="AI service", what="what it was asked; it knows a few sentences only",
        module="tests.peers.aimock", port=4106, settings=_model, address_setting="base_url",
        page="/wire",
    ),
)  # fmt: skip
