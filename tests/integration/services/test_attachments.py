"""Files on other things."""

import pytest

from invoicer_core.domain.errors import Conflict, InvalidInput, NotFound
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import clients, files, products
from invoicer_core.services.files import attachments
from tests.factories import BY


@pytest.fixture
def client_id(business: int) -> int:
    return clients.create(fields={"name": "Weber"}, by=BY).id


def note(name: str = "a.txt") -> int:
    return files.upload(name=name, data=b"x", by=BY).id


def test_a_file_is_attached_once_and_taken_off(client_id):
    file_id = note()
    first = attachments.attach(file_id=file_id, to=("client", client_id), by=BY)
    assert attachments.attach(file_id=file_id, to=("client", client_id), by=BY) == first
    assert attachments.of(("client", client_id)) == (first,)
    assert (first.kind, first.to_id, first.actor) == ("client", client_id, BY.label)
    assert attachments.detach(attachment_id=first.id, by=BY) == ("client", client_id)
    assert attachments.of(("client", client_id)) == ()
    with pytest.raises(NotFound):
        attachments.detach(attachment_id=first.id, by=BY)
    again = attachments.attach(file_id=file_id, to=("client", client_id), by=BY)
    assert again.id != first.id


def test_one_file_may_be_on_many_things_which_keep_it_from_being_deleted(client_id):
    file_id = note()
    product = products.create(fields={"name": "Lamp", "unit_price": 1}, by=BY)
    on = [
        attachments.attach(file_id=file_id, to=to, by=BY)
        for to in (("client", client_id), ("product", product.id))
    ]
    assert [(p.kind, p.id, p.label) for p in attachments.places(file_id=file_id)] == [
        ("client", client_id, "Weber"),
        ("product", product.id, "Lamp"),
    ]
    with pytest.raises(Conflict, match="attached to client Weber, product Lamp"):
        files.delete(file_id=file_id, by=BY)
    attachments.detach(attachment_id=on[0].id, by=BY)
    products.delete(product_id=product.id, by=BY)
    files.delete(file_id=file_id, by=BY)  # what is deleted needs no file any more
    assert attachments.of(("product", product.id)) == ()


def test_there_are_never_more_than_can_be_looked_through(client_id, monkeypatch):
    monkeypatch.setattr(attachments, "MOST", 2)
    for name in ("a.txt", "b.txt"):
        attachments.attach(file_id=note(name), to=("client", client_id), by=BY)
    with pytest.raises(InvalidInput, match="At most 2"):
        attachments.attach(file_id=note("c.txt"), to=("client", client_id), by=BY)


def test_nothing_crosses_the_walls(client_id, other_business):
    file_id = note()
    on = attachments.attach(file_id=file_id, to=("client", client_id), by=BY)
    with enter_business(other_business):
        stranger = clients.create(fields={"name": "Elsewhere"}, by=BY).id
        assert attachments.of(("client", client_id)) == ()
        assert attachments.places(file_id=file_id) == ()
        for call in (
            lambda: attachments.attach(file_id=file_id, to=("client", stranger), by=BY),
            lambda: attachments.get(attachment_id=on.id),
            lambda: attachments.detach(attachment_id=on.id, by=BY),
        ):
            with pytest.raises(NotFound):
                call()
    with pytest.raises(NotFound):
        attachments.attach(file_id=file_id, to=("client", stranger), by=BY)
    with pytest.raises(InvalidInput):
        attachments.attach(file_id=file_id, to=("planet", 1), by=BY)
