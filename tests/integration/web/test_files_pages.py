"""Files in the browser: uploaded, shown safely, attached, renamed, deleted."""

import io

import pytest
from PIL import Image

from invoicer_core.services import files, invoices, products
from invoicer_core.services.buying import bills, suppliers
from invoicer_core.services.files import attachments
from tests.factories import BY
from tests.integration.web.conftest import Visitor

HTML = b"<!doctype html><script>alert(1)</script>"
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF"


def picture(size: tuple[int, int] = (900, 600)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, "PNG")
    return out.getvalue()


def upload(visitor: Visitor, path: str, page: str, *sent: tuple[bytes, str], **headers: str):
    hidden = visitor.hidden(page)
    data = {"form_secret": hidden["form_secret"], "file": [(io.BytesIO(d), n) for d, n in sent]}
    return visitor.http.post(path, data=data, headers={"Sec-Fetch-Site": "same-origin", **headers})


@pytest.fixture
def kept(do):
    """Keeps a file."""

    def keep(name: str = "plan.png", data: bytes | None = None):
        return do(files.upload, name=name, data=data or picture(), by=BY)

    return keep


def test_several_files_come_in_at_once(owner: Visitor) -> None:
    answer = upload(owner, "/files", "/files", (picture(), "shop.png"), (PDF, "offer.pdf"))
    assert answer.status_code == 302
    shown = owner.get("/files").text
    assert "shop.png" in shown
    assert "offer.pdf" in shown
    assert "shop.png" not in owner.get("/files?kind=document").text
    assert "offer.pdf" not in owner.get("/files?q=shop").text


def test_a_file_of_another_kind_is_refused_in_words_and_the_others_stay(owner: Visitor) -> None:
    upload(owner, "/files", "/files", (HTML, "page.png"), (b"hello", "note.txt"))
    shown = owner.get("/files").text
    assert "page.png: This kind of file is not accepted." in shown
    assert "note.txt" in shown


def test_a_script_hears_how_each_file_went(owner: Visitor) -> None:
    json = {"Accept": "application/json"}
    done = upload(owner, "/files", "/files", (b"hello", "note.txt"), **json)
    assert (done.status_code, done.get_json()) == (200, {"names": ["note.txt"]})
    bad = upload(owner, "/files", "/files", (HTML, "page.txt"), **json)
    assert bad.status_code == 422
    assert "not accepted" in bad.get_json()["problem"]
    nothing = upload(owner, "/files", "/files", **json)
    assert nothing.status_code == 422


def test_a_form_may_be_as_large_as_a_file_and_no_larger(owner: Visitor) -> None:
    large = upload(owner, "/files", "/files", (b"a" * 5_000_000, "large.txt"))
    assert large.status_code == 302
    assert "large.txt" in owner.get("/files").text
    huge = upload(owner, "/files", "/files", (b"a" * 21_000_000, "huge.txt"))
    assert huge.status_code == 413


def test_what_is_shown_can_do_nothing(owner: Visitor, kept, do) -> None:
    image, pdf, note = kept(), kept("a.pdf", PDF), kept("a.txt", b"1 < 2")
    shown = owner.get(f"/files/{image.id}/preview")
    assert shown.mimetype == "image/png"
    policy = shown.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none';")
    assert "script" not in policy
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.headers["Cache-Control"] == "no-store"
    reader = owner.get(f"/files/{pdf.id}/preview")
    assert reader.mimetype == "application/pdf"
    assert "frame-ancestors 'self'" in reader.headers["Content-Security-Policy"]
    assert "script-src" not in reader.headers["Content-Security-Policy"]
    assert owner.get(f"/files/{note.id}/preview").status_code == 404
    download = owner.get(f"/files/{note.id}/content")
    assert download.mimetype == "application/octet-stream"
    assert download.headers["Content-Disposition"] == "attachment; filename=a.txt"
    assert "1 &lt; 2" in owner.get(f"/files/{note.id}").text


def test_a_part_of_a_video_can_be_asked_for(owner: Visitor, kept, do) -> None:
    video = kept("a.mp4", b"\x00\x00\x00\x18ftypisom" + b"0123456789")
    part = owner.get(f"/files/{video.id}/preview", headers={"Range": "bytes=12-15"})
    assert (part.status_code, part.data) == (206, b"0123")
    page = owner.get(f"/files/{video.id}")
    assert "media-src 'self'" in page.headers["Content-Security-Policy"]


def test_lists_show_small_pictures(owner: Visitor, kept, do) -> None:
    image = kept()
    small = owner.get(f"/files/{image.id}/thumbnail")
    with Image.open(io.BytesIO(small.data)) as drawn:
        assert (drawn.format, drawn.size) == ("WEBP", (480, 320))
    note = kept("a.txt", b"x")
    assert owner.get(f"/files/{note.id}/thumbnail").status_code == 404


def test_a_file_is_attached_shown_and_taken_off(owner: Visitor, kept, do) -> None:
    product = do(products.create, fields={"name": "Lamp", "unit_price": 3}, by=BY)
    page = f"/products/{product.id}"
    answer = upload(owner, f"/files/attached/product/{product.id}", page, (picture(), "lamp.png"))
    assert answer.headers["Location"] == f"{page}#attachments"
    (found,) = do(attachments.of, ("product", product.id))
    assert found.actor == owner.email
    assert "lamp.png" in owner.get(page).text
    assert f"/files/{found.file.id}/thumbnail" in owner.get("/products").text
    assert "Lamp" in owner.get(f"/files/{found.file.id}").text
    refused = owner.send(f"/files/{found.file.id}/delete", page)
    assert refused.status_code == 302
    assert "remove it there first" in owner.get(f"/files/{found.file.id}").text
    owner.send(f"/files/attachments/{found.id}/remove", page)
    assert do(attachments.of, ("product", product.id)) == ()
    owner.send(f"/files/{found.file.id}/delete", page)
    assert owner.get(f"/files/{found.file.id}").status_code == 404


def test_a_file_is_renamed_and_keeps_its_ending(owner: Visitor, kept, do) -> None:
    image = kept()
    owner.send(f"/files/{image.id}/rename", f"/files/{image.id}", name="Front door.exe")
    assert do(files.get, file_id=image.id).name == "Front door.png"
    empty = owner.send(f"/files/{image.id}/rename", f"/files/{image.id}", name=" ")
    assert empty.status_code == 422
    assert "Please fill this in." in empty.text


def test_viewers_look_and_change_nothing(owner: Visitor, viewer: Visitor, kept, do) -> None:
    image = kept()
    for path in ("/files", f"/files/{image.id}", f"/files/{image.id}/content"):
        assert viewer.get(path).status_code == 200
    assert "data-upload" not in viewer.get("/files").text
    for path in (f"/files/{image.id}/rename", f"/files/{image.id}/delete", "/files"):
        answer = viewer.send(path, "/products", name="mine")
        assert answer.status_code == 403, path


def test_files_of_others_and_of_bills_are_not_there(
    owner: Visitor, viewer: Visitor, kept, do
) -> None:
    supplier = do(suppliers.create, fields={"name": "Mill"}, by=BY)
    fields = {"number": "7", "bill_date": "2026-11-01", "currency": "EUR", "total_amount": 9}
    bill = do(bills.record, supplier_id=supplier.id, fields=fields, by=BY)
    scan = kept("scan.pdf", PDF)
    assert viewer.get(f"/files/{scan.id}").status_code == 200
    do(attachments.attach, file_id=scan.id, to=("bill", bill.id), by=BY)
    for path in ("", "/content", "/preview"):
        assert viewer.get(f"/files/{scan.id}{path}").status_code == 404
        assert owner.get(f"/files/{scan.id}{path}").status_code == 200
    assert "scan.pdf" not in viewer.get("/files").text
    product = do(products.create, fields={"name": "Lamp", "unit_price": 3}, by=BY)
    do(attachments.attach, file_id=scan.id, to=("product", product.id), by=BY)
    assert "scan.pdf" not in viewer.get(f"/products/{product.id}").text
    assert "scan.pdf" in owner.get(f"/products/{product.id}").text
    photo = kept("photo.png")
    do(attachments.attach, file_id=photo.id, to=("product", product.id), by=BY)
    assert f"/files/{photo.id}/thumbnail" in viewer.get("/products").text
    do(attachments.attach, file_id=photo.id, to=("bill", bill.id), by=BY)
    assert f"/files/{photo.id}/thumbnail" not in viewer.get("/products").text
    assert owner.get("/files/999999").status_code == 404
    assert viewer.get(f"/files/attached/bill/{bill.id}").status_code == 403


def test_nothing_is_attached_to_what_is_not_there(owner: Visitor, kept, do) -> None:
    for place in ("product/999999", "planet/1", "invoice/999999"):
        answer = upload(owner, f"/files/attached/{place}", "/files", (picture(), "a.png"))
        assert answer.status_code == 404, place
    assert do(files.find).items == ()
    assert do(invoices.find).items == ()


def test_a_file_that_is_there_already_is_attached(owner: Visitor, viewer: Visitor, kept, do):
    scan, other = kept("scan.png"), kept("offer.pdf", PDF)
    product = do(products.create, fields={"name": "Lamp", "unit_price": 3}, by=BY)
    place, page = f"/files/attached/product/{product.id}", f"/products/{product.id}"
    found = owner.get(f"{place}/choices?q=sca").text
    assert "scan.png" in found
    assert "offer.pdf" not in found
    assert owner.send(place, page, file_id=str(scan.id)).status_code == 302
    assert [each.file.id for each in do(attachments.of, ("product", product.id))] == [scan.id]
    again = owner.get(f"{place}/choices?q=").text
    assert "scan.png" not in again
    assert "offer.pdf" in again
    assert owner.send(place, page, file_id="999999").status_code == 404
    assert viewer.get(f"{place}/choices").status_code == 403
    assert viewer.send(place, "/products", file_id=str(other.id)).status_code == 403
