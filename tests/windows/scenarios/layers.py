"""Inside a Blender window: a stack of layers is looked at, its eye and its buttons are clicked, and it is run."""

from __future__ import annotations

import bpy
from sections import opens, shown
from walk import SOURCE, Steps, Walk, installed_extension, until

EXTENSION = installed_extension()
JOBS = EXTENSION.jobs.session.jobs
LIVE = EXTENSION.layers.preview.live
LIMIT_S = 300
BUTTON_PX, ENTRY_PX = 20, 26
"""From a button of the list to the next, and to the first entry of the menu that it opens."""
SEEN = 20
"""Standard deviation of what is seen on a face of the cube, in grey values of 0 to 255; of gravel it is more."""


def scenario(walk: Walk) -> Steps:
    bpy.ops.impasto.refresh_tools()
    with walk.at(walk.area("VIEW_3D")):
        for tool in ("quilt", "photo-maps", "weathering", "adjust"):
            bpy.ops.impasto.add_layer(tool=tool)
    stack = bpy.data.materials["Material"].impasto_layers  # of Blender's own cube
    stack.source_kind, stack.image = "IMAGE", bpy.data.images.load(str(SOURCE))
    yield walk.show_panel("VIEW_3D", "Impasto")
    yield walk.choose("LAYERS")
    walk.screenshot("stack.png")
    yield from shows_changes(walk, stack)
    x, y = yield walk.find("impasto.remove_layer", "VIEW_3D")
    yield walk.tap((x, y - BUTTON_PX))
    yield 0.5
    walk.screenshot("specials.png")
    yield walk.tap((x, y - BUTTON_PX - ENTRY_PX))
    yield until(lambda: len(stack.layers) == 5)
    walk.record("copied", [layer.tool for layer in stack.layers])
    yield from masks(walk, stack)
    yield from runs(walk)
    walk.record("made", JOBS.last_report.text)
    yield 1.0
    walk.screenshot("run.png")


def runs(walk: Walk) -> Steps:
    """Make is clicked twice; before, during and after a job the same slider is under the mouse at the same place."""
    area, seen, is_running = walk.area("VIEW_3D"), [], []
    place = yield walk.find("saturation", "VIEW_3D")
    for _ in range(2):
        seen.append((yield walk.look(area, "UI", place)))
        yield walk.click("impasto.run_layers", "VIEW_3D")
        seen.append((yield walk.look(area, "UI", place)))
        is_running.append(JOBS.shown_task is not None)
        walk.screenshot("running.png")
        yield until(lambda: JOBS.last_report and not JOBS.shown_task, LIMIT_S)
        yield 0.5
        seen.append((yield walk.look(area, "UI", place)))
    walk.record("slider", seen)
    walk.record("is_running", is_running)


def shows_changes(walk: Walk, stack: bpy.types.PropertyGroup) -> Steps:
    """A slider of the active layer makes a new picture."""
    bpy.context.scene.impasto.preview_layers = True
    LIVE.ask()
    yield until(lambda: LIVE.pixels is not None or LIVE.error, LIMIT_S)
    before = LIVE.pixels
    stack.layers[3].impasto_parameters.adjust.saturation = 0.1
    yield until(lambda: LIVE.pixels is not before, LIMIT_S)
    yield 1.0
    walk.record("live_error", LIVE.error)
    walk.screenshot("preview.png")
    yield from shows_on_object(walk)


def shows_on_object(walk: Walk) -> Steps:
    """The picture is seen on the cube in material preview; a click on the switch takes it back."""
    nodes, shading = bpy.data.materials["Material"].node_tree.nodes, walk.area("VIEW_3D").spaces.active.shading
    yield from opens(walk, "impasto_layers_preview")
    place = yield walk.find("preview_layers", "VIEW_3D")
    walk.close_up()
    yield until(lambda: contrast(walk) > SEEN, LIMIT_S)  # once Blender has compiled its shaders
    walk.screenshot("on_object.png")
    is_in = "Impasto Preview Base Color" in nodes
    yield walk.tap(place)
    yield until(lambda: "Impasto Preview Base Color" not in nodes)
    yield until(lambda: contrast(walk) < SEEN, LIMIT_S)
    walk.record("on_object", [is_in, "Impasto Preview Base Color" in nodes])
    walk.screenshot("taken_back.png")
    shading.type = "SOLID"
    bpy.context.scene.impasto.preview_layers = True
    yield until(lambda: not LIVE.is_running)


def contrast(walk: Walk) -> float:
    """Standard deviation of grey values on the faces of the cube, left of the view's middle and below it."""
    pixels = shown(walk, walk.region(walk.area("VIEW_3D"), "WINDOW")).mean(2)
    row, column = (side // 2 for side in pixels.shape)
    return float(pixels[row - 150 : row - 50, column - 150 : column - 50].std())


def masks(walk: Walk, stack: bpy.types.PropertyGroup) -> Steps:
    """The active layer shows in hollows only, then where it was painted."""
    before, mask = LIVE.pixels, stack.layers[stack.active].mask
    mask.kind, mask.amount, mask.contrast = "cavities", 0.3, 0.6
    yield until(lambda: LIVE.pixels is not before and not LIVE.is_running, LIMIT_S)
    yield 1.0
    walk.record("masked_error", LIVE.error)
    walk.screenshot("mask.png")
    settings = bpy.context.scene.impasto
    settings.compare, comparison = True, EXTENSION.layers.preview.comparison
    yield until(lambda: comparison.picture is not None, LIMIT_S)
    settings.split = 0.4
    yield 1.0
    walk.screenshot("compare.png")
    settings.compare = False
    mask.kind = "image"
    yield 0.5
    place = yield walk.find("impasto.paint_mask", "VIEW_3D")
    yield walk.tap_until(place, lambda: bpy.context.object.mode != "OBJECT")
    walk.record("painting", [bpy.context.object.mode, mask.image.name])
    yield 1.0
    walk.screenshot("paint.png")
    place = yield walk.find("impasto.paint_mask", "VIEW_3D")  # Blender's shelf of brushes has scrolled the panel
    yield walk.tap_until(place, lambda: bpy.context.object.mode == "OBJECT")
    walk.area("VIEW_3D").spaces.active.shading.type = "SOLID"  # each move of the mouse has the view drawn anew
    mask.kind = "none"
    yield 1.0
