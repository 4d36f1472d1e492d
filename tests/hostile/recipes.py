"""Hostile recipes: as files, and within the pictures that they claim to have made."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

from .browser_pictures import chunk
from .browser_pictures import png as a_png
from .corpus import CHANGES, GOOD, Corpus, Maker, Reader, changed, written

RECIPE = GOOD["recipe"]

JSON: dict[str, bytes | str] = {
    **CHANGES["JSON"],
    "long number": '{"seed": ' + "9" * 5000 + "}",
    "deep": "[" * 100_000 + "]" * 100_000,
    "deep object": '{"a":' * 5000 + "1" + "}" * 5000,
    "not utf-8": b'{"steps": [{"tool": "\xff\xfe"}]}',
    "another encoding": json.dumps(RECIPE).encode("utf-16"),
}
"""Faults of any JSON, whatever is expected in it."""


MANY = 100_000
RECIPES: dict[str, bytes | str] = {
    **JSON,
    **{name: json.dumps(changed(RECIPE, values)) for name, values in CHANGES["recipes"].items()},
    **{
        name: json.dumps(changed(RECIPE, {place: value}))
        for name, place, value in (
            ("a million steps", "steps", RECIPE["steps"] * MANY),
            ("parameters are very many", "steps/0/parameters", {f"p{n}": n for n in range(MANY)}),
            ("inputs are very many", "steps/0/inputs", {f"p{n}": "source" for n in range(MANY)}),
            (
                "a parameter has a thousand sliders",
                "steps/0/parameters",
                {"sliders": {f"s{n}": 1 for n in range(1000)}},
            ),
            ("an input has a million names", "steps/0/inputs", {"style": ["a"] * 1_000_000}),
            ("a mask is of a kind of a million letters", "steps/0/mask", {"kind": "x" * 1_000_000}),
            ("models are very many", "made_with", {"models": {f"m{n}": "x" for n in range(MANY)}}),
        )
    },
}


def picture(recipe: str | bytes) -> bytes:
    """A PNG of one pixel with a recipe (JSON) in its text."""
    text = b'{"recipe": ' + (recipe.encode(errors="surrogatepass") if isinstance(recipe, str) else recipe) + b"}"
    return png(text)


def png(text: bytes) -> bytes:
    """A PNG of one pixel with this text where Impasto keeps what it knows."""
    words = chunk(b"iTXt", b"impasto\0\0\0\0\0" + text)
    return a_png(words, size=(1, 1), pixels=zlib.compress(bytes(4)))


def claiming(name: str) -> Maker:
    """A picture whose recipe says that this was its input; what it must not find lies two folders above."""

    def make(path: Path) -> None:
        recipe = changed(RECIPE, {"inputs": {"source": {"name": name, "sha256": "x"}}})
        path.write_bytes(picture(json.dumps(recipe)))

    return make


def linked(path: Path) -> None:
    """A picture whose recipe names an input beside it, which is a link out of the folder."""
    (path.parent / "source.png").symlink_to("/etc/passwd")
    claiming("source.png")(path)


EMBEDDED = {
    **{name: written(picture(data)) for name, data in RECIPES.items()},
    **{name: written(png(text.encode())) for name, text in CHANGES["metadata"].items()},
    **{f"input {name}": claiming(given) for name, given in CHANGES["names of inputs"].items()},
    "input long": claiming("x" * 5000),
    "input linked": linked,
}
RUN, RERUN = (Reader(action, (action, "{file}", "--out", "{out}")) for action in ("run", "rerun"))
CORPORA = [
    Corpus("recipes", ".json", {name: written(data) for name, data in RECIPES.items()}, (RUN,)),
    Corpus("embedded", "_base_color.png", EMBEDDED, (RERUN,)),
]
