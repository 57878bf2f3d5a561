"""How PostgreSQL answers the lists: EXPLAIN of what the services ask, under row level security."""

from typing import Any

from sqlalchemy import event

from bench.crowd import SURNAMES
from bench.stage import Stage
from invoicer_core.app import create_app
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import invoices


def show_plans(made: Stage, business: int) -> None:
    """Print the plan of every statement behind the 50 newest and a search."""
    app = create_app(made.config)
    with app.app_context(), enter_business(business):
        for query in (None, SURNAMES[0], f"{SURNAMES[3]} Bakery"):
            print(f"\n=== q={query}")
            for statement, parameters in _statements(query):
                print(f"--- {' '.join(statement.split())[:400]}")
                found = db.session.connection().exec_driver_sql(
                    "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) " + statement, parameters
                )
                print("\n".join(row[0] for row in found))


def _statements(query: str | None) -> list[tuple[str, Any]]:
    """What the service sent to read one page."""
    seen: list[tuple[str, Any]] = []

    def note(*arguments: Any) -> None:
        seen.append((arguments[2], arguments[3]))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        invoices.find(q=query, limit=50)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return [each for each in seen if "invoice" in each[0]]
