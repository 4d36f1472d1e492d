"""Inside a Blender window: three materials are repainted by a batch, whose contact sheet opens in a window."""

from __future__ import annotations

import shutil

import bpy
from walk import OUT, SOURCE, Steps, Walk, installed_extension, until

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
    yield from runs(walk)
    yield from shows_the_contact_sheet(walk)


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


def runs(walk: Walk) -> Steps:
    """The new materials are seen in front of the others."""
    yield walk.click("impasto.batch", "VIEW_3D")
    yield until(lambda: JOBS.shown_task, 20)
    yield until(lambda: not JOBS.shown_task, LIMIT_S)
    walk.record("report", [JOBS.last_report.level, JOBS.last_report.text])
    with walk.at():
        shows_beside()
    walk.close_up()
    yield walk.settle(SHADERS_S, 600)
    walk.screenshot("batch.png")
    walk.area("VIEW_3D").spaces.active.shading.type = "SOLID"


def shows_beside() -> None:
    """A second row of planes, with the new materials."""
    for index, name in enumerate(SURFACES):
        bpy.ops.mesh.primitive_plane_add(location=(3 * index - 3, -3, 0))
        bpy.context.object.active_material = bpy.data.materials[f"{name}.001"]
    bpy.ops.object.select_all(action="SELECT")


def shows_the_contact_sheet(walk: Walk) -> Steps:
    """In a window of its own, since no image editor is open."""
    yield walk.click("impasto.batch_sheet", "VIEW_3D")
    yield 2.0
    windows = bpy.context.window_manager.windows
    areas = [area for window in windows for area in window.screen.areas if area.type == "IMAGE_EDITOR"]
    walk.record("shown", [area.spaces.active.image.name for area in areas if area.spaces.active.image])
    walk.screenshot("contact_sheet.png")
