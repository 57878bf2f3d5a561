"""The settings' page about storage, and downloads, as members see them."""

import io

import pytest
import urllib3
from flask import Flask

from invoicer_core.services import documents, files, plugins, tasks
from invoicer_core.services.documents import moving
from tests.factories import BY
from tests.integration.web.test_pages import issued
from tests.peers.s3 import SECRET_KEY

PAGE = "/settings/storage"


@pytest.fixture
def on(owner, do, bucket):
    """The plugin is on."""
    do(plugins.change, name="s3_pdfs", enabled=True, by=BY)
    return owner


def kept(do, name="note.txt"):
    return do(files.upload, name=name, data=b"hello", by=BY).id


def test_the_page_is_for_those_who_may_change_settings(on, viewer, stranger):
    assert on.get(PAGE).status_code == 200
    assert viewer.get(PAGE).status_code == 403
    assert stranger.get(PAGE).status_code == 302
    assert viewer.send(PAGE, "/", store="s3").status_code == 403
    assert viewer.send(f"{PAGE}/move", "/", source="local", target="s3").status_code == 403


def test_without_another_store_it_says_where_one_comes_from(owner):
    shown = owner.get(PAGE).text
    assert "Documents on this machine" in shown
    assert "Look at the plugins" in shown
    assert "data-dialog" not in shown.partition("What is kept where")[2]


def test_what_is_new_goes_where_the_business_chose(on, do, bucket):
    kept(do)
    assert bucket.objects == {}
    assert "Public access is blocked" in on.get(PAGE).text
    answer = on.send(PAGE, PAGE, store="s3")
    assert answer.status_code == 302
    file_id = kept(do)
    assert len(bucket.objects) == 1
    assert on.get(f"/files/{file_id}/content").data == b"hello"
    assert 'value="s3" checked' in on.get(PAGE).text.replace("  ", " ")


@pytest.mark.parametrize("store", ["", "tape", "../local", "S3"])
def test_a_store_that_is_not_there_is_not_chosen(on, do, store):
    assert on.send(PAGE, PAGE, store=store).status_code == 422
    chosen = next(each.name for each in do(moving.overview) if each.chosen)
    assert chosen == "local"


def test_a_plugin_that_is_off_sends_what_is_new_to_this_machine(on, do, bucket):
    on.send(PAGE, PAGE, store="s3")
    there = kept(do)
    do(plugins.change, name="s3_pdfs", enabled=False, by=BY)
    here = kept(do)
    assert len(bucket.objects) == 1
    assert on.get(f"/files/{here}/content").data == b"hello"
    assert on.get(f"/files/{there}/content").status_code == 503
    assert "what is kept there cannot be read" in on.get(PAGE).text
    do(plugins.change, name="s3_pdfs", enabled=True, by=BY)
    assert on.get(f"/files/{there}/content").data == b"hello"


def test_a_plugin_that_is_paused_is_waited_for(on, do, bucket):
    on.send(PAGE, PAGE, store="s3")
    on.send("/settings/plugins/s3_pdfs/pause", "/settings/plugins/s3_pdfs")
    with pytest.raises(Exception, match="paused"):
        kept(do)
    assert "It is paused" in on.get(PAGE).text
    assert bucket.objects == {}


def test_a_bucket_that_is_away_is_told_to_whoever_uploads(on, do, bucket):
    on.send(PAGE, PAGE, store="s3")
    bucket.mood = "busy"
    answer = on.http.post(
        "/files",
        data={**on.hidden("/files"), "file": (io.BytesIO(b"hello"), "note.txt")},
        headers={"Sec-Fetch-Site": "same-origin"},
        follow_redirects=True,
    )
    assert "SlowDown" in answer.text
    assert "note.txt" not in on.get("/files").text


def test_a_move_is_asked_for_once_and_followed_on_its_page(on, do, bucket):
    kept(do)
    shown = on.get(PAGE).text
    assert "Move everything out of" in shown
    fields = on.hidden(PAGE) | {"source": "local", "target": "s3"}
    first = on.send(f"{PAGE}/move", PAGE, **fields)
    again = on.send(f"{PAGE}/move", PAGE, **fields)
    assert first.status_code == again.status_code == 302
    assert first.location == again.location
    (task,) = do(tasks.find).items
    assert (task.kind, dict(task.data)) == (
        moving.KIND,
        {"source": "local", "target": "s3", "forget": False},
    )
    assert "Documents and files move to S3 documents" in on.get(first.location).text
    assert "The last move" in on.get(PAGE).text
    refused = on.send(f"{PAGE}/move", PAGE, source="s3", target="local")
    assert refused.status_code == 409
    assert "being moved already" in refused.text


def test_a_move_to_nowhere_is_shown_beside_its_field(on, do):
    kept(do)
    answer = on.send(f"{PAGE}/move", PAGE, source="local", target="local")
    assert answer.status_code == 422
    assert "Choose another store" in answer.text
    assert on.send(f"{PAGE}/move", PAGE, source="local", target="tape").status_code == 404


def test_browsers_are_led_to_the_bucket_where_that_is_wanted(on, do, bucket):
    on.send(PAGE, PAGE, store="s3")
    file_id, invoice = kept(do), issued(on)
    do(documents.render, invoice_id=int(invoice.rpartition("/")[2]))
    assert on.get(f"{invoice}/pdf").status_code == 200
    do(plugins.change, name="s3_pdfs", settings={"direct_links": True}, by=BY)
    for path in (f"/files/{file_id}/content", f"{invoice}/pdf"):
        answer = on.get(path)
        assert answer.status_code == 302
        assert answer.location.startswith(bucket.url)
        assert answer.headers["Cache-Control"] == "no-store"
        there = urllib3.request("GET", answer.location)
        assert there.status == 200
        assert there.headers["Content-Disposition"].startswith("attachment")
    assert on.get(f"{invoice}/pdf?show=1").data.startswith(b"%PDF-")
    assert on.get(f"/files/{file_id}/preview").status_code == 404


def test_another_business_has_no_link_to_it(on, do, app: Flask, stranger):
    do(plugins.change, name="s3_pdfs", settings={"direct_links": True}, by=BY)
    on.send(PAGE, PAGE, store="s3")
    file_id = kept(do)
    assert stranger.get(f"/files/{file_id}/content").status_code == 302
    assert "/sign-in" in stranger.get(f"/files/{file_id}/content").location


def test_the_secret_is_on_no_page(on, do):
    do(plugins.change, name="s3_pdfs", settings={"secret_key": "canary-7f3a9c1e5b-0000"}, by=BY)
    for path in (PAGE, "/settings/plugins/s3_pdfs", "/settings/plugins", "/settings/audit"):
        shown = on.get(path).text
        assert "canary-7f3a9c1e5b" not in shown
        assert SECRET_KEY not in shown
