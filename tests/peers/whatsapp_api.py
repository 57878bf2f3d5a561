"""The HTTP of the WhatsApp peer: what is asked under which address, and how it may go wrong."""

import json
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, abort, jsonify, request

from tests.peers import whatsapp_page
from tests.peers.whatsapp_rules import Refused, Spec

if TYPE_CHECKING:
    from tests.peers.whatsapp import WhatsApp

VERSION = "v23.0"


class Api:
    """The API over HTTP. Raises nothing: what is refused is answered as Meta does."""

    def __init__(self, peer: "WhatsApp") -> None:
        self.peer = peer
        self.spec = Spec(peer.url)

    def routes(self, app: Flask) -> None:
        """Its addresses."""
        rules: list[tuple[str, str, Any]] = [
            ("POST", f"/{VERSION}/<of>/messages", self.messages),
            ("POST", f"/{VERSION}/<of>/media", self.upload),
            ("GET", f"/{VERSION}/<of>", self.thing),
            ("DELETE", f"/{VERSION}/<of>", self.forget),
            ("GET", "/media/<of>", self.download),
        ]
        for method, rule, act in rules:
            app.add_url_rule(rule, act.__name__, self._answering(act), methods=[method])

    def messages(self, of: str) -> Any:
        self._own(of)
        return self.peer.take(request.get_json(silent=True))

    def upload(self, of: str) -> Any:
        self._own(of)
        return self.peer.upload(request)

    def thing(self, of: str) -> Any:
        found = self.peer.media.get(of)
        if found is not None:
            return self.peer.described(found)
        self._own(of)
        number = f"+{self.peer.number}"
        shown = {"verified_name": "Peer", "display_phone_number": number, "id": of}
        return {**shown, "quality_rating": "GREEN"}

    def forget(self, of: str) -> Any:
        if self.peer.media.pop(of, None) is None:
            raise Refused(400, 100, "Object with this ID does not exist.")
        return {"success": True}

    def download(self, of: str) -> Any:
        found = self.peer.media.get(of)
        if found is None:
            raise Refused(404, 100, "No such file.")
        return Response(found.data, mimetype=found.media_type)

    def _own(self, phone_id: str) -> None:
        if phone_id != self.peer.phone_id:
            raise Refused(400, 100, "Object with this ID does not exist.")

    def _answering(self, act: Callable[[str], Any]) -> Callable[[str], Response]:
        def answer(of: str) -> Response:
            self.peer.asked.append(f"{request.method} {request.path}")
            mood = self.peer.mood if act.__name__ in self.peer.moody else "works"
            try:
                self._begin(mood)
                done = act(of)
            except Refused as refused:
                text = json.dumps(refused.body())
                return Response(text, refused.status, mimetype="application/json")
            if mood == "forgets":
                self.peer.go_on.wait(60)
            if mood == "hangs up":
                request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            return done if isinstance(done, Response) else jsonify(done)

        return answer

    def _begin(self, mood: str) -> None:
        """What stands between a request and its effect. Raises Refused."""
        if request.headers.get("Authorization") != f"Bearer {self.peer.token}":
            raise Refused(401, 190)
        if mood == "is down":
            abort(Response("<h1>Service unavailable</h1>", 503))
        if mood == "stumbles":
            raise Refused(500, 1)
        if mood == "is busy":
            raise Refused(429, 130429)
        if mood == "waits":
            self.peer.go_on.wait(60)
        breach = self.spec.breach(request)
        if breach is not None:
            self.peer.breaches.append(breach)
            raise Refused(400, 100, breach)


def application(peer: "WhatsApp") -> Flask:
    """The API, and the page for people."""
    app = Flask(__name__)
    Api(peer).routes(app)
    app.register_blueprint(whatsapp_page.pages(peer))
    return app
