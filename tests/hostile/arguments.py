"""Hostile names, numbers and places on the command line (arguments.json): a good picture, and what no file can have."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from .corpus import Corpus, Reader
from .data import picture

TABLES = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
SEAMLESS = ("seamless", "{file}", "--estimator", "none", "--size", "64x64", "--pattern", "stochastic", "--out")
NAMES: dict[str, str] = TABLES["names"]
PLACES = {**TABLES["places"], "far too long": ["{out}/" + "x/" * 3000]}
ABSENT = {"win32": {"read-only", "a device", "full disk"}, "linux": set()}.get(sys.platform, {"full disk"})
"""Places that this system does not have."""


def good(path: Path) -> None:
    path.write_bytes(picture())


def in_the_way(path: Path) -> None:
    """A picture, and beside it a file where a folder is wanted, a folder where a file is, and a link to itself."""
    good(path)
    (path.parent / "file").write_bytes(b"")
    (path.parent / "taken").mkdir()
    (path.parent / "taken" / "x_base_color.png").mkdir()
    (path.parent / "circle").symlink_to(path.parent / "circle")


def corpus(kind: str, *readers: Reader, suffix: str = ".png", **how: frozenset[str]) -> Corpus:
    return Corpus(kind, suffix, {"a good picture": good}, readers, only=True, **how)


GOOD = frozenset({"a good picture"})
CORPORA = [
    corpus("numbers", *(Reader(name, tuple(line)) for name, line in TABLES["numbers"].items())),
    *(
        corpus(
            f"named with {name}",
            Reader("seamless", (*SEAMLESS, "{out}")),
            suffix=ending,
            harmless=GOOD,
            good=GOOD if name != "no unicode" else frozenset(),
        )
        for name, ending in TABLES["endings of a name"].items()
        if sys.platform != "win32"
    ),
    corpus(
        "names",
        *(Reader(f"name is {name}", (*SEAMLESS, "{out}", "--name", given)) for name, given in NAMES.items()),
        *(
            Reader(f"model is {name}", ("generate", "torus", "--model", given, "--out", "{out}"))
            for name, given in NAMES.items()
            if name != "empty"
        ),
        *(
            Reader(f"training is {name}", ("train", "train-torus", "{file}", "--name", given, "--out", "{out}"))
            for name, given in NAMES.items()
        ),
    ),
    Corpus(
        "places",
        ".png",
        {"things in the way": in_the_way},
        (
            *(Reader(f"out is {name}", (*SEAMLESS, *out)) for name, out in PLACES.items() if name not in ABSENT),
            *(Reader(name, **how) for name, how in TABLES["commands for a place"].items()),
        ),
        only=True,
    ),
]
