"""Inside a Blender window: sources are chosen in file browsers."""

from __future__ import annotations

import os

import bpy
from walk import SOURCE, Place, Steps, Walk, installed_extension, until

ITEM_PX = 130
"""Side of a thumbnail in the file browser, with its name."""
EXTENSION = installed_extension()


def scenario(walk: Walk) -> Steps:
    """A file and an image are chosen in browsers by clicks; the second begins where the first was."""
    yield walk.show_panel("VIEW_3D", "Impasto")
    settings = bpy.context.scene.impasto
    settings.filepath = str(SOURCE.parent / "nothing.png")
    yield 0.5
    yield from chooses(walk, "first", (yield walk.find("impasto.open_picture", "VIEW_3D")))
    walk.record("path", settings.filepath)
    settings.source_kind = "IMAGE"
    yield 0.5
    yield from chooses(walk, "second", (yield walk.find("impasto.open_picture", "VIEW_3D")))
    walk.record("image", settings.image.name if settings.image else "")
    walk.record("last_folder", EXTENSION.engine.engine.preferences().last_folder)
    walk.screenshot("chosen.png")


def chooses(walk: Walk, which: str, place: Place) -> Steps:
    """Open a browser, note how it shows files, and choose the second picture."""
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
