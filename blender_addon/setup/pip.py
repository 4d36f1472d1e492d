# SPDX-License-Identifier: GPL-3.0-or-later
"""pip for an engine: installing packages with live progress, finding damaged ones, explaining failures.

Only wheels are installed, so that no compiler is needed. No program or package is taken from the current folder.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..core.errors import Cancelled, WorkerError
from ..core.system import process
from ..engine.engine import MIN_PYTHON, Engine, wheel
from ..jobs.command import run_lines
from ..jobs.task import Task
from .graphics import Build

NEWEST_PYTHON, PROBE_LIMIT_S = (3, 14), 20.0
"""Newest Python that is accepted, and time limit of the programs that only examine a Python."""
PRINT_VERSION = "import sys, venv, ensurepip; print(*sys.version_info[:2])"
"""Program that prints the version of a Python, and fails if the Python cannot make virtual environments."""
RUN_PIP = """
import runpy, sys
try:
    import pip
except ImportError:
    try:
        import ensurepip
    except ImportError:
        sys.exit("Python has no pip")
    import pathlib, tempfile
    folder = tempfile.mkdtemp(prefix="impasto-pip-")
    ensurepip.bootstrap(root=folder)
    sys.path.insert(0, str(next(pathlib.Path(folder).rglob("pip/__main__.py")).parents[1]))
if sys.argv[1:] == ["--version"]:
    import pip
    sys.exit(print(pip.__version__))
sys.argv[0] = "pip"
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""
"""Program that runs pip. A Python without pip uses the copy in ensurepip, unpacked into a temporary folder."""

AUDIT = """
import json, os, sys
from importlib import metadata
folders = sys.argv[1:] or [folder for folder in sys.path if folder.endswith("site-packages")]
damaged = {}
for distribution in metadata.distributions(path=folders):
    try:
        files = distribution.files or []
        is_whole = all(
            not file.size or file.suffix == ".pyc" or os.path.getsize(file.locate()) == file.size for file in files
        )
        name = distribution.metadata["Name"]
    except (OSError, ValueError):
        is_whole, name = False, distribution.metadata["Name"]
    if not is_whole:
        damaged[name] = distribution.version
print(json.dumps(damaged))
"""
"""Program that prints packages with files that are missing or whose length has changed since they were installed."""

HOST = re.compile(r"host='([^'\s]+)'|https?://([^/:\s'\"]+)")
"""Pattern of the host that pip could not reach, in its errors."""
NETWORK = re.compile(
    r"Failed to establish a new connection|Max retries exceeded|name resolution|Name or service not known|"
    r"getaddrinfo failed|NewConnectionError|ConnectTimeout|Read timed out|ProxyError|SSLError|Connection broken|"
    r"Could not fetch URL|IncompleteRead|Connection refused|Network is unreachable"
)
ENVIRONMENT = {"PIP_TARGET": "", "PIP_PREFIX": "", "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}
"""Environment that hides variables of the user that send packages elsewhere. pip ignores empty variables."""
NO_VERSION = (0,)
"""Version that stands for a missing pip."""
SET_UP_AGAIN = "press Set Up Engine again: what is already there is kept"


@dataclass(frozen=True)
class Pip:
    """pip of an engine. place: folder of the engine, in which pip runs. log: file for the output of pip.

    wheels: folder of packages to install from, without network. arguments: further arguments of every installation.
    """

    engine: Engine
    place: Path
    log: IO[str]
    wheels: Path | None = None
    arguments: tuple[str, ...] = ()

    def install(
        self, requirements: Sequence[str], build: Build | None, task: Task, span: tuple[float, float], *more: str
    ) -> None:
        """Install packages. build: build of PyTorch among them. span, errors: see `run`. more: arguments of pip."""
        command = [*self._command, "install", "--no-input", "--disable-pip-version-check", "--only-binary", ":all:"]
        command += ["--progress-bar", "raw" if self._version >= (24, 1) else "off"]
        command += ["--target", self.engine.packages, "--upgrade"] if self.engine.packages else []
        if self.wheels:
            command += ["--no-index", "--find-links", str(self.wheels)]
        elif build and build.index:
            command += ["--extra-index-url", build.index]
        expected_mb = build.download_mb if build else 0
        run([*command, *more, *self.arguments, *requirements], task, self.log, span, expected_mb, self.place)

    def restore(self, build: Build | None, task: Task) -> None:
        """Reinstall packages whose files are missing or changed."""
        command = [self.engine.python, "-I", "-c", AUDIT, *([self.engine.packages] if self.engine.packages else [])]
        damaged = json.loads(_last_line(command) or "{}")
        if damaged:
            again = [f"{name}=={version}" for name, version in damaged.items() if name != "impasto"]
            again += [str(found) for found in [wheel()] if found and "impasto" in damaged]
            self.install(again, build, task, (0.92, 0.94), "--force-reinstall", "--no-deps")

    def require_pip(self) -> None:
        """Raise WorkerError if the engine's Python has neither pip nor ensurepip."""
        if self._version == NO_VERSION:
            message = "neither a Python with venv nor pip for Blender's own Python ({}) was found"
            remedy = "install Python from python.org (on Debian and Ubuntu: python3-venv), then {}"
            raise WorkerError(message, remedy, self.engine.python, SET_UP_AGAIN)

    @property
    def _command(self) -> list[str]:
        return [self.engine.python, "-I", "-u", "-X", "utf8", "-c", RUN_PIP]

    @property
    def _version(self) -> tuple[int, ...]:
        said = _last_line([*self._command, "--version"])
        return tuple(map(int, re.findall(r"\d+", said)[:2])) if said else NO_VERSION


def find_python() -> str | None:
    """Newest Python on PATH that can make virtual environments; None if there is none."""
    for program in _pythons():
        version = _last_line([program, "-I", "-c", PRINT_VERSION]).split()
        if version and MIN_PYTHON <= tuple(map(int, version)) <= NEWEST_PYTHON:
            return program
    return None


def _pythons() -> Iterator[str]:
    """Pythons in the absolute folders of PATH. On Windows, a search by name would begin in the current folder."""
    low, high = MIN_PYTHON[1], NEWEST_PYTHON[1]
    names = [f"python3.{minor}" for minor in range(high, low - 1, -1)] + ["python3", "python"]
    ending = ".exe" if os.name == "nt" else ""
    folders = [folder for folder in map(Path, os.get_exec_path()) if folder.is_absolute()]
    for name in names:
        for folder in folders:
            program = folder / f"{name}{ending}"
            if program.is_file() and os.access(program, os.X_OK):
                yield str(program)


def _last_line(command: Sequence[str]) -> str:
    """Last line that a command printed; empty if it failed."""
    try:
        done = process.run(command, ENVIRONMENT, PROBE_LIMIT_S, Path(command[0]).parent)
    except OSError:
        return ""
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    return lines[-1] if lines and done.returncode == 0 else ""


def run(
    command: Sequence[str],
    task: Task,
    log: IO[str],
    span: tuple[float, float] = (0.0, 0.0),
    expected_mb: float = 0.0,
    folder: Path | None = None,
) -> None:
    """Run a command, and report its output as progress. Raise WorkerError if it fails, and Cancelled.

    span: progress of the task at the start and the end. expected_mb: size of the downloads; 0 if it is unknown.
    """
    progress, lines = _Progress(task.say, span, expected_mb * 1e6), []

    def on_line(line: str) -> None:
        if not progress.read(line := line.strip()):
            lines.append(line)
            print(line, file=log, flush=True)

    code = run_lines(task, command, ENVIRONMENT, on_line, folder=folder)
    if task.is_cancelled:
        raise Cancelled
    if code:
        raise _explain(lines)


class _Progress:
    """Progress of an installation, from the lines that pip prints."""

    def __init__(self, say: Callable[[str, float], None], span: tuple[float, float], expected_bytes: float) -> None:
        self._say, self._span, self._expected_bytes = say, span, expected_bytes
        self._done_bytes, self._file_bytes, self._message = 0.0, 0.0, ""

    def read(self, line: str) -> bool:
        """Report the progress of a line; return whether the line only counts bytes, and needs no log."""
        if match := re.match(r"Progress (\d+) of (\d+)$", line):
            self._file_bytes = float(match[1])
        else:
            if line.startswith(("Downloading ", "Collecting ", "Installing ", "Using cached ", "Processing ")):
                self._done_bytes, self._file_bytes = self._done_bytes + self._file_bytes, 0.0
            self._message = line[:120] or self._message
        start, end = self._span
        share = min(1.0, (self._done_bytes + self._file_bytes) / self._expected_bytes) if self._expected_bytes else 0.0
        if self._message.startswith("Installing "):
            share = 1.0
        self._say(self._message, start + share * (end - start))
        return bool(match)


def _explain(lines: Sequence[str]) -> WorkerError:
    """Error with the reason why a command failed, and its remedy."""
    text = "\n".join(lines)
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    said = next(reversed(errors), lines[-1] if lines else "it said nothing")[:300].rstrip(".")
    if "No space left on device" in text or "Errno 28" in text or "not enough space on the disk" in text:
        return WorkerError("the disk is full", "make room on it, then {}", SET_UP_AGAIN)
    if "Permission denied" in text or "Errno 13" in text or "Access is denied" in text:
        return WorkerError("a file cannot be written: {}", "close what uses it, then {}", said, SET_UP_AGAIN)
    if NETWORK.search(text):
        found = HOST.search(text)
        host = found[1] or found[2] if found else "the package index"
        remedy = "check the network (a proxy goes into Extra Arguments), or choose a folder of wheels; then {}"
        return WorkerError("the packages could not be downloaded: {} cannot be reached", remedy, host, SET_UP_AGAIN)
    if missing := re.search(r"No matching distribution found for ([^\s;]+)", text):
        remedy = "choose another build of PyTorch or another Python in Impasto's preferences"
        return WorkerError("there is no wheel of {} for this computer's Python", remedy, missing[1])
    return WorkerError("the packages could not be installed: {}", "see Open Log for all that pip said", said)
