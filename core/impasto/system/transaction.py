"""Atomic writes of sets of files: all or none, even if the process is killed.

A set is written into a hidden folder beside its targets, .impasto-….part, with a lock that vanishes with the process.
Once all files are there, the folder is marked as complete: from then on they are moved to their places, by this process
or by the next one that uses the folder (`recover`). Standard library only: Blender uses it too.
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
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ..errors import FileError
from .interruption import Uninterrupted
from .locks import PREFIX, Lock, acquire, held, release_all, remove_stale_locks
from .untrusted import excerpt, explain, files_in, make_folder

log = logging.getLogger(__name__)

SUFFIX = ".part"
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

    All targets lie in one folder, which is created. On failure nothing changes, but for a target that becomes
    unwritable between two renames: the next use of the folder then moves the rest. OSErrors become FileErrors with a
    remedy. replace: overwrite existing targets.
    """
    targets = list(targets)
    folder = targets[0].parent
    if any(target.parent != folder for target in targets):
        raise ValueError("the files of a set lie in one folder")
    make_folder(folder)
    recover(folder)
    _check(targets, replace=replace)
    staging = _begin(folder)
    try:
        yield {target: staging.new / target.name for target in targets}
        for target in targets:
            with explain(target), (staging.new / target.name).open("r+b") as stream:
                os.fsync(stream.fileno())
        with held(folder / RENAMING, wait_s=COMMIT_WAIT_S):
            staging.commit(targets, replace=replace)
    finally:
        staging.end()


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that is removed at the end. FileError, with a remedy, if it cannot be created or written to."""
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
        message = f"cannot write to the temporary folder: {error.strerror or error}"
        raise FileError(message, TEMPORARY_REMEDY) from error


def in_temporary_folder(error: FileError) -> FileError:
    """The error, which names the temporary folder and how to use another one."""
    return FileError(f"{error.message} (in the temporary folder {tempfile.gettempdir()})", TEMPORARY_REMEDY)


class _Staging:
    """Hidden folder of a set being written; a file `complete` in it means that all files of the set are there."""

    def __init__(self, folder: Path, lock: Lock | None = None) -> None:
        self.folder, self.lock = folder, lock
        self.new, self.complete = folder / "new", folder / "complete"

    def begin(self) -> bool:
        """Create and lock the folder; False if another process took it for an abandoned one first."""
        with Uninterrupted():
            self.folder.mkdir(parents=True)
            with contextlib.suppress(FileNotFoundError):
                self.lock = acquire(self.folder / "lock")
                if self.lock is not None:
                    self.new.mkdir()
        return self.new.exists()

    def commit(self, targets: Iterable[Path], *, replace: bool) -> None:
        """Replace the targets. FileError says why, if one cannot be replaced."""
        with Uninterrupted(), explain(self.folder.parent):
            _check(targets, replace=replace)
            self.complete.touch()
            try:
                self.finish()
            finally:
                if {path.name for path in files_in(self.new)} == {target.name for target in targets}:
                    self.complete.unlink()  # nothing has changed yet

    def finish(self) -> None:
        """Move the files of a complete set to their places. FileError on failure."""
        for new in files_in(self.new):
            target = self.folder.parent / new.name
            with explain(target):
                new.replace(target)
        _sync(self.folder.parent)
        self.complete.unlink(missing_ok=True)

    def end(self) -> None:
        """Remove the folder; a complete set that cannot be finished now is left for `recover`."""
        with Uninterrupted():
            is_settled = not self.complete.exists()
            if is_settled:
                gone = self.folder / "gone"
                with contextlib.suppress(OSError):  # absent, or a file in it is open on Windows
                    self.new.rename(gone)  # writes of a thread that still runs fail then
                for folder in (gone, self.new, self.folder / "old"):  # of an earlier version
                    shutil.rmtree(folder, ignore_errors=True)
            if self.lock is not None:
                self.lock.release()
            if is_settled:
                with contextlib.suppress(OSError):  # another process has it open, and will remove it
                    self.folder.rmdir()
            _live.pop(self.folder, None)


_temporary: set[str] = set()
"""Temporary folders of this process, to be removed by `end_all`."""
_live: dict[Path, _Staging] = {}
"""Sets that this process is writing, to be removed by `end_all` unless they are complete."""


def end_all() -> None:
    """Remove all incomplete sets of this process, from any thread, because it ends."""
    for staging in list(_live.values()):
        with contextlib.suppress(FileError, OSError):
            staging.end()
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


def _recover(path: Path) -> None:
    if any(os.path.lexists(folder) and not _is_folder(folder) for folder in (path, path / "new")):  # not ours
        return
    lock = acquire(path / "lock")
    if lock is None:
        return
    staging = _Staging(path, lock)
    if not lock.is_certain:
        lock.release()
        return
    try:
        if staging.complete.exists():
            with held(path.parent / RENAMING, wait_s=COMMIT_WAIT_S):
                log.info("finishing what was left in %s", path)
                staging.finish()
    finally:
        staging.end()


def _begin(folder: Path) -> _Staging:
    """A new staging folder in `folder`."""
    with explain(folder):
        while True:
            path = folder / f"{PREFIX}{secrets.token_hex(4)}{SUFFIX}"
            staging = _live[path] = _Staging(path)
            if staging.begin():
                return staging
            staging.end()


def _check(targets: Iterable[Path], *, replace: bool) -> None:
    """Raise FileError if a target cannot be replaced."""
    for target in targets:
        with explain(target):
            if _is_folder(target):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            if not replace and os.path.lexists(target):
                raise FileError(f"{excerpt(target)} is there already", "choose another name or folder")
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
