"""Inside a Blender window: a texture seen tiled and shifted, a region painted with the mouse, filled and healed."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
from walk import SOURCE, Steps, Walk, installed_extension, until

EXTENSION = installed_extension()
JOBS = EXTENSION.jobs.session.jobs
REGIONS = EXTENSION.region.regions
OVERLAY = EXTENSION.region.overlay
WALL = SOURCE.parent / "wall.png"
SPLASH = (0.545, 0.59), (0.565, 0.55), (0.53, 0.52)
"""A stroke over the paint on the wall: fractions from the left and from the bottom, as in AROUND."""
AROUND = slice(0.46, 0.62), slice(0.5, 0.6)
LIMIT_S = 300
EDITOR = "IMAGE_EDITOR"


def settings() -> bpy.types.PropertyGroup:
    return bpy.context.scene.impasto_region


def space() -> bpy.types.SpaceImageEditor:
    return next(area for area in bpy.context.window_manager.windows[0].screen.areas if area.type == EDITOR).spaces[0]


def scenario(walk: Walk) -> Steps:
    bpy.ops.impasto.refresh_tools()
    yield walk.switch("VIEW_3D", EDITOR)
    walk.editor = EDITOR
    space().image = bpy.data.images.load(str(SOURCE))
    with walk.at():
        bpy.ops.ed.undo_push(message="Open Image")
    yield walk.show_panel(EDITOR, "Impasto")
    yield walk.choose("MORE")
    yield walk.open_panel("repair")
    space().zoom_percentage = 100
    yield walk.settle(1.5)
    walk.screenshot("panel.png")
    yield from sees_the_seam(walk)
    yield from paints(walk)
    yield from fills(walk)
    yield from heals(walk)
    yield from paints_over_the_seam(walk)
    yield from mends_a_wall(walk)
    yield from opens_another_file(walk)


def at(walk: Walk, x: float, y: float) -> tuple[int, int]:
    """Pixel of the window at a position in the image, as the view shows it: fractions from the left and the bottom."""
    region = walk.region(walk.area(EDITOR), "WINDOW")
    along, up = region.view2d.view_to_region(x, y, clip=False)
    return region.x + along, region.y + up


def corners(walk: Walk) -> list[tuple[int, int]]:
    return [at(walk, 0, 0), at(walk, 1, 1)]


def sees_the_seam(walk: Walk) -> Steps:
    """The picture shifted by half, pixel for pixel, and then beside itself; neither changes the image."""
    walk.record("corners", corners(walk))
    differ = {}
    for space_name in ("Non-Color", "sRGB"):
        space().image.colorspace_settings.name = space_name
        yield walk.settle(1.0)
        as_it_is = walk.screenshot(f"{space_name}.png")
        settings().is_shifted = True
        yield walk.settle(1.0)
        differ[space_name] = differs(walk, walk.screenshot(f"{space_name}_shifted.png"), as_it_is)
        settings().is_shifted = False
    walk.record("differs", differ)
    yield walk.click("impasto.tiled_view", EDITOR)
    yield walk.settle(1.5)
    walk.record("tiles_px", [corners(walk)[1][0] - corners(walk)[0][0], walk.region(walk.area(EDITOR), "WINDOW").width])
    walk.screenshot("tiled.png")
    yield walk.click("impasto.tiled_view", EDITOR)
    yield walk.settle(1.5)
    space().zoom_percentage = 100
    walk.record("untouched", [space().image.is_dirty, REGIONS.has_region(space().image), space().show_repeat])


def differs(walk: Walk, shifted: Path, as_it_is: Path) -> list[float]:
    """Mean difference of the shifted picture from Blender's own one when that is shifted by half, and as it is.

    Blender draws the image up to a pixel beside where the view says.
    """
    shown, blenders = screen(shifted), screen(as_it_is)
    width, height = space().image.size
    left, bottom = corners(walk)[0]
    image = blenders[bottom : bottom + height, left : left + width]
    found = []
    for wanted in (np.roll(image, (height // 2, width // 2), (0, 1)), image):
        places = [(bottom + up, left + along) for up in (-1, 0, 1) for along in (-1, 0, 1)]
        found.append(min(float(abs(shown[y : y + height, x : x + width] - wanted).mean()) for y, x in places))
    return found


def screen(screenshot: Path) -> np.ndarray:
    """The red of a screenshot (H, W), the lowest row first."""
    loaded = bpy.data.images.load(str(screenshot))
    red = np.reshape(loaded.pixels, (loaded.size[1], loaded.size[0], -1))[..., 0].astype(float)
    bpy.data.images.remove(loaded)
    return red


def drag(walk: Walk, *places: tuple[float, float], button: str = "LEFTMOUSE", **held: bool) -> Steps:
    """Drag over the picture."""
    pixels = [at(walk, *place) for place in places]
    yield walk.move(pixels[0])
    yield walk.event(button, "PRESS", pixels[0], **held)
    for pixel in pixels[1:]:
        yield walk.event("MOUSEMOVE", "NOTHING", pixel, **held)
    yield walk.event(button, "RELEASE", pixels[-1], **held)
    yield 0.2


def key(walk: Walk, name: str, **held: bool) -> Steps:
    place = at(walk, 0.5, 0.5)
    yield walk.move(place)
    yield walk.event(name, "PRESS", place, **held)
    yield walk.event(name, "RELEASE", place, **held)
    yield 0.2


def covered(image: bpy.types.Image) -> int:
    return int(REGIONS.region_of(image).sum())


def paints(walk: Walk) -> Steps:
    """A brush, a box and a lasso; strokes are erased, undone and done again; the radius follows the keys."""
    image, areas = space().image, []
    fill = yield walk.find("impasto.fill_region", EDITOR)
    yield walk.click("impasto.paint_region", EDITOR)
    yield drag(walk, (0.2, 0.7), (0.3, 0.75), (0.4, 0.7))
    areas.append(covered(image))
    yield key(walk, "RIGHT_BRACKET")
    walk.record("radius", settings().radius_px)
    settings().shape = "BOX"
    yield drag(walk, (0.6, 0.6), (0.7, 0.65), (0.75, 0.75))
    areas.append(covered(image))
    settings().shape = "LASSO"
    yield drag(walk, (0.2, 0.2), (0.5, 0.2), (0.5, 0.4), (0.3, 0.45))
    areas.append(covered(image))
    settings().shape = "BRUSH"
    yield drag(walk, (0.6, 0.68), (0.75, 0.68), button="RIGHTMOUSE")
    areas.append(covered(image))
    yield key(walk, "Z", ctrl=True)
    areas.append(covered(image))
    yield key(walk, "Z", ctrl=True, shift=True)
    areas.append(covered(image))
    yield walk.move(at(walk, 0.6, 0.35))
    yield walk.settle(1.0)
    walk.screenshot("painted.png")
    yield key(walk, "BACK_SPACE")
    areas.append(covered(image))
    yield key(walk, "Z", ctrl=True)
    areas.append(covered(image))
    walk.record("areas", areas)
    yield key(walk, "ESC")
    walk.record("ended", OVERLAY.painting() is None)
    walk.record("where_fill_was", [(yield walk.look(walk.area(EDITOR), "UI", fill))])
    with walk.at():
        bpy.ops.ed.undo()
    yield 0.5
    walk.record("region_after_undo", REGIONS.has_region(space().image))
    with walk.at():
        bpy.ops.ed.redo()
    yield 0.5
    walk.record("region_after_redo", covered(space().image))


def fills(walk: Walk) -> Steps:
    """The button fills what was painted; the result is shown."""
    before = space().image.name
    fill = yield walk.find("impasto.fill_region", EDITOR)
    yield walk.tap(fill)
    yield until(lambda: not JOBS.shown_task and space().image.name != before, LIMIT_S)
    yield walk.settle(1.5)
    walk.screenshot("filled.png")
    walk.facts["where_fill_was"].append((yield walk.look(walk.area(EDITOR), "UI", fill)))
    walk.record("filled", [space().image.name, JOBS.last_report.text])


def heals(walk: Walk) -> Steps:
    """Each stroke is filled as it ends, one after the other."""
    shown = [space().image.name]
    yield walk.click("impasto.heal_stroke", EDITOR)
    for x in (0.25, 0.7):
        yield drag(walk, (x, 0.4), (x + 0.05, 0.42))
        yield until(lambda: JOBS.shown_task or space().image.name != shown[-1], 10)
        walk.screenshot("healing.png")
        yield until(lambda: not JOBS.shown_task and space().image.name != shown[-1], LIMIT_S)
        yield 0.5
        shown.append(space().image.name)
    yield key(walk, "ESC")
    walk.record("healed", shown)
    yield walk.settle(1.0)
    walk.screenshot("healed.png")


def paints_over_the_seam(walk: Walk) -> Steps:
    """Shifted by half, a stroke over the middle of the view is one over the borders of the image."""
    image = space().image
    settings().is_shifted = True
    yield walk.click("impasto.paint_region", EDITOR)
    yield drag(walk, (0.45, 0.5), (0.55, 0.5))
    yield walk.settle(1.0)
    walk.screenshot("seam_painted.png")
    mask = REGIONS.region_of(image)
    walk.record("at_the_corners", [bool(mask[row, column]) for row in (0, -1) for column in (0, -1)])
    yield key(walk, "RET")
    yield until(lambda: not JOBS.shown_task and space().image != image, LIMIT_S)
    yield walk.settle(1.0)
    walk.screenshot("seam_filled.png")
    walk.record("painting_ended", OVERLAY.painting() is None)


def mends_a_wall(walk: Walk) -> Steps:
    """Paint on a wall is covered by one stroke, and bricks take its place."""
    settings().is_shifted, settings().radius_px = False, 40
    JOBS.reports.clear()
    space().image = wall = bpy.data.images.load(str(WALL))
    with walk.at(walk.area(EDITOR)):
        bpy.ops.image.view_all(fit_view=True)
    yield walk.click("impasto.paint_region", EDITOR)
    yield drag(walk, *SPLASH)
    yield walk.move(at(walk, 0.64, 0.62))
    yield walk.settle(1.5)
    walk.screenshot("repair.png")
    yield key(walk, "RET")
    yield until(lambda: not JOBS.shown_task and space().image != wall, LIMIT_S)
    walk.record("blue_of_the_wall", [blue_around_the_paint(wall), blue_around_the_paint(space().image)])
    yield walk.settle(1.0)
    walk.screenshot("wall_filled.png")


def blue_around_the_paint(image: bpy.types.Image) -> float:
    """Mean of the blue channel there: the bricks have little of it."""
    width, height = image.size
    rows, columns = (
        slice(round(part.start * side), round(part.stop * side))
        for part, side in zip(AROUND, (height, width), strict=True)
    )
    return float(np.reshape(image.pixels, (height, width, -1))[rows, columns, 2].mean())


def opens_another_file(walk: Walk) -> Steps:
    """Another file is opened while a region is painted: painting ends, and nothing is left of it."""
    yield walk.click("impasto.paint_region", EDITOR)
    with walk.at():
        bpy.ops.wm.read_homefile(use_empty=False)
    yield 1.0
    yield walk.move((400, 400))
    yield 0.5
    walk.record("painting_in_new_file", OVERLAY.painting() is not None)
