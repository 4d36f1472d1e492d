"""Inside a Blender window: the shipped asset library appears, a result is marked, and an asset is clicked and made."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from walk import Steps, Walk, installed_extension, start, until

OUT, SOURCE = map(Path, sys.argv[sys.argv.index("--") + 1 :])
EXTENSION = installed_extension()
JOBS = EXTENSION.jobs.session.jobs
LIBRARY = EXTENSION.assets.library
LIMIT_S = 300
SHELF_PX = 110


def scenario(walk: Walk) -> Steps:
    begun_s = time.monotonic()
    yield until(LIBRARY.is_made, LIMIT_S)
    yield until(lambda: not JOBS.tasks, LIMIT_S)
    walk.record("made_s", time.monotonic() - begun_s)
    walk.record("libraries", [library.name for library in bpy.context.preferences.filepaths.asset_libraries])
    yield from marks(walk)
    yield from browses(walk)
    yield from uses_the_shelf(walk)
    bpy.ops.preferences.addon_disable(module="bl_ext.user_default.impasto")
    walk.record("left", [library.name for library in bpy.context.preferences.filepaths.asset_libraries])


def marks(walk: Walk) -> Steps:
    """A result is marked by its button."""
    bpy.ops.wm.save_as_mainfile(filepath=str(OUT / "own.blend"))
    with walk.at(walk.area("VIEW_3D")):
        bpy.ops.impasto.run(tool="bricks", width_px=512, height_px=512, estimator="none", material="NEW")
    yield walk.show_panel("VIEW_3D", "Impasto")
    yield walk.choose("MORE")
    yield walk.open_panel("history")
    yield walk.click("impasto.select_entry", "VIEW_3D")
    yield walk.click("impasto.mark_asset", "VIEW_3D")
    yield until(lambda: bpy.data.materials["Bricks"].asset_data and not JOBS.tasks, LIMIT_S)
    walk.record("tags", [tag.name for tag in bpy.data.materials["Bricks"].asset_data.tags])
    with walk.at(walk.area("VIEW_3D")):
        bpy.ops.wm.save_mainfile()
    yield 1.0


def browses(walk: Walk) -> Steps:
    """The asset browser shows the own asset in its catalogue, and the library."""
    area = yield from walk.switch("VIEW_3D", "ASSETS")
    yield until(lambda: area.spaces.active.params, 10)
    parameters = area.spaces.active.params
    parameters.asset_library_reference = "LOCAL"
    yield 3.0
    walk.screenshot("own.png")
    parameters.asset_library_reference = LIBRARY.NAME
    yield 5.0
    walk.screenshot("library.png")
    parameters.catalog_id = EXTENSION.core.io.assets.catalog_id("Impasto/Masonry")
    yield 3.0
    walk.screenshot("catalogue.png")


def uses_the_shelf(walk: Walk) -> Steps:
    """A click in the asset shelf assigns a material, whose maps a click in the panel makes."""
    area = yield from walk.switch("ASSETS", "VIEW_3D")
    yield walk.choose("PHOTO")
    area.spaces.active.show_region_asset_shelf = True
    yield from walk.settle(3.0)
    walk.screenshot("shelf.png")
    item = bpy.context.view_layer.objects.active
    before = item.active_material
    shelf = walk.region(area, "ASSET_SHELF")
    yield walk.press("LEFTMOUSE", (shelf.x + SHELF_PX, shelf.y + shelf.height // 2))
    yield until(lambda: item.active_material != before, 10)
    walk.record("used", [item.active_material.name, "impasto_stand_in" in item.active_material])
    yield 2.0
    walk.screenshot("used.png")
    _, y = yield walk.find("impasto.generate_asset", "VIEW_3D")
    panel = walk.region(area, "UI")
    yield walk.press("LEFTMOUSE", (panel.x + panel.width // 5, y))  # the first of three sizes
    yield until(lambda: "impasto_stand_in" not in item.active_material and not JOBS.shown_task, LIMIT_S)
    sizes = [node.image.size[0] for node in item.active_material.node_tree.nodes if node.type == "TEX_IMAGE"]
    walk.record("sizes", sizes)
    yield 2.0
    walk.screenshot("generated.png")


start(scenario, OUT)
