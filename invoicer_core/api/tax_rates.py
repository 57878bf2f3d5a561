"""The taxes of the business."""

from invoicer_core.api.resources import Resource
from invoicer_core.api.schemas.lists import TaxRateQuery
from invoicer_core.api.schemas.trade import TaxRateInput, TaxRateUpdate
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.snapshots import Page, TaxRateSnapshot
from invoicer_core.services import tax_rates

resource = Resource("tax_rates", tag="Tax rates")


@resource.get("/tax-rates", "products.read", query=TaxRateQuery, answer=Page[TaxRateSnapshot])
def list_tax_rates(query: TaxRateQuery) -> Page[TaxRateSnapshot]:
    """List the tax rates; sort by name or rate."""
    return tax_rates.find(**query.filters())


@resource.post(
    "/tax-rates", "taxes.write", body=TaxRateInput, answer=TaxRateSnapshot, status=201,
    location="/tax-rates/{id}",
)  # fmt: skip
def create_tax_rate(body: TaxRateInput, by: Actor) -> TaxRateSnapshot:
    """Create a tax rate; a new default takes the place of the former one."""
    return tax_rates.create(fields=body.sent(), by=by)


@resource.get("/tax-rates/{taxRateId}", "products.read", answer=TaxRateSnapshot)
def get_tax_rate(tax_rate_id: int) -> TaxRateSnapshot:
    """Get a tax rate, archived or not."""
    return tax_rates.get(tax_rate_id=tax_rate_id)


@resource.put("/tax-rates/{taxRateId}", "taxes.write", body=TaxRateUpdate, answer=TaxRateSnapshot)
def update_tax_rate(tax_rate_id: int, body: TaxRateUpdate, by: Actor) -> TaxRateSnapshot:
    """Change a tax rate for the documents to come."""
    return tax_rates.update(tax_rate_id=tax_rate_id, fields=body.sent(), by=by)


@resource.delete("/tax-rates/{taxRateId}", "taxes.write")
def archive_tax_rate(tax_rate_id: int, by: Actor) -> None:
    """Archive a tax rate; products that have it keep it."""
    tax_rates.archive(tax_rate_id=tax_rate_id, by=by)
