"""Businesses of the user, their data and number series."""

from invoicer_core.api.resources import SIGNED_IN, Resource
from invoicer_core.api.schemas.parties import BusinessFields, BusinessInput
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.snapshots import BusinessSnapshot
from invoicer_core.services import businesses
from invoicer_core.services.identity import users
from invoicer_core.services.identity.sessions import Identity

resource = Resource("businesses", tag="Businesses")


@resource.get("/businesses", SIGNED_IN, answer=list[BusinessSnapshot])
def list_businesses(who: Identity) -> tuple[BusinessSnapshot, ...]:
    """List the businesses in which one has a seat."""
    return businesses.of_user(user_id=who.user_id)


@resource.post(
    "/businesses", SIGNED_IN, body=BusinessInput, answer=BusinessSnapshot, status=201,
    location="/businesses/{id}",
)  # fmt: skip
def create_business(body: BusinessInput, by: Actor) -> BusinessSnapshot:
    """Found one more business; one is its owner."""
    return users.found_business(fields=body.sent(), by=by)


@resource.get("/businesses/{businessId}", "business.read", answer=BusinessSnapshot)
def get_business(business_id: int, who: Identity) -> BusinessSnapshot:
    """Get a business."""
    return businesses.get(business_id=business_id, role=who.role)


@resource.put(
    "/businesses/{businessId}", "business.write", body=BusinessFields, answer=BusinessSnapshot
)
def update_business(
    business_id: int, body: BusinessFields, by: Actor, version: int | None
) -> BusinessSnapshot:
    """Change a business; fields that are left out stay as they are."""
    businesses.get(business_id=business_id)
    return businesses.update(fields=body.sent(), by=by, expected_version=version)
