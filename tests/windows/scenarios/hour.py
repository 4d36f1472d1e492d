"""Inside a Blender window: an artist's hour for the documentation, each step in English and in Chinese."""

from __future__ import annotations

import bpy
from fields import write
from walk import Steps, Walk, installed_extension, until

JOBS = installed_extension().jobs.session.jobs
PHRASE = "mossy red bricks"
MADE = {"Oak": "planks", "Terrazzo": "terrazzo", "Rust": "rust", "Wool": "knit", "Bricks": "bricks"}
"""Materials for the history, by their names: their tools."""
LIMIT_S = 600
SHADERS_S, SETTLED_S = 60, 15
"""Compiling the first shaders of a material, the screen stays as it is for a minute on a busy machine; later, less."""


def scenario(walk: Walk) -> Steps:
    bpy.ops.impasto.refresh_tools()
    space = yield walk.fill()
    space.overlay.show_cursor = space.overlay.show_outline_selected = space.overlay.show_object_origins = False
    space.overlay.show_text = False
    yield walk.show_panel("VIEW_3D", "Impasto")
    yield from describes(walk)
    walk.screenshot("hour_words.png")
    yield from in_chinese(walk, "hour_words.png")
    yield from layers(walk)
    walk.screenshot("hour_layers.png")
    yield from in_chinese(walk, "hour_layers.png")
    yield from looks_back(walk)
    walk.screenshot("hour_history.png")
    yield from in_chinese(walk, "hour_history.png")
    yield from browses(walk)
    walk.screenshot("hour_assets.png")
    yield from in_chinese(walk, "hour_assets.png")


def in_chinese(walk: Walk, name: str) -> Steps:
    """The same, for the Chinese page."""
    view = bpy.context.preferences.view
    view.language, view.use_translate_interface = "zh_HANS", True
    yield 2.0
    walk.screenshot(f"zh_{name}")
    view.language = "en_US"
    yield 2.0


def describes(walk: Walk) -> Steps:
    """From Words, a phrase, Generate; the cube is seen from near."""
    yield walk.choose("WORDS")
    place = yield walk.find("text", "VIEW_3D")
    yield walk.tap(place)
    yield from write(walk, PHRASE, place)
    yield walk.click("impasto.match", "VIEW_3D")
    yield until(lambda: "match" in JOBS.reports and not JOBS.shown_task, LIMIT_S)
    yield from looks(walk, SHADERS_S)


def layers(walk: Walk) -> Steps:
    """Two layers are put over the bricks, and the stack is run."""
    with walk.at(walk.area("VIEW_3D")):
        bpy.ops.impasto.edit_layers()
        bpy.ops.impasto.add_layer(tool="weathering")
        bpy.ops.impasto.add_layer(tool="adjust")
    yield 1.0
    yield walk.click("impasto.run_layers", "VIEW_3D")
    yield 1.0
    yield until(lambda: not JOBS.shown_task, LIMIT_S)
    yield from looks(walk, SETTLED_S)


def looks_back(walk: Walk) -> Steps:
    """Other results are made, for another cube, whose material has no layers; the history shows all of them."""
    bpy.context.view_layer.objects.active.hide_set(True)
    with walk.at(walk.area("VIEW_3D")):
        bpy.ops.mesh.primitive_cube_add()
        for name, tool in MADE.items():
            bpy.ops.impasto.run(tool=tool, name=name, width_px=512, height_px=512, estimator="none", material="NEW")
    yield walk.choose("MORE")
    yield walk.open_panel("history")
    yield from looks(walk, SETTLED_S)


def browses(walk: Walk) -> Steps:
    """The asset shelf shows the library."""
    yield walk.choose("PHOTO")
    yield until(lambda: not JOBS.tasks, LIMIT_S)
    walk.area("VIEW_3D").spaces.active.show_region_asset_shelf = True
    yield from looks(walk, SETTLED_S)


def looks(walk: Walk, quiet_s: float) -> Steps:
    """Show the material, with the mouse away from the panel, until the screen is quiet."""
    walk.close_up()
    yield walk.move((100, 500))
    yield walk.settle(quiet_s, 400)
