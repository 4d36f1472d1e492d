# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine, the Python with torch and impasto that runs the worker: finding and checking it.

In this order: IMPASTO_ENGINE, another machine or a Python set in preferences, the environment that Set Up Engine made.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TypedDict

import bpy

from ..core.engine.remote import Remote
from ..core.errors import FileError, Message, ProtocolError, WorkerError
from ..core.system import process
from ..core.system.transaction import replace_files
from ..core.system.typed_json import Count, as_kind
from ..core.system.untrusted import make_folder, parse_json, read_json
from .settings import PreferenceProperties

EXTENSION = __package__.rpartition(".")[0]
MIN_PYTHON = (3, 11)
CHECK_LIMIT_S = 60.0
MEND = "press Set Up Engine in Impasto's preferences, or choose another Python there"

RUN_MODULE = (
    "import runpy, site, sys; packages, module = sys.argv[1:3]; sys.path.insert(0, packages); "
    "site.addsitedir(packages); sys.argv[:3] = [module]; runpy.run_module(module, run_name='__main__', alter_sys=True)"
)
"""Program that runs a module of a folder filled by pip, before all other packages of the interpreter."""

PROBE = """
import sys
sys.path = sys.argv[1:] + [folder for folder in sys.path if folder]  # not the current one: its json.py would be run
import json
found = {"version": sys.version_info[:2], "packages": {}}
if sys.version_info >= (3, 11):
    from importlib import metadata
    for name in ("torch", "impasto"):
        try:
            found["packages"][name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            pass
print(json.dumps(found))
"""

REMOTE = "ssh://"
"""Beginning of the address of an engine on another machine."""
BLENDER, ADDON, IDS = "IMPASTO_BLENDER", "IMPASTO_BLENDER_ADDON", "IMPASTO_IDS"
"""Environment variables: the Blender that reads .blend files for the engine, the module of its extension, and whether
the command answers with messages by their ids."""
RECORD = "engine.json"
"""Record of the engine that Set Up Engine made, in the user's folder."""


@dataclass(frozen=True)
class Engine:
    """A Python and, for Blender's own Python, a folder of packages that precede its own.

    python: a path, or the address of one on another machine, such as ssh://host.
    """

    python: str
    packages: str = ""

    @property
    def is_remote(self) -> bool:
        """Whether the engine is on another machine."""
        return self.python.startswith(REMOTE)

    @property
    def remote(self) -> Remote:
        """The address of an engine on another machine. Raise ParameterError if it is wrong."""
        return Remote.of(self.python)

    def command(self, module: str, *arguments: str) -> list[str]:
        """Command that runs a module of the engine."""
        if self.packages:
            return self.run_python("-I", "-c", RUN_MODULE, self.packages, module, *arguments)
        return self.run_python("-P", "-m", module, *arguments)

    def run_python(self, *arguments: str) -> list[str]:
        """Command that runs the engine's Python with these arguments."""
        return self.remote.command(*arguments) if self.is_remote else [self.python, *arguments]


def preferences() -> PreferenceProperties:
    """Impasto's preferences."""
    return bpy.context.preferences.addons[EXTENSION].preferences


def user_folder(*, create: bool = False) -> Path:
    """Folder for Impasto's files: the engine, logs, the description of the tools."""
    folder = Path(bpy.utils.extension_path_user(EXTENSION, create=False))
    return make_folder(folder) if create else folder


def log_path(which: str = "interactive") -> Path:
    """A worker's log."""
    return user_folder() / ("training.log" if which == "long" else "worker.log")


def newest_log() -> Path | None:
    """Newest log of a worker or of Set Up Engine; None if there is none yet."""
    logs = [path for path in (log_path(), log_path("long"), user_folder() / "engine" / "setup.log") if path.exists()]
    return max(logs, key=lambda path: path.stat().st_mtime, default=None)


@cache
def wheel() -> Path | None:
    """The wheel of impasto that is bundled with the extension."""
    return next(Path(__file__).parents[1].glob("wheel/impasto-*.whl"), None)


def find() -> Engine | None:
    """The chosen engine, whether it works or not; None if there is none."""
    if "IMPASTO_ENGINE" not in os.environ and (address := preferences().engine_address):
        return Engine(address if address.startswith(REMOTE) else f"{REMOTE}{address}")
    return find_here()


def find_here() -> Engine | None:
    """The chosen engine on this computer; None if there is none."""
    if chosen := os.environ.get("IMPASTO_ENGINE"):
        return Engine(chosen)
    if chosen := preferences().engine_python:
        return Engine(bpy.path.abspath(chosen))
    return own_engine()


def poll_message() -> str:
    """Reason why no tool can run without an engine; empty if there is one."""
    return "" if find() else "Impasto has no engine yet: press Set Up Engine"


@cache
def own_engine() -> Engine | None:
    """The engine that Set Up Engine made, in use or not. It is read once, since panels ask at every redraw."""
    try:
        return as_kind(Engine, read_json(user_folder() / RECORD), RECORD)
    except (FileError, ProtocolError):
        return None


def keep(engine: Engine) -> None:
    """Record the engine that Set Up Engine made."""
    replace_files({user_folder(create=True) / RECORD: json.dumps(asdict(engine)).encode()})
    own_engine.cache_clear()


def require(*, here: bool = False) -> Engine:
    """The chosen engine; with `here`, the one on this computer. Raise WorkerError if there is none."""
    engine = find_here() if here else find()
    if engine is None:
        raise WorkerError("Impasto has no engine yet", MEND)
    return engine


_works: set[Engine] = set()
"""Engines that passed the check in this session."""


def check(engine: Engine, version: str) -> None:
    """Raise WorkerError if the engine cannot run impasto `version`. Takes a moment: not for the main thread."""
    if engine in _works and (engine.is_remote or Path(engine.python).exists()):
        return
    found = _probe(engine)
    python = tuple(found["version"])
    if python < MIN_PYTHON:
        listed, needed = ".".join(map(str, python)), ".".join(map(str, MIN_PYTHON))
        message = "the engine {} is Python {}, which is too old"
        raise WorkerError(message, "choose {} or newer", engine.python, listed, needed)
    for name in ("torch", "impasto"):
        if name not in found["packages"]:
            raise WorkerError("the engine {} has no {}", _how_to_install(engine), engine.python, name)
    if found["packages"]["impasto"] != version:
        message = "the engine {} has impasto {}, this extension needs {}"
        raise ProtocolError(message, _how_to_install(engine), engine.python, found["packages"]["impasto"], version)
    _works.add(engine)


def has_passed(engine: Engine) -> bool:
    """Whether the engine passed the check in this session."""
    return engine in _works


def answers(engine: Engine) -> bool:
    """Whether the engine's Python runs at all. Takes a moment: not for the main thread."""
    try:
        return bool(_probe(engine))
    except WorkerError:
        return False


def forget_checks() -> None:
    """Check the engine again before it is used next."""
    _works.clear()


class _Versions(TypedDict):
    """An engine's answer to the probe: versions of its Python and of packages."""

    version: list[Count]
    packages: dict[str, str]


def _probe(engine: Engine) -> _Versions:
    command = engine.run_python("-c", PROBE, *([engine.packages] if engine.packages else []))
    try:
        done = process.run(command, {}, CHECK_LIMIT_S)
    except FileNotFoundError as error:
        raise WorkerError("the engine {} does not exist", MEND, engine.python) from error
    except TimeoutError as error:
        raise WorkerError("the engine {} did not answer in {:.0f} s", MEND, engine.python, CHECK_LIMIT_S) from error
    except OSError as error:
        raise WorkerError("the engine {} cannot be started ({})", MEND, engine.python, error.strerror) from error
    try:
        return as_kind(_Versions, parse_json(done.stdout.splitlines()[-1], "its answer"), "its answer")
    except (FileError, ProtocolError, IndexError) as error:
        lines = (done.stderr or done.stdout).decode("utf-8", "replace").split("\n")
        if engine.is_remote and (reason := engine.remote.explain(done.returncode, lines)):
            raise reason from error
        said = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")[-200:]
        raise WorkerError("the engine {} is not a working Python: {}", MEND, engine.python, said) from error


def _how_to_install(engine: Engine) -> str:
    if engine.is_remote:
        return Message("copy {} to {}, and install it there with pip", wheel(), engine.remote.place)
    remedy = 'press Set Up Engine in Impasto\'s preferences, or run: "{}" -I -m pip install "{}"'
    return Message(remedy, engine.python, wheel())


def settings_environment() -> dict[str, str]:
    """Environment variables with the folders that the preferences set, and this Blender, which reads .blend files."""
    folders = {"IMPASTO_MODELS": preferences().models_folder, "IMPASTO_WEIGHTS": preferences().weights_folder}
    chosen = {IDS: "1"} | {name: bpy.path.abspath(folder) for name, folder in folders.items() if folder}
    if bpy.app.binary_path and BLENDER not in os.environ:  # there is none in the bpy module
        chosen |= {BLENDER: bpy.app.binary_path, ADDON: EXTENSION}
    return chosen
