"""Inside a Blender window: a training with its growing preview, work beside it, pause and stop, then live sliders."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from sections import opens
from walk import Steps, Walk, installed_extension, start, until

OUT, SOURCE = map(Path, sys.argv[sys.argv.index("--") + 1 :])
EXTENSION = installed_extension()
JOBS = EXTENSION.jobs.session.jobs
SMALL = {"name": "gravel", "steps": 5000, "canvas_px": 128, "crop_px": 64, "batch": 2, "width": 0.5}
LIMIT_S = 600
OPENED = OUT / "opened.txt"
BROWSER = f'#!/bin/sh\nprintf %s "$1" >"{OPENED}"\n'
"""Program that webbrowser starts in place of a browser: it notes the address."""


def scenario(walk: Walk) -> Steps:
    library = OUT / "models"
    shutil.rmtree(library, ignore_errors=True)
    EXTENSION.engine.engine.preferences().models_folder = str(library)
    shutil.copy(SOURCE, OUT)
    bpy.ops.wm.save_as_mainfile(filepath=str(OUT / "trains.blend"))
    yield walk.show_panel("VIEW_3D", "Impasto")
    yield walk.choose("MORE")
    yield walk.open_panel("train")
    yield from trains(walk)
    yield from generates_meanwhile(walk)
    yield from pauses_and_keeps(walk, library)
    yield from opens_its_report(walk)
    yield walk.choose("MODEL")
    yield from moves_a_slider(walk)
    yield from varies(walk)
    bpy.ops.preferences.addon_disable(module="bl_ext.user_default.impasto")


def trains(walk: Walk) -> Steps:
    settings = bpy.context.scene.impasto_training
    settings.tool, settings.filepath, settings.licence = "train-torus", f"//{SOURCE.name}", "CC0-1.0"
    for name, value in SMALL.items():
        setattr(bpy.context.scene.impasto_parameters.train_torus, name, value)
    yield walk.click("impasto.train", "VIEW_3D")
    yield until(lambda: JOBS.training, 20)
    yield until(is_shown_or_over, LIMIT_S)
    walk.record("message", JOBS.training.message if JOBS.training else JOBS.training_report.text)
    walk.record("has_preview", bool(JOBS.training) and JOBS.training.preview is not None)
    yield walk.move((400, 500))
    yield 30.0  # the next preview
    walk.screenshot("training.png")


def is_shown_or_over() -> bool:
    """Whether the training says how long it takes and has a preview, or has failed."""
    task = JOBS.training
    return task is None or ("left" in task.message and task.preview is not None)


def generates_meanwhile(walk: Walk) -> Steps:
    bpy.context.scene.impasto.filepath = f"//{SOURCE.name}"
    quilt = bpy.context.scene.impasto_parameters.quilt
    quilt.width_px = quilt.height_px = 256
    with walk.at(walk.area("VIEW_3D")):
        bpy.ops.impasto.generate("INVOKE_DEFAULT")
    yield until(lambda: JOBS.shown_task, 10)
    yield until(lambda: not JOBS.shown_task, LIMIT_S)
    walk.record("made_meanwhile", JOBS.last_report.text)
    walk.record("still_trains", bool(JOBS.training))


def pauses_and_keeps(walk: Walk, library: Path) -> Steps:
    yield walk.click("impasto.pause_training", "VIEW_3D")
    yield until(lambda: JOBS.training.state == "paused", 60)
    walk.screenshot("paused.png")
    yield walk.click("impasto.resume_training", "VIEW_3D")
    yield until(lambda: JOBS.training.state == "running", 60)
    yield walk.click("impasto.stop_training", "VIEW_3D")
    yield until(lambda: not JOBS.training, LIMIT_S)
    yield 1.0
    walk.record("report", JOBS.training_report.text)
    walk.record("library", sorted(path.name for path in library.glob("*.safetensors")))
    walk.record("chosen_model", bpy.context.scene.impasto_parameters.torus.model)
    walk.screenshot("trained.png")


def opens_its_report(walk: Walk) -> Steps:
    """The button below the report of the training opens the page about the model."""
    browser = OUT / "browser"
    browser.write_text(BROWSER)
    browser.chmod(0o755)
    os.environ["BROWSER"] = f"{browser} %s"
    OPENED.unlink(missing_ok=True)
    yield walk.click("impasto.open_report", "VIEW_3D")
    yield until(OPENED.exists, 20)
    walk.record("opened", OPENED.read_text())


def moves_a_slider(walk: Walk) -> Steps:
    """Each change makes a new small picture, and the window stays free."""
    live, settings = EXTENSION.generate.variations.live, bpy.context.scene.impasto
    settings.tool, settings.source_kind, settings.live_preview = "torus", "NONE", True
    yield until(lambda: live.pixels is not None or live.error, LIMIT_S)
    walk.record("live_error", live.error)
    before = live.pixels
    bpy.context.scene.impasto_parameters.torus.variation = 0.5
    yield until(lambda: live.pixels is not before, LIMIT_S)
    yield 1.0
    walk.screenshot("live_preview.png")
    settings.live_preview = False  # room
    yield 0.5


def varies(walk: Walk) -> Steps:
    yield from opens(walk, "impasto_variations")
    yield walk.click("impasto.variations", "VIEW_3D")
    yield until(lambda: EXTENSION.generate.variations.latest_variations(bpy.context) and not JOBS.shown_task, LIMIT_S)
    yield 1.0
    yield walk.click("impasto.pick_variation", "VIEW_3D")
    walk.record("picked_seed", bpy.context.scene.impasto.seed)
    yield walk.move((400, 500))
    yield 1.0
    walk.screenshot("variations.png")


start(scenario, OUT)
