"""The telephone network as a caller's code sees it: calls that ring, speak, and hear keys."""

import itertools
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin
from uuid import uuid4

from tests.peers.twilio_rules import Answer, call_back

ATTRIBUTES = {
    "Say": {"voice", "language", "loop"},
    "Gather": {"action", "method", "timeout", "numDigits", "input", "finishOnKey", "language"},
    "Pause": {"length"},
    "Hangup": set(),
    "Redirect": {"method"},
    "Reject": {"reason"},
}  # fmt: skip
INSIDE_GATHER = {"Say", "Pause"}
LANGUAGES = {
    "en-US", "en-GB", "en-AU", "en-CA", "en-IN", "de-DE", "fr-FR", "fr-CA", "es-ES", "es-MX",
    "it-IT", "nl-NL", "pl-PL", "pt-PT", "pt-BR", "da-DK", "sv-SE", "nb-NO",
}  # fmt: skip
LONGEST_SAY = 4096
MOST_STEPS = 30


class WrongTwiml(Exception):
    """What Twilio would answer with "an application error has occurred"."""


@dataclass
class Call:
    """One call. ``said`` is what was heard, by language; ``gather`` waits for a key."""

    sid: str
    to: str
    sender: str
    url: str
    method: str
    callback: str
    events: tuple[str, ...]
    made_at: str
    status: str = "queued"
    said: list[tuple[str, str]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    gather: Mapping[str, str] | None = None
    address: str = ""
    rest: list[ET.Element] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)
    steps: int = 0

    def text(self) -> str:
        """All that was heard so far."""
        return " ".join(words for _, words in self.said)


class Exchange:
    """Puts calls through, step by step, as the test or the person at the page says."""

    def __init__(self, account: str, token: str, wrong: list[str]) -> None:
        self.account, self.token, self.wrong = account, token, wrong
        self.calls: dict[str, Call] = {}
        self.answers: list[Answer] = []

    def make(self, form: Mapping[str, str], events: tuple[str, ...], now: str) -> Call:
        """A call that will ring when it is told to."""
        call = Call(
            sid=f"CA{uuid4().hex}", to=form["To"], sender=form["From"], url=form.get("Url", ""),
            method=form.get("Method", "POST"), callback=form.get("StatusCallback", ""),
            events=events or ("completed",), made_at=now,
        )  # fmt: skip
        self.calls[call.sid] = call
        return call

    def only(self) -> Call:
        """The one call there is."""
        (call,) = self.calls.values()
        return call

    def ring(self, call: Call) -> None:
        """It begins, and rings."""
        self._move(call, "initiated", "initiated")
        self._move(call, "ringing", "ringing")

    def miss(self, call: Call, how: str) -> None:
        """Nobody heard it: ``busy``, ``no-answer`` or ``failed``."""
        self.ring(call)
        self._move(call, how, "completed")

    def answer(self, call: Call) -> Call:
        """Somebody picks up: what to say is asked for and said."""
        self.ring(call)
        self._move(call, "in-progress", "answered")
        self._follow(call, call.url, call.method, {})
        return call

    def press(self, call: Call, key: str) -> Call:
        """A key is pressed while the call listens."""
        assert call.gather is not None, "the call does not listen"
        gather, call.gather = call.gather, None
        call.keys.append(key)
        address = urljoin(call.address, gather.get("action", call.address))
        self._follow(call, address, gather.get("method", "POST"), {"Digits": key})
        return call

    def wait(self, call: Call) -> Call:
        """No key is pressed: the call goes on behind its question."""
        assert call.gather is not None
        call.gather = None
        self._guarded(call, lambda: self._say(call, call.rest))
        return call

    def hang_up(self, call: Call) -> None:
        """Whoever was called puts the receiver down."""
        call.gather, call.rest = None, []
        self._move(call, "completed", "completed", CallDuration="12")

    def fields(self, call: Call, **more: str) -> dict[str, str]:
        """What Twilio says of a call to every webhook."""
        return {
            "CallSid": call.sid, "AccountSid": self.account, "From": call.sender, "To": call.to,
            "Caller": call.sender, "Called": call.to, "CallStatus": call.status,
            "Direction": "outbound-api", "ApiVersion": "2010-04-01", **more,
        }  # fmt: skip

    def report(self, call: Call, status: str, **more: str) -> Answer:
        """News of a call, also such as never happened in this order."""
        number = str(next(call.numbers))
        fields = {**self.fields(call, SequenceNumber=number), "CallStatus": status, **more}
        answer = call_back(call.callback, fields, self.token)
        self.answers.append(answer)
        return answer

    def _move(self, call: Call, status: str, event: str, **more: str) -> None:
        call.status = status
        if call.callback and event in call.events:
            self.report(call, status, **more)

    def _follow(self, call: Call, url: str, method: str, more: Mapping[str, str]) -> None:
        def fetch() -> None:
            call.steps += 1
            if call.steps > MOST_STEPS:
                raise WrongTwiml("the call goes round in circles")
            answer = call_back(url, self.fields(call, **more), self.token, method=method)
            self.answers.append(answer)
            call.address = url
            self._say(call, read(answer))

        self._guarded(call, fetch)

    def _guarded(self, call: Call, run: Callable[[], None]) -> None:
        try:
            run()
        except WrongTwiml as wrong:
            self.wrong.append(f"call {call.sid}: {wrong}")
            call.said.append(("en-US", "We are sorry, an application error has occurred."))
            self.hang_up(call)

    def _say(self, call: Call, verbs: list[ET.Element]) -> None:
        for number, verb in enumerate(verbs):
            if verb.tag == "Say":
                call.said.append((verb.get("language", "en-US"), verb.text or ""))
            elif verb.tag == "Gather":
                inner = [each for each in verb if each.tag == "Say"]
                call.said += [(each.get("language", "en-US"), each.text or "") for each in inner]
                call.gather, call.rest = dict(verb.attrib), verbs[number + 1 :]
                return
            elif verb.tag == "Redirect":
                url = urljoin(call.address, verb.text or "")
                self._follow(call, url, verb.get("method", "POST"), {})
                return
            elif verb.tag == "Hangup":
                break
        self.hang_up(call)


def read(answer: Answer) -> list[ET.Element]:
    """The verbs of an answer. Raises WrongTwiml."""
    if answer.status != 200:
        raise WrongTwiml(f"11200: the address answered {answer.status} {answer.body[:200]}")
    if answer.media_type not in ("text/xml", "application/xml"):
        raise WrongTwiml(f"12300: {answer.media_type} is no content type of TwiML")
    try:
        root = ET.fromstring(answer.body)  # noqa: S314 - from a test's own application
    except ET.ParseError as error:
        raise WrongTwiml(f"12100: {error}: {answer.body[:200]}") from None
    if root.tag != "Response":
        raise WrongTwiml("12102: the root is not Response")
    for verb in root:
        _check(verb)
        for inner in verb:
            if verb.tag != "Gather" or inner.tag not in INSIDE_GATHER:
                raise WrongTwiml(f"12200: {inner.tag} may not stand in {verb.tag}")
            _check(inner)
    return list(root)


def _check(verb: ET.Element) -> None:
    if verb.tag not in ATTRIBUTES:
        raise WrongTwiml(f"12200: no verb {verb.tag}")
    odd = set(verb.attrib) - ATTRIBUTES[verb.tag]
    if odd:
        raise WrongTwiml(f"12200: {verb.tag} has no {', '.join(sorted(odd))}")
    if verb.tag == "Say":
        if not (verb.text or "").strip() or len(verb.text or "") > LONGEST_SAY:
            raise WrongTwiml("13520: Say has no text, or too much of it")
        if verb.get("language", "en-US") not in LANGUAGES:
            raise WrongTwiml(f"13512: no language {verb.get('language')}")
    if verb.tag == "Gather" and verb.get("input", "dtmf") not in ("dtmf", "speech", "dtmf speech"):
        raise WrongTwiml("13321: Gather listens to nothing")
