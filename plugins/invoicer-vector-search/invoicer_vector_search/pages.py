"""What people see: how the index is, what is like a product, and a word on what may be doubled."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response

from invoicer_core.plugin import NotFound, ProductSnapshot, SearchHit
from invoicer_core.plugin.pages import here
from invoicer_core.plugin.use_cases import products, searching, tasks

from . import finding, index
from .settings import Ctx

PLUGIN: Final = "vector_search"
SHOWN: Final = 5
NEAREST: Final = 20
FEWEST_LETTERS: Final = 3

pages = Blueprint("vector_search", __name__, template_folder="templates")
typing = Blueprint("vector_search_typing", __name__, url_prefix="/typing")


@pages.get("/")
def status() -> str:
    """How the index is, and what is being built."""
    ctx: Ctx = here(PLUGIN)
    return render_template("vector_search/status.html", **_standing(ctx))


@pages.get("/progress")
def progress() -> str:
    """That part of the page which changes while an index is built."""
    return render_template("vector_search/progress.html", **_standing(here(PLUGIN)))


@pages.post("/build")
def build() -> Response:
    """Look through everything again."""
    index.build(here(PLUGIN))
    flash(_("The index is being built. Searching goes on meanwhile."), "success")
    return redirect(url_for("vector_search.status"))


def _standing(ctx: Ctx) -> dict[str, Any]:
    state = index.serving()
    task = None
    if state is not None and state.task_id is not None:
        try:
            task = tasks.get(task_id=state.task_id)
        except NotFound:
            task = None
    titles = {
        "product": _("Products"),
        "client": _("Clients"),
        "supplier": _("Suppliers"),
        "invoice": _("Invoices"),
    }
    counts = index.counts()
    return {
        "state": state,
        "task": task,
        "chosen": ctx.settings.embedder,
        "counts": [(title, counts[kind]) for kind, title in titles.items()],
    }


@typing.get("/doubles")
def doubles() -> str:
    """Products that a new one may be a second time, while its name is typed."""
    name = request.args.get("name", "").strip()[: finding.MOST_LETTERS]
    found = (
        _products(searching.search(kind="product", query=name, limit=NEAREST))
        if len(name) >= FEWEST_LETTERS
        else []
    )
    alike = [product for product, score in found if _is_double(name, product.name, score)]
    return render_template("vector_search/doubles.html", found=alike[:SHOWN])


def _is_double(name: str, other: str, score: float) -> bool:
    return score >= finding.SAME and finding.same_numbers(name, other)


def panel(_ctx: Ctx, given: Mapping[str, Any]) -> str:
    """What is like this product, on its page."""
    product: ProductSnapshot = given["product"]
    hits = finding.alike("product", product.id, SHOWN)
    found = [(each, _is_double(product.name, each.name, score)) for each, score in _products(hits)]
    if not found:
        return Markup("")
    # a template, which escapes what it is given
    return Markup(render_template("vector_search/alike.html", found=found))  # noqa: S704


def warning(_ctx: Ctx, given: Mapping[str, Any]) -> str:
    """The place for a warning in the form of a new product."""
    if given.get("product") is not None:
        return Markup("")
    return Markup(render_template("vector_search/warning.html"))  # noqa: S704 - as above


def entry(_ctx: Ctx, _given: Mapping[str, Any]) -> str:
    """The line in the menu of the settings."""
    link = Markup('<ul class="list-unstyled"><li><a href="{}">{}</a></li></ul>')
    return link.format(url_for("vector_search.status"), _("Search by meaning"))


def _products(hits: Sequence[SearchHit]) -> list[tuple[ProductSnapshot, float]]:
    """Those that are still offered, with how like they are."""
    scores = {hit.id: hit.score for hit in hits}
    found = products.among(product_ids=list(scores)) if scores else ()
    return [(each, scores[each.id]) for each in found]
