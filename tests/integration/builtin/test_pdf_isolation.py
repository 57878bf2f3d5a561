"""What text of a client, or a broken page, must not be able to do."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import pytest

from invoicer_core.builtin.weasyprint_document import sample
from invoicer_core.builtin.weasyprint_document.renderer import Limits, Renderer, RenderError
from invoicer_core.builtin.weasyprint_document.template import build_html
from invoicer_core.builtin.weasyprint_document.typesetter import Fetcher
from tests.integration.builtin.pdf_reading import Pdf

BUSINESS = sample.sample_business()
PAGE = build_html(sample.sample_invoice(2), BUSINESS, "en")
CANARY = "canary-8d1f0c"

PAYLOADS = [
    '<img src="{url}">',
    '"><img src={url}>',
    "<link rel=attachment href='{file}'>",
    "<a rel=attachment href='{file}'>x</a>",
    "<link rel=stylesheet href='{url}'>",
    "</style><style>@import url({url}); @font-face{{font-family:x;src:url({url})}}",
    "<div style=\"background:url('{url}')\">",
    '<iframe src="{url}"></iframe><embed src="{url}"><object data="{file}"></object>',
    '<svg><image href="{url}"/><use href="{file}#a"/></svg>',
    "<base href='{url}'><meta http-equiv=refresh content='0;url={url}'>",
    "<img src='data:image/svg+xml,<svg><image href=\"{url}\"/></svg>'>",
    "{{{{ ''.__class__.__mro__[1].__subclasses__() }}}}{{% include '{file}' %}}",
    "asset:../../../../{file}",
]


@pytest.fixture(scope="module")
def renderer():
    renderer = Renderer()
    yield renderer
    renderer.close()


@pytest.fixture(scope="module")
def canary(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("secrets") / "canary.txt"
    path.write_text(CANARY)
    return path


@pytest.fixture
def listener():
    """A server on loopback that counts who knocks."""
    knocks: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))

    def count() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(2)
                knocks.append(connection.recv(200))

    thread = threading.Thread(target=count, daemon=True)
    thread.start()
    yield server, knocks
    server.close()


def filled(value, text):
    """The same document with ``text`` in every free text field, also those that were empty."""
    kept = {
        "state",
        "status",
        "payment_state",
        "currency",
        "category",
        "unit",
        "payment_means",
        "locale",
        "method",
        "kind",
        "time_zone",
        "role",
        "provider",
    }
    if isinstance(value, tuple):
        return tuple(filled(each, text) for each in value)
    if not is_dataclass(value):
        return value
    changes = {}
    for each in fields(value):
        kind, old = str(each.type), getattr(value, each.name)
        if each.name not in kept and kind in ("<class 'str'>", "str", "str | None"):
            changes[each.name] = text
        elif is_dataclass(old) or isinstance(old, tuple):
            changes[each.name] = filled(old, text)
    return replace(value, **changes)


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize(
    "document", [sample.sample_invoice(2), sample.sample_receipt()], ids=["invoice", "receipt"]
)
def test_no_field_can_open_an_address_or_a_file(renderer, listener, canary, document, payload):
    server, knocks = listener
    url = f"http://127.0.0.1:{server.getsockname()[1]}/x"
    text = payload.format(url=url, file=canary.as_uri())
    html = build_html(filled(document, text), filled(BUSINESS, text), "en", options={"color": text})
    found = Pdf(renderer.render(html, assets={"logo": text.encode()}).pdf)
    assert knocks == []
    assert CANARY.encode() not in found.everything()
    assert "/EmbeddedFiles" not in found.root.get("/Names", {})
    compact = "".join(found.text.split())
    assert "".join(text.split())[:40] in compact  # it is there, as text


@pytest.mark.parametrize("payload", PAYLOADS)
def test_even_markup_that_got_through_opens_nothing(renderer, listener, canary, payload):
    server, knocks = listener
    url = f"http://127.0.0.1:{server.getsockname()[1]}/x"
    html = PAGE.replace("</main>", payload.format(url=url, file=canary.as_uri()) + "</main>")
    found = Pdf(renderer.render(html).pdf)
    assert knocks == []
    assert CANARY.encode() not in found.everything()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "HTTP://127.0.0.1/",
        "https://example.com/a.png",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "/etc/passwd",
        "asset:",
        "asset:other",
        "asset:../logo",
        "asset://logo",
        "data:text/html,<b>",
        "data:,x",
        "data:image/svg+xml;base64,PHN2Zy8+",
        "data:image/png;base64,AAAA",
        "data:image/png;base64,!!!",
        "data:image/png;base64," + "A" * 9_000_000,
        "javascript:1",
        "",
    ],
)
def test_the_fetcher_refuses_every_other_address(url):
    with pytest.raises((ValueError, OSError)):
        Fetcher({"logo": b"x"}).fetch(url)


def test_the_child_has_no_environment_and_where_possible_no_network(renderer, monkeypatch):
    monkeypatch.setenv("SECRET_CANARY", CANARY)
    own = Renderer()
    try:
        own.warm_up()
        environment = Path(f"/proc/{own.pid}/environ").read_bytes()
        assert CANARY.encode() not in environment
        assert {part.partition(b"=")[0] for part in environment.split(b"\0") if part} == {
            b"PATH",
            b"LANG",
            b"PYTHONHASHSEED",
        }
        allowed = (
            subprocess.run(["unshare", "--user", "--net", "true"], check=False).returncode == 0
        )
        if allowed:
            mine = Path("/proc/self/ns/net").readlink()
            assert Path(f"/proc/{own.pid}/ns/net").readlink() != mine
    finally:
        own.close()


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def wait_until(condition, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "still not so"
        threading.Event().wait(0.02)


def test_a_page_that_takes_too_much_time_ends_and_the_next_works():
    bomb = PAGE.replace("</main>", "<table>" + "<tr><td>x</td></tr>" * 60_000 + "</table></main>")
    renderer = Renderer(Limits(cpu_seconds=1, wall_seconds=15))
    try:
        renderer.render(PAGE)
        before, start = renderer.pid, time.monotonic()
        with pytest.raises(RenderError):
            renderer.render(bomb)
        assert time.monotonic() - start < 15
        assert gone(before)
        assert renderer.render(PAGE).pdf.startswith(b"%PDF")
        assert renderer.pid != before
    finally:
        renderer.close()


def test_a_page_that_takes_too_much_memory_ends_and_the_next_works():
    bomb = PAGE.replace("</main>", "<p>" + "<b>x</b>" * 40_000 + "</p></main>")
    renderer = Renderer(Limits(address_space=400_000_000))
    try:
        assert renderer.render(PAGE).pdf.startswith(b"%PDF")
        with pytest.raises(RenderError, match=r"(?i)memory|allocate"):
            renderer.render(bomb)
        assert renderer.render(PAGE).pdf.startswith(b"%PDF")
    finally:
        renderer.close()


def test_deep_nesting_is_an_error_not_an_end():
    renderer = Renderer()
    try:
        with pytest.raises(RenderError, match="RecursionError"):
            renderer.render(PAGE.replace("</main>", "<div>" * 3000 + "</main>"))
        assert renderer.render(PAGE).pdf.startswith(b"%PDF")
    finally:
        renderer.close()


def test_a_child_that_hangs_is_replaced():
    renderer = Renderer(Limits(wall_seconds=0.5))
    try:
        renderer.warm_up()
        os.kill(renderer.pid, signal.SIGSTOP)
        with pytest.raises(RenderError, match="too long"):
            renderer.render(PAGE)
        assert renderer.pid is None
    finally:
        renderer.close()


def test_a_child_that_was_killed_is_replaced():
    renderer = Renderer()
    try:
        first = renderer.render(PAGE)
        os.kill(renderer.pid, signal.SIGKILL)
        wait_until(lambda: gone(renderer.pid))
        assert renderer.render(PAGE) == first
    finally:
        renderer.close()


def test_the_child_is_replaced_after_its_share_of_pages_and_leaves_when_idle():
    renderer = Renderer(Limits(renders=2, idle_seconds=0.3))
    try:
        renderer.render(PAGE)
        first = renderer.pid
        wait_until(lambda: gone(first))
        assert renderer.render(PAGE).pdf.startswith(b"%PDF")
    finally:
        renderer.close()
    renderer = Renderer(Limits(renders=2))
    try:
        pids = []
        for _ in range(3):
            renderer.render(PAGE)
            pids.append(renderer.pid)
        assert pids[0] == pids[1] != pids[2]
        assert gone(pids[0])
    finally:
        renderer.close()


def test_threads_take_turns_and_each_gets_its_own_page(renderer):
    found: dict[int, str] = {}

    def work(number: int) -> None:
        invoice = replace(sample.sample_invoice(1), invoice_number=f"NO-{number}")
        data = renderer.render(build_html(invoice, BUSINESS, "en")).pdf
        found[number] = Pdf(data).reader.metadata.title

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: f"Invoice NO-{number}" for number in range(6)}


PARENT = """
import sys
from invoicer_core.builtin.weasyprint_document.renderer import Renderer
renderer = Renderer()
renderer.warm_up()
print(renderer.pid, flush=True)
if sys.argv[1] == "busy":
    renderer.render("<html lang=en><table>" + "<tr><td>x</td></tr>" * 60_000)
sys.stdin.read()
"""


@pytest.mark.parametrize("state", ["idle", "busy"])
def test_the_child_dies_with_its_parent(state):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, state],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    pid = int(parent.stdout.readline())
    assert not gone(pid)
    if state == "busy":
        wait_until(lambda: seconds_of_work(pid) > 2)
    parent.kill()
    parent.wait()
    parent.stdin.close()
    parent.stdout.close()
    wait_until(lambda: gone(pid), 4)


def seconds_of_work(pid: int) -> float:
    spent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, spent)) / os.sysconf("SC_CLK_TCK")


def test_a_process_forked_in_the_middle_of_a_page_starts_a_child_of_its_own():
    renderer = Renderer(Limits(wait_seconds=3))
    expected = renderer.render(PAGE).pdf
    ours = renderer.pid
    read, write = os.pipe()
    renderer._lock.acquire()  # as another thread holds it while it renders
    forked = os.fork()
    if forked == 0:
        try:
            same = renderer.render(PAGE).pdf == expected and renderer.pid != ours
            renderer.close()
            os.write(write, b"1" if same else b"0")
        finally:
            os._exit(0)
    renderer._lock.release()
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        assert pipe.read() == b"1"
    os.waitpid(forked, 0)
    try:
        assert renderer.render(PAGE).pdf == expected
        assert renderer.pid == ours
    finally:
        renderer.close()
