"""A Python that ends, with all that it starts, at its first socket: `python -P sealed.py PROGRAM [ARGUMENT ...]`.

Linux' seccomp holds native code as well as Python's, and needs neither rights nor programs. Looking up a name begins
with a socket too. Where Python's threads are at that moment is written to stderr.
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import platform
import runpy
import signal
import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

NO_NEW_PRIVILEGES, SET_SECCOMP, FILTER_MODE = 38, 22, 2
"""Arguments of prctl."""
LOAD, IF_EQUAL, RETURN = 0x20, 0x15, 0x06
"""Instructions of a filter."""
TRAP, KILL, ALLOW = 0x00030000, 0x80000000, 0x7FFF0000
ARCHITECTURES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""Number of each architecture, and of its call `socket`; that of io_uring_setup, which could open sockets, is one."""
IO_URING = 425


class Filter(ctypes.Structure):
    """C's `struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def seal() -> None:
    """Let this process, and those that it starts, end with SIGSYS at a call that opens a socket. OSError."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.register(signal.SIGSYS, chain=True)
    architecture, socket = ARCHITECTURES[platform.machine()]
    instructions = (
        (LOAD, 0, 0, 4),  # the architecture
        (IF_EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, 0),  # the number of the call
        (IF_EQUAL, 1, 0, socket),
        (IF_EQUAL, 0, 1, IO_URING),
        (RETURN, 0, 0, TRAP),
        (RETURN, 0, 0, ALLOW),
    )
    code = b"".join(struct.pack("HBBI", *one) for one in instructions)
    libc = ctypes.CDLL(None, use_errno=True)
    made = Filter(len(instructions), code)
    if libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) or libc.prctl(SET_SECCOMP, FILTER_MODE, ctypes.byref(made), 0, 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def why_not() -> str:
    """Reason why no process can be sealed here; "" if one can."""
    if sys.platform != "linux" or platform.machine() not in ARCHITECTURES:
        return "only Linux on x86-64 and ARM64 can hold a process from opening sockets without rights"
    command = [sys.executable, "-I", __file__, os.devnull]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return f"this kernel refuses a filter of calls: {done.stderr[-200:]}" if done.returncode else ""


def run_sealed(program: Path, folder: Path, **environment: str) -> tuple[subprocess.CompletedProcess[str], list[Path]]:
    """Run a Python program, sealed, in an empty folder; how it ended, and which files it left outside our folders.

    Its home, temporary and current folders are empty ones below `folder`, and ours lie in `folder / "ours"`.
    """
    places = {name: folder / name for name in ("home", "temporary", "current")}
    for place in places.values():
        place.mkdir(parents=True)
    ours = {f"IMPASTO_{kind.upper()}": str(folder / "ours" / kind) for kind in ("models", "weights", "cache")}
    own = {**_bare(os.environ), **ours, "HOME": str(places["home"]), "TMPDIR": str(places["temporary"])}
    done = subprocess.run(
        [sys.executable, "-P", __file__, str(program), str(folder / "ours")],
        cwd=places["current"],
        env={**own, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done, [path for place in places.values() for path in sorted(place.rglob("*"))]


def _bare(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a user who has set nothing: a name, which is not looked up, a path, and how many threads."""
    kept = {name: environment[name] for name in ("PATH", "OMP_NUM_THREADS", "PYTHONPATH") if name in environment}
    return {**kept, "LOGNAME": "someone"}


if __name__ == "__main__":
    seal()
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")
