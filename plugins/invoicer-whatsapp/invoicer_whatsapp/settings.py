"""What a business enters: its provider, the keys, and the templates that were approved."""

from dataclasses import dataclass
from typing import Final, Literal

from pydantic import field_validator

from invoicer_core.plugin import PermanentFailure, Secret, Settings, field, say

META: Final = "https://graph.facebook.com"
META_ENV, TWILIO_ENV = "WHATSAPP_API_ADDRESS", "WHATSAPP_TWILIO_API_ADDRESS"
VALUES: Final = (
    "document", "client", "number", "amount", "due", "date", "total", "business", "link", "text",
)  # fmt: skip
_ADDRESS: Final = r"^(https?://[^\s?#]+)?$"
_KINDS: Final = ("invoice", "reminder", "receipt", "statement")
_SHAPE: Final = (
    "Write each line as name, language and values, e.g. invoice_ready en document client number"
)


@dataclass(frozen=True, slots=True)
class Template:
    """A template that the provider approved, and what goes into its gaps, in their order."""

    name: str
    language: str
    values: tuple[str, ...] = ()

    @property
    def carries_file(self) -> bool:
        """Whether a document goes with it."""
        return "document" in self.values


def templates_in(lines: str) -> tuple[Template, ...]:
    """The templates of a setting, one a line. Raises ValueError with what to mend."""
    found = []
    for line in filter(None, map(str.strip, lines.splitlines())):
        name, *rest = line.split()
        if not rest:
            raise ValueError(f"{_SHAPE}. This line has no language: {line[:60]}")
        unknown = [word for word in rest[1:] if word not in VALUES]
        if unknown:
            raise ValueError(f"{unknown[0][:40]} is none of the values: {', '.join(VALUES)}.")
        found.append(Template(name, rest[0].replace("-", "_"), tuple(rest[1:])))
    return tuple(found)


def _templates(title: str, description: str | None = None, example: str | None = None) -> str:
    made: str = field(
        "", title=title, description=description, multiline=True, max_length=2000,
        placeholder=example,
    )  # fmt: skip
    return made


class WhatsAppSettings(Settings):
    """Meta's Cloud API or Twilio, and the templates for writing first."""

    provider: Literal["meta", "twilio"] = field(
        "meta", title="Provider", env="WHATSAPP_PROVIDER",
        description="meta: the WhatsApp Cloud API of Meta itself. twilio: WhatsApp over Twilio.",
    )  # fmt: skip
    phone_number_id: str = field(
        "", title="Meta: phone number ID", env="WHATSAPP_PHONE_NUMBER_ID",
        pattern=r"^[0-9]{0,30}$",
        description="In your app at developers.facebook.com under WhatsApp, API Setup.",
    )  # fmt: skip
    access_token: Secret = field(
        Secret(""), title="Meta: access token", env="WHATSAPP_ACCESS_TOKEN",
        description="A permanent one, of a system user with whatsapp_business_messaging.",
    )  # fmt: skip
    app_secret: Secret = field(
        Secret(""), title="Meta: app secret", env="WHATSAPP_APP_SECRET",
        description="App settings, Basic. It proves that a call really comes from Meta.",
    )  # fmt: skip
    verify_token: Secret = field(
        Secret(""), title="Meta: verify token", env="WHATSAPP_VERIFY_TOKEN",
        description="A word of your own: type the same where Meta asks for the webhook's address.",
    )  # fmt: skip
    twilio_account_sid: str = field(
        "", title="Twilio: account SID", env="WHATSAPP_TWILIO_ACCOUNT_SID",
        pattern=r"^(AC[0-9a-fA-F]{32})?$",
    )  # fmt: skip
    twilio_auth_token: Secret = field(
        Secret(""), title="Twilio: auth token", env="WHATSAPP_TWILIO_AUTH_TOKEN"
    )
    twilio_number: str = field(
        "", title="Twilio: your WhatsApp number", env="WHATSAPP_TWILIO_NUMBER",
        pattern=r"^(\+[1-9][0-9]{6,14})?$", placeholder="+14155238886",
    )  # fmt: skip
    template_invoice: str = _templates(
        "Templates for invoices",
        "One a line, for each language: name (Twilio: content SID), language, then what goes into"
        f" its gaps, of {', '.join(VALUES)}.",
        "invoice_ready en document client number amount due",
    )
    template_reminder: str = _templates("Templates for reminders")
    template_receipt: str = _templates("Templates for receipts")
    template_statement: str = _templates("Templates for statements")
    template_other: str = _templates(
        "Templates for everything else", "Also used where nothing is entered above."
    )
    seconds: int = field(10, title="Seconds to wait for the provider", ge=1, le=20)
    api_address: str = field(
        "", title="Meta: API address", env=META_ENV, pattern=_ADDRESS, max_length=200,
        description=f"Only for tests with a stand-in. Empty: {META}.",
    )  # fmt: skip
    twilio_api_address: str = field(
        "", title="Twilio: API address", env=TWILIO_ENV, pattern=_ADDRESS, max_length=200,
        description="Only for tests with a stand-in. Empty: Twilio itself.",
    )  # fmt: skip

    @field_validator("template_invoice", "template_reminder", "template_receipt",
                     "template_statement", "template_other")  # fmt: skip
    @classmethod
    def _readable(cls, lines: str) -> str:
        templates_in(lines)
        return lines


def meta_ready(settings: WhatsAppSettings) -> bool:
    """Whether calls from Meta can be told from false ones."""
    return settings.provider == "meta" and bool(settings.app_secret and settings.phone_number_id)


def twilio_ready(settings: WhatsAppSettings) -> bool:
    """Whether there is a Twilio account."""
    found = settings.twilio_account_sid and settings.twilio_auth_token
    return settings.provider == "twilio" and bool(found)


def template_for(settings: WhatsAppSettings, kind: str, locale: str) -> Template:
    """The template for a kind of message, in the reader's language where there is one.

    Raises:
        PermanentFailure: there is none; says what to enter.
    """
    own = getattr(settings, f"template_{kind}") if kind in _KINDS else ""
    found = templates_in(own) or templates_in(settings.template_other)
    if not found:
        raise PermanentFailure(
            say(
                "WhatsApp lets you write freely only within 24 hours after the client's last"
                " message. To write first, enter an approved template for this kind of message"
                " (%(kind)s) under Settings, Plugins, WhatsApp.",
                kind=kind,
            )
        )
    wanted = locale.replace("-", "_").lower()
    exact = [each for each in found if each.language.lower() == wanted]
    close = [each for each in found if _base(each.language) == _base(wanted)]
    return (exact or close or list(found))[0]


def _base(language: str) -> str:
    return language.lower().partition("_")[0]
