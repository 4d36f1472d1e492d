"""Inside a Blender window: nodes as they are drawn, made twice beside the user's own; a repainted render is shown."""

from __future__ import annotations

import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from walk import Steps, Walk, installed_extension, start, until

OUT, SOURCE = map(Path, sys.argv[sys.argv.index("--") + 1 :])
STYLE = SOURCE.parent / "styles" / "coffee.png"
installed_extension()
SMALL = '{"relief": 0.5, "longest_px": 64}'


def scenario(walk: Walk) -> Steps:
    settings, cube = bpy.context.scene.impasto_style, bpy.data.objects["Cube"]
    settings.tool, settings.subject = "patches-style", "MATERIAL"
    bpy.context.scene.impasto_parameters.patches_style.input_style = bpy.data.images.load(str(STYLE))
    material = cube.active_material or bpy.data.materials.new("mine")
    cube.active_material, tree = material, material.node_tree
    for x, y in ((-600, 500), (-640, 200), (-420, -200)):
        tree.nodes.new("ShaderNodeTexNoise").location = (x, y)
    yield walk.switch("VIEW_3D", "ShaderNodeTree")
    for _ in range(2):
        with walk.at(walk.area("ShaderNodeTree")):
            bpy.ops.impasto.run(tool="quilt", source=str(SOURCE), width_px=64, height_px=64, material="ACTIVE")
    for name in ("Impasto Roughness", "Impasto Normal"):
        tree.nodes.remove(tree.nodes[name])
    with walk.at(walk.area("ShaderNodeTree")):
        bpy.ops.impasto.stylize(
            tool="patches-style", subject="MATERIAL", style=str(STYLE), parameters=SMALL, material="ACTIVE"
        )
    yield walk.settle(2)
    with walk.at(walk.area("ShaderNodeTree")):
        bpy.ops.node.view_all()
    yield walk.settle(2)
    walk.screenshot("nodes.png")
    walk.record("overlapping", overlapping(tree))
    yield from shows_the_repainted_render(walk)
    bpy.ops.preferences.addon_disable(module="bl_ext.user_default.impasto")


def overlapping(tree: bpy.types.NodeTree) -> list[list[str]]:
    """Pairs of nodes of which one lies on the other as Blender has drawn them."""
    scale = bpy.context.preferences.system.ui_scale
    boxes = {}
    for node in tree.nodes:
        if node.type != "FRAME":
            left, top = node.location
            frame = node.parent
            while frame:
                left, top, frame = left + frame.location.x, top + frame.location.y, frame.parent
            boxes[node.name] = (left, left + node.dimensions.x / scale, top - node.dimensions.y / scale, top)
    names = sorted(boxes)
    pairs = [(one, other) for i, one in enumerate(names) for other in names[:i]]
    return [list(pair) for pair in pairs if _share(boxes[pair[0]], boxes[pair[1]])]


def _share(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]


def shows_the_repainted_render(walk: Walk) -> Steps:
    """In an image editor that showed something else."""
    scene = bpy.context.scene
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.render.resolution_x = scene.render.resolution_y = 96
    yield walk.switch("ShaderNodeTree", "IMAGE_EDITOR")
    space = walk.area("IMAGE_EDITOR").spaces.active
    space.image = bpy.data.images[STYLE.name]
    with walk.at():
        bpy.ops.render.render()
    scene.impasto_style.subject = "RENDER"
    before = set(bpy.data.images)
    with walk.at(walk.area("IMAGE_EDITOR")):
        bpy.ops.impasto.stylize(tool="patches-style", subject="RENDER", style=str(STYLE), parameters=SMALL)
    yield until(lambda: set(bpy.data.images) - before, 60)
    walk.record("shown", space.image.name)
    walk.record("made", sorted(image.name for image in set(bpy.data.images) - before))
    yield walk.settle(1)
    walk.screenshot("repainted_render.png")


start(scenario, OUT)
