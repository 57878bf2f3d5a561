"""For pages of a plugin's own: for whom they work, and the client's pages behind an invoice's link.

    @pages.get("/thanks/<token>")
    def thanks(token: str) -> str:
        with opened("loyalty", token) as (ctx, invoice):
            return render_template("loyalty/thanks.html", token=token, invoice=invoice)

A form that makes something carries ``{{ once_field() }}``; its view works in `made`, so that a
second click, a reload or a lost answer does not do it again.

An endpoint that uses `opened` is named in ``Page.public``; the link stands in place of a sign-in.
A form on such a page needs no hidden field, but its view the mark ``@by_link``.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from flask_babel import gettext as _

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import NotFound
from invoicer_core.domain.snapshots import InvoiceSnapshot
from invoicer_core.hooks.context import Context
from invoicer_core.host import current
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import plugins
from invoicer_core.services.links import invoice_link, invoice_token
from invoicer_core.services.wording import told
from invoicer_core.web import access, forgery, public
from invoicer_core.web.forgery import by_link
from invoicer_core.web.once import made

__all__ = ["by_link", "here", "invoice_link", "invoice_token", "made", "opened", "told"]


def here(plugin: str, *, by: Actor | None = None) -> Context:
    """The plugin's context on one of its pages for members; in its API, ``by`` is ``g.actor``."""
    return current().context(plugin, current_business_id(), by or access.actor())


@contextmanager
def opened(plugin: str, token: str) -> Iterator[tuple[Context, InvoiceSnapshot]]:
    """The plugin's context and the invoice of a link, within its business.

    Raises:
        NotFound: any other link, or the plugin is off for that business.
        Forbidden: a form that another site sent.
    """
    forgery.check()
    with public.opened(token) as invoice:
        if not plugins.runs(plugin):
            raise NotFound(_("There is nothing at this address."))
        yield current().context(plugin, current_business_id()), invoice
