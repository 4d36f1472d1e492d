"""Inside a Blender window: a style chosen by its thumbnail, a live preview, Repaint, Stop and Keep, a larger size."""

from __future__ import annotations

import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from walk import Steps, Walk, installed_extension, start, until

OUT, SOURCE = map(Path, sys.argv[sys.argv.index("--") + 1 :])
STYLES = SOURCE.parent / "styles"
EXTENSION = installed_extension()
JOBS = EXTENSION.jobs.session.jobs
GALLERY_PX = 110
"""From the choice of what is repainted down to the picture that opens the thumbnails: Blender names no such button."""
EDITOR = "IMAGE_EDITOR"
LONGEST_PX = 256
LIMIT_S = 600
ENOUGH = 0.15
"""Of the way, before it is stopped."""


def settings() -> bpy.types.PropertyGroup:
    return bpy.context.scene.impasto_style


def parameters() -> bpy.types.PropertyGroup:
    return bpy.context.scene.impasto_parameters.patches_style


def scenario(walk: Walk) -> Steps:
    EXTENSION.engine.engine.preferences().styles_folder = str(STYLES)
    settings().image = bpy.data.images.load(str(STYLES / "chelsea.png"))
    yield walk.show_panel("VIEW_3D", "Impasto")
    yield walk.choose("RESTYLE")
    yield from chooses_a_style(walk)
    yield from previews(walk)
    yield from repaints_a_material(walk)
    yield from stops_and_keeps(walk)
    yield from continues_larger(walk)
    bpy.ops.preferences.addon_disable(module="bl_ext.user_default.impasto")


def chooses_a_style(walk: Walk) -> Steps:
    """The thumbnails open where the picture is clicked; a file of the folder becomes an image."""
    yield walk.settle(1.5)
    walk.screenshot("style_panel.png")
    x, y = yield walk.find("subject", "VIEW_3D")
    yield walk.press("LEFTMOUSE", (x, y - GALLERY_PX))
    yield 2.0
    walk.screenshot("thumbnails.png")
    yield walk.press("ESC", (400, 500))
    walk.record("offered", [item[0] for item in EXTENSION.stylize.gallery.gallery_items(None, None)])
    parameters().gallery_style = "file immunohistochemistry.png"
    walk.record("style", parameters().input_style.name)


def previews(walk: Walk) -> Steps:
    """Each change makes a new small picture."""
    live = EXTENSION.stylize.preview.live
    settings().live_preview = True
    yield until(lambda: live.pixels is not None or live.error, LIMIT_S)
    before = live.pixels
    parameters().strength = 0.6
    yield until(lambda: live.pixels is not before or live.error, LIMIT_S)
    walk.record("live_error", live.error)
    yield 1.0
    walk.screenshot("live_preview.png")
    settings().live_preview = False


def stops_and_keeps(walk: Walk) -> Steps:
    """In the image editor a click starts it, the panel shows the picture as it grows, and what there is is kept."""
    yield walk.switch("VIEW_3D", EDITOR)
    walk.editor = EDITOR
    walk.area(EDITOR).spaces.active.image = settings().image
    yield walk.show_panel(EDITOR, "Impasto")
    with walk.at(walk.area(EDITOR)):
        bpy.ops.image.view_all(fit_view=True)
    settings().subject, parameters().relief = "IMAGE", 0.0
    parameters().strength, parameters().longest_px, parameters().quality = 1.0, 512, "best"
    yield 0.5
    yield walk.click("impasto.stylize", EDITOR)
    yield until(
        lambda: not JOBS.shown_task or (JOBS.shown_task.fraction > ENOUGH and JOBS.shown_task.preview is not None),
        LIMIT_S,
    )
    walk.record("has_preview", bool(JOBS.shown_task) and JOBS.shown_task.preview is not None)
    yield 1.0
    walk.screenshot("painting.png")
    yield walk.click("impasto.stop", EDITOR)
    yield until(lambda: not JOBS.shown_task, LIMIT_S)
    walk.record("stopped", JOBS.last_report.text)
    parameters().quality = "usual"


def repaints_a_material(walk: Walk) -> Steps:
    """The cube's material becomes a painted copy, its relief with it; one step of undo takes it back."""
    with walk.at(walk.area("VIEW_3D")):
        bpy.ops.impasto.run(tool="quilt", source=str(SOURCE), width_px=256, height_px=256)
    settings().subject, parameters().relief = "MATERIAL", 0.6
    parameters().strength, parameters().longest_px = 1.0, LONGEST_PX
    with walk.at(walk.area("VIEW_3D")):
        bpy.ops.impasto.stylize("INVOKE_DEFAULT")
    yield until(lambda: JOBS.shown_task, 10)
    yield until(lambda: not JOBS.shown_task, LIMIT_S)
    yield 1.0
    walk.record("material", bpy.data.objects["Cube"].active_material.name)
    walk.close_up()
    yield walk.settle(25, 300)
    walk.screenshot("painted_material.png")
    with walk.at():
        bpy.ops.ed.undo()
    yield 1.0
    walk.record("material_after_undo", bpy.data.objects["Cube"].active_material.name)


def continues_larger(walk: Walk) -> Steps:
    """From the image that the editor shows."""
    space = walk.area(EDITOR).spaces.active
    space.image = painted = bpy.data.images["chelsea – immunohistochemistry"]
    before = tuple(painted.size)
    with walk.at(walk.area(EDITOR)):
        bpy.ops.impasto.continue_larger("INVOKE_DEFAULT", factor=1.25)
    yield until(lambda: JOBS.shown_task, 10)
    yield until(lambda: not JOBS.shown_task, LIMIT_S)
    walk.record("sizes", [before, tuple(space.image.size)])
    with walk.at(walk.area(EDITOR)):
        bpy.ops.image.view_all(fit_view=True)
    yield walk.settle(1.5)
    walk.screenshot("larger.png")


start(scenario, OUT)
