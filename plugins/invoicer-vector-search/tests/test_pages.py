"""What people see of it: over the API, in the box, on a product's page, in the settings."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from invoicer_core.services import businesses, clients, plugins, products
from invoicer_core.services.identity import sessions, users
from tests.factories import BY
from tests.integration.web.conftest import Visitor

PASSWORD = "a long enough password"


class Desk:
    """An owner in the browser and over the API, in a business with some products."""

    def __init__(self, app: Flask) -> None:
        self.app, email = app, f"{uuid4().hex[:12]}@owner.test"
        business = {"name": "Ironmongers", "country": "DE", "currency": "EUR"}
        with app.app_context():
            users.register(email=email, password=PASSWORD, business=business)
            signed = sessions.sign_in(email=email, password=PASSWORD, kind="api")
            assert signed.identity.business_id is not None
            self.business_id = signed.identity.business_id
        self.http: FlaskClient = app.test_client()
        answer = self.http.post("/api/v1/auth/login", json={"email": email, "password": PASSWORD})
        self.token = answer.json["token"] if answer.json else ""
        visitor = Visitor(self.http, email)
        signed_in = visitor.send("/sign-in", "/sign-in", email=email, password=PASSWORD)
        assert signed_in.status_code == 302, signed_in.text

    def search(self, query: str) -> Any:
        """The API's answer."""
        path = f"/api/v1/products/search?{query}"
        return self.app.test_client().get(path, headers={"Authorization": f"Bearer {self.token}"})


@pytest.fixture
def desk(meaning: Flask) -> Iterator[Desk]:
    """It, with the plugin off."""
    made = Desk(meaning)
    with meaning.app_context(), businesses.enter_business(made.business_id):
        clients.create(fields={"name": "Harbour Books"}, by=BY)
    return made


@pytest.fixture
def ids(desk: Desk, at_work: Any) -> dict[str, int]:
    """Its products, read by a worker; the plugin is on."""
    names = ("TMT rod 12 mm", "TMT rod 16 mm", "Oak table", "Cotton shirt")
    with desk.app.app_context(), businesses.enter_business(desk.business_id):
        plugins.change(name="vector_search", enabled=True, by=BY)
        made = {
            name: products.create(fields={"name": name, "unit_price": 5}, by=BY).id
            for name in names
        }
        at_work(desk.app, desk.business_id).work()
    return made


def test_without_the_plugin_words_work_and_the_rest_says_what_to_do(desk: Desk) -> None:
    assert desk.search("q=rod").status_code == 200
    assert desk.search("q=rod&mode=text").status_code == 200
    for mode in ("semantic", "hybrid"):
        answer = desk.search(f"q=rod&mode={mode}")
        assert answer.status_code == 422
        assert answer.json["errors"][0]["pointer"] == "/mode"
        assert "Settings, Plugins" in answer.text


@pytest.mark.parametrize(
    "query", ["", "q=", "q=%20&mode=hybrid", "q=a&mode=magic", "q=a&limit=0", "q=a&limit=x",
              "q=a&limit=201&mode=hybrid", "q=%00&mode=semantic", "q=a&more=1",
              "mode=hybrid&q=" + "a" * 600],
)  # fmt: skip
def test_bad_searches_are_refused(desk: Desk, ids: dict[str, int], query: str) -> None:
    answer = desk.search(query)
    assert answer.status_code in (400, 422), answer.text
    assert answer.json["detail"]


@pytest.mark.parametrize("q", ["'; DROP TABLE products; --", "%25", "\U0001f529", "[1,2]", "…"])
def test_odd_searches_do_no_harm(desk: Desk, ids: dict[str, int], q: str) -> None:
    for mode in ("semantic", "hybrid"):
        assert desk.search(f"q={q}&mode={mode}").status_code == 200


def test_both_find_what_words_do_not(desk: Desk, ids: dict[str, int]) -> None:
    assert desk.search("q=iron bar 12&mode=text").json == []
    for mode in ("semantic", "hybrid"):
        found = desk.search(f"q=iron bar 12&mode={mode}&limit=2").json
        assert found[0]["id"] == ids["TMT rod 12 mm"]
        assert len(found) <= 2


def test_the_editors_box_finds_by_meaning(desk: Desk, ids: dict[str, int]) -> None:
    page = desk.http.get("/invoices/product-choices?item-description=iron bar 12&key=a")
    assert page.status_code == 200
    assert "TMT rod 12 mm" in page.text


def test_a_products_page_shows_what_is_like_it(desk: Desk, ids: dict[str, int]) -> None:
    page = desk.http.get(f"/products/{ids['TMT rod 12 mm']}").text
    assert "Similar products" in page
    assert "TMT rod 16 mm" in page.split("Similar products")[1]
    assert "another name" not in page, "another size is another product"


def test_a_new_product_that_is_there_already(desk: Desk, ids: dict[str, int]) -> None:
    assert "/typing/doubles" in desk.http.get("/products/new").text
    assert "/typing/doubles" not in desk.http.get(f"/products/{ids['Oak table']}/edit").text
    warned = desk.http.get("/plugins/vector_search/typing/doubles?name=TMT bar 12mm").text
    assert "TMT rod 12 mm" in warned
    assert "TMT rod 16 mm" not in warned
    for name in ("TMT bar 25 mm", "Submarine", "", "x"):
        answer = desk.http.get(f"/plugins/vector_search/typing/doubles?name={name}")
        assert answer.status_code == 200
        assert "TMT" not in answer.text


def test_the_page_of_the_index(desk: Desk, ids: dict[str, int], stranger: Any) -> None:
    page = desk.http.get("/plugins/vector_search/").text
    assert "all-MiniLM-L6-v2" in page
    assert "Read everything again" in page
    assert stranger.get("/plugins/vector_search/").status_code in (302, 303, 404)
