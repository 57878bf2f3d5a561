"""Which role may do what. One table; faces ask it, screens show it."""

from typing import Final

ROLES: Final = ("owner", "admin", "accountant", "staff", "viewer")

READ: Final = frozenset(
    f"{thing}.read"
    for thing in (
        "business", "clients", "suppliers", "products", "orders", "invoices", "payments",
        "files", "messages", "reports", "events", "workflows",
    )
)  # fmt: skip
STAFF: Final = READ | {
    "clients.write", "products.write", "stock.write", "orders.write", "invoices.write",
    "invoices.issue", "invoices.send", "payments.write", "files.write", "messages.write",
}  # fmt: skip
ACCOUNTANT: Final = STAFF | {
    "suppliers.write", "invoices.void", "invoices.write_off", "credit_notes.write",
    "payments.refund", "costs.read", "audit.read", "taxes.write", "members.read",
    "workflows.write",
}  # fmt: skip
ADMIN: Final = ACCOUNTANT | {
    "business.write", "settings.write", "members.write", "plugins.read", "plugins.write",
    "deliveries.read", "deliveries.write", "clients.merge", "clients.erase",
}  # fmt: skip
OWNER: Final = ADMIN | {"business.delete", "owners.write"}

BY_ROLE: Final[dict[str, frozenset[str]]] = {
    "owner": OWNER,
    "admin": ADMIN,
    "accountant": ACCOUNTANT,
    "staff": STAFF,
    "viewer": READ,
}
ALL: Final = OWNER


def allowed(role: str | None, permission: str) -> bool:
    """True when the role holds the permission; an unknown role holds none."""
    return permission in BY_ROLE.get(role or "", frozenset())
