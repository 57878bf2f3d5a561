"""What is thrown away when its time is over: stored answers, ended sign-ins, used tokens."""

from typing import Final

from sqlalchemy import text

from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import visits, webhooks
from invoicer_core.services.files import results

_ANSWERS: Final = text(
    "DELETE FROM idempotency_keys WHERE business_id = :business AND created_at <"
    " now() - CASE user_id WHEN 0 THEN interval '35 days' ELSE interval '25 hours' END"
)
_SIGN_INS: Final = text(
    "DELETE FROM sign_ins WHERE expires_at < now() - interval '7 days'"
    " OR revoked_at < now() - interval '7 days'"
)
_TOKENS: Final = text("DELETE FROM one_time_tokens WHERE expires_at < now() - interval '7 days'")

_PORTAL: Final = (
    text(
        "DELETE FROM portal_codes WHERE business_id = :business"
        " AND expires_at < now() - interval '7 days'"
    ),
    text(
        "DELETE FROM portal_sessions WHERE business_id = :business"
        " AND (expires_at < now() - interval '7 days' OR revoked_at < now() - interval '7 days')"
    ),
)


def purge_business() -> None:
    """Forget answers kept for an ``Idempotency-Key`` after 25 hours, marks of what happened once
    after 35 days (providers repeat their calls for days), ended portal sessions after 7, what
    background tasks made after 30, and visits after the days of the setting."""
    for statement in (_ANSWERS, *_PORTAL):
        db.session.execute(statement, {"business": current_business_id()})
    db.session.commit()
    webhooks.purge()
    results.forget_old()
    visits.forget_old()


def purge_shared() -> None:
    """Forget sign-ins and one-time tokens a week after their end."""
    db.session.execute(_SIGN_INS)
    db.session.execute(_TOKENS)
    db.session.commit()
