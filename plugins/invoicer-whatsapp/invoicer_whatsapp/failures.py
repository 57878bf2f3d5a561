"""Error codes of Meta and Twilio in words a person can act on."""

from collections.abc import Mapping
from typing import Any, Final

from invoicer_core.plugin import say

_TOKEN: Final = (
    say("Meta does not accept the access token.")
    + " "
    + say("Enter a new one under Settings, Plugins, WhatsApp.")
)
_GAPS: Final = say(
    "The template has other gaps than the values entered for it under Settings, Plugins, WhatsApp:"
    " compare their number and order, and whether its header is a document."
)
_GONE: Final = (
    say("There is no approved template of this name and language.")
    + " "
    + say("Check it under Settings, Plugins, WhatsApp.")
)
_NOBODY: Final = say(
    "The message could not be delivered: the number is not on WhatsApp, or its owner has not"
    " accepted WhatsApp's terms or uses an old version."
)
_CLOSED: Final = say(
    "More than 24 hours have passed since the client's last message: only a template may be sent."
)
_NOT_ALLOWED: Final = say(
    "The access token may not do this: it needs the right whatsapp_business_messaging."
)
_TRIAL: Final = say("Meta did not deliver it: the person is part of an experiment of Meta's.")
_SPARED: Final = say(
    "Meta did not deliver it, to spare the person too many messages from businesses."
)
_NOT_YOURS: Final = say("This WhatsApp number is not yours at Twilio.")
# Each sentence is a text of its own: with a code behind them, they are known again one by one.
WORDS: Final = {
    3: _NOT_ALLOWED,
    10: _NOT_ALLOWED,
    190: _TOKEN,
    200: say("The access token may not send from this phone number."),
    368: say("Meta has blocked the account for breaking its rules; see the WhatsApp Manager."),
    130472: _TRIAL,
    130497: say("Meta does not allow this account to write to this country."),
    131008: _GAPS,
    131021: say("This is your own WhatsApp number."),
    131026: _NOBODY,
    131030: say("A test number may write only to the numbers that are listed for it at Meta."),
    131031: say("Meta has locked the account; see the WhatsApp Manager."),
    131037: say("The display name of your number has to be approved at Meta first."),
    131042: say("Meta has no valid way of payment for your account; see the WhatsApp Manager."),
    131047: _CLOSED,
    131049: _SPARED,
    131050: say("The person has stopped messages of this kind in WhatsApp."),
    131053: say("WhatsApp does not take this file."),
    132000: _GAPS,
    132001: _GONE,
    132005: say("The text becomes too long for this template."),
    132007: say("The template breaks Meta's rules; see the WhatsApp Manager."),
    132012: _GAPS,
    132015: say("Meta has paused this template for its quality; see the WhatsApp Manager."),
    132016: say("Meta has switched this template off for its quality; enter another one."),
    132018: _GAPS,
    133010: say("The phone number is not registered for the Cloud API."),
}
TWILIO: Final = {
    20003: say("Twilio does not accept the account SID and auth token.")
    + " "
    + say("Enter them again under Settings, Plugins, WhatsApp."),
    21211: _NOBODY,
    21606: _NOT_YOURS,
    21610: say("This person has answered STOP and gets no messages from you."),
    21620: say(
        "Twilio does not accept the address of the document: Invoicer has to be reachable from"
        " outside under INVOICER_URL."
    ),
    21655: _GONE,
    21656: _GAPS,
    63003: _NOBODY,
    63007: _NOT_YOURS,
    63013: say("The message breaks WhatsApp's rules."),
    63016: _CLOSED,
    63019: say("WhatsApp could not fetch the document."),
    63024: _NOBODY,
    63032: _TRIAL,
    63049: _SPARED,
}


def in_words(code: Any, otherwise: str) -> str:
    """What a code of Meta's means, with the code: it is what people look for."""
    return _words(WORDS, "Meta", code, otherwise)


def at_twilio(code: Any, otherwise: str) -> str:
    """What a code of Twilio's means."""
    return _words(TWILIO, "Twilio", code, otherwise)


def _words(known: Mapping[int, str], who: str, code: Any, otherwise: str) -> str:
    number = int(code) if str(code).isascii() and str(code).isdigit() and len(str(code)) < 10 else 0
    shown = "".join(char for char in otherwise if char.isprintable())[:300]
    words = known.get(number) or shown or f"{who} refuses it."
    return f"{words} ({who} {number})" if number else words
