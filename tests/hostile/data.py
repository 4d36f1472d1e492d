"""Hostile training data: indexes of contact sheets, tables of licences, and folders of odd things."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from typing import Any

from .corpus import CHANGES, GOOD, Corpus, Maker, Reader, changed, no_files, written
from .recipes import JSON

INDEX = GOOD["index"]
INDEXES: dict[str, Any] = {
    **{name: changed(INDEX, values) for name, values in CHANGES["indexes"].items()},
    "a list": [],
    "many boxes": {**INDEX, "boxes": {"Bricks.png": [[0, 0]] * 100_000}},
}


def picture(side: int = 96) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.effect_noise((side, side), 60).convert("RGB").save(stream, "PNG")
    return stream.getvalue()


def index(text: bytes | str) -> Maker:
    """A folder of contact sheets with this index."""

    def make(path: Path) -> None:
        path.mkdir()
        (path / "Bricks.png").write_bytes(picture(128))
        written(text)(path / "index.json")

    return make


def linked(path: Path) -> None:
    """An index that names a sheet which is a link out of its folder."""
    (path.parent / "secret.png").write_bytes(picture(128))
    index(json.dumps({**INDEX, "boxes": {"Link.png": [[0, 0]]}}))(path)
    (path / "Link.png").symlink_to(path.parent / "secret.png")


def table(content: bytes | str) -> Maker:
    """A folder with a picture and this table of licences."""

    def make(path: Path) -> None:
        path.mkdir()
        (path / "wall.png").write_bytes(picture())
        written(content)(path / "SOURCES.tsv")

    return make


def within(name: str, odd: Maker, suffix: str = ".png") -> Maker:
    """A folder with a good picture and something odd beside it."""

    def make(path: Path) -> None:
        path.mkdir()
        (path / "wall.png").write_bytes(picture())
        odd(path / f"{name}{suffix}")

    return make


def circle(path: Path) -> None:
    """A folder that holds itself, and a chain of folders as deep as paths go."""
    within("odd", lambda file: file.symlink_to(path), "")(path)
    deep = path
    for _ in range(60):
        deep = deep / ("x" * 40)
        if len(str(deep)) > 3500:
            break
        deep.mkdir()


FOLDER = Corpus("folder", "", {}, (), takes_folders=True)
ODD: dict[str, Maker] = {
    **{f"beside {name}": within("odd", make) for name, make in no_files(FOLDER).items()},
    "beside a folder": within("odd", lambda path: path.mkdir()),
    "beside a name with escapes": within("\x1b[2J", written(b"x")),
    "within itself": circle,
    "licences as latin-1": table("file\tlicence\nwall.png\tGrü\n".encode("latin-1")),
    "licences without columns": table("a\tb\n1\t2\n"),
    "licences with a huge field": table("file\tlicence\n" + "x" * 200_000 + "\tCC0\n"),
}
if sys.platform == "linux":
    ODD["beside a name that is no unicode"] = within(os.fsdecode(b"w\xffll"), written(picture()))
    ODD["beside a table that is a pipe"] = within("SOURCES", os.mkfifo, ".tsv")

INDEXED = {
    **{name: index(text) for name, text in JSON.items()},
    **{name: index(json.dumps(data)) for name, data in INDEXES.items()},
    "a linked sheet": linked,
    "index is a pipe": within("index", os.mkfifo, ".json"),
}
USABLE = frozenset({"beside a folder", "beside a pipe", "beside device", "within itself"}) & frozenset(ODD)
PREPARE = Reader("prepare", ("prepare", "{file}", "--out", "{out}"))
CORPORA = [
    Corpus("indexes", "", INDEXED, (PREPARE,), takes_folders=True),
    Corpus("datasets", "", ODD, (PREPARE,), harmless=frozenset(ODD), good=USABLE, takes_folders=True),
]
