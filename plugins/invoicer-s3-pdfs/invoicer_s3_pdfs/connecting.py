"""The official client for a business's bucket, and what its errors mean for us."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final

from invoicer_core.plugin import (
    Context,
    PermanentFailure,
    RetryLater,
    Secret,
    on_first_use,
    outside,
)
from invoicer_s3_pdfs.settings import ENDPOINT_ENV, S3Settings

amazon: Final[Any] = on_first_use("boto3.session")
amazon_config: Final[Any] = on_first_use("botocore.config")
faults: Final[Any] = on_first_use("botocore.exceptions")

_MISSING: Final = frozenset({"NoSuchKey", "404", "NotFound"})
_OWNERS: Final = {
    "AccessDenied": "It refuses this access key for what was asked: look at the key's policy.",
    "403": "It refuses this access key for what was asked: look at the key's policy.",
    "InvalidAccessKeyId": "It does not know this access key id.",
    "SignatureDoesNotMatch": "The secret access key does not fit the access key id.",
    "NoSuchBucket": "There is no such bucket: look at its name and region.",
    "PermanentRedirect": "The bucket is in another region.",
    "AuthorizationHeaderMalformed": "The bucket is in another region.",
    "RequestTimeTooSkewed": "The clock of this machine is wrong.",
}
"""What a person can put right; until then it is tried again."""

CONNECT_SECONDS, READ_SECONDS = 5.0, 15.0
QUICK_SECONDS: Final = 0.8
"""Of each of the two questions of a check, which has two seconds in all."""

_BREATHE: Final = timedelta(seconds=30)
"""After the store asked us to slow down."""


def client(ctx: Context[S3Settings], *, quick: bool = False) -> Any:
    """The client for the business's bucket, one per process and settings.

    Args:
        quick: for checks that have two seconds in all.

    Raises:
        InvalidInput: a setting is missing.
        PermanentFailure: the address lies in a network that a business may not reach.
    """
    its = ctx.settings
    if its.endpoint:
        outside.check_address(its.endpoint, env=ENDPOINT_ENV)
    guarded = bool(its.endpoint) and not outside.is_operators(its.endpoint, ENDPOINT_ENV)
    return _client(
        os.getpid(), its.endpoint, its.region, its.path_style, its.access_key, its.secret_key,
        quick,
        guarded,
    )  # fmt: skip


@lru_cache(maxsize=64)
def _client(
    process: int,  # noqa: ARG001 - open connections are not shared with a forked child
    endpoint: str,
    region: str,
    path_style: bool,
    access_key: str,
    secret: Secret,
    quick: bool,
    guarded: bool,
) -> Any:
    session = amazon.Session(
        aws_access_key_id=access_key,
        aws_secret_access_key=secret.reveal(),
        region_name=region,
    )
    config = amazon_config.Config(
        signature_version="s3v4",
        connect_timeout=QUICK_SECONDS if quick else CONNECT_SECONDS,
        read_timeout=QUICK_SECONDS if quick else READ_SECONDS,
        retries={"total_max_attempts": 1 if quick else 2, "mode": "standard"},
        proxies={},
        s3={
            "addressing_style": "path" if path_style else "virtual" if not endpoint else "auto",
            "payload_signing_enabled": True,
        },
        # What goes out is covered by the signature; other stores do not know the newer trailers.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    made = session.client("s3", endpoint_url=endpoint or None, config=config)
    if guarded:
        # botocore has no other way to its connections
        outside.guard(made._endpoint.http_session._manager)  # noqa: SLF001
    return made


def code_of(error: Any) -> str:
    """The store's word for what is wrong: ``NoSuchKey``; the status where it gives none."""
    found = error.response.get("Error", {}).get("Code")
    return str(found or error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") or "")


@contextmanager
def plain_words(doing: str) -> Iterator[None]:
    """The client's errors in ours.

    Args:
        doing: ``keep``, ``read``, ``delete`` or, of the bucket itself, ``answer``.

    Raises:
        KeyError: there is no such object.
        RetryLater: the store is away or asks to wait, or a person has to put something right.
        PermanentFailure: it will refuse the same again.
    """
    try:
        yield
    except faults.ClientError as error:
        code = code_of(error)
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)
        if code in _MISSING and doing in ("read", "answer"):
            raise KeyError(code) from error
        if code in _OWNERS:
            raise RetryLater(f"The bucket cannot {doing} this now. {_OWNERS[code]}") from error
        if status >= 500 or status == 429 or code in ("SlowDown", "RequestTimeout"):
            words = f"The bucket cannot {doing} this now: {code or status}."
            raise RetryLater(words, _BREATHE) from error
        raise PermanentFailure(f"The bucket refuses to {doing} this: {code}.") from error
    except (
        faults.ConnectionClosedError, faults.ConnectTimeoutError, faults.EndpointConnectionError,
        faults.HTTPClientError, faults.IncompleteReadError, faults.ReadTimeoutError,
        faults.ResponseStreamingError,
    ) as error:  # fmt: skip
        words = f"The bucket cannot be reached ({type(error).__name__})."
        raise RetryLater(words) from error
    except RecursionError as error:  # botocore asks where a bucket went, and that leads on, too
        raise RetryLater("The bucket's address leads round in a circle.", _BREATHE) from error
    except faults.BotoCoreError as error:
        raise PermanentFailure(
            f"The bucket's settings cannot be used: {type(error).__name__}."
        ) from error
