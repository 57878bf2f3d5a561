"""The only place that calls a model: by key, within the day's limit, in bounded time and tries.

Every try is a row of `spending`. No transaction is open while a model is asked.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeVar

from invoicer_core.plugin import (
    Actor,
    InvalidInput,
    PermanentFailure,
    RetryLater,
    Unavailable,
    httpx_client,
    on_first_use,
    outside,
    say,
)

from . import faults, spending
from .faults import Again, plainly, sorted_out
from .settings import AiSettings, cost
from .spending import Ctx

if TYPE_CHECKING:
    import httpx2 as httpx
    import openai
else:
    openai = on_first_use("openai")

T = TypeVar("T")
Message = Mapping[str, Any]

TRIES: Final = 3
"""For faults on the way; an answer that makes no sense is asked for once more."""
MOST_TOKENS: Final = 2_000
MOST_CHARACTERS: Final = 20_000
MOST_BYTES: Final = 30_000_000
"""Of an answer: a picture in base64 has some millions."""
PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 20.0


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What the model wants done: nothing of it is trusted. ``arguments`` is JSON, or nonsense."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model answered. ``data``: the object, where a schema was given; ``is_cut``: too long.
    ``cost`` is in US dollars."""

    text: str
    model: str
    cost: Decimal
    tokens: tuple[int, int]
    generation_id: int
    is_cut: bool = False
    data: Any = None
    tool_calls: tuple[ToolCall, ...] = ()


def is_ready(ctx: Ctx) -> bool:
    """Whether there is a key."""
    return bool(ctx.settings.api_key)


def complete(
    ctx: Ctx,
    messages: Sequence[Message],
    *,
    purpose: str,
    tools: Sequence[Mapping[str, Any]] | None = None,
    schema: Mapping[str, Any] | None = None,
    most_tokens: int = MOST_TOKENS,
    by: Actor | None = None,
    once: bool = False,
) -> Completion:
    """One answer to a conversation.

    Args:
        purpose: what for, in the history: ``text``, ``sql``, ``assistant`` ...
        tools: functions in the service's own form that the model may ask for.
        schema: JSON Schema that the answer keeps to, as ``Completion.data``.
        by: who asks; the member of the context unless told.
        once: call the service one time at most, whatever comes of it.

    Raises:
        Unavailable: no key, or no usable answer; the words say what to do.
        TooManyRequests: the day's limit is reached.
        InvalidInput: the conversation is too long for the model.
    """
    more: dict[str, Any] = {"tools": list(tools)} if tools else {}
    if schema is not None:
        shape = {"name": "answer", "schema": dict(schema), "strict": True}
        more["response_format"] = {"type": "json_schema", "json_schema": shape}
    for last in (True,) if once else (False, True):
        call = _Call(ctx, purpose, messages, most_tokens, by or ctx.member or ctx.actor)
        try:
            return _answered(call, more, schema, 1 if once else TRIES)
        except Unavailable as odd:
            if last or odd.detail != faults.NONSENSE:
                raise
    raise AssertionError("unreachable")


def _answered(
    call: "_Call", more: Mapping[str, Any], schema: Mapping[str, Any] | None, tries: int
) -> Completion:
    with call as client:
        return _understood(call, call.tried(lambda: call.ask(client, **more), tries), schema)


def stream(
    ctx: Ctx,
    messages: Sequence[Message],
    *,
    purpose: str,
    by: Actor | None = None,
    judge: Callable[[str], None] | None = None,
) -> Iterator[str]:
    """The answer piece by piece; a reader who leaves ends the call and its cost.

    Args:
        judge: looks at the whole text at the end; raises InvalidInput where it may not be shown.

    Raises:
        As `complete`; those of the beginning come before the first piece.
    """
    call = _Call(ctx, purpose, messages, MOST_TOKENS, by or ctx.member or ctx.actor)
    with call as client:
        pieces = call.tried(lambda: call.ask(client, stream=True))
        with pieces, sorted_out():
            for piece in pieces:
                if piece.usage:
                    call.used(piece.usage)
                for choice in piece.choices:
                    words = choice.delta.content or ""
                    call.text += words
                    call.state = "cut" if choice.finish_reason == "length" else call.state
                    if words:
                        yield words
                if len(call.text) > MOST_CHARACTERS:
                    call.state = "cut"
                    break
        if not call.text.strip():
            raise Unavailable(faults.NOTHING)
        if judge is not None:
            call.state, ended = "refused", call.state
            judge(call.text)
            call.state = ended
        call.state = call.state if call.state == "cut" else "done"


def moderate(ctx: Ctx, words: str) -> None:
    """See that a text is one that may be asked for or shown.

    Raises:
        InvalidInput: it is not.
        Unavailable: nobody could look.
    """
    model = ctx.settings.moderation_model
    if not model or not words.strip():
        return
    with connected(ctx) as client, plainly(), sorted_out():
        answer = client.moderations.create(model=model, input=words[:MOST_CHARACTERS])
        flagged = any(each.flagged for each in answer.results)
    if flagged:
        raise InvalidInput(say("The moderation refuses this text: write it in other words."))


@contextmanager
def connected(ctx: Ctx) -> "Iterator[openai.OpenAI]":
    """The service's client, for one call. Raises Unavailable."""
    key = ctx.settings.api_key
    if not key:
        raise Unavailable(faults.NO_KEY)
    address, pin = _address(ctx)
    with httpx_client.client(ctx.settings.seconds, pin, MOST_BYTES) as http:
        yield openai.OpenAI(api_key=key.reveal(), base_url=address, max_retries=0, http_client=http)


@dataclass
class _Call:
    """One try at an answer, written down from its beginning to its end."""

    ctx: Ctx
    purpose: str
    messages: Sequence[Message]
    most_tokens: int
    by: Actor
    text: str = ""
    state: str = "stopped"
    tokens: tuple[int, int] | None = None
    id: int = 0
    until: float = 0.0
    _http: "httpx.Client" = field(init=False, repr=False)

    def __enter__(self) -> "openai.OpenAI":
        settings = self.ctx.settings
        address, pin = _address(self.ctx)
        key = settings.api_key
        if not key:
            raise Unavailable(faults.NO_KEY)
        prompt = json.dumps(list(self.messages), ensure_ascii=False)
        # No tokenizer yields more tokens than there are bytes; three bytes a token is usual.
        most = cost(settings, settings.text_model, len(prompt.encode()) // 2, self.most_tokens)
        self.id = spending.begin(
            self.ctx, purpose=self.purpose, model=settings.text_model, prompt=_said(self.messages),
            most=most, by=self.by,
        )  # fmt: skip
        self.until = time.monotonic() + settings.seconds
        self._http = httpx_client.client(settings.seconds, pin, MOST_BYTES)
        return openai.OpenAI(
            api_key=key.reveal(), base_url=address, max_retries=0, http_client=self._http
        )

    def ask(self, client: "openai.OpenAI", **more: Any) -> Any:
        """Send the conversation."""
        settings = self.ctx.settings
        own = "max_tokens" if settings.base_url else "max_completion_tokens"
        if more.get("stream"):
            more["stream_options"] = {"include_usage": True}
        asked: dict[str, Any] = {own: self.most_tokens, **more}
        conversation: Any = list(self.messages)
        return client.chat.completions.create(
            model=settings.text_model, messages=conversation, **asked
        )

    def tried(self, ask: Callable[[], T], tries: int = TRIES) -> T:
        """Up to three tries within the time; a 429 waits as long as it says."""
        for attempt in range(1, tries + 1):
            try:
                with sorted_out():
                    return ask()
            except Again as again:
                pause = again.after if again.after is not None else PAUSE * 2**attempt
                left = self.until - time.monotonic()
                if attempt == tries or pause > min(LONGEST_PAUSE, left):
                    raise Unavailable(again.words, max(1, int(pause))) from again
                time.sleep(pause)
        raise AssertionError("unreachable")

    def used(self, usage: Any) -> None:
        """What the service says it took."""
        self.tokens = max(0, usage.prompt_tokens or 0), max(0, usage.completion_tokens or 0)

    def __exit__(self, kind: type[BaseException] | None, error: Any, trace: Any) -> None:
        self._http.close()
        settings = self.ctx.settings
        state, tokens = self.state, self.tokens
        if kind is not None and kind is not GeneratorExit:
            is_refused = state == "refused" and isinstance(error, InvalidInput)
            state = "refused" if is_refused else "failed"
        if tokens is None and (self.text or kind is None or kind is GeneratorExit):
            # Not told: reckoned from the lengths, upwards.
            tokens = len(_said(self.messages).encode()) // 2, len(self.text.encode()) // 2 + 1
        if tokens is None:
            spent = faults.cost_of(error)
        else:
            spent = cost(settings, settings.text_model, *tokens)
        spending.finish(
            self.id, state=state, cost=spent, by=self.by, result=self.text,
            trouble=str(error or ""), tokens=tokens or (0, 0),
        )  # fmt: skip


def _address(ctx: Ctx) -> tuple[str, str | None]:
    """The service's address, seen to be one of the open Internet, and where that is in figures.
    Raises Unavailable."""
    address = ctx.settings.base_url
    if not address:
        return "https://api.openai.com/v1", None
    try:
        return address, outside.pinned(address, env="OPENAI_BASE_URL")
    except (PermanentFailure, RetryLater) as refused:
        raise Unavailable(str(refused)) from refused


def _understood(call: _Call, answer: Any, schema: Mapping[str, Any] | None) -> Completion:
    """The answer in our form. Raises Unavailable for nothing and for nonsense."""
    with sorted_out():
        if answer.usage:
            call.used(answer.usage)
        choice = answer.choices[0] if answer.choices else None
        said = (choice.message.content or "") if choice else ""
        wanted = (choice.message.tool_calls or ()) if choice else ()
        tools = tuple(
            ToolCall(each.id, each.function.name, each.function.arguments or "")
            for each in wanted
            if each.type == "function"
        )
        is_cut = bool(choice and choice.finish_reason == "length") or len(said) > MOST_CHARACTERS
    call.text = said[:MOST_CHARACTERS]
    data = _object(call.text) if schema is not None and not tools else None
    if (not said.strip() and not tools) or (schema is not None and data is None and not tools):
        raise Unavailable(faults.NONSENSE)
    call.state = "cut" if is_cut else "done"
    tokens = call.tokens or (0, 0)
    settings: AiSettings = call.ctx.settings
    spent = cost(settings, settings.text_model, *tokens)
    return Completion(call.text, settings.text_model, spent, tokens, call.id, is_cut, data, tools)


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _said(messages: Sequence[Message]) -> str:
    """The conversation as the history shows it."""
    return "\n\n".join(f"{each.get('role')}: {each.get('content') or ''}" for each in messages)
