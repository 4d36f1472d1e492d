"""Inside a Blender window: a phrase is typed and completed; variations are picked and liked by clicks."""

from __future__ import annotations

import bpy
from fields import types, write
from walk import CLICKS, Steps, Walk, installed_extension, until

EXTENSION = installed_extension()
JOBS = EXTENSION.jobs.session.jobs
VARIATIONS = EXTENSION.generate.variations
SIZE_PX = 512
LIMIT_S = 300
SHADERS_S = 40
"""Compiling shaders, the screen stays as it is for up to 15 s, and longer beside other work."""


def settings() -> bpy.types.PropertyGroup:
    return bpy.context.scene.impasto


def runs(walk: Walk, name: str) -> Steps:
    """Click a button until Blender has seen it, and wait for the report of what it started."""
    before = JOBS.reports.get("match")  # the next one may be equal, yet it is another

    def is_told() -> bool:
        return "match" in JOBS.reports and JOBS.reports["match"] is not before

    for _ in range(CLICKS):  # a simulated press is lost where a redraw came after the last move
        yield walk.tap((yield walk.find(name, "VIEW_3D")))
        yield 0.5
        if JOBS.shown_task or is_told():
            break
    yield until(is_told, LIMIT_S)


def generates(walk: Walk) -> Steps:
    """The words become a material, and the sliders below are its parameters."""
    place = yield walk.find("text", "VIEW_3D")
    yield walk.press("LEFTMOUSE", place)
    yield 0.5
    yield from types(walk, "mossy red bri", place)
    yield 0.5
    walk.screenshot("suggestions.png")
    yield from write(walk, "cks", place)
    walk.record("text", bpy.context.scene.impasto_match.text)
    yield from runs(walk, "impasto.match")
    yield walk.move((400, 500))
    yield 1.0
    walk.screenshot("generated.png")
    cube = bpy.data.objects["Cube"]
    walk.record("material", cube.active_material.name if cube.active_material else "")
    walk.record("tool", settings().tool)


def picks(walk: Walk) -> Steps:
    """Four pictures; a click on one takes it."""
    yield from runs(walk, "impasto.match_variations")
    yield 1.0
    walk.screenshot("variations.png")
    yield walk.click("impasto.pick_variation", "VIEW_3D")
    yield 0.5
    walk.record("picked", [settings().seed, [variation.seed for variation in VARIATIONS.variations_of("phrase")]])


def likes(walk: Walk) -> Steps:
    """A star makes a favourite, and a button four more like it."""
    before = VARIATIONS.variations_of("phrase")
    yield walk.click("impasto.favourite", "VIEW_3D")
    walk.record("favourites", len(EXTENSION.generate.favourites.favourites()))
    yield walk.move((400, 500))
    walk.close_up()
    yield walk.settle(SHADERS_S, 600)
    walk.screenshot("described.png")
    walk.area("VIEW_3D").spaces.active.shading.type = "SOLID"
    yield from runs(walk, "impasto.more_like")
    after = VARIATIONS.variations_of("phrase")
    walk.record("more_like", [len(after), any(one is other for one in before for other in after)])
    yield 1.0
    walk.screenshot("more_like.png")


def scenario(walk: Walk) -> Steps:
    quilt = bpy.context.scene.impasto_parameters.quilt
    quilt.width_px = quilt.height_px = SIZE_PX
    yield walk.show_panel("VIEW_3D", "Impasto")
    yield walk.settle(1.5)
    walk.screenshot("panel.png")
    yield walk.choose("WORDS")
    yield from generates(walk)
    yield from picks(walk)
    yield from likes(walk)
