"""Runs an operation: who asks, may they, was it asked before, what came in, what goes out."""

from collections.abc import Callable
from typing import Any, Final

from flask import Request, Response, current_app, g, request

from invoicer_core.api import answers, callers, reading
from invoicer_core.api.problems import BadRequest, of_refusal
from invoicer_core.api.resources import PREFIX, PUBLIC, Operation, snake
from invoicer_core.domain.errors import Forbidden, InvalidInput, NotFound
from invoicer_core.hooks import codec
from invoicer_core.services import idempotency, rate_limits
from invoicer_core.services.idempotency import Answer
from invoicer_core.services.identity.sessions import Identity

BUSINESS: Final = "X-Business-Id"
IDEMPOTENCY: Final = "Idempotency-Key"
_LONGEST_KEY: Final = 255
_PLACES: Final = frozenset({"/cursor", "/after"})
"""Cursors: one that is none of ours is a page that is not there, rather than a wrong value."""
_FORM_FRAME: Final = 64 * 1024


def runner(operation: Operation) -> Callable[..., Response]:
    """The function that the router calls for an operation."""
    names = {name: snake(name) for name in operation.parameters}

    def run(**path: Any) -> Response:
        rate_limits.check_address(request.remote_addr)
        if operation.multipart is not None:
            request.max_content_length = _upload_bytes()
        arguments = {names[name]: value for name, value in path.items()}
        try:
            if operation.access == PUBLIC:
                return _response(_work(operation, arguments, None))
            return _response(_as_user(operation, arguments))
        except InvalidInput as refusal:
            unknown = {each.pointer for each in refusal.fields} <= _PLACES and refusal.fields
            return of_refusal(refusal, 404 if unknown else operation.invalid)

    run.__name__ = operation.name
    run.operation = operation  # type: ignore[attr-defined]
    return run


def _upload_bytes() -> int:
    """How large a form with a file may be, its frame included."""
    return int(current_app.extensions["invoicer.config"].upload_bytes) + _FORM_FRAME


def _as_user(operation: Operation, arguments: dict[str, Any]) -> Answer:
    if not operation.in_business:
        with callers.as_user(request, reading.number_header(request, BUSINESS)) as who:
            return _admitted(operation, arguments, who)

    def choose(own: int | None) -> int:
        if operation.path.startswith("/businesses/{businessId}"):
            return int(arguments["business_id"])
        return meant(own)

    with callers.in_business(request, choose) as who:
        return _admitted(operation, arguments, who)


def meant(own: int | None) -> int:
    """The business meant: of the header, else ``own``, the token's. Raises Forbidden for none."""
    named = reading.number_header(request, BUSINESS)
    business_id = named if named is not None else own
    if business_id is None:
        raise Forbidden("You have no seat in any business yet: found one with POST /businesses.")
    return int(business_id)


def _admitted(operation: Operation, arguments: dict[str, Any], who: Identity) -> Answer:
    if any(arguments[name] == 0 for name in map(snake, operation.parameters)):
        raise NotFound("There is nothing at this address.")
    g.identity, g.business_id = who, who.business_id
    rate_limits.check_account(who.user_id)
    if operation.in_business:
        who.actor("api").require(operation.access)
    key = idempotency_key(request) if operation.idempotent else None
    if key is None or who.business_id is None:
        return _work(operation, arguments, who)
    return idempotency.once(
        key=key,
        asked=asked(request),
        by=who.actor("api"),
        run=lambda: _work(operation, arguments, who),
    )


def idempotency_key(request: Request) -> str | None:
    """The key of a request, None without one. Raises BadRequest."""
    key = request.headers.get(IDEMPOTENCY)
    if key is None:
        return None
    if not 0 < len(key) <= _LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise BadRequest(f"{IDEMPOTENCY} must have 1 to {_LONGEST_KEY} printable characters.")
    return key


def asked(request: Request) -> bytes:
    """What a request asks for, as a digest: its method, address and body."""
    body = request.get_data(cache=True, parse_form_data=False)
    return idempotency.fingerprint(request.method.encode(), request.full_path.encode(), body)


def _work(operation: Operation, arguments: dict[str, Any], who: Identity | None) -> Answer:
    """Read the input, call the view, make the answer."""
    wants = operation.wants
    if operation.query is not None:
        query = reading.query_of(request, operation.query)
        if "query" in wants:
            arguments["query"] = query
    elif request.args:
        names = ", ".join(sorted(request.args)[:5])[:200]
        raise InvalidInput.at(f"/{next(iter(request.args))[:100]}", f"No such parameter: {names}.")
    if operation.body is not None:
        body = reading.body_of(request, operation.body, required=operation.body_required)
        if "body" in wants:
            arguments["body"] = body
    if "version" in wants:
        arguments["version"] = reading.version_of(request)
    if who is not None:
        if "by" in wants:
            arguments["by"] = who.actor("api")
        if "who" in wants:
            arguments["who"] = who
    business_id = arguments.get("business_id")
    if "business_id" not in wants:
        arguments.pop("business_id", None)
    value = operation.view(**arguments)
    location = None if operation.location is None else PREFIX + operation.location
    if location is not None:
        location = location.replace("{businessId}", str(business_id))
    return answers.made(value, operation.status, location, request)


def _response(answer: Answer) -> Response:
    response = Response(answer.body, answer.status)
    for name, value in answer.headers.items():
        response.headers[name] = value
    if answer.status == 204:
        response.headers.pop("Content-Type", None)
    if answer.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def as_json(value: Any, status: int = 200) -> Response:
    """A JSON answer outside of any operation."""
    return Response(codec.dumps(value), status, content_type=answers.JSON)
