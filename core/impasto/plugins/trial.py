"""Trial of a plugin in a process of its own before it is loaded here, so that one that hangs or crashes does no harm.

Each state of a plugin's files is tried once; the outcome is kept in the user's cache.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from subprocess import DEVNULL
from typing import IO, Any, NoReturn

from ..about import VERSION
from ..errors import FileError, ProtocolError
from ..system.folders import user_folder
from ..system.process import describe_exit, end, start
from ..system.shapes import check
from ..system.transaction import TEMPORARY_REMEDY, replace_files
from ..system.untrusted import printable, read_json

TRIAL_LIMIT_S = 20.0
"""Far longer than importing PyTorch from a cold disk takes."""
CODE_SUFFIXES = (".py", ".so", ".pyd")
MAX_FILES = 5000
ON_THE_SAME_PATH = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
VERDICTS = {str: {str: {"state": str, "failure": str}}}

log = logging.getLogger(__name__)


def failure_of(point: EntryPoint, program: str) -> str:
    """Reason not to load a plugin because doing so would end or hang this process; "" if it is safe to load here.

    program: Python code that tries, by calling `answer`, the plugin whose name and value are in `sys.argv[2:]`.
    """
    state = _state(point)
    if not state or not Path(sys.executable or "").stem.lower().startswith("python"):
        return ""  # a host that embeds Python has no program that could try it
    verdicts, key = _read(), f"{point.dist.name if point.dist else ''}:{point.name}"
    known = verdicts.setdefault(sys.prefix, {})
    if known.get(key, {}).get("state") != state:
        log.info("trying the plugin %s", point.name)
        known[key] = {"state": state, "failure": _try(point, program)}
        _write(verdicts)
    return known[key]["failure"]


def forget_failures() -> bool:
    """Let the plugins that failed be tried again; return whether there are any."""
    verdicts = _read()
    known = verdicts.get(sys.prefix, {})
    passed = {name: verdict for name, verdict in known.items() if not verdict["failure"]}
    if passed == known:
        return False
    _write(verdicts | {sys.prefix: passed})
    return True


def answer(load: Callable[[], object]) -> NoReturn:
    """Load the plugin in the process of the trial, report on stdout that this did not end the process, and exit."""
    said = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nothing, descriptor)
    failure = ""
    try:
        load()  # ordinary exceptions are recorded when the plugin is loaded for real
    except BaseException as error:  # noqa: BLE001  such as KeyboardInterrupt, which a plugin must not raise
        failure = f"it raises {type(error).__name__} while it is imported"
    os.write(said, json.dumps(failure).encode())
    os._exit(0)


def _try(point: EntryPoint, program: str) -> str:
    command = [sys.executable, "-I", "-c", ON_THE_SAME_PATH + program, json.dumps(sys.path), point.name, point.value]
    with _temporary_file() as said:
        started = time.monotonic()
        running = start(command, {}, stdin=DEVNULL, stdout=said, stderr=DEVNULL)
        try:
            code = end(running, TRIAL_LIMIT_S)
        except BaseException:
            end(running, at_once=True)
            raise
        return _verdict(said) if said.tell() else _ending(code, time.monotonic() - started)


def _temporary_file() -> IO[bytes]:
    """A file for what the trial says, which no process that the plugin starts can keep open. FileError."""
    try:
        return tempfile.TemporaryFile()
    except OSError as error:
        raise FileError(f"cannot write to the temporary folder: {error.strerror or error}", TEMPORARY_REMEDY) from error


def _verdict(said: IO[bytes]) -> str:
    said.seek(0)
    return printable(str(json.loads(said.read())))


def _ending(code: int, took_s: float) -> str:
    if took_s >= TRIAL_LIMIT_S:
        return f"it does not come to an end within {TRIAL_LIMIT_S:.0f} s while it is imported"
    return f"it ends the program while it is imported ({describe_exit(code)})"


def _state(point: EntryPoint) -> str:
    """Hash of a plugin's version and code; "" if it has no code that would run."""
    try:
        spec = importlib.util.find_spec(point.module.partition(".")[0])
    except (ImportError, ValueError):
        return ""
    if spec is None:
        return ""
    files = [Path(spec.origin)] if spec.origin and Path(spec.origin).is_file() else []
    for folder in spec.submodule_search_locations or ():
        found = (path for path in Path(folder).rglob("*") if path.suffix in CODE_SUFFIXES)
        files += [path for path, _ in zip(sorted(found), range(MAX_FILES), strict=False)]
    about: list[Any] = [VERSION, sys.version, point.value, point.dist.version if point.dist else ""]
    for path in files:
        status = path.stat()
        about.append([str(path), status.st_mtime_ns, status.st_size])
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()


def _path() -> Path:
    return user_folder("cache") / "plugins.json"


def _read() -> dict[str, dict[str, dict[str, str]]]:
    try:
        verdicts = read_json(_path())
        check(verdicts, VERDICTS, "plugins")
    except (FileError, ProtocolError):
        return {}
    return verdicts


def _write(verdicts: dict[str, dict[str, dict[str, str]]]) -> None:
    """Store the verdicts, except those of environments that are gone. Failure to write is only logged."""
    kept = {prefix: known for prefix, known in verdicts.items() if Path(prefix).is_dir()}
    try:
        _path().parent.mkdir(parents=True, exist_ok=True)
        replace_files({_path(): json.dumps(kept, indent=1).encode()})
    except (OSError, FileError) as error:
        log.info("the trial of plugins is not cached: %s", error)
