"""Inside a Blender window: objects of several materials are repainted, sharpened, covered and painted by clicks."""

from __future__ import annotations

import sys
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from fields import FIRST_ITEM_PX, ITEM_PX, clicks_and_waits, extension, write
from sections import opens
from walk import Steps, Walk, installed_extension, start, until

OUT, SOURCE, PART = map(Path, sys.argv[sys.argv.index("--") + 1 :])
STYLE = SOURCE.parent / "styles" / "immunohistochemistry.png"
SIZE_PX = 128
EDITOR = "VIEW_3D"
MIDDLE = {"subject": 0.5, "source_kind": 0.64}
"""Places across the panel of the middle one of three buttons in a row, in parts of its width."""
COLORS = {"Wood": (0.7, 0.45, 0.2), "Iron": (0.35, 0.38, 0.42), "Paint": (0.15, 0.35, 0.6), "Brick": (0.6, 0.25, 0.2)}
installed_extension()


def scenario(walk: Walk) -> Steps:
    objects = makes_objects()
    select(objects[0])
    yield walk.show_panel(EDITOR, "Impasto")
    yield from {"style": style, "tools": tools}[PART.name](walk, *objects)
    bpy.ops.preferences.addon_disable(module="bl_ext.user_default.impasto")


def style(walk: Walk, crate: bpy.types.Object, barrel: bpy.types.Object, wall: bpy.types.Object) -> Steps:
    """Style, with masks by the mesh, and on both objects in one run."""
    yield walk.choose("RESTYLE")
    yield from repaints_by_masks(walk, crate)
    yield from repaints_both(walk, crate, barrel)


def tools(walk: Walk, crate: bpy.types.Object, barrel: bpy.types.Object, wall: bpy.types.Object) -> Steps:
    """Cover object, Sharpen on a tiled image and on one of two materials, and Paint With Result."""
    yield from clicks_the_middle(walk, "source_kind")
    yield from covers(walk, barrel)
    yield from sharpens_tiles(walk, wall)
    yield from sharpens(walk, crate)
    yield from paints_with_the_result(walk, crate)


def makes_objects() -> list[bpy.types.Object]:
    """Three cubes instead of Blender's own: of two materials, of one, and of one whose texture is tiled."""
    bpy.data.objects.remove(bpy.data.objects["Cube"])
    made = []
    for index, (name, materials) in enumerate({"Crate": ("Wood", "Iron"), "Barrel": ("Paint",), "Wall": ()}.items()):
        bpy.ops.mesh.primitive_cube_add(location=(3 * index - 3, 0, 0))
        made.append(bpy.context.object)
        made[-1].name = name
        for one in materials:
            made[-1].data.materials.append(material_of(one, texture(one)))
    crate, _, wall = made
    group = crate.vertex_groups.new(name="Top")
    group.add([vertex.index for vertex in crate.data.vertices if vertex.co.z > 0], 1.0, "REPLACE")
    for face in crate.data.polygons:
        face.material_index, face.select = face.index // 3, face.index == 0
    encode = extension().bridge.encode.encode_map
    bricks = {number: encode(pattern("Brick")) for number in (1001, 1002)}
    tiled = extension().bridge.tiles.add("Brick", "base_color", bricks, None)
    wall.data.materials.append(material_of("Brick", tiled))
    for face in wall.data.polygons:
        for loop in face.loop_indices:
            wall.data.uv_layers.active.data[loop].uv += Vector((face.index // 3, 0))
    return made


def pattern(name: str) -> np.ndarray:
    """Soft checks (H, W, 3) of uint8 in the colour of a material."""
    y, x = np.mgrid[:SIZE_PX, :SIZE_PX] * (6 * np.pi / SIZE_PX)
    light = 0.75 + 0.25 * np.sin(x) * np.sin(y)
    return np.round(light[..., None] * COLORS[name] * np.float64(255)).astype(np.uint8)


def texture(name: str) -> bpy.types.Image:
    encode = extension().bridge.encode.encode_map
    return extension().bridge.images.add(name, "base_color", encode(pattern(name)), None)


def material_of(name: str, image: bpy.types.Image) -> bpy.types.Material:
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    tree = made.node_tree
    node = tree.nodes.new("ShaderNodeTexImage")
    node.image = image
    tree.links.new(node.outputs["Color"], tree.nodes["Principled BSDF"].inputs["Base Color"])
    return made


def select(*objects: bpy.types.Object) -> None:
    """Select objects; the first is active."""
    for one in bpy.context.view_layer.objects:
        one.select_set(one in objects)
    bpy.context.view_layer.objects.active = objects[0]


def redraws(walk: Walk) -> Steps:
    for _ in range(3):
        walk.area(EDITOR).tag_redraw()
        yield


def clicks_the_middle(walk: Walk, name: str) -> Steps:
    """Click the middle one of the three buttons of a choice."""
    region = walk.region(walk.area(EDITOR), "UI")
    _, y = yield walk.find(name, EDITOR)
    yield walk.press("LEFTMOUSE", (region.x + int(MIDDLE[name] * region.width), y))


def runs(walk: Walk, operator: str, place: str, fact: str) -> Steps:
    """Click the button of an operator, wait, look, and note the report and the materials of the selected objects."""
    yield from clicks_and_waits(walk, operator, EDITOR, place)
    yield 1.0
    walk.screenshot(f"{fact}.png")
    report = extension().jobs.session.jobs.reports[place]
    selected = walk.window.view_layer.objects.selected
    materials = {one.name: [slot.material.name for slot in one.material_slots] for one in selected}
    walk.record(fact, [report.level, report.text, materials])


def repaints_by_masks(walk: Walk, crate: bpy.types.Object) -> Steps:
    """The subject, the mask and Repaint are clicked; only a part of the texture of the active material changes."""
    settings = bpy.context.scene.impasto_style
    parameters = bpy.context.scene.impasto_parameters.patches_style
    parameters.input_style = bpy.data.images.load(str(STYLE))
    yield from clicks_the_middle(walk, "subject")
    walk.record("subject", settings.subject)
    yield from opens(walk, "impasto_masks")
    walk.screenshot("masks.png")
    shares = {}
    for kind in ("FACES", "GROUP"):
        yield from chooses_mask(walk, kind)
        before = base_color(crate)
        yield from runs(walk, "impasto.stylize", "style", f"repainted_{kind.lower()}")
        shares[kind] = changed_share(before, base_color(crate))
    walk.record("shares", shares)
    yield from chooses_mask(walk, "IMAGE")
    walk.record("mask", settings.mask_by)


def chooses_mask(walk: Walk, kind: str) -> Steps:
    masks = [identifier for identifier, *_ in extension().bridge.mesh_masks.ITEMS]
    x, y = yield walk.find("mask_by", EDITOR)
    yield walk.tap((x, y))
    yield 0.5
    walk.screenshot("list_mask.png")
    yield walk.tap((x, y - FIRST_ITEM_PX - masks.index(kind) * ITEM_PX))
    yield 0.5


def base_color(item: bpy.types.Object) -> bpy.types.Image:
    return extension().bridge.surfaces.base_color_of(item.active_material)


def changed_share(before: bpy.types.Image, now: bpy.types.Image) -> float:
    """Share of the texels in which two images of one size differ."""
    old, new = (np.array(one.pixels[:]).reshape(-1, 4) for one in (before, now))
    return float((np.abs(new - old).max(1) > 1 / 255).mean())


def repaints_both(walk: Walk, crate: bpy.types.Object, barrel: bpy.types.Object) -> Steps:
    """Both selected objects are repainted by one click."""
    select(crate, barrel)
    yield from redraws(walk)
    yield from runs(walk, "impasto.stylize", "style", "repainted_both")


def chooses_tool(walk: Walk, label: str) -> Steps:
    """Click the search beside the tool, and type."""
    search = yield walk.find("wm.search_single_menu", EDITOR)
    yield walk.tap(search)
    yield 0.5
    yield write(walk, label, search)
    yield 0.5


def sharpens(walk: Walk, crate: bpy.types.Object) -> Steps:
    """A tool works on the texture of one of the object's two materials."""
    settings = bpy.context.scene.impasto
    select(crate)
    settings.image = base_color(crate)
    yield from redraws(walk)
    walk.record("tool", [settings.tool, settings.source_kind])
    yield from redraws(walk)
    walk.screenshot("sharpen.png")
    yield from runs(walk, "impasto.generate", "texture", "sharpened")


def paints_with_the_result(walk: Walk, crate: bpy.types.Object) -> Steps:
    """The result becomes the source of the clone brush by a click below it, which leaves the object to be seen."""
    result, before = base_color(crate), bpy.context.scene.impasto.image
    yield walk.click("impasto.paint_with_result", EDITOR)
    yield until(lambda: crate.mode == "TEXTURE_PAINT", 30)
    yield 2.0
    walk.screenshot("painting.png")
    paint = bpy.context.scene.tool_settings.image_paint
    clones = [paint.canvas == before, paint.clone_image == result, paint.use_clone_layer, paint.use_stencil_layer]
    walk.record("clones", clones)
    with walk.at(walk.area(EDITOR)):
        bpy.ops.object.mode_set(mode="OBJECT")
    yield 1.0


def covers(walk: Walk, barrel: bpy.types.Object) -> Steps:
    """A photograph is laid round an object."""
    settings = bpy.context.scene.impasto
    select(barrel)
    settings.image = bpy.data.images.load(str(SOURCE))
    yield from redraws(walk)
    yield from chooses_tool(walk, "cover object")
    group = extension().parameters.properties.group_of(
        bpy.context.scene, extension().engine.catalogue.catalogue[settings.tool]
    )
    group.width_px = group.height_px = 2 * SIZE_PX
    yield from redraws(walk)
    walk.record("cover", settings.tool)
    walk.screenshot("cover.png")
    yield from runs(walk, "impasto.generate", "texture", "covered")


def sharpens_tiles(walk: Walk, wall: bpy.types.Object) -> Steps:
    """All tiles of a tiled image are sharpened into one tiled image."""
    select(wall)
    bpy.context.scene.impasto.image = bpy.data.images["Brick"]
    bpy.context.scene.impasto.tool = "sharpen"  # which layers have, and scripts here
    yield from redraws(walk)
    walk.screenshot("tiles.png")
    yield from runs(walk, "impasto.generate", "texture", "sharpened_tiles")
    made = base_color(wall)
    walk.record("tiles", [made.source, [tile.number for tile in made.tiles]])


start(scenario, OUT)
