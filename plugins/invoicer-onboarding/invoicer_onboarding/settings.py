"""What a business may set."""

from decimal import Decimal

from invoicer_core.plugin import Context, Secret, Settings, field


class OnboardingSettings(Settings):
    """Lines of the invoice, what new suppliers are asked for, and limits of time."""

    fee_description: str = field("Registration fee", title="Fee: description", max_length=200)
    fee_amount: Decimal = field(Decimal(0), title="Fee: amount without tax", ge=0, decimal_places=2)
    membership_description: str = field(
        "Membership", title="Membership: description", max_length=200
    )
    membership_amount: Decimal = field(
        Decimal(0), title="Membership: amount without tax", ge=0, decimal_places=2
    )
    tax_rate: Decimal = field(Decimal(0), title="Tax in percent", ge=0, le=100)
    documents: str = field(
        "Certificate of registration, tax number, bank details",
        title="Documents that new suppliers are asked for",
        max_length=500,
    )
    limit_hours: int = field(
        24, title="Hours after which the owner is told that a supplier stands still", ge=1, le=720
    )
    mail_secret: Secret | None = field(
        None, title="Secret for the inbound mail webhook", env="ONBOARDING_MAIL_SECRET"
    )


Ctx = Context[OnboardingSettings]
