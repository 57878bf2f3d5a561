"""What changes a client for good, merging and erasing; a plan tells first what would happen."""

from invoicer_core.api.resources import Resource
from invoicer_core.api.schemas.accounts import ErasureInput, MergeInput, MergeQuery
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import InvalidInput
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import ClientSnapshot
from invoicer_core.services.clients import erasure, merging

resource = Resource("client_changes", tag="Clients")


@resource.get(
    "/clients/{clientId}/merge", "clients.merge", query=MergeQuery, answer=merging.MergePlan,
    errors=(409,),
)  # fmt: skip
def plan_merge(client_id: int, query: MergeQuery) -> merging.MergePlan:
    """Tell what merging a client into another would do; nothing is changed."""
    return merging.plan(client_id=client_id, into_id=query.into_id)


@resource.post(
    "/clients/{clientId}/merge", "clients.merge", body=MergeInput, answer=ClientSnapshot,
    errors=(409,),
)  # fmt: skip
def merge_client(client_id: int, body: MergeInput, by: Actor) -> ClientSnapshot:
    """Move all of a client to another one, which is answered; the first is then no longer there.

    Issued documents keep the name and address they were issued with."""
    return merging.merge(client_id=client_id, into_id=body.into_id, by=by)


@resource.get("/clients/{clientId}/erase", "clients.erase", answer=erasure.ErasurePlan)
def plan_erasure(client_id: int) -> erasure.ErasurePlan:
    """Tell what erasing a client's personal data would take away and leave; nothing is changed."""
    return erasure.plan(client_id=client_id)


@resource.post(
    "/clients/{clientId}/erase", "clients.erase", body=ErasureInput, answer=ClientSnapshot,
    errors=(409,),
)  # fmt: skip
def erase_client(client_id: int, body: ErasureInput, by: Actor) -> ClientSnapshot:
    """Take a client's personal data away for good; what the law wants kept stays."""
    if not body.sure:
        raise InvalidInput.at("/sure", say("Please confirm that you want to erase the data."))
    return erasure.erase(client_id=client_id, by=by)
