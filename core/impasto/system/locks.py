"""Locks that vanish with the process that holds them, also when it is killed, and on folders that machines share.

The system locks a file; its name is only there to be found. Standard library only: Blender uses it too.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import stat
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import FileError
from .interruption import Uninterrupted
from .outside import explained, make_folder, read_json, shown

PREFIX = ".impasto-"
"""Begins the names of all files that are there only while a process works."""
UNSUPPORTED = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
LOCKED_BYTE = 2**30
"""Windows lets nobody read what is locked: the byte that is locked is none of the file's."""
POLL_S = 0.02
LEAST_WAIT_S = 0.2
"""For whom looks whether the lock's holder is dead, who holds it for a moment."""


@dataclass(frozen=True)
class Lock:
    """A file that this process holds locked. `is_certain`: that no other does; not every file system can tell."""

    path: Path
    descriptor: int
    is_certain: bool = True

    def release(self) -> None:
        """Give it up and remove the file."""
        with Uninterrupted():
            self._release()

    def _release(self) -> None:
        if _open.pop(self.descriptor, None) is None:
            return
        if os.name != "nt":  # which removes no open file
            with contextlib.suppress(OSError):
                self.path.unlink()
        os.close(self.descriptor)
        if os.name == "nt":
            with contextlib.suppress(OSError):
                self.path.unlink()
        if self.path.parent in _made:
            with contextlib.suppress(OSError):  # there is something in it
                self.path.parent.rmdir()
                _made.discard(self.path.parent)


_made: set[Path] = set()
"""The folders that were made for a lock, which are removed with it where they are empty."""
_open: dict[int, Lock] = {}
"""The locks that this process holds, by their descriptors."""


def acquire(path: Path) -> Lock | None:
    """The lock of this name; None where somebody else holds it. Raises OSError."""
    with Uninterrupted():
        return _acquire(path)


def _acquire(path: Path) -> Lock | None:
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0), 0o666)
    try:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            is_certain = _lock(descriptor)
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                lock = _open[descriptor] = Lock(path, descriptor, is_certain)
                return lock
    except (BlockingIOError, PermissionError, FileNotFoundError):  # held, or removed by who held it
        pass
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _lock(descriptor: int) -> bool:
    """Lock an open file, or raise BlockingIOError or PermissionError; False where the file system cannot."""
    try:
        if os.name == "nt":
            import msvcrt

            os.lseek(descriptor, LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in UNSUPPORTED:
            return False
        raise
    return True


_held: dict[tuple[Path, int], Lock] = {}
"""The lock that each thread holds at each path: who holds one may ask for it again."""


@contextlib.contextmanager
def held(target: Path, *, wait_s: float = 0.0) -> Iterator[None]:
    """Hold the lock of what is being made at `target`; makes the folder that it lies in.

    FileError names the process that holds it, after `wait_s`. The lock can be held again in the same thread.
    """
    path = target.with_name(f"{PREFIX}{target.name}.lock")
    key = (path.absolute(), threading.get_ident())
    if key in _held:
        yield
        return
    with explained(path.parent):
        lock = _acquired(path, target, time.monotonic() + max(wait_s, LEAST_WAIT_S))
    _held[key] = lock
    try:
        yield
    finally:
        _held.pop(key, None)
        lock.release()


def _acquired(path: Path, target: Path, until_s: float) -> Lock:
    while (lock := _acquired_in_folder(path)) is None:
        if time.monotonic() >= until_s:
            message = f"{shown(target)} is being made by {_holder(path)}"
            raise FileError(message, "wait until that is done, stop it, or choose another name or folder")
        time.sleep(POLL_S)
    about = {"process": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%H:%M")}
    with contextlib.suppress(OSError):  # a full disk; the lock holds all the same
        os.ftruncate(lock.descriptor, 0)
        os.lseek(lock.descriptor, 0, os.SEEK_SET)
        os.write(lock.descriptor, json.dumps(about).encode())
    return lock


def _acquired_in_folder(path: Path) -> Lock | None:
    if not os.path.lexists(path.parent):
        _made.add(path.parent)
    make_folder(path.parent)
    try:
        return acquire(path)
    except FileNotFoundError:  # who made the folder has removed it again
        return None


def _holder(path: Path) -> str:
    """Who holds a lock, as far as its file says."""
    try:
        about = read_json(path, max_bytes=2**12)
        since = f"since {shown(about['since'])}" if "since" in about else ""
        return f"process {int(about['process'])} on {shown(about['host'])} {since}".replace("'", "")
    except (FileError, KeyError, TypeError, ValueError):
        return "another process"


def release_all() -> None:
    """Release all that is held, from any thread, because the process ends."""
    for lock in list(_open.values()):
        lock.release()


def remove_the_deads(folder: Path) -> None:
    """Remove the locks in a folder that nobody holds."""
    for path in folder.glob(f"{PREFIX}*.lock"):
        with contextlib.suppress(OSError):
            lock = acquire(path)
            if lock is not None:
                lock.release()


def _leave_to_parent() -> None:
    """In a forked child: the locks are its parent's, and end with it."""
    for descriptor in _open:
        os.close(descriptor)
    _open.clear()
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)
