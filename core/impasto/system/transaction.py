"""Writes sets of files whole or not at all, also where the process is killed half-way.

A set is written into a hidden folder beside its targets, .impasto-….part, with a lock that vanishes with the process.
Once all is written, a journal says so: from then on the set is carried to its end, by this process or by the next one
that uses the folder (`recover`), or else undone. Standard library only: Blender uses it too.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import quote, unquote

from ..errors import FileError
from .interruption import Uninterrupted
from .locks import PREFIX, Lock, acquire, held, release_all, remove_the_deads
from .outside import explained, make_folder, read_json, shown

log = logging.getLogger(__name__)

SUFFIX = ".part"
RENAMING = "renaming"
"""The lock of a folder while a set's files are renamed, so that no two sets are mixed."""
COMMIT_WAIT_S = 10.0
"""How long one set's renames may be waited for by another's of the same folder: they take milliseconds."""


def replace_files(contents: Mapping[Path, bytes], *, replace: bool = True) -> None:
    """Write all files of a folder, or on failure none; FileError says why. replace: what is there already."""
    with staged(contents, replace=replace) as parts:
        for target, data in contents.items():
            with explained(target):
                parts[target].write_bytes(data)


@contextlib.contextmanager
def staged(targets: Iterable[Path], *, replace: bool = True) -> Iterator[dict[Path, Path]]:
    """A file to write to for each target, all of one folder, which is made: at the end they replace the targets.

    On failure nothing has changed; OSErrors become FileErrors that say what to do. replace: targets that are there.
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
            with explained(target), (staging.new / target.name).open("r+b") as stream:
                os.fsync(stream.fileno())
        with held(folder / RENAMING, wait_s=COMMIT_WAIT_S):
            _check(targets, replace=replace)
            staging.commit([target.name for target in targets])
    finally:
        staging.end()


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that is removed again. FileError says what to do where there is none, or where it is full."""
    remedy = "make room there, or set TMPDIR (on Windows TEMP) to a folder on another disk"
    try:
        with tempfile.TemporaryDirectory(prefix="impasto-", ignore_cleanup_errors=True) as folder:
            _temporary.add(folder)
            try:
                yield Path(folder)
            finally:
                _temporary.discard(folder)
    except FileError as error:
        raise FileError(f"{error.message} (in the temporary folder {tempfile.gettempdir()})", remedy) from error
    except OSError as error:
        raise FileError(f"cannot write to the temporary folder: {error.strerror or error}", remedy) from error


class _Staging:
    """The hidden folder of a set that is being written. Its file `journal` says: finish; `undo` says: undo."""

    def __init__(self, folder: Path, lock: Lock | None = None) -> None:
        self.folder, self.lock = folder, lock
        self.new, self.old, self.gone = folder / "new", folder / "old", folder / "gone"
        self.draft, self.journal, self.undoing = folder / "draft", folder / "journal", folder / "undo"

    def begin(self) -> bool:
        """Make the folder; whether it could be locked before another process took it for a dead one."""
        with Uninterrupted():
            self.folder.mkdir(parents=True)
            with contextlib.suppress(FileNotFoundError):
                self.lock = acquire(self.folder / "lock")
                if self.lock is not None:
                    self.new.mkdir()
        return self.new.exists()

    def commit(self, names: Sequence[str]) -> None:
        """Replace the targets; where that fails, put back what was replaced. FileError says why."""
        with Uninterrupted():
            self._commit(names)

    def _commit(self, names: Sequence[str]) -> None:
        added = [name for name in names if not os.path.lexists(self.folder.parent / name)]
        with explained(self.folder.parent):
            self.old.mkdir()
            with self.draft.open("wb") as stream:
                listed = {"names": [*map(_quoted, names)], "added": [*map(_quoted, added)]}
                stream.write(json.dumps(listed).encode())
                stream.flush()
                os.fsync(stream.fileno())
            self.draft.rename(self.journal)
        self.settle()

    def settle(self) -> None:
        """Finish what the journal says, or undo it. FileError says why it was undone."""
        if self.undoing.exists():
            self._undo(*_read_journal(self.undoing))
        elif self.journal.exists():
            names, added = _read_journal(self.journal)
            try:
                self._finish(names)
            except FileError:
                self.journal.replace(self.undoing)
                self._undo(names, added)
                raise

    def _finish(self, names: Sequence[str]) -> None:
        for name in names:
            new, target, old = self.new / name, self.folder.parent / name, self.old / name
            if not os.path.lexists(new):  # was moved already
                continue
            with explained(target):
                _check_in_the_way(target)
                if os.path.lexists(target) and not os.path.lexists(old):
                    _keep(target, old)
                new.replace(target)
        _sync(self.folder.parent)
        self.journal.unlink(missing_ok=True)

    def _undo(self, names: Sequence[str], added: Sequence[str]) -> None:
        for name in names:
            new, target, old = self.new / name, self.folder.parent / name, self.old / name
            with explained(target):
                if os.path.lexists(old):
                    old.replace(target)
                elif name in added and not os.path.lexists(new):
                    target.unlink(missing_ok=True)
        self.undoing.unlink(missing_ok=True)

    def end(self) -> None:
        """Settle what is begun, and remove the rest; what could be neither finished nor undone is left to the next."""
        with Uninterrupted():
            self._end()

    def _end(self) -> None:
        try:
            self.settle()
        finally:
            is_settled = not (self.journal.exists() or self.undoing.exists())
            if is_settled:
                for folder in (self.gone, self.new, self.old):
                    self._remove(folder)
                self.draft.unlink(missing_ok=True)
            if self.lock is not None:
                self.lock.release()
            if is_settled:
                with contextlib.suppress(OSError):  # another process looks into it, and will remove it
                    self.folder.rmdir()
            _live.pop(self.folder, None)

    def _remove(self, folder: Path) -> None:
        """Remove a folder that another thread may be writing into: under another name it finds it no more."""
        with contextlib.suppress(OSError):  # absent, or a file in it is open on Windows
            folder.rename(self.gone)
        shutil.rmtree(self.gone, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


_temporary: set[str] = set()
"""The temporary folders that this process uses, for the thread that ends it."""
_live: dict[Path, _Staging] = {}
"""The sets that this process is writing, for the thread that ends it."""


def end_all() -> None:
    """Finish or remove all sets that this process is writing, from any thread, because it ends."""
    for staging in list(_live.values()):
        with contextlib.suppress(FileError, OSError):
            staging.end()
    for folder in list(_temporary):
        shutil.rmtree(folder, ignore_errors=True)
    release_all()


def recover(folder: Path) -> None:
    """Finish or undo what killed processes left half-done in a folder, and remove what else is left of them.

    What belongs to processes that go on, on this machine or another, is left alone; so is what may not be written.
    """
    try:
        left = [Path(entry.path) for entry in os.scandir(folder) if entry.name.startswith(PREFIX)]
    except (OSError, ValueError):  # absent, or NUL in its name: who uses it will say so
        return
    for path in left:
        if path.suffix == SUFFIX and path not in _live:
            with contextlib.suppress(FileError, OSError):
                _recover(path)
    if left:
        remove_the_deads(folder)


def _recover(path: Path) -> None:
    staging_folders = [path, path / "new", path / "old", path / "gone"]
    if any(os.path.lexists(folder) and not _is_folder(folder) for folder in staging_folders):  # none of ours
        return
    lock = acquire(path / "lock")
    if lock is None:
        return
    staging = _Staging(path, lock)
    if not lock.is_certain:
        lock.release()
    elif staging.journal.exists() or staging.undoing.exists():
        with held(path.parent / RENAMING, wait_s=COMMIT_WAIT_S):
            log.info("settling what was left in %s", path)
            staging.end()
    else:
        staging.end()


def _begin(folder: Path) -> _Staging:
    """A new staging folder in `folder`."""
    with explained(folder):
        while True:
            path = folder / f"{PREFIX}{secrets.token_hex(4)}{SUFFIX}"
            staging = _live[path] = _Staging(path)
            if staging.begin():
                return staging
            staging.end()


def _check(targets: Iterable[Path], *, replace: bool) -> None:
    """FileError where something is in the way of a target."""
    for target in targets:
        with explained(target):
            _check_in_the_way(target)
            if not replace and os.path.lexists(target):
                raise FileError(f"{shown(target)} is there already", "choose another name or folder")


def _check_in_the_way(target: Path) -> None:
    """Raise IsADirectoryError where a folder has a file's name."""
    if _is_folder(target):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))


def _is_folder(path: Path) -> bool:
    """Whether it is one itself, no link to one."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def _keep(target: Path, old: Path) -> None:
    """Have the old file under both names, or only under the second where the file system knows no hard links."""
    try:
        os.link(target, old, follow_symlinks=False)
    except (OSError, NotImplementedError):
        target.replace(old)


def _sync(folder: Path) -> None:
    """Have the names of a folder's files on the disk. Windows sees to it by itself."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # not every file system can
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_journal(path: Path) -> tuple[list[str], list[str]]:
    """The names of a set's files, and of those among them that were not there before. FileError where it is none."""
    data = read_json(path)
    read: list[list[str]] = []
    for key in ("names", "added"):
        listed = data.get(key) if isinstance(data, dict) else None
        names = listed if isinstance(listed, list) else [""]
        read.append([unquote(name, errors="surrogatepass") if isinstance(name, str) else "" for name in names])
    if not all(map(_is_name, read[0] + read[1])):
        raise FileError(f"{shown(path)} is no journal of Impasto's", "remove the folder that it is in")
    return read[0], read[1]


def _quoted(name: str) -> str:
    """A file's name in ASCII, also one that is not Unicode."""
    return quote(name, errors="surrogatepass")


def _is_name(name: str) -> bool:
    """Whether it is a file's name and no path, on any platform."""
    if name in ("", ".", "..") or "\0" in name or PureWindowsPath(name).drive:
        return False
    return PurePosixPath(name).name == PureWindowsPath(name).name == name
