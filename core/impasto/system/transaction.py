"""Atomic writes of sets of files: all or none, even if the process is killed.

A set is written into a hidden folder beside its targets, .impasto-….set/new, under a lock that vanishes with the
process. Once all files are there, `new` is renamed to `complete`: from then on they are moved to their places, by this
process or by the next one that uses the folder (`recover`). Standard library only: Blender uses it too.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ..errors import FileError
from .interruption import Uninterrupted
from .locks import PREFIX, acquire, held, lock_file, release_all, remove_stale_locks
from .untrusted import excerpt, explain, files_in, make_folder

log = logging.getLogger(__name__)

SUFFIX = ".set"
RENAMING = "renaming"
"""Lock of a folder while the files of a set are renamed, so that two sets never mix."""
TEMPORARY_REMEDY = "make room there, or set TMPDIR (on Windows TEMP) to a folder on another disk"
COMMIT_WAIT_S = 10.0
"""Longest wait for the renames of another set in the same folder, which take milliseconds."""


def replace_files(contents: Mapping[Path, bytes], *, replace: bool = True) -> None:
    """Write all files, of one folder, or on failure none; FileError says why. replace: overwrite existing files."""
    with stage(contents, replace=replace) as parts:
        for target, data in contents.items():
            with explain(target):
                parts[target].write_bytes(data)


@contextlib.contextmanager
def stage(targets: Iterable[Path], *, replace: bool = True) -> Iterator[dict[Path, Path]]:
    """A file to write to for each target; at the end these files replace the targets.

    All targets lie in one folder, which is created if needed. On failure nothing changes, unless a target becomes
    unwritable between two renames: then the next use of the folder moves the rest. OSErrors become FileErrors with a
    remedy. replace: overwrite existing targets.
    """
    targets = list(targets)
    folder, name = targets[0].parent, secrets.token_hex(4)
    if any(target.parent != folder for target in targets):
        raise ValueError("the files of a set lie in one folder")
    make_folder(folder)
    recover(folder)
    _check(targets, replace=replace)
    staging = folder / f"{PREFIX}{name}{SUFFIX}"
    with held(folder / name):
        try:
            with explain(folder), Uninterrupted():
                _live.add(staging)
                (staging / "new").mkdir(parents=True)
            yield {target: staging / "new" / target.name for target in targets}
            for target in targets:
                with explain(target), (staging / "new" / target.name).open("r+b") as stream:
                    os.fsync(stream.fileno())
            with held(folder / RENAMING, wait_s=COMMIT_WAIT_S):
                _commit(staging, targets, replace=replace)
        finally:
            _remove(staging)


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A temporary folder, removed at the end. Raise FileError, with a remedy, if it cannot be created or used."""
    try:
        with tempfile.TemporaryDirectory(prefix="impasto-", ignore_cleanup_errors=True) as folder:
            _temporary.add(folder)
            try:
                yield Path(folder)
            finally:
                _temporary.discard(folder)
    except FileError as error:
        if folder not in error.message:
            raise
        raise in_temporary_folder(error) from error
    except OSError as error:
        message = "cannot write to the temporary folder: {}"
        raise FileError(message, TEMPORARY_REMEDY, error.strerror or error) from error


def in_temporary_folder(error: FileError) -> FileError:
    """The error with the name of the temporary folder, and how to use another one."""
    return FileError("{} (in the temporary folder {})", TEMPORARY_REMEDY, error.message, tempfile.gettempdir())


def _commit(staging: Path, targets: Sequence[Path], *, replace: bool) -> None:
    """Replace the targets by the files of a staging folder. FileError says why, if one cannot be replaced."""
    complete = staging / "complete"
    with Uninterrupted(), explain(staging.parent):
        _check(targets, replace=replace)
        (staging / "new").rename(complete)
        try:
            _finish(complete)
        finally:
            if len(files_in(complete)) == len(targets):
                complete.rename(staging / "new")  # nothing has changed yet


def _finish(complete: Path) -> None:
    """Move the files of a complete set to their places. Raise FileError if one cannot be moved."""
    folder = complete.parents[1]
    for file in files_in(complete):
        with explain(folder / file.name):
            file.replace(folder / file.name)
    _sync(folder)
    complete.rmdir()


def _remove(staging: Path) -> None:
    """Remove a staging folder, unless it has a complete set that cannot be finished now, which `recover` will do."""
    with Uninterrupted():
        if not os.path.lexists(staging / "complete"):
            with contextlib.suppress(OSError):  # absent, or a file in it is open on Windows
                (staging / "new").rename(staging / "gone")  # writes of a thread that still runs fail then
            shutil.rmtree(staging, ignore_errors=True)
        _live.discard(staging)


_temporary: set[str] = set()
"""Temporary folders of this process, to be removed by `end_all`."""
_live: set[Path] = set()
"""Staging folders of this process, to be removed by `end_all` unless they are complete."""


def end_all() -> None:
    """Remove all incomplete sets of this process, from any thread, because it ends."""
    for staging in list(_live):
        _remove(staging)
    for folder in list(_temporary):
        shutil.rmtree(folder, ignore_errors=True)
    release_all()


def recover(folder: Path) -> None:
    """Finish the complete sets that killed processes left in a folder, and remove their other files.

    Files of running processes, on this machine or another, are left alone; so are those without write permission.
    """
    try:
        left = [Path(entry.path) for entry in os.scandir(folder) if entry.name.startswith(PREFIX)]
    except (OSError, ValueError):  # absent, or NUL in its name: its next use will report that
        return
    for path in left:
        if path.suffix == SUFFIX and path not in _live:
            with contextlib.suppress(FileError, OSError):
                _recover(path)
    if left:
        remove_stale_locks(folder)


def _recover(staging: Path) -> None:
    complete = staging / "complete"
    if not _is_folder(staging) or (os.path.lexists(complete) and not _is_folder(complete)):  # not ours
        return
    lock = acquire(lock_file(staging.with_name(staging.stem.removeprefix(PREFIX))))
    if lock is None:
        return
    try:
        if lock.is_certain and complete.exists():
            with held(staging.parent / RENAMING, wait_s=COMMIT_WAIT_S):
                log.info("finishing what was left in %s", staging)
                _finish(complete)
        if lock.is_certain:
            _remove(staging)
    finally:
        lock.release()


def _check(targets: Iterable[Path], *, replace: bool) -> None:
    """Raise FileError if a target cannot be replaced."""
    for target in targets:
        with explain(target):
            if _is_folder(target):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            if not replace and os.path.lexists(target):
                raise FileError("{} is there already", "choose another name or folder", excerpt(target))
            if os.name == "nt" and target.is_file():  # which replaces no file that another program has open
                target.open("r+b").close()


def _is_folder(path: Path) -> bool:
    """Whether the path is a folder, not a link to one."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def _sync(folder: Path) -> None:
    """Flush a folder's directory entries to the disk; Windows does so by itself."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # not every file system can
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
