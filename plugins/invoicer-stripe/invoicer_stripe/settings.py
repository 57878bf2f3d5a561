"""What a business sets: its keys at Stripe, and when saved cards are charged."""

from typing import Literal

from pydantic import field_validator

from invoicer_core.plugin import Secret, Settings, field

API_ENV = "STRIPE_API_ADDRESS"
LOOPBACK = r"^(http://(127\.0\.0\.1|localhost)(:\d{1,5})?)?$"


class StripeSettings(Settings):
    """Without a secret key Stripe is not offered; without a signing secret it can not call."""

    secret_key: Secret | None = field(
        None,
        title="Secret key",
        description="From Stripe's dashboard under Developers, API keys. Begins with sk_ or rk_.",
        env="STRIPE_SECRET_KEY",
    )
    webhook_secret: Secret | None = field(
        None,
        title="Signing secret of the webhook",
        description="Stripe shows it beside the webhook's address. Begins with whsec_.",
        env="STRIPE_WEBHOOK_SECRET",
    )
    charge: Literal["never", "when issued", "when due"] = field(
        "never",
        title="Charge saved cards",
        description="Clients may agree to have their card charged: when an invoice is issued, or"
        " on the day it is due. Never: cards are not saved.",
    )
    api_address: str = field(
        "",
        title="API address",
        description="Only for a stand-in of Stripe on this machine. Empty: Stripe itself.",
        env=API_ENV,
        pattern=LOOPBACK,
        max_length=60,
    )

    @field_validator("secret_key")
    @classmethod
    def _is_secret_key(cls, value: Secret | None) -> Secret | None:
        if value and not value.reveal().startswith(("sk_", "rk_")):
            raise ValueError("This is no secret key: it begins with sk_ or rk_.")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _is_signing_secret(cls, value: Secret | None) -> Secret | None:
        if value and not value.reveal().startswith("whsec_"):
            raise ValueError("This is no signing secret: it begins with whsec_.")
        return value
