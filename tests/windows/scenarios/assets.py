"""Inside a Blender window: the bundled asset library appears, and an asset of it is clicked and made."""

from __future__ import annotations

import bpy
from walk import Steps, Walk, installed_extension, until

EXTENSION = installed_extension()
JOBS = EXTENSION.jobs.session.jobs
LIBRARY = EXTENSION.assets.library
LIMIT_S = 300
SHELF_PX = 110


def scenario(walk: Walk) -> Steps:
    yield until(LIBRARY.is_made, LIMIT_S)
    yield until(lambda: not JOBS.tasks, LIMIT_S)
    walk.record("libraries", [library.name for library in bpy.context.preferences.filepaths.asset_libraries])
    yield from browses(walk)
    yield from uses_the_shelf(walk)
    bpy.ops.preferences.addon_disable(module="bl_ext.user_default.impasto")
    walk.record("left", [library.name for library in bpy.context.preferences.filepaths.asset_libraries])


def browses(walk: Walk) -> Steps:
    """The asset browser shows the library, and one of its catalogues."""
    area = yield from walk.switch("VIEW_3D", "ASSETS")
    yield until(lambda: area.spaces.active.params, 10)
    parameters = area.spaces.active.params
    parameters.asset_library_reference = LIBRARY.NAME
    yield 5.0
    walk.screenshot("library.png")
    parameters.catalog_id = EXTENSION.core.io.assets.catalog_id("Impasto/Masonry")
    yield 3.0
    walk.screenshot("catalogue.png")


def uses_the_shelf(walk: Walk) -> Steps:
    """A click in the asset shelf assigns a material, whose maps a click in the panel makes."""
    area = yield from walk.switch("ASSETS", "VIEW_3D")
    yield walk.show_panel("VIEW_3D", "Impasto")
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
