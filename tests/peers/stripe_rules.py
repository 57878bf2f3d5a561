"""What Stripe refuses, with its codes: amounts, currencies, metadata."""

from typing import Any, Final

Thing = dict[str, Any]

NO_DIGITS: Final = frozenset(
    "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split()  # noqa: SIM905
)
HUNDREDS: Final = frozenset({"isk", "ugx"})
TENS: Final = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
LEAST: Final = {"eur": 50, "usd": 50, "gbp": 30, "jpy": 50, "chf": 50}


class Refused(Exception):
    """An answer of 4xx: Stripe's error object."""

    def __init__(self, message: str, code: str = "", status: int = 400, **more: Any) -> None:
        super().__init__(message)
        kind = "card_error" if status == 402 else "invalid_request_error"
        self.status = status
        self.error = {"type": kind, "message": message, **({"code": code} if code else {}), **more}


def decline(intent: Thing, code: str = "generic_decline") -> Thing:
    asks = code == "authentication_required"
    return {
        "type": "card_error",
        "code": code if asks else "card_declined",
        "decline_code": code,
        "message": "Your card was declined. This transaction requires authentication."
        if asks
        else "Your card was declined.",
        "doc_url": "https://docs.stripe.com/error-codes",
        "payment_method": {"id": intent.get("payment_method"), "object": "payment_method"},
    }


def total(items: list[Thing]) -> tuple[str, int]:
    if not items:
        raise Refused("You must specify line_items.", "parameter_missing", param="line_items")
    currencies = {item["price_data"]["currency"] for item in items}
    if len(currencies) != 1:
        raise Refused("All prices on a session must have the same currency.")
    total = 0
    for item in items:
        amount = int(item["price_data"].get("unit_amount", -1))
        if amount < 0:
            raise Refused("unit_amount must be a positive integer.", "parameter_invalid_integer")
        if not item["price_data"].get("product_data", {}).get("name"):
            raise Refused("product_data[name] is required.", "parameter_missing")
        total += amount * int(item.get("quantity", 1))
    currency = currencies.pop()
    check_amount(total, currency)
    return currency, total


def check_amount(amount: int, currency: str) -> None:
    if currency != currency.lower() or len(currency) != 3:
        raise Refused(f"Invalid currency: {currency}.", param="currency")
    if not LEAST.get(currency, 1) <= amount <= 99_999_999_99:
        raise Refused("The amount is too small or too large.", "amount_too_small", param="amount")
    check_steps(amount, currency)


def check_steps(amount: int, currency: str) -> None:
    step = 100 if currency in HUNDREDS else 10 if currency in TENS else 1
    if amount % step:
        raise Refused(
            f"Invalid amount. Amounts in {currency} must be divisible by {step}.",
            "invalid_charge_amount_no_decimal_compatible",
        )


def check_metadata(given: Thing) -> None:
    for where in (given, given.get("payment_intent_data") or {}):
        kept = where.get("metadata") or {}
        if len(kept) > 50 or any(len(n) > 40 or len(str(v)) > 500 for n, v in kept.items()):
            raise Refused("Metadata is too long.", param="metadata")
    if len(given.get("client_reference_id") or "") > 200:
        raise Refused("Too long.", param="client_reference_id")
