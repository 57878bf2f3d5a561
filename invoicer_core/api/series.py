"""Number series, and the report of missing numbers."""

from invoicer_core.api.resources import Resource
from invoicer_core.api.schemas.lists import GapQuery, SeriesQuery
from invoicer_core.api.schemas.trade import NumberSeriesInput, NumberSeriesUpdate
from invoicer_core.domain.account import GapReport, SeriesSnapshot
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.snapshots import Page
from invoicer_core.services import series

resource = Resource("series", tag="Number series")


@resource.get("/series", "business.read", query=SeriesQuery, answer=Page[SeriesSnapshot])
def list_number_series(query: SeriesQuery) -> Page[SeriesSnapshot]:
    """List the number series."""
    return series.find(**query.model_dump(exclude_unset=True))


@resource.get("/series/gaps", "business.read", query=GapQuery, answer=list[GapReport])
def report_gaps(query: GapQuery) -> tuple[GapReport, ...]:
    """Report the missing numbers of invoices and credit notes, per series and period."""
    return series.gap_report(series_id=query.series_id)


@resource.post(
    "/series", "settings.write", body=NumberSeriesInput, answer=SeriesSnapshot, status=201,
    location="/series/{id}",
)  # fmt: skip
def create_number_series(body: NumberSeriesInput, by: Actor) -> SeriesSnapshot:
    """Create a number series."""
    return series.create(fields=body.sent(), by=by)


@resource.get("/series/{seriesId}", "business.read", answer=SeriesSnapshot)
def get_number_series(series_id: int) -> SeriesSnapshot:
    """Get a number series."""
    return series.get(series_id=series_id)


@resource.put(
    "/series/{seriesId}", "settings.write", body=NumberSeriesUpdate, answer=SeriesSnapshot
)
def update_number_series(
    series_id: int, body: NumberSeriesUpdate, by: Actor, version: int | None
) -> SeriesSnapshot:
    """Change how the next documents are numbered; numbers that were given stay."""
    return series.update(series_id=series_id, fields=body.sent(), by=by, expected_version=version)
