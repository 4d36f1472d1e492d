"""Starting, logging and ending a process, on POSIX and on Windows. Standard library only."""

from __future__ import annotations

import contextlib
import errno
import logging
import logging.handlers
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

LOG_BYTES, LOG_FILES = 2**20, 2
LOG_LINE_BYTES = 2**16
KILL_LIMIT_S = 5.0


def start(command: Sequence[str], environment: Mapping[str, str], log: Path | None = None) -> subprocess.Popen:
    """Start a command with all three streams piped, without this process's PYTHON* variables. Raises OSError.

    log: a file that takes its stderr instead of a pipe, so that it can outlive this process.
    """
    if (program := find_program(command[0])) is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), command[0])
    with contextlib.ExitStack() as opened:
        return subprocess.Popen(
            [program, *command[1:]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if log is None else opened.enter_context(_fresh_log(log)),
            env=without_python(os.environ) | dict(environment),
            **separate(),
        )


def find_program(name: str) -> str | None:
    """The path of a program on PATH, never one in the current folder; a path is returned as it is. None for none."""
    if Path(name).name != name:
        return name
    endings = os.environ.get("PATHEXT", ".EXE").split(os.pathsep) if os.name == "nt" else [""]
    folders = [Path(folder) for folder in os.environ.get("PATH", os.defpath).split(os.pathsep)]
    for folder in folders:
        for ending in endings:
            found = folder / (name if name.lower().endswith(ending.lower()) else name + ending)
            if folder.is_absolute() and folder != Path.cwd() and found.is_file() and os.access(found, os.X_OK):
                return str(found)
    return None


def _fresh_log(path: Path) -> IO[bytes]:
    """A new file of this name, open for writing; the one before it is kept with `.1` at its end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError):  # there is none, or on Windows a process that goes on still writes to it
        path.replace(path.with_name(f"{path.name}.1"))
    return path.open("ab")


def keep_log(stream: IO[bytes], path: Path) -> None:
    """Copy a stream into a rotating file until it ends; where the file cannot be written, only drain it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", delay=True
        )
    except OSError:
        handler = logging.NullHandler()
    for line in iter(lambda: stream.readline(LOG_LINE_BYTES), b""):
        text = line.decode("utf-8", "replace").rstrip()
        handler.handle(logging.LogRecord("worker", logging.INFO, "", 0, text, None, None))
    handler.close()
    stream.close()


def without_python(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without the PYTHON* variables, which would change another Python."""
    return {key: value for key, value in environment.items() if not key.startswith("PYTHON")}


def separate() -> dict[str, Any]:
    """Popen's options for a process group of its own, and no console window on Windows."""
    if os.name == "nt":
        return {"creationflags": 0x08000000 | 0x00000200}  # CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP
    return {"start_new_session": True}


def kill(popen: subprocess.Popen) -> None:
    """End the worker and all that it started, now."""
    if popen.poll() is not None:
        return
    if os.name == "nt":
        taskkill = str(Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" / "taskkill.exe")
        subprocess.run([taskkill, "/F", "/T", "/PID", str(popen.pid)], capture_output=True, check=False)
        return
    kill_group(popen)
    popen.kill()


def kill_group(popen: subprocess.Popen) -> None:
    """End what a process has started, though it may have ended itself. Windows does not know it any more then."""
    if os.name != "nt":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(popen.pid, signal.SIGKILL)


def end(popen: subprocess.Popen, grace_s: float = 3.0, *, at_once: bool = False) -> int:
    """Wait for the worker to exit, kill it after the grace period; its exit code."""
    try:
        if not at_once:
            return popen.wait(grace_s)
    except subprocess.TimeoutExpired:
        pass
    kill(popen)
    try:
        return popen.wait(KILL_LIMIT_S)
    except subprocess.TimeoutExpired:  # it waits for a disk or a driver, and ends when that answers
        return -signal.SIGTERM


def describe_exit(code: int) -> str:
    if code < 0:
        try:
            return f"killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"killed by signal {-code}"
    return f"exit code {code}"
