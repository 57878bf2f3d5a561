"""The models: one on this machine, which is the default, and OpenAI's."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache, partial
from importlib import import_module
from typing import Any, Final

from gevent import get_hub
from gevent.monkey import is_module_patched

from invoicer_core.plugin import Embedder

from .settings import Ctx

LOCAL_MODEL: Final = "all-MiniLM-L6-v2"
OPENAI: Final = {
    "openai-small": ("text-embedding-3-small", 1536),
    "openai-large": ("text-embedding-3-large", 3072),
}
REMEMBERED: Final = 256

Vectors = Sequence[Sequence[float]]


def offered() -> Iterable[Embedder]:
    """The local model first."""
    yield Embedder("local", LOCAL_MODEL, 384, local, heavy=True)
    for name, (model, dimension) in OPENAI.items():
        yield Embedder(name, model, dimension, partial(openai, model))


# --- on this machine ---------------------------------------------------------------------------


def local(_ctx: Ctx, texts: Sequence[str]) -> Vectors:
    """Vectors by MiniLM. A single text, as somebody types it, is remembered for a while."""
    if len(texts) == 1:
        return (_of_one(texts[0]),)
    return _beside(partial(_model().embed, list(texts)))


@lru_cache(REMEMBERED)
def _of_one(text: str) -> tuple[float, ...]:
    return tuple(_beside(partial(_model().embed, [text]))[0])


@cache
def _model() -> Any:
    """The model, loaded when it is first needed: an import at the top would cost every process of
    the installation 100 ms and NumPy's memory, also those that never search."""
    return import_module("invoicer_vector_search.minilm").MiniLM()


def _beside(work: Callable[[], Vectors]) -> Vectors:
    """Do it in a real thread where greenlets share one: the matrices release the interpreter, so
    that other requests and open sockets go on meanwhile."""
    if not is_module_patched("socket"):
        return work()
    found: Vectors = get_hub().threadpool.apply(work)
    return found


# --- OpenAI ------------------------------------------------------------------------------------


def openai(model: str, ctx: Ctx, texts: Sequence[str]) -> Vectors:
    """Vectors by OpenAI, or a service that answers like it.

    Raises:
        RetryLater: nobody answered, or too many asked.
        PermanentFailure: the key or the address is wrong, or the answer makes no sense.
    """
    found: Vectors = _remote().embed(model, ctx, texts)
    return found


@cache
def _remote() -> Any:
    """Its package, too, would be paid for by every process."""
    return import_module("invoicer_vector_search.remote")
