"""Whether the bucket is there, opens for us, and is private."""

from typing import Any, Final

from invoicer_core.plugin import Context, Health, InvalidInput, PermanentFailure, RetryLater
from invoicer_s3_pdfs.connecting import client, code_of, faults, plain_words
from invoicer_s3_pdfs.settings import S3Settings

_NONE: Final = "NoSuchPublicAccessBlockConfiguration"
_CLOSED: Final = frozenset({"AccessDenied", "403"})
_SWITCHES: Final = (
    "BlockPublicAcls",
    "IgnorePublicAcls",
    "BlockPublicPolicy",
    "RestrictPublicBuckets",
)


def check(ctx: Context[S3Settings]) -> Health:
    """Reachable with this key, and Block Public Access on as far as we may look."""
    try:
        its = ctx.settings
        its_client = client(ctx, quick=True)
        with plain_words("answer"):
            its_client.head_bucket(Bucket=its.bucket)
    except KeyError:
        return Health(False, "There is no such bucket: look at its name and region.")
    except InvalidInput as missing:
        return Health(False, missing.detail)
    except (RetryLater, PermanentFailure) as trouble:
        return Health(False, trouble.reason)
    return _privacy(its_client, its.bucket)


def _privacy(its_client: Any, bucket: str) -> Health:
    there = f"The bucket {bucket} answers."
    switches: dict[str, bool] = {}
    try:
        said = its_client.get_public_access_block(Bucket=bucket)
        switches = said["PublicAccessBlockConfiguration"]
    except faults.ClientError as error:
        code = code_of(error)
        if code in _CLOSED:
            return Health(True, f"{there} This key may not look whether public access is blocked.")
        if code != _NONE:
            return Health(True, f"{there} It cannot say whether public access is blocked ({code}).")
    except faults.BotoCoreError as error:
        return Health(False, f"{there} Then it did not any more ({type(error).__name__}).")
    off = [name for name in _SWITCHES if not switches.get(name)]
    if off:
        return Health(False, f"{there} Switch on Block Public Access for it: {', '.join(off)}.")
    return Health(True, f"{there} Public access is blocked.")
