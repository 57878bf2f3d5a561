"""A business cannot have either provider's client call our own network."""

from typing import ClassVar

from invoicer_whatsapp import WhatsAppPlugin, cloud, twilio_way
from invoicer_whatsapp.composing import Letter
from invoicer_whatsapp.settings import META_ENV, TWILIO_ENV

from invoicer_core.plugin import Secret
from tests.inside import StaysOutside, context

LETTER = Letter("+4917612345678", "note", "1", "Hello", "")
SID = "AC" + "1" * 32


class TestMeta(StaysOutside):
    env: ClassVar[str] = META_ENV

    def call(self, address: str) -> None:
        token = Secret("EAAG-token")
        ctx = context(WhatsAppPlugin, phone_number_id="1", access_token=token, api_address=address)
        cloud.send(ctx, LETTER)


class TestTwilio(StaysOutside):
    env: ClassVar[str] = TWILIO_ENV

    def call(self, address: str) -> None:
        ctx = context(
            WhatsAppPlugin, provider="twilio", twilio_account_sid=SID,
            twilio_auth_token=Secret("a-token"), twilio_number="+14155238886",
            twilio_api_address=address,
        )  # fmt: skip
        twilio_way.send(ctx, LETTER)
