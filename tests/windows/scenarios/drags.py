"""Inside a Blender window: an asset is dragged from the shelf onto an object, then onto faces in edit mode.

Where the shelf calls nothing when an asset is dragged, the asset is clicked for the faces.
"""

from __future__ import annotations

import bpy
from walk import Steps, Walk, installed_extension, until

EXTENSION = installed_extension()
SHELF_PX = 60
"""From the shelf's left end to the first asset."""
PARTS = 12
"""Moves of the mouse in a drag."""


def scenario(walk: Walk) -> Steps:
    material = bpy.data.materials.new("Dropped")
    material.asset_mark()
    material.asset_data.tags.new(EXTENSION.core.io.assets.ROOT_CATALOG)
    cube, area = bpy.data.objects["Cube"], walk.area("VIEW_3D")
    area.spaces.active.show_region_asset_shelf = True
    with walk.at(area):
        bpy.ops.view3d.view_axis(type="TOP")
    yield 2.0
    yield from drags(walk, area)
    walk.record("object", [slot.material.name for slot in cube.material_slots])
    walk.screenshot("object.png")
    cube.material_slots[0].material = bpy.data.materials["Material"]
    bpy.ops.object.mode_set(mode="EDIT")
    with walk.at(area):
        bpy.ops.mesh.select_mode(type="FACE")
        bpy.ops.mesh.select_all(action="DESELECT")
    yield 1.0
    area.spaces.active.show_region_asset_shelf = True
    yield 2.0
    yield walk.press("LEFTMOUSE", middle_of(walk, area))
    is_dragged = bpy.app.version >= EXTENSION.assets.shelf.DRAGS
    walk.record("way", "drag" if is_dragged else "click")
    yield from drags(walk, area) if is_dragged else clicks(walk, area)
    yield 1.0
    walk.screenshot("faces.png")
    bpy.ops.object.mode_set(mode="OBJECT")
    slots = [slot.material.name for slot in cube.material_slots]
    walk.record("faces", sorted(slots[face.material_index] for face in cube.data.polygons))


def middle_of(walk: Walk, area: bpy.types.Area) -> tuple[int, int]:
    region = walk.region(area, "WINDOW")
    return region.x + region.width // 2, region.y + region.height // 2


def clicks(walk: Walk, area: bpy.types.Area) -> Steps:
    """Click the first asset of the shelf."""
    place = yield from first_asset(walk, area)
    yield walk.tap(place)


def first_asset(walk: Walk, area: bpy.types.Area) -> Steps:
    """The place of the first asset of the shelf, once that is open."""
    yield until(lambda: walk.region(area, "ASSET_SHELF").height > SHELF_PX, 10)
    shelf = walk.region(area, "ASSET_SHELF")
    return shelf.x + SHELF_PX, shelf.y + shelf.height // 2


def drags(walk: Walk, area: bpy.types.Area) -> Steps:
    """Drag the first asset of the shelf to the middle of the view."""
    begin = yield from first_asset(walk, area)
    end = middle_of(walk, area)
    yield walk.move(begin)
    yield 1.0
    walk.screenshot("shelf.png")
    yield walk.event("LEFTMOUSE", "PRESS", begin)
    for part in range(1, PARTS + 1):
        yield walk.move(tuple(a + (b - a) * part // PARTS for a, b in zip(begin, end, strict=True)))
    walk.screenshot("dragged.png")
    yield walk.event("LEFTMOUSE", "RELEASE", end)
    yield 1.0
