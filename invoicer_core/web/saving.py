"""What a page answers to a form that was sent: it goes on, or shows the form again as typed."""

from collections.abc import Callable

from flask import redirect

from invoicer_core.domain.errors import InvoicerError
from invoicer_core.web import once
from invoicer_core.web.access import Answer
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.reading import Form


def made(form: Form, store: Callable[[], str], page: Callable[[Form], str]) -> Answer:
    """Make a thing once and go on to its page.

    Args:
        store: makes it, and gives the address to go on to.
        page: shows the form again, with what is wrong beside its fields.
    """
    if not form.ok:
        return page(form), 422
    try:
        return redirect(once.made(store))
    except InvoicerError as error:
        form.refuse(error)
        return page(form), status_of(error)
