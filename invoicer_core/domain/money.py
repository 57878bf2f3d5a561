"""Amounts and currencies: how many digits, how to round, how to share without losing a cent.

Everything is ``Decimal``. Rounding is half up, symmetric about zero: 0.005 is 0.01, -0.005 is
-0.01. Numbers have at most 15 digits before the point and 10 after it.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, InvalidOperation, localcontext
from typing import Final

from invoicer_core.domain.errors import InvalidInput
from invoicer_core.domain.saying import say

INTEGER_DIGITS: Final = 15
FRACTION_DIGITS: Final = 10
LIMIT: Final = Decimal(10) ** INTEGER_DIGITS
HUNDREDTH: Final = Decimal("0.01")
# A product of three numbers of 25 digits, divided by a fourth, is still rounded exactly.
CONTEXT: Final = Context(prec=120, rounding=ROUND_HALF_UP, traps=[InvalidOperation, DivisionByZero])

_ZERO: Final = Decimal(0)
_FINEST: Final = Decimal(1).scaleb(-FRACTION_DIGITS)
_BY_DIGITS: Final = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP "
        "BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD "
        "FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD "
        "KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD "
        "NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP "
        "SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED "
        "VES WST XAD XCD XCG YER ZAR ZMW ZWG"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
# ISO 4217 list one, codes with a minor unit. ANG and BGN are replaced since 2025 and 2026, but
# documents of those years are still read and credited.
MINOR_UNITS: Final = {code: n for n, codes in _BY_DIGITS.items() for code in codes.split()}
_QUANTA: Final = {code: Decimal(1).scaleb(-digits) for code, digits in MINOR_UNITS.items()}


def is_currency(code: str) -> bool:
    """True for an ISO 4217 code, in capitals, that amounts can be in."""
    return code in MINOR_UNITS


def minor_units(currency: str) -> int:
    """How many digits after the point an amount in ``currency`` has (ISO 4217).

    Raises:
        InvalidInput: not a currency; pointer ``/currency``.
    """
    digits = MINOR_UNITS.get(currency)
    if digits is None:
        raise _unknown(currency)
    return digits


def quantum(currency: str) -> Decimal:
    """The smallest amount of a currency: 1 for JPY, 0.01 for EUR, 0.001 for KWD.

    Raises:
        InvalidInput: not a currency; pointer ``/currency``.
    """
    step = _QUANTA.get(currency)
    if step is None:
        raise _unknown(currency)
    return step


def number_fault(value: Decimal) -> str | None:
    """What is wrong with a number that somebody typed, or None: finite, 15 digits before the
    point, 10 after it."""
    if not value.is_finite():
        return say("This must be a finite number.")
    if not -LIMIT < value < LIMIT:
        return say(
            "At most %(most)s digits before the decimal point are possible.",
            most=INTEGER_DIGITS,
        )
    if value != value.quantize(_FINEST, None, CONTEXT):
        return say(
            "At most %(most)s digits after the decimal point are possible.",
            most=FRACTION_DIGITS,
        )
    return None


def round_money(amount: Decimal, currency: str, pointer: str = "/amount") -> Decimal:
    """Round half up, symmetric about zero, to exactly the currency's digits.

    Raises:
        InvalidInput: not a finite number or too large (at ``pointer``), or not a currency.
    """
    step = quantum(currency)
    if not amount.is_finite():
        raise InvalidInput.at(pointer, say("This must be a finite number."))
    if not -LIMIT < amount < LIMIT:
        message = say(
            "At most %(most)s digits before the decimal point are possible.",
            most=INTEGER_DIGITS,
        )
        raise InvalidInput.at(pointer, message)
    rounded = amount.quantize(step, None, CONTEXT)
    return rounded if rounded else rounded.copy_abs()


def to_currency(amount: Decimal, currency: str, pointer: str = "/amount") -> Decimal:
    """The same amount with exactly the currency's digits: nothing is rounded away.

    Use it for money that really moved (payments, prepaid, refunds).

    Raises:
        InvalidInput: the amount has more digits than the currency, is too large or not finite.
    """
    exact = round_money(amount, currency, pointer)
    if exact != amount:
        digits = minor_units(currency)
        message = say(
            "An amount in %(currency)s has at most %(digits)s digits after the decimal point.",
            currency=currency,
            digits=digits,
        )
        raise InvalidInput.at(pointer, message)
    return exact


def split(amount: Decimal, weights: Sequence[Decimal], currency: str) -> tuple[Decimal, ...]:
    """Divide an amount by share; the parts always add up to the rounded amount.

    Each share is rounded by itself; the odd cents go to the largest weight by magnitude, the
    first one of equals. Weights may be negative (return lines); when they cancel out there is no
    share, and the largest takes all.

    Raises:
        InvalidInput: not a currency, or nothing to divide over (``/weights``).
    """
    if not weights:
        raise InvalidInput.at("/weights", say("There is nothing to divide the amount over."))
    whole = round_money(amount, currency)
    with localcontext(CONTEXT):
        return tuple(shares(whole, weights, quantum(currency)))


def shares(whole: Decimal, weights: Sequence[Decimal], step: Decimal) -> list[Decimal]:
    """``split`` for callers that are inside ``localcontext(CONTEXT)`` and know the quantum."""
    total = sum(weights, _ZERO)
    if total:
        # Negative zero would print as -0.00; adding a plain zero makes it positive.
        parts = [(whole * weight / total).quantize(step) + _ZERO for weight in weights]
    else:
        parts = [_ZERO.quantize(step)] * len(weights)
    odd = whole - sum(parts, _ZERO)
    if odd:
        largest = max(range(len(weights)), key=lambda index: abs(weights[index]))
        parts[largest] += odd
    return parts


def _unknown(currency: str) -> Exception:
    return InvalidInput.at(
        "/currency",
        say(
            "%(currency)s is not a currency: use an ISO 4217 code such as EUR.",
            currency=repr(currency[:12]),
        ),
    )
