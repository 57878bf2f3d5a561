"""What a business sets: the key of its AI service, the models, and how much a day may cost."""

from decimal import Decimal, InvalidOperation
from typing import Final

from pydantic import field_validator

from invoicer_core.plugin import Secret, Settings, field

MILLION: Final = Decimal(1_000_000)
DEAREST: Final = (Decimal(15), Decimal(60))
"""For a model without a price: the day's limit holds for it too, sooner rather than later."""
PRICES: Final = """\
gpt-4.1 2.00 8.00
gpt-4.1-mini 0.40 1.60
gpt-4.1-nano 0.10 0.40
gpt-4o 2.50 10.00
gpt-4o-mini 0.15 0.60
gpt-image-1 10.00 40.00
"""


class AiSettings(Settings):
    """Without a key nothing is asked; pages say so and what to do."""

    api_key: Secret | None = field(
        None,
        title="API key",
        description="Of OpenAI, or of another service that speaks its language.",
        env="OPENAI_API_KEY",
    )
    base_url: str = field(
        "",
        title="Address of the service",
        description="Only for another service than OpenAI, with its path: https://.../v1",
        env="OPENAI_BASE_URL",
        max_length=200,
    )
    text_model: str = field("gpt-4.1-mini", title="Model for texts", min_length=1, max_length=80)
    image_model: str = field("gpt-image-1", title="Model for pictures", max_length=80)
    moderation_model: str = field(
        "omni-moderation-latest",
        title="Model for moderation",
        description="Looks at requests and results. Empty: no moderation.",
        max_length=80,
    )
    daily_cap: Decimal = field(
        Decimal("5.00"),
        title="Most that a day may cost (US dollars)",
        description="Nothing more is asked on a day on which it is reached.",
        ge=0,
        le=10_000,
    )
    seconds: int = field(60, title="Longest wait for an answer (seconds)", ge=2, le=300)
    picture_price: Decimal = field(
        Decimal("0.25"),
        title="Price of a picture (US dollars)",
        description="For services that do not tell what a picture took.",
        ge=0,
        le=100,
    )
    prices: str = field(
        PRICES,
        title="Prices",
        description="A line for each model: its name, then US dollars for a million tokens in and"
        " for a million tokens out.",
        multiline=True,
        max_length=4_000,
    )

    @field_validator("prices")
    @classmethod
    def _is_table(cls, value: str) -> str:
        read_prices(value)
        return value


def read_prices(text: str) -> dict[str, tuple[Decimal, Decimal]]:
    """Price of a token in and of a token out, by model. Raises ValueError."""
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        try:
            model, inward, outward = line.split()
            pair = Decimal(inward), Decimal(outward)
        except (ValueError, InvalidOperation):
            raise ValueError(f"Write a model and two prices, not: {line[:80]}") from None
        if not all(each.is_finite() and 0 <= each < 10_000 for each in pair):
            raise ValueError(f"A price is a number from 0 to 9999: {line[:80]}")
        found[model] = pair
    return found


def cost(settings: AiSettings, model: str, tokens_in: int, tokens_out: int) -> Decimal:
    """US dollars."""
    inward, outward = read_prices(settings.prices).get(model, DEAREST)
    return (inward * tokens_in + outward * tokens_out) / MILLION
