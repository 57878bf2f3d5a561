"""Reads typed text field by field, keeps it as it was typed, and collects what is wrong with it.

A form that was refused is shown again from the same object: nothing typed is lost.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from babel import Locale
from babel.numbers import get_decimal_symbol
from flask_babel import gettext as _

from invoicer_core.domain.errors import FieldError, InvoicerError
from invoicer_core.services.wording import told

NUMBER: Final = re.compile(r"[+-]?[0-9.,'\u2019\s\u00a0\u202f]+")
CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
EMAIL: Final = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]+")
LONGEST_NUMBER: Final = 30


def typed_number(text: str, locale: Locale) -> Decimal:
    """The exact number a person typed: ``1.234,50``, ``1,234.50``, ``1234.5`` or ``12,5``.

    With both separators present the last one is the decimal one. A single separator is a
    grouping mark only where the locale groups with it and exactly three digits follow.
    Raises ValueError.
    """
    text = text.strip()
    if not NUMBER.fullmatch(text) or len(text) > LONGEST_NUMBER:
        raise ValueError("not a number")
    text = re.sub(r"['\u2019\s\u00a0\u202f]", "", text)
    last = max(text.rfind("."), text.rfind(","))
    if last >= 0:
        mark, digits_after = text[last], len(text) - last - 1
        other = "," if mark == "." else "."
        alone = text.count(mark) == 1
        grouping = not alone or (
            other not in text
            and digits_after == 3
            and mark != get_decimal_symbol(locale)
            and not text.lstrip("+-").startswith("0")
        )
        if grouping and other in text:
            raise ValueError("not a number")
        whole = text[:last] if not grouping else text
        rest = "" if grouping else text[last + 1 :]
        text = re.sub(r"[.,]", "", whole) + ("." + rest if rest else "")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError("not a number") from None


def shown_number(value: Decimal | None, locale: Locale) -> str:
    """A number as it is put into a field: all its digits, no grouping, the locale's mark."""
    if value is None:
        return ""
    return f"{value:f}".replace(".", get_decimal_symbol(locale))


@dataclass
class Form:
    """One shown or sent form: the typed values, errors by field, and a problem of the whole."""

    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    problem: str | None = None
    locale: Locale = field(default_factory=lambda: Locale("en"))

    @classmethod
    def sent(cls, values: Mapping[str, str], locale: Locale) -> "Form":
        """The form as the browser sent it."""
        return cls({name: value.strip() for name, value in values.items()}, locale=locale)

    def get(self, name: str, default: str = "") -> str:
        """What stands in the field."""
        return self.values.get(name, default)

    def fail(self, name: str, message: str) -> None:
        """Note what is wrong with a field; the first word counts."""
        self.errors.setdefault(name, message)

    @property
    def ok(self) -> bool:
        """True while nothing is wrong."""
        return not self.errors and self.problem is None

    def text(self, name: str, *, required: bool = False, longest: int = 200) -> str | None:
        """A line or paragraph; None when empty."""
        value = self.get(name).replace("\r\n", "\n")
        if CONTROL.search(value):
            self.fail(name, _("This holds a character that cannot be printed."))
        elif len(value) > longest:
            self.fail(name, _("At most %(count)s characters.", count=longest))
        elif required and not value:
            self.fail(name, _("Please fill this in."))
        return value or None

    def email(self, name: str, *, required: bool = False) -> str | None:
        """An e-mail address, in small letters."""
        value = self.text(name, required=required, longest=254)
        if value and not EMAIL.fullmatch(value):
            self.fail(name, _("This is not an e-mail address, like name@example.com."))
        return value.lower() if value else None

    def number(
        self,
        name: str,
        *,
        required: bool = False,
        least: Decimal | None = None,
        most: Decimal | None = None,
        digits: int = 10,
    ) -> Decimal | None:
        """An exact number within bounds, with at most that many digits after the point."""
        value = self.get(name)
        if not value:
            if required:
                self.fail(name, _("Please fill this in."))
            return None
        try:
            found = typed_number(value, self.locale)
        except ValueError:
            self.fail(name, _("This is not a number."))
            return None
        exponent = found.as_tuple().exponent
        if isinstance(exponent, int) and -exponent > digits:
            self.fail(name, _("At most %(count)s digits after the point.", count=digits))
        if least is not None and found < least:
            self.fail(name, _("This must be at least %(least)s.", least=least))
        if most is not None and found > most:
            self.fail(name, _("This must be at most %(most)s.", most=most))
        return found

    def whole(self, name: str, *, least: int = 0, most: int = 3650) -> int | None:
        """A whole number within bounds."""
        found = self.number(name, least=Decimal(least), most=Decimal(most), digits=0)
        return None if found is None else int(found)

    def date(self, name: str, *, required: bool = False) -> date | None:
        """A calendar day, as date fields send it (ISO 8601)."""
        value = self.get(name)
        if not value:
            if required:
                self.fail(name, _("Please choose a day."))
            return None
        try:
            found = date.fromisoformat(value)
        except ValueError:
            self.fail(name, _("This is not a day of the calendar."))
            return None
        if not 1990 <= found.year <= 2200:
            self.fail(name, _("Please check the year."))
        return found

    def choice(self, name: str, options: Iterable[str], *, required: bool = True) -> str | None:
        """One of the offered values."""
        value = self.get(name)
        if not value and not required:
            return None
        if value not in set(options):
            self.fail(name, _("Please choose one of the list."))
            return None
        return value

    def refuse(self, error: InvoicerError, names: Mapping[str, str] | None = None) -> None:
        """Put a service's refusal beside the fields it is about.

        Args:
            error: what the service raised.
            names: field name by JSON pointer, where it is not the pointer's last part.
        """
        left: list[FieldError] = []
        for wrong in error.fields:
            name = (names or {}).get(wrong.pointer, wrong.pointer.strip("/").replace("/", "-"))
            if name in self.values or name in (names or {}).values():
                self.fail(name, told(wrong.message))
            else:
                left.append(wrong)
        if left or not error.fields:
            self.problem = told(error.detail)
