"""Inside a Blender window: a material under a light that turns; a photograph's light by a dial."""

from __future__ import annotations

import math

import bpy
from walk import SOURCE, Steps, Walk, installed_extension, until

EXTENSION = installed_extension()
JOBS = EXTENSION.jobs.session.jobs
TURNTABLE = EXTENSION.relight.turntable.turntable
DIAL = EXTENSION.generate.light_dial
LIMIT_S = 300


def settings() -> bpy.types.PropertyGroup:
    return bpy.context.scene.impasto_relight


def scenario(walk: Walk) -> Steps:
    bpy.ops.impasto.refresh_tools()
    with walk.at(walk.area("VIEW_3D")):
        bpy.ops.impasto.run(tool="quilt", source=str(SOURCE), width_px=512, height_px=512)
    yield walk.show_panel("VIEW_3D", "Impasto")
    yield walk.choose("MORE")
    yield walk.open_panel("relight")
    yield from relights(walk)
    yield from turns(walk)
    yield from drags_the_dial(walk)
    yield from chooses_one_of_eight_lights(walk)


def relights(walk: Walk) -> Steps:
    """A click shows the material; the picture follows the light."""
    yield walk.click("impasto.relight", "VIEW_3D")
    yield until(lambda: TURNTABLE.view, LIMIT_S)
    yield walk.settle(1.5)
    walk.record("shown", TURNTABLE.view.name)
    walk.screenshot("relit.png")
    before = TURNTABLE.pictures[0]
    settings().azimuth = math.radians(315)
    yield until(lambda: TURNTABLE.pictures[0] is not before, LIMIT_S)
    walk.record(
        "moved",
        [float(abs(now - was.astype(float)).max()) for now, was in zip(TURNTABLE.pictures[0], before, strict=True)],
    )
    walk.screenshot("from_below.png")


def turns(walk: Walk) -> Steps:
    """A click lets the light go around, another stops it where it is."""
    yield walk.click("impasto.turn_light", "VIEW_3D")
    yield until(lambda: len(TURNTABLE.pictures) > 1, LIMIT_S)
    seen = []
    for _ in range(6):
        yield 0.4
        seen.append(TURNTABLE.index)
    walk.record("seen", seen)
    walk.screenshot("turning.png")
    yield walk.click("impasto.turn_light", "VIEW_3D")
    yield until(lambda: not TURNTABLE.is_playing and len(TURNTABLE.pictures) == 1, LIMIT_S)


def drags_the_dial(walk: Walk) -> Steps:
    """The dial is there while the azimuth is known; dragging its sun changes the parameter, in one undo step."""
    scene, azimuths_of = bpy.context.scene, EXTENSION.parameters.points.azimuths_of
    tool = next(tool for tool in EXTENSION.engine.catalogue.catalogue if azimuths_of(tool))
    name, scene.impasto.tool = azimuths_of(tool)[0], tool["name"]
    group = EXTENSION.parameters.groups.group_of(scene, tool)
    yield walk.switch("VIEW_3D", "IMAGE_EDITOR")
    walk.editor = "IMAGE_EDITOR"
    area = walk.area("IMAGE_EDITOR")
    area.spaces.active.image = bpy.data.images.load(str(SOURCE))
    yield walk.show_panel("IMAGE_EDITOR", "Impasto")
    with walk.at(area):
        bpy.ops.image.view_all(fit_view=True)
    yield walk.click("impasto.set_number", "IMAGE_EDITOR")
    yield walk.open_panel("relight")
    yield walk.settle(1.5)
    walk.record("known", math.degrees(getattr(group, name)))
    walk.screenshot("relight.png")
    region = walk.region(area, "WINDOW")
    middle = region.view2d.view_to_region(0.5, 0.5, clip=False)
    radius = DIAL.RADIUS * bpy.context.preferences.system.ui_scale

    def at(degrees: float) -> tuple[int, int]:
        angle = math.radians(degrees)
        return tuple(
            round(corner + center + radius * part)
            for corner, center, part in zip(
                (region.x, region.y), middle, (math.cos(angle), math.sin(angle)), strict=True
            )
        )

    yield walk.move(at(130))
    yield walk.move(at(135))
    yield 0.3
    yield walk.event("LEFTMOUSE", "PRESS", at(135))
    for degrees in (120, 90, 60, 30):
        yield walk.move(at(degrees))
        yield 0.1
    walk.screenshot("dragged.png")
    yield walk.event("LEFTMOUSE", "RELEASE", at(30))
    yield 0.5
    walk.record("dragged", math.degrees(getattr(group, name)))
    with walk.at(area):
        bpy.ops.ed.undo()
    yield 0.5
    group = EXTENSION.parameters.groups.group_of(bpy.context.scene, tool)
    walk.record("undone", math.degrees(getattr(group, name)))


def chooses_one_of_eight_lights(walk: Walk) -> Steps:
    """A click shows the relief under eight lights; a click below one of them sets the azimuth."""
    scene = bpy.context.scene
    tool = next(tool for tool in EXTENSION.engine.catalogue.catalogue if tool["name"] == scene.impasto.tool)
    group, name = EXTENSION.parameters.groups.group_of(scene, tool), EXTENSION.parameters.points.azimuths_of(tool)[0]
    yield walk.click("impasto.show_lights", "IMAGE_EDITOR")
    yield until(lambda: EXTENSION.tools.lights._latest.pictures, LIMIT_S)
    yield walk.settle(1.5)
    walk.screenshot("lights.png")
    x, y = yield walk.find("impasto.set_number", "IMAGE_EDITOR")
    yield walk.tap((x, y))
    yield 0.5
    walk.record("chosen", math.degrees(getattr(group, name)))
    walk.screenshot("light_chosen.png")
