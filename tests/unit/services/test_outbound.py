"""No address that a person types leads into our own network."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from invoicer_core.services.webhooks import outbound
from invoicer_core.services.webhooks.outbound import Forbidden, Unanswered
from tests.inside import HOSTS
from tests.peers.sink import sink


@pytest.mark.parametrize("host", HOSTS)
def test_our_own_network_is_refused_in_any_spelling(host: str) -> None:
    for scheme in ("https", "HTTPS", "http"):
        with pytest.raises(Forbidden):
            outbound.checked(f"{scheme}://{host}:8443/x", loopback=False)


@pytest.mark.parametrize(
    "url",
    ["http://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com",
     "https://", "https:///path", "https://user:pass@example.com/", "https://user@example.com/",
     "//example.com/", "example.com", "javascript:alert(1)", "https://exa mple.com/",
     "https://example.com\\@127.0.0.1/", "https://example.com:99999/", "https://[::1/",
     "https://example.com/\r\nX: y", "https://" + "a" * 3000],
)  # fmt: skip
def test_what_is_no_address_of_the_web_is_refused(url: str) -> None:
    with pytest.raises(Forbidden):
        outbound.checked(url, loopback=False)
    with pytest.raises(Forbidden):
        outbound.checked(url, loopback=True)


def test_an_address_of_the_web_is_taken_apart() -> None:
    found = outbound.checked("https://hooks.example.com/a/b?c=d#e", loopback=False)
    assert (found.host, found.port, found.path) == ("hooks.example.com", 443, "/a/b?c=d")
    assert outbound.checked("https://bücher.example", loopback=False).host.startswith("xn--")
    assert outbound.checked("https://[2606:4700::1]:8443/", loopback=False).shown_host == (
        "[2606:4700::1]:8443"
    )


def names(*answers: list[str]) -> tuple[Callable[..., Any], list[str]]:
    """A name server that says something else each time, and what it was asked."""
    asked: list[str] = []
    left = list(answers)

    def resolve(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        asked.append(host)
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

    return resolve, asked


@pytest.mark.parametrize(
    "found", [["10.0.0.1"], ["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["64:ff9b::7f00:1"]]
)
def test_a_name_of_our_own_network_is_not_called(found: list[str]) -> None:
    resolve, _ = names(found)
    with pytest.raises(Forbidden):
        outbound.post("https://innocent.example/", b"{}", {}, resolve=resolve)


def test_in_the_demo_only_this_machine_is_added() -> None:
    for inside in (["10.0.0.1"], ["169.254.169.254"], ["127.0.0.1", "10.0.0.1"]):
        resolve, _ = names(inside)
        with pytest.raises(Forbidden):
            outbound.post("https://innocent.example/", b"{}", {}, loopback=True, resolve=resolve)
    with pytest.raises(Forbidden):
        outbound.checked("http://10.0.0.1/", loopback=True)


def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    with sink() as server:
        port = server.server_address[1]
        resolve, asked = names(["127.0.0.1"], ["10.0.0.1"])
        answer = outbound.post(
            f"http://localhost:{port}/x", b"{}", {"Content-Length": "2"}, loopback=True,
            resolve=resolve,
        )  # fmt: skip
        assert (answer.status, asked) == (200, ["localhost"])
        assert server.calls[0].headers["host"] == f"localhost:{port}"


def test_a_redirect_is_not_followed_and_an_answer_read_only_so_far() -> None:
    with sink() as server:
        server.mood = "sends elsewhere"
        answer = outbound.post(server.url, b"{}", {}, loopback=True)
        assert answer.status == 302
        assert len(server.calls) == 1


def test_who_does_not_listen_is_said_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(Unanswered, match="Nobody listens"):
        outbound.post(f"http://127.0.0.1:{port}/", b"{}", {}, loopback=True)
    with sink() as server:
        url = server.url.replace("http://", "https://")
        with pytest.raises(Unanswered):
            outbound.post(url, b"{}", {}, loopback=True)
