"""Hostile models: cards, thumbnails and tensors that are no torus model's, made from a tiny one that is."""

from __future__ import annotations

import base64
import io
import json
import struct
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from impasto.errors import ModelError
from impasto.library.tensors import write_tensors
from impasto.plugins.registry import registry

from .corpus import CHANGES, GOOD, Corpus, Maker, Reader, changed, endless, written
from .recipes import JSON

CARD, SURFACE = GOOD["torus card"], GOOD["torus card"]["surfaces"][0]


@cache
def tensors() -> dict[str, np.ndarray]:
    """Those of the good model: random weights, a slider, and a unit cell."""
    from impasto_gan.torus.card import TorusCard
    from impasto_gan.torus.cells.unit_cell import UnitCell
    from impasto_gan.torus.model import TorusModel, lattice_of

    card = TorusCard.of(CARD)
    random = np.random.default_rng(1)
    state = TorusModel(card, UnitCell.zeros(lattice_of(card.lattice), card.channels, False)).state_dict()
    return {name: (random.standard_normal(tuple(like.shape)) / 4).astype(np.float16) for name, like in state.items()}


def model(
    card: Mapping[str, Any] | None = None,
    thumbnail: bytes | str = b"",
    without: str = "",
    good_card: Mapping[str, Any] = CARD,
    good_tensors: Callable[[], dict[str, np.ndarray]] = tensors,
    **changed: np.ndarray,
) -> Maker:
    """A maker of the good model: fields of its card, its thumbnail or tensors changed, or one tensor left out."""

    def make(path: Path) -> None:
        about = {**good_card, **(card or {})}
        metadata = {"card": json.dumps({name: value for name, value in about.items() if value != "LEFT OUT"})}
        if thumbnail:
            metadata["thumbnail"] = (
                thumbnail if isinstance(thumbnail, str) else base64.b64encode(thumbnail).decode("ascii")
            )
        kept = {name: array for name, array in {**good_tensors(), **changed}.items() if name != without}
        write_tensors(path, kept, metadata)

    return make


def with_card(values: Mapping[str, Any]) -> Maker:
    """The good model with other values at these places of its card."""
    fields = {name.partition("/")[0] for name in values}
    about = changed(CARD, values)
    return model({name: about.get(name, "LEFT OUT") for name in fields})


def carded(text: bytes | str) -> Maker:
    """A maker of a safetensors file with this text as its card, by hand: libraries refuse to write some of it."""

    def make(path: Path) -> None:
        data = text if isinstance(text, str) else text.decode("latin-1")
        path.write_bytes(safetensors({"__metadata__": {"card": data}}))

    return make


def safetensors(header: Any, body: bytes = b"") -> bytes:
    """A safetensors file: the length of the header, the header, the tensors."""
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def cut_off(path: Path) -> None:
    model()(path)
    path.write_bytes(path.read_bytes()[:-9])


def png(width: int, height: int) -> bytes:
    """A small file of that many pixels, all black."""
    from PIL import Image

    stream = io.BytesIO()
    Image.new("1", (width, height)).save(stream, "PNG")
    return stream.getvalue()


WRONG: tuple[Any, ...] = (None, 7, -1, 1e300, True, "", "x", [], ["x"], [None], {}, {"x": 1}, [[]], [[1, 2], [3]])
"""Values that a field may have instead."""
COMMON_FIELDS = ("name", "architecture", "tool", "data", "label", "material", "classes", "sliders", "maps")
TORUS_FIELDS = ("surfaces", "lattice", "widths", "blocks")
SURFACE_FIELDS = ("mean", "matrix", "texel_m", "height_range_m")


def surface(card: Mapping[str, Any]) -> Maker:
    """The good model with these fields of its second surface."""
    changed = {name: value for name, value in {**SURFACE, **card}.items() if value != "LEFT OUT"}
    return model({"surfaces": [SURFACE, changed]})


def every(
    fields: tuple[str, ...],
    good: Callable[[str, Any], bool] = lambda name, value: False,
    made: Callable[[Mapping[str, Any]], Maker] = model,
) -> dict[str, Maker]:
    """Each of these fields with each wrong value, but for those that are good, and left out."""
    return {
        f"{name} is {json.dumps(value)}": made({name: value})
        for name in fields
        for value in (*WRONG, "LEFT OUT")
        if not good(name, value)
    }


def listed(name: str, value: Any) -> bool:
    """Whether a card may well say this: lists may be empty, text may be anything."""
    return any(value == one and type(value) is type(one) for one in CHANGES["what a card may say"].get(name, ()))


MODELS: dict[str, Maker] = {
    **{f"card {name}": carded(text) for name, text in JSON.items()},
    "no card": written(safetensors({"__metadata__": {"a": "b"}})),
    "header claims terabytes": written(struct.pack("<Q", 2**42) + b"{}"),
    "tensor claims terabytes": written(
        safetensors({"a": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}})
    ),
    "tensors overlap": written(
        safetensors({name: {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} for name in "ab"}, bytes(4))
    ),
    "cut off": cut_off,
    **endless({"a header": safetensors({"x": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, bytes(8))}),
    **{name: with_card(values) for name, values in CHANGES["cards"].items()},
    "label is huge": model({"label": "x" * 100_000}),
    "thumbnail is no base64": model(thumbnail="*"),
    "thumbnail is large": model(thumbnail=png(1, 1) + bytes(300_000)),
    "thumbnail is a bomb": model(thumbnail=png(20_000, 20_000)),
}
"""Refused by whatever reads a model's header."""


def good_for_surface(name: str, value: Any) -> bool:
    """Whether the generator takes it for a surface."""
    unknown = (None, "LEFT OUT")
    return {"texel_m": value in (*unknown, 7), "height_range_m": value in (*unknown, 7)}.get(name, False)


SLOW = {**every(TORUS_FIELDS), **every(SURFACE_FIELDS, good_for_surface, surface)}
GAINS, CELL = "network.stages.0.gains", "unit_cell.mean.rows"
FINITE = np.ones((4, 1, 1), np.float16)
TORUS: dict[str, Maker] = {
    **{name: with_card(values) for name, values in CHANGES["torus cards"].items()},
    "a tensor is missing": model(without=GAINS),
    "sliders' tensor is missing": model(without="sliders"),
    "a tensor too many": model(evil=FINITE),
    "a tensor of integers": model(**{GAINS: np.ones((4, 1, 1), np.int64)}),
    "a tensor of another shape": model(**{GAINS: np.ones((4, 1), np.float16)}),
    "a unit cell of another shape": model(**{CELL: np.ones((4, 3, 16), np.float16)}),
    "a unit cell of nothing": model(**{CELL: np.ones((4, 0, 16), np.float16)}),
    "sliders of another shape": model(sliders=np.ones((1, 5), np.float16)),
    "weights overflow": model(**{"network.stages.0.head.weight": np.full((4, 2, 1, 1), 3e38, np.float32)}),
}
"""Refused by the generator."""

NOT_FINITE: dict[str, Maker] = {
    f"{name} is {value}": model(**{name: np.full(shape, value, np.float16)})
    for name, shape in ((GAINS, (4, 1, 1)), ("sliders", (1, 33)), (CELL, (4, 4, 16)))
    for value in (np.nan, np.inf, -np.inf)
}
"""Refused by whatever reads tensors."""

FIGURES = {name: with_card(values) for name, values in CHANGES["figures"].items()}
"""Mistakes in fields that do not matter: a warning."""


def offer(file: Path, out: Path) -> None:
    """The library's description for Blender: the bad file is named, and hides no good one."""
    offered = registry().model_library(file.parent).catalogue()
    if not [one for one in offered["models"] if one["bundled"]]:
        raise AssertionError("a bad file hides the good ones")
    json.dumps(offered).encode()
    damaged = [one for one in offered["damaged_models"] if one["name"] == file.stem]
    if damaged:
        raise ModelError(damaged[0]["error"], damaged[0]["remedy"])


LIBRARY = {"IMPASTO_MODELS": "{folder}"}
LIST = Reader("list", ("models", "list"), environment=LIBRARY, may_accept=True)
OFFER = Reader("offer", function="hostile.models:offer", may_accept=True)
SHOW = Reader("show", ("models", "show", "hostile"), environment=LIBRARY)
INSTALL = Reader("install", ("models", "install", "{file}"), environment={"IMPASTO_MODELS": "{out}"})
SIZE = ("--size", "64x64", "--estimator", "none", "--out", "{out}")
GENERATE = Reader("generate", ("generate", "torus", "--model", "{file}", *SIZE))

CORPORA = [
    Corpus("models", ".safetensors", MODELS, (OFFER, SHOW, INSTALL, GENERATE), slow=every(COMMON_FIELDS, listed)),
    Corpus("tensors", ".safetensors", NOT_FINITE, (INSTALL, GENERATE)),
    Corpus("torus", ".safetensors", TORUS, (GENERATE,), slow=SLOW),
    Corpus("figures", ".safetensors", FIGURES, (LIST, SHOW, GENERATE), good=frozenset(FIGURES)),
]
