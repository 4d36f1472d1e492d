"""Starting, logging and ending processes, on POSIX and on Windows. No other module of the core starts one.

Standard library only.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import logging.handlers
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import IO, Any, TypeAlias

from ..errors import Message

LOG_BYTES, LOG_FILES = 2**20, 2
LOG_LINE_BYTES = 2**16
KILL_LIMIT_S = 5.0
Stream: TypeAlias = IO[bytes] | int | None
_SEPARATE: dict[str, Any] = (
    {"creationflags": 0x08000000 | 0x00000200}  # CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP
    if os.name == "nt"
    else {"start_new_session": True}
)


def start(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    stdin: Stream = PIPE,
    stdout: Stream = PIPE,
    stderr: Stream = PIPE,
    folder: Path | None = None,
    is_separate: bool = True,
) -> subprocess.Popen[bytes]:
    """Start a command without this process's PYTHON* variables. Raise OSError.

    environment: further variables. stdin, stdout, stderr: as for `subprocess.Popen`. folder: its current folder.
    is_separate: give it a process group of its own, which `kill` ends with it, and no console window on Windows.
    """
    if (program := find_program(command[0])) is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), command[0])
    return subprocess.Popen(
        [program, *command[1:]],
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        cwd=folder,
        env=_without_python(os.environ) | dict(environment),
        **(_SEPARATE if is_separate else {}),
    )


def run(
    command: Sequence[str], environment: Mapping[str, str], limit_s: float, folder: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a short command without input. Raise OSError if it cannot start, TimeoutError after the limit."""
    with start(command, environment, stdin=DEVNULL, folder=folder) as popen:
        try:
            stdout, stderr = popen.communicate(timeout=limit_s)
        except BaseException as error:
            kill(popen)
            if isinstance(error, subprocess.TimeoutExpired):
                raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT), command[0]) from error
            raise
    return subprocess.CompletedProcess(command, popen.returncode, stdout, stderr)


def find_program(name: str) -> str | None:
    """Path of a program on PATH, but never in the current folder; None without it. A path is returned as it is."""
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


def open_fresh_log(path: Path) -> IO[bytes]:
    """A new file of this name, open for writing; the previous one is renamed to end with `.1`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError):  # there is none, or on Windows a running process still writes to it
        path.replace(path.with_name(f"{path.name}.1"))
    return path.open("ab")


def keep_log(stream: IO[bytes], path: Path, on_line: Callable[[str], None] = lambda line: None) -> None:
    """Copy a stream to a rotating file until it ends; if the file cannot be written, only drain the stream.

    on_line(line): called for each line.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", delay=True
        )
    except OSError:
        handler = logging.NullHandler()
    for line in iter(lambda: stream.readline(LOG_LINE_BYTES), b""):
        text = line.decode("utf-8", "replace").rstrip()
        on_line(text)
        handler.handle(logging.LogRecord("worker", logging.INFO, "", 0, text, None, None))
    handler.close()
    stream.close()


def _without_python(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without PYTHON* variables, which would affect another Python."""
    return {key: value for key, value in environment.items() if not key.startswith("PYTHON")}


def kill(popen: subprocess.Popen) -> None:
    """Kill a process and all that it started."""
    if popen.poll() is not None:
        return
    if os.name == "nt":
        taskkill = str(Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" / "taskkill.exe")
        subprocess.run([taskkill, "/F", "/T", "/PID", str(popen.pid)], capture_output=True, check=False)
        return
    kill_group(popen)
    popen.kill()


def kill_group(popen: subprocess.Popen) -> None:
    """Kill the processes that a process has started, even after its own end; not possible on Windows."""
    if os.name != "nt":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(popen.pid, signal.SIGKILL)


def end(popen: subprocess.Popen, grace_s: float = 3.0, *, at_once: bool = False) -> int:
    """Wait for a process to exit, and kill it after the grace period; return its exit code."""
    try:
        if not at_once:
            return popen.wait(grace_s)
    except subprocess.TimeoutExpired:
        pass
    kill(popen)
    try:
        return popen.wait(KILL_LIMIT_S)
    except subprocess.TimeoutExpired:  # a disk or a driver blocks it; it ends when that responds
        return -signal.SIGTERM


def describe_exit(code: int) -> str:
    """Description of an exit code: "exit code 3", "killed by SIGKILL"."""
    if code < 0:
        try:
            return Message("killed by {}", signal.Signals(-code).name)
        except ValueError:
            return Message("killed by signal {}", -code)
    return Message("exit code {}", code)
