"""Twilio's error codes in words a person can act on."""

from typing import Final

from invoicer_core.plugin import say

FAILURES: Final = {
    13224: say("The number cannot be called: it is not valid."),
    20003: say("Twilio does not accept the account SID and auth token.")
    + " "
    + say("Enter them again under Settings, Plugins, Twilio."),
    20429: say("Twilio has had too many requests at once."),
    21205: say("Twilio does not accept Invoicer's address for calls.")
    + " "
    + say("Set INVOICER_URL to an address that can be reached from outside."),
    21210: say("The number calls come from is neither bought nor verified at Twilio."),
    21211: say("Twilio says this is no telephone number."),
    21212: say("Twilio does not accept the number messages come from."),
    21214: say("This number cannot be called."),
    21215: say("Calls to this country are switched off in your Twilio account."),
    21219: say("A trial account may call verified numbers only."),
    21408: say("Text messages to this country are switched off in your Twilio account."),
    21602: say("The message has no text."),
    21603: say("Say which number text messages come from."),
    21606: say(
        "The number messages come from is not yours at Twilio, or cannot send text messages."
    ),
    21608: say("A trial account may write to verified numbers only."),
    21609: say("Twilio does not accept Invoicer's address for news of the message."),
    21610: say("This person has answered STOP and gets no text messages from you."),
    21612: say("This number cannot be reached from the number messages come from."),
    21614: say("This is no mobile number: it cannot get text messages."),
    21617: say("The text is longer than 1600 characters."),
    30001: say("Too many messages were waiting at Twilio."),
    30002: say("Your Twilio account is suspended."),
    30003: say("The telephone is off or cannot be reached."),
    30004: say("The recipient does not accept the message."),
    30005: say("The number does not exist or is no longer in use."),
    30006: say("This is a landline or its network does not take text messages."),
    30007: say("The network filtered the message as unwanted."),
    30008: say("The network did not say why."),
    30009: say("A part of the message was lost."),
    30010: say("The message would cost more than allowed."),
    30034: say("The number messages come from is not registered for business messages in the US."),
}


def failure(code: int | str | None, otherwise: str) -> str:
    """What an error code means, with the code: it is what people look for at Twilio."""
    number = str(code or "")
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        return otherwise
    return f"{FAILURES.get(int(number), otherwise)} (Twilio {number})"
