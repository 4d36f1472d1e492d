"""Maps of materials and objects in a .blend, which a background Blender with the extension reads or bakes.

That Blender is $IMPASTO_BLENDER, or else `blender` on PATH. Its command `contents` lists what a .blend holds, and
`bake` writes the maps.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypedDict, TypeVar

from ..errors import FileError, Message, WorkerError, error_from_name
from ..system import process
from ..system.transaction import temporary_folder
from ..system.typed_json import PositiveSize, as_kind
from ..system.untrusted import check_file, excerpt, explain, parse_json, read_bytes
from .datablocks import Datablock

PROGRAM, ADDON = "IMPASTO_BLENDER", "IMPASTO_BLENDER_ADDON"
POLL_S = 0.1
CONTENTS_LIMIT_S = 600.0
MOST_BYTES = 2**26
"""Limit of Blender's answer about a file."""
T = TypeVar("T")
GET_BLENDER = "install Blender and its Impasto extension, and set {} to its program if it is not on PATH"
GET_BLENDER = Message(GET_BLENDER, PROGRAM)
GET_EXTENSION = Message("install the Impasto extension of this version in it, or set {} to another Blender", PROGRAM)


class BlenderProblem(TypedDict):
    """The reason why a datablock cannot be baked."""

    message: str
    remedy: str


class BlenderFailure(BlenderProblem):
    """The reason why Blender could not do something."""

    error: str


class Found(TypedDict):
    """A datablock in a .blend."""

    name: str
    size_px: list[PositiveSize] | None
    files: list[str]
    problem: BlenderProblem | None


class Contents(TypedDict):
    """Contents of a .blend by kind, and Blender's version."""

    blender: str
    Material: list[Found]
    Object: list[Found]


class Written(TypedDict):
    """The files of maps that Blender has written, and its notes for the user."""

    files: list[str]
    notes: list[str]


@dataclass(frozen=True)
class Source:
    """A datablock as Blender describes it. files: the .blend, and the external files that the datablock uses.

    size_px: (height, width) of its maps. blender: the version of Blender that bakes it.
    """

    datablock: Datablock
    size_px: tuple[int, int]
    files: tuple[Path, ...]
    blender: str


def datablocks_in(data: Datablock) -> list[Datablock]:
    """The datablock that is named, or all of its kind if none is. Raise FileError if there are none."""
    if data.name:
        return [data]
    found = [Datablock(data.file, data.kind, one["name"]) for one in _contents(data.file)[data.kind]]  # type: ignore[literal-required]
    if not found:
        raise FileError("{} has no sources", "add materials or mesh objects that have one in Blender", data.title)
    return found


def source_at(datablock: Datablock) -> Source:
    """The source in a .blend. Raise FileError if it is missing, lacks a file, or cannot be baked."""
    contents = _contents(datablock.file)
    known: list[Found] = contents[datablock.kind]  # type: ignore[literal-required]
    name = datablock.name_in(one["name"] for one in known)
    about = next(one for one in known if one["name"] == name)
    files = tuple(map(Path, about["files"]))
    datablock.check_files(files)
    if problem := about["problem"]:
        raise FileError("{}: {}", problem["remedy"], datablock.title, problem["message"])
    if not about["size_px"] or len(about["size_px"]) != 2:
        raise FileError("{} has an image without pixels", "find its missing file in Blender", datablock.title)
    height_px, width_px = about["size_px"]
    named = Datablock(datablock.file, datablock.kind, name)
    return Source(named, (height_px, width_px), (datablock.file, *files), contents["blender"])


@contextmanager
def written_maps(
    datablock: Datablock, on_progress: Callable[[float], None] = lambda fraction: None
) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """A folder with the maps of a datablock, and Blender's notes on them, until the end of the block.

    `on_progress(0.0)` is called while Blender works, and may raise Cancelled, which ends Blender. FileError,
    ParameterError or WorkerError says what Blender could not do.
    """
    check_file(datablock.file)
    with temporary_folder() as folder:
        maps = folder / (datablock.file_name if datablock.name else "maps")
        arguments = ("bake", str(datablock.path.absolute()), "--out", str(maps))
        answer = _answer_as(Written, _ask(arguments, folder, lambda: on_progress(0.0)))
        yield maps, tuple(answer["notes"])


def check_blender() -> str:
    """Path of Blender's program. Raise FileError if there is none."""
    program = process.find_program(os.environ.get(PROGRAM) or "blender")
    if program is None:
        raise FileError("there is no Blender here that could read or write a .blend", GET_BLENDER)
    return program


class Library(TypedDict):
    """An asset library that Blender has written: its .blend files, and whether it has an index for a server."""

    files: list[str]
    has_index: bool


def write_library(assets: Path, folder: Path, on_progress: Callable[[float], None]) -> Library:
    """Let Blender write the assets of a list (see `assets.AssetList`) into a folder, as an asset library.

    `on_progress(0.0)` is called while Blender works, and may raise Cancelled, which ends Blender. FileError or
    WorkerError says what Blender could not do.
    """
    with temporary_folder() as temporary:
        arguments = ("library", str(assets.absolute()), "--out", str(folder.absolute()), "--remote")
        return _answer_as(Library, _ask(arguments, temporary, lambda: on_progress(0.0)))


def _contents(blend: Path) -> Contents:
    """Blender's answer to `contents` for a file. It is cached while the file's size and time do not change."""
    check_file(blend)
    with explain(blend, "read"):
        about = blend.stat()
    with _asking:
        return _contents_of(blend.absolute(), about.st_size, about.st_mtime_ns)


_asking = threading.Lock()


@lru_cache(maxsize=64)
def _contents_of(blend: Path, size_bytes: int, changed_ns: int) -> Contents:
    until = time.monotonic() + CONTENTS_LIMIT_S

    def check_time() -> None:
        if time.monotonic() > until:
            message = "Blender took longer than {:.0f} s to open {}"
            raise WorkerError(message, "see whether it opens in Blender", CONTENTS_LIMIT_S, excerpt(blend))

    with temporary_folder() as folder:
        answer = _ask(("contents", str(blend)), folder, check_time)
    return _answer_as(Contents, answer)


def _ask(arguments: tuple[str, ...], folder: Path, poll: Callable[[], None]) -> Mapping[str, Any]:
    """The answer of `blender --command impasto`, with its temporary files in a folder. `poll()` is called meanwhile."""
    program = check_blender()
    threads = os.environ.get("OMP_NUM_THREADS", "")
    share = ("--threads", threads) if threads.isdecimal() else ()
    own = ("--json", "--temporary", str(folder))
    addon = ("--addons", name) if (name := os.environ.get(ADDON)) else ()  # it may not be enabled in preferences
    command = [program, "--background", *share, *addon, "--command", "impasto", *arguments, *own]
    said, log = folder / "said", folder / "log"
    environment = dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(folder))
    with said.open("wb") as stdout, log.open("wb") as stderr:
        try:
            popen = process.start(command, environment, stdout=stdout, stderr=stderr)
        except OSError as error:
            raise FileError("{} cannot be started: {}", GET_BLENDER, program, error.strerror or error) from error
    with popen:
        try:
            while popen.poll() is None:
                poll()
                time.sleep(POLL_S)
        finally:
            process.end(popen, at_once=True)
    return _answer(popen.returncode, said, log)


def _answer(code: int, said: Path, log: Path) -> Mapping[str, Any]:
    """The JSON object in the last line of it. An error in it is raised. Raise WorkerError if there is no such line."""
    lines = read_bytes(said, MOST_BYTES).decode("utf-8", "replace").splitlines()
    line = next((line for line in reversed(lines) if line.startswith("{")), "")
    if line:
        answer = parse_json(line, "Blender's answer", kind=WorkerError, max_bytes=MOST_BYTES)
        if "error" in answer:
            failure = _answer_as(BlenderFailure, answer)
            raise error_from_name(failure["error"], failure["message"], failure["remedy"])
        if code == 0:
            return answer
    words = [*lines, *read_bytes(log, MOST_BYTES).decode("utf-8", "replace").splitlines()]
    last = next((line.strip()[-200:] for line in reversed(words) if line.strip()), "it said nothing")
    message = "Blender could not read or write the .blend ({}): {}"
    raise WorkerError(message, GET_EXTENSION, process.describe_exit(code), last)


def _answer_as(kind: type[T], answer: Mapping[str, Any]) -> T:
    return as_kind(kind, answer, "Blender's answer", WorkerError, GET_EXTENSION)
