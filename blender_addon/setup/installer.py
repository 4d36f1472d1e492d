# SPDX-License-Identifier: GPL-3.0-or-later
"""Installation of the engine: a venv of the user's Python, or else packages for Blender's own Python.

Each attempt fills its own folder, which becomes the engine only once it works. A later attempt with the same plan
continues in the folder of an attempt that failed, was cancelled or was killed.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

import bpy

from ..core.errors import FileError, Message, WorkerError
from ..core.system import locks
from ..core.system.untrusted import read_json
from ..engine import engine
from ..engine.catalogue import catalogue
from ..engine.engine import Engine
from ..engine.settings import PreferenceProperties
from ..jobs.task import Task
from . import graphics
from .graphics import Build
from .pip import Pip, find_python, run

BY_HAND = "make a Python environment by hand and choose it in Impasto's preferences"
ATTEMPT = "attempt.json"
"""File in the folder of an unfinished attempt, with its plan and its Python."""


def poll_message(preferences: PreferenceProperties) -> str:
    """Reason why this Blender cannot install an engine; empty if it can. Called at every redraw."""
    if store := _sandbox():
        return Message("Blender from {} may not install packages: use Blender from blender.org, or {}", store, BY_HAND)
    if not (bpy.app.online_access or preferences.wheels_folder):
        return Message("Blender is offline: turn on Preferences, System, Network, Allow Online Access, or {}", BY_HAND)
    text = "This copy of the extension has no wheel: install its zip again, or {}"
    return "" if engine.wheel() else Message(text, BY_HAND)


@cache
def _sandbox() -> str:
    """Name of the store whose sandbox this Blender runs in; empty for an ordinary Blender."""
    if Path("/.flatpak-info").exists():
        return "Flatpak"
    if "SNAP" in os.environ:
        return "Snap"
    return "the Microsoft Store" if "WindowsApps" in sys.executable else ""


@dataclass(frozen=True)
class InstallPlan:
    """Plan of an installation. `carry_out` is the work of a task, so it runs in a thread.

    build: function that returns the build of PyTorch, and may examine the computer. wheels: folder to install from,
    without network, instead of that build. repairs: engine to repair.
    """

    folder: Path
    wheel: Path
    version: str
    build: Callable[[], Build]
    wheels: Path | None = None
    pip_arguments: tuple[str, ...] = ()
    repairs: Engine | None = None

    def carry_out(self, task: Task) -> Engine:
        """Install, check and return the engine. Raise WorkerError if a step fails."""
        task.say("Looking for a graphics card")
        build = None if self.wheels else self.build()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with _only_one(self.folder):
                self._check_room(build)
                return self._attempt(task, build)
        except OSError as error:
            message = "the engine cannot be written to {} ({})"
            remedy = "check that the folder can be written and has room, then press Set Up Engine again"
            raise WorkerError(message, remedy, self.folder, error.strerror or error) from error

    def tidy(self, built: Engine) -> None:
        """Remove all other engines, once none of their workers runs."""
        for older in self.folder.glob("engine-*"):
            if not _is_in(built, older):
                shutil.rmtree(older, ignore_errors=True)

    def _attempt(self, task: Task, build: Build | None) -> Engine:
        with (self.folder / "setup.log").open("a", encoding="utf-8") as log:
            built = self._place(task, build, log)
            place = self._folder_of(built)
            pip = Pip(built, place, log, self.wheels, self.pip_arguments)
            requirements = ["torch" if build is None else build.requirement, str(self.wheel)]
            pip.install(requirements, build, task, (0.06, 0.9))
            task.say("Looking for damaged packages", 0.92)
            pip.restore(build, task)
        task.say("Checking the engine", 0.95)
        engine.forget_checks()
        engine.check(built, self.version)
        (place / ATTEMPT).unlink(missing_ok=True)
        return built

    def _place(self, task: Task, build: Build | None, log: IO[str]) -> Engine:
        """Engine to fill: the engine to repair, the engine of an unfinished attempt, or a new engine."""
        if self.repairs and self._folder_of(self.repairs).is_dir() and engine.answers(self.repairs):
            return self.repairs
        wanted = {"build": build.requirement if build else str(self.wheels), "version": self.version}
        for of_attempt in sorted(self.folder.glob(f"engine-*/{ATTEMPT}")):
            left = _read(of_attempt, wanted)
            if left and engine.answers(left):
                task.say("Going on with the set-up that was interrupted", 0.05)
                return left
            shutil.rmtree(of_attempt.parent, ignore_errors=True)
        place = Path(tempfile.mkdtemp(prefix="engine-", dir=self.folder))
        try:
            built = self._new(place, task, log)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)  # nothing is installed yet that another attempt could continue
            raise
        record = {**wanted, "python": built.python, "packages": built.packages}
        (place / ATTEMPT).write_text(json.dumps(record), encoding="utf-8")
        return built

    def _new(self, place: Path, task: Task, log: IO[str]) -> Engine:
        """An environment of the user's Python in `place`, or else Blender's Python with packages in `place`."""
        if python := find_python():
            task.say(Message("Making an environment of {}", python), 0.02)
            try:
                run([python, "-I", "-m", "venv", str(place)], task, log, folder=place)
                return Engine(str(place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")))
            except WorkerError:  # this Python cannot make environments, so Blender's Python is used
                shutil.rmtree(place, ignore_errors=True)
                place.mkdir()
        built = Engine(sys.executable, str(place))
        Pip(built, place, log).require_pip()
        return built

    def _folder_of(self, built: Engine) -> Path:
        return next(
            (place for place in self.folder.glob("engine-*") if _is_in(built, place)), self.folder / "engine-none"
        )

    def _check_room(self, build: Build | None) -> None:
        """Raise WorkerError if the disk has too little space."""
        if self.repairs:
            return
        sizes = [file.stat().st_size for file in self.wheels.glob("*.whl")] if self.wheels else []
        needed = build.disk_mb * 10**6 if build else 3 * sum(sizes)
        left = sum(file.stat().st_size for file in self.folder.glob("engine-*/**/*") if file.is_file())
        free = shutil.disk_usage(self.folder).free
        if free + left < needed:
            message = "the engine needs {:.1f} GB, and {} has {:.1f} GB left"
            remedy = "make room on that disk, or choose the build for the CPU in Impasto's preferences"
            raise WorkerError(message, remedy, needed / 1e9, self.folder, free / 1e9)


def plan(preferences: PreferenceProperties, *, repairs: bool = False) -> InstallPlan:
    """Plan from the preferences. Raise WorkerError if this Blender cannot install an engine."""
    if reason := poll_message(preferences):
        raise WorkerError("the engine cannot be set up", reason)
    wheel = engine.wheel()
    assert wheel is not None
    wheels = Path(bpy.path.abspath(preferences.wheels_folder)) if preferences.wheels_folder else None
    if wheels and not any(wheels.glob("torch-*.whl")):
        raise WorkerError("{} has no wheel of torch", "choose a folder that `pip download` filled", wheels)
    try:
        arguments = tuple(shlex.split(preferences.pip_arguments))
    except ValueError as error:
        message = "the extra arguments for pip cannot be read ({})"
        raise WorkerError(message, "close the quotation mark", error) from error
    choice = preferences.torch_build

    def build() -> Build:
        computer = graphics.this_computer()
        if reason := computer.poll_message():
            raise WorkerError("the engine cannot be set up", "{}; {}", reason, BY_HAND)
        return computer.build(choice)

    own = engine.own_engine() if repairs else None
    folder = engine.user_folder(create=True) / "engine"
    return InstallPlan(folder, wheel, catalogue.version, build, wheels, arguments, own)


def is_unfinished() -> bool:
    """Whether an interrupted set-up exists, which the next set-up continues."""
    return any((engine.user_folder() / "engine").glob(f"engine-*/{ATTEMPT}"))


def _is_in(built: Engine, place: Path) -> bool:
    return Path(built.packages or built.python).is_relative_to(place)


def _read(record: Path, wanted: dict[str, str]) -> Engine | None:
    """Engine of an unfinished attempt, if it had the same plan."""
    try:
        found = read_json(record)
        left = Engine(str(found["python"]), str(found["packages"]))
        return left if {key: found[key] for key in wanted} == wanted and _is_in(left, record.parent) else None
    except (FileError, OSError, ValueError, KeyError, TypeError):
        return None


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Lock the folder. Raise WorkerError while another Blender installs there. The lock ends with its process."""
    lock = locks.acquire(folder / "setup.lock")
    if lock is None:
        raise WorkerError("another Blender sets up the engine at this moment", "wait until it is done")
    try:
        yield
    finally:
        lock.release()
