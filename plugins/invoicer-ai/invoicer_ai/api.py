"""``POST /ai/text`` and ``POST /ai/banner``, and what they cost."""

from typing import Any, Literal

from apiflask import APIBlueprint
from flask import g
from pydantic import BaseModel, ConfigDict, Field

from invoicer_core.plugin.pages import here

from . import spending, texts

api = APIBlueprint("ai_writing", __name__, tag="AI")


class TextIn(BaseModel):
    """What shall be written."""

    model_config = ConfigDict(extra="forbid")
    about: str = Field(min_length=1, max_length=texts.LONGEST)
    kind: Literal["product", "reminder", "marketing"] = "marketing"
    style: Literal["friendly", "formal", "short and plain", "cheerful"] = "friendly"
    length: Literal["short", "medium", "long"] = "medium"
    language: Literal["en", "de", "fr", "es"] = "en"


class TextOut(BaseModel):
    """The text; nothing was sent or changed."""

    text: str


class BannerIn(BaseModel):
    """What the picture is for."""

    model_config = ConfigDict(extra="forbid")
    about: str = Field(min_length=1, max_length=texts.LONGEST)
    shape: Literal["wide", "square", "tall"] = "wide"


class BannerOut(BaseModel):
    """The picture among the files of the business."""

    file_id: int
    name: str


class CostsOut(BaseModel):
    """US dollars of today and the limit of a day."""

    spent_today: str
    daily_cap: str


@api.post("/text")
@api.input(TextIn)
@api.output(TextOut)
@api.doc(summary="Write a text", operation_id="writeText")
def text(json_data: TextIn) -> dict[str, Any]:
    """A product's description, a reminder or a marketing text."""
    wish = texts.Wish(**json_data.model_dump())
    return {"text": "".join(texts.write(here("ai", by=g.actor), wish))}


@api.post("/banner")
@api.input(BannerIn)
@api.output(BannerOut)
@api.doc(summary="Draw a banner", operation_id="drawBanner")
def banner(json_data: BannerIn) -> dict[str, Any]:
    """A picture for a festival or an offer."""
    kept = texts.banner(here("ai", by=g.actor), json_data.about, shape=json_data.shape)
    return {"file_id": kept.id, "name": kept.name}


@api.get("/costs")
@api.output(CostsOut)
@api.doc(summary="What AI cost today", operation_id="aiCosts")
def costs() -> dict[str, Any]:
    """With what is under way."""
    ctx = here("ai", by=g.actor)
    return {
        "spent_today": str(spending.spent_today(ctx)), "daily_cap": str(ctx.settings.daily_cap)
    }  # fmt: skip
