"""Validation of data from outside: JSON, paths, files, and untrusted text on a terminal.

Each kind is checked once, here, and has the right type afterwards. Standard library only: Blender uses it too.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import math
import os
import stat
import unicodedata
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, TYPE_CHECKING, Any

from ..errors import FileError, ImpastoError

if TYPE_CHECKING:
    from zipfile import ZipInfo

MAX_JSON_BYTES = 2**24
MAX_JSON_DEPTH = 64
MAX_LIST_BYTES = 2**22
"""Limit of the list of parts in an archive, about 40,000 parts: Python takes ten times as many bytes for it."""
MAX_DIGITS = 40
"""Most digits of a number in JSON: more than any float needs, and few enough to parse fast."""
SHOWN_CHARACTERS = 80
"""Most characters of a wrong value that a message shows."""
LARGER = "check that it is the file that you meant"
REMEDIES = {
    errno.EROFS: "choose a folder that is not on a read-only disk",
    errno.ENOSPC: "check the disk and its free space: make room, or choose a folder on another disk",
    errno.EDQUOT: "check the disk and its free space: make room, or choose a folder on another disk",
    errno.ENAMETOOLONG: "use a shorter name, or a folder whose path is shorter",
    errno.ENOENT: "check that the name is right and the disk is there",
    errno.EISDIR: "a folder of this name is in the way: remove it, or choose another name",
    errno.ENOTDIR: "choose another folder: a file is in the way",
    errno.EEXIST: "choose another folder: a file is in the way",
    errno.EMFILE: "close other programs: too many files are open",
    errno.ELOOP: "its links point at each other: use the file itself",
}


def parse_json(
    text: str | bytes,
    what: str,
    *,
    kind: type[ImpastoError] = FileError,
    max_bytes: int = MAX_JSON_BYTES,
    finite: bool = True,
) -> Any:
    """Plain data from JSON; `what` names it in errors, which are of `kind`. finite: refuse Python's NaN and Infinity.

    Refuses more than `max_bytes`, text that is not UTF-8, more than MAX_JSON_DEPTH levels, numbers that are not finite
    or have more than MAX_DIGITS digits, and text with half of a surrogate pair, which could not be written again.
    """

    def refuse(why: str, *values: object) -> ImpastoError:
        return kind(f"{{}} {why}", "check where it comes from; it may be damaged", what, *values)

    if len(text) > max_bytes:
        raise refuse("is too large ({:,} bytes of JSON, the limit is {:,})", len(text), max_bytes)

    def number(convert: type[int] | type[float]) -> Any:
        def read(digits: str) -> int | float:
            if len(digits) > MAX_DIGITS or not math.isfinite(value := convert(digits)):
                raise refuse("contains a number that is too large or too long ({})", excerpt(digits))
            return value

        return read

    def constant(name: str) -> float:
        if not finite:
            return float(name)
        raise refuse("contains {}, which is not a number in JSON", name)

    try:
        text = text if isinstance(text, str) else text.decode("utf-8-sig")
        data = json.loads(text, parse_int=number(int), parse_float=number(float), parse_constant=constant)
        _check_depth(data, MAX_JSON_DEPTH)
    except RecursionError as error:
        raise refuse("is nested deeper than {} levels", MAX_JSON_DEPTH) from error
    except ValueError as error:  # malformed JSON, or bytes that are not UTF-8
        raise refuse("is not JSON ({})", error) from error
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        found = error.object[max(0, error.start - 40) : error.end + 40]
        raise refuse("contains text that is not Unicode ({})", excerpt(found)) from error
    return data


def _check_depth(data: Any, most: int) -> None:
    """Raise RecursionError for objects and lists in more than `most` levels."""
    if most == 0:
        raise RecursionError
    for below in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        _check_depth(below, most - 1)


def read_json(
    path: Path, what: str = "", *, kind: type[ImpastoError] = FileError, max_bytes: int = MAX_JSON_BYTES
) -> Any:
    """The data in a JSON file, as `parse_json` reads it. Raise FileError if the file cannot be read."""
    return parse_json(read_bytes(path, max_bytes), what or str(path), kind=kind, max_bytes=max_bytes)


def open_file(path: Path) -> io.BufferedReader:
    """A regular file, open for reading. Raise FileError for others, such as a pipe, which could block for ever."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)
    with explain(path, "read"):
        stream = os.fdopen(os.open(path, flags), "rb")
        mode = os.fstat(stream.fileno()).st_mode
    if not stat.S_ISREG(mode):
        stream.close()
        raise FileError("{} is no regular file", "copy its contents into a file first", excerpt(path))
    return stream


def check_file(path: Path, max_bytes: int | None = None) -> Path:
    """The path, if it is a readable regular file, for libraries that open files themselves. Raise FileError if not.

    max_bytes: largest size of the file, checked before anything is read.
    """
    with open_file(path) as stream:
        if max_bytes is not None and os.fstat(stream.fileno()).st_size > max_bytes:
            raise FileError("{} is larger than {:,} bytes", LARGER, excerpt(path), max_bytes)
    return path


def read_bytes(path: Path, max_bytes: int) -> bytes:
    """The content of a regular file. Raise FileError if it is larger than `max_bytes`."""
    with open_file(check_file(path, max_bytes)) as stream, explain(path, "read"):
        data = stream.read(max_bytes + 1)
    if len(data) > max_bytes:  # it has grown, or has no size, as files in /proc
        raise FileError("{} is larger than {:,} bytes", LARGER, excerpt(path), max_bytes)
    return data


def sha256_of(path: Path) -> str:
    """SHA-256 of a regular file's content. Raise FileError if it cannot be read."""
    import hashlib

    with open_file(path) as stream, explain(path, "read"):
        return hashlib.file_digest(stream, "sha256").hexdigest()


def archive_members(stream: IO[bytes]) -> list[ZipInfo]:
    """The parts of a zip, without unpacking them. BadZipFile if it is none, or its list of parts is too long."""
    from zipfile import ZipFile

    with ZipFile(_Bounded(stream)) as archive:  # type: ignore[call-overload]
        return archive.infolist()


class _Bounded:
    """A file whose reads are limited, however long a list of parts an archive in it claims to have."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size if 0 <= size <= MAX_LIST_BYTES else MAX_LIST_BYTES + 1)
        if len(data) > MAX_LIST_BYTES:
            from zipfile import BadZipFile

            raise BadZipFile("it lists too many parts")
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def resolve(path: Path) -> Path:
    """The absolute path with every link followed. Raise FileError for circular links."""
    with explain(path, "read"):
        try:
            return path.resolve()
        except (RuntimeError, ValueError) as error:  # before Python 3.13; NUL in the name
            raise FileError("cannot read {}: {}", REMEDIES[errno.ELOOP], excerpt(path), error) from error


def is_there(path: Path) -> bool:
    """Whether something is at the path, even a dangling link. Raise FileError if that cannot be determined."""
    with explain(path, "read"):
        try:
            path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return False
    return True


def is_folder(path: Path) -> bool:
    """Whether the path is a folder or a link to one; False if that cannot be determined."""
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name that is too long, or has a NUL
        return False


def files_in(folder: Path) -> list[Path]:
    """The entries of a folder, sorted; none if it does not exist. Raise FileError if it cannot be read."""
    with explain(folder, "read"):
        try:
            return sorted(folder.iterdir())
        except FileNotFoundError:
            return []


def make_folder(folder: Path) -> Path:
    """The folder, created with its parents if needed. Raise FileError if it cannot be created."""
    with explain(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def inside(folder: Path, relative: object, what: str, *, kind: type[ImpastoError] = FileError) -> Path:
    """The path `relative` to a folder, with every link followed. Raises `kind` if it leads out of the folder."""
    if not isinstance(relative, str) or not relative or not is_unicode(relative) or "\0" in relative:
        raise kind("{} must be a path below {}, got {}", "use a file's name", what, excerpt(folder), excerpt(relative))
    parts = (PurePosixPath(relative), PureWindowsPath(relative))
    leads_out = any(path.is_absolute() or path.drive or path.root or ".." in path.parts for path in parts)
    with explain(folder / "…", "read"):
        try:
            found = (folder / relative).resolve()
            leads_out = leads_out or not found.is_relative_to(folder.resolve())
        except (RuntimeError, ValueError):  # links in a circle, before Python 3.13
            leads_out = True
    if leads_out:
        message = "{} {} leads out of {}"
        raise kind(message, "only files below that folder are used", what, excerpt(relative), excerpt(folder))
    return found


@contextlib.contextmanager
def explain(path: Path, doing: str = "write") -> Iterator[None]:
    """Convert OSErrors, and a NUL in the path, into FileErrors with a remedy; `doing` is "read" or "write"."""
    try:
        yield
    except OSError as error:
        raise file_error(error, path, doing) from error
    except ValueError as error:
        if "\0" not in str(path) and is_unicode(str(path)):
            raise
        raise FileError(f"cannot {doing} {{}}: {{}}", "check its name", excerpt(path), error) from error


def file_error(error: OSError, path: Path | None = None, doing: str = "read or write") -> FileError:
    """FileError with a remedy for an OSError, about `path` or else the path that the error names."""
    if path is None and isinstance(error.filename, str):
        path = Path(error.filename)
    if isinstance(error, PermissionError):
        remedy = "check that it may be read" if doing == "read" else "choose a folder that you may write to"
    else:
        remedy = REMEDIES.get(error.errno or 0, "check the disk and its free space")
    what = excerpt(path) if path else "a file"
    return FileError(f"cannot {doing} {{}}: {{}}", remedy, what, error.strerror or error)


def is_unicode(text: str) -> bool:
    """Whether UTF-8 can hold the text: Python decodes other file names with lone surrogates."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def excerpt(value: object) -> str:
    """A value as messages show it: in one short line, without control characters."""
    is_path = isinstance(value, os.PathLike)
    limit = SHOWN_CHARACTERS * (4 if is_path else 1)
    if isinstance(value, str) and len(value) > 2 * limit:  # printing megabytes takes long
        value = value[:limit] + value[-limit:]
    text = str(value) if is_path else repr(value)
    return shorten(printable(text if len(text) <= 2 * limit else text[:limit] + text[-limit:]), limit)


def shorten(text: str, limit: int = SHOWN_CHARACTERS) -> str:
    """The text; without its middle if it is longer than `limit` characters."""
    return text if len(text) <= limit else f"{text[: limit // 2]}…{text[-limit // 2 :]}"


def printable(text: str) -> str:
    """Untrusted text for a terminal: control characters become escapes such as \\x1b."""
    return text if text.isascii() and text.isprintable() else "".join(map(_harmless, text))


def _harmless(character: str) -> str:
    if character in "\n\t" or " " <= character <= "~":
        return character
    changes_direction = "\u202a" <= character <= "\u202e" or "\u2066" <= character <= "\u2069"
    if not changes_direction and unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp"):
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
