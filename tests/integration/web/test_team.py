"""The team page: who works here, with which role; the last owner cannot go."""

import re
from typing import Any
from uuid import uuid4

from flask import Flask
from sqlalchemy import select

from invoicer_core.models import db
from invoicer_core.models.documents import Message
from invoicer_core.services import businesses
from invoicer_core.services.identity import members
from tests.integration.web.conftest import PASSWORD, Visitor

PAGE = "/settings/team"


def mail_to(app: Flask, business_id: int, address: str) -> Any:
    """Id, kind, subject and text of the newest mail to this address."""
    with app.app_context(), businesses.enter_business(business_id):
        return db.session.execute(
            select(Message.id, Message.kind, Message.subject, Message.text)
            .where(Message.recipient == address)
            .order_by(Message.id.desc())
        ).first()


def member_of(app: Flask, visitor: Visitor, email: str) -> int:
    with app.app_context(), businesses.enter_business(visitor.business_id):
        return next(each.id for each in members.find() if each.email == email)


def test_an_invited_bookkeeper_comes_in(app: Flask, owner: Visitor) -> None:
    email = f"{uuid4().hex[:10]}@books.test"
    assert owner.send(f"{PAGE}/invite", PAGE, email=email, role="accountant").location == PAGE
    page = owner.get(PAGE).text
    assert "Invited, not here yet" in page
    assert email in page
    mail = mail_to(app, owner.business_id, email)
    assert mail.kind == "invitation"
    assert "Atelier" in (mail.subject or "")
    link = re.search(r"/reset/(\S+)", mail.text or "")
    assert link is not None
    newcomer = Visitor(app.test_client(), email)
    newcomer.send(f"/reset/{link[1]}", f"/reset/{link[1]}", password=PASSWORD)
    done = newcomer.send("/sign-in", "/sign-in", email=email, password=PASSWORD)
    assert done.location == "/"
    assert "Atelier" in newcomer.get("/clients").text
    assert newcomer.get(PAGE).status_code == 200
    assert "Invite somebody" not in newcomer.get(PAGE).text
    assert newcomer.send(f"{PAGE}/invite", PAGE, email="x@y.test", role="viewer").status_code == 403
    assert "Invited, not here yet" not in owner.get(PAGE).text


def test_an_invitation_can_be_mailed_again_until_it_is_taken(
    app: Flask, owner: Visitor, viewer: Visitor
) -> None:
    email = f"{uuid4().hex[:10]}@slow.test"
    owner.send(f"{PAGE}/invite", PAGE, email=email, role="staff")
    first = mail_to(app, owner.business_id, email)
    member_id = member_of(app, owner, email)
    assert owner.send(f"{PAGE}/{member_id}/invite", PAGE).location == PAGE
    second = mail_to(app, owner.business_id, email)
    assert second.id > first.id
    assert second.text != first.text
    here = member_of(app, owner, viewer.email)
    assert owner.send(f"{PAGE}/{here}/invite", PAGE).status_code == 409


def test_who_has_an_account_is_in_at_once_and_told(
    app: Flask, owner: Visitor, viewer: Visitor
) -> None:
    email = f"{uuid4().hex[:10]}@there.test"
    other = {"email": email, "password": PASSWORD}
    app.test_client().post("/api/v1/auth/register", json=other)
    owner.send(f"{PAGE}/invite", PAGE, email=email.upper(), role="viewer")
    mail = mail_to(app, owner.business_id, email)
    assert mail.kind == "member_added"
    assert "/reset/" not in (mail.text or "")
    assert "Invited, not here yet" not in owner.get(PAGE).text


def test_a_refused_invitation_says_why(owner: Visitor, viewer: Visitor) -> None:
    bad = owner.send(f"{PAGE}/invite", PAGE, email="nobody", role="king")
    assert bad.status_code == 422
    assert 'id="email-error"' in bad.text
    assert 'value="nobody"' in bad.text
    assert 'id="invite" class="dialog" aria-labelledby="invite-title" data-show' in bad.text
    again = owner.send(f"{PAGE}/invite", PAGE, email=viewer.email, role="viewer")
    assert again.status_code == 409
    assert "a member already" in again.text


def test_an_invitation_sent_twice_goes_out_once(app: Flask, owner: Visitor) -> None:
    email = f"{uuid4().hex[:10]}@twice.test"
    values = {**owner.hidden(PAGE), "email": email, "role": "staff"}
    assert owner.send(f"{PAGE}/invite", **values).location == PAGE
    assert owner.send(f"{PAGE}/invite", **values).location == PAGE
    with app.app_context(), businesses.enter_business(owner.business_id):
        sent = db.session.scalars(select(Message.id).where(Message.recipient == email)).all()
    assert len(sent) == 1


def test_a_role_counts_from_the_next_click(app: Flask, owner: Visitor, viewer: Visitor) -> None:
    member_id = member_of(app, owner, viewer.email)
    assert viewer.get("/clients/new").status_code == 403
    assert owner.send(f"{PAGE}/{member_id}/role", PAGE, role="staff").location == PAGE
    assert viewer.get("/clients/new").status_code == 200
    assert owner.send(f"{PAGE}/{member_id}/role", PAGE, role="emperor").status_code == 422
    assert owner.send(f"{PAGE}/{member_id}/remove", PAGE).location == PAGE
    owner.get(PAGE)  # says once that it was done
    assert viewer.email not in owner.get(PAGE).text
    assert "Elsewhere" in viewer.get("/profile").text
    assert owner.send(f"{PAGE}/{member_id}/remove", PAGE).status_code == 404


def test_the_last_owner_stays(app: Flask, owner: Visitor, viewer: Visitor) -> None:
    own = member_of(app, owner, owner.email)
    refused = owner.send(f"{PAGE}/{own}/remove", PAGE)
    assert refused.status_code == 409
    assert "last owner" in refused.text
    assert owner.send(f"{PAGE}/{own}/role", PAGE, role="viewer").status_code == 409
    assert f"/settings/team/{own}/role" not in owner.get(PAGE).text
    other = member_of(app, owner, viewer.email)
    owner.send(f"{PAGE}/{other}/role", PAGE, role="owner")
    assert owner.send(f"{PAGE}/{own}/role", PAGE, role="viewer").location == "/"
    assert owner.get(PAGE).status_code == 403


def test_an_administrator_makes_no_owner(app: Flask, owner: Visitor, viewer: Visitor) -> None:
    own, admin = member_of(app, owner, owner.email), member_of(app, owner, viewer.email)
    owner.send(f"{PAGE}/{admin}/role", PAGE, role="admin")
    page = viewer.get(PAGE).text
    assert 'value="owner"' not in page
    assert f"/settings/team/{own}/" not in page
    assert viewer.send(f"{PAGE}/{admin}/role", PAGE, role="owner").status_code == 403
    assert viewer.send(f"{PAGE}/{own}/remove", PAGE).status_code == 403
    invited = viewer.send(f"{PAGE}/invite", PAGE, email="o@x.test", role="owner")
    assert invited.status_code == 422


def test_members_of_another_business_are_not_there(app: Flask, owner: Visitor) -> None:
    other = f"{uuid4().hex[:10]}@apart.test"
    app.test_client().post("/api/v1/auth/register", json={"email": other, "password": PASSWORD})
    stranger = Visitor(app.test_client(), other)
    stranger.send("/sign-in", "/sign-in", email=other, password=PASSWORD)
    member_id = member_of(app, owner, owner.email)
    for action in ("role", "remove", "invite"):
        answer = stranger.send(f"{PAGE}/{member_id}/{action}", PAGE, role="viewer")
        assert answer.status_code == 404
