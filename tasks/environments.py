"""The virtual environments, under .build, keyed by a hash of what defines them: a second run starts at once."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .locks import alone
from .messages import Apart, BuildError, step

from impasto.system import interruption  # isort: skip - .locks made the core importable
from impasto.system.process import kill, kill_group  # isort: skip

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / ".build"
BPY_PYTHON = (3, 11)
ROOM = 3 * 2**30
"""Bytes that must be free for an environment: with torch it takes 1.4 GB, and unpacking needs more."""
BPY_VERSIONS = {"5.0": "bpy==5.0.1", "4.5": "bpy==4.5.15", "4.2": "bpy==4.2.23"}
PIP_INSTALL = ("-I", "-u", "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar=off", "--no-compile")
"""Modules are compiled when they are first imported: most never are."""
NEWEST_BPY = next(iter(BPY_VERSIONS))


@dataclass(frozen=True)
class Environment:
    """A virtual environment: its requirements, and the files whose content it depends on."""

    name: str
    requirements: tuple[str, ...]
    depends_on: tuple[str, ...] = ()
    base: Environment | None = None
    """Another one, whose packages it has too: only what differs is installed."""
    extends: Environment | None = None
    """Another one, into whose folder its requirements are installed."""

    @property
    def folder(self) -> Path:
        if self.extends:
            return self.extends.folder
        parts = [sys.version, *self.requirements, *((ROOT / file).read_text() for file in self.depends_on)]
        if self.base:
            parts.append(str(self.base.folder))
        return BUILD / "envs" / f"{self.name}-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:12]}"

    @property
    def python(self) -> Path:
        return self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    @property
    def is_ready(self) -> bool:
        """Whether it is there already."""
        return self._marker.exists()

    def ready(self) -> Path:
        """Make the environment if it is not there, or only half there; its Python."""
        for needed in (self.base, self.extends):
            if needed:
                needed.ready()
        if not self._marker.exists():
            with alone(self.folder):
                if not self._marker.exists():  # another process may have made it meanwhile
                    self._make()
        return self.python

    @property
    def _marker(self) -> Path:
        """A file that is there once the environment is complete."""
        return self.folder / (f".ready-{self.name}" if self.extends else ".ready")

    def _make(self) -> None:
        _check_room()
        with step(f"Setting up the environment {self.name}") as apart:
            if not self.extends:
                shutil.rmtree(self.folder, ignore_errors=True)
                python = base_python() if self.name.startswith("bpy") else Path(sys.executable)
                call([python, "-I", "-m", "venv", self.folder])
            if self.base:
                path = packages(self.python) / "base.pth"
                path.write_text(f"import site; site.addsitedir({str(packages(self.base.python))!r})\n")
            call([self.python, *PIP_INSTALL, *self.requirements], hear=Downloads(apart))
        self._marker.touch()


CORE = Environment(
    "core", ("-c", str(ROOT / "constraints.txt"), "-e", f"{ROOT}[demo]"), ("pyproject.toml", "constraints.txt")
)
"""The product's requirements, and the demo's photographs."""
TESTS = Environment("tests", ("-c", str(ROOT / "constraints.txt"), "impasto[test]"), extends=CORE)
"""The core's environment with what only tests need; pip leaves impasto as it is installed."""
CORE_NUMPY_1 = Environment(
    "core-numpy-1", ("torch==2.13.0", "numpy==1.26.4", "-e", f"{ROOT}[test]"), ("pyproject.toml",), TESTS
)
"""The oldest NumPy that is supported: the one that Blender's wheels pin. pip replaces what needs a newer one."""
TENSORFLOW = Environment(
    "tensorflow",
    ("-c", str(ROOT / "constraints.txt"), "tensorflow" if sys.platform == "darwin" else "tensorflow-cpu"),
    ("pyproject.toml", "constraints.txt"),
    TESTS,
)
"""For one test of exported models: TensorFlow alone takes 1.3 GB."""
LINT = Environment("lint", ("-c", str(ROOT / "constraints.txt"), "ruff", "mypy"), ("constraints.txt",))


class Downloads:
    """Takes pip's lines as they come, and counts the seconds from each `Downloading …` to the line after it."""

    def __init__(self, apart: Apart) -> None:
        self.apart, self.since = apart, 0.0

    def __call__(self, line: str) -> None:
        now = time.monotonic()
        self.apart.downloads_s += now - self.since if self.since else 0.0
        self.since = now if line.lstrip().startswith("Downloading ") else 0.0


def blender(version: str) -> Environment:
    """The environment with Blender as a Python module."""
    return Environment(f"bpy-{version}", (BPY_VERSIONS[version],))


def bpy_environment(version: str) -> Environment:
    """Blender's environment with what only tests need."""
    return Environment(f"bpy-tests-{version}", ("pytest==9.2.0", "psutil==7.2.2"), extends=blender(version))


def packages(python: Path) -> Path:
    """The folder into which a Python installs packages."""
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return Path(call([python, "-I", "-c", ask]).strip())


def _check_room() -> None:
    """BuildError where an environment would not fit on the disk."""
    free = shutil.disk_usage(BUILD if BUILD.exists() else ROOT).free
    if free < ROOM:
        said = f"an environment needs {ROOM / 2**30:.0f} GiB, and {BUILD} has {free / 2**30:.1f} GiB left"
        raise BuildError(f"{said}: make room, or make .build a link to a folder on another disk")


def base_python() -> Path:
    """A Python that the bpy wheels serve. BuildError says how to get one."""
    if sys.version_info[:2] == BPY_PYTHON:
        return Path(sys.executable)
    name = "python{}.{}".format(*BPY_PYTHON)
    found = shutil.which(name)
    if found is None:
        raise BuildError(f"Blender's wheel needs {name}: install it, or use your own Blender: --blender PATH")
    return Path(found)


_started: list[subprocess.Popen[str]] = []
_starting, _is_over = threading.Lock(), threading.Event()
"""Held while a process is started; set once all are ended, and none is started any more."""


def call(
    command: Sequence[str | Path],
    environment: dict[str, str] | None = None,
    hear: Callable[[str], None] = lambda line: None,
) -> str:
    """Run a command; its output, of which `hear` gets each line. BuildError with the end of that where it fails."""
    running, said = start(command, environment), ""
    for line in running.stdout or ():
        hear(line)
        said += line
    if running.wait():
        raise BuildError(f"{' '.join(map(str, command))} failed:\n{said[-4000:]}")
    return said


def start(
    command: Sequence[str | Path], environment: dict[str, str] | None = None, **options: object
) -> subprocess.Popen[str]:
    """Start a command whose output, errors among it, is read from `stdout`. It ends with this process (`end_started`).

    It has a process group of its own, so that Control-C in a terminal reaches this process alone, which ends it.
    """
    own_group = {"creationflags": 0x00000200} if os.name == "nt" else {"start_new_session": True}
    with _starting:
        if _is_over.is_set():
            raise BuildError("stopped")
        running = subprocess.Popen(  # type: ignore[call-overload]
            [str(part) for part in command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            **own_group,
            **options,
        )
        _started[:] = [running, *(one for one in _started if one.returncode is None)]
    return running


@contextmanager
def ending_all() -> Iterator[None]:
    """End all that was started at the end of the block, and within two seconds of Control-C, with this process."""
    is_stopped = threading.Event()

    def stop() -> None:
        is_stopped.set()
        sys.stdout = io.StringIO()  # programs that were killed are no news
        end_started()

    interruption.install(clean_up=lambda: None, first=stop)
    interruption.say_by(lambda _: print("\nbuild.py: stopped", file=sys.stderr))
    try:
        yield
    finally:
        end_started()
        if is_stopped.is_set():
            threading.Event().wait()  # for the thread that watches signals, which is about to end this process


def end_started() -> None:
    """Kill every process that `start` has started, with all that those have started, and start none any more."""
    is_mine = _starting.acquire(timeout=1)  # unless a disk is in the way
    _is_over.set()
    if is_mine:
        _starting.release()
    end(*_started)


def end(*running: subprocess.Popen[str]) -> None:
    """Kill processes with all that they have started, in process groups of their own, too."""
    alive = [one for one in running if one.poll() is None]
    if os.name == "nt":
        for one in alive:
            kill(one)
        return
    found: set[int] = set()
    while new := _with_descendants([one.pid for one in alive]) - found:
        _send(new, signal.SIGSTOP)  # so that they start nothing while the others are looked for
        found |= new
    _send(found, signal.SIGKILL)
    for one in alive:
        kill_group(one)  # what has lost its parent is still of the group


def _send(processes: Iterable[int], number: int) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)


def _with_descendants(processes: Sequence[int]) -> set[int]:
    """The processes, and all that were started by them."""
    children: dict[int, list[int]] = {}
    for process, parent in _parents():
        children.setdefault(parent, []).append(process)
    found, next_ones = set(), list(processes)
    while next_ones:
        found.add(one := next_ones.pop())
        next_ones += children.get(one, [])
    return found


def _parents() -> Iterator[tuple[int, int]]:
    """Each running process and its parent, from Linux's files, or from `ps` where there are none, as on macOS."""
    if not Path("/proc/self/stat").exists():
        listed = subprocess.check_output(["ps", "-A", "-o", "pid=,ppid="], text=True)
        yield from ((int(process), int(parent)) for process, parent in map(str.split, listed.splitlines()))
        return
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended
            yield int(file.parent.name), int(file.read_text(errors="replace").rpartition(")")[2].split()[1])


def clean_environment(**more: str | Path) -> dict[str, str]:
    """This process's environment without what could leak into a test, and with `more`."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "IMPASTO", "BLENDER"))}
    return {**kept, "OMP_NUM_THREADS": "1", **{key: str(value) for key, value in more.items()}}
