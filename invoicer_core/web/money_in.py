"""The list of payments."""

from flask import render_template

from invoicer_core.services import payments
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.site import query_of


def install(site: Site) -> None:
    """Add the page."""
    site.add_url_rule("/payments", "payments", payment_list)


@members("payments.read")
def payment_list() -> Answer:
    """Payments, newest first, with the invoices they are for."""
    query = query_of("q", "cursor")
    page = payments.find(q=query.get("q"), cursor=query.get("cursor"))
    return render_template("payments/list.html", page=page, query=query)
