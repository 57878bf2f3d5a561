"""What an uploaded file really is, by its bytes; pictures are drawn anew.

A name or a declared media type decides nothing. What a browser could run (SVG, HTML, XML) is not
accepted at all; what is accepted is only ever given out as a download.
"""

import io
import re
import struct
import unicodedata
import zipfile
from dataclasses import dataclass
from typing import Final, Literal

from PIL import Image, ImageOps, ImageSequence

from invoicer_core.domain.errors import InvalidInput
from invoicer_core.domain.saying import say, together

Kind = Literal["image", "document", "video"]

PIXELS_MOST: Final = 40_000_000
FRAMES_MOST: Final = 200
NAME_MOST: Final = 150
_ENTRIES_MOST: Final = 10_000
_POINTER: Final = "/file"
_HEAD: Final = 4_096

Image.MAX_IMAGE_PIXELS = PIXELS_MOST


@dataclass(frozen=True, slots=True)
class Recognised:
    """A file that may be kept: its bytes as they are kept, and what they are."""

    kind: Kind
    media_type: str
    extension: str
    data: bytes


_IMAGES: Final = {
    "PNG": ("image/png", "png"),
    "JPEG": ("image/jpeg", "jpg"),
    "GIF": ("image/gif", "gif"),
    "WEBP": ("image/webp", "webp"),
}
_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
_OPEN_XML: Final = {
    "word/document.xml": (_OFFICE + "wordprocessingml.document", "docx"),
    "xl/workbook.xml": (_OFFICE + "spreadsheetml.sheet", "xlsx"),
    "ppt/presentation.xml": (_OFFICE + "presentationml.presentation", "pptx"),
}
_OPEN_DOCUMENT: Final = {
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.presentation": "odp",
}
_MP4_BRANDS: Final = (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1",
                      b"M4V ", b"dash", b"MSNV")  # fmt: skip
_ACCEPTED: Final = say(
    "Accepted are pictures (PNG, JPEG, GIF, WebP), documents (PDF, text, CSV, Word, Excel,"
    " PowerPoint, OpenDocument) and videos (MP4, QuickTime, WebM)."
)
_ACTIVE: Final = re.compile(rb"<\s*(?:!doctype|\?xml|html|head|body|script|svg|iframe)", re.I)


def recognise(data: bytes, name: str) -> Recognised:
    """What the bytes are.

    Args:
        name: tells CSV from other text, nothing else.

    Raises:
        InvalidInput: at ``/file``: empty, of no accepted kind, damaged or too large as a picture.
    """
    if not data:
        raise InvalidInput.at(_POINTER, say("The file is empty."))
    if data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")) or (
        data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    ):
        return _image(data)
    found = _video(data) or _document(data, name)
    if found is None:
        refused = together(say("This kind of file is not accepted."), _ACCEPTED)
        raise InvalidInput.at(_POINTER, refused)
    return found


def file_name(given: str, extension: str) -> str:
    """A plain name with the ending that fits: no folders, no controls, nothing that hides."""
    base = unicodedata.normalize("NFC", given).replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(char for char in base if unicodedata.category(char)[0] != "C")
    stem, dot, ending = shown.strip(" .").rpartition(".")
    if not dot:
        stem, ending = ending, ""
    elif ending.lower() not in (extension, "jpeg" if extension == "jpg" else extension):
        stem = f"{stem}.{ending}" if len(ending) > 5 else stem
    return f"{stem.strip(' .')[:NAME_MOST] or 'file'}.{extension}"


# --- pictures -----------------------------------------------------------------------------------


def _image(data: bytes) -> Recognised:
    try:
        return _redrawn(data)
    except (
        OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, struct.error,
        OverflowError, Image.DecompressionBombError,
    ) as damage:  # fmt: skip
        raise InvalidInput.at(_POINTER, say("This picture is damaged or too large.")) from damage


def _redrawn(data: bytes) -> Recognised:
    """Decode and encode again: what is not a pixel (metadata, appended files) stays behind."""
    with Image.open(io.BytesIO(data), formats=tuple(_IMAGES)) as picture:
        form = str(picture.format)
        frames = getattr(picture, "n_frames", 1)
        if picture.width * picture.height * frames > PIXELS_MOST or frames > FRAMES_MOST:
            message = say(
                "A picture has at most %(most)s million points.",
                most=PIXELS_MOST // 1_000_000,
            )
            raise InvalidInput.at(_POINTER, message)
        out = io.BytesIO()
        if frames > 1 and form in ("GIF", "WEBP"):
            first, *others = [_bare(frame.copy()) for frame in ImageSequence.Iterator(picture)]
            pause = picture.info.get("duration", 100)
            first.save(out, form, save_all=True, append_images=others, duration=pause, loop=0)
        else:
            still = _bare(ImageOps.exif_transpose(picture))
            if form == "JPEG" and still.mode not in ("RGB", "L"):
                still = still.convert("RGB")
            still.save(out, form, quality=90) if form != "PNG" else still.save(out, form)
    media_type, extension = _IMAGES[form]
    return Recognised("image", media_type, extension, out.getvalue())


def _bare(picture: Image.Image) -> Image.Image:
    picture.load()
    for name in [name for name in picture.info if name != "transparency"]:
        del picture.info[name]
    return picture


# --- documents and videos -------------------------------------------------------------------------


def _document(data: bytes, name: str) -> Recognised | None:
    if data.startswith(b"%PDF-"):
        return Recognised("document", "application/pdf", "pdf", data)
    if data.startswith(b"PK\x03\x04"):
        return _office(data)
    return _text(data, name)


def _office(data: bytes) -> Recognised | None:
    """A document of an office suite; other archives, and documents with macros, are none."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if len(names) > _ENTRIES_MOST or any(each.endswith("vbaProject.bin") for each in names):
                return None
            if names[:1] == ["mimetype"] and archive.infolist()[0].file_size < 200:
                media_type = archive.read("mimetype").decode("ascii", "replace")
                extension = _OPEN_DOCUMENT.get(media_type)
                return Recognised("document", media_type, extension, data) if extension else None
    except (zipfile.BadZipFile, zipfile.LargeZipFile, OSError, ValueError, RuntimeError,
            NotImplementedError, struct.error):  # fmt: skip
        return None
    if "[Content_Types].xml" not in names:
        return None
    for part, (media_type, extension) in _OPEN_XML.items():
        if part in names:
            return Recognised("document", media_type, extension, data)
    return None


def _text(data: bytes, name: str) -> Recognised | None:
    """Plain text in UTF-8 that no browser would take for a page."""
    try:
        content = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if any(unicodedata.category(char) == "Cc" and char not in "\t\r\n\f" for char in content):
        return None
    if _ACTIVE.search(data[:_HEAD]) or content.lstrip().startswith("<"):
        return None
    is_csv = name.lower().endswith(".csv")
    media_type, extension = ("text/csv", "csv") if is_csv else ("text/plain", "txt")
    return Recognised("document", media_type, extension, data)


def _video(data: bytes) -> Recognised | None:
    if data[4:8] == b"ftyp":
        brand = data[8:12]
        if brand == b"qt  ":
            return Recognised("video", "video/quicktime", "mov", data)
        if brand in _MP4_BRANDS:
            return Recognised("video", "video/mp4", "mp4", data)
    if data.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in data[:64]:
        return Recognised("video", "video/webm", "webm", data)
    return None
