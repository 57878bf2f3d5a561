"""A business cannot have either provider's client call our own network."""

from typing import ClassVar

from invoicer_email_providers import EmailProvidersPlugin, sendgrid_way, ses_way
from invoicer_email_providers.settings import AMAZON_ENV, SENDGRID_ENV

from invoicer_core.plugin import OutgoingMessage, Secret
from tests.inside import StaysOutside, context

MESSAGE = OutgoingMessage(message_id=7, kind="note", recipient="buyer@books.test", text="Hello")
SENDER = "office@mills.test"


class TestSendGrid(StaysOutside):
    env: ClassVar[str] = SENDGRID_ENV

    def call(self, address: str) -> None:
        ctx = context(
            EmailProvidersPlugin, from_address=SENDER, sendgrid_url=address,
            sendgrid_api_key=Secret("SG.key"),
        )  # fmt: skip
        sendgrid_way.send(ctx, MESSAGE)


class TestAmazon(StaysOutside):
    env: ClassVar[str] = AMAZON_ENV

    def call(self, address: str) -> None:
        ctx = context(
            EmailProvidersPlugin, from_address=SENDER, ses_endpoint=address,
            ses_region="eu-central-1", ses_access_key="AKIA0", ses_secret_key=Secret("x"),
        )  # fmt: skip
        ses_way.send(ctx, MESSAGE)
