"""Finds the folded sections of the panels by what is drawn, wherever they are, and opens them. Runs inside Blender."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import bpy
import numpy as np
from walk import Place, Steps, Walk

PACKAGE = "bl_ext.user_default.impasto"
CLICKS = 10
"""Most clicks of a header until Blender has seen it, and most turns of the wheel until a header is in view."""
REDDER = 40
"""By how much the red of a pixel of an alert exceeds its green and its blue, of 255."""
GAP_PX = 8
"""Between the lines of two texts, not within one."""
BELOW_PX = 20
"""From the last text of a section down to the end of its last button."""


@contextlib.contextmanager
def drawn_sections(alert: str = "") -> Iterator[dict[str, bool]]:
    """Note which sections are drawn, and whether each is open. alert: the one that is drawn in red."""
    drawn: dict[str, bool] = {}
    own = sys.modules[f"{PACKAGE}.tools.panel"].section

    def section(layout: Any, name: str, label: str, **options: Any) -> Any:
        layout.alert = name == alert
        body = own(layout, name, label, **options)
        layout.alert = False
        drawn[name] = body is not None
        return body

    modules = [module for name, module in sys.modules.items() if name.startswith(PACKAGE)]
    users = [module for module in modules if getattr(module, "section", None) is own]
    for module in users:
        module.section = section
    try:
        yield drawn
    finally:
        for module in users:
            module.section = own


def redraws(walk: Walk, quiet_s: float = 0.4) -> Steps:
    """Have the editor's side panel drawn anew."""
    walk.region(walk.area(walk.editor), "UI").tag_redraw()
    yield quiet_s  # panels slide to their new places


def shown(walk: Walk, region: bpy.types.Region) -> np.ndarray:
    """Pixels of a region on the screen, integers of 0 to 255 (H, W, 3), its first row lowest."""
    crop = f"{region.width}x{region.height}+{region.x}+{walk.window.height - region.y - region.height}"
    command = ["import", "-window", "root", "-depth", "8", "-crop", crop, "+repage", "rgb:-"]
    pixels = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(pixels, np.uint8).reshape(region.height, region.width, 3).astype(int)[::-1]


def red(walk: Walk) -> np.ndarray:
    """Pixels (H, W) of the editor's side panel that are red, its first row lowest."""
    pixels = shown(walk, walk.region(walk.area(walk.editor), "UI"))
    return pixels[..., 0] - pixels[..., 1:].max(2) > REDDER


def extent(walk: Walk, name: str) -> Steps:
    """Give the place of a section's header, and how far the section reaches below it in pixels, scrolled to it."""
    region = walk.region(walk.area(walk.editor), "UI")
    for _ in range(CLICKS):
        with drawn_sections() as drawn:
            yield from redraws(walk)
        if name not in drawn:
            raise LookupError(f"no section {name} in {walk.editor}, only {', '.join(drawn)}")
        before = red(walk)
        with drawn_sections(alert=name):
            yield from redraws(walk)
            rows, columns = np.nonzero(red(walk) & ~before)
        yield from redraws(walk)
        if len(rows):
            rows = np.sort(rows)[::-1]
            text = rows[: np.argmax(np.append(-np.diff(rows), GAP_PX + 1) > GAP_PX) + 1]
            place = region.x + int(columns.min()) + GAP_PX, region.y + int(text.mean())
            return place, place[1] - region.y - int(rows[-1]) + BELOW_PX
        yield walk.event("WHEELDOWNMOUSE", "PRESS", (region.x + region.width // 2, region.y + region.height // 2))
        yield 0.2
    raise LookupError(f"the section {name} in {walk.editor} is not in view")


def opens(walk: Walk, name: str, is_open: bool = True) -> Steps:
    """Click the header of a section until it is open, or closed; its place."""
    for _ in range(CLICKS):
        with drawn_sections() as drawn:
            yield from redraws(walk)
        place, _ = yield from extent(walk, name)
        if drawn[name] == is_open:
            return place
        yield walk.tap(place)
    raise LookupError(f"no click changed the section {name} in {walk.editor}")


def closes(walk: Walk, name: str) -> Steps:
    """Click the header of a section until it is closed; its place."""
    return (yield from opens(walk, name, is_open=False))


def places_of(walk: Walk, name: str) -> Steps:
    """Give where `Walk.buttons` is to look for the buttons of a section, which is opened: `top` and `height`."""
    yield from opens(walk, name)
    place: Place
    place, height = yield from extent(walk, name)
    return {"top": place[1], "height": height}
