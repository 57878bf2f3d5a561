"""How long an answer takes tells nothing about which addresses have an account."""

from collections.abc import Callable
from statistics import median
from time import perf_counter
from uuid import uuid4

import pytest

from tests.factories import Api
from tests.scale import Scale

PASSWORD = "correct horse battery"


def _ratio(known: Callable[[], object], unknown: Callable[[], object], count: int) -> float:
    """Of the medians; the two take turns, so that the machine's load falls on both."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(count):
        for kept, send in zip(times, (known, unknown), strict=True):
            begun = perf_counter()
            send()
            kept.append(perf_counter() - begun)
    return median(times[0]) / median(times[1])


@pytest.mark.parametrize("path", ["/auth/login", "/auth/password-reset", "/auth/register"])
def test_known_and_unknown_addresses_take_as_long(nobody: Api, path: str, scale: Scale) -> None:
    known = f"{uuid4().hex}@timing.test"
    nobody.post("/auth/register", {"email": known, "password": PASSWORD})

    def send(email: str) -> None:
        body = {"email": email}
        if not path.endswith("reset"):
            body["password"] = "not the password"
        assert nobody.post(path, body).status_code in (200, 202, 401)

    ratio = _ratio(lambda: send(known), lambda: send(f"{uuid4().hex}@timing.test"), scale(7, 200))
    tolerance = scale(40, 20) / 100
    assert 1 - tolerance <= ratio <= 1 + tolerance * 1.25, ratio
