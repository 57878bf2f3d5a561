"""“Write with AI”: texts that appear as they are written, banners, and the history of it all.

The text goes to its one reader over the very request that asked for it: nothing is to be told to
others, no worker is held, and a reader who leaves ends the call and its cost.
"""

import json
from collections.abc import Iterator
from typing import Any

from flask import (
    Blueprint,
    Response,
    render_template,
    request,
    stream_with_context,
    url_for,
)

from invoicer_core.plugin import InvalidInput, InvoicerError
from invoicer_core.plugin.pages import here, told
from invoicer_core.plugin.tables import enter_business

from . import model, spending, texts

pages = Blueprint(
    "ai_write", __name__, template_folder="templates", static_folder="static",
    static_url_path="/static",
)  # fmt: skip
NAMES = ("about", "kind", "style", "length", "language")


def _shown(status: int = 200, **found: Any) -> tuple[str, int]:
    ctx = here("ai")
    wish = {name: request.values.get(name, "") for name in NAMES}
    again = request.args.get("again", type=int)
    if again is not None:
        wish["about"] = spending.get(ctx, again).prompt.rpartition("user: ")[2]
    values = {"text": "", "trouble": "", "banner": None, **found}
    page = render_template(
        "ai/write.html", ready=model.is_ready(ctx), wish=wish, texts=texts,
        spent=spending.spent_today(ctx), cap=ctx.settings.daily_cap, **values,
    )  # fmt: skip
    return page, status


def _wish() -> texts.Wish:
    return texts.Wish(**{name: request.form[name] for name in NAMES if request.form.get(name)})


@pages.get("/write")
def write() -> Any:
    """The form; ``again`` takes what was asked before."""
    return _shown()


@pages.post("/write")
def written() -> Any:
    """The whole text at once, for browsers without scripts."""
    try:
        return _shown(text="".join(texts.write(here("ai"), _wish())))
    except InvoicerError as error:
        return _shown(_status(error), trouble=told(error.detail))


@pages.post("/write/stream")
def streamed() -> Response:
    """The text as it is written: lines of JSON with ``text``, then ``trouble`` or ``done``."""
    ctx = here("ai")

    def lines() -> Iterator[str]:
        with enter_business(ctx.business_id):
            try:
                for piece in texts.write(ctx, _wish()):
                    yield json.dumps({"text": piece}) + "\n"
                yield json.dumps({"done": True}) + "\n"
            except InvoicerError as error:
                yield json.dumps({"trouble": str(told(error.detail))}) + "\n"

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    answer = stream_with_context(lines())
    return Response(answer, mimetype="application/x-ndjson", headers=headers)


@pages.post("/write/banner")
def banner() -> Any:
    """A picture, kept among the files."""
    try:
        kept = texts.banner(
            here("ai"), request.form.get("about", ""), shape=request.form.get("shape", "wide")
        )
    except InvoicerError as error:
        return _shown(_status(error), trouble=told(error.detail))
    return _shown(banner=kept)


@pages.get("/history")
def history() -> Any:
    """Everything that was asked of a model."""
    ctx = here("ai")
    rows = spending.history(ctx, before=request.args.get("before", type=int))
    older = url_for("ai_write.history", before=rows[-1].id) if len(rows) == 50 else ""
    return render_template(
        "ai/history.html", rows=rows, older=older,
        spent=spending.spent_today(ctx), cap=ctx.settings.daily_cap,
    )  # fmt: skip


def _status(error: InvoicerError) -> int:
    return 422 if isinstance(error, InvalidInput) else 409
