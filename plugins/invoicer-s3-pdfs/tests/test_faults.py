"""A bucket that is away, slow, closed or wrong: a clear state, another try, nothing half done."""

import logging
from decimal import Decimal

import pytest
from invoicer_s3_pdfs import connecting, store
from invoicer_s3_pdfs.health import check
from sqlalchemy import text

from invoicer_core.domain.document import Document, Item
from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.domain.errors import Unavailable
from invoicer_core.hooks.answers import RetryLater
from invoicer_core.models import db
from invoicer_core.services import clients, documents, files, invoices
from invoicer_core.services.documents.stores import StoreAway
from tests.factories import BY
from tests.peers.s3 import SECRET_KEY

MOODS = {
    "busy": "SlowDown",
    "closed": "look at the key's policy",
    "no bucket": "There is no such bucket",
    "hangs up": "cannot be reached",
}


def issued():
    client_id = clients.create(fields={"name": "Buyer"}, by=BY).id
    document = Document("EUR", (Item("Work", Decimal(3), Decimal(100)),))
    draft = InvoiceDraft(document=document, client_id=client_id)
    return invoices.create(draft=draft, by=BY, issue=True)


def rows(table):
    db.session.rollback()
    count = "SELECT count(*) FROM " + table  # noqa: S608 - a name from this file
    return db.session.execute(text(count)).scalar_one()


@pytest.mark.parametrize("mood", MOODS)
def test_an_upload_is_refused_and_leaves_nothing(business, bucket, keep_in, mood):
    keep_in("s3")
    bucket.mood, before = mood, rows("files")
    with pytest.raises(StoreAway, match=MOODS[mood]) as refusal:
        files.upload(name="note.txt", data=b"hello", by=BY)
    assert isinstance(refusal.value, Unavailable)
    assert isinstance(refusal.value, RetryLater)
    assert rows("files") == before
    bucket.mood = "works"
    kept = files.upload(name="note.txt", data=b"hello", by=BY)
    assert files.content(file_id=kept.id)[1] == b"hello"


@pytest.mark.parametrize("mood", MOODS)
def test_a_pdf_is_made_again_until_it_can_be_kept(business, bucket, keep_in, mood):
    keep_in("s3")
    invoice = issued()
    bucket.mood = mood
    for _ in range(2):
        with pytest.raises(StoreAway):
            documents.render(invoice_id=invoice.id)
    assert rows("documents WHERE invoice_id = " + str(invoice.id)) == 0
    assert invoices.get(invoice_id=invoice.id).invoice_number == invoice.invoice_number
    bucket.mood = "works"
    kept = documents.render(invoice_id=invoice.id)
    assert (kept.store, kept.revision) == ("s3", 1)
    assert documents.content_of(document=kept).startswith(b"%PDF-")


def test_other_bytes_than_were_kept_are_never_given_out(business, bucket, keep_in):
    keep_in("s3")
    kept = files.upload(name="note.txt", data=b"hello", by=BY)
    pdf = documents.render(invoice_id=issued().id)
    bucket.mood = "corrupts"
    with pytest.raises(Unavailable, match="its hash differs"):
        files.content(file_id=kept.id)
    with pytest.raises(Unavailable, match="its hash differs"):
        documents.content_of(document=pdf)
    bucket.mood = "works"
    bucket.objects.clear()
    with pytest.raises(Unavailable, match="has lost"):
        files.content(file_id=kept.id)


def test_a_bucket_that_does_not_answer_is_given_up_in_time(
    business, bucket, keep_in, monkeypatch, own
):
    keep_in("s3")
    monkeypatch.setattr(connecting, "READ_SECONDS", 0.2)
    connecting._client.cache_clear()
    bucket.mood = "waits"
    with pytest.raises(StoreAway, match="ReadTimeoutError"):
        files.upload(name="note.txt", data=b"hello", by=BY)
    said = check(own)
    assert (said.ok, "cannot be reached" in said.detail) == (False, True)
    connecting._client.cache_clear()


def test_a_bucket_that_is_not_there(business_to_nowhere, context):
    with pytest.raises(RetryLater, match="cannot be reached"):
        store.put(context(business_to_nowhere), "a/b", b"", "text/plain")


def test_a_wrong_key_is_named_and_not_shown(business, bucket, keep_in, switch, caplog):
    caplog.set_level(logging.DEBUG)
    keep_in("s3")
    wrong = "canary/of/a/secret/never/shown/0000000000"
    for settings, words in (
        ({"secret_key": wrong}, "does not fit the access key id"),
        ({"access_key": "AKIASOMEBODYELSE0000"}, "does not know this access key id"),
        ({"region": "eu-west-1"}, "in another region"),
    ):
        switch(on=True, **settings)
        with pytest.raises(StoreAway, match=words) as refusal:
            files.upload(name="note.txt", data=b"hello", by=BY)
        assert wrong not in str(refusal.value)
    ours = [each.getMessage() for each in caplog.records if not each.name.startswith("botocore")]
    assert not [line for line in ours if wrong in line or SECRET_KEY in line]


def test_no_connection_to_the_database_waits_for_the_bucket(business, bucket, keep_in):
    """While the bucket works, none is taken out of the pool."""
    keep_in("s3")
    pool, held = db.engine.pool, []

    def look(_method, done):
        if not done:
            held.append(pool.checkedout())
        return False

    bucket.watch = look
    kept = files.upload(name="note.txt", data=b"hello", by=BY)
    files.content(file_id=kept.id)
    documents.content_of(document=documents.render(invoice_id=issued().id))
    assert held == [0] * 4
