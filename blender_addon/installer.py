# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the engine: a venv of a Python that the user has, or else packages for Blender's own Python.

Each attempt fills a folder of its own and is kept only when it works, so that a failed one changes nothing.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from . import engine
from .catalogue import catalogue
from .core.errors import Cancelled, WorkerError
from .engine import MIN_PYTHON, NO_CONSOLE, Engine, clean_environment

if TYPE_CHECKING:
    from .choices import Choices
    from .tasks import Task

NEWEST_PYTHON = (3, 14)
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
CAN_MAKE_VENV = "import sys, venv, ensurepip; print(*sys.version_info[:2])"
RUN_PIP = """
import runpy, sys
try:
    import pip
except ImportError:
    import ensurepip, pathlib, tempfile
    folder = tempfile.mkdtemp(prefix="impasto-pip-")
    ensurepip.bootstrap(root=folder)
    sys.path.insert(0, str(next(pathlib.Path(folder).rglob("pip/__main__.py")).parents[1]))
sys.argv[0] = "pip"
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""
"""Runs Blender's own pip, or the one that ensurepip carries, which is then not installed into Blender."""


BY_HAND = "make a Python environment by hand and choose it in Impasto's preferences"


def why_not() -> str:
    """Why this Blender cannot make an engine; empty where it can. Asked at every redraw."""
    if store := _sandbox():
        return f"Blender from {store} may not install packages: use Blender from blender.org, or {BY_HAND}"
    if not bpy.app.online_access:
        return f"Blender is offline: turn on Preferences, System, Network, Allow Online Access, or {BY_HAND}"
    return "" if engine.wheel() else f"This copy of the extension has no wheel: install its zip again, or {BY_HAND}"


@cache
def _sandbox() -> str:
    """The store whose sandbox this Blender runs in; empty for an ordinary Blender."""
    if Path("/.flatpak-info").exists():
        return "Flatpak"
    if "SNAP" in os.environ:
        return "Snap"
    return "the Microsoft Store" if "WindowsApps" in sys.executable else ""


@dataclass(frozen=True)
class Plan:
    """What to install, and where. `carry_out` is a task's work: it runs in a thread."""

    folder: Path
    wheel: Path
    version: str
    index: str
    pip_arguments: tuple[str, ...]

    def carry_out(self, task: Task) -> Engine:
        """The new engine, checked. WorkerError with the end of pip's output where it fails."""
        self.folder.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix="engine-", dir=self.folder))
        try:
            made = self._make(task, place)
            task.say("Checking the engine", 0.95)
            engine.check(made, self.version)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
        for older in self.folder.glob("engine-*"):
            if older != place:
                shutil.rmtree(older, ignore_errors=True)
        return made

    def _make(self, task: Task, place: Path) -> Engine:
        python = find_python()
        if python:
            task.say(f"Making an environment of {python}", 0.02)
            _call([python, "-I", "-m", "venv", str(place)], task, 0.05)
            made = Engine(str(place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")))
            pip = [made.python, "-I", "-m", "pip"]
        else:
            made = Engine(sys.executable, str(place))
            pip = [made.python, "-I", "-c", RUN_PIP]
        target = ["--target", made.packages, "--upgrade"] if made.packages else []
        common = ["install", "--no-input", "--disable-pip-version-check", "--progress-bar", "off", *target]
        common += self.pip_arguments
        if self.index == "CPU":
            _call([*pip, *common, "--index-url", CPU_INDEX, "torch"], task, 0.5)
        _call([*pip, *common, str(self.wheel)], task, 0.9)
        return made


def plan(preferences: Choices) -> Plan:
    """The plan that the preferences ask for. WorkerError where this Blender cannot make an engine."""
    if reason := why_not():
        raise WorkerError("the engine cannot be set up", reason)
    wheel = engine.wheel()
    assert wheel is not None
    arguments = tuple(shlex.split(preferences.pip_arguments))
    folder = engine.user_folder(create=True) / "engine"
    return Plan(folder, wheel, catalogue.version, preferences.torch_index, arguments)


def find_python() -> str | None:
    """A Python of the user that can make environments, the newest first; None where there is none."""
    low, high = MIN_PYTHON[1], NEWEST_PYTHON[1]
    names = [f"python3.{minor}" for minor in range(high, low - 1, -1)] + ["python3", "python"]
    for found in filter(None, map(shutil.which, names)):
        done = subprocess.run(
            [found, "-I", "-c", CAN_MAKE_VENV],
            env=clean_environment(),
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
            creationflags=NO_CONSOLE,
        )
        if done.returncode == 0 and MIN_PYTHON <= tuple(map(int, done.stdout.split())) <= NEWEST_PYTHON:
            return found
    return None


def _call(command: Sequence[str], task: Task, fraction: float) -> None:
    """Run a command, telling its last line as progress; Cancelled if the task was, WorkerError if it failed."""
    if task.is_cancelled:
        raise Cancelled
    started_at = task.fraction
    running = subprocess.Popen(
        command,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        creationflags=NO_CONSOLE,
    )
    task.on_cancel = running.kill
    assert running.stdout is not None
    lines: list[str] = []
    for line in running.stdout:
        lines.append(line.strip())
        task.say(lines[-1][:120], started_at)
    if running.wait() and task.is_cancelled:
        raise Cancelled
    if running.returncode:
        said = "\n".join(lines[-12:])
        raise WorkerError(f"{command[0]} failed:\n{said}", "check the network and the free disk space, then try again")
    task.say(lines[-1][:120] if lines else "", fraction)
