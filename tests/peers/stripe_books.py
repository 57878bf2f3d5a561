"""What the Stripe peer knows and decides: sessions, intents, charges, refunds, cards, disputes.

Refuses what Stripe refuses, with its codes. Nothing here knows HTTP.
"""

import copy
import json
import os
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from tests.peers.stripe_rules import (
    Refused,
    Thing,
    check_amount,
    check_metadata,
    check_steps,
    decline,
    total,
)

DAY: Final = 86_400
CARDS: Final = {"works": "4242", "declines": "0341", "asks": "3184"}
_RESTATED: Final[Mapping[str, Thing]] = {
    "checkout.session": {"payment_intent": None, "setup_intent": None, "customer": None},
    "payment_intent": {"latest_charge": None, "customer": None, "payment_method": None},
    "charge": {"failure_code": None, "customer": None},
    "refund": {"charge": None, "reason": None},
    "dispute": {"evidence": {}, "balance_transactions": []},
    "customer": {"email": None, "name": None},
    "payment_method": {"billing_details": {}, "customer": None},
    "setup_intent": {"customer": None, "payment_method": None},
}


def new_id(prefix: str) -> str:
    """An id as Stripe makes them."""
    return f"{prefix}_{secrets.token_hex(12)}"


def _template(kind: str) -> Thing:
    """Stripe's own example of an object where its specs are at hand, else what matters of it."""
    folder = os.environ.get("INVOICER_SPECS")
    path = Path(folder, "stripe-fixtures.json") if folder else None
    if path is None or not path.is_file():
        return copy.deepcopy(dict(_RESTATED[kind]))
    found: Thing = json.loads(path.read_text("utf-8"))["resources"][kind]
    return found


class Books:
    """Objects by id, and whose they are. ``tell`` is called with each event's type and object."""

    def __init__(self, url: str, tell: Callable[[str, Thing, str], None]) -> None:
        self.url = url
        self.tell = tell
        self.objects: dict[str, Thing] = {}
        self.account: dict[str, str] = {}

    def make(self, kind: str, prefix: str, account: str, **fields: Any) -> Thing:
        """A new object of an account, over Stripe's own example of its kind."""
        made = {
            **_template(kind),
            "id": new_id(prefix),
            "object": kind,
            "created": int(time.time()),
            "livemode": "_live_" in account,
            "metadata": {},
            **fields,
        }
        self.objects[made["id"]] = made
        self.account[made["id"]] = account
        return made

    def get(self, number: str, kind: str, account: str) -> Thing:
        """An object of this account. Raises Refused."""
        found = self.objects.get(number)
        if found is None or found["object"] != kind or self.account[number] != account:
            raise Refused(f"No such {kind}: '{number}'", "resource_missing", 404, param="id")
        return found

    def every(self, kind: str, account: str, **like: Any) -> list[Thing]:
        """Objects of a kind, newest first."""
        found = [
            each
            for number, each in self.objects.items()
            if each["object"] == kind and self.account[number] == account
        ]
        return [
            each for each in reversed(found) if all(each.get(n) == v for n, v in like.items() if v)
        ]

    # --- sessions

    def open_session(self, given: Thing, account: str) -> Thing:
        """A Checkout Session. Raises Refused."""
        for name in ("mode", "success_url"):
            if not given.get(name):
                raise Refused(f"Missing required param: {name}.", "parameter_missing", param=name)
        mode = given["mode"]
        now = int(time.time())
        expires = int(given.get("expires_at", now + DAY))
        if not now + 30 * 60 - 5 <= expires <= now + DAY + 5:
            raise Refused("expires_at must be between 30 minutes and 24 hours from now.")
        if customer := given.get("customer"):
            self.get(customer, "customer", account)
        check_metadata(given)
        currency, amount = given.get("currency"), None
        if mode == "payment":
            currency, amount = total(given.get("line_items") or [])
        made = self.make(
            "checkout.session",
            "cs_live" if "_live_" in account else "cs_test",
            account,
            mode=mode,
            amount_total=amount,
            amount_subtotal=amount,
            currency=currency,
            status="open",
            payment_status="unpaid" if mode == "payment" else "no_payment_required",
            payment_intent=None,
            setup_intent=None,
            customer=customer,
            client_reference_id=given.get("client_reference_id"),
            metadata=given.get("metadata") or {},
            expires_at=expires,
            success_url=given["success_url"],
            cancel_url=given.get("cancel_url"),
            locale=given.get("locale"),
            line_items=given.get("line_items") or [],
        )
        made["url"] = f"{self.url}/pay/{made['id']}"
        made["_intent_data"] = given.get("payment_intent_data") or {}
        return made

    def expire_session(self, session: Thing) -> Thing:
        """Raises Refused where it is not open."""
        if session["status"] != "open":
            raise Refused(
                f'Only Checkout Sessions with a status in ["open"] can be expired.'
                f" This one is {session['status']}."
            )
        session.update(status="expired", url=None)
        self.tell("checkout.session.expired", session, self.account[session["id"]])
        return session

    def pay_session(self, session: Thing, card: str = "works") -> bool:
        """What a payer does on the hosted page; False when the card was declined."""
        account = self.account[session["id"]]
        if session["status"] != "open":
            raise Refused("This page has expired.", status=410)
        if session["mode"] == "setup":
            self._set_up(session, card, account)
            return True
        data = session["_intent_data"]
        intent = self.make(
            "payment_intent",
            "pi",
            account,
            amount=session["amount_total"],
            currency=session["currency"],
            customer=session["customer"],
            metadata=data.get("metadata") or {},
            status="requires_payment_method",
            amount_received=0,
            latest_charge=None,
        )
        if card == "declines":
            intent["last_payment_error"] = decline(intent)
            self.tell("payment_intent.payment_failed", intent, account)
            return False
        self._charged(intent, account)
        session.update(
            status="complete", payment_status="paid", payment_intent=intent["id"], url=None
        )
        self.tell("checkout.session.completed", session, account)
        return True

    def _set_up(self, session: Thing, card: str, account: str) -> None:
        method = self.make(
            "payment_method",
            "pm",
            account,
            type="card",
            customer=session["customer"],
            card={"brand": "visa", "last4": CARDS[card], "exp_month": 12, "exp_year": 2034},
            _card=card,
        )
        intent = self.make(
            "setup_intent",
            "seti",
            account,
            status="succeeded",
            customer=session["customer"],
            payment_method=method["id"],
            metadata=session["metadata"],
        )
        session.update(status="complete", setup_intent=intent["id"], url=None)
        self.tell("setup_intent.succeeded", intent, account)
        self.tell("checkout.session.completed", session, account)

    # --- intents

    def _charged(self, intent: Thing, account: str) -> None:
        charge = self.make(
            "charge",
            "ch",
            account,
            amount=intent["amount"],
            amount_captured=intent["amount"],
            amount_refunded=0,
            refunded=False,
            disputed=False,
            captured=True,
            paid=True,
            currency=intent["currency"],
            customer=intent["customer"],
            payment_intent=intent["id"],
            metadata=dict(intent["metadata"]),
            status="succeeded",
        )
        intent.update(
            status="succeeded", amount_received=intent["amount"], latest_charge=charge["id"],
            last_payment_error=None,
        )  # fmt: skip
        self.tell("payment_intent.succeeded", intent, account)
        self.tell("charge.succeeded", charge, account)

    def open_intent(self, given: Thing, account: str) -> Thing:
        """A PaymentIntent that is confirmed at once with a saved card. Raises Refused."""
        amount = int(given["amount"])
        check_amount(amount, given["currency"])
        check_metadata(given)
        if given.get("off_session") == "true" and given.get("confirm") != "true":
            raise Refused("off_session is only possible with confirm=true.", param="off_session")
        customer = given.get("customer")
        method = self.get(given.get("payment_method", ""), "payment_method", account)
        if not customer or method["customer"] != customer:
            raise Refused("The payment method does not belong to the customer you supplied.")
        intent = self.make(
            "payment_intent",
            "pi",
            account,
            amount=amount,
            currency=given["currency"],
            customer=customer,
            payment_method=method["id"],
            metadata=given.get("metadata") or {},
            status="requires_payment_method",
            amount_received=0,
            latest_charge=None,
            last_payment_error=None,
        )
        if method["_card"] != "works":
            asks = method["_card"] == "asks"
            error = decline(intent, "authentication_required" if asks else "generic_decline")
            intent["last_payment_error"] = error
            self.tell("payment_intent.payment_failed", intent, account)
            more = {"payment_intent": shown(intent), "decline_code": error["decline_code"]}
            raise Refused(error["message"], error["code"], 402, **more)
        self._charged(intent, account)
        return intent

    # --- back

    def give_back(self, given: Thing, account: str) -> Thing:
        """A refund. Raises Refused."""
        check_metadata(given)
        if not given.get("payment_intent"):
            raise Refused("One of the following params should be provided: payment_intent.")
        intent = self.get(given["payment_intent"], "payment_intent", account)
        if intent["latest_charge"] is None:
            raise Refused("This PaymentIntent does not have a successful charge to refund.")
        charge = self.objects[intent["latest_charge"]]
        left = charge["amount"] - charge["amount_refunded"]
        amount = int(given.get("amount", left))
        if left == 0:
            raise Refused(f"Charge {charge['id']} has already been refunded.",
                          "charge_already_refunded")  # fmt: skip
        if charge["disputed"]:
            raise Refused(f"Charge {charge['id']} has been charged back.", "charge_disputed")
        if not 0 < amount <= left:
            raise Refused(f"Refund amount ({amount}) is greater than unrefunded amount on charge"
                          f" ({left})", param="amount")  # fmt: skip
        check_steps(amount, charge["currency"])
        made = self.make(
            "refund",
            "re",
            account,
            amount=amount,
            currency=charge["currency"],
            charge=charge["id"],
            payment_intent=intent["id"],
            metadata=given.get("metadata") or {},
            reason=given.get("reason"),
            status="succeeded",
        )
        made.pop("livemode")  # Stripe's refunds do not say it; their events do
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        self.tell("refund.created", made, account)
        self.tell("charge.refunded", charge, account)
        return made

    def fail_refund(self, refund: Thing) -> None:
        """A refund that the payer's bank sent back: the money is in the balance again."""
        account = self.account[refund["id"]]
        refund.update(status="failed", failure_reason="lost_or_stolen_card")
        self.tell("refund.failed", refund, account)

    def contest(self, intent: Thing, amount: int | None = None) -> Thing:
        """The payer goes to the bank."""
        account = self.account[intent["id"]]
        charge = self.objects[intent["latest_charge"]]
        charge["disputed"] = True
        made = self.make(
            "dispute",
            "du",
            account,
            amount=amount or charge["amount"],
            currency=charge["currency"],
            charge=charge["id"],
            payment_intent=intent["id"],
            reason="fraudulent",
            status="needs_response",
        )
        self.tell("charge.dispute.created", made, account)
        return made

    def close(self, dispute: Thing, status: str) -> None:
        """The bank decides: ``won`` or ``lost``."""
        dispute["status"] = status
        self.tell("charge.dispute.closed", dispute, self.account[dispute["id"]])


def shown(thing: Any) -> Any:
    """As an answer has it: without what the peer keeps for itself."""
    if isinstance(thing, dict):
        return {name: shown(each) for name, each in thing.items() if not name.startswith("_")}
    return [shown(each) for each in thing] if isinstance(thing, list) else thing
