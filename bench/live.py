"""From the commit to the client on the live channel, with 1 and with 500 sockets, idle and while
200 invoices a second are issued.

All sockets are members of one business (ten to a user, as many as one may have). In it one invoice
after another is issued, and every socket hears of each; measured is the ``invoice`` message, the
last of the two. The 200 a second are issued in another business, over HTTP.

The instant of the commit is PostgreSQL's own, ``pg_xact_commit_timestamp`` of the row in
``events``: it is taken when the commit record is written and before that is flushed to disk, so
that the flush counts as latency. The instant of arrival is that at which a client has read the
bytes. One machine, one clock.

The worker runs beside, PDFs of the issued invoices included; ``--without-worker`` leaves it out.
Usage: python -m bench.live [seconds] [sockets, separated by commas] [--without-worker]
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from bench.issue import body
from bench.stage import Stage, percentile, stage

SOCKETS = (1, 500)
PER_USER = 10
RATE = 200
ISSUERS = 16
GOAL = 0.060
AFTERWARDS = 3.0
"""Seconds in which the last message may still arrive."""


@dataclass
class Business:
    """A business: its owner's token and a client."""

    business: int
    token: str
    client: int

    def seats(self, made: Stage, sockets: int) -> list[dict[str, Any]]:
        """New members for so many sockets; places of earlier ones may still be counted."""
        found: list[dict[str, Any]] = []
        while len(found) < sockets:
            account, token = made.account()
            member = {"email": account["email"], "role": "staff"}
            path = f"/api/v1/businesses/{self.business}/members"
            status, answer = made.call("POST", path, member, self.token)
            assert status == 201, answer
            found += [{"token": token, "business_id": self.business}] * PER_USER
        return found[:sockets]

    def drafts(self, made: Stage, count: int) -> list[int]:
        """So many drafts of ten lines."""
        found = []
        for _ in range(count):
            draft = {**json.loads(body(self.client)), "issue": False}
            status, answer = made.call("POST", "/api/v1/invoices", draft, self.token)
            assert status == 201, answer
            found.append(int(answer["id"]))
        return found


@contextmanager
def listening(port: int, seats: list[dict[str, Any]]) -> Iterator[dict[int, list[float]]]:
    """Sockets for the time of the block; afterwards what they heard is in the yielded mapping."""
    heard: dict[int, list[float]] = {}
    child = subprocess.Popen(
        [sys.executable, "-m", "bench.sockets"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(json.dumps({"port": port, "seats": seats}) + "\n")
        child.stdin.flush()
        assert child.stdout.readline() == "ready\n"
        yield heard
        child.stdin.write("stop\n")
        child.stdin.flush()
        told = json.loads(child.stdout.readline())
        heard.update({int(invoice): instants for invoice, instants in told.items()})
    finally:
        child.kill()
        child.wait()


@contextmanager
def issuing(made: Stage, token: str, client: int, rate: int) -> Iterator[list[float]]:
    """So many invoices a second for the time of the block, at even distances; none at rate 0."""
    done: list[float] = []
    ended = threading.Event()
    begun = time.monotonic()
    tickets = iter(range(1 << 60))
    sent = body(client)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}

    def run() -> None:
        connection = made.connect()
        while not ended.wait(max(0.0, begun + next(tickets) / rate - time.monotonic())):
            connection.request("POST", "/api/v1/invoices", sent, headers)
            answer = connection.getresponse()
            text = answer.read()
            assert answer.status == 201, text[:300]
            done.append(time.monotonic())

    threads = [threading.Thread(target=run) for _ in range(ISSUERS if rate else 0)]
    for thread in threads:
        thread.start()
    try:
        yield done
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def issue_each(made: Stage, token: str, drafts: list[int], pause: float) -> None:
    """One after another, evenly, over one connection."""
    connection = made.connect()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    begun = time.monotonic()
    for turn, invoice in enumerate(drafts):
        time.sleep(max(0.0, begun + turn * pause - time.monotonic()))
        connection.request("POST", f"/api/v1/invoices/{invoice}/issue", b"{}", headers)
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text[:300]


@dataclass
class Case:
    """What happened at one rate: the invoices issued for the sockets, and how fast the others."""

    rate: int
    achieved: float
    drafts: list[int]


def run(made: Stage, watched: Business, other: Business, how: tuple[int, float, float]) -> Case:
    """Issue for the sockets, one after another, while others are issued.

    Args:
        how: the rate of the others, for how many seconds, and the pause between our own.
    """
    rate, seconds, pause = how
    warm, drafts = watched.drafts(made, 5), watched.drafts(made, max(10, int(seconds / pause)))
    with issuing(made, other.token, other.client, rate) as done:
        issue_each(made, watched.token, warm, 0.2)
        begun, before = time.monotonic(), len(done)
        issue_each(made, watched.token, drafts, pause)
        achieved = (len(done) - before) / (time.monotonic() - begun)
    time.sleep(AFTERWARDS)
    return Case(rate, achieved, drafts)


def committed(made: Stage, drafts: list[int]) -> dict[int, float]:
    """When the issue of each was committed, in Unix time."""
    with psycopg.connect(made.owner_url) as connection:
        rows = connection.execute(
            "SELECT invoice_id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8"
            " FROM events WHERE name = 'invoice.issued' AND invoice_id = ANY(%s)",
            (drafts,),
        ).fetchall()
    return dict(rows)


def report(made: Stage, sockets: int, case: Case, heard: dict[int, list[float]]) -> None:
    """One line: so many sockets, at this rate."""
    commits = committed(made, case.drafts)
    late = [at - commits[each] for each in case.drafts for at in heard.get(each, ())]
    middle, tail = (percentile(late, share) * 1000 if late else 0.0 for share in (0.5, 0.99))
    print(
        f"{sockets:>4} sockets, {case.achieved:5.0f} of {case.rate:>3} invoices/s beside:"
        f"  {len(late):>6,} of {len(case.drafts) * sockets:>6,} received"
        f"   p50 {middle:6.1f} ms   p99 {tail:6.1f} ms"
        f"   most {max(late, default=0.0) * 1000:.1f} ms",
        flush=True,
    )


def main(arguments: list[str]) -> None:
    """Every case once."""
    given = [each for each in arguments if not each.startswith("--")]
    seconds = float(given[0]) if given else 10.0
    counts = tuple(int(each) for each in given[1].split(",")) if len(given) > 1 else SOCKETS
    roles = ("web", "clock") if "--without-worker" in arguments else ("web", "clock", "worker")
    with stage(commit_times=True) as made:
        made.start(*roles)
        watched, other = (
            Business(made.business(token), token, made.client(token))
            for token in (made.owner(), made.owner())
        )
        for sockets in counts:
            pause = 0.05 if sockets < PER_USER else 0.25
            with listening(made.port, watched.seats(made, sockets)) as heard:
                cases = [run(made, watched, other, (rate, seconds, pause)) for rate in (0, RATE)]
            for case in cases:
                report(made, sockets, case, heard)
    print(f"goal: p99 below {GOAL * 1000:.0f} ms at {SOCKETS[-1]} sockets, nothing lost")


if __name__ == "__main__":
    main(sys.argv[1:])
