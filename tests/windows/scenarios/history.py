"""Inside a Blender window: results of the history are selected, compared, used, found, restored and deleted."""

from __future__ import annotations

import bpy
from walk import Place, Steps, Walk, installed_extension, until

EXTENSION = installed_extension()
JOBS = EXTENSION.jobs.session.jobs
LIMIT_S = 600
COLUMNS = (0.15, 0.5, 0.7, 0.77, 0.84)
TOOLS = {"Oak": "planks", "Terrazzo": "terrazzo", "Rust": "rust"}


def scenario(walk: Walk) -> Steps:
    bpy.ops.impasto.refresh_tools()
    with walk.at(walk.area("VIEW_3D")):
        for name, tool in TOOLS.items():
            bpy.ops.impasto.run(tool=tool, name=name, width_px=256, height_px=256)
        bpy.context.scene.impasto.tool = "bricks"
        bpy.context.scene.impasto.source_kind = "NONE"
        bpy.ops.impasto.variations()
    bpy.ops.mesh.primitive_plane_add(location=(3, 0, 0))
    yield walk.show_panel("VIEW_3D", "Impasto")
    yield walk.choose("MORE")
    yield walk.open_panel("history")
    yield 2.0
    walk.screenshot("page.png")
    found = yield compares(walk)
    yield uses(walk, found)
    found = yield searches(walk)
    yield restores(walk, found)
    yield deletes(walk)


def places(walk: Walk) -> Steps:
    """Places of the panel's buttons by what they do."""
    found = yield walk.buttons("VIEW_3D", columns=COLUMNS)
    return {name.removeprefix("impasto."): there[0] for name, there in found.items()}


def place(found: dict[str, Place], *words: str) -> Place:
    """Place of the button whose call has all these words."""
    return next(there for name, there in found.items() if all(word in name for word in words))


def taps(walk: Walk, found: dict[str, Place], *words: str) -> Steps:
    """Click one of the buttons that were found, which must not have moved since."""
    yield walk.tap(place(found, *words))
    yield 0.3


def compares(walk: Walk) -> Steps:
    """Two thumbnails are selected one after the other, and shown under one light."""
    found = yield places(walk)
    walk.record("listed", sorted(name for name in found if name.startswith("select_entry")))
    for name in ("Oak", "Rust"):
        yield taps(walk, found, "select_entry", f"MATERIAL:{name}")
    yield 1.0
    walk.screenshot("selected.png")
    found = yield places(walk)
    yield taps(walk, found, "compare(")
    yield until(lambda: EXTENSION.history.operators.comparison.pixels is not None, LIMIT_S)
    yield 1.0
    walk.record("compared", EXTENSION.history.operators.comparison.names)
    walk.screenshot("compared.png")
    return found


def uses(walk: Walk, found: dict[str, Place]) -> Steps:
    """The selected one is given to another object, and its users are selected."""
    plane = bpy.context.object
    yield taps(walk, found, "assign(")
    walk.record("assigned", plane.active_material.name if plane.active_material else "")
    bpy.data.objects["Cube"].active_material = None
    plane.select_set(False)
    yield 0.3
    yield taps(walk, found, "select_users(")
    walk.record("selected", [one.name for one in bpy.context.view_layer.objects if one.select_get()])
    walk.screenshot("used.png")


def searches(walk: Walk) -> Steps:
    """A star is given, only that is shown, and then what a word finds."""
    settings = bpy.context.window_manager.impasto_history
    found = yield places(walk)
    yield taps(walk, found, "star_entry(")
    switch = yield walk.find("starred_only", "VIEW_3D")
    yield walk.press("LEFTMOUSE", switch)
    yield 0.5
    found = yield places(walk)
    walk.record("starred", sorted(name for name in found if name.startswith("select_entry")))
    yield walk.press("LEFTMOUSE", switch)
    _, y = yield walk.find("search", "VIEW_3D")
    region = walk.region(walk.area("VIEW_3D"), "UI")
    field = region.x + region.width // 4, y  # a text has a cross at its end, which clears it
    yield walk.press("LEFTMOUSE", field)
    yield 0.5
    for letter in "oak":  # each redraws the panel
        yield walk.event(letter.upper(), "PRESS", field, unicode=letter)
        yield walk.event(letter.upper(), "RELEASE", field)
        yield 0.2
    walk.screenshot("searches.png")
    yield walk.press("RET", field)
    yield 0.5
    walk.screenshot("searched.png")
    found = yield places(walk)
    found = {name: there for name, there in found.items() if name.startswith("select_entry")}
    walk.record("found", [settings.search, sorted(found)])
    return found


def restores(walk: Walk, found: dict[str, Place]) -> Steps:
    """The panel's settings become those of what was found, in their tab: the history moves."""
    yield taps(walk, found, "select_entry", "Oak")
    found = yield places(walk)
    yield taps(walk, found, "restore_settings(")
    walk.record("restored", bpy.context.scene.impasto.tool)
    yield 0.5
    walk.screenshot("restored.png")


def deletes(walk: Walk) -> Steps:
    """A click asks first; Return deletes; Ctrl+Z brings it back."""
    there = yield walk.find("impasto.delete_entry", "VIEW_3D")
    yield walk.tap(there)
    yield 0.5
    walk.screenshot("asks.png")
    walk.record("asked", "Oak" in bpy.data.materials)
    yield walk.event("RET", "PRESS", there)
    yield walk.event("RET", "RELEASE", there)
    yield 1.0
    walk.record("deleted", "Oak" not in bpy.data.materials)
    area = walk.area("VIEW_3D")
    view = area.x + area.width // 3, area.y + area.height // 2
    yield walk.press("Z", view, ctrl=True)
    yield 1.0
    walk.record("undone", "Oak" in bpy.data.materials)
