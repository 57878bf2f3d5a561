"""What the store does, on two engines that were written independently of each other."""

import json
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
import urllib3
from click.testing import CliRunner
from invoicer_s3_pdfs import store
from invoicer_s3_pdfs.health import check
from invoicer_s3_pdfs.lifecycle import lifecycle

from invoicer_core.plugin import PermanentFailure
from tests.peers.s3 import SECRET_KEY

KEY = "business/6f1c/invoices/9a/1-ab.pdf"


def test_what_is_kept_is_given_back(ctx):
    key = f"business/{uuid4()}/1-ab.pdf"
    with pytest.raises(KeyError):
        store.get(ctx, key)
    store.put(ctx, key, b"%PDF-1", "application/pdf")
    store.put(ctx, key, b"%PDF-1", "application/pdf")
    assert store.get(ctx, key) == b"%PDF-1"
    store.delete(ctx, key)
    store.delete(ctx, key)
    with pytest.raises(KeyError):
        store.get(ctx, key)


def test_the_bucket_is_well(ctx):
    said = check(ctx)
    assert said.ok, said.detail
    assert "Public access is blocked" in said.detail


def test_a_bucket_that_does_not_block_public_access_is_named(own, bucket):
    bucket.blocked = False
    said = check(own)
    assert not said.ok
    assert "Switch on Block Public Access" in said.detail


@pytest.mark.parametrize(
    "key", ["../x", "/x", "a//b", "a/../b", "", "ä", "a b", ".hidden", "x" * 401]
)
def test_no_key_leads_elsewhere(own, bucket, key):
    for call in (lambda: store.put(own, key, b"", "a/b"), lambda: store.get(own, key)):
        with pytest.raises(ValueError, match="is no key"):
            call()
    assert bucket.asked == []


@pytest.mark.parametrize(
    ("settings", "kind", "kms"),
    [
        ({}, "AES256", None),
        ({"encryption": "aws:kms", "kms_key": "alias/papers"}, "aws:kms", "alias/papers"),
        ({"encryption": "aws:kms"}, "aws:kms", None),
        ({"encryption": "none"}, None, None),
    ],
)
def test_objects_are_private_and_encrypted(business, bucket, own, settings, kind, kms, switch):
    switch(on=True, prefix="acme/papers", **settings)
    store.put(own, KEY, b"%PDF-1", "application/pdf")
    (name,) = bucket.objects
    sent = {key.lower(): value for key, value in bucket.objects[name].headers.items()}
    assert name == f"acme/papers/{KEY}"
    assert sent.get("x-amz-server-side-encryption") == kind
    assert sent.get("x-amz-server-side-encryption-aws-kms-key-id") == kms
    assert not [key for key in sent if "acl" in key or "grant" in key]
    assert (sent["content-type"], sent["content-disposition"]) == ("application/pdf", "attachment")
    assert re.fullmatch(r"[0-9a-f]{64}", sent["x-amz-content-sha256"])


def test_without_being_asked_to_there_are_no_links(ctx):
    assert store.url(ctx, KEY, "a.pdf", 300) is None


@pytest.mark.parametrize("asked", [1, 300, 301, 86_400])
def test_a_link_saves_one_object_for_five_minutes_at_most(either, ctx, asked, switch):
    switch(on=True, direct_links=True)
    store.put(ctx, KEY, b"%PDF-1", "application/pdf")
    link = store.url(ctx, KEY, 'Rechnung "Ä"\r\nX-Bad: 1.pdf', asked)
    query = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    assert 1 <= int(query["X-Amz-Expires"]) == min(asked, 300)
    answer = urllib3.request("GET", link)
    assert answer.data == b"%PDF-1"
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="Rechnung AX-Bad: 1.pdf";'
        " filename*=UTF-8''Rechnung%20%C3%84X-Bad%3A%201.pdf"
    )
    assert "X-Bad" not in answer.headers


def test_a_business_can_have_shorter_links(business, own, switch):
    switch(on=True, direct_links=True, link_minutes=2)
    query = parse_qs(urlsplit(store.url(own, KEY, "a.pdf", 300)).query)
    assert query["X-Amz-Expires"] == ["120"]


@pytest.mark.parametrize("name", ["a.html", "a.svg", "a", "a.pdf.exe"])
def test_a_link_says_of_unknown_endings_that_they_are_bytes(business, own, name, switch):
    switch(on=True, direct_links=True)
    query = parse_qs(urlsplit(store.url(own, KEY, name, 300)).query)
    assert query["response-content-type"] == ["application/octet-stream"]


def test_a_link_is_good_for_nothing_else(business, bucket, own, switch):
    """Each change alone, at an engine that works out every signature by itself."""
    switch(on=True, direct_links=True)
    for key in (KEY, "business/other.pdf"):
        store.put(own, key, b"%PDF-1", "application/pdf")
    link = store.url(own, KEY, "a.pdf", 300)
    assert _status(link) == 200
    changed = [
        link.replace(KEY, "business/other.pdf"),
        link.replace("X-Amz-Expires=300", "X-Amz-Expires=3000"),
        link.replace("attachment", "inline"),
        link.replace("application%2Fpdf", "text%2Fhtml"),
        link[:-1] + ("0" if link[-1] != "0" else "1"),
        link.partition("?")[0],
    ]
    assert [_status(each) for each in changed] == [403] * len(changed)
    assert _status(link, method="DELETE") == 403
    bucket.moved = timedelta(seconds=301)
    assert _status(link) == 403
    assert SECRET_KEY not in link


def test_bytes_that_were_changed_on_their_way_are_refused(business, bucket, own):
    """The signature covers the body's hash."""
    store.put(own, KEY, b"%PDF-1", "application/pdf")
    sent = bucket.objects[KEY].headers
    assert _status(f"{bucket.url}/invoices-of-tests/{KEY}", "PUT", b"%PDF-2", dict(sent)) == 400
    assert bucket.objects[KEY].data == b"%PDF-1"


def _status(link, method="GET", body=None, headers=None):
    left_out = ("content-length", "expect")
    given = {k: v for k, v in (headers or {}).items() if k.lower() not in left_out}
    return urllib3.request(method, link, body=body, headers=given).status


def test_a_business_cannot_point_the_server_at_its_own_network(business, own, bucket, switch):
    """`test_staying_outside` has all the ways; this one goes through the settings."""
    switch(on=True, endpoint=bucket.url.replace("127.0.0.1", "localhost"))
    with pytest.raises(PermanentFailure):
        store.put(own, KEY, b"", "a/b")
    assert bucket.asked == []
    said = check(own)
    assert not said.ok


def test_the_lifecycle_rules_are_taken_by_a_bucket(aws):
    printed = CliRunner().invoke(lifecycle, ["--prefix", "acme", "--archive-after", "400"]).output
    name = aws.bucket("rules-of-tests")
    s3 = aws.client("s3")
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration=json.loads(printed))
    kept = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert [each["ID"] for each in kept] == [
        "invoicer-broken-uploads",
        "invoicer-former-versions",
        "invoicer-archive",
    ]
    assert all("Expiration" not in each for each in kept), "what is read must never expire"
    none = CliRunner().invoke(lifecycle, ["--archive-after", "0"]).output
    assert len(json.loads(none)["Rules"]) == 2
