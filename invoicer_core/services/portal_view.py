"""An invoice as its own client may see it: nothing that is internal to the business."""

from collections.abc import Mapping
from typing import Any, Final

INTERNAL: Final = frozenset(
    {"internal_note", "tags", "plugins", "reminders_stopped", "order_id", "version", "send",
     "exchange_rate", "viewed_at"}
)  # fmt: skip


def invoice(json: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON of an invoice without what is internal."""
    return {name: value for name, value in json.items() if name not in INTERNAL}
