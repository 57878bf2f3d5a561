"""The first set-up, step by step: each saves on its own, can be skipped, and resumed later."""

from dataclasses import dataclass
from typing import Any

from flask import Response, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import InvoicerError, NotFound, StaleVersion
from invoicer_core.services import businesses, files, first_steps, mail_test, messages
from invoicer_core.web import access, formats, uploads
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.account import welcome_steps
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.reading import Form


@dataclass(frozen=True, slots=True)
class Step:
    """A step as it is shown."""

    key: str
    icon: str
    title: str
    text: str
    state: str


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/welcome", "welcome", welcome)
    site.add_url_rule("/welcome/<step>", "welcome_step", welcome_step, methods=["GET", "POST"])
    site.add_url_rule("/welcome/<step>/skip", "skip_step", skip_step, methods=["POST"])
    site.add_url_rule("/welcome/numbers/example", "number_example", number_example)
    site.add_url_rule("/welcome/mail/<int:message_id>", "mail_result", mail_result)
    site.add_url_rule("/welcome/look/logo", "logo", logo)
    site.add_url_rule("/welcome/look/logo/remove", "remove_logo", remove_logo, methods=["POST"])


def _steps(progress: first_steps.Progress) -> list[Step]:
    words = {
        "business": ("building-store", _("Your business"), _("Name, address and tax ids, as they "
                                                             "stand on every invoice.")),
        "region": ("world", _("Currency and language"), _("Currency, time zone, and how numbers "
                                                          "and dates are written.")),
        "look": ("palette", _("Logo and colour"), _("What your clients recognise you by.")),
        "numbers": ("list-numbers", _("Numbers"), _("How your invoices are numbered.")),
        "taxes": ("receipt-tax", _("Taxes"), _("The rates that you charge.")),
        "mail": ("mail-check", _("Mail"), _("See that mails reach their readers.")),
        "invoice": ("file-invoice", _("First invoice"), _("Your first client, and what you did for "
                                                          "them.")),
    }  # fmt: skip
    return [
        Step(key, words[key][0], str(words[key][1]), str(words[key][2]), state)
        for key, state in progress.steps
    ]


@members("settings.write")
def welcome() -> Answer:
    """All steps with how far they are; whoever has done none yet begins with the first."""
    progress = first_steps.progress()
    if not progress.done and progress.next is not None:
        return redirect(url_for("web.welcome_step", step=progress.next))
    return render_template("account/welcome/all.html", steps=_steps(progress), progress=progress)


@uploads.takes_files
@members("settings.write")
def welcome_step(step: str) -> Answer:
    """One step; sending it saves it and leads to the next."""
    if step not in first_steps.STEPS:
        raise NotFound(_("There is no such step."))
    if request.method == "GET":
        return _page(step, Form(welcome_steps.stored(step)))
    if step == "mail":
        return _test_mail()
    form = Form.sent(request.form, formats.locale())
    try:
        welcome_steps.save(step, form)
    except InvoicerError as error:
        form.refuse(error, welcome_steps.NAMES)
        if isinstance(error, StaleVersion):
            form.values["version"] = str(businesses.current().version)
        return _page(step, form), status_of(error)
    if not form.ok:
        return _page(step, form), 422
    first_steps.mark(step=step, state="done", by=access.actor())
    return _onward(step)


def _page(step: str, form: Form, **more: Any) -> str:
    progress = first_steps.progress()
    g.business = businesses.current(role=access.signed_in().role)
    steps = _steps(progress)
    place = [each.key for each in steps].index(step)
    return render_template(
        f"account/welcome/{step}.html",
        form=form,
        step=steps[place],
        former=steps[place - 1] if place else None,
        place=place + 1,
        steps=steps,
        progress=progress,
        **welcome_steps.shown(step, form),
        **more,
    )


@members("settings.write")
def skip_step(step: str) -> Answer:
    """Leave a step for later."""
    first_steps.mark(step=step, state="skipped", by=access.actor())
    return _onward(step)


def _onward(step: str) -> Answer:
    following = first_steps.progress().after(step)
    if following is None:
        flash(_("That was all. Everything can be changed later under Settings."), "success")
        return redirect(url_for("web.welcome"))
    return redirect(url_for("web.welcome_step", step=following))


@members("settings.write")
def number_example() -> Answer:
    """The numbers that a pattern would give; part of the step, asked for while typing."""
    return render_template(
        "account/welcome/example.html",
        **welcome_steps.example(request.args.get("pattern", ""), request.args.get("reset", "")),
    )


def _test_mail() -> Answer:
    """Send the test mail; its fate is asked for until it is known."""
    form = Form.sent(request.form, formats.locale())
    recipient = form.email("recipient", required=True)
    if recipient is None or not form.ok:
        return _page("mail", form), 422
    try:
        sent = mail_test.send(
            recipient=recipient, by=access.actor(), locale=access.signed_in().user.locale
        )
    except InvoicerError as error:
        form.refuse(error)
        return _page("mail", form), status_of(error)
    return _page("mail", form, message=sent)


@members("settings.write")
def mail_result(message_id: int) -> Answer:
    """What became of the test mail; part of the step."""
    found = messages.get(message_id=message_id)
    if found.kind != mail_test.KIND:
        raise NotFound.of("message", message_id)
    if found.state in ("sent", "delivered", "read"):
        first_steps.mark(step="mail", state="done", by=access.actor())
    return render_template("account/welcome/mail_result.html", message=found)


@members("business.read")
def logo() -> Answer:
    """The business's logo as a picture."""
    logo_id = businesses.current().logo_file_id
    if logo_id is None:
        raise NotFound(_("There is no logo yet."))
    known, data = files.content(file_id=logo_id)
    if not known.media_type.startswith("image/"):
        raise NotFound(_("There is no logo yet."))
    return Response(data, mimetype=known.media_type)


@members("settings.write")
def remove_logo() -> Answer:
    """Go back to the name in place of the logo."""
    businesses.update(fields={"logo_file_id": None}, by=access.actor())
    flash(_("The logo is removed. The file itself is still under Files."), "success")
    return redirect(url_for("web.welcome_step", step="look"))
