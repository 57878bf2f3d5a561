"""The live channel: takes sockets in, finds out who they are, and puts them into their rooms.

What is sent comes from the clock (`jobs.announce`) through Redis; here nothing is ever emitted. No
socket names a room: rooms follow from the sign-in or the link, and rights are read again, for every
event that comes in and for all sockets every few seconds.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from logging import getLogger
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from flask import Flask, request
from flask_socketio import ConnectionRefusedError as Refused
from flask_socketio import SocketIO
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from invoicer_core.config import Config
from invoicer_core.domain.errors import InvoicerError, NotAuthenticated, NotFound
from invoicer_core.domain.permissions import allowed
from invoicer_core.domain.snapshots import InvoiceSnapshot
from invoicer_core.hooks import codec
from invoicer_core.jobs.announce import (
    CHANNEL,
    LiveJson,
    business_room,
    client_room,
    invoice_room,
    told_since,
)
from invoicer_core.live.rooms import Rooms
from invoicer_core.services import businesses, invoices, links
from invoicer_core.services.identity import access_tokens, seats, sessions
from invoicer_core.services.identity.seats import Seat
from invoicer_core.services.portal import view, visitors

COOKIE: Final = "invoicer_session"
MOST_BYTES: Final = 64 * 1024
MOST_EVENTS: Final = 20
"""Events per second that one socket may send."""

MOST_SOCKETS: Final = 10
"""Sockets that one user may have open, over all processes."""

CHECK_EVERY: Final = 2.5
SAY_WHO: Final = 10.0
"""Seconds that a connection may last without saying who it is."""

COUNTED_FOR: Final = 30
_REFUSAL: Final = "Sign in to follow changes."
_TOO_MANY: Final = "Too many connections of this user."

log: Final = getLogger(__name__)


@dataclass(slots=True)
class Viewer:
    """Who sits behind a socket: a member, a client who looks at one invoice by its link, or one on
    its own pages (``visit`` is the id of that session)."""

    seat: Seat | None = None
    business_id: int = 0
    invoice: UUID | None = None
    client: UUID | None = None
    visit: int | None = None
    second: int = 0
    events: int = 0

    def is_flooding(self) -> bool:
        """Count one more event; True when there are too many in this second."""
        now = int(time.monotonic())
        if now != self.second:
            self.second, self.events = now, 0
        self.events += 1
        return self.events > MOST_EVENTS


@dataclass
class Live:
    """The sockets of this process."""

    app: Flask
    config: Config
    sockets: SocketIO
    redis: Redis
    viewers: dict[str, Viewer] = field(default_factory=dict)
    strangers: dict[str, float] = field(default_factory=dict)
    checking: bool = False


def register(app: Flask) -> None:
    """Add the channel at ``/socket.io``. Touches no network before the first socket."""
    config: Config = app.extensions["invoicer.config"]
    url = config.redis_url or "redis://"
    sockets = SocketIO(
        app,
        async_mode="gevent",
        transports=["websocket"],
        allow_upgrades=False,
        client_manager=Rooms(url, channel=CHANNEL),
        cors_allowed_origins=origins(config),
        max_http_buffer_size=MOST_BYTES,
        manage_session=False,
        cookie=None,
        json=LiveJson,
        logger=False,
        engineio_logger=False,
    )
    once = Retry(NoBackoff(), 0)
    redis = Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1, retry=once)
    live = Live(app, config, sockets, redis)
    app.extensions["invoicer.live"] = live
    sockets.on_event("connect", lambda auth=None: _connect(live, auth))
    sockets.on_event("disconnect", lambda *_: _leave(live, _sid()))
    sockets.on_event("watch", lambda data=None: _counted(live, lambda: _watch(live, data)))
    sockets.on_event("missed", lambda data=None: _counted(live, lambda: _missed(live, data)))
    sockets.on_event("*", lambda *_: _counted(live, lambda: None))
    sockets.server.eio.on("connect", _noting_strangers(live))


def origins(config: Config) -> list[str]:
    """Exactly the pages that may connect: our own address and those of the setting. On loopback
    its two names are one."""
    found = [config.url, *config.cors_origins]
    split = urlsplit(config.url)
    if split.hostname in ("127.0.0.1", "localhost"):
        port = f":{split.port}" if split.port else ""
        found += [f"{split.scheme}://{name}{port}" for name in ("127.0.0.1", "localhost")]
    return list(dict.fromkeys(found))


# --- who it is -----------------------------------------------------------------------------------


def _connect(live: Live, auth: object) -> None:
    """Let a socket in, or refuse it in the same words whatever was wrong."""
    try:
        viewer = _viewer(live, auth if isinstance(auth, Mapping) else {})
    except (InvoicerError, ValueError, KeyError, TypeError):
        raise Refused(_REFUSAL) from None
    sid = _sid()
    if viewer.seat is not None and not _has_place(live, viewer.seat, sid):
        raise Refused(_TOO_MANY)
    live.viewers[sid] = viewer
    live.strangers.pop(live.sockets.server.manager.eio_sid_from_sid(sid, "/") or "", None)
    live.sockets.server.enter_room(sid, _room_of(viewer))


def _room_of(viewer: Viewer) -> str:
    if viewer.invoice is not None:
        return invoice_room(viewer.invoice)
    if viewer.client is not None:
        return client_room(viewer.client)
    return business_room(viewer.business_id)


def _viewer(live: Live, auth: Mapping[str, Any]) -> Viewer:
    """The one who asks, by token, link or cookie.

    Raises:
        InvoicerError: none of them holds.
    """
    if "token" in auth:
        return _by_token(str(auth["token"]), auth.get("business_id"))
    if auth.get("link"):
        return _by_link(str(auth["link"]))
    return _by_cookie(live)


def _by_token(token: str, wanted: object) -> Viewer:
    claims = access_tokens.read(token)
    business_id = claims["bid"] if wanted is None else wanted
    if type(business_id) is not int:
        raise NotAuthenticated(_REFUSAL)
    with businesses.enter_business(business_id):
        who = sessions.authenticate_access(claims)
    return _member(who)


def _by_cookie(live: Live) -> Viewer:
    """A page of ours. The origin must be there: a cookie alone also comes from foreign pages."""
    if request.headers.get("Origin") not in origins(live.config):
        raise NotAuthenticated(_REFUSAL)
    who = sessions.authenticate_web(request.cookies.get(COOKIE, ""))
    if who is None:
        raise NotAuthenticated(_REFUSAL)
    return _member(who)


def _member(who: sessions.Identity) -> Viewer:
    if who.business_id is None or not allowed(who.role, "events.read"):
        raise NotAuthenticated(_REFUSAL)
    return Viewer(Seat(who.sign_in_id, who.user_id, who.business_id), who.business_id)


def _by_link(link: str) -> Viewer:
    if link.startswith(visitors.FOR_LIVE):
        return _by_pass(link)
    business_id, public_id = links.open_invoice_token(link)
    with businesses.enter_business(business_id):
        if invoices.get_public(public_id=public_id).state == "draft":
            raise NotFound(_REFUSAL)
    return Viewer(business_id=business_id, invoice=public_id)


def _by_pass(given: str) -> Viewer:
    business_id, visit = visitors.open_pass(given)
    with businesses.enter_business(business_id):
        client = visitors.standing(session_ids=[visit]).get(visit)
    if client is None:
        raise NotAuthenticated(_REFUSAL)
    return Viewer(business_id=business_id, client=client, visit=visit)


def _has_place(live: Live, seat: Seat, sid: str) -> bool:
    """Take one of the user's places, over all processes; Redis forgets those of dead ones."""
    key, now = f"invoicer:sockets:{seat.user_id}", time.time()
    try:
        live.redis.zremrangebyscore(key, 0, now)
        if live.redis.zcard(key) >= MOST_SOCKETS:
            return False
        live.redis.zadd(key, {sid: now + COUNTED_FOR})
        live.redis.expire(key, COUNTED_FOR)
    except RedisError as error:
        log.warning("sockets are not counted: %s", error)
    return True


def _leave(live: Live, sid: str) -> None:
    viewer = live.viewers.pop(sid, None)
    if viewer is None or viewer.seat is None:
        return
    try:
        live.redis.zrem(f"invoicer:sockets:{viewer.seat.user_id}", sid)
    except RedisError as error:
        log.warning("a socket's place is kept until it runs out: %s", error)


# --- what it asks --------------------------------------------------------------------------------


def _counted(live: Live, answer: Callable[[], Any]) -> Any:
    """Answer an event of a socket that is known and not flooding; others are thrown out."""
    sid = _sid()
    viewer = live.viewers.get(sid)
    if viewer is None or viewer.is_flooding():
        live.sockets.start_background_task(live.sockets.server.disconnect, sid)
        return None
    return answer()


def _watch(live: Live, data: object) -> dict[str, Any]:
    """``watch {invoice: id}``: the invoice as it is now, for who may see it. Joins nothing: what
    happens to it comes through the rooms the socket is in already."""
    viewer = live.viewers[_sid()]
    wanted = data.get("invoice") if isinstance(data, Mapping) else None
    try:
        found = _seen_by(viewer, wanted)
    except (InvoicerError, ValueError, TypeError):
        return {"ok": False, "error": "There is no such invoice here."}
    json = codec.to_json(found)
    return {"ok": True, "invoice": json if viewer.seat is not None else view.invoice(json)}


def _missed(live: Live, data: object) -> dict[str, Any]:
    """``missed {since: milliseconds}``: whether the room heard something since then, before this
    socket came into it. A page asks with the moment at which it began to be made."""
    since = data.get("since") if isinstance(data, Mapping) else None
    if type(since) is not int:
        return {"ok": False, "error": "Say since when, in milliseconds since 1970."}
    try:
        missed = told_since(live.redis, _room_of(live.viewers[_sid()]), since)
    except RedisError as error:
        log.warning("a page is made again, what it missed is not known: %s", error)
        missed = True
    return {"ok": True, "missed": missed}


def _seen_by(viewer: Viewer, wanted: object) -> InvoiceSnapshot:
    """The invoice, loaded in the viewer's business with the rights of this moment.

    Raises:
        NotFound: missing, foreign, or not for this viewer.
    """
    if viewer.seat is not None:
        role = seats.roles_of([viewer.seat]).get(viewer.seat)
        if not allowed(role, "invoices.read"):
            raise NotFound("No such seat.")
    with businesses.enter_business(viewer.business_id):
        if type(wanted) is int and viewer.seat is not None:
            return invoices.get(invoice_id=wanted)
        public_id = UUID(wanted) if isinstance(wanted, str) else UUID(int=0)
        if viewer.seat is None and public_id != viewer.invoice:
            raise NotFound("Not this one.")
        return invoices.get_public(public_id=public_id)


def _sid() -> str:
    sid: str = request.sid  # type: ignore[attr-defined]  # set by Flask-SocketIO
    return sid


# --- every few seconds ---------------------------------------------------------------------------


def _noting_strangers(live: Live) -> Callable[[str, Mapping[str, Any]], Any]:
    """Remember when a connection came, until it has said who it is; begin checking with the first.

    The library's own handler is called as before.
    """
    handle = live.sockets.server.eio.handlers["connect"]

    def came(eio_sid: str, environ: Mapping[str, Any]) -> Any:
        live.strangers[eio_sid] = time.monotonic()
        live.sockets.server.manager.note_line(eio_sid, environ)
        if not live.checking:
            live.checking = True
            live.sockets.start_background_task(_check_for_ever, live)
        return handle(eio_sid, environ)

    return came


def _check_for_ever(live: Live) -> None:
    while True:
        live.sockets.sleep(CHECK_EVERY)
        try:
            with live.app.app_context():
                _check(live)
        except Exception:
            log.warning("sockets were not checked", exc_info=True)


def _check(live: Live) -> None:
    """Disconnect whose sign-in or seat is gone, and who never said who they are."""
    server = live.sockets.server
    # Each in a task of its own: the library waits for what a peer may never take.
    throw_out = live.sockets.start_background_task
    server.manager.forget_lines()
    members = {sid: viewer.seat for sid, viewer in live.viewers.items() if viewer.seat is not None}
    roles = seats.roles_of(set(members.values()))
    for sid, seat in members.items():
        if allowed(roles.get(seat), "events.read"):
            _keep_place(live, seat, sid)
        else:
            throw_out(server.disconnect, sid)
    for sid in _ended_visits(live):
        throw_out(server.disconnect, sid)
    late = time.monotonic() - SAY_WHO
    for eio_sid, came in list(live.strangers.items()):
        if eio_sid not in server.eio.sockets:
            live.strangers.pop(eio_sid, None)
        elif came < late:
            live.strangers.pop(eio_sid, None)
            throw_out(server.eio.disconnect, eio_sid)


def _ended_visits(live: Live) -> Iterator[str]:
    """Sockets of clients' pages whose session ended."""
    visits: dict[int, dict[str, int]] = {}
    for sid, viewer in live.viewers.items():
        if viewer.visit is not None:
            visits.setdefault(viewer.business_id, {})[sid] = viewer.visit
    for business_id, of_business in visits.items():
        with businesses.enter_business(business_id):
            stand = visitors.standing(session_ids=set(of_business.values()))
        yield from (sid for sid, visit in of_business.items() if visit not in stand)


def _keep_place(live: Live, seat: Seat, sid: str) -> None:
    key = f"invoicer:sockets:{seat.user_id}"
    try:
        live.redis.zadd(key, {sid: time.time() + COUNTED_FOR})
        live.redis.expire(key, COUNTED_FOR)
    except RedisError:
        return
