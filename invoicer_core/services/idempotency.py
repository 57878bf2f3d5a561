"""A write that is sent twice happens once: the answer is kept with its key, in the transaction of
its effect, and given again to whoever repeats the request."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import text

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict, FieldError, InvalidInput
from invoicer_core.domain.saying import say
from invoicer_core.hooks import codec
from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.transaction import transaction

LIFETIME: Final = timedelta(hours=24)
"""How long an answer is given again; old rows are thrown away by the clock."""

_LOCK: Final = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
_FIND: Final = text(
    "SELECT fingerprint, status, headers::text, body, created_at < now() - :lifetime AS expired"
    " FROM idempotency_keys WHERE business_id = :business AND user_id = :user AND key = :key"
)
_FORGET: Final = text(
    "DELETE FROM idempotency_keys WHERE business_id = :business AND user_id = :user AND key = :key"
)
_KEEP: Final = text(
    "INSERT INTO idempotency_keys (business_id, user_id, key, fingerprint, status, headers, body)"
    " VALUES (:business, :user, :key, :fingerprint, :status, cast(:headers AS jsonb), :body)"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is kept of an answer: status, the headers that belong to it, and its exact bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    replayed: bool = False


def fingerprint(*parts: bytes) -> bytes:
    """A digest of what was asked, to tell a repetition from another request."""
    digest = sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8))
        digest.update(part)
    return digest.digest()


_BUSY: Final = say("A request with this Idempotency-Key is being worked on. Wait for it.")


def once(*, key: str, asked: bytes, by: Actor, run: Callable[[], Answer]) -> Answer:
    """The answer of ``run``, or the kept one when this key was used before.

    Args:
        asked: `fingerprint` of the request.
        run: does the work; its writes and the kept answer commit together. When it raises,
            nothing is kept and the key is free again.

    Raises:
        Conflict: a request with this key is being worked on.
        InvalidInput: the key was used for another request.
    """
    business_id = current_business_id()
    who: dict[str, Any] = {"business": business_id, "user": by.user_id, "key": key}
    with transaction(by=by):
        name = f"idempotency:{business_id}:{by.user_id}:{key}"
        if not db.session.scalar(_LOCK, {"name": name}):
            raise Conflict(_BUSY)
        kept = db.session.execute(_FIND, {**who, "lifetime": LIFETIME}).first()
        if kept is not None and not kept.expired:
            if bytes(kept.fingerprint) != asked:
                message = say("This Idempotency-Key was used for another request: take a new one.")
                raise InvalidInput(message, [FieldError("/Idempotency-Key", message)])
            headers = codec.loads(kept.headers)
            return Answer(kept.status, headers, bytes(kept.body), replayed=True)
        if kept is not None:
            db.session.execute(_FORGET, who)
        answer = run()
        db.session.execute(
            _KEEP,
            {
                **who,
                "fingerprint": asked,
                "status": answer.status,
                "headers": codec.dumps(dict(answer.headers)),
                "body": answer.body,
            },
        )
        return answer
