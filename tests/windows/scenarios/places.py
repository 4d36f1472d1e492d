"""Inside a Blender window: corners are dragged on a photograph, taken back, and it is straightened."""

from __future__ import annotations

import bpy
from walk import SOURCE, Steps, Walk, installed_extension, until

EXTENSION = installed_extension()
JOBS = EXTENSION.jobs.session.jobs
POINTS = EXTENSION.parameters.points
CATALOGUE = EXTENSION.engine.catalogue.catalogue
LIVE = EXTENSION.generate.variations.live
WALL = SOURCE.parent / "wall.png"
RECTANGLE = ((0.1, 0.792), (0.9, 0.906), (0.9, 0.033), (0.1, 0.129))
"""On the wall: between two rows of bricks, from the left and from the bottom."""
LIMIT_S = 300
BOTTOM_LEFT = 3
"""Index of a corner: they are named clockwise from the top left."""
DROP = 0.06
"""Way that a corner is dragged, in parts of the picture."""


def settings() -> bpy.types.PropertyGroup:
    return bpy.context.scene.impasto


def tool_for(task: str) -> dict:
    return CATALOGUE[CATALOGUE.usual(task)]


def group_for(task: str) -> bpy.types.PropertyGroup:
    """Parameters of the tool that does a task; asked for anew after each undo."""
    return EXTENSION.parameters.groups.group_of(bpy.context.scene, tool_for(task))


def values(task: str) -> list[list[float]]:
    """All points of the tool as they are now."""
    return [[round(part, 4) for part in getattr(group_for(task), name)] for name in POINTS.points_of(tool_for(task))]


def editor(walk: Walk) -> bpy.types.Area:
    return walk.area("IMAGE_EDITOR")


def at(walk: Walk, place: tuple[float, float]) -> tuple[int, int]:
    """Position of a place of the picture in the window, both from the lower left."""
    region = walk.region(editor(walk), "WINDOW")
    x, y = region.view2d.view_to_region(*place, clip=False)
    return region.x + x, region.y + y


def drag(walk: Walk, begin: tuple[int, int], end: tuple[int, int], name: str = "", precise: bool = False) -> Steps:
    """Press at one place and let go at another; with Shift held if precise."""
    yield walk.move((begin[0] - 3, begin[1]))
    yield walk.move(begin)
    yield 0.3
    yield walk.event("LEFTMOUSE", "PRESS", begin)
    if precise:
        yield walk.event("LEFT_SHIFT", "PRESS", begin, shift=True)
    for step in range(1, 6):
        on_way = tuple(round(a + (b - a) * step / 5) for a, b in zip(begin, end, strict=True))
        yield walk.event("MOUSEMOVE", "NOTHING", on_way, shift=precise)
        yield 0.05
    if name:
        yield walk.settle(1.0)
        walk.screenshot(name)
    if precise:
        yield walk.event("LEFT_SHIFT", "RELEASE", end)
    yield walk.event("LEFTMOUSE", "RELEASE", end)
    yield 0.4


def corner(walk: Walk, index: int) -> tuple[int, int]:
    """Position of the handle of a corner."""
    return at(walk, POINTS.place_of(group_for("straighten"), POINTS.points_of(tool_for("straighten"))[index]))


def places(walk: Walk) -> Steps:
    """The image's menu shows the handles; they are dragged, also zoomed, with Shift and back."""
    with walk.at(editor(walk)):
        bpy.ops.impasto.place_points("INVOKE_DEFAULT")
    walk.record("chosen", [settings().tool, settings().image.name])
    yield walk.settle(1.5)
    walk.screenshot("placing.png")
    walk.record("begin", values("straighten"))
    begin = corner(walk, 0)
    inwards = [round(a + (b - a) * DROP) for a, b in zip(begin, corner(walk, 2), strict=True)]
    yield from drag(walk, begin, tuple(inwards), "dragged.png")
    walk.record("dragged", values("straighten"))
    before = corner(walk, 1)
    yield from drag(walk, before, (before[0] - 50, before[1] - 50), precise=True)
    walk.record("precise", [after - now for after, now in zip(corner(walk, 1), before, strict=True)])
    yield walk.press("Z", at(walk, (0.5, 0.5)), ctrl=True)
    yield 1.0
    walk.record("undone", values("straighten"))
    yield from reaches_beyond_the_edge(walk)


def reaches_beyond_the_edge(walk: Walk) -> Steps:
    """Zoomed in, a corner that is not seen waits at the region's edge, and comes to the mouse."""
    with walk.at(editor(walk)):
        bpy.ops.image.view_zoom_ratio(ratio=4.0)
    yield walk.settle(1.0)
    walk.screenshot("zoomed.png")
    area, region = editor(walk), walk.region(editor(walk), "WINDOW")
    left, bottom, _, _ = EXTENSION.points.handles.visible_part(area, region, EXTENSION.points.handles.EDGE)
    corner_px = region.x + round(left), region.y + round(bottom)
    there = corner_px[0] + 120, corner_px[1] + 90
    yield from drag(walk, corner_px, there)
    x, y = corner(walk, BOTTOM_LEFT)
    walk.record("from_edge", [x - there[0], y - there[1]])
    view_all(walk)
    yield walk.settle(1.0)


def straightens(walk: Walk) -> Steps:
    """Corners are placed again, the preview follows them, and a click makes a new image of what is within."""
    settings().live_preview, settings().material = True, "NONE"
    for index, place in enumerate(RECTANGLE):
        yield from drag(walk, corner(walk, index), at(walk, place), "corners.png" if index == BOTTOM_LEFT else "")
    walk.record("corners", values("straighten"))
    yield 1.0  # the preview of the last corner begins
    yield until(lambda: not JOBS.tasks, LIMIT_S)
    yield walk.settle(1.0)
    walk.screenshot("straighten.png")
    walk.record("preview", list(LIVE.pixels.shape))
    walk.record("preview_error", LIVE.error)
    yield walk.click("impasto.generate", "IMAGE_EDITOR")
    yield until(lambda: not JOBS.tasks, LIMIT_S)
    yield walk.settle(1.5)
    view_all(walk)
    yield walk.settle(1.0)
    walk.screenshot("straight.png")
    walk.record("shown", editor(walk).spaces.active.image.name)
    walk.record("size", list(editor(walk).spaces.active.image.size))
    walk.record("report", JOBS.reports[EXTENSION.jobs.task.Place.TEXTURE].text)


def view_all(walk: Walk) -> None:
    with walk.at(editor(walk)):
        bpy.ops.image.view_all(fit_view=False)


def scenario(walk: Walk) -> Steps:
    bpy.ops.impasto.refresh_tools()
    walk.editor = "IMAGE_EDITOR"
    yield walk.switch("VIEW_3D", "IMAGE_EDITOR")
    editor(walk).spaces.active.image = bpy.data.images.load(str(WALL))
    yield walk.show_panel("IMAGE_EDITOR", "Impasto")
    yield walk.choose("PHOTO")
    view_all(walk)
    yield walk.settle(1.0)
    walk.screenshot("begin.png")
    yield from places(walk)
    yield from straightens(walk)
