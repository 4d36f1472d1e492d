"""Inside a Blender window: sources are browsed; a result is seen, mapped, assigned; what was replaced goes back."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import bmesh
import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from fields import clicks_and_waits, extension
from sections import closes, opens
from walk import Place, Steps, Walk, installed_extension, start, until

OUT, SOURCE, PART = map(Path, sys.argv[sys.argv.index("--") + 1 :])
LIMIT_S = 600
ITEM_PX = 130
"""Side of a thumbnail in the file browser, with its name."""
installed_extension()


def scenario(walk: Walk) -> Steps:
    yield walk.show_panel("VIEW_3D", "Impasto")
    yield from {"sources": sources, "seen": seen, "kept": kept}[PART.name](walk)
    bpy.ops.preferences.addon_disable(module="bl_ext.user_default.impasto")


def sources(walk: Walk) -> Steps:
    """A file and an image are chosen in browsers by double clicks; the second begins where the first was."""
    settings = bpy.context.scene.impasto
    settings.filepath = str(SOURCE.parent / "nothing.png")
    yield 0.5
    yield from chooses(walk, "first", (yield walk.find("impasto.open_picture", "VIEW_3D")))
    walk.record("path", settings.filepath)
    settings.source_kind = "IMAGE"
    yield 0.5
    yield from chooses(walk, "second", (yield walk.find("impasto.open_picture", "VIEW_3D")))
    walk.record("image", settings.image.name if settings.image else "")
    walk.record("last_folder", extension().engine.engine.preferences().last_folder)
    walk.screenshot("chosen.png")


def chooses(walk: Walk, which: str, place: Place) -> Steps:
    """Open a browser, note how it shows files, and double-click the first picture."""
    windows = len(bpy.context.window_manager.windows)
    yield walk.tap(place)
    yield until(lambda: len(bpy.context.window_manager.windows) > windows, 20)
    number, walk.number = walk.number, windows
    yield 3.0  # for its thumbnails
    walk.screenshot(f"{which}.png")
    area = walk.area("FILE_BROWSER")
    shown = area.spaces.active.params
    filters = [name for name in dir(shown) if name.startswith("use_filter_") and getattr(shown, name)]
    walk.record(which, [shown.display_type, shown.use_filter, filters, os.fsdecode(shown.directory)])
    region = walk.region(area, "WINDOW")
    first = region.x + ITEM_PX // 2, region.y + region.height - ITEM_PX // 2
    yield walk.press("LEFTMOUSE", (first[0] + ITEM_PX, first[1]))
    yield 0.5
    walk.screenshot(f"{which}_selected.png")
    walk.record(f"{which}_selected", shown.filename)
    yield walk.click("file.execute", "FILE_BROWSER", "EXECUTE")
    walk.number = number
    yield until(lambda: len(bpy.context.window_manager.windows) == windows, 20)
    yield 0.5


def seen(walk: Walk) -> Steps:
    """Generate in solid shading; its picture, material preview, mapping; another tool."""
    scene = bpy.context.scene
    generates_bricks(scene)
    cube = bpy.data.objects["Cube"]
    before = cube.active_material.name
    walk.close_up()
    space = walk.area("VIEW_3D").spaces.active
    space.shading.type = "SOLID"
    default_uvs(cube.data)
    yield 0.5
    yield from clicks_and_waits(walk, "impasto.generate", "VIEW_3D", "texture")
    yield 2.0
    walk.screenshot("solid.png")
    material = cube.active_material
    yield walk.click("impasto.material_preview", "VIEW_3D")
    yield walk.settle(10)
    walk.record("shading", space.shading.type)
    walk.screenshot("upright.png")
    _, y = yield walk.find("impasto_mapping", "VIEW_3D")
    region = walk.region(walk.area("VIEW_3D"), "UI")
    yield walk.tap((region.x + region.width // 2, y))  # the middle one of three
    yield walk.settle(10)
    walk.record("mapping", material.impasto_mapping)
    walk.screenshot("box.png")
    yield from restores(walk, cube, before)
    yield from clicks_and_waits(walk, "impasto.generate", "VIEW_3D", "texture")
    scene.impasto.tool = "concrete"
    yield 0.5
    walk.record("reports_of_another_tool", "texture" in extension().jobs.session.jobs.reports)
    walk.screenshot("another_tool.png")


def generates_bricks(scene: bpy.types.Scene) -> None:
    scene.impasto.tool, scene.impasto.source_kind = "bricks", "NONE"
    values = scene.impasto_parameters.bricks
    values.width_px = values.height_px = 512


def default_uvs(mesh: bpy.types.Mesh) -> None:
    """The UVs of Blender's own cube, on which rows stand upright."""
    made = bpy.data.meshes.new("Cube")
    shape = bmesh.new()
    shape.loops.layers.uv.new("UVMap")
    bmesh.ops.create_cube(shape, size=2, calc_uvs=True)
    shape.to_mesh(made)
    for loop, other in zip(mesh.uv_layers.active.data, made.uv_layers.active.data, strict=True):
        loop.uv = other.uv
    bpy.data.meshes.remove(made)


def restores(walk: Walk, item: bpy.types.Object, before: str) -> Steps:
    """Restore in the section Material, and the result again by undo."""
    yield from opens(walk, "impasto_result")
    place = yield walk.find("impasto.restore", "VIEW_3D")
    walk.screenshot("restore.png")
    yield walk.tap(place)
    yield 0.5
    yield from closes(walk, "impasto_result")
    walk.record("restored", [item.active_material.name, before])


def kept(walk: Walk) -> Steps:
    """Bake with Replace, save, reopen: all is there, and Restore gives the old material back by a click."""
    scene, cube = bpy.context.scene, bpy.data.objects["Cube"]
    procedural(cube)
    settings = scene.impasto_bake
    settings.material, settings.width_px, settings.height_px = "NEW", 64, 64
    yield 0.5
    yield walk.choose("BAKE")
    yield from clicks_and_waits(walk, "impasto.bake", "VIEW_3D", "bake")
    yield 2.0
    walk.screenshot("baked.png")
    walk.record("report", extension().jobs.session.jobs.reports["bake"].text)
    yield from reopens(walk)
    cube = bpy.data.objects["Cube"]
    walk.record("after_reopening", [cube.active_material.name, sorted(bpy.data.materials.keys())])
    yield walk.show_panel("VIEW_3D", "Impasto")
    yield 1.0
    walk.screenshot("reopened.png")
    yield walk.click("impasto.restore", "VIEW_3D")
    yield 0.5
    nodes = sorted(node.type for node in cube.active_material.node_tree.nodes)
    walk.record("restored", [cube.active_material.name, nodes])
    walk.screenshot("restored.png")


def reopens(walk: Walk) -> Steps:
    path = str(OUT / "scene.blend")
    with walk.at():
        bpy.ops.wm.save_as_mainfile(filepath=path)
    yield 0.5
    with walk.at():
        bpy.ops.wm.open_mainfile(filepath=path)
    yield 2.0


def procedural(cube: bpy.types.Object) -> None:
    """A procedural material that nothing but this object has."""
    made = cube.active_material
    made.name = "lava"
    tree = made.node_tree
    noise = tree.nodes.new("ShaderNodeTexNoise")
    tree.links.new(noise.outputs["Color"], tree.nodes["Principled BSDF"].inputs["Base Color"])


start(scenario, OUT)
