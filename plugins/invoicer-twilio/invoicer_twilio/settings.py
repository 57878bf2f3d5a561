"""What a business enters to use its Twilio account."""

from decimal import Decimal
from typing import Final

from invoicer_core.plugin import PermanentFailure, Secret, Settings, field, say

API_ENV: Final = "TWILIO_API_ADDRESS"
NOT_SET: Final = say(
    "Twilio is not set up. Enter the account SID and the auth token from console.twilio.com under"
    " Settings, Plugins, Twilio."
)
SERVICE_LENGTH: Final = 34
_NUMBER: Final = r"^(\+[1-9][0-9]{6,14})?$"
_SENDER: Final = r"^(\+[1-9][0-9]{6,14}|MG[0-9a-f]{32}|[A-Za-z][A-Za-z0-9 ]{0,10})?$"
_API: Final = r"^(https://[a-z0-9.-]+\.twilio\.com|http://(127\.0\.0\.1|localhost)(:[0-9]{1,5})?)?$"


class TwilioSettings(Settings):
    """The account, the numbers, and what a message costs there."""

    account_sid: str = field(
        "", title="Account SID", env="TWILIO_ACCOUNT_SID", pattern=r"^(AC[0-9a-fA-F]{32})?$",
        description="Begins with AC; on the first page of console.twilio.com.",
    )  # fmt: skip
    auth_token: Secret = field(
        Secret(""), title="Auth token", env="TWILIO_AUTH_TOKEN",
        description="Beside the account SID. It also proves that a call really comes from Twilio.",
    )  # fmt: skip
    sender: str = field(
        "", title="Text messages come from", env="TWILIO_SENDER", pattern=_SENDER,
        placeholder="+4930901820",
        description="A number of yours at Twilio, a messaging service (MG...), or a name of up to"
        " 11 letters and digits, where the country allows that.",
    )  # fmt: skip
    caller: str = field(
        "", title="Calls come from", env="TWILIO_CALLER", pattern=_NUMBER,
        placeholder="+4930901820",
        description="A number of yours at Twilio; left empty, the one text messages come from.",
    )  # fmt: skip
    alert_number: str = field(
        "", title="Tell this number when stock runs low", pattern=_NUMBER,
        placeholder="+491701234567",
        description="Gets a text message when a product falls to its low level. Empty: nobody.",
    )  # fmt: skip
    segment_cost: Decimal | None = field(
        None, title="Cost of one part of a text message", ge=0, max_digits=10, decimal_places=6,
        description="Shown before sending. Twilio's price list has it by country.",
    )  # fmt: skip
    call_cost: Decimal | None = field(
        None, title="Cost of one minute of a call", ge=0, max_digits=10, decimal_places=6
    )
    cost_currency: str = field("USD", title="Currency of these costs", pattern=r"^[A-Z]{3}$")
    help_answer: str = field(
        "", title="Answer to the word HELP", multiline=True, max_length=320,
        description="Left empty, the answer names the business and the word STOP.",
    )  # fmt: skip
    seconds: int = field(10, title="Seconds to wait for Twilio", ge=1, le=30)
    api_address: str = field(
        "", title="Address of the API", env=API_ENV, max_length=200,
        pattern=_API,
        description="Of another region (https://api....twilio.com), or of a stand-in on this"
        " machine. Empty: the usual one.",
    )  # fmt: skip


def ready(settings: TwilioSettings) -> bool:
    """Whether there is an account, and so a secret to tell true calls from false ones."""
    return bool(settings.account_sid and settings.auth_token)


def sender_of(settings: TwilioSettings) -> dict[str, str]:
    """From whom text messages come, as Twilio's arguments. Raises PermanentFailure."""
    if not settings.sender:
        raise PermanentFailure(
            say("Say which number text messages come from, under Settings, Plugins, Twilio.")
        )
    if len(settings.sender) == SERVICE_LENGTH:
        return {"messaging_service_sid": settings.sender}
    return {"from_": settings.sender}


def caller_of(settings: TwilioSettings) -> str:
    """The number calls come from. Raises PermanentFailure."""
    number = settings.caller or settings.sender
    if not number.startswith("+"):
        raise PermanentFailure(
            say(
                "Say which number calls come from, under Settings, Plugins, Twilio: one of yours at"
                " Twilio, beginning with +."
            )
        )
    return number
