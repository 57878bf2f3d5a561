"""Pictures from a model: what they are asked for, and what they cost."""

from base64 import b64decode
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

from invoicer_core.plugin import Actor, InvoicerError, Unavailable

from . import faults, model, spending
from .settings import AiSettings, cost
from .spending import Ctx

MOST_TOKENS: Final = 6_500
"""Of a picture of the best quality."""
Size = Literal["1024x1024", "1536x1024", "1024x1536"]


@dataclass(frozen=True, slots=True)
class Picture:
    """What came: the id of its row, which is still to be finished, and bytes as they were sent.
    ``cost`` is in US dollars."""

    generation_id: int
    data: bytes
    cost: Decimal
    tokens: tuple[int, int]


def picture(ctx: Ctx, prompt: str, *, size: Size, by: Actor) -> Picture:
    """A picture of what the words say. Raises as `model.complete`."""
    if not model.is_ready(ctx):
        raise Unavailable(faults.NO_KEY)
    settings = ctx.settings
    most = cost(settings, settings.image_model, len(prompt.encode()), MOST_TOKENS)
    row = spending.begin(
        ctx, purpose="banner", model=settings.image_model, prompt=prompt,
        most=max(most, settings.picture_price), by=by,
    )  # fmt: skip
    form: dict[str, Any] = {}
    if settings.image_model.startswith("dall-e"):
        form["response_format"] = "b64_json"
    spent, tokens = None, (0, 0)
    try:
        with model.connected(ctx) as client, faults.plainly(), faults.sorted_out():
            answer = client.images.generate(
                model=settings.image_model, prompt=prompt, size=size, n=1, **form
            )
            spent, tokens = _cost(settings, answer.usage)
            data = b64decode((answer.data or [])[0].b64_json or "", validate=True)
            if not data:
                raise ValueError("no picture")
    except InvoicerError as error:
        lost = faults.cost_of(error) if spent is None else spent
        spending.finish(row, state="failed", cost=lost, by=by, trouble=str(error), tokens=tokens)
        raise
    return Picture(row, data, spent, tokens)


def _cost(settings: AiSettings, usage: Any) -> tuple[Decimal, tuple[int, int]]:
    """What it cost and took; by the price of one where the service does not tell."""
    if usage is None:
        return settings.picture_price, (0, 0)
    tokens = max(0, usage.input_tokens or 0), max(0, usage.output_tokens or 0)
    return cost(settings, settings.image_model, *tokens), tokens
