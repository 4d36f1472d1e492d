"""Hostile tables of jobs, and hostile lists of failed jobs to be tried again."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from .arguments import NAMES
from .corpus import CHANGES, GOOD, Corpus, Maker, Reader, changed, endless, written
from .data import picture
from .recipes import JSON, RECIPES

LINES: dict[str, bytes | str] = {
    **{name: text for name, text in JSON.items() if name != "another encoding"},
    **{name: json.dumps(changed(GOOD["row"], values)) for name, values in CHANGES["rows"].items()},
    **{
        name: json.dumps({**GOOD["row"], field: value})
        for name, field, value in (
            ("source is far too long", "source", "x/" * 5000),
            ("a parameter has dots", "parameters", {"." * 1000: 1}),
            ("a million parameters", "parameters", {f"p{number}": 1 for number in range(10_000)}),
            *(
                (f"name is {name}", "name", given)
                for name, given in NAMES.items()
                if name not in ("empty", "no unicode")
            ),
        )
    },
}
CELLS: dict[str, bytes | str] = {
    "empty": "",
    "not utf-8": b"recipe\n\xff\xfe\n",
    "another encoding": "recipe,source\ntint,good.png\n".encode("utf-16"),
    "columns without an end": "recipe," + "," * 200_000,
    "a quote without an end": 'recipe\n"' + "x" * 1_000_000,
    "a long line": "recipe\n" + "tint," * 1_000_000 + "\n",
    "rows without an end": "recipe\n" + "x\n" * 1_000_000,
    "good rows without an end": "recipe,name\n" + "torus,same\n" * 300_000,
    "a parameter is deep": 'recipe,parameter.dark\ntint,"' + "[" * 10_000 + '"\n',
}


FAILURES = {name: json.dumps(changed(GOOD["failure"], values)) for name, values in CHANGES["failures"].items()}


def beside_a_picture(text: bytes | str) -> Maker:
    """A table of this text, and the picture that its rows name."""

    def make(path: Path) -> None:
        (path.parent / "good.png").write_bytes(picture())
        written(text)(path)

    return make


def failures(text: bytes | str) -> Maker:
    """A folder of a batch in which these jobs have failed."""

    def make(path: Path) -> None:
        path.write_bytes(b"")
        written('{"failed": "a"}\n')(path.with_name("batch.jsonl"))
        written(text)(path.with_name("failures.jsonl"))

    return make


def recorded(name: str, make: Maker) -> Maker:
    """A folder of a batch in which a file of the record is something else."""

    def made(path: Path) -> None:
        path.write_bytes(b"")
        path.with_name("somebody's").write_text('{"failed": "a"}\n')
        make(path.with_name(name))

    return made


RECORDS = ("batch.jsonl", "failures.jsonl")
ODD: dict[str, Maker] = {
    "a link": lambda path: path.symlink_to("somebody's"),
    "a folder": lambda path: path.mkdir(),
    **endless({"zeros": b"", "failures": b'{"failed": "a"}\n'}),
}
if sys.platform != "win32":
    ODD["a pipe"] = os.mkfifo


BATCH = Reader("batch", ("batch", "{file}", "--out", "{out}"))
LISTED = Reader("batch listed", ("batch", "{file}", "--out", "{out}", "--dry-run"))
LINED = {name: beside_a_picture(text) for name, text in LINES.items()}
CELLED = {name: beside_a_picture(text) for name, text in CELLS.items()}
CORPORA = [
    Corpus("tables of lines", ".jsonl", LINED, (BATCH, LISTED), most_characters=6000),
    Corpus("tables of cells", ".csv", CELLED, (BATCH,), most_characters=6000),
    Corpus(
        "recipes of batches",
        ".json",
        {name: written(text) for name, text in RECIPES.items() if name.startswith("a ")},
        (Reader("batch of a recipe", ("batch", "{file}", "--out", "{out}")),),
    ),
    Corpus(
        "failures",
        ".txt",
        {name: failures(text) for name, text in FAILURES.items()},
        (Reader("batch again", ("batch", "--retry", "--out", "{folder}", "--dry-run")),),
        only=True,
    ),
    Corpus(
        "records",
        ".txt",
        {f"{name} is {what}": recorded(name, make) for name in RECORDS for what, make in ODD.items()},
        (
            Reader("batch", ("batch", "bark", "--out", "{folder}")),
            Reader("batch again", ("batch", "--retry", "--out", "{folder}")),
        ),
        only=True,
    ),
]
