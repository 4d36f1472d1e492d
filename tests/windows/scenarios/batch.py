"""Inside a Blender window: three materials are listed and repainted by a batch; one undo takes the new ones back."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from walk import Steps, Walk, installed_extension, start, until

OUT, SOURCE = map(Path, sys.argv[sys.argv.index("--") + 1 :])
STYLES = SOURCE.parent / "styles"
EXTENSION = installed_extension()
JOBS = EXTENSION.jobs.session.jobs
FOLDER = OUT / "repainted"
SURFACES = {"Gravel": SOURCE, "Cat": STYLES / "chelsea.png", "Cup": STYLES / "coffee.png"}
LIMIT_S = 600
SHADERS_S = 40
"""Compiling shaders, the screen stays as it is for up to 15 s, and longer beside other work."""


def scenario(walk: Walk) -> Steps:
    shutil.rmtree(FOLDER, ignore_errors=True)
    with walk.at():
        prepare()
    yield walk.show_panel("VIEW_3D", "Impasto")
    yield walk.choose("EXPORT")
    yield walk.open_panel("batch")
    yield from lists(walk)
    yield from runs(walk)
    yield from runs_again(walk)
    yield from shows_the_contact_sheet(walk)
    bpy.ops.preferences.addon_disable(module="bl_ext.user_default.impasto")


def prepare() -> None:
    """Three planes of one picture each, selected; the Style panel is set to a small size."""
    bpy.ops.object.select_all(action="SELECT")
    bpy.ops.object.delete()
    for index, (name, path) in enumerate(SURFACES.items()):
        bpy.ops.mesh.primitive_plane_add(location=(3 * index - 3, 0, 0))
        material = EXTENSION.bridge.materials.new(name)
        EXTENSION.bridge.materials.apply_maps(
            material, {"base_color": bpy.data.images.load(str(path))}, EXTENSION.bridge.materials.Look()
        )
        bpy.context.object.active_material = material
    bpy.ops.object.select_all(action="SELECT")
    settings, style = bpy.context.scene.impasto_batch, bpy.context.scene.impasto_parameters.patches_style
    bpy.ops.wm.save_as_mainfile(filepath=str(OUT / "batch.blend"))
    settings.out_dir, settings.result = f"//{FOLDER.name}", "MATERIALS"
    bpy.context.scene.impasto_style.tool = "patches-style"
    style.input_style, style.longest_px = bpy.data.images.load(str(STYLES / "immunohistochemistry.png")), 256
    bpy.ops.ed.undo_push(message="Prepared")


def lists(walk: Walk) -> Steps:
    yield walk.settle(1.5)
    walk.screenshot("panel.png")
    yield walk.click("impasto.batch_list", "VIEW_3D")
    yield until(lambda: not JOBS.shown_task and JOBS.last_report, LIMIT_S)
    walk.record("listed", JOBS.last_report.text)
    rows = (FOLDER / "from_blender" / "table.jsonl").read_text(encoding="utf-8").splitlines()
    walk.record("sources", [Path(json.loads(row)["source"].partition("/Material/")[0]).name for row in rows])
    yield walk.move((400, 500))
    yield 1.0
    walk.screenshot("listed.png")


def runs(walk: Walk) -> Steps:
    yield walk.click("impasto.batch", "VIEW_3D")
    yield until(lambda: JOBS.shown_task, 20)
    yield until(lambda: not JOBS.shown_task or JOBS.shown_task.fraction > 0, LIMIT_S)
    walk.record("message", JOBS.shown_task.message if JOBS.shown_task else "")
    yield walk.move((400, 500))
    yield 0.5
    walk.screenshot("running.png")
    yield until(lambda: not JOBS.shown_task, LIMIT_S)
    walk.record("report", [JOBS.last_report.level, JOBS.last_report.text])
    walk.record("materials", [material.name for material in bpy.data.materials])
    with walk.at():
        shows_beside()
    walk.close_up()
    yield walk.settle(SHADERS_S, 600)
    walk.screenshot("batch.png")
    walk.area("VIEW_3D").spaces.active.shading.type = "SOLID"
    with walk.at():
        bpy.ops.ed.undo()
    yield 1.0
    walk.record("materials_after_undo", [material.name for material in bpy.data.materials])


def shows_beside() -> None:
    """A second row of planes, with the new materials."""
    for index, name in enumerate(SURFACES):
        bpy.ops.mesh.primitive_plane_add(location=(3 * index - 3, -3, 0))
        bpy.context.object.active_material = bpy.data.materials[f"{name}.001"]
    bpy.ops.object.select_all(action="SELECT")


def runs_again(walk: Walk) -> Steps:
    """Files that were made stay, whatever was undone."""
    yield walk.click("impasto.batch", "VIEW_3D")
    yield until(lambda: JOBS.shown_task, 20)
    yield until(lambda: not JOBS.shown_task, LIMIT_S)
    walk.record("again", JOBS.last_report.text)


def shows_the_contact_sheet(walk: Walk) -> Steps:
    """In a window of its own, since no image editor is open."""
    yield walk.click("impasto.batch_sheet", "VIEW_3D")
    yield 2.0
    windows = bpy.context.window_manager.windows
    areas = [area for window in windows for area in window.screen.areas if area.type == "IMAGE_EDITOR"]
    walk.record("shown", [area.spaces.active.image.name for area in areas if area.spaces.active.image])
    walk.screenshot("contact_sheet.png")


start(scenario, OUT)
