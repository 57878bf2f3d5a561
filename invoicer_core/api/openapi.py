"""The OpenAPI 3.1 document, generated from the declared operations; plugins' paths join it."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from invoicer_core.api.describing import Components, Schema
from invoicer_core.api.reading import ID_MOST
from invoicer_core.api.resources import PREFIX, PUBLIC, Operation
from invoicer_core.api.schemas.base import Body, Query
from invoicer_core.domain.snapshots import Page

VERSION: Final = "1.0.0"
PROBLEM: Final = "application/problem+json"
_REF: Final = "#/components/schemas/{model}"

_STATUS: Final = {
    200: "Done",
    201: "Created",
    202: "Taken; it is done in the background",
    204: "Done; there is nothing to say",
    400: "Malformed: not JSON, or a header that cannot be read",
    401: "Not signed in",
    403: "The role does not include this",
    404: "Not there, or not in this business",
    409: "The current state does not allow it",
    413: "The body is too large",
    415: "The body is not of the media type described here",
    422: "Some of the input is not valid; `errors` names the fields",
    429: "Too many requests; wait as long as Retry-After says",
    503: "A part that is needed is away for the moment; wait as long as Retry-After says",
}
_INVALID: Final = "Invalid input; `errors` names the fields"

_PROBLEM: Final[Schema] = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}},
        "current": {
            "type": "object",
            "description": "With 409 for a stale version: the thing as it stands now.",
            "additionalProperties": True,
        },
    },
}
_FIELD_ERROR: Final[Schema] = {
    "type": "object",
    "required": ["pointer", "message"],
    "properties": {
        "pointer": {"type": "string", "description": "JSON pointer into what was sent."},
        "message": {"type": "string"},
    },
}
_HEADERS: Final[Mapping[str, Schema]] = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
    "Location": {"description": "Where the new thing is.", "schema": {"type": "string"}},
    "ETag": {"description": "The version, for If-Match.", "schema": {"type": "string"}},
    "Link": {"description": "rel=first and rel=next (RFC 8288).", "schema": {"type": "string"}},
    "X-Total-Count": {
        "description": "How many there are; left out above 10,000 (searched invoices: 200).",
        "schema": {"type": "integer"},
    },
    "Idempotency-Replayed": {
        "description": "`true` when this answer was given before for the same key.",
        "schema": {"type": "string", "enum": ["true"]},
    },
}
_PARAMETERS: Final[Mapping[str, Schema]] = {
    "BusinessId": {
        "name": "X-Business-Id",
        "in": "header",
        "description": "Which of the user's businesses is meant; the token's own without it.",
        "schema": {"type": "integer", "minimum": 1, "maximum": ID_MOST},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Makes repeating this request safe for 24 hours.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": "The ETag of what was read; 409 when it was changed since.",
        "schema": {"type": "string", "pattern": '^"[0-9]{1,18}"$'},
    },
}
_WHO_ASKS: Final = (
    "An access token of `POST /auth/login`, or an API key (`inv_…`, made under Settings, API keys)."
    " A key works in its one business, with its scopes as far as its creator's role still has"
    " them, and on nothing under `/auth` or `/businesses` itself."
)
_BEARER: Final[Schema] = {
    "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": _WHO_ASKS,
}  # fmt: skip
_DESCRIPTION: Final = (
    "Invoices from the draft to the paid amount.\n\n"
    "Numbers are exact decimals; send them as JSON numbers or as texts. Errors are problem+json"
    " (RFC 9457) whose `errors` hold JSON pointers. Lists are arrays; the `Link` header leads to"
    " the next page. A field without a value is left out, never null.\n\n"
    "Operations marked `x-idempotency-key` take the header `Idempotency-Key` (1 to 255 printable"
    " characters, see components.parameters): a repetition within 24 hours gets the same answer"
    " with `Idempotency-Replayed: true` and has no effect; 409 while the first one is worked on,"
    " 422 when the key was used for another request."
)


def document(operations: Iterable[Operation], plugins: Mapping[str, Any]) -> Schema:
    """The whole document.

    Args:
        plugins: the paths, schemas and tags of plugins' resources, as APIFlask describes them.
    """
    described = list(operations)
    components = Components()
    inputs = _inputs(described)
    schemas: dict[str, Schema] = {"Problem": _PROBLEM, "FieldError": _FIELD_ERROR}
    paths: dict[str, Schema] = {}
    for each in sorted(described, key=lambda one: (one.path, one.method)):
        at = paths.setdefault(PREFIX + each.path, {})
        at[each.method.lower()] = _operation(each, components, inputs)
    taken = set(components.schemas) & set(inputs.schemas)
    if taken:
        raise TypeError(f"input and answer share the names {', '.join(sorted(taken))}")
    schemas |= {**inputs.schemas, **components.schemas, **plugins.get("schemas", {})}
    paths |= plugins.get("paths", {})
    tags = sorted({each.tag for each in described} | set(plugins.get("tags", ())))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Invoicer",
            "version": VERSION,
            "description": _DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in tags],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "parameters": dict(_PARAMETERS),
            "headers": dict(_HEADERS),
            "securitySchemes": {"BearerAuth": _BEARER},
        },
    }


class _Inputs:
    """The schemas of bodies, by model."""

    def __init__(self, references: Mapping[type[Body], Schema], schemas: Schema) -> None:
        self.references = references
        self.schemas = schemas


def _inputs(operations: Iterable[Operation]) -> _Inputs:
    models = sorted(
        {each.body for each in operations if each.body is not None}, key=lambda one: one.__name__
    )
    if not models:
        return _Inputs({}, {})
    found, definitions = models_json_schema(
        [(model, "validation") for model in models], ref_template=_REF
    )
    references = {model: found[(model, "validation")] for model in models}
    return _Inputs(references, _plain(definitions.get("$defs", {})))


def _plain(schema: Any) -> Any:
    """Without pydantic's titles, which only repeat the names."""
    if isinstance(schema, dict):
        return {
            name: _plain(value)
            for name, value in schema.items()
            if not (name == "title" and isinstance(value, str))
        }
    return [_plain(each) for each in schema] if isinstance(schema, list) else schema


def _operation(each: Operation, components: Components, inputs: _Inputs) -> Schema:
    made: Schema = {"operationId": _camel(each.name), "tags": [each.tag], "summary": each.summary}
    if each.description:
        made["description"] = each.description
    if each.idempotent:
        made["x-idempotency-key"] = True
    parameters = _parameters(each)
    if parameters:
        made["parameters"] = parameters
    if each.multipart is not None:
        content = {"multipart/form-data": {"schema": dict(each.multipart)}}
        made["requestBody"] = {"required": True, "content": content}
    elif each.body is not None:
        content = {"application/json": {"schema": inputs.references[each.body]}}
        made["requestBody"] = {"required": each.body_required, "content": content}
    made["responses"] = _responses(each, components)
    made["security"] = [] if each.access == PUBLIC else [{"BearerAuth": []}]
    return made


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _parameters(each: Operation) -> list[Schema]:
    found: list[Schema] = []
    for name in each.parameters:
        schema: Schema = {"type": "string", "minLength": 1, "maxLength": 100}
        if name.endswith("Id"):
            schema = {"type": "integer", "minimum": 1, "maximum": ID_MOST}
        found.append({"name": name, "in": "path", "required": True, "schema": schema})
    if each.query is not None:
        described = _plain(each.query.model_json_schema(ref_template=_REF))
        for name, schema in described["properties"].items():
            required = name in described.get("required", ())
            schema = _sorts(each.query) if name == "sort" and "enum" not in str(schema) else schema
            found.append(
                {"name": name, "in": "query", "required": required, "schema": _given(schema)}
            )
    named = []
    if each.access != PUBLIC and "{businessId}" not in each.path:
        named.append("BusinessId")
    if each.takes_version:
        named.append("IfMatch")
    return found + [{"$ref": f"#/components/parameters/{name}"} for name in named]


def _sorts(query: type[Query]) -> Schema:
    """The names that a list can be sorted by, up and down."""
    names = ("id", *getattr(query, "SORTS", ()))
    return {"type": "string", "enum": [sign + name for name in names for sign in ("", "-")]}


def _given(schema: Schema) -> Schema:
    """A query cannot be null: without the alternative, and without its default."""
    kept = {name: value for name, value in schema.items() if name != "default"}
    choices = [one for one in kept.pop("anyOf", []) if one.get("type") != "null"]
    if len(choices) == 1:
        return {**choices[0], **kept}
    return {**kept, "anyOf": choices} if choices else kept


def statuses(each: Operation) -> tuple[int, ...]:
    """Every status that the operation answers with, in order."""
    found = {each.status, 429, 503, *each.errors}
    if each.access != PUBLIC:
        found.add(401)
        found.add(403)
        if "{businessId}" not in each.path:
            found.add(400)
    if each.in_business:
        found.add(404)
    if each.parameters:
        found.add(404)
    if each.body is not None or each.multipart is not None:
        found |= {400, 413, 415, each.invalid}
    if each.query is not None:
        found.add(each.invalid)
    if each.idempotent:
        found |= {400, 409, 422}
    if each.takes_version:
        found |= {400, 409}
    found.add(each.invalid)
    return tuple(sorted(found))


def _responses(each: Operation, components: Components) -> Schema:
    made: Schema = {}
    for status in statuses(each):
        if status < 400:
            made[str(status)] = _success(each, components)
            continue
        words = _INVALID if status == each.invalid else _STATUS[status]
        made[str(status)] = {
            "description": words,
            "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        if status in (429, 503):
            made[str(status)]["headers"] = {"Retry-After": _header("Retry-After")}
    return made


def _success(each: Operation, components: Components) -> Schema:
    made: Schema = {"description": _STATUS[each.status]}
    headers = []
    if each.location is not None:
        headers.append("Location")
    if each.answer is not None:
        kind = each.answer
        if getattr(kind, "__origin__", None) is Page:
            kind = list[kind.__args__[0]]  # type: ignore[name-defined]
            headers += ["Link", "X-Total-Count"]
        if "version" in getattr(kind, "__dataclass_fields__", {}):
            headers.append("ETag")
        made["content"] = {each.media_type: {"schema": components.of(kind)}}
    if each.idempotent:
        headers.append("Idempotency-Replayed")
    if headers:
        made["headers"] = {name: _header(name) for name in headers}
    return made


def _header(name: str) -> Schema:
    return {"$ref": f"#/components/headers/{name}"}
