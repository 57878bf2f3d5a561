"""What was said to clients, and what became of it."""

from flask import render_template

from invoicer_core.services import messages
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.site import query_of


def install(site: Site) -> None:
    """Add the page."""
    site.add_url_rule("/messages", "messages", message_list)


@members("messages.read")
def message_list() -> Answer:
    """Messages, newest first; one that failed says why."""
    query = query_of("q", "cursor")
    page = messages.find(q=query.get("q"), cursor=query.get("cursor"))
    return render_template("messages/list.html", page=page, query=query)
