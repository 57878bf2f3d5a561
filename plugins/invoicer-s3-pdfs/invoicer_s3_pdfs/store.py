"""Putting, getting and handing out objects of a private bucket."""

import re
import unicodedata
from typing import Any, Final
from urllib.parse import quote

from invoicer_core.plugin import Context
from invoicer_s3_pdfs.connecting import client, plain_words
from invoicer_s3_pdfs.settings import LONGEST_MINUTES, S3Settings

_KEY: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_LONGEST: Final = 400
_TYPES: Final = {
    "pdf": "application/pdf",
    "zip": "application/zip",
    "csv": "text/csv; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "png": "image/png",
    "jpg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "mov": "video/quicktime",
}
"""What a link says an object is, by the ending that we gave it; all else is bytes."""


def put(ctx: Context[S3Settings], key: str, data: bytes, media_type: str) -> None:
    """Keep the bytes; the signature covers their SHA-256, so that others are refused.

    Raises:
        ValueError: the key is not one of ours.
        RetryLater, PermanentFailure: the store does not take it; nothing is kept.
    """
    its = ctx.settings
    kept: dict[str, Any] = {}
    if its.encryption != "none":
        kept["ServerSideEncryption"] = its.encryption
    if its.encryption == "aws:kms" and its.kms_key:
        kept["SSEKMSKeyId"] = its.kms_key
    with plain_words("keep"):
        client(ctx).put_object(
            Bucket=its.bucket,
            Key=_object(its, key),
            Body=data,
            ContentType=media_type,
            ContentDisposition="attachment",
            CacheControl="private, no-store",
            **kept,
        )


def get(ctx: Context[S3Settings], key: str) -> bytes:
    """The bytes as they lie there; the core compares their hash.

    Raises:
        KeyError: there are none.
        RetryLater, PermanentFailure: the store does not give them.
    """
    its = ctx.settings
    with plain_words("read"):
        answer = client(ctx).get_object(Bucket=its.bucket, Key=_object(its, key))
        data: bytes = answer["Body"].read()
    return data


def url(ctx: Context[S3Settings], key: str, filename: str, seconds: int) -> str | None:
    """A link that saves one object under this name, for at most five minutes; None where the
    business has its downloads served by the app.

    Whatever lies in the bucket, a browser is told what it is and to save it, not to open it.
    """
    its = ctx.settings
    if not its.direct_links:
        return None
    ending = filename.rpartition(".")[2].lower()
    with plain_words("read"):
        signed: str = client(ctx).generate_presigned_url(
            "get_object",
            Params={
                "Bucket": its.bucket,
                "Key": _object(its, key),
                "ResponseContentType": _TYPES.get(ending, "application/octet-stream"),
                "ResponseContentDisposition": _saved_as(filename),
                "ResponseCacheControl": "private, no-store",
            },
            ExpiresIn=max(1, min(seconds, its.link_minutes * 60, LONGEST_MINUTES * 60)),
        )
    return signed


def delete(ctx: Context[S3Settings], key: str) -> None:
    """Forget an object; no error when it is not there."""
    its = ctx.settings
    with plain_words("delete"):
        client(ctx).delete_object(Bucket=its.bucket, Key=_object(its, key))


def _object(its: S3Settings, key: str) -> str:
    """Where a key of the core lies in the bucket; nothing that leads elsewhere."""
    if len(key) > _LONGEST or not _KEY.fullmatch(key) or ".." in key:
        raise ValueError(f"{key!r} is no key of a document")
    return f"{its.prefix}/{key}" if its.prefix else key


def _saved_as(filename: str) -> str:
    """``attachment`` with the name, for old browsers in ASCII (RFC 6266, RFC 8187)."""
    name = "".join(char for char in filename if char.isprintable() and char not in '"\\/')
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode() or "file"
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name, safe='')}"
