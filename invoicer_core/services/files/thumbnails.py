"""Small pictures of large ones, for lists."""

import io
from collections import OrderedDict
from typing import Final

from PIL import Image, ImageSequence

from invoicer_core.domain.errors import NotFound
from invoicer_core.services import files

SIDE: Final = 480
MEDIA_TYPE: Final = "image/webp"
KEPT: Final = 300
"""How many a process remembers; a list of pictures would draw each of them anew on every look."""
_drawn: Final[OrderedDict[str, bytes]] = OrderedDict()
"""By the hash of the picture, which is what it is drawn from whoever it belongs to."""


def of_file(*, file_id: int, costs: bool = True) -> bytes:
    """A picture drawn to fit a square of 480 points, as WebP; the first frame of several.

    Args:
        costs: as in `files.get`.

    Raises:
        NotFound: no such file, or it is no picture.
        Unavailable: its store is off or has lost it.
    """
    known = files.get(file_id=file_id, costs=costs)
    if not known.media_type.startswith("image/"):
        raise NotFound.of("picture", file_id)
    small = _drawn.pop(known.sha256, None)
    if small is None:
        _same, data = files.content(file_id=file_id, costs=costs)
        small = _small(data)
    _drawn[known.sha256] = small
    while len(_drawn) > KEPT:
        _drawn.popitem(last=False)
    return small


def _small(data: bytes) -> bytes:
    out = io.BytesIO()
    with Image.open(io.BytesIO(data)) as picture:
        picture.draft("RGB", (SIDE, SIDE))
        frame = next(iter(ImageSequence.Iterator(picture)))
        small = frame.convert("RGBA" if "A" in frame.getbands() or frame.mode == "P" else "RGB")
        small.thumbnail((SIDE, SIDE))
        small.save(out, "WEBP", quality=80)
    return out.getvalue()
