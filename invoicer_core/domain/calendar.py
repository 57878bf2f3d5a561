"""Days as the business sees them: its own today, and when a document falls due."""

from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from invoicer_core.domain.errors import InvalidInput
from invoicer_core.domain.saying import say

TERMS_LIMIT: Final = 3650


@lru_cache(maxsize=512)
def zone(name: str) -> tzinfo:
    """The time zone with this IANA name.

    Raises:
        InvalidInput: no such zone; pointer ``/time_zone``.
    """
    try:
        return ZoneInfo(name)
    # A missing key, a path outside the data, a folder such as "Europe": all mean the same.
    except (KeyError, ValueError, OSError) as error:
        message = say(
            "%(name)s is not a time zone: use a name such as Europe/Vienna or UTC.",
            name=repr(name[:64]),
        )
        raise InvalidInput.at("/time_zone", message) from error


def local_day(time_zone: str, instant: datetime) -> date:
    """The calendar day it is in ``time_zone`` at ``instant``, which must be aware (UTC).

    Raises:
        InvalidInput: no such zone.
        ValueError: an instant without a time zone.
    """
    if instant.tzinfo is None:
        raise ValueError("the instant needs a time zone")
    return instant.astimezone(zone(time_zone)).date()


def due_date(issue_date: date, terms_days: int) -> date:
    """When a document of ``issue_date`` falls due; 0 days is the same day.

    Raises:
        InvalidInput: terms below 0 or above ten years; pointer ``/payment_terms_days``.
    """
    if not 0 <= terms_days <= TERMS_LIMIT:
        message = say("Payment terms are from 0 to %(most)s days.", most=TERMS_LIMIT)
        raise InvalidInput.at("/payment_terms_days", message)
    try:
        return issue_date + timedelta(days=terms_days)
    except OverflowError as error:
        raise InvalidInput.at("/issue_date", say("This date is too far in the future.")) from error


def check_due_date(issue_date: date, due: date) -> None:
    """A document cannot fall due before it exists.

    Raises:
        InvalidInput: pointer ``/due_date``.
    """
    if due < issue_date:
        raise InvalidInput.at("/due_date", say("The due date is before the issue date."))
