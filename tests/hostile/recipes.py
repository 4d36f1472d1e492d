"""Hostile recipes: as files, and within the pictures that they claim to have made."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .corpus import Corpus, Maker, Reader, written

GOOD = {"steps": [{"tool": "quilt", "parameters": {"width_px": 32, "height_px": 32}, "inputs": {}}], "seed": 1}

JSON: dict[str, bytes | str] = {
    "half": '{"steps": ',
    "nan": '{"steps": [], "seed": NaN}',
    "long number": '{"seed": ' + "9" * 5000 + "}",
    "deep": "[" * 100_000 + "]" * 100_000,
    "deep object": '{"a":' * 5000 + "1" + "}" * 5000,
    "half a pair": '{"steps": [{"tool": "\\ud800"}]}',
    "not utf-8": b'{"steps": [{"tool": "\xff\xfe"}]}',
    "another encoding": json.dumps(GOOD).encode("utf-16"),
    "escapes": json.dumps({"steps": [{"tool": "\x1b[2J\x1b]0;owned\x07"}]}),
}
"""Faults of any JSON, whatever is expected in it."""


def changed(**fields: Any) -> str:
    return json.dumps({**GOOD, **fields})


def step(**fields: Any) -> str:
    return changed(steps=[{**GOOD["steps"][0], **fields}])  # type: ignore[index]


RECIPES: dict[str, bytes | str] = {
    **JSON,
    "no steps": changed(steps=[]),
    "a million steps": changed(steps=[GOOD["steps"][0]] * 100_000),  # type: ignore[index]
    "seed is text": changed(seed="1"),
    "seed is negative": changed(seed=-1),
    "an unknown field": changed(evil=1),
    "tool is unknown": step(tool="absent"),
    "all steps are disabled": step(enabled=False),
    "parameters are a list": step(parameters=[1]),
    "parameters are very many": step(parameters={f"p{n}": n for n in range(100_000)}),
    "inputs are very many": step(inputs={f"p{n}": "source" for n in range(100_000)}),
    "a parameter is an object": step(parameters={"width_px": {"a": 1}}),
    "a parameter has a thousand sliders": step(parameters={"sliders": {f"s{n}": 1 for n in range(1000)}}),
    "a slider is text": step(parameters={"sliders": {"moss": "much"}}),
    "a parameter is too large": step(parameters={"width_px": 10**30}),
    "inputs are text": step(inputs="source"),
    "an input has a million names": step(inputs={"style": ["a"] * 1_000_000}),
    "an input has a number among its names": step(inputs={"style": ["a", 7]}),
    "an unknown input has names": step(inputs={"evil": ["source", "source"]}),
    "an unknown input": step(inputs={"evil": "source"}),
    "a mask is of no kind": step(mask={"kind": ["noise"]}),
    "a mask is of a kind of a million letters": step(mask={"kind": "x" * 1_000_000}),
    "a mask has an unknown field": step(mask={"kind": "noise", "path": "/etc/passwd"}),
    "a mask has a huge size": step(mask={"kind": "noise", "size": 10**30}),
    "a recorded input is text": changed(inputs={"source": "wall.png"}),
    "a recorded name is absent": changed(inputs={"source": {"sha256": "x"}}),
    "a recorded width is negative": changed(inputs={"source": {"name": "a.png", "sha256": "x", "width_m": -1}}),
    "made_with is text": changed(made_with="torch"),
    "models are very many": changed(made_with={"models": {f"m{n}": "x" for n in range(100_000)}}),
    "models are a list": changed(made_with={"models": ["x"]}),
}

NAMES_OF_INPUTS = {
    "above": "../../secret.png",
    "absolute": "/etc/passwd",
    "a drive": "C:\\secret.png",
    "nul": "a\0b.png",
    "empty": "",
    "escapes": "\x1b[2J.png",
    "long": "x" * 5000,
    "half a pair": "\ud800.png",
}


def picture(recipe: str | bytes) -> bytes:
    """A PNG of one pixel with a recipe (JSON) in its text."""
    text = b'{"recipe": ' + (recipe.encode(errors="surrogatepass") if isinstance(recipe, str) else recipe) + b"}"
    return png(text)


def png(text: bytes) -> bytes:
    """A PNG of one pixel with this text where Impasto keeps what it knows."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    words = chunk(b"iTXt", b"impasto\0\0\0\0\0" + text)
    return b"\x89PNG\r\n\x1a\n" + head + words + chunk(b"IDAT", zlib.compress(bytes(4))) + chunk(b"IEND", b"")


def claiming(name: str) -> Maker:
    """A picture whose recipe says that this was its input; what it must not find lies two folders above."""

    def make(path: Path) -> None:
        recipe = changed(inputs={"source": {"name": name, "sha256": "x"}})
        path.write_bytes(picture(recipe))

    return make


def linked(path: Path) -> None:
    """A picture whose recipe names an input beside it, which is a link out of the folder."""
    (path.parent / "source.png").symlink_to("/etc/passwd")
    claiming("source.png")(path)


METADATA: dict[str, bytes] = {
    "a list": b"[1]",
    "the recipe is a number": b'{"recipe": 7}',
    "the width is text": b'{"width_m": "wide"}',
    "the width is nan": b'{"width_m": NaN}',
    "the width is infinite": b'{"width_m": 1e999}',
    "the width is negative": b'{"width_m": -1}',
}


def _all(content: dict[str, Any], wrap: Callable[[Any], bytes | str]) -> dict[str, Maker]:
    return {name: written(wrap(data)) for name, data in content.items()}


CORPORA = [
    Corpus(
        "recipes",
        ".json",
        _all(RECIPES, lambda data: data),
        (Reader("run", ("run", "{file}", "--out", "{out}")),),
    ),
    Corpus(
        "embedded",
        "_base_color.png",
        {
            **_all(RECIPES, picture),
            **_all(METADATA, png),
            **{f"input {name}": claiming(given) for name, given in NAMES_OF_INPUTS.items()},
            "input linked": linked,
        },
        (Reader("rerun", ("rerun", "{file}", "--out", "{out}")),),
    ),
]
