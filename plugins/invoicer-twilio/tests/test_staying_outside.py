"""A business cannot have Twilio's client call our own network."""

from typing import ClassVar

from invoicer_twilio import TwilioPlugin
from invoicer_twilio.client import connect, order
from invoicer_twilio.settings import API_ENV

from invoicer_core.plugin import Secret
from tests.inside import StaysOutside, context
from tests.peers.twilio import ACCOUNT, NUMBER, TOKEN


class TestTwilio(StaysOutside):
    env: ClassVar[str] = API_ENV

    def call(self, address: str) -> None:
        known = {"account_sid": ACCOUNT, "auth_token": Secret(TOKEN)}
        ctx = context(TwilioPlugin, **known, api_address=address)
        client = connect(ctx.settings)
        order(lambda: client.messages.create(to="+4917612345678", from_=NUMBER, body="Hello"))
