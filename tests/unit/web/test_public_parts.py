"""Parts of the client's page that need no server."""

import re

import pytest

from invoicer_core.web.access import own_path
from invoicer_core.web.portal_brand import on_color


@pytest.mark.parametrize(
    ("color", "text"),
    [
        ("#000000", "#ffffff"),
        ("#ffffff", "#14181f"),
        ("#0f766e", "#ffffff"),
        ("#ffd400", "#14181f"),
    ],
)
def test_text_on_a_colour_is_readable(color: str, text: str) -> None:
    assert on_color(color) == text


@pytest.mark.parametrize("wanted", ["/invoices?status=open", "/", "/i/abc"])
def test_goes_on_to_own_pages(wanted: str) -> None:
    assert own_path(wanted) == wanted


@pytest.mark.parametrize(
    "wanted",
    [None, "", "//evil.test", "/\\evil.test", "https://evil.test", "javascript:x", "/\n/x"],
)
def test_never_goes_on_to_another_site(wanted: str | None) -> None:
    assert own_path(wanted) == "/"
    assert not re.match(r"(?:[a-z]+:|//|/\\)", own_path(wanted))
