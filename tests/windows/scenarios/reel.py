"""Inside a Blender window: a photograph is dropped on an object, moss is added as a layer, and it is repainted.

`python -m tasks.reel` makes the animation of README of what is seen meanwhile.
"""

from __future__ import annotations

import bpy
from walk import OUT, SOURCE, Steps, Walk, installed_extension, until

EXTENSION = installed_extension()
JOBS = EXTENSION.jobs.session.jobs
LIVE = EXTENSION.layers.preview.live
FRAME_S, SHADERS_S, SETTLED_S, LIMIT_S = 0.5, 40, 8, 600
STYLE = "file Oil.jpg"
AMOUNTS = (0.15, 0.3, 0.45, 0.6)
"""Of moss, while its slider moves."""


def scenario(walk: Walk) -> Steps:
    bpy.ops.impasto.refresh_tools()
    (yield walk.fill()).overlay.show_overlays = False
    quilt = bpy.context.scene.impasto_parameters.quilt
    quilt.width_px = quilt.height_px = 512
    yield walk.show_panel("VIEW_3D", "Impasto")
    walk.close_up()
    yield walk.settle(SHADERS_S, LIMIT_S)
    record(walk)
    yield from drops(walk)
    yield from adds_moss(walk)
    yield from repaints(walk)
    yield 3.0


def record(walk: Walk) -> None:
    """Take a picture of the screen every half second, and note where the mouse is."""
    frames: list[tuple[str, tuple[int, int]]] = []
    walk.record("frames", frames)
    mouse, move, walk.is_searching = [(640, 510)], walk.event, False

    def event(kind: str, value: str, place: tuple[int, int], **held: bool) -> Steps:
        mouse[0] = place
        return move(kind, value, place, **held)

    def take() -> float:
        if walk.is_searching:
            return FRAME_S
        name = f"frame_{len(frames):04}.png"
        walk.screenshot(name)
        frames.append((str(OUT / name), mouse[0]))
        return FRAME_S

    walk.event = event
    bpy.app.timers.register(take, persistent=True)


def drops(walk: Walk) -> Steps:
    """What Blender calls when a picture is dropped: drags from outside cannot be simulated."""
    area = walk.area("VIEW_3D")
    yield walk.move((area.x + area.width // 2, area.y + area.height // 2))
    yield 1.0
    with walk.at(area):
        bpy.types.IMPASTO_FH_pictures.poll_drop(bpy.context)
        bpy.ops.impasto.drop_pictures("INVOKE_DEFAULT", directory=str(SOURCE.parent), files=[{"name": SOURCE.name}])
    yield until(lambda: "texture" in JOBS.reports and not JOBS.shown_task, LIMIT_S)
    yield walk.settle(SETTLED_S, LIMIT_S)


def adds_moss(walk: Walk) -> Steps:
    """A layer of weathering, whose slider is moved while the object is seen; then it is made."""
    with walk.at(walk.area("VIEW_3D")):
        bpy.ops.impasto.edit_layers()
        bpy.ops.impasto.add_layer(tool="weathering")
    layers = bpy.context.object.active_material.impasto_layers.layers
    moss = layers[-1].impasto_parameters.weathering
    moss.dirt = moss.wear = 0.0
    walk.is_searching = True
    place = yield walk.find("moss", "VIEW_3D")
    walk.is_searching = False
    yield walk.move(place)
    for amount in AMOUNTS:
        moss.moss, before = amount, LIVE.pixels
        yield until(lambda before=before: LIVE.pixels is not before and not LIVE.is_running, LIMIT_S)
        yield walk.settle(1.5, LIMIT_S)
    with walk.at(walk.area("VIEW_3D"), "UI"):
        bpy.ops.impasto.run_layers("INVOKE_DEFAULT")
    yield until(lambda: not JOBS.shown_task, LIMIT_S)
    yield walk.settle(SETTLED_S, LIMIT_S)


def repaints(walk: Walk) -> Steps:
    """The tab Restyle, a painting that comes along, Make."""
    yield walk.choose("RESTYLE")
    style = bpy.context.scene.impasto_parameters.patches_style
    style.gallery_style = STYLE
    yield 1.0
    with walk.at(walk.area("VIEW_3D"), "UI"):
        bpy.ops.impasto.stylize("INVOKE_DEFAULT")
    yield until(lambda: not JOBS.shown_task, LIMIT_S)
    yield walk.move((300, 200))
    yield walk.settle(SETTLED_S, LIMIT_S)
