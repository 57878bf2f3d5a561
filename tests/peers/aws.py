"""Amazon's services in a process of their own (moto's server): S3, SES, SNS.

python -m tests.peers.aws --port 5055
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from socket import create_server
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from boto3.session import Session

from tests.peers.processes import until

REGION = "eu-central-1"
ACCESS_KEY = "AKIAMOTOOFTESTS00000"
SECRET_KEY = "moto/secret+of.tests/0000000000000000000"
SERVER = Path(sys.executable).with_name("moto_server")


@dataclass
class Aws:
    """Where it listens, and a look behind its counter."""

    url: str

    def client(self, service: str) -> Any:
        """The official client of a service."""
        session = Session(
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            region_name=REGION,
        )
        return session.client(service, endpoint_url=self.url)

    def bucket(self, name: str, *, blocked: bool = True) -> str:
        """A new private bucket."""
        s3 = self.client("s3")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        if blocked:
            switches = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy")
            s3.put_public_access_block(
                Bucket=name,
                PublicAccessBlockConfiguration={
                    **dict.fromkeys(switches, True), "RestrictPublicBuckets": True,
                },
            )  # fmt: skip
        return name

    def variables(self, bucket: str) -> dict[str, str]:
        """The environment of an Invoicer that keeps its documents here."""
        return {
            "S3_ENDPOINT": self.url,
            "S3_BUCKET": bucket,
            "S3_REGION": REGION,
            "S3_ACCESS_KEY_ID": ACCESS_KEY,
            "S3_SECRET_ACCESS_KEY": SECRET_KEY,
            "S3_PATH_STYLE": "1",
        }

    def inside(self, service: str, kind: str) -> list[dict[str, Any]]:
        """What it remembers of a kind: ``ses``, ``Message``."""
        with urlopen(f"{self.url}/moto-api/data.json", timeout=20) as answer:  # noqa: S310 - a loopback address
            found = json.load(answer)
        return list(found.get(service, {}).get(kind, []))

    def reset(self) -> None:
        """Forget everything."""
        request = Request(f"{self.url}/moto-api/reset", method="POST")  # noqa: S310 - a loopback address
        with urlopen(request, timeout=20):  # noqa: S310 - a loopback address
            pass

    def answers(self) -> bool:
        """Whether it is up."""
        try:
            with urlopen(f"{self.url}/moto-api/", timeout=5):  # noqa: S310 - a loopback address
                return True
        except (URLError, HTTPException, OSError):
            return False


@contextmanager
def aws_peer(port: int = 0) -> Iterator[Aws]:
    """Amazon's services on a loopback port, ended with the block."""
    if not port:
        with create_server(("127.0.0.1", 0)) as free:
            port = int(free.getsockname()[1])
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    child = subprocess.Popen(
        [str(SERVER), "-H", "127.0.0.1", "-p", str(port)],
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    peer = Aws(f"http://127.0.0.1:{port}")
    try:
        until(lambda: peer.answers() or child.poll() is not None)
        assert child.poll() is None, "moto_server did not start"
        yield peer
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def main() -> None:
    """For people, until it is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=5055)
    with aws_peer(parser.parse_args().port) as aws:
        bucket = aws.bucket("invoicer")
        told = " ".join(f"{name}={value}" for name, value in aws.variables(bucket).items())
        print(f"Amazon's services listen at {aws.url}: {told}", flush=True)
        sys.stdin.read() if not sys.stdin.isatty() else input()


if __name__ == "__main__":
    main()
