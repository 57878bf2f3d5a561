"""A business cannot have Stripe's client call our own network."""

from typing import ClassVar

from invoicer_stripe import StripePlugin, api
from invoicer_stripe.settings import API_ENV

from invoicer_core.plugin import Secret
from tests.inside import StaysOutside, context


class TestStripe(StaysOutside):
    env: ClassVar[str] = API_ENV

    def call(self, address: str) -> None:
        key = Secret("sk_test_0000000000")
        ctx = context(StripePlugin, secret_key=key, api_address=address)
        api.done(lambda: api.client(ctx).v1.refunds.create({"payment_intent": "pi_1"}))
