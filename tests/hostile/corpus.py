"""The corpus of hostile files: which are made, and by what each is read.

Every module of this folder may say `CORPORA = [Corpus(...)]`: the makers of some kind of file, and its readers.
`test_hostile` gives each file to each reader, in a process of its own (see `forking`), and holds that the reader

- ends within its time limit, with a peak of resident memory under MAX_MIB, and without a traceback;
- says one sentence with its remedy, without a control character, and exits with an `ImpastoError`'s code; a file named
  in `harmless` may be read as well;
- writes nothing but into its own output folder, and leaves nothing half done there.

Beside its own files each corpus gets those of `no_files`: pipes, sockets, devices, folders and dangling links.
What is slow to make or to read goes into `slow`: it is left out unless pytest is told `--all`. To try one by hand:
`pytest tests/hostile -k "cards and nan"`. No binary is kept: makers write their bytes anew, and may write neighbours.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MAX_MIB = 2048 - 160  # a command that is not forked begins with some 160
LIMIT_S = 60.0
"""For reading one file; generous, since tests share their processors."""

Maker = Callable[[Path], None]
"""`make(path)` writes the hostile file at `path`, whose folder is empty."""


@dataclass(frozen=True)
class Reader:
    """Something that reads the file: the `impasto` command with these arguments, or a function of a module.

    {file}, {folder} (its folder) and {out} (a folder that may be written to) stand for paths, in `environment` too.
    A function is named "hostile.module:function" and called with the file and the output folder; what it raises counts
    as it does for the command.
    """

    name: str
    command: tuple[str, ...] = ()
    function: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    may_accept: bool = False
    """Whether it need not look at what is wrong: lists go on without a bad file, and headers may be good."""
    limit_s: float = LIMIT_S


@dataclass(frozen=True)
class Corpus:
    """Files of one kind, by name, and their readers. harmless: names of those that a reader may accept."""

    kind: str
    suffix: str
    files: Mapping[str, Maker]
    readers: tuple[Reader, ...]
    harmless: frozenset[str] = frozenset()
    good: frozenset[str] = frozenset()
    """Names of those that every reader must accept."""
    slow: Mapping[str, Maker] = field(default_factory=dict)
    only: bool = False
    """Whether nothing but its own files is tried."""
    most_characters: int = 1500
    """Limit of what a reader says, which may list several mistakes."""
    takes_folders: bool = False
    """Whether a folder is a good argument, so that an empty one is no hostile file."""


@dataclass(frozen=True)
class Case:
    """One file for one reader."""

    corpus: Corpus
    name: str
    make: Maker
    reader: Reader
    is_slow: bool

    @property
    def id(self) -> str:
        """As pytest names it."""
        return f"{self.corpus.kind}-{self.name}-{self.reader.name}".replace(" ", "_")


def written(content: bytes | str) -> Maker:
    data = content.encode() if isinstance(content, str) else content
    return lambda path: path.write_bytes(data) and None


CHANGES: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("changes.json").read_text("utf-8"))
"""Hostile files of a few words or numbers: whole texts, or other values at places of something good (see `changed`)."""
GOOD: dict[str, Any] = CHANGES["what is good"]


def changed(good: Any, values: Mapping[str, Any]) -> Any:
    """A copy of JSON data with other values at these places, each a path such as "steps/0/tool"; LEFT OUT is none."""
    made = json.loads(json.dumps(good))
    for place, value in values.items():
        *above, name = [int(part) if part.isdigit() else part for part in place.split("/")]
        holder = made
        for part in above:
            holder = holder[part]
        holder[name] = value
        if value == "LEFT OUT":
            del holder[name]
    return made


def cases() -> Iterator[Case]:
    """Every file of every corpus, for each of its readers."""
    for corpus in corpora():
        for reader in corpus.readers:
            files = {**({} if corpus.only else no_files(corpus)), **corpus.files}
            for name, make in files.items():
                yield Case(corpus, name, make, reader, is_slow=False)
            for name, make in corpus.slow.items():
                yield Case(corpus, name, make, reader, is_slow=True)


def corpora() -> list[Corpus]:
    names = sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    modules = [importlib.import_module(f"{__package__}.{name}") for name in names if not name.startswith("test_")]
    return [corpus for module in modules for corpus in getattr(module, "CORPORA", ())]


def no_files(corpus: Corpus) -> dict[str, Maker]:
    """Things with a file's name that are no files."""
    found: dict[str, Maker] = {
        "nothing there": lambda path: None,
        "dangling link": lambda path: path.symlink_to(path.parent / "absent"),
        "link to itself": lambda path: path.symlink_to(path),
        "empty": written(b""),
        "zeros": written(bytes(4096)),
    }
    if not corpus.takes_folders:
        found["folder"] = lambda path: path.mkdir()
    if sys.platform != "win32":
        found |= {"pipe": os.mkfifo, "socket": _bind, "device": lambda path: path.symlink_to("/dev/zero")}
    return found | endless({"zeros": b""})


def endless(beginnings: Mapping[str, bytes | Callable[[], bytes]]) -> dict[str, Maker]:
    """Files that begin like this, by name, and go on for a terabyte of zeros, which only Linux always keeps unwritten.

    Nothing that reads one to its end, or hashes it, does so within the limit.
    """

    def make(beginning: bytes | Callable[[], bytes]) -> Maker:
        def made(path: Path) -> None:
            path.write_bytes(beginning if isinstance(beginning, bytes) else beginning())
            os.truncate(path, 2**40)

        return made

    if sys.platform != "linux":
        return {}
    return {f"a terabyte of {name}": make(beginning) for name, beginning in beginnings.items()}


def _bind(path: Path) -> None:
    """A socket in the file system; its path may have 100 bytes only."""
    before = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(before)
