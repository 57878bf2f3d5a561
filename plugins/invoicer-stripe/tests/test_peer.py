"""The Stripe of our own refuses what Stripe refuses; asked with Stripe's library and without."""

import json
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import stripe as library

from tests.peers.stripe_events import signature
from tests.peers.stripe_params import decoded
from tests.peers.stripe_rules import Refused

LINE = {
    "price_data": {"currency": "eur", "unit_amount": 1000, "product_data": {"name": "Tea"}},
    "quantity": 2,
}
PAGE = {"mode": "payment", "success_url": "http://shop.test/", "line_items": [LINE]}


@pytest.fixture
def client(stripe):
    return library.StripeClient(
        "sk_test_peer", base_addresses={"api": stripe.url}, max_network_retries=0
    )


def opened(client, **more):
    return client.v1.checkout.sessions.create({**PAGE, **more})


def posted(stripe, path, body, key="sk_test_peer"):
    call = Request(stripe.url + path, body.encode())  # noqa: S310 - loopback
    call.add_header("Authorization", f"Bearer {key}")
    try:
        with urlopen(call, timeout=5) as answer:  # noqa: S310
            return answer.status, json.loads(answer.read())
    except HTTPError as error:
        return error.code, json.loads(error.read())


@pytest.mark.parametrize(
    "change",
    [
        {"mode": "pay"}, {"mode": None}, {"success_url": None}, {"line_items": None},
        {"expires_at": 1}, {"moood": "payment"}, {"customer": "cus_nobody"},
        {"line_items": [{**LINE, "quantity": "many"}]},
        {"line_items": [{"price_data": {**LINE["price_data"], "unit_amount": -5}, "quantity": 1}]},
        {"line_items": [{"price_data": {**LINE["price_data"], "unit_amount": 1}, "quantity": 1}]},
        {"line_items": [{"price_data": {**LINE["price_data"], "currency": "kwd",
                                        "unit_amount": 1001}, "quantity": 1}]},
        {"line_items": [LINE, {"price_data": {**LINE["price_data"], "currency": "usd"},
                               "quantity": 1}]},
        {"metadata": {"long": "x" * 501}}, {"client_reference_id": "x" * 201},
        {"payment_method_types": ["card"]},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_wrong_parameters(client, change):
    given = {name: value for name, value in {**PAGE, **change}.items() if value is not None}
    with pytest.raises(library.InvalidRequestError):
        client.v1.checkout.sessions.create(given)


@pytest.mark.parametrize("key", ["", "pk_test_1", "whatever"])
def test_without_a_key(stripe, key):
    status, answer = posted(stripe, "/v1/customers", "name=x", key)
    assert (status, answer["error"]["type"]) == (401, "invalid_request_error")


def test_a_key_is_used_for_one_request(client):
    once = {"idempotency_key": "k-1"}
    first = client.v1.checkout.sessions.create(PAGE, once)
    assert client.v1.checkout.sessions.create(PAGE, once).id == first.id
    with pytest.raises(library.IdempotencyError):
        client.v1.checkout.sessions.create({**PAGE, "success_url": "http://other.test/"}, once)


def test_no_more_goes_back_than_came(client, stripe):
    page = opened(client)
    stripe.pay(stripe.books.objects[page.id])
    intent = client.v1.checkout.sessions.retrieve(page.id).payment_intent
    client.v1.refunds.create({"payment_intent": intent, "amount": 1500})
    with pytest.raises(library.InvalidRequestError, match="greater than"):
        client.v1.refunds.create({"payment_intent": intent, "amount": 501})
    client.v1.refunds.create({"payment_intent": intent})
    with pytest.raises(library.InvalidRequestError, match="already been refunded"):
        client.v1.refunds.create({"payment_intent": intent})


def test_a_closed_page_takes_no_money(client, stripe):
    page = opened(client)
    client.v1.checkout.sessions.expire(page.id)
    with pytest.raises(Refused):
        stripe.pay(stripe.books.objects[page.id])
    with pytest.raises(library.InvalidRequestError, match="open"):
        client.v1.checkout.sessions.expire(page.id)


def test_accounts_do_not_see_each_other(client, stripe):
    page = opened(client)
    other = library.StripeClient("sk_test_other", base_addresses={"api": stripe.url})
    with pytest.raises(library.InvalidRequestError, match="No such"):
        other.v1.checkout.sessions.retrieve(page.id)


def test_stripes_own_library_believes_our_signatures():
    body = b'{"id": "evt_1", "object": "event"}'
    header = signature(body, "whsec_1")
    assert library.Webhook.construct_event(body, header, "whsec_1").id == "evt_1"
    with pytest.raises(library.SignatureVerificationError):
        library.Webhook.construct_event(body, header, "whsec_2")


def test_forms_are_read_as_stripe_reads_them():
    assert decoded("a=1&b[c]=2&d[0]=x&d[1]=y&e[0][f]=z&g[h][i]=") == {
        "a": "1", "b": {"c": "2"}, "d": ["x", "y"], "e": [{"f": "z"}], "g": {"h": {"i": ""}},
    }  # fmt: skip
