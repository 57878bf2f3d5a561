"""The first page: what is owed, what is late, what came in, what happened."""

from flask import render_template

from invoicer_core.services import dashboard as figures
from invoicer_core.web.access import Answer, Site, members


def install(site: Site) -> None:
    """Add the page."""
    site.add_url_rule("/", "dashboard", dashboard)


@members("invoices.read")
def dashboard() -> Answer:
    """Figures that each lead to their list, recent invoices, activity."""
    return render_template("dashboard/page.html", summary=figures.summary())
