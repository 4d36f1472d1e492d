"""Hostile names and places on the command line: a good picture, and arguments that no file can have."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .corpus import Corpus, Reader
from .data import picture

SEAMLESS = ("seamless", "{file}", "--estimator", "none", "--size", "64x64", "--pattern", "stochastic")
NAMES = {
    "empty": " ",
    "above": "../evil",
    "nul": "a\0b",
    "newline": "a\nb",
    "escapes": "\x1b[2J",
    "long": "x" * 300,
    "hidden": ".evil",
    "no unicode": "\udcff",
}


ENDINGS = {
    "newline": "\n.png",
    "escapes": "\x1b[2J.png",
    "long": "x" * 230 + ".png",
    "dots": "....png",
    "quotes": "'\".png",
    "no unicode": os.fsdecode(b"\xff.png"),
}
"""Of a good picture's name."""


def good(path: Path) -> None:
    path.write_bytes(picture())


def in_the_way(path: Path) -> None:
    """A picture, and beside it a file where a folder is wanted, a folder where a file is, and a link to itself."""
    good(path)
    (path.parent / "file").write_bytes(b"")
    (path.parent / "taken").mkdir()
    (path.parent / "taken" / "x_base_color.png").mkdir()
    (path.parent / "circle").symlink_to(path.parent / "circle")


def writing_to(name: str, out: str, *more: str) -> Reader:
    """The command with this folder for what it makes."""
    return Reader(f"out is {name}", (*SEAMLESS, "--out", out, *more))


NUMBERS = {
    "longest px is negative": ("--longest-px", "-5"),
    "smallest px is huge": ("--smallest-px", "9" * 30),
    "crop px is negative": ("--crop-px", "-1"),
    "crop is not a number": ("--crop", "nan,nan,nan,nan"),
    "crop is inside out": ("--crop", "1,1,0,0"),
}

CORPORA = [
    Corpus(
        only=True,
        kind="numbers",
        suffix=".png",
        files={"a good picture": good},
        readers=(
            *(Reader(name, ("prepare", "{file}", "--out", "{out}", *given)) for name, given in NUMBERS.items()),
            Reader("seed is negative", (*SEAMLESS, "--out", "{out}", "--seed", "-1")),
            Reader("seed is huge", (*SEAMLESS, "--out", "{out}", "--seed", "9" * 30)),
            Reader("size is huge", ("seamless", "{file}", "--size", "999999999x1", "--out", "{out}")),
        ),
    ),
    *(
        Corpus(
            only=True,
            kind=f"named with {name}",
            suffix=ending,
            files={"a good picture": good},
            readers=(Reader("seamless", (*SEAMLESS, "--out", "{out}")),),
            harmless=frozenset({"a good picture"}),
            good=frozenset({"a good picture"} if name != "no unicode" else ()),
        )
        for name, ending in ENDINGS.items()
        if sys.platform != "win32"
    ),
    Corpus(
        only=True,
        kind="names",
        suffix=".png",
        files={"a good picture": good},
        readers=(
            *(
                Reader(f"name is {name}", (*SEAMLESS, "--out", "{out}", "--name", given))
                for name, given in NAMES.items()
            ),
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
    ),
    Corpus(
        only=True,
        kind="places",
        suffix=".png",
        files={"things in the way": in_the_way},
        readers=(
            writing_to("a file", "{folder}/file"),
            writing_to("below a file", "{folder}/file/below"),
            writing_to("a circle", "{folder}/circle"),
            writing_to("too long", "{out}/" + "x" * 300),
            writing_to("far too long", "{out}/" + "x/" * 3000),
            writing_to("nul", "{out}/a\0b"),
            writing_to("taken", "{folder}/taken", "--name", "x", "--force"),
            *(
                [writing_to("read-only", "/proc/impasto"), writing_to("a device", "/dev/null")]
                if os.name != "nt"
                else []
            ),
            *([Reader("full disk", (*SEAMLESS, "--out", "/dev/full"))] if sys.platform == "linux" else []),
            Reader("batch to a file", ("batch", "tint", "{file}", "--out", "{folder}/file")),
            Reader("batch to a circle", ("batch", "tint", "{file}", "--out", "{folder}/circle")),
            Reader("prepare to a file", ("prepare", "{file}", "--out", "{folder}/file")),
            Reader("train to a file", ("train", "train-torus", "{file}", "--name", "x", "--out", "{folder}/file")),
            Reader(
                "install to a file", ("models", "install", "{file}"), environment={"IMPASTO_MODELS": "{folder}/file"}
            ),
            Reader("list a file", ("models", "list"), environment={"IMPASTO_MODELS": "{folder}/file"}, may_accept=True),
            Reader(
                "weights in a file",
                ("weights", "list"),
                environment={"IMPASTO_WEIGHTS": "{folder}/file"},
                may_accept=True,
            ),
        ),
    ),
]
