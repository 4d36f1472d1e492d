"""Inside a Blender window: the menu of an image node, the progress in the status bar, and a shortcut switched on."""

from __future__ import annotations

import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from walk import Steps, Walk, installed_extension, start, until

OUT, SOURCE = map(Path, sys.argv[sys.argv.index("--") + 1 :])
EXTENSION = installed_extension()
JOBS = EXTENSION.jobs.session.jobs
LIMIT_S = 600


def scenario(walk: Walk) -> Steps:
    bpy.ops.impasto.refresh_tools()
    with walk.at(walk.area("VIEW_3D")):
        bpy.ops.impasto.run(tool="rust", name="Rust", width_px=256, height_px=256)
    yield shortcut(walk)
    yield node_menu(walk)
    yield status_bar(walk)
    bpy.ops.preferences.addon_disable(module="bl_ext.user_default.impasto")


def shortcut(walk: Walk) -> Steps:
    """A shortcut does nothing until it is switched on."""
    area = walk.area("VIEW_3D")
    view = area.x + area.width // 3, area.y + area.height // 2
    yield 1.0  # Blender merges keymaps with those of the user when it draws
    walk.record("shortcuts", [item.idname for item in EXTENSION.keymaps.shortcuts()])
    before = len(bpy.data.materials)
    scene = bpy.context.scene
    scene.impasto.tool, scene.impasto.source_kind = "rust", "NONE"
    scene.impasto_parameters.rust.width_px = scene.impasto_parameters.rust.height_px = 64
    for is_on in (False, True):
        next(item for item in EXTENSION.keymaps.shortcuts() if item.idname == "impasto.generate").active = is_on
        yield 0.5
        yield walk.press("T", view, ctrl=True, shift=True, alt=True)
        yield 0.5
        yield until(lambda: JOBS.shown_task is None, LIMIT_S)
        walk.record(f"shortcut_{'on' if is_on else 'off'}", len(bpy.data.materials) - before)


def node_menu(walk: Walk) -> Steps:
    """A right click on an image node offers what can be done with its image; one of it is clicked."""
    area = yield from walk.switch("VIEW_3D", "ShaderNodeTree")
    tree = bpy.context.view_layer.objects.active.active_material.node_tree
    node = next(one for one in tree.nodes if one.type == "TEX_IMAGE")
    for one in tree.nodes:
        one.select = one == node
    tree.nodes.active = node
    region = walk.region(area, "WINDOW")
    with walk.at(area):
        bpy.ops.node.view_selected()
    yield 1.0
    middle = region.x + region.width // 2, region.y + region.height // 2
    with walk.at(area):
        bpy.ops.wm.call_menu("INVOKE_DEFAULT", name="NODE_MT_context_menu")
    yield 1.0
    walk.screenshot("node_context.png")
    yield walk.press("ESC", middle)
    yield 0.5
    yield walk.move(middle)
    with walk.at(area):
        bpy.ops.wm.call_menu("INVOKE_DEFAULT", name="IMPASTO_MT_image_node")
    yield 1.0
    walk.screenshot("node_menu.png")
    yield walk.press("E", middle)  # Edit Layers
    yield 0.5
    stack = bpy.context.view_layer.objects.active.active_material.impasto_layers
    walk.record("layers", [layer.tool for layer in stack.layers])


def status_bar(walk: Walk) -> Steps:
    """A running task is in the status bar, and gone from there afterwards."""
    rust = bpy.context.scene.impasto_parameters.rust
    rust.width_px = rust.height_px = 2048
    with walk.at(walk.area("ShaderNodeTree")):
        bpy.ops.impasto.generate("INVOKE_DEFAULT")
    yield 1.0
    walk.record("is_running", JOBS.shown_task is not None)
    walk.screenshot("status_bar.png")
    yield until(lambda: JOBS.shown_task is None, LIMIT_S)
    yield 2.0
    walk.screenshot("status_bar_after.png")


start(scenario, OUT)
