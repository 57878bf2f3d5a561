"""The main job by a program: from nothing to a paid invoice, heard live, over real sockets."""

import base64
from typing import Any
from uuid import uuid4

import requests
import socketio

from tests.peers.processes import until

PASSWORD = "a quiet lake under 7 stars"


class Api:
    """A client program that signs in and calls."""

    def __init__(self, site: str) -> None:
        self.base = f"{site}/api/v1"
        self.session = requests.Session()

    def post(self, path: str, body: dict[str, Any] | None = None, status: int = 201) -> Any:
        answer = self.session.post(self.base + path, json=body or {}, timeout=30)
        assert answer.status_code == status, answer.text
        return answer.json()

    def get(self, path: str) -> requests.Response:
        """The answer; asks again while it says that it needs longer, as a client should."""
        (answer,) = until(lambda: self._whole(path), seconds=90)
        assert answer.status_code == 200, answer.text
        return answer

    def _whole(self, path: str) -> tuple[requests.Response] | None:
        answer = self.session.get(self.base + path, timeout=30)
        if answer.status_code == 503:
            assert int(answer.headers["Retry-After"]) > 0
            return None
        return (answer,)

    def sign_in(self) -> str:
        account = {"email": f"{uuid4().hex[:12]}@api.test", "password": PASSWORD}
        self.post("/auth/register", account, 200)
        token = str(self.post("/auth/login", account, 200)["token"])
        self.session.headers["Authorization"] = f"Bearer {token}"
        return token


def listening(site: str, token: str) -> tuple[socketio.Client, list[dict[str, Any]]]:
    heard: list[dict[str, Any]] = []
    live = socketio.Client(reconnection=False)
    live.on("invoice", heard.append)
    live.connect(site, auth={"token": token}, transports=["websocket"], wait_timeout=20)
    return live, heard


def test_register_client_invoice_issue_pdf_mail_payment_paid(site: str) -> None:
    api = Api(site)
    token = api.sign_in()
    live, heard = listening(site, token)
    address = f"{uuid4().hex[:8]}@client.test"
    client = api.post("/clients", {"name": "Acme", "email": address})
    items = [
        {"description": "Consulting", "quantity": 3, "unit_price": 33.335,
         "taxes": [{"name": "VAT", "category": "S", "rate": 20}]},
    ]  # fmt: skip
    draft = api.post("/invoices", {"client_id": client["id"], "items": items})
    assert (draft["status"], draft["total_amount"]) == ("draft", 120.01)

    issued = api.post(f"/invoices/{draft['id']}/issue", {}, 200)
    assert issued["invoice_number"].startswith("INV-")
    pdf = api.get(f"/invoices/{draft['id']}/pdf")
    assert (pdf.headers["Content-Type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")

    api.post(f"/invoices/{draft['id']}/send", {}, 202)
    (mail,) = until(lambda: api.get(f"/messages?invoice_id={draft['id']}&status=sent").json(), 30)
    assert mail["recipient"] == address
    until(lambda: api.get(f"/invoices/{draft['id']}").json().get("sent_at"), 30)

    body = {"amount": 120.01, "method": "bank_transfer"}
    api.post(f"/invoices/{draft['id']}/payments", body)
    paid = api.get(f"/invoices/{draft['id']}").json()
    assert (paid["status"], paid["balance_due"]) == ("paid", 0)
    assert paid["pdf_url"].endswith(f"/invoices/{draft['id']}/pdf")

    kinds = ["INVOICE_CREATED", "INVOICE_SENT", "PAYMENT_RECORDED", "INVOICE_PAID"]
    until(lambda: {*kinds} <= {each["eventType"] for each in heard}, 20)
    live.disconnect()
    assert [each["eventType"] for each in heard if each["eventType"] in kinds] == kinds
    assert {each["customerId"] for each in heard} == {client["public_id"]}
    told = [entry["name"] for entry in api.get(f"/invoices/{draft['id']}/timeline").json()]
    assert told[:2] == ["invoice.created", "invoice.issued"]
    assert {"document.stored", "message.sent", "invoice.paid"} <= set(told)


def test_the_business_of_a_token_is_its_own(site: str) -> None:
    first, second = Api(site), Api(site)
    token = first.sign_in()
    second.sign_in()
    client = first.post("/clients", {"name": "Mine", "email": "mine@client.test"})
    found = second.session.get(f"{second.base}/clients/{client['id']}", timeout=30)
    missing = second.session.get(f"{second.base}/clients/{2**62}", timeout=30)
    assert (found.status_code, missing.status_code) == (404, 404)
    header, payload, _ = token.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    for forged in (f"{none}.{payload}.", f"{header}.{payload}.AAAA"):
        second.session.headers["Authorization"] = f"Bearer {forged}"
        assert second.session.get(f"{second.base}/clients", timeout=30).status_code == 401
