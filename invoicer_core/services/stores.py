"""Where bytes are kept: the document store of the business."""

from typing import Final

from invoicer_core.domain.errors import Unavailable
from invoicer_core.hooks.offers import DocumentStore
from invoicer_core.host import offers
from invoicer_core.host.offers import Provided
from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id

LOCAL: Final = "local"


def store_named(name: str) -> Provided[DocumentStore]:
    """The store that something was put into. Raises NotFound, Unavailable."""
    return offers.find(db.session, DocumentStore, name, current_business_id())


def store_for_new() -> Provided[DocumentStore]:
    """Where something new goes: a store that was switched on, else this machine's own.

    Raises:
        Unavailable: there is none.
    """
    every = offers.every(db.session, DocumentStore, current_business_id())
    chosen = [each for each in every if each.offer.name != LOCAL] or list(every)
    if not chosen:
        raise Unavailable("No plugin that stores documents is switched on.", 60)
    return chosen[0]
