"""Inside a Blender window: two crates are baked by a click, and warnings are mended by clicks.

The cage of a bake from high to low and its missed pixels are shown, and a bake that runs is looked at and cancelled.
"""

from __future__ import annotations

from typing import Any

import bpy
from fields import LIMIT_S, clicks_and_waits, extension
from walk import Steps, Walk, clear_pictures, installed_extension, until

SIZE_PX = 32
CRATES = {"Crate": (0.8, 0.3, 0.1, 1.0), "Barrel": (0.1, 0.4, 0.7, 1.0)}
"""Colours of the materials of objects by their names."""
installed_extension()


def scenario(walk: Walk) -> Steps:
    makes_crates()
    yield walk.show_panel("VIEW_3D", "Impasto")
    yield from bakes_both(walk)
    yield from mends_by_clicks(walk)
    yield from shows_the_cage(walk)
    yield from shows_the_running_bake(walk)


def makes_crates() -> None:
    """Two cubes with UVs and a material each, both selected, in place of Blender's own cube."""
    bpy.data.objects.remove(bpy.data.objects["Cube"])
    made = []
    for index, (name, color) in enumerate(CRATES.items()):
        bpy.ops.mesh.primitive_cube_add(location=(3 * index, 0, 0))
        made.append(bpy.context.object)
        made[-1].name = name
        material = bpy.data.materials.new(name)
        material.use_nodes = True
        material.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = color
        made[-1].data.materials.append(material)
    for one in made:
        one.select_set(True)
    clear_pictures()


def bakes_both(walk: Walk) -> Steps:
    """Open the tab, and click Bake Maps."""
    bake = bpy.context.scene.impasto_bake
    bake.width_px = bake.height_px = SIZE_PX
    bake.samples = 1
    yield walk.choose("BAKE")
    walk.screenshot("bake.png")
    before = set(bpy.data.images.keys())
    yield from clicks_and_waits(walk, "impasto.bake", "VIEW_3D", "bake")
    yield 0.7
    walk.screenshot("baked.png")
    walk.record("baked", extension().jobs.session.jobs.reports["bake"].level)
    walk.record("images", len(set(bpy.data.images.keys()) - before))


def mends_by_clicks(walk: Walk) -> Steps:
    """Two warnings about one crate are mended by the clicks on their buttons, and undone again."""
    crate = bpy.data.objects["Crate"]
    crate.hide_render, crate.scale = True, (1, 1, 1.5)
    yield from changes(walk, {})
    yield 2.0
    walk.screenshot("warnings.png")
    warnings = extension().bake.objects.warnings.deferred_warnings
    told = [[one.text for one in warnings._answer]]
    _, y = yield walk.find("material", "VIEW_3D")
    for _ in range(2):
        yield from clicks_below(walk, "impasto.bake_remedy", y)
        yield 2.0
        told.append([one.text for one in warnings._answer])
    walk.record("warned", told)
    walk.record("mended", [crate.hide_render, [*crate.scale]])
    walk.screenshot("mended.png")
    with walk.at(walk.area("VIEW_3D")):
        bpy.ops.ed.undo()
    yield 2.0
    walk.record("undone", [*bpy.data.objects["Crate"].scale])
    bpy.data.objects["Crate"].scale = (1, 1, 1)


def shows_the_cage(walk: Walk) -> Steps:
    """High to low: the cage is shown by a click and follows its extrusion; so are the pixels that miss."""
    low, high = (bpy.data.objects[name] for name in CRATES)
    low.name, high.name, high.location.x = "Box_low", "Box_high", 0.6
    overlay = extension().bake.overlay
    view = walk.area("VIEW_3D").spaces.active.region_3d
    view.view_distance, view.view_location = 9.0, (0, 0, 0)
    yield from changes(walk, {"surface": "NAMED", "material": "NONE", "maps": {"base_color"}})
    select_only(low)
    _, y = yield walk.find("material", "VIEW_3D")
    yield from clicks_below(walk, "impasto.show_cage", y)
    yield until(lambda: overlay.shells._answer and overlay.shells._answer.shells, 20)
    yield 1.0
    walk.screenshot("cage.png")
    yield from changes(walk, {"extrusion": 0.6, "ray_distance": 0.7})
    yield 2.0
    walk.screenshot("cage_out.png")
    yield from clicks_below(walk, "impasto.show_cage", y)
    yield from changes(walk, {"extrusion": 0.1, "ray_distance": 0.2})
    reports = extension().jobs.session.jobs.reports
    reports.pop("bake", None)
    yield from clicks_below(walk, "impasto.bake(", y)
    yield until(lambda: "bake" in reports, 600)
    high.hide_viewport = True
    yield 1.5
    walk.screenshot("missed.png")
    walk.record("missed", [overlay.missed_count(), len(overlay.missed_points()), overlay.is_cage_on()])
    yield from clicks_below(walk, "impasto.show_misses", y)
    yield 1.0
    walk.screenshot("missed_off.png")
    walk.record("handler", str(overlay._drawing.handler))
    high.hide_viewport = False
    low.name, high.name = CRATES
    high.location.x = 3
    high.select_set(True)
    yield from changes(walk, {"surface": "OWN", "extrusion": 0.0, "ray_distance": 0.0, "material": "NEW"})


def clicks_below(walk: Walk, name: str, y: int) -> Steps:
    """Click the first button of an operator below a height, up to 400 pixels."""
    found = yield walk.buttons("VIEW_3D", top=y, height=400, columns=(0.7,))
    yield walk.press("LEFTMOUSE", next(places[0] for call, places in found.items() if call.startswith(name)))


def select_only(obj: bpy.types.Object) -> None:
    for one in bpy.context.view_layer.objects:
        one.select_set(one == obj)
    bpy.context.view_layer.objects.active = obj


def shows_the_running_bake(walk: Walk) -> Steps:
    """Bake maps that take a while, look at the section once the first is there, and cancel."""
    bake, jobs = bpy.context.scene.impasto_bake, extension().jobs.session.jobs
    usual = {"width_px": SIZE_PX, "height_px": SIZE_PX, "samples": 1, "maps": set(bake.maps), "material": "NEW"}
    long = {"width_px": 512, "height_px": 512, "samples": 64, "maps": {"base_color", "thickness"}, "material": "NONE"}
    yield from changes(walk, long)
    bpy.ops.impasto.bake("INVOKE_DEFAULT")
    yield until(lambda: jobs.shown_task is None or jobs.shown_task.preview is not None, LIMIT_S)
    yield 1.0
    walk.record("preview", list(jobs.shown_task.preview.shape))
    walk.screenshot("running.png")
    bpy.ops.impasto.cancel()
    yield until(lambda: jobs.shown_task is None, LIMIT_S)
    walk.record("cancelled", jobs.reports["bake"].level)
    yield from changes(walk, usual)


def changes(walk: Walk, values: dict[str, Any]) -> Steps:
    """Change settings of the bake, and have the panel drawn anew, which Blender does by itself only after a click."""
    for name, value in values.items():
        setattr(bpy.context.scene.impasto_bake, name, value)
    for _ in range(3):  # panels slide to their new places
        walk.area("VIEW_3D").tag_redraw()
        yield
