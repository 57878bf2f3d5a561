"""Where bytes are kept. A business chooses the store for what is new; everything else is read from
the store that its own row names.

Plugins are called from here only, with no transaction of ours open unless the caller needs one, and
what they raise is told in two ways at once: a page answers 503, a worker tries again.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from invoicer_core import host
from invoicer_core.domain.errors import InvoicerError, NotFound, Unavailable
from invoicer_core.domain.saying import say
from invoicer_core.hooks.answers import OutcomeUnknown, PermanentFailure, RetryLater
from invoicer_core.hooks.offers import DocumentStore
from invoicer_core.host import offers, states
from invoicer_core.host.offers import Provided
from invoicer_core.models import db
from invoicer_core.models.identity import Business
from invoicer_core.models.tenancy import current_business_id

LOCAL: Final = "local"
SETTING: Final = "document_store"
"""The business's setting that names the store for what is new."""

LINK_SECONDS: Final = 300

Store = Provided[DocumentStore]


class StoreAway(Unavailable, RetryLater):
    """A store does not do what was asked, now: nothing is half done, another try may help."""

    def __init__(self, detail: str, after: timedelta | None = None) -> None:
        Unavailable.__init__(self, detail, 30 if after is None else int(after.total_seconds()))
        self.reason, self.after = detail, after


class Lost(Unavailable):
    """The store that a row names does not have its bytes."""


def store_named(name: str) -> Store:
    """The store that something was put into. Raises NotFound, Unavailable."""
    return offers.find(db.session, DocumentStore, name, current_business_id())


def store_for_new() -> Store:
    """Where something new goes: the store that the business chose, else this machine.

    A chosen store that is paused is waited for, because a machine's own disk may not be meant to
    keep anything; one that was switched off or uninstalled is not.

    Raises:
        Unavailable: it is paused, or there is none.
    """
    chosen = chosen_name()
    if chosen is not None and is_on(chosen):
        return store_named(chosen)
    every = offers.every(db.session, DocumentStore, current_business_id())
    found = sorted(every, key=lambda each: each.offer.name != LOCAL)
    if not found:
        raise Unavailable(say("No plugin that stores documents is switched on."), 60)
    return found[0]


def chosen_name() -> str | None:
    """The store that the business chose; None where it never did."""
    business = db.session.get_one(Business, current_business_id())
    name = business.settings.get(SETTING)
    return str(name) if name else None


def is_on(name: str) -> bool:
    """Whether a store is there and switched on for the business, paused or not."""
    plugin = offers.names(DocumentStore).get(name)
    if plugin is None:
        return False
    known = states.read(db.session, current_business_id(), host.current().registry.default_on)
    return known.of(plugin).enabled


def put(store: Store, key: str, data: bytes, media_type: str) -> None:
    """Keep bytes. Raises StoreAway, Unavailable: nothing was kept that counts."""
    with _in_our_words(store):
        _let_go(store)
        store.offer.put(store.ctx, key, data, media_type)


def get(store: Store, key: str) -> bytes:
    """The bytes of a key. Raises KeyError when there are none; StoreAway, Unavailable."""
    with _in_our_words(store):
        _let_go(store)
        return store.offer.get(store.ctx, key)


def read(*, store: str, key: str, sha256: str, name: str) -> bytes:
    """What was kept under a name, compared with the hash of the day it came.

    Raises:
        Lost: the store does not have it.
        Unavailable: the store is off or does not answer, or the bytes are others.
    """
    try:
        data = get(store_named(store), key)
    except KeyError as missing:
        raise Lost(
            say("The store %(store)s has lost %(name)s.", store=store, name=name)
        ) from missing
    if hashlib.sha256(data).hexdigest() != sha256:
        raise Unavailable(
            say("%(name)s is not the file that was stored: its hash differs.", name=name)
        )
    return data


def delete(store: Store, key: str) -> None:
    """Forget a key, where the store can. Raises StoreAway, Unavailable."""
    if store.offer.delete is not None:
        with _in_our_words(store):
            _let_go(store)
            store.offer.delete(store.ctx, key)


def link(store: Store, key: str, filename: str) -> str | None:
    """A short-lived address that saves it under this name; None where the app serves it."""
    if store.offer.url is None:
        return None
    with _in_our_words(store):
        return store.offer.url(store.ctx, key, filename, LINK_SECONDS)


def _let_go(store: Store) -> None:
    """A store may be far away: no connection to the database waits for it. Its settings are read
    before. Raises InvalidInput: they are not complete."""
    _ = store.ctx.settings
    if "unit" not in db.session().info:
        db.session.rollback()


@contextmanager
def _in_our_words(store: Store) -> Iterator[None]:
    name = store.offer.name
    try:
        yield
    except KeyError:
        raise
    except RetryLater as later:
        raise StoreAway(
            say("The store %(name)s does not answer. %(reason)s", name=name, reason=later.reason),
            later.after,
        ) from later
    except (PermanentFailure, OutcomeUnknown) as refused:
        raise Unavailable(
            say("The store %(name)s refuses. %(reason)s", name=name, reason=refused.reason), 60
        ) from refused
    except NotFound:
        raise
    except InvoicerError as unset:
        raise StoreAway(
            say("The store %(name)s is not set up. %(detail)s", name=name, detail=unset.detail)
        ) from unset
    except Exception as error:
        store.ctx.log.exception("the store %s failed", name)
        raise StoreAway(
            say("The store %(name)s failed (%(error)s).", name=name, error=type(error).__name__)
        ) from error
