"""Checks of typed input, field by field: every wrong field is named at once, by its pointer."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from babel import Locale, UnknownLocaleError
from email_validator import EmailNotValidError, validate_email

from invoicer_core.domain.errors import FieldError, InvalidInput
from invoicer_core.domain.money import is_currency, number_fault
from invoicer_core.domain.saying import say

Check = Callable[[Any], Any]
"""Returns the value as it is stored; raises ValueError that says what would be accepted, or
InvalidInput with pointers below the field."""

_LAYOUT: Final = "\n\t"
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
_NAME: Final = re.compile(r"[a-z][a-z0-9_.-]{0,63}", re.ASCII)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def check_fields(
    fields: Mapping[str, Any],
    checks: Mapping[str, Check],
    *,
    required: Iterable[str] = (),
    partial: bool = False,
    pointer: str = "",
) -> dict[str, Any]:
    """The given fields as they are stored; None empties a field.

    Args:
        required: fields that must have a value.
        partial: an edit, which may leave required fields out but not empty them.
        pointer: where ``fields`` stand in what was sent.

    Raises:
        InvalidInput: with one pointer per field that is unknown, missing or wrong.
    """
    faults: list[FieldError] = []
    values: dict[str, Any] = {}
    for name, value in fields.items():
        at = f"{pointer}/{_escaped(name)}"
        if name not in checks:
            words = say("There is no such field; there are %(known)s.", known=_listed(checks))
            faults.append(FieldError(at, words))
            continue
        try:
            values[name] = None if _is_empty(value) else checks[name](value)
        except InvalidInput as refusal:
            faults += [FieldError(at + each.pointer, each.message) for each in refusal.fields]
        except ValueError as refusal:
            faults.append(FieldError(at, str(refusal)))
    for name in required:
        empty = values[name] is None if name in values else name not in fields and not partial
        if empty:
            faults.append(FieldError(f"{pointer}/{name}", say("This field needs a value.")))
    if faults:
        raise InvalidInput.listing(faults)
    return values


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _escaped(name: object) -> str:
    """RFC 6901; cut, so that a huge name does not come back."""
    return str(name)[:100].replace("~", "~0").replace("/", "~1")


def text(most: int, *, lines: bool = False) -> Check:
    """A text of at most ``most`` characters; ``lines`` allows line breaks."""

    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError(say("This must be a text."))
        tidy = value.replace("\r\n", "\n").strip()
        if len(tidy) > most:
            raise ValueError(
                say(
                    "This has %(count)s characters; at most %(most)s are possible.",
                    count=len(tidy),
                    most=most,
                )
            )
        allowed = _LAYOUT if lines else ""
        if any(_unprintable(char) and char not in allowed for char in tidy):
            raise ValueError(say("This holds a control character or a line break."))
        return tidy

    return check


def _unprintable(char: str) -> bool:
    """Controls, half surrogate pairs, line and paragraph separators."""
    return unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")


def written(rule: Callable[[str], str], most: int = 100) -> Check:
    """A text in the form that a rule of ``domain.parties`` gives it."""
    plain = text(most)

    def check(value: Any) -> str:
        return rule(plain(value))

    return check


def number(least: Decimal | None = None, most: Decimal | None = None) -> Check:
    """An exact number; floats are refused, because they are not what was typed."""

    def check(value: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise ValueError(say("This must be a number."))
        exact = Decimal(value)
        if fault := number_fault(exact):
            raise ValueError(fault)
        if least is not None and exact < least:
            raise ValueError(say("This must not be below %(least)s.", least=least))
        if most is not None and exact > most:
            raise ValueError(say("This must not be above %(most)s.", most=most))
        return exact

    return check


def whole(least: int, most: int) -> Check:
    """A whole number from ``least`` to ``most``."""

    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(
                say(
                    "This must be a whole number from %(least)s to %(most)s.",
                    least=least,
                    most=most,
                )
            )
        return value

    return check


def flag(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError(say("This must be true or false."))
    return value


def names(most: int) -> Check:
    """A list of at most ``most`` names of channels and the like, each once."""

    def check(value: Any) -> list[str]:
        if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
            raise ValueError(say("This must be a list of names."))
        found = list(dict.fromkeys(value))
        if len(found) > most or not all(_NAME.fullmatch(each) for each in found):
            raise ValueError(
                say("This must be at most %(most)s names such as email or sms.", most=most)
            )
        return found

    return check


def by_name(value: Any) -> dict[str, str]:
    """Names by name: which channel carries a kind of message."""
    if not isinstance(value, Mapping) or len(value) > 20:
        raise ValueError(say("This must be an object of names."))
    for each in (*value.keys(), *value.values()):
        if not isinstance(each, str) or not _NAME.fullmatch(each):
            raise ValueError(say("These are names such as email or sms."))
    return dict(value)


def clock(value: Any) -> str:
    """A time of day, ``HH:MM``, or ``off``."""
    if not isinstance(value, str) or not (value == "off" or _CLOCK.fullmatch(value)):
        raise ValueError(say("Write a time as HH:MM, such as 21:00."))
    return value


def choice(*allowed: str) -> Check:
    """One of these words."""

    def check(value: Any) -> str:
        if value not in allowed:
            raise ValueError(say("This must be one of %(known)s.", known=", ".join(allowed)))
        return str(value)

    return check


def email(value: Any) -> str:
    """An e-mail address by its form; no look-up. ``.test`` is a domain like any other here."""
    plain = text(254)(value)
    try:
        found = validate_email(plain, check_deliverability=False, test_environment=True)
    except EmailNotValidError as refusal:
        raise ValueError(say("Write an e-mail address such as name@example.com.")) from refusal
    return str(found.normalized)


def currency(value: Any) -> str:
    """An ISO 4217 code in capitals."""
    code = text(3)(value).upper()
    if not is_currency(code):
        raise ValueError(say("Use an ISO 4217 code such as EUR."))
    return str(code)


def locale(value: Any) -> str:
    """A language, with its script and country where given: ``de``, ``de-AT``."""
    tag = text(35)(value).replace("_", "-")
    try:
        return str(Locale.parse(tag, sep="-")).replace("_", "-")
    except (ValueError, UnknownLocaleError) as refusal:
        raise ValueError(say("Use a language's code, such as de or de-AT.")) from refusal


def calendar_day(value: Any) -> date:
    """A day; texts are read as YYYY-MM-DD and in no other of ISO 8601's forms."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError(say("Write a day as YYYY-MM-DD."))
    try:
        return date.fromisoformat(value)
    except ValueError as refusal:
        raise ValueError(say("There is no such day in the calendar.")) from refusal
