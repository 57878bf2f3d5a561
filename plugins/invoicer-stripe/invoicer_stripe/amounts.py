"""Amounts as Stripe counts them: whole numbers of the smallest unit, by Stripe's own rules.

See docs.stripe.com/currencies: some currencies have other digits there than in ISO 4217, those of
three digits are only taken in steps of ten, and one has decimals that must be zero. UGX is left
out: Stripe has counted it in two ways, and a guess would be wrong by a factor of a hundred.
"""

from decimal import Decimal
from typing import Final

from invoicer_core.plugin import PermanentFailure, minor_units

from .words import gettext

_TWO: Final = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BYN BZD CAD "
    "CDF CHF CNY COP CRC CVE CZK DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL "
    "HTG HUF IDR ILS INR JMD KES KGS KHR KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR "
    "MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD "
    "SCR SEK SGD SHP SLE SOS SRD STN SZL THB TJS TOP TRY TTD TWD TZS UAH USD UYU UZS WST XCD YER "
    "ZAR ZMW"
)
_WHOLE: Final = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF"
WHOLE: Final = frozenset(_WHOLE.split())
"""Zero-decimal at Stripe. MGA has two digits in ISO 4217, of which Stripe takes none."""

TWO_ZEROS: Final = frozenset({"ISK"})
"""Whole amounts, but sent as hundredths."""

THREE: Final = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
"""Thousandths, of which the last digit must be 0."""

CURRENCIES: Final = WHOLE | TWO_ZEROS | THREE | frozenset(_TWO.split())


def to_minor(amount: Decimal, currency: str) -> int:
    """An amount as Stripe wants it.

    Raises:
        PermanentFailure: Stripe can not take exactly this amount; nothing is ever rounded.
    """
    if currency not in CURRENCIES:
        raise PermanentFailure(gettext("Stripe takes no %(currency)s.", currency=currency))
    minor = amount * _factor(currency)
    step = 100 if currency in TWO_ZEROS else 10 if currency in THREE else 1
    if minor <= 0 or minor != minor.to_integral_value() or minor % step:
        smallest = Decimal(step) / _factor(currency)
        raise PermanentFailure(
            gettext(
                "Stripe takes %(currency)s in steps of %(step)s, and %(amount)s is none.",
                currency=currency,
                step=f"{smallest.normalize():f}",
                amount=amount,
            )
        )
    return int(minor)


def from_minor(minor: int, currency: str) -> Decimal:
    """What Stripe reports, with the digits that the currency has."""
    digits = Decimal(1).scaleb(-minor_units(currency))
    return (Decimal(minor) / _factor(currency)).quantize(digits)


def _factor(currency: str) -> int:
    return 1 if currency in WHOLE else 1000 if currency in THREE else 100
