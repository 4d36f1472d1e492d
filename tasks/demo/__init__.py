"""Runs the parts of the demo in their environments and shows what they say."""

from __future__ import annotations

import argparse
import shutil
import time
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from ..environments import BUILD, CORE, ROOT, bpy_environment, clean_environment, start
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
    """With default settings, in headless Blender, a photograph becomes a PBR material; pictures are repainted."""
    started = time.monotonic()
    made = make_demo(DEMO, options)
    print(f"\nDone in {time.monotonic() - started:.0f} s. Open these:")
    for name, what in (
        ("contact_sheet.png", "everything on one page: the photograph, the tiled result, its maps, the rest"),
        ("preview.png", "the material on an object, rendered"),
        ("words", "cobblestones made from a phrase, and changed by another"),
        ("painted", "a photograph of a cat, repainted in the style of a painting"),
        ("repainted.png", "the same objects, the material repainted like the painting, its relief too"),
        ("object.png", "a monkey that the material covers, repainted across its UV seams"),
        ("learned.png", "the same objects in a material made by a bundled model"),
        ("demo.blend", "the first material in Blender, images packed"),
        ("maps", "the maps as files"),
    ):
        print(f"  {(made / name).relative_to(ROOT)}: {what}")


def pictures(options: argparse.Namespace) -> None:
    """Make the documentation's pictures again: the demo of each sample, and what others left.

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
    for sample in SAMPLES:
        options.sample = sample
        made = make_demo(DEMO.parent / f"demo-{sample}", options)
        wanted[made / "preview.png"] = f"{sample}_preview"
    made = make_shelf(DEMO.parent / "shelf", options)
    wanted[made / "shelf.png"] = "models"
    _shrink(wanted)


def _shrink(wanted: Mapping[Path, str]) -> None:
    """Write the pictures that there are, by the name that each has in the documentation."""
    DEMO.parent.mkdir(exist_ok=True)
    there = [f"{name}={path}" for path, name in wanted.items() if path.exists()]
    _follow([CORE.ready(), PARTS / "shrink.py", PICTURES, *there], DEMO.parent)
    print(f"{len(there)} written to docs/pictures: look at each before you commit it")


def make_demo(folder: Path, options: argparse.Namespace) -> Path:
    """Run the parts of the demo into `folder`, which is emptied first; the folder."""
    blender = _blender(options.blender)
    environment = _prepared(folder)
    engine = environment["IMPASTO_ENGINE"]
    photo = ["--photo", Path(options.photo).resolve()] if options.photo else ["--sample", options.sample]
    tint = ["--tint", options.tint] if options.tint else []
    _follow([engine, PARTS / "photograph.py", folder, *photo, *tint], folder, environment)
    _follow([engine, PARTS / "words.py", folder], folder, environment)
    _follow([engine, PARTS / "style.py", folder], folder, environment)
    _follow([*blender, PARTS / "in_blender.py", "--", folder, "--size", str(options.size)], folder, environment)
    _follow([engine, PARTS / "contact_sheet.py", folder], folder, environment)
    return folder


def strip(options: argparse.Namespace) -> None:
    """Make the README's strip of results: a photograph, a phrase and a painting on objects, with default settings."""
    folder = DEMO.parent / "strip"
    missing = [file for file in STRIP.values() if not (options.data / file).is_file()]
    if missing:
        raise BuildError(f"{options.data} has no {missing[0]}: give the folder that has it with --data")
    environment = _prepared(folder)
    (folder / "sources").mkdir()
    for name, file in STRIP.items():
        shutil.copyfile(options.data / file, folder / "sources" / name)
    _follow([*_blender(options.blender), PARTS / "strip.py", "--", folder], folder, environment)
    window = [options.window.resolve()] if options.window else []
    _follow([CORE.ready(), PARTS / "strip_sheet.py", folder, PICTURES / "overview.webp", *window], folder, environment)


def make_shelf(folder: Path, options: argparse.Namespace) -> Path:
    """Every bundled model of one material on a ball; the folder."""
    environment = _prepared(folder)
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    names = sorted(name for name, about in table.items() if isinstance(about["data"], str))
    _follow([*_blender(options.blender), PARTS / "shelf.py", "--", folder, *names], folder, environment)
    return folder


def _prepared(folder: Path) -> dict[str, str]:
    """Empty the folder and the demo's profile of Blender, and build what it needs; the environment of its parts."""
    engine, profile = CORE.ready(), BUILD / "demo-profile"
    with step("Building the extension"):
        built = build_extension()
    for old in (folder, profile):
        shutil.rmtree(old, ignore_errors=True)
    folder.mkdir(parents=True)
    environment = clean_environment(IMPASTO_ENGINE=engine, IMPASTO_EXTENSION=built, BLENDER_USER_RESOURCES=profile)
    environment.pop("OMP_NUM_THREADS")
    return environment


def _blender(path: str | None) -> list[str | Path]:
    """The start of a command that runs a script in Blender: an installed one, or the wheel's."""
    if path is None:
        return [bpy_environment("5.0").ready()]
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
                kind, _, text = line.rstrip().partition(": ")
                if kind in (BEGIN, END):
                    current.close()
                if kind == BEGIN:
                    current.enter_context(step(text))
                elif kind == SAY:
                    print(text, flush=True)
    if running.wait():
        raise BuildError("the demo stopped:\n" + "".join(log.read_text().splitlines(keepends=True)[-20:]))
