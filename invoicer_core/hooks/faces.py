"""Offers that are seen or called from outside: rights, pages, API, webhooks, screen, commands.

Everything here is private until it says otherwise: signed in, switched on, permitted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

import click
from flask import Blueprint
from pydantic import BaseModel

from invoicer_core.hooks.context import Context
from invoicer_core.hooks.places import PLACES

Ctx = Context[Any]


@dataclass(frozen=True, slots=True)
class Permission:
    """A right of the plugin's own; its full name is ``<plugin>.<name>``. ``roles`` hold it."""

    name: str
    title: str
    roles: frozenset[str] = frozenset({"owner", "admin"})


@dataclass(frozen=True, slots=True)
class Page:
    """Pages under ``/plugins/<plugin>``: private, for members with ``permission``.

    ``public`` endpoints (names within the blueprint) are open to anyone; they check themselves.
    """

    name: str
    blueprint: Blueprint
    permission: str
    public: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ApiResource:
    """Resources under ``/api/v1/plugins/<plugin>``: an APIFlask blueprint, in the one OpenAPI
    document, for members with ``permission``. ``alias`` claims ``/api/v1/<alias>`` too."""

    name: str
    blueprint: Blueprint
    permission: str
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class InboundRequest:
    """A provider's call, as it came.

    Args:
        body: the very bytes, at most `InboundWebhook.most_bytes`: signatures are made over them.
        headers: names in lower case; cookies are left out.
        form: the fields of a form (``application/x-www-form-urlencoded``), else empty.
        url: under the public address of the installation, with the query.
    """

    body: bytes
    headers: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, str]
    url: str
    method: str


@dataclass(frozen=True, slots=True)
class InboundResponse:
    """The answer to a provider."""

    status: int = 204
    body: str = ""
    media_type: str = "text/plain"


@dataclass(frozen=True, slots=True)
class InboundWebhook:
    """Calls from a provider at ``/hooks/<plugin>/<name>/<business>``; ``ctx.webhook_url(name)`` is
    the whole address. ``<business>`` may be left out where there is only one.

    Args:
        verify: True when the signature over the raw body holds; anything else is a 400 and
            nothing further runs.
        handle: take note, within 5 s; slow work goes to ``ctx.later``. Runs in one transaction
            with the memory of ``event_id`` and may not commit. Raise ``RetryLater`` to be called
            again (503), ``PermanentFailure`` or a refusal of the core for an answer of 4xx.
        event_id: the provider's own id of the call; a second one with the same id within 35 days
            is answered 200 without effect. None: every call counts.
        ready: False while its secret is not set: the address then does not exist.
        challenge: answers a provider's GET that proves who owns the address.
        most_bytes: how much a call may hold; never more than 4 MiB count.
    """

    name: str
    verify: Callable[[Ctx, InboundRequest], bool]
    handle: Callable[[Ctx, InboundRequest], InboundResponse | None]
    event_id: Callable[[InboundRequest], str | None]
    ready: Callable[[Ctx], bool]
    challenge: Callable[[Ctx, InboundRequest], InboundResponse | None] | None = None
    most_bytes: int = 1024 * 1024


@dataclass(frozen=True, slots=True)
class MenuItem:
    """An entry of the main menu; ``icon`` is a Tabler icon name. Lower weights come first."""

    name: str
    title: str
    endpoint: str
    permission: str
    icon: str = "puzzle"
    weight: int = 100


@dataclass(frozen=True, slots=True)
class DashboardWidget:
    """A card on the dashboard; ``render`` gives HTML (``markupsafe.Markup``, else escaped)."""

    name: str
    title: str
    render: Callable[[Ctx], str]
    permission: str
    weight: int = 100


@dataclass(frozen=True, slots=True)
class Slot:
    """A piece of HTML at a named place of a page.

    Args:
        place: one of PLACES, e.g. ``invoice.actions`` or ``portal.pay``; see Places.
        render: gets what the place hands over; ``markupsafe.Markup``, else it is escaped.
    """

    name: str
    place: str
    render: Callable[[Ctx, Mapping[str, Any]], str]
    weight: int = 100

    def __post_init__(self) -> None:
        """Raises ValueError for a place that no page has."""
        if self.place not in PLACES:
            near = get_close_matches(self.place, PLACES, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ValueError(f"slot {self.name}: no page has the place {self.place}{hint}")


@dataclass(frozen=True, slots=True)
class Asset:
    """A script or stylesheet of the plugin's own static folder, loaded on every page."""

    name: str
    blueprint: Blueprint
    path: str
    kind: Literal["script", "style"]


@dataclass(frozen=True, slots=True)
class Command:
    """A verb of the command line: ``invoicer plugins run <plugin> <name>``."""

    name: str
    command: click.Command


@dataclass(frozen=True, slots=True)
class AiTool:
    """Something an assistant may look up or do, for the one who asks and within their rights.

    Args:
        description: for the model: what it answers or does, and when to use it.
        arguments: what it takes; its JSON schema is what a model sees, and what does not fit is
            refused before ``run``.
        run: ``ctx.member`` is who asks: pass it as ``by=``. Answers JSON values or snapshots, few
            and small: all of it goes to the model.
        permission: what the one who asks must hold, by role and by the scopes of an API key.
        writes: it changes or sends something: it is only proposed, and runs once a person has
            confirmed it, in one transaction with the note of that; slow work goes to ``ctx.later``.
        title: for people, by ``say``.
        preview: of one that writes: what exactly it would do, in words for that person, by ``say``.
            Raises what ``run`` would, so that nothing impossible is proposed.
    """

    name: str
    description: str
    arguments: type[BaseModel]
    run: Callable[[Ctx, Any], Any]
    permission: str
    writes: bool = False
    title: str = ""
    preview: Callable[[Ctx, Any], str] | None = None
