"""Uploads: only what is safe comes in, and only as a download goes out."""

import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from invoicer_core.domain.errors import Conflict, InvalidInput, NotFound, Unavailable
from invoicer_core.models import db
from invoicer_core.models.documents import File
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import businesses, files
from invoicer_core.services.files.file_kinds import PIXELS_MOST, file_name, recognise
from tests.factories import BY

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


def picture(form: str = "PNG", size: tuple[int, int] = (8, 4), **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, form, **options)
    return out.getvalue()


def archive(*names: str, first: bytes = b"x") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in names:
            made.writestr(name, first if name == names[0] else b"x")
    return out.getvalue()


def bomb() -> bytes:
    """A small PNG whose header says that it is huge."""
    import struct
    import zlib

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    start = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk
    return start + struct.pack(">I", zlib.crc32(chunk)) + picture()[33:]


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_picture_is_drawn_anew(business, form):
    hidden = b"<script>alert(1)</script>"
    exif = Image.Exif()
    exif[0x010E] = hidden.decode()
    options = {"exif": exif} if form in ("JPEG", "WEBP", "PNG") else {"comment": hidden}
    data = picture(form, **options) + hidden
    assert hidden in data
    stored = files.upload(name="a.bin", data=data, by=BY)
    known, kept = files.content(file_id=stored.id)
    assert hidden not in kept
    assert known == stored == files.get(file_id=stored.id)
    assert known.size == len(kept)
    with Image.open(io.BytesIO(kept)) as again:
        assert (again.format, again.size) == (form, (8, 4))


def test_an_animation_stays_one(business):
    frames = [Image.new("RGB", (4, 4), color) for color in ("red", "green", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    with Image.open(io.BytesIO(recognise(out.getvalue(), "").data)) as again:
        assert again.n_frames == 3


def test_a_turned_photo_is_stored_upright(business):
    exif = Image.Exif()
    exif[0x0112] = 6
    kept = recognise(picture("JPEG", exif=exif), "").data
    with Image.open(io.BytesIO(kept)) as again:
        assert again.size == (4, 8)


@pytest.mark.parametrize(
    ("data", "name", "media_type", "stored_as"),
    [
        (b"%PDF-1.7\n...", "x.html", "application/pdf", "x.pdf"),
        (b"a;b\n1;2\n", "list.CSV", "text/csv", "list.csv"),
        ("Grüße\n".encode(), "note", "text/plain", "note.txt"),
        (archive("[Content_Types].xml", "word/document.xml"), "a.docx",
         "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "a.docx"),
        (archive("mimetype", first=b"application/vnd.oasis.opendocument.text"), "a.odt",
         "application/vnd.oasis.opendocument.text", "a.odt"),
        (b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 20, "film.mp4", "video/mp4", "film.mp4"),
        (b"\x1a\x45\xdf\xa3\x01\x42\x82\x84webm", "film", "video/webm", "film.webm"),
    ],
)  # fmt: skip
def test_the_bytes_decide(business, data, name, media_type, stored_as):
    stored = files.upload(name=name, data=data, by=BY)
    assert (stored.media_type, stored.name) == (media_type, stored_as)
    assert files.content(file_id=stored.id)[1] == data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        SVG,
        b"\xef\xbb\xbf" + SVG,
        b"<?xml version='1.0'?>" + SVG,
        b"  \n<!DOCTYPE html><html></html>",
        b"hello <script>alert(1)</script>",
        b"GIF89a" + b"<script>",
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 50,
        picture()[:40],
        picture("JPEG")[:100],
        bomb(),
        b"MZ\x90\x00\x03\x00\x00\x00",
        b"\x7fELF\x02\x01\x01\x00\x00",
        b"\x00\x01\x02\x03",
        b"\xff\xfe<\x00s\x00v\x00g\x00",
        archive("index.html"),
        archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
        archive("mimetype", first=b"text/html"),
        b"PK\x03\x04" + b"\x00" * 60,
        b"\x1f\x8b\x08\x00",
        b"\x00\x00\x00\x18ftypevil",
        b"#!/bin/sh\x00",
        b"x%PDF-1.7\x00",
    ],
)
@pytest.mark.parametrize("name", ["logo.png", "a.svg"])
def test_nothing_else_is_accepted(business, data, name):
    with pytest.raises(InvalidInput) as refusal:
        files.upload(name=name, data=data, by=BY)
    assert [field.pointer for field in refusal.value.fields] == ["/file"]
    assert files.find().items == ()


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_picture_has_a_largest_size():
    side = int(PIXELS_MOST**0.5) + 50
    data = io.BytesIO()
    Image.new("1", (side, side)).save(data, "PNG")
    with pytest.raises(InvalidInput):
        recognise(data.getvalue(), "")


def test_an_upload_has_a_largest_size(business):
    with pytest.raises(InvalidInput):
        files.upload(name="a.txt", data=b"a" * (files.limit() + 1), by=BY)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd.png"),
        ("..\\..\\boot.ini", "boot.png"),
        ("a\r\nX-Evil: 1.png", "aX-Evil: 1.png"),
        ("", "file.png"),
        (".png", "png.png"),
        ("...", "file.png"),
        ("logo.PNG", "logo.png"),
        ("page.html", "page.png"),
        ("invoice\u202egnp.exe", "invoicegnp.png"),
        ("Übersicht 2026.png", "Übersicht 2026.png"),
        ("x" * 500 + ".png", "x" * 150 + ".png"),
        ("nul\x00.png", "nul.png"),
        ("v1.final report", "v1.final report.png"),
    ],
)
def test_a_name_is_only_a_name(given, kept):
    assert file_name(given, "png") == kept


def test_a_file_of_another_business_is_missing(business, other_business, config):
    with enter_business(other_business):
        foreign = files.upload(name="a.txt", data=b"secret of B", by=BY)
    attempts = [
        lambda: files.get(file_id=foreign.id),
        lambda: files.content(file_id=foreign.id),
        lambda: files.content_by_public_id(public_id=foreign.public_id),
        lambda: files.delete(file_id=foreign.id, by=BY),
        lambda: businesses.update(fields={"logo_file_id": foreign.id}, by=BY),
    ]
    for attempt in attempts:
        with pytest.raises(NotFound):
            attempt()
    assert files.find(q="a.txt").items == ()


def stored_path(config, file_id: int) -> Path:
    key = db.session.get_one(File, file_id).key
    return config.data / "documents" / key


def test_the_key_is_made_by_us(business, config):
    stored = files.upload(name="../../../a.txt", data=b"hello", by=BY)
    key = db.session.get_one(File, stored.id).key
    assert key.startswith(f"business/{businesses.current().public_id}/files/")
    assert "a.txt" not in key
    assert stored_path(config, stored.id).read_bytes() == b"hello"


def test_bytes_that_changed_are_not_given_out(business, config):
    stored = files.upload(name="a.txt", data=b"hello", by=BY)
    stored_path(config, stored.id).write_bytes(b"hullo")
    with pytest.raises(Unavailable):
        files.content(file_id=stored.id)
    stored_path(config, stored.id).unlink()
    with pytest.raises(Unavailable):
        files.content(file_id=stored.id)


def test_lists_and_deletion(business):
    logo = files.upload(name="logo.png", data=picture(), by=BY)
    note = files.upload(name="note.txt", data=b"hello", by=BY)
    assert [f.id for f in files.find().items] == [note.id, logo.id]
    assert [f.id for f in files.find(kind="image").items] == [logo.id]
    assert [f.id for f in files.find(kind="document").items] == [note.id]
    assert [f.id for f in files.find(q="LOGO").items] == [logo.id]
    businesses.update(fields={"logo_file_id": logo.id}, by=BY)
    with pytest.raises(Conflict):
        files.delete(file_id=logo.id, by=BY)
    files.delete(file_id=note.id, by=BY)
    with pytest.raises(NotFound):
        files.content(file_id=note.id)
