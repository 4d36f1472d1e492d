"""Runs the parts of the demo in their environments and shows what they say."""

from __future__ import annotations

import argparse
import os
import shutil
import time
import tomllib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from ..environments import BUILD, CORE, NEWEST_BPY, ROOT, base_python, blender, clean_environment, start
from ..extension import build_extension
from ..messages import BuildError, step
from ..models import TABLE

DEMO = ROOT / "out" / "demo"
PARTS = Path(__file__).parent
BEGIN, END, SAY = "demo begins", "demo ends", "demo"
"""Prefix of the lines of a part of the demo that are shown."""
SAMPLES = ("brick", "gravel", "grass")
PICTURES = ROOT / "docs" / "pictures"
STRIP = {
    "photo.jpg": "textures/brick/bricks090.jpg",
    "painting.jpg": "paintings512/impasto/vg_wheat_field.jpg",
    "object.glb": "models/tea_set_01.glb",
}
"""Sources of the README's strip, in a folder of free pictures and models."""
WINDOWS_OF = "5.2"
"""The Blender whose windows the documentation shows."""
WINDOWS = {
    "studio": ("generated",),
    "words": ("described",),
    "places": ("straighten",),
    "repairs": ("repair",),
    "batch": ("batch",),
    "relights": ("relight",),
    "hour": ("hour_words", "hour_layers", "hour_history", "hour_assets"),
}
"""Pictures of each scenario in tests/windows that the documentation shows."""
CHINESE_WINDOWS = "hour"
"""The scenario whose pictures are taken in Chinese, too."""


def demo(options: argparse.Namespace) -> None:
    """In headless Blender, with default settings, make materials from a photograph, words and a model, and repaint."""
    started = time.monotonic()
    make_demo(DEMO, options)
    print(f"\nDone in {time.monotonic() - started:.0f} s, set-up and downloads included. Open these:")
    for name, what in (
        ("contact_sheet.png", "everything on one page"),
        ("courtyard.png", "a wall from a photograph, a floor from words, a plinth from a model, and what is repainted"),
        ("demo.blend", "the same in Blender, images packed"),
    ):
        print(f"  {(DEMO / name).relative_to(ROOT)}: {what}")


def pictures(options: argparse.Namespace) -> None:
    """Make the documentation's pictures again: the demo's wall on a ball, the models, and what others left.

    That is windows by `test --windows`, and sheets of styles by benchmarks/style.py.
    """
    wanted = {
        ROOT / "out" / "windows" / f"{scenario}-{WINDOWS_OF}" / f"{name}.png": f"window_{name}"
        for scenario, names in WINDOWS.items()
        for name in names
    }
    taken = ROOT / "out" / "windows" / f"{CHINESE_WINDOWS}-{WINDOWS_OF}"
    wanted |= {taken / f"zh_{name}.png": f"zh-CN/window_{name}" for name in WINDOWS[CHINESE_WINDOWS]}
    if options.windows:
        _shrink(wanted)
        return
    sheets = (DEMO.parent / "style").glob("*.png")
    wanted |= {sheet: f"style_{sheet.stem.removeprefix('control_')}" for sheet in sheets}
    options.sample = SAMPLES[0]
    folder = DEMO.parent / f"demo-{options.sample}"
    _run_in_blender(folder, options, "--ball")
    wanted[folder / "preview.png"] = f"{options.sample}_preview"
    made = make_shelf(DEMO.parent / "shelf", options)
    wanted[made / "shelf.png"] = "models"
    _shrink(wanted)


def _shrink(wanted: Mapping[Path, str]) -> None:
    """Write the pictures that there are, by the name that each has in the documentation."""
    DEMO.parent.mkdir(exist_ok=True)
    there = [f"{name}={path}" for path, name in wanted.items() if path.exists()]
    _follow([CORE.ready(), PARTS / "shrink.py", PICTURES, *there], DEMO.parent)
    print(f"{len(there)} written to docs/pictures: look at each before you commit it")


def make_demo(folder: Path, options: argparse.Namespace) -> None:
    """Run the parts of the demo into `folder`, which is emptied first."""
    environment = _run_in_blender(folder, options)
    _follow([environment["IMPASTO_ENGINE"], PARTS / "contact_sheet.py", folder], folder, environment)


def _run_in_blender(folder: Path, options: argparse.Namespace, *more: str) -> dict[str, str]:
    """Set up, write the pictures that the demo begins with, and run its part in Blender; the environment of parts."""
    photo = ["--photo", Path(options.photo).resolve()] if options.photo else ["--sample", options.sample]
    tint = ["--tint", options.tint] if options.tint else []
    program, environment = _prepared(folder, options.blender, ["sources.py", folder, *photo, *tint])
    command = [*program, PARTS / "in_blender.py", "--", folder, "--size", str(options.size), *more]
    _follow(command, folder, environment)
    return environment


def strip(options: argparse.Namespace) -> None:
    """Make the README's strip of results: a photograph, a phrase and a painting on objects, with default settings."""
    folder = DEMO.parent / "strip"
    missing = [file for file in STRIP.values() if not (options.data / file).is_file()]
    if missing:
        raise BuildError(f"{options.data} has no {missing[0]}: give the folder that has it with --data")
    program, environment = _prepared(folder, options.blender)
    (folder / "sources").mkdir()
    for name, file in STRIP.items():
        shutil.copyfile(options.data / file, folder / "sources" / name)
    _follow([*program, PARTS / "strip.py", "--", folder], folder, environment)
    window = [options.window.resolve()] if options.window else []
    _follow([CORE.ready(), PARTS / "strip_sheet.py", folder, PICTURES / "overview.webp", *window], folder, environment)


def make_shelf(folder: Path, options: argparse.Namespace) -> Path:
    """Every bundled model of one material on a ball; the folder."""
    program, environment = _prepared(folder, options.blender)
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    names = sorted(name for name, about in table.items() if isinstance(about["data"], str))
    _follow([*program, PARTS / "shelf.py", "--", folder, *names], folder, environment)
    return folder


def _prepared(
    folder: Path, path: str | None, first: Sequence[str | Path] = ()
) -> tuple[list[str | Path], dict[str, str]]:
    """Empty the folder and the demo's profile of Blender, and set up what its parts need, on two cores.

    The start of a command that runs a script in Blender, and the environment of parts. first: the part that needs no
    Blender, and is run meanwhile.
    """
    started, profile = time.monotonic(), BUILD / "demo-profile"
    for old in (folder, profile):
        shutil.rmtree(old, ignore_errors=True)
    folder.mkdir(parents=True)
    environment = clean_environment(IMPASTO_ENGINE=CORE.python, BLENDER_USER_RESOURCES=profile)
    environment.pop("OMP_NUM_THREADS")
    two = ThreadPoolExecutor(2)
    if path is None:
        base_python()  # or it would be missed only after a minute
    program, core = two.submit(_program, path), two.submit(CORE.ready)
    core.result()
    extension = two.submit(_extension)
    if first:
        _follow([CORE.python, PARTS / first[0], *first[1:]], folder, environment)
    environment["IMPASTO_EXTENSION"] = str(extension.result())
    made = program.result(), environment
    print(f"Set up, downloads included: {time.monotonic() - started:.1f} s", flush=True)
    return made


def _extension() -> Path:
    with step("Building the extension"):
        return build_extension()


def _program(path: str | None) -> list[str | Path]:
    """The start of a command that runs a script in Blender: an installed one, or the wheel's."""
    if path is None:
        return [blender(NEWEST_BPY).ready()]
    if shutil.which(path) is None:
        raise BuildError(f"there is no Blender at {path}: give the path of the program itself")
    return [path, "-b", "--factory-startup", "--python-exit-code", "1", "--python"]


def _follow(command: Sequence[str | Path], folder: Path, environment: dict[str, str] | None = None) -> None:
    """Run a part of the demo, showing what it says; Blender's own chatter goes to a log in `folder`."""
    log = folder / "log.txt"
    with log.open("a", encoding="utf-8") as kept:
        running = start(command, environment or clean_environment())
        assert running.stdout is not None
        with ExitStack() as current:
            for line in running.stdout:
                kept.write(line)
                kind, _, text = line.rstrip().partition(":")
                if kind in (BEGIN, END):
                    current.close()
                if kind == BEGIN:
                    current.enter_context(step(text[1:]))
                elif kind == SAY:
                    print(text[1:].replace(f"{ROOT}{os.sep}", ""), flush=True)
    if running.wait():
        raise BuildError("the demo stopped:\n" + "".join(log.read_text().splitlines(keepends=True)[-20:]))
