"""Products, their categories and stock. What they cost is for those who may see it."""

from dataclasses import replace

from flask import Response, after_this_request

from invoicer_core.api.resources import Resource
from invoicer_core.api.schemas.base import ListQuery
from invoicer_core.api.schemas.lists import DatedQuery, ProductQuery, SearchQuery
from invoicer_core.api.schemas.trade import (
    CategoryInput,
    CategoryUpdate,
    ProductInput,
    ProductUpdate,
    StockInput,
)
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.snapshots import (
    CategorySnapshot,
    Page,
    ProductSnapshot,
    StockMovementSnapshot,
)
from invoicer_core.services import products
from invoicer_core.services.identity.sessions import Identity
from invoicer_core.services.products import categories, product_search, stock

resource = Resource("products", tag="Products")


def _shown(product: ProductSnapshot, who: Identity) -> ProductSnapshot:
    return product if who.may("costs.read") else stock.without_costs(product)


def _say_mode(mode: str) -> None:
    @after_this_request
    def say(response: Response) -> Response:
        response.headers["X-Search-Mode"] = mode
        return response


@resource.get("/products", "products.read", query=ProductQuery, answer=Page[ProductSnapshot])
def list_products(query: ProductQuery, who: Identity) -> Page[ProductSnapshot]:
    """List the products.

    The newest first. Sort by name, sku, unit_price, stock_quantity or created_at; - in front
    descends."""
    page = products.find(**query.filters())
    return replace(page, items=tuple(_shown(product, who) for product in page.items))


@resource.get("/products/search", "products.read", query=SearchQuery, answer=list[ProductSnapshot])
def search_products(query: SearchQuery, who: Identity) -> list[ProductSnapshot]:
    """Search the active products, the best first; mistyped words are forgiven.

    mode=text looks at words, semantic at what they mean, hybrid at both. The last two need a plugin
    that finds by meaning. The header X-Search-Mode tells which of them answered: text where the
    model did not."""
    found = product_search.search(q=query.q, mode=query.mode or "text", limit=query.limit)
    _say_mode(found.mode)
    return [_shown(product, who) for product in found.items]


@resource.post(
    "/products", "products.write", body=ProductInput, answer=ProductSnapshot, status=201,
    location="/products/{id}",
)  # fmt: skip
def create_product(body: ProductInput, by: Actor, who: Identity) -> ProductSnapshot:
    """Create a product."""
    return _shown(products.create(fields=body.sent(), by=by), who)


@resource.get("/products/{productId}", "products.read", answer=ProductSnapshot)
def get_product(product_id: int, who: Identity) -> ProductSnapshot:
    """Get a product."""
    return _shown(products.get(product_id=product_id), who)


@resource.put("/products/{productId}", "products.write", body=ProductUpdate, answer=ProductSnapshot)
def update_product(
    product_id: int, body: ProductUpdate, by: Actor, who: Identity, version: int | None
) -> ProductSnapshot:
    """Change a product; fields that are left out stay as they are."""
    found = products.update(
        product_id=product_id, fields=body.sent(), by=by, expected_version=version
    )
    return _shown(found, who)


@resource.delete("/products/{productId}", "products.write")
def delete_product(product_id: int, by: Actor) -> None:
    """Take a product out of the catalogue; documents that have it keep it."""
    products.delete(product_id=product_id, by=by)


@resource.get(
    "/products/{productId}/stock", "products.read", query=DatedQuery,
    answer=Page[StockMovementSnapshot],
)  # fmt: skip
def list_stock_movements(product_id: int, query: DatedQuery) -> Page[StockMovementSnapshot]:
    """List what happened to a product's stock, the newest first."""
    return stock.movements(product_id=product_id, **query.filters())


@resource.post(
    "/products/{productId}/stock", "stock.write", body=StockInput, answer=StockMovementSnapshot,
    status=201,
)  # fmt: skip
def move_stock(product_id: int, body: StockInput, by: Actor) -> StockMovementSnapshot:
    """Add to a product's stock, or take from it with a negative quantity."""
    return stock.move(product_id=product_id, quantity=body.quantity, reason=body.reason, by=by)


@resource.get(
    "/products/categories", "products.read", query=ListQuery, answer=Page[CategorySnapshot]
)
def list_categories(query: ListQuery) -> Page[CategorySnapshot]:
    """List the categories by name."""
    return categories.find(**query.model_dump(exclude_unset=True))


@resource.post(
    "/products/categories", "products.write", body=CategoryInput, answer=CategorySnapshot,
    status=201, location="/products/categories/{id}",
)  # fmt: skip
def create_category(body: CategoryInput, by: Actor) -> CategorySnapshot:
    """Create a category."""
    return categories.create(fields=body.sent(), by=by)


@resource.get("/products/categories/{categoryId}", "products.read", answer=CategorySnapshot)
def get_category(category_id: int) -> CategorySnapshot:
    """Get a category."""
    return categories.get(category_id=category_id)


@resource.put(
    "/products/categories/{categoryId}", "products.write", body=CategoryUpdate,
    answer=CategorySnapshot,
)  # fmt: skip
def update_category(category_id: int, body: CategoryUpdate, by: Actor) -> CategorySnapshot:
    """Rename a category or put it elsewhere."""
    return categories.update(category_id=category_id, fields=body.sent(), by=by)


@resource.delete("/products/categories/{categoryId}", "products.write")
def delete_category(category_id: int, by: Actor) -> None:
    """Delete an empty category."""
    categories.delete(category_id=category_id, by=by)
