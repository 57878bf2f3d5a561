"""How a resource declares its operations: one decorator says who may, what comes in, what goes out.

    resource = Resource("clients", tag="Clients")

    @resource.get("/clients/{clientId}", "clients.read", answer=ClientSnapshot)
    def get_client(client_id: int) -> ClientSnapshot:
        '''Get a client.'''
        return clients.get(client_id=client_id)

A view gets its path parameters in snake case, and of these what its signature names: ``body``,
``query``, ``by`` (the actor), ``who`` (the identity), ``version`` (of If-Match). It returns
snapshots; errors are raised. Route, validation, idempotency and OpenAPI all come from here.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from flask import Blueprint

from invoicer_core.api.schemas.base import Body, Query
from invoicer_core.domain.permissions import ALL

PREFIX: Final = "/api/v1"

PUBLIC: Final = "public"
"""For anybody, without a token."""

SIGNED_IN: Final = "signed in"
"""For any user with a token, in no business."""

View = Callable[..., Any]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

_PARAMETER: Final = re.compile(r"\{([A-Za-z]+)\}")
BUSINESS: Final = "business_id"
"""A view may leave this parameter out: its business was entered already."""

_EXTRAS: Final = ("body", "query", "by", "who", "version")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Everything that is known of one operation.

    Args:
        access: a permission, PUBLIC or SIGNED_IN.
        answer: type of what is answered; None for an empty answer, ``bytes`` for a file.
        errors: statuses that it raises besides those that follow from the rest.
        invalid: the status for invalid input; 400 where the contract says so.
        idempotent: takes an Idempotency-Key.
        media_type: of the answer.
        multipart: the body is a form with files, described by this JSON Schema.
    """

    name: str
    method: Method
    path: str
    tag: str
    access: str
    view: View = field(repr=False)
    wants: frozenset[str]
    body: type[Body] | None = None
    body_required: bool = True
    query: type[Query] | None = None
    answer: Any = None
    status: int = 200
    location: str | None = None
    errors: tuple[int, ...] = ()
    invalid: int = 422
    idempotent: bool = False
    media_type: str = "application/json"
    multipart: Mapping[str, Any] | None = None

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names in the path, as the document spells them."""
        return tuple(_PARAMETER.findall(self.path))

    @property
    def in_business(self) -> bool:
        """Whether it runs in a business, and so needs a seat there."""
        return self.access not in (PUBLIC, SIGNED_IN)

    @property
    def writes(self) -> bool:
        """Whether it changes something."""
        return self.method != "GET"

    @property
    def takes_version(self) -> bool:
        """Whether it looks at If-Match."""
        return "version" in self.wants

    @property
    def summary(self) -> str:
        """The first line of the view's docstring."""
        return (inspect.getdoc(self.view) or "").split("\n")[0].rstrip(".")

    @property
    def description(self) -> str:
        """The rest of the view's docstring."""
        return "\n".join((inspect.getdoc(self.view) or "").split("\n")[1:]).strip()


def snake(name: str) -> str:
    """``clientId`` -> ``client_id``."""
    return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", name).lower()


class Resource:
    """Some operations under ``/api/v1`` with a common tag."""

    def __init__(self, name: str, *, tag: str) -> None:
        self.name = name
        self.tag = tag
        self.operations: list[Operation] = []

    def get(self, path: str, access: str, **options: Any) -> Callable[[View], View]:
        """Declare a read."""
        return self.operation("GET", path, access, **options)

    def post(self, path: str, access: str, **options: Any) -> Callable[[View], View]:
        """Declare a write that makes something (``status=201``) or does something (200)."""
        return self.operation("POST", path, access, **options)

    def put(self, path: str, access: str, **options: Any) -> Callable[[View], View]:
        """Declare a change; fields that are left out stay as they are."""
        return self.operation("PUT", path, access, **options)

    def delete(self, path: str, access: str, **options: Any) -> Callable[[View], View]:
        """Declare a removal; it answers 204."""
        return self.operation("DELETE", path, access, **{"status": 204, **options})

    def blueprint(self, run: Callable[[Operation], Callable[..., Any]]) -> Blueprint:
        """The routes, for one application.

        Args:
            run: makes the function that the router calls.
        """
        made = Blueprint(f"api_{self.name}", __name__, url_prefix=PREFIX)
        for each in self.operations:
            made.add_url_rule(flask_rule(each.path), each.name, run(each), methods=[each.method])
        return made

    def operation(
        self, method: Method, path: str, access: str, **options: Any
    ) -> Callable[[View], View]:
        """Declare an operation; see `Operation` for the options.

        Raises:
            ValueError: no such permission, or the view's signature does not fit the path.
        """
        if access not in (PUBLIC, SIGNED_IN) and access not in ALL:
            raise ValueError(f"{method} {path}: there is no permission {access!r}")

        def declare(view: View) -> View:
            names = frozenset(inspect.signature(view).parameters)
            wanted = {snake(name) for name in _PARAMETER.findall(path)}
            if not wanted - {BUSINESS} <= names or not names <= wanted | set(_EXTRAS):
                raise ValueError(f"{method} {path}: {view.__name__} must take {sorted(wanted)}")
            idempotent = method != "GET" and not path.startswith("/auth/")
            made = Operation(
                name=view.__name__,
                method=method,
                path=path,
                tag=self.tag,
                access=access,
                view=view,
                wants=names & {*_EXTRAS, BUSINESS},
                **{"idempotent": idempotent, **options},
            )
            self.operations.append(made)
            return view

        return declare


def flask_rule(path: str) -> str:
    """The path as the router spells it: ids match whole numbers only, others one segment."""
    return _PARAMETER.sub(
        lambda found: f"<id:{found[1]}>" if found[1].endswith("Id") else f"<{found[1]}>", path
    )
