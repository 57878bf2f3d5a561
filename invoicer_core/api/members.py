"""Members of a business."""

from invoicer_core.api.resources import Resource
from invoicer_core.api.schemas.business import MemberInput, RoleInput
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.snapshots import MemberSnapshot
from invoicer_core.services.identity import members

resource = Resource("members", tag="Members")


@resource.get("/businesses/{businessId}/members", "members.read", answer=list[MemberSnapshot])
def list_members() -> tuple[MemberSnapshot, ...]:
    """List the members."""
    return members.find()


@resource.post(
    "/businesses/{businessId}/members", "members.write", body=MemberInput, answer=MemberSnapshot,
    status=201, location="/businesses/{businessId}/members/{id}",
)  # fmt: skip
def add_member(body: MemberInput, by: Actor) -> MemberSnapshot:
    """Give somebody a seat; who has no account yet is invited by mail."""
    return members.invite(email=body.email, role=body.role, by=by)


@resource.get("/businesses/{businessId}/members/{memberId}", "members.read", answer=MemberSnapshot)
def get_member(member_id: int) -> MemberSnapshot:
    """Get a member."""
    return members.get(member_id=member_id)


@resource.put(
    "/businesses/{businessId}/members/{memberId}", "members.write", body=RoleInput,
    answer=MemberSnapshot,
)  # fmt: skip
def change_member(
    member_id: int, body: RoleInput, by: Actor, version: int | None
) -> MemberSnapshot:
    """Give a member another role."""
    return members.change_role(member_id=member_id, role=body.role, by=by, expected_version=version)


@resource.delete("/businesses/{businessId}/members/{memberId}", "members.write", errors=(409,))
def remove_member(member_id: int, by: Actor) -> None:
    """Take a seat away."""
    members.remove(member_id=member_id, by=by)
