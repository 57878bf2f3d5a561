"""Whose address it is: the same number is written in many ways, an e-mail address in capitals."""

import re
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select

from invoicer_core.models import db
from invoicer_core.models.parties import Client, Contact
from invoicer_core.models.tenancy import current_business_id

EMAIL: Final = "email"
TAIL: Final = 7
"""Digits that two ways to write one number have in common at least."""

_COUNTRY_CODE: Final = 3
_DIGITS: Final = re.compile(r"[^0-9]")
_PHONE: Final = re.compile(r"[+0-9(][0-9 ()./x#*+-]*", re.ASCII)


def plain(kind: str, address: str) -> str:
    """An address in the form in which it is compared: a number's digits, others in lower case."""
    bare = address.strip()
    if kind == EMAIL or not _PHONE.fullmatch(bare):
        return bare.casefold()
    digits = _DIGITS.sub("", bare.replace("(0)", ""))
    return digits.removeprefix("00") if not bare.startswith("+") else digits


def same(kind: str, one: str, other: str) -> bool:
    """Whether two addresses are one; a number without its country's code fits one with it."""
    first, second = sorted((plain(kind, one), plain(kind, other)), key=len)
    if first == second:
        return bool(first)
    for local, full in ((first, second), (second, first)):
        short = local.removeprefix("0")
        if kind == EMAIL or short == local or not (full + short).isdigit():
            continue
        code = len(full) - len(short)
        if len(short) >= TAIL and 0 < code <= _COUNTRY_CODE and full.endswith(short):
            return True
    return False


def contacts_with(kind: str, address: str, *, client_id: int | None = None) -> dict[int, int]:
    """The contacts who have an address, and whose contacts they are."""
    found = _rows(Contact, kind, address, Contact.client_id, client_id)
    return {row_id: owner for row_id, owner, _ in found}


def clients_with(kind: str, address: str) -> dict[int, str]:
    """The clients whose own address it is, as they write it."""
    gone = Client.deleted_at.is_(None)
    return {row_id: written for row_id, _, written in _rows(Client, kind, address, Client.id, gone)}


def owners_of(kind: str, address: str) -> list[int]:
    """The clients that are reached by an address, the newest first."""
    of_contacts = contacts_with(kind, address).values()
    return sorted({*clients_with(kind, address), *of_contacts}, reverse=True)


def _rows(
    model: Any, kind: str, address: str, owner: Any, only: int | ColumnElement[bool] | None
) -> Sequence[tuple[int, int, str]]:
    column = model.email if kind == EMAIL else model.phone
    value = plain(kind, address)
    if not value:
        return ()
    statement = select(model.id, owner, column).where(
        model.business_id == current_business_id(), column.is_not(None)
    )
    if kind == EMAIL:
        statement = statement.where(func.lower(column) == value)
    else:
        digits = func.regexp_replace(column, "[^0-9]", "", "g")
        statement = statement.where(func.right(digits, TAIL) == value[-TAIL:])
    if isinstance(only, int):
        statement = statement.where(owner == only)
    elif only is not None:
        statement = statement.where(only)
    every = db.session.execute(statement).all()
    return [(row[0], row[1], row[2]) for row in every if same(kind, row[2], address)]
