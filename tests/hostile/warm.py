"""A process that reads one hostile file after the other, and the side that watches it.

`python -m hostile.warm` reads requests, a line of JSON each, and answers with exit code, output, and peak of memory.
The watching side waits no longer than a limit: a reader that hangs is killed, and the next gets a fresh process.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import json
import os
import queue
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from impasto.errors import ImpastoError
from impasto.system.streams import PrintableStream

START_LIMIT_S = 120.0
HELD_MIB = 640
"""Of a process that still holds more, the next file gets another one."""
DATA_LIMIT_BYTES = 6 * 2**30
"""Limit of what the process may allocate: it fails before the machine does."""


@dataclass(frozen=True)
class Answer:
    """Outcome of reading a file; trace: of an exception that no user should see."""

    code: int
    out: str = ""
    err: str = ""
    trace: str = ""
    peak_mib: int = 0
    held_mib: int = 0
    """Resident memory afterwards."""


class Warm:
    """The watching side: `read` gives a request to the process, which it starts anew where that died or hung."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = {**environment, "PYTHONPATH": str(Path(__file__).parents[1])}
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def read(self, request: Mapping[str, Any], limit_s: float) -> Answer | None:
        """The answer; None where there was none within the limit, or the process died."""
        process = self._process or self._start()
        assert process.stdin is not None
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        line = self._answer(limit_s)
        if not line:
            self.stop()
            return None
        answer = Answer(**json.loads(line))
        if answer.held_mib > HELD_MIB:  # what earlier files left is not this reader's, nor the next one's
            self.stop()
        return answer

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-m", "hostile.warm"]
        with (self._folder / "warm.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=self._environment
            )
        self._answers = queue.SimpleQueue()
        threading.Thread(target=_forward, args=(self._process.stdout, self._answers), daemon=True).start()
        if self._answer(START_LIMIT_S) != b"ready\n":
            raise RuntimeError((self._folder / "warm.log").read_text(errors="replace")[-2000:])
        return self._process

    def _answer(self, limit_s: float) -> bytes:
        try:
            return self._answers.get(timeout=limit_s)
        except queue.Empty:
            return b""

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdin is not None
            with contextlib.suppress(OSError):  # a request that it never read
                self._process.stdin.close()
        self._process = None


def _forward(stream: IO[bytes], answers: queue.SimpleQueue[bytes]) -> None:
    for line in stream:
        answers.put(line)
    answers.put(b"")


def serve() -> None:
    """Answer the requests on stdin; what readers print on stdout never gets there."""
    _limit_memory()
    from impasto.cli import main as command
    from impasto.running import runner  # noqa: F401  what every reader needs, before their time is taken

    command.make_parser = functools.cache(command.make_parser)  # making it takes longer than reading most files
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    answers.write(b"ready\n")
    for line in sys.stdin.buffer:
        answers.write(json.dumps(_answer_to(json.loads(line))).encode() + b"\n")


def _answer_to(request: Mapping[str, Any]) -> dict[str, Any]:
    out, err, trace = _stream(), _stream(), ""
    before = dict(os.environ)
    os.environ.update(request["environment"])
    _forget_peak()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = _read(request)
    except BaseException:  # noqa: BLE001  what it is, is for the test to judge
        code, trace = 1, traceback.format_exc()
    os.environ.clear()
    os.environ.update(before)
    said = {"out": _text(out), "err": _text(err), "trace": trace}
    memory = {"peak_mib": _memory_mib("VmHWM"), "held_mib": _memory_mib("VmRSS")}
    return {"code": code, **{name: text[-4000:] for name, text in said.items()}, **memory}


def _stream() -> PrintableStream:
    """A stream in memory that is as the command's own are."""
    return PrintableStream(io.BytesIO(), encoding="utf-8", errors="backslashreplace")


def _text(stream: PrintableStream) -> str:
    stream.flush()
    return stream.buffer.getvalue().decode()  # type: ignore[attr-defined]


def _read(request: Mapping[str, Any]) -> int:
    if request["command"]:
        from impasto.cli.main import main

        try:
            main(request["command"])
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else int(end.code is not None)
        return 0
    module, _, function = request["function"].partition(":")
    try:
        getattr(importlib.import_module(module), function)(Path(request["file"]), Path(request["out"]))
    except ImpastoError as error:
        print(f"impasto: {error.message}" + (f"\n  {error.remedy}" if error.remedy else ""), file=sys.stderr)
        return error.exit_code
    return 0


def _limit_memory() -> None:
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (DATA_LIMIT_BYTES, DATA_LIMIT_BYTES))


def _forget_peak() -> None:
    """Begin to measure anew what most was resident; only Linux lets us."""
    if sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5")


def _memory_mib(kind: str) -> int:
    if sys.platform != "linux":
        return 0
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) >> 10 for line in lines if line.startswith(kind))


if __name__ == "__main__":
    serve()
