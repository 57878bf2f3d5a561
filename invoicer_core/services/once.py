"""What must happen once, however often it is asked for: a mark in the transaction of its effect.

Marks lie among the kept answers of ``idempotency_keys``, as those of nobody (user 0).
"""

from hashlib import sha256
from typing import Any, Final

from sqlalchemy import text

from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id

NOBODY: Final = 0

_MARK: Final = text(
    "INSERT INTO idempotency_keys (business_id, user_id, key, fingerprint, status, headers, body)"
    " VALUES (:business, :nobody, :key, '', 0, '{}', '')"
    " ON CONFLICT (business_id, user_id, key) DO NOTHING RETURNING key"
)


def first_time(*parts: str) -> bool:
    """Whether these words are marked for the first time in the business that was entered.

    Waits for a transaction that is just marking the same; when that one is undone, this one is the
    first. A mark is forgotten after 35 days (``upkeep``).
    """
    digest = sha256("\0".join(parts[1:]).encode()).hexdigest()
    values: dict[str, Any] = {
        "business": current_business_id(),
        "nobody": NOBODY,
        "key": f"{parts[0]}:{digest}",
    }
    return db.session.execute(_MARK, values).first() is not None
