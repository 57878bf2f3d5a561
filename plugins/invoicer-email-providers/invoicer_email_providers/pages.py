"""The page that looks whether the sender's domain is set up."""

from flask import Blueprint, render_template, url_for
from flask_babel import gettext as _
from markupsafe import Markup

from invoicer_core.plugin import PermanentFailure, RetryLater
from invoicer_core.plugin.pages import here
from invoicer_core.plugin.tables import session
from invoicer_email_providers.domain import domain_of, in_use, records
from invoicer_email_providers.settings import Ctx, sender

PLUGIN = "email_providers"
pages = Blueprint("email_providers", __name__, template_folder="templates")


@pages.get("/domain")
def domain() -> str:
    """Every record that matters: what is there, what is missing, what to add."""
    ctx: Ctx = here(PLUGIN)
    name, address = domain_of(ctx), sender(ctx)[0]
    found, trouble = [], None
    if name is not None and in_use(ctx):
        session.rollback()  # no connection to the database waits for others' servers
        try:
            found = records(ctx, name)
        except (PermanentFailure, RetryLater) as refused:
            trouble = refused.reason
    return render_template(
        "email_providers/domain.html",
        domain=name,
        address=address,
        providers=in_use(ctx),
        records=found,
        trouble=trouble,
    )


def entry(ctx: Ctx, given: object) -> Markup:  # noqa: ARG001 - the same on every page
    """The line in the menu of the settings."""
    link = Markup('<ul class="list-unstyled"><li><a href="{}">{}</a></li></ul>')
    words = _("Sender’s domain")  # noqa: RUF001 - an apostrophe as it is printed
    return link.format(url_for("email_providers.domain"), words)
