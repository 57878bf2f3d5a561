"""Plugins' own resources: under ``/api/v1/plugins/<plugin>``, private, on or off per business.

A resource may claim one name more at the top (its alias). Every request needs a token, a seat, the
permission that the plugin named, and the plugin switched on; otherwise the address is not there.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final

from apiflask import APIFlask
from flask import Response, current_app, g, request

from invoicer_core.api import callers, running
from invoicer_core.api.resources import PREFIX
from invoicer_core.domain.actor import refusal
from invoicer_core.domain.errors import Forbidden, NotFound
from invoicer_core.hooks.faces import ApiResource
from invoicer_core.services import idempotency, plugins, rate_limits
from invoicer_core.services.idempotency import Answer

View = Callable[..., Any]
_KEPT: Final = ("Content-Type", "Location", "ETag", "Link", "Content-Disposition")


def install(app: APIFlask) -> None:
    """Mount what the loaded plugins offer."""
    with app.app_context():
        offers = list(plugins.api_resources())
    for plugin, offer in offers:
        _mount(app, plugin, offer, f"plugin_api_{plugin}_{offer.name}", f"/plugins/{plugin}")
        if offer.alias is not None:
            _mount(app, plugin, offer, f"alias_{offer.alias}_{offer.name}", f"/{offer.alias}")


def _mount(app: APIFlask, plugin: str, offer: ApiResource, name: str, path: str) -> None:
    inner = offer.blueprint.url_prefix or ""
    app.register_blueprint(offer.blueprint, name=name, url_prefix=f"{PREFIX}{path}{inner}")
    for endpoint, view in list(app.view_functions.items()):
        if endpoint.startswith(f"{name}."):
            app.view_functions[endpoint] = _guarded(view, plugin, offer.permission)


def _guarded(view: View, plugin: str, permission: str) -> View:
    @wraps(view)
    def run(**path: Any) -> Any:
        rate_limits.check_address(request.remote_addr)
        with callers.in_business(request, running.meant) as who:
            g.identity, g.business_id, g.actor = who, who.business_id, who.actor("api")
            rate_limits.check_account(who.user_id)
            if not plugins.runs(plugin):
                raise NotFound("There is nothing at this address.")
            by_role = plugins.may(who.role, permission)
            if not by_role or not who.in_scope(permission):
                raise Forbidden(refusal(who.role, permission, by_role=by_role))
            return _once(view, path)

    run.plugin_permission = permission  # type: ignore[attr-defined]
    return run


def _once(view: View, path: dict[str, Any]) -> Any:
    """With an Idempotency-Key a plugin's write happens once, too."""
    key = running.idempotency_key(request)
    if key is None or request.method == "GET":
        return view(**path)
    answer = idempotency.once(
        key=key, asked=running.asked(request), by=g.actor, run=lambda: _answer(view(**path))
    )
    response = Response(answer.body, answer.status, dict(answer.headers))
    if answer.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def _answer(value: Any) -> Answer:
    response = current_app.make_response(value)
    if response.status_code >= 400:
        raise Forbidden("The plugin refused this without saying why.")
    headers = {name: response.headers[name] for name in _KEPT if name in response.headers}
    return Answer(response.status_code, headers, response.get_data())


def described(app: APIFlask) -> dict[str, Any]:
    """Paths, schemas and tags of plugins' resources, as APIFlask describes them."""
    if not any(name.startswith(("plugin_api_", "alias_")) for name in app.blueprints):
        return {}
    for blueprint in app.blueprints.values():
        if not hasattr(blueprint, "enable_openapi"):
            blueprint.enable_openapi = False  # type: ignore[attr-defined]
    spec: Any = app.spec
    wanted = (f"{PREFIX}/",)
    paths = {
        path: _secured(item) for path, item in spec["paths"].items() if path.startswith(wanted)
    }
    _tell_apart(paths)
    tags = {
        tag for item in paths.values() for each in item.values() for tag in each.get("tags", ())
    }
    return {
        "paths": paths,
        "schemas": spec.get("components", {}).get("schemas", {}),
        "tags": tags,
    }


def _tell_apart(paths: Mapping[str, dict[str, Any]]) -> None:
    """An operation that has a name at the top too is another one under its plugin."""
    seen: dict[str, dict[str, Any]] = {}
    for path in sorted(paths, key=lambda one: one.startswith(f"{PREFIX}/plugins/")):
        for method, each in paths[path].items():
            if method != "parameters" and seen.setdefault(each["operationId"], each) is not each:
                each["operationId"] += "OfPlugin"


def _secured(item: dict[str, Any]) -> dict[str, Any]:
    """What the guard adds to every operation: the token, and the refusals."""
    for method, each in item.items():
        if method == "parameters":
            continue
        each["security"] = [{"BearerAuth": []}]
        each["parameters"] = [
            *each.get("parameters", []),
            {"$ref": "#/components/parameters/BusinessId"},
        ]
        for status, words in _REFUSALS.items():
            each["responses"].setdefault(status, {"description": words})
        for status, response in each["responses"].items():
            if status >= "400":
                response["content"] = {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                }
    return item


_REFUSALS: Final = {
    "400": "Malformed",
    "401": "Not signed in",
    "403": "The role does not include this",
    "404": "Not there, or the plugin is off for this business",
    "422": "Some of the input is not valid; `errors` names the fields",
    "429": "Too many requests",
    "503": "A part that is needed is away for the moment",
}
