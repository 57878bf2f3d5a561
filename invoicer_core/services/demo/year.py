"""What the demo's business did in the months before: who bought what, and how it ended.

A plain table, so that the year looks the same every time: a quiet winter, a busy spring, one large
order, and clients that came lately.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from invoicer_core.domain.snapshots import InvoiceSnapshot
from invoicer_core.services import visits

Goods = Literal["table", "shelves", "work", "oil", "book"]
Ending = Literal["paid", "late", "overdue", "part-paid"]

NEW_CLIENTS: Final[tuple[dict[str, Any], ...]] = (
    {"name": "Studio Lichtblick", "email": "hallo@lichtblick.test", "city": "Potsdam",
     "postcode": "14467", "country": "DE", "address": "Am Kanal 4", "locale": "de_DE"},
    {"name": "Weinhandlung Rebland", "email": "kontor@rebland.test", "city": "Mainz",
     "postcode": "55116", "country": "DE", "address": "Rheinufer 21", "locale": "de_DE"},
    {"name": "Galerie Nordlicht", "email": "office@nordlicht.test", "city": "Kiel",
     "postcode": "24103", "country": "DE", "address": "Hafenstraße 7", "locale": "de_DE"},
    {"name": "Hotel Seeblick", "email": "einkauf@seeblick.test", "city": "Konstanz",
     "postcode": "78462", "country": "DE", "address": "Seestraße 15", "locale": "de_DE"},
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Past:
    """One invoice of the past: to which client, how many days ago, of what, and how it ended.

    Clients are counted on from those of the demo: 6 is the first of `NEW_CLIENTS`.
    """

    client: int
    days_ago: int
    goods: tuple[Goods, ...]
    ends: Ending = "paid"


YEAR: Final = (
    Past(0, 348, ("shelves", "book")), Past(1, 336, ("work",)), Past(3, 322, ("book", "oil")),
    Past(4, 309, ("shelves",), "late"), Past(2, 296, ("oil",)), Past(0, 284, ("work", "oil")),
    Past(1, 271, ("table", "shelves")), Past(5, 262, ("book",)), Past(4, 251, ("work",)),
    Past(0, 243, ("shelves", "work"), "late"), Past(3, 236, ("book", "book")),
    Past(1, 229, ("table", "work")), Past(2, 222, ("shelves", "oil")),
    Past(4, 214, ("table", "table", "work")), Past(0, 207, ("oil", "book")),
    Past(5, 199, ("shelves",), "late"), Past(1, 191, ("table", "table", "table", "table", "work")),
    Past(3, 183, ("book",)), Past(2, 176, ("work",)), Past(4, 168, ("shelves", "oil")),
    Past(0, 159, ("table", "work"), "late"), Past(1, 151, ("oil", "oil")), Past(5, 144, ("book",)),
    Past(3, 136, ("shelves",)), Past(4, 127, ("work",), "overdue"),
    Past(0, 118, ("shelves", "book")),
    Past(1, 109, ("table",)), Past(2, 101, ("oil", "book"), "late"), Past(0, 93, ("work",)),
    Past(6, 80, ("table", "shelves")), Past(4, 77, ("oil",), "overdue"),
    Past(7, 66, ("oil", "book")),
    Past(6, 58, ("work",)), Past(7, 52, ("book",)), Past(8, 44, ("shelves", "shelves"), "late"),
    Past(6, 37, ("oil",)), Past(9, 31, ("table", "work"), "part-paid"), Past(8, 23, ("book",)),
    Past(9, 17, ("shelves", "oil")), Past(7, 11, ("work",)), Past(9, 3, ("oil",)),
)  # fmt: skip

PHONE: Final = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Mobile Safari"
TABLET: Final = "Mozilla/5.0 (iPad; CPU OS 19_0 like Mac OS X) Safari"
DESK: Final = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/145.0"
_LOOKS: Final = (
    (DESK, "email"), (PHONE, "email"), (DESK, "email"), (PHONE, "link"), (TABLET, "email"),
    (PHONE, "portal"), (DESK, "link"),
)  # fmt: skip


def looks(made: InvoiceSnapshot, number: int, zone: str, today: date) -> None:
    """Let the client look at an invoice a day or two after it was sent, some of them twice."""
    issued = made.issue_date or today
    agent, channel = _LOOKS[number % len(_LOOKS)]
    for at in _moments(issued, number, zone, today):
        visits.note(
            invoice_id=made.id,
            client_id=made.client_id,
            channel=channel,
            user_agent=agent,
            visitor=f"demo {made.client_id}",
            at=at,
        )


def _moments(issued: date, number: int, zone: str, today: date) -> Iterator[datetime]:
    day = min(issued + timedelta(days=1 + number % 2), today - timedelta(days=1))
    first = datetime.combine(day, time(9 + number % 8, 7 * number % 60), ZoneInfo(zone))
    yield first
    if number % 3:
        yield first + timedelta(minutes=1 + number % 5, seconds=11 * number % 60)
