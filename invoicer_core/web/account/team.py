"""The team: who works in the business, with which role; inviting, changing, removing."""

from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import InvoicerError
from invoicer_core.domain.permissions import ROLES
from invoicer_core.domain.snapshots import MemberSnapshot
from invoicer_core.services.identity import members as team
from invoicer_core.services.wording import told
from invoicer_core.web import access, formats, once, words
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.settings.frame import groups


@dataclass(frozen=True, slots=True)
class Role:
    """A role as people choose it."""

    key: str
    label: str
    text: str


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/settings/team", "members", member_list)
    for path, name, view in (
        ("invite", "invite_member", invite_member),
        ("<int:member_id>/role", "change_member", change_member),
        ("<int:member_id>/invite", "invite_member_again", invite_member_again),
        ("<int:member_id>/remove", "remove_member", remove_member),
    ):
        site.add_url_rule(f"/settings/team/{path}", name, view, methods=["POST"])


def _roles() -> list[Role]:
    """All roles, the mightiest first; only an owner may give the first."""
    texts = {
        "owner": _("Everything, also other owners and closing the business."),
        "admin": _("Everything but owners: settings, team, plugins, API keys."),
        "accountant": _(
            "Books: also voids, credit notes, refunds, suppliers, taxes, the audit log."
        ),
        "staff": _("Daily work: clients, products, orders, invoices, payments."),
        "viewer": _("Looks at everything, changes nothing."),
    }
    return [
        Role(key, words.role_word(key), str(texts[key]))
        for key in ROLES
        if key != "owner" or access.may("owners.write")
    ]


@members("members.read")
def member_list() -> Answer:
    """Members and pending invitations."""
    return _page(Form({"role": "staff"}))


def _page(form: Form, *, inviting: bool = False) -> str:
    found = team.find()
    return render_template(
        "account/team.html",
        form=form,
        parts=groups(),
        inviting=inviting,
        present=[each for each in found if not each.pending],
        invited=[each for each in found if each.pending],
        roles=_roles(),
        owners=sum(each.role == "owner" for each in found),
        me=access.signed_in().user_id,
    )


def _name(member: MemberSnapshot) -> str:
    return member.name or member.email


@members("members.write")
def invite_member() -> Answer:
    """Give somebody a seat and mail them."""
    form = Form.sent(request.form, formats.locale())
    email = form.email("email", required=True)
    role = form.choice("role", [each.key for each in _roles()])
    if email is None or role is None or not form.ok:
        return _page(form, inviting=True), 422

    def store() -> str:
        made = team.invite(email=email, role=role, by=access.actor())
        if made.pending:
            flash(_("An invitation is on its way to %(email)s.", email=made.email), "success")
        else:
            flash(_("%(name)s is a member now.", name=_name(made)), "success")
        return url_for("web.members")

    try:
        return redirect(once.made(store))
    except InvoicerError as error:
        form.refuse(error)
        return _page(form, inviting=True), status_of(error)


@members("members.write")
def invite_member_again(member_id: int) -> Answer:
    """Mail a new link to who has not come in yet."""
    found = team.invite_again(member_id=member_id, by=access.actor())
    flash(_("Another invitation is on its way to %(email)s.", email=found.email), "success")
    return redirect(url_for("web.members"))


@members("members.write")
def change_member(member_id: int) -> Answer:
    """Give a member another role."""
    form = Form.sent(request.form, formats.locale())
    role = form.choice("role", ROLES)
    if role is None:
        return _page(Form({"role": "staff"}, problem=form.errors["role"])), 422
    try:
        changed = team.change_role(member_id=member_id, role=role, by=access.actor())
    except InvoicerError as error:
        return _page(Form({"role": "staff"}, problem=told(error.detail))), status_of(error)
    flash(
        _("%(name)s is %(role)s now.", name=_name(changed), role=words.role_word(changed.role)),
        "success",
    )
    if changed.user_id == access.signed_in().user_id:
        return redirect("/")
    return redirect(url_for("web.members"))


@members("members.write")
def remove_member(member_id: int) -> Answer:
    """Take a seat away; it counts from that person's next click on."""
    found = team.get(member_id=member_id)
    try:
        team.remove(member_id=member_id, by=access.actor())
    except InvoicerError as error:
        return _page(Form({"role": "staff"}, problem=told(error.detail))), status_of(error)
    if found.user_id == access.signed_in().user_id:
        return redirect("/")
    flash(_("%(name)s has no access any more.", name=_name(found)), "success")
    return redirect(url_for("web.members"))
