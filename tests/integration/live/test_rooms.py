"""The short way from a room to its sockets: what is on the wire, and who does not read."""

import json
import socket
from collections.abc import Iterator

import pytest
from engineio.socket import Socket
from socketio import Server
from wsproto import ConnectionType
from wsproto.connection import Connection
from wsproto.events import TextMessage

from invoicer_core.live.rooms import Direct, frame_of

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def server() -> Server:
    return Server(async_mode="threading", client_manager=Direct())


@pytest.fixture
def ends() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.settimeout(10)
    with ours, theirs:
        yield ours, theirs


def enter(server: Server, line: socket.socket, room: str = "a") -> Socket:
    """One who sits in the room, over this connection."""
    eio_sid = f"{room}{line.fileno()}"
    server.eio.sockets[eio_sid] = Socket(server.eio, eio_sid)
    sid = server.manager.connect(eio_sid, "/")
    server.manager.enter_room(sid, "/", room)
    server.manager.note_line(eio_sid, {"gunicorn.socket": line})
    return server.eio.sockets[eio_sid]


def heard(data: bytes) -> list[str]:
    """What a websocket client makes of these bytes."""
    client = Connection(ConnectionType.CLIENT)
    client.receive_data(data)
    parts, found = "", []
    for event in client.events():
        assert isinstance(event, TextMessage)
        parts += event.data
        if event.message_finished:
            found.append(parts)
            parts = ""
    return found


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536, 200_000])
def test_a_frame_of_any_size_is_read_as_it_was_written(size: int) -> None:
    text = "é" + "x" * (size - 2) if size else ""
    assert heard(frame_of(text)) == [text]


def test_everybody_in_the_room_hears_it_and_nobody_else(server: Server, ends: Pair) -> None:
    other, foreign = socket.socketpair()
    with other, foreign:
        other.setblocking(False)
        foreign.setblocking(False)
        enter(server, ends[0])
        enter(server, other, room="b")
        server.manager.emit("invoice", {"n": 1}, "/", room=["a", "nobody"])
        (message,) = heard(ends[1].recv(1 << 16))
        assert json.loads(message.removeprefix("42")) == ["invoice", {"n": 1}]
        with pytest.raises(BlockingIOError):
            foreign.recv(1)


def test_what_waits_already_is_not_overtaken(server: Server, ends: Pair) -> None:
    waiting = enter(server, ends[0])
    server.manager.emit("first", None, "/", room="a", callback=lambda *_: None)
    server.manager.emit("second", None, "/", room="a")
    assert [waiting.queue.get_nowait().encode()[:20] for _ in range(2)] == [
        '421["first"]', '42["second"]',
    ]  # fmt: skip
    ends[1].setblocking(False)
    with pytest.raises(BlockingIOError):
        ends[1].recv(1)


def test_who_does_not_read_gets_whole_messages_or_is_closed(server: Server, ends: Pair) -> None:
    waiting = enter(server, ends[0])
    sent = 0
    while waiting.queue.empty():
        server.manager.emit("invoice", {"n": sent, "text": "x" * 50_000}, "/", room="a")
        sent += 1
        assert sent < 1_000
        try:
            ends[0].send(b"")
        except BrokenPipeError:
            break
    data = b""
    while piece := _piece(ends[1]):
        data += piece
    numbers = [json.loads(each.removeprefix("42"))[1]["n"] for each in heard(data)]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) == sent - 1


def _piece(end: socket.socket) -> bytes:
    try:
        return end.recv(1 << 16, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return b""


def test_a_connection_that_ended_is_forgotten(server: Server, ends: Pair) -> None:
    waiting = enter(server, ends[0])
    ends[0].close()
    server.manager.emit("invoice", None, "/", room="a")
    assert waiting.queue.get_nowait().encode() == '42["invoice"]'
    del server.eio.sockets[waiting.sid]
    server.manager.forget_lines()
    assert not server.manager.lines
