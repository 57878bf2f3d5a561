"""A private S3 bucket on a loopback port. It checks every signature by itself (AWS Signature
Version 4, worked out from its description), refuses what is expired, tampered with or not signed,
and can be slow, busy, closed, forgetful or wrong.

    python -m tests.peers.s3 --port 9000
"""

import argparse
import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Literal
from urllib.parse import parse_qsl, quote, unquote, urlsplit

Mood = Literal["works", "waits", "busy", "closed", "no bucket", "corrupts", "hangs up"]
REGION = "eu-central-1"
ACCESS_KEY = "AKIAPEEROFTESTS00000"
SECRET_KEY = "peer/secret+of.tests/0000000000000000000"
BUCKET = "invoices-of-tests"
KINDS = ("AES256", "aws:kms")
OPEN = "UNSIGNED-PAYLOAD"
SWITCHES = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


@dataclass
class Kept:
    """One object: its bytes and the headers it came with."""

    data: bytes
    headers: Mapping[str, str]


@dataclass
class Bucket:
    """``objects`` by key. ``mood`` says how the next requests end, of the methods in ``moody``;
    ``moved`` sets the clock on; ``patience`` is how many objects it takes before it is busy.
    ``watch`` is called with the method before a request has its effect (``done`` False) and before
    it is answered (``done`` True); what it answers True to ends without an answer."""

    url: str = ""
    mood: Mood = "works"
    moody: tuple[str, ...] = ("GET", "PUT", "HEAD", "DELETE")
    patience: int | None = None
    objects: dict[str, Kept] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    blocked: bool = True
    moved: timedelta = timedelta(0)
    go_on: Event = field(default_factory=Event)
    watch: Callable[[str, bool], bool] | None = None

    def now(self) -> datetime:
        return datetime.now(UTC) + self.moved

    def variables(self) -> dict[str, str]:
        """The environment of an Invoicer that uses this bucket."""
        return {
            "S3_ENDPOINT": self.url,
            "S3_BUCKET": BUCKET,
            "S3_REGION": REGION,
            "S3_ACCESS_KEY_ID": ACCESS_KEY,
            "S3_SECRET_ACCESS_KEY": SECRET_KEY,
            "S3_PATH_STYLE": "1",
        }


class Refused(Exception):
    """A status and S3's word for it."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class Handler(BaseHTTPRequestHandler):
    """Speaks S3 for the bucket of its server."""

    bucket: Bucket
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve()

    do_PUT = do_HEAD = do_DELETE = do_GET  # noqa: N815 - names that the base class looks for

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        peer = self.bucket
        peer.asked.append(f"{self.command} {unquote(parts.path)}")
        try:
            self._moods()
            self._check_signature(parts.path, query, body)
            name, _slash, key = unquote(parts.path).lstrip("/").partition("/")
            if name != BUCKET:
                raise Refused(404, "NoSuchBucket")
            if self._is_cut(done=False):
                return
            self._act(key, query, body)
        except Refused as no:
            peer.refused.append(no.code)
            words = f"<Error><Code>{no.code}</Code><Message>{no.code}</Message></Error>"
            self._answer(no.status, words.encode(), {"Content-Type": "application/xml"})

    def _is_cut(self, *, done: bool) -> bool:
        watch = self.bucket.watch
        if watch is None or not watch(self.command, done):
            return False
        self.close_connection = True
        return True

    def _moods(self) -> None:
        peer = self.bucket
        if self.command == "PUT" and peer.patience is not None:
            peer.patience -= 1
            if peer.patience < 0:
                raise Refused(503, "SlowDown")
        mood = peer.mood if self.command in peer.moody else "works"
        if mood == "waits":
            peer.go_on.wait(30)
        if mood == "busy":
            raise Refused(503, "SlowDown")
        if mood == "closed":
            raise Refused(403, "AccessDenied")
        if mood == "no bucket":
            raise Refused(404, "NoSuchBucket")

    def _act(self, key: str, query: Mapping[str, str], body: bytes) -> None:
        peer = self.bucket
        if not key:
            self._bucket(query)
        elif self.command == "PUT":
            self._check_encryption()
            peer.objects[key] = Kept(body, dict(self.headers.items()))
            if peer.mood == "hangs up":
                self.close_connection = True
                self.connection.close()
                return
            self._answer(200, b"", {"ETag": f'"{hashlib.md5(body).hexdigest()}"'})  # noqa: S324
        elif self.command == "DELETE":
            peer.objects.pop(key, None)
            self._answer(204, b"")
        elif key not in peer.objects:
            raise Refused(404, "NoSuchKey")
        else:
            self._give(peer.objects[key], query)

    def _give(self, kept: Kept, query: Mapping[str, str]) -> None:
        data = kept.data[::-1] if self.bucket.mood == "corrupts" else kept.data
        headers = {"Content-Type": kept.headers.get("Content-Type", "binary/octet-stream")}
        for name in ("Content-Type", "Content-Disposition", "Cache-Control"):
            if given := query.get(f"response-{name.lower()}"):
                headers[name] = given
        self._answer(200, data, headers)

    def _bucket(self, query: Mapping[str, str]) -> None:
        if "publicAccessBlock" not in query:
            self._answer(200, b"")
            return
        if not self.bucket.blocked:
            raise Refused(404, "NoSuchPublicAccessBlockConfiguration")
        inner = "".join(f"<{name}>true</{name}>" for name in SWITCHES)
        words = f"<PublicAccessBlockConfiguration>{inner}</PublicAccessBlockConfiguration>"
        self._answer(200, words.encode(), {"Content-Type": "application/xml"})

    def _check_encryption(self) -> None:
        kind = self.headers.get("x-amz-server-side-encryption")
        key = self.headers.get("x-amz-server-side-encryption-aws-kms-key-id")
        if kind is not None and kind not in KINDS:
            raise Refused(400, "InvalidEncryptionAlgorithmError")
        if key is not None and kind != "aws:kms":
            raise Refused(400, "InvalidArgument")

    # --- Signature Version 4 ----------------------------------------------------------------------

    def _check_signature(self, path: str, query: Mapping[str, str], body: bytes) -> None:
        given = self.headers.get("Authorization", "")
        if given.startswith("AWS4-HMAC-SHA256 "):
            parts = dict(each.strip().split("=", 1) for each in given[17:].split(","))
            moment = self.headers.get("x-amz-date", "")
            digest = self.headers.get("x-amz-content-sha256", "")
            if digest not in (OPEN, hashlib.sha256(body).hexdigest()):
                raise Refused(400, "XAmzContentSHA256Mismatch")
            if abs(self.bucket.now() - _moment(moment)) > timedelta(minutes=15):
                raise Refused(403, "RequestTimeTooSkewed")
            signed, scope = parts["SignedHeaders"], parts["Credential"]
            signature, asked = parts["Signature"], query
        elif "X-Amz-Signature" in query:
            signature, moment, digest = query["X-Amz-Signature"], query["X-Amz-Date"], OPEN
            signed, scope = query["X-Amz-SignedHeaders"], query["X-Amz-Credential"]
            asked = {name: value for name, value in query.items() if name != "X-Amz-Signature"}
            if not 0 < int(query["X-Amz-Expires"]) <= 604_800:
                raise Refused(400, "AuthorizationQueryParametersError")
            if self.bucket.now() > _moment(moment) + timedelta(seconds=int(query["X-Amz-Expires"])):
                raise Refused(403, "AccessDenied")
        else:
            raise Refused(403, "AccessDenied")
        access_key, _slash, rest = scope.partition("/")
        if access_key != ACCESS_KEY:
            raise Refused(403, "InvalidAccessKeyId")
        if rest != f"{moment[:8]}/{REGION}/s3/aws4_request":
            raise Refused(400, "AuthorizationHeaderMalformed")
        wanted = self._signature(path, asked, signed, digest, moment, rest)
        if not hmac.compare_digest(wanted, signature):
            raise Refused(403, "SignatureDoesNotMatch")

    def _signature(
        self, path: str, query: Mapping[str, str], signed: str, digest: str, moment: str, scope: str
    ) -> str:
        names = signed.split(";")
        if "host" not in names:
            raise Refused(403, "SignatureDoesNotMatch")
        pairs = sorted((quote(n, safe="-_.~"), quote(v, safe="-_.~")) for n, v in query.items())
        request = "\n".join(
            (
                self.command,
                path,
                "&".join(f"{name}={value}" for name, value in pairs),
                *(f"{name}:{' '.join((self.headers.get(name) or '').split())}" for name in names),
                "",
                signed,
                digest,
            )
        )
        hashed = hashlib.sha256(request.encode()).hexdigest()
        key = f"AWS4{SECRET_KEY}".encode()
        for step in scope.split("/"):
            key = hmac.new(key, step.encode(), hashlib.sha256).digest()
        text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashed}"
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        if self._is_cut(done=True):
            return
        with suppress(ConnectionError):  # who asked did not wait
            self._write(status, body, headers)

    def _write(self, status: int, body: bytes, headers: Mapping[str, str] | None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status != 204:
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Nobody reads it."""


def _moment(written: str) -> datetime:
    try:
        return datetime.strptime(written, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise Refused(403, "AccessDenied") from None


@contextmanager
def s3_peer(port: int = 0) -> Iterator[Bucket]:
    """A bucket on a loopback port; a free one unless given."""
    bucket = Bucket()
    handler = type("BucketHandler", (Handler,), {"bucket": bucket})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    bucket.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield bucket
    finally:
        bucket.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def main() -> None:
    """A bucket for people, until it is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=9000)
    with s3_peer(parser.parse_args().port) as bucket:
        told = " ".join(f"{name}={value}" for name, value in bucket.variables().items())
        print(f"S3 listens at {bucket.url}: {told}", flush=True)
        Event().wait()


if __name__ == "__main__":
    main()
