"""Inside a Blender window: a shot is set up by a click, rendered, and repainted by another; its last frame is shown."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from sections import opens
from walk import Steps, Walk, installed_extension, start, until

OUT, SOURCE = map(Path, sys.argv[sys.argv.index("--") + 1 :])
STYLES = SOURCE.parent / "styles"
EXTENSION = installed_extension()
JOBS = EXTENSION.jobs.session.jobs
LIVE = EXTENSION.stylize.preview.live
FRAMES, SIZE_PX = 4, (320, 180)
LIMIT_S = 300


def scenario(walk: Walk) -> Steps:
    prepare()
    yield walk.show_panel("VIEW_3D", "Impasto")
    yield walk.choose("RESTYLE")
    yield from opens(walk, "impasto_sequence")
    walk.record("layers", list(bpy.context.scene.view_layers.keys()))
    yield walk.click("impasto.set_up_sequence", "VIEW_3D")
    yield 0.5
    walk.record("set up", list(bpy.context.scene.view_layers.keys()))
    walk.record("current", walk.window.view_layer.name)
    walk.screenshot("set_up.png")
    bpy.ops.render.render(animation=True)
    yield from repaints(walk)
    bpy.ops.preferences.addon_disable(module="bl_ext.user_default.impasto")


def prepare() -> None:
    """A cube that turns, of few samples, and a cheap stylizer."""
    scene = bpy.context.scene
    scene.render.engine, scene.cycles.samples, scene.cycles.use_denoising = "CYCLES", 4, False
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = *SIZE_PX, 100
    scene.frame_start, scene.frame_end, scene.render.filepath = 1, FRAMES, str(OUT / "shot" / "cube_####")
    cube = bpy.data.objects["Cube"]
    for frame in range(FRAMES + 2):
        cube.rotation_euler[2] = math.radians(4 * frame)
        cube.keyframe_insert("rotation_euler", frame=frame)
    scene.impasto_style.tool = "wct"
    scene.impasto_parameters.wct.input_style = bpy.data.images.load(str(STYLES / "immunohistochemistry.png"))


def repaints(walk: Walk) -> Steps:
    """The button is below the fields; an image editor shows the sequence."""
    yield walk.settle(1.5)
    yield walk.click("impasto.repaint_sequence", "VIEW_3D")
    yield until(lambda: not JOBS.tasks and JOBS.made is not None, LIMIT_S)
    yield walk.settle(1.5)
    walk.screenshot("repainted.png")
    (image,) = (image for image in bpy.data.images if image.source == "SEQUENCE")
    walk.record("painted", sorted(path.name for path in (OUT / "shot" / "painted").glob("*.exr")))
    walk.record("image", [image.name, list(image.size)])
    yield walk.click("impasto.composite_sequence", "VIEW_3D")
    yield 0.5
    walk.record("composited", JOBS.made.text)
    walk.screenshot("composited.png")
    yield walk.switch("VIEW_3D", "IMAGE_EDITOR")
    area = walk.area("IMAGE_EDITOR")
    area.spaces.active.image = image
    with walk.at(area):
        bpy.ops.image.view_all(fit_view=True)
    yield walk.settle(1.0)
    walk.screenshot("sequence.png")


start(scenario, OUT)
