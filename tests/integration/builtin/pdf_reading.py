"""What the tests look at in a PDF."""

import io
import re

from pypdf import PdfReader

SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " "})


class Pdf:
    """A rendered file, opened by a library that has nothing to do with the one that made it."""

    def __init__(self, data: bytes) -> None:
        self.reader = PdfReader(io.BytesIO(data))
        self.root = self.reader.trailer["/Root"]
        self.pages = [page.extract_text().translate(SPACES) for page in self.reader.pages]

    @property
    def text(self) -> str:
        """All pages on one line each, every run of white space one blank."""
        return re.sub(r"\s+", " ", " ".join(self.pages))

    @property
    def fonts(self) -> dict[str, dict]:
        """Every font by its name without the subset's prefix."""
        found = {}
        for page in self.reader.pages:
            for font in page["/Resources"].get("/Font", {}).values():
                font = font.get_object()
                found[str(font["/BaseFont"]).lstrip("/").partition("+")[2]] = font
        return found

    @property
    def xmp(self) -> str:
        return self.root["/Metadata"].get_object().get_data().decode()

    @property
    def images(self) -> list[dict]:
        streams = (self.reader.get_object(n) for n in range(1, self.reader.trailer["/Size"]))
        return [
            each for each in streams if isinstance(each, dict) and each.get("/Subtype") == "/Image"
        ]

    def everything(self) -> bytes:
        """All objects, streams unpacked: where to look for what must not be there."""
        parts = []
        for number in range(1, self.reader.trailer["/Size"]):
            found = self.reader.get_object(number)
            parts.append(repr(found).encode())
            if hasattr(found, "get_data"):
                parts.append(found.get_data())
        return b"\n".join(parts)


def embeds_whole(font: dict) -> bool:
    """Its program is in the file, and no character is drawn as .notdef: only then the encoding is
    the plain identity."""
    descendant = font["/DescendantFonts"][0].get_object()
    descriptor = descendant["/FontDescriptor"].get_object()
    has_program = any(key in descriptor for key in ("/FontFile2", "/FontFile3"))
    return has_program and font["/Encoding"] == "/Identity-H"
