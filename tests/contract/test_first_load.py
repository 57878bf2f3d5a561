"""What a first visit transfers stays small: the page, its styles, scripts and font, compressed."""

import gzip
import re
from collections.abc import Callable

import pytest
from flask import Flask

from tests.integration.web.conftest import Visitor, owner, stranger
from tests.integration.web.scenes import make_shop

__all__ = ["owner", "stranger"]

MOST = 250_000
FILES = re.compile(r'<(?:link|script)\b[^>]*?(?:href|src)="(/[^"#]+)"[^>]*>|url\((/[^)]+\.woff2)\)')
SPRITE = re.compile(r'<use href="(/[^"#]+)#')
SIGNED = {"Accept-Encoding": "br, gzip"}


def weight(visitor: Visitor, path: str) -> tuple[int, dict[str, int]]:
    """Bytes of a page with all that it names, as they travel, and the bytes of each file."""
    page = visitor.get(path, headers=SIGNED)
    assert page.status_code == 200, path
    sizes = {path: len(gzip.compress(page.data))}
    for name in {first or second for first, second in FILES.findall(page.text)} | set(
        SPRITE.findall(page.text)
    ):
        if name.endswith((".png", ".webmanifest")):
            continue
        answer = visitor.get(name, headers=SIGNED)
        assert answer.status_code == 200, name
        packed = "Content-Encoding" in answer.headers or name.endswith(".woff2")
        sizes[name] = len(answer.data) if packed else len(gzip.compress(answer.data))
    return sum(sizes.values()), sizes


@pytest.fixture
def addresses(app: Flask) -> Callable[[], dict[str, str]]:
    """The pages that people see first."""

    def made() -> dict[str, str]:
        shop = make_shop(app)
        return {"dashboard": "/", "editor": "/invoices/new", "client": shop.link(shop.issue())}

    return made


@pytest.mark.parametrize("name", ["dashboard", "editor", "client"])
def test_a_first_load_stays_below_250_kb(
    owner: Visitor, addresses: Callable[[], dict[str, str]], name: str
) -> None:
    total, sizes = weight(owner, addresses()[name])
    assert any(path.endswith(".woff2") for path in sizes), "the font was not counted"
    assert sum(path.endswith((".css", ".js")) for path in sizes) >= 3
    assert total < MOST, sorted(sizes.items(), key=lambda each: -each[1])
