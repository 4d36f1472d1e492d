"""File locks that end with the process that holds them, even if it is killed, also on folders that machines share.

The operating system locks the open file; its existence alone means nothing. Standard library only: Blender uses it too.
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
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ..errors import FileError, Message
from .interruption import Uninterrupted
from .untrusted import excerpt, explain, make_folder, read_json

PREFIX = ".impasto-"
"""Prefix of all files that exist only while a process works."""
UNSUPPORTED = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
LOCKED_BYTE = 2**30
"""Offset of the locked byte, beyond the end of the file: on Windows, nobody can read a locked range."""
POLL_S = 0.02
LEAST_WAIT_S = 0.2
"""Shortest wait: a process that checks whether the holder of a lock is dead holds the lock for a moment."""


@dataclass
class Lock:
    """A file that this process has locked.

    is_certain: whether the file system guarantees that no other process has locked it. made_folder: whether its folder
    was created for it, and is removed with it if nothing else is in it.
    """

    path: Path
    descriptor: int
    is_certain: bool
    made_folder: bool = False
    thread: int = field(default_factory=threading.get_ident)

    def release(self) -> None:
        """Unlock the file and remove it."""
        with Uninterrupted():
            if _open.pop(self.descriptor, None) is None:
                return
            steps: list[Callable[[], None]] = [self.path.unlink, partial(os.close, self.descriptor)]
            for step in reversed(steps) if os.name == "nt" else steps:  # Windows removes no open file
                with contextlib.suppress(OSError):
                    step()
            if self.made_folder:
                with contextlib.suppress(OSError):  # it is not empty
                    self.path.parent.rmdir()


_open: dict[int, Lock] = {}
"""Locks that this process holds, by their descriptors."""


def lock_file(target: Path) -> Path:
    """The file whose lock is held while `target` is made."""
    return target.absolute().with_name(f"{PREFIX}{target.name}.lock")


def acquire(path: Path) -> Lock | None:
    """Lock on the file `path`, created if needed; None if another process holds it. Raise OSError."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with Uninterrupted():
        descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0), 0o666)
        try:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                is_certain = _lock(descriptor)
                if os.path.samestat(os.fstat(descriptor), path.stat()):
                    lock = _open[descriptor] = Lock(path, descriptor, is_certain)
                    return lock
        except (BlockingIOError, PermissionError, FileNotFoundError):  # held, or just removed, by another process
            pass
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        return None


def _lock(descriptor: int) -> bool:
    """Lock an open file, or raise BlockingIOError or PermissionError; False if the file system has no locks."""
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


@contextlib.contextmanager
def held(target: Path, *, wait_s: float = 0.0) -> Iterator[None]:
    """Hold the lock for making `target`; create its folder if needed. The same thread may hold it again.

    FileError, after `wait_s`, names the process that holds it.
    """
    path = lock_file(target)
    if any(lock.path == path and lock.thread == threading.get_ident() for lock in list(_open.values())):
        yield
        return
    with explain(path.parent):
        lock = _wait_for(path, target, time.monotonic() + max(wait_s, LEAST_WAIT_S))
    try:
        yield
    finally:
        lock.release()


def _wait_for(path: Path, target: Path, until_s: float) -> Lock:
    while True:
        made_folder = not os.path.lexists(path.parent)
        make_folder(path.parent)
        with contextlib.suppress(FileNotFoundError):  # the process that created the folder has removed it again
            if lock := acquire(path):
                break
        if time.monotonic() >= until_s:
            remedy = "wait until that is done, stop it, or choose another name or folder"
            raise FileError("{} is being made by {}", remedy, excerpt(target), _holder(path))
        time.sleep(POLL_S)
    lock.made_folder = made_folder
    about = {"process": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%H:%M")}
    with contextlib.suppress(OSError):  # on a full disk the lock still holds, but without this information
        os.ftruncate(lock.descriptor, 0)
        os.lseek(lock.descriptor, 0, os.SEEK_SET)
        os.write(lock.descriptor, json.dumps(about).encode())
    return lock


def _holder(path: Path) -> str:
    """Description of the holder of a lock, from its file."""
    try:
        about = read_json(path, max_bytes=2**12)
        text = "process {} on {} since {}" if "since" in about else "process {} on {}"
        values = (int(about["process"]), excerpt(about["host"]), excerpt(about.get("since")))
        return Message(text, *values).replace("'", "")
    except (FileError, KeyError, TypeError, ValueError):
        return "another process"


def release_all() -> None:
    """Release all locks of this process, from any thread, because it ends."""
    for lock in list(_open.values()):
        lock.release()


def remove_stale_locks(folder: Path) -> None:
    """Remove lock files in a folder that no process holds."""
    for path in folder.glob(f"{PREFIX}*.lock"):
        with contextlib.suppress(OSError):
            lock = acquire(path)
            if lock is not None:
                lock.release()


def _leave_to_parent() -> None:
    """Forget all locks in a forked child: they belong to its parent."""
    for descriptor in _open:
        os.close(descriptor)
    _open.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)
