# SPDX-License-Identifier: GPL-3.0-or-later
"""`blender -b --command impasto …`: the engine's own command line, with its names, defaults and exit codes.

With `--blend FILE.blend`, the written maps also become a material in that file. `bake` and `contents` need no engine.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

import bpy

from .bake.sources import headless
from .bridge import images, materials, results
from .core.errors import FileError, ImpastoError, ProtocolError
from .core.system.process import start
from .core.system.typed_json import as_kind
from .core.system.untrusted import parse_json, printable
from .engine import engine
from .engine.catalogue import catalogue

BLEND = "--blend"
HELP = """
In Blender also:
  --blend FILE.blend    put the maps into a material in this file, which is made where it is not there
  bake SOURCE           write the maps of FILE.blend/Material/NAME or FILE.blend/Object/NAME, without an engine
  contents FILE.blend   list the materials and objects in a file that can be sources, without an engine
"""


def run(arguments: Sequence[str]) -> int:
    """Run a command line; return its exit code."""
    if arguments and arguments[0] in headless.COMMANDS:
        return headless.run(arguments)
    try:
        arguments, blend = _take_blend(list(arguments))
        engine.check(engine.require(here=True), catalogue.version)
        code, said = _run_engine(arguments)
        if code == 0 and blend:
            _save_blend(blend, _written_files(said))
    except ImpastoError as error:
        print(printable(f"impasto: {error.message}\n  {error.remedy}"), file=sys.stderr)
        return error.exit_code
    return code


def _take_blend(arguments: list[str]) -> tuple[list[str], Path | None]:
    for index, argument in enumerate(arguments):
        if argument == BLEND:
            if index + 1 == len(arguments):
                raise FileError("{} needs a file", "write {} FILE.blend", BLEND, BLEND)
            return arguments[:index] + arguments[index + 2 :], Path(arguments[index + 1]).absolute()
        if argument.startswith(f"{BLEND}="):
            return arguments[:index] + arguments[index + 1 :], Path(argument.partition("=")[2]).absolute()
    return arguments, None


def _run_engine(arguments: Sequence[str]) -> tuple[int, str]:
    """Run the command and pass its output on; return exit code and output."""
    command = engine.require(here=True).command("impasto", *arguments)
    running = start(command, engine.settings_environment(), stdin=None, stderr=None, is_separate=False)
    assert running.stdout is not None
    lines = []
    with running, io.TextIOWrapper(running.stdout, encoding="utf-8") as output:
        try:
            for line in output:
                lines.append(line)
                print(line, end="", flush=True)
        except KeyboardInterrupt:
            pass  # the command was interrupted too, and ends with its own exit code
        code = running.wait()  # before the pipe is closed, since the command may write until then
    if not arguments or {"-h", "--help"} & set(arguments):
        print(HELP, end="")
    return code, "".join(lines)


class _Written(TypedDict):
    """The command's answer about the files that it wrote, with --json."""

    files: list[str]


def _written_files(said: str) -> list[Path]:
    """Files that the command names in its output, as JSON or one on each line."""
    try:
        listed = as_kind(_Written, parse_json(said, "what the command said"), "what the command said")["files"]
    except (FileError, ProtocolError):
        listed = said.splitlines()
    return [path for line in listed if results.map_of(path := Path(line)) and path.is_file()]


def _save_blend(blend: Path, files: Sequence[Path]) -> None:
    """Add a material of these maps to the .blend, images packed."""
    if not files:
        raise FileError("the command wrote no maps", "leave {} out", BLEND)
    if blend.exists():
        bpy.ops.wm.open_mainfile(filepath=str(blend))
    else:
        bpy.ops.wm.read_homefile(use_empty=True)
    saved = {}
    for file in files:
        image = images.load(file, results.map_of(file), None)
        image.pack()
        saved[results.map_of(file)] = image
    material = materials.new(files[0].stem.removesuffix(f"_{results.map_of(files[0])}"))
    width, height = next(iter(saved.values())).size
    materials.apply_maps(material, saved, materials.Look(aspect=height / width))
    material.use_fake_user = True
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    print(blend)


class _Command:
    """Handle of the registered command, needed to unregister it."""

    handle: object | None = None


def register() -> None:
    _Command.handle = bpy.utils.register_cli_command("impasto", run)


def unregister() -> None:
    if _Command.handle is not None:
        bpy.utils.unregister_cli_command(_Command.handle)
        _Command.handle = None
