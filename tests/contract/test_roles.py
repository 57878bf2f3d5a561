"""The policy table, told once more by hand, and asked of every operation."""

import re

import pytest
from flask import Flask

from invoicer_core.api.catalogue import operations
from invoicer_core.api.resources import PUBLIC, SIGNED_IN, Operation, Resource
from invoicer_core.domain.permissions import BY_ROLE, ROLES
from tests.factories import Api, make_caller

READERS = {"owner", "admin", "accountant", "staff", "viewer"}
WRITERS = READERS - {"viewer"}
BOOKS = {"owner", "admin", "accountant"}
HEADS = {"owner", "admin"}

POLICY = {
    "business.read": READERS, "clients.read": READERS, "suppliers.read": READERS,
    "products.read": READERS, "orders.read": READERS, "invoices.read": READERS,
    "payments.read": READERS, "files.read": READERS, "messages.read": READERS,
    "reports.read": READERS, "events.read": READERS,
    "workflows.read": READERS, "workflows.write": BOOKS,
    "clients.write": WRITERS, "products.write": WRITERS, "stock.write": WRITERS,
    "orders.write": WRITERS, "invoices.write": WRITERS, "invoices.issue": WRITERS,
    "invoices.send": WRITERS, "payments.write": WRITERS, "files.write": WRITERS,
    "messages.write": WRITERS,
    "suppliers.write": BOOKS, "invoices.void": BOOKS, "invoices.write_off": BOOKS,
    "credit_notes.write": BOOKS, "payments.refund": BOOKS, "costs.read": BOOKS,
    "audit.read": BOOKS, "taxes.write": BOOKS, "members.read": BOOKS,
    "business.write": HEADS, "settings.write": HEADS, "members.write": HEADS,
    "plugins.read": HEADS, "plugins.write": HEADS, "deliveries.read": HEADS,
    "deliveries.write": HEADS, "clients.merge": HEADS, "clients.erase": HEADS,
    "business.delete": {"owner"}, "owners.write": {"owner"},
}  # fmt: skip
OPEN = {
    "register", "login", "refresh", "ask_password_reset", "confirm_password_reset",
}  # fmt: skip
OWN = {
    "logout", "me", "update_me", "change_password", "list_sessions", "revoke_session",
    "list_businesses", "create_business",
}  # fmt: skip


def test_the_table_is_what_was_decided() -> None:
    for role in ROLES:
        assert BY_ROLE[role] == {name for name, roles in POLICY.items() if role in roles}


def test_only_these_operations_are_open_to_everybody() -> None:
    assert {each.name for each in operations() if each.access == PUBLIC} == OPEN
    assert {each.name for each in operations() if each.access == SIGNED_IN} == OWN


def test_a_route_without_a_known_permission_stops_the_start() -> None:
    with pytest.raises(ValueError, match="no permission"):
        Resource("x", tag="X").get("/x", "nothing.read")(lambda: None)
    with pytest.raises(TypeError):
        Resource("x", tag="X").get("/x")  # type: ignore[call-arg]


def test_every_route_of_the_api_was_declared_or_is_a_plugins(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1"):
            view = app.view_functions[rule.endpoint]
            assert hasattr(view, "operation") or hasattr(view, "plugin_permission"), rule.rule


def test_what_is_open_beside_the_api_and_the_pages_is_listed(app: Flask) -> None:
    """Pages say who may see them at the start; everything else without a sign-in stands here."""
    found = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith(("operation.", "inbound."))
    }
    assert found == {
        "/health", "/healthz", "/readyz", "/metrics",
        "/hooks/<plugin>/<name>", "/hooks/<plugin>/<name>/<business>",
    }  # fmt: skip
    elsewhere = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/hooks") and not rule.endpoint.startswith("inbound.")
    }
    assert elsewhere == set()


@pytest.fixture(scope="module")
def members(app: Flask) -> dict[str, Api]:
    owner = make_caller(app)
    found = {role: make_caller(app, role=role, business_id=owner.business_id) for role in ROLES[1:]}
    return {"owner": owner, **found}


@pytest.mark.parametrize("operation", list(operations()), ids=lambda each: each.name)
def test_every_cell_of_the_matrix(
    app: Flask, members: dict[str, Api], operation: Operation
) -> None:
    """Bodies are not valid and ids not there, so whoever is let in gets another answer than 403."""
    path = operation.path.replace("{businessId}", str(members["owner"].business_id))
    path = re.sub(r"\{[A-Za-z]+Id\}", "777777777", path).replace("{name}", "no_such_plugin")
    path += "?unknown=1" if operation.method == "GET" else ""
    nobody = Api(app.test_client()).call(operation.method, path, b"[]")
    assert (nobody.status_code == 401) == (operation.access != PUBLIC)
    if not operation.in_business:
        return
    for role, caller in members.items():
        answer = caller.call(operation.method, path, b"[]")
        assert (answer.status_code != 403) == (role in POLICY[operation.access]), (
            role, answer.status_code, answer.data,
        )  # fmt: skip
        assert answer.status_code < 500
