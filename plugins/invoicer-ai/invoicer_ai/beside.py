"""“Write with AI” beside the fields of the core's own forms."""

from collections.abc import Mapping
from typing import Any

from flask import render_template
from flask_babel import get_locale
from markupsafe import Markup

from . import model, texts
from .spending import Ctx


def description(ctx: Ctx, given: Mapping[str, Any]) -> str:
    """For the description of a product."""
    return _shown(
        ctx, field="description", taken_from="name", kinds=("product",),
        about=given["product"].name if given["product"] else "",
        language=ctx.business.locale,
    )  # fmt: skip


def message(ctx: Ctx, given: Mapping[str, Any]) -> str:
    """For the words of a message to a client."""
    client, invoice = given["client"], given["invoice"]
    return _shown(
        ctx, field="text", taken_from="", kinds=("reminder", "marketing"), client=client,
        invoice=invoice, kind="reminder" if invoice else "marketing",
        language=client.locale or ctx.business.locale,
    )  # fmt: skip


def _shown(ctx: Ctx, *, language: str | None, **values: Any) -> str:
    spoken = (language or str(get_locale() or "en")).replace("_", "-").partition("-")[0]
    page = render_template(
        "ai/beside.html", ready=model.is_ready(ctx), texts=texts, language=spoken, **values
    )
    return Markup(page)  # noqa: S704 - a template, which escapes what it is given
