"""Runs the parts of the demo in their environments and shows what they say."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from .environments import BUILD, CORE, ROOT, bpy_environment, clean_environment
from .extension import build_extension
from .say import BuildError, step

DEMO = ROOT / "out" / "demo"


def demo(options: argparse.Namespace) -> None:
    """A photograph becomes a seamless PBR material on an object, in headless Blender."""
    engine = CORE.ready()
    if options.blender:
        if shutil.which(options.blender) is None:
            raise BuildError(f"there is no Blender at {options.blender}: give the path of the program itself")
        blender = [options.blender, "-b", "--factory-startup", "--python-exit-code", "1", "--python"]
    else:
        blender = [bpy_environment("5.0").ready()]
    with step("Building the extension"):
        built = build_extension()
    shutil.rmtree(DEMO, ignore_errors=True)
    DEMO.mkdir(parents=True)
    environment = clean_environment(
        IMPASTO_ENGINE=engine, IMPASTO_EXTENSION=built, BLENDER_USER_RESOURCES=BUILD / "demo-profile"
    )
    environment.pop("OMP_NUM_THREADS")
    shutil.rmtree(BUILD / "demo-profile", ignore_errors=True)
    photo = ["--photo", Path(options.photo).resolve()] if options.photo else ["--sample", options.sample]
    tint = ["--tint", options.tint] if options.tint else []
    started = time.monotonic()
    _follow([engine, ROOT / "demo" / "photograph.py", DEMO, *photo, *tint], environment)
    _follow([*blender, ROOT / "demo" / "in_blender.py", "--", DEMO, "--size", str(options.size)], environment)
    _follow([engine, ROOT / "demo" / "contact_sheet.py", DEMO], environment)
    print(f"\nDone in {time.monotonic() - started:.0f} s. Open these:")
    for name, what in (
        ("contact_sheet.png", "the photograph, the seamless result tiled 2×2, its maps"),
        ("preview.png", "the material on an object, rendered"),
        ("demo.blend", "the same in Blender, images packed"),
        ("maps", "the maps as files"),
    ):
        print(f"  {(DEMO / name).relative_to(ROOT)}: {what}")


def _follow(command: Sequence[str | Path], environment: dict[str, str]) -> None:
    """Run a part of the demo, showing what it says; Blender's own chatter goes to a log."""
    log = DEMO / "log.txt"
    with log.open("a", encoding="utf-8") as kept:
        running = subprocess.Popen(
            [str(part) for part in command],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        assert running.stdout is not None
        for line in running.stdout:
            kept.write(line)
            if line.startswith("demo: "):
                _show_progress(line.removeprefix("demo: ").rstrip())
    if running.wait():
        raise BuildError("the demo stopped:\n" + "".join(log.read_text().splitlines(keepends=True)[-20:]))


def _show_progress(line: str) -> None:
    """`0.42 text` redraws the bar on a terminal; other lines are printed."""
    fraction, _, text = line.partition(" ")
    try:
        filled = round(float(fraction) * 30)
    except ValueError:
        print(("\r\033[K" if sys.stdout.isatty() else "") + line, flush=True)
        return
    if sys.stdout.isatty():
        print(f"\r\033[K[{'#' * filled}{'.' * (30 - filled)}] {text}", end="", flush=True)
