"""The addresses of Stripe's API that the peer answers, each with Stripe's own parameters."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from stripe import params
from stripe.params import checkout

from tests.peers.stripe_books import Books, new_id
from tests.peers.stripe_rules import Thing

if TYPE_CHECKING:
    from tests.peers.stripe import StripePeer


@dataclass(frozen=True)
class Route:
    """A method and path with ``{}`` for ids."""

    method: str
    path: str
    params: Any
    work: Callable[..., Thing]

    def match(self, method: str, path: str) -> tuple[str, ...] | None:
        """The ids in the path; None where it is another address."""
        found = re.fullmatch(self.path.replace("{}", "([A-Za-z0-9_]+)"), path)
        return found.groups() if found is not None and method == self.method else None


def _of(kind: str) -> Callable[..., Thing]:
    def get(peer: "StripePeer", account: str, given: Thing, number: str) -> Thing:
        return _expanded(peer.books, peer.books.get(number, kind, account), given)

    return get


def _expanded(books: Books, thing: Thing, given: Thing) -> Thing:
    found = dict(thing)
    for name in given.get("expand") or []:
        if isinstance(found.get(name), str):
            found[name] = books.objects[found[name]]
    return found


def _list(kind: str, *names: str) -> Callable[..., Thing]:
    def answer(peer: "StripePeer", account: str, given: Thing) -> Thing:
        like = {name: given.get(name) for name in names}
        found = peer.books.every(kind, account, **like)
        made = given.get("created") or {}
        if isinstance(made, dict):
            found = [
                each
                for each in found
                if int(made.get("gte", 0)) <= each["created"] <= int(made.get("lte", 10**12))
            ]
        ids = [each["id"] for each in found]
        after = given.get("starting_after")
        start = ids.index(after) + 1 if after in ids else 0
        most = int(given.get("limit", 10))
        page = found[start : start + most]
        more = len(found) > start + most
        return {"object": "list", "data": page, "has_more": more, "url": f"/v1/{kind}s"}

    return answer


def _open_session(peer: "StripePeer", account: str, given: Thing) -> Thing:
    return peer.books.open_session(given, account)


def _expire(peer: "StripePeer", account: str, given: Thing, number: str) -> Thing:
    return peer.books.expire_session(peer.books.get(number, "checkout.session", account))


def _open_intent(peer: "StripePeer", account: str, given: Thing) -> Thing:
    return peer.books.open_intent(given, account)


def _give_back(peer: "StripePeer", account: str, given: Thing) -> Thing:
    return peer.books.give_back(given, account)


def _customer(peer: "StripePeer", account: str, given: Thing) -> Thing:
    return peer.books.make("customer", "cus", account, **given)


def _forget_customer(peer: "StripePeer", account: str, given: Thing, number: str) -> Thing:
    peer.books.get(number, "customer", account)
    for each in peer.books.every("payment_method", account, customer=number):
        each["customer"] = None
    del peer.books.objects[number]
    return {"id": number, "object": "customer", "deleted": True}


def _detach(peer: "StripePeer", account: str, given: Thing, number: str) -> Thing:
    method = peer.books.get(number, "payment_method", account)
    method["customer"] = None
    return method


def _listen(peer: "StripePeer", account: str, given: Thing) -> Thing:
    every = given["enabled_events"] == ["*"]
    events = () if every else tuple(given["enabled_events"])
    made = peer.listen(given["url"], account, events=events)
    return {"id": new_id("we"), "object": "webhook_endpoint", "secret": made.secret, **given}


ROUTES: Final = (
    Route("POST", "/v1/checkout/sessions", checkout.SessionCreateParams, _open_session),
    Route("GET", "/v1/checkout/sessions", checkout.SessionListParams,
          _list("checkout.session", "payment_intent", "status", "customer")),
    Route("GET", "/v1/checkout/sessions/{}", checkout.SessionRetrieveParams,
          _of("checkout.session")),
    Route("POST", "/v1/checkout/sessions/{}/expire", checkout.SessionExpireParams, _expire),
    Route("POST", "/v1/payment_intents", params.PaymentIntentCreateParams, _open_intent),
    Route("GET", "/v1/payment_intents", params.PaymentIntentListParams,
          _list("payment_intent", "customer")),
    Route("GET", "/v1/payment_intents/{}", params.PaymentIntentRetrieveParams,
          _of("payment_intent")),
    Route("GET", "/v1/setup_intents/{}", params.SetupIntentRetrieveParams, _of("setup_intent")),
    Route("GET", "/v1/charges/{}", params.ChargeRetrieveParams, _of("charge")),
    Route("POST", "/v1/refunds", params.RefundCreateParams, _give_back),
    Route("GET", "/v1/refunds", params.RefundListParams, _list("refund", "payment_intent")),
    Route("GET", "/v1/refunds/{}", params.RefundRetrieveParams, _of("refund")),
    Route("GET", "/v1/disputes", params.DisputeListParams, _list("dispute", "payment_intent")),
    Route("POST", "/v1/customers", params.CustomerCreateParams, _customer),
    Route("DELETE", "/v1/customers/{}", params.CustomerDeleteParams, _forget_customer),
    Route("GET", "/v1/payment_methods/{}", params.PaymentMethodRetrieveParams,
          _of("payment_method")),
    Route("POST", "/v1/payment_methods/{}/detach", params.PaymentMethodDetachParams, _detach),
    Route("POST", "/v1/webhook_endpoints", params.WebhookEndpointCreateParams, _listen),
)  # fmt: skip
