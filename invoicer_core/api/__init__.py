"""The JSON API under ``/api/v1``: one file per resource, and the frame that they share.

How to add a resource (see `resources` for every option):

1. Bodies and queries are pydantic models in ``api/schemas/<name>.py`` (`Body`, `Query`,
   `ListQuery` and the field types of `schemas.base`); unknown fields are refused by name.
2. ``api/<name>.py`` makes a `Resource` and declares its operations::

       resource = Resource("clients", tag="Clients")

       @resource.get("/clients", "clients.read", query=ClientQuery, answer=Page[ClientSnapshot])
       def list_clients(query: ClientQuery) -> Page[ClientSnapshot]:
           '''List the clients.'''
           return clients.find(**query.filters())

       @resource.post("/clients", "clients.write", body=ClientInput, answer=ClientSnapshot,
                      status=201, location="/clients/{id}")
       def create_client(body: ClientInput, by: Actor) -> ClientSnapshot:
           '''Create a client.'''
           return clients.create(fields=body.sent(), by=by)

   The second argument is the permission, `PUBLIC` or `SIGNED_IN`. A view takes its path parameters
   in snake case and, where its signature names them, ``body``, ``query``, ``by``, ``who`` and
   ``version`` (of If-Match). It returns snapshots, `Page`, `answers.Binary` or None; refusals are
   raised as errors of the domain.
3. The resource is listed in ``RESOURCES`` below.

Everything else follows from the declaration: token, membership and permission, rate limits,
Idempotency-Key (its answer is stored in the transaction of the effect: views only write through
services), problem+json, paging headers, ETag, Location and the OpenAPI document.
"""

from typing import cast

from apiflask import APIFlask

from invoicer_core.api import (
    documentation,
    health,
    inbound,
    json_provider,
    plugin_resources,
    problems,
    requests,
    routing,
    running,
)
from invoicer_core.api.catalogue import RESOURCES
from invoicer_core.config import Config
from invoicer_core.services import rate_limits
from invoicer_core.services.identity import access_tokens

__all__ = ["RESOURCES", "register"]


def register(app: APIFlask) -> None:
    """Add the API to the application; opens no connection."""
    config = cast(Config, app.extensions["invoicer.config"])
    json_provider.install(app)
    routing.install(app)
    access_tokens.install(app)
    rate_limits.install(app, config)
    problems.install(app)
    requests.install(app, config)
    for resource in RESOURCES:
        app.register_blueprint(resource.blueprint(running.runner))
    plugin_resources.install(app)
    documentation.install(app)
    health.install(app)
    inbound.install(app)
