"""Inside a Blender window: a style is chosen by its thumbnail, and a painting that has begun is kept."""

from __future__ import annotations

import bpy
from walk import SOURCE, Steps, Walk, installed_extension, until

STYLES = SOURCE.parent / "styles"
EXTENSION = installed_extension()
JOBS = EXTENSION.jobs.session.jobs
GALLERY_PX = 110
"""From the choice of what is repainted down to the picture that opens the thumbnails: Blender names no such button."""
EDITOR = "IMAGE_EDITOR"
LIMIT_S = 600
ENOUGH = 0.05
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
    yield from stops_and_keeps(walk)


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


def stops_and_keeps(walk: Walk) -> Steps:
    """In the image editor a click starts it, the panel shows the picture as it grows, and what there is is kept."""
    yield walk.switch("VIEW_3D", EDITOR)
    walk.editor = EDITOR
    walk.area(EDITOR).spaces.active.image = settings().image
    yield walk.show_panel(EDITOR, "Impasto")
    with walk.at(walk.area(EDITOR)):
        bpy.ops.image.view_all(fit_view=True)
    settings().subject, parameters().relief = "IMAGE", 0.0
    parameters().strength, parameters().longest_px, parameters().quality = 1.0, 1024, "best"
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
