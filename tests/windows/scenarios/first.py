"""Inside a Blender window: the first material of a newcomer, by clicks alone, and how many."""

from __future__ import annotations

import bpy
from fields import write
from walk import INTENTS, SOURCE, Steps, Walk, installed_extension, until

EXTENSION = installed_extension()
JOBS = EXTENSION.jobs.session.jobs
LIMIT_S = 300
WORDS = "red bricks"
CHOICES = (*INTENTS[1:], "PHOTO")
SHADERS_S = 15


def scenario(walk: Walk) -> Steps:
    yield walk.show_panel("VIEW_3D", "Impasto")
    yield from looks_at_each_choice(walk)
    yield from describes(walk)
    yield from sees_it(walk)
    yield from drops(walk)


def looks_at_each_choice(walk: Walk) -> Steps:
    """A click on each choice; what is drawn then."""
    for intent in CHOICES:
        yield walk.choose(intent)
        yield walk.move((400, 500))
        yield 0.5
        walk.screenshot(f"{intent.lower()}.png")


def describes(walk: Walk) -> Steps:
    """Words, a phrase, Make: the clicks are counted."""
    places = [(yield walk.choice("WORDS"))]
    yield walk.tap(places[-1])
    yield until(lambda: bpy.context.scene.impasto.intent == "WORDS", 10)
    yield 0.5
    places.append((yield walk.find("text", "VIEW_3D")))
    yield walk.tap(places[-1])
    yield from write(walk, WORDS, places[-1])
    places.append((yield walk.find("impasto.match", "VIEW_3D")))
    yield walk.tap(places[-1])
    yield until(lambda: "match" in JOBS.reports, LIMIT_S)
    walk.record("clicks", len(places))
    walk.record("made", JOBS.reports["match"].text)
    yield walk.move((400, 500))
    yield 1.0
    walk.screenshot("made.png")


def sees_it(walk: Walk) -> Steps:
    """The picture below Generate is there in solid shading; a click shows the material on the object."""
    walk.record("lit", [list(picture.shape) for picture in JOBS.reports["match"].lit])
    yield walk.click("impasto.material_preview", "VIEW_3D")
    walk.record("shading", walk.area("VIEW_3D").spaces.active.shading.type)
    yield walk.move((400, 500))
    yield walk.settle(SHADERS_S, 300)
    walk.screenshot("preview.png")


def drops(walk: Walk) -> Steps:
    """Call what Blender calls when a picture is dropped on the object: drags from outside cannot be simulated."""
    quilt = bpy.context.scene.impasto_parameters.quilt
    quilt.width_px = quilt.height_px = 256
    area = walk.area("VIEW_3D")
    yield walk.move((area.x + area.width // 2, area.y + area.height // 2))
    with walk.at(area):
        walk.record("takes_drops", bpy.types.IMPASTO_FH_pictures.poll_drop(bpy.context))
    yield walk.move((area.x + 60, area.y + 60))  # to a button of the menu that Blender opens
    with walk.at(area):
        bpy.ops.impasto.drop_pictures("INVOKE_DEFAULT", directory=str(SOURCE.parent), files=[{"name": SOURCE.name}])
    yield until(lambda: "texture" in JOBS.reports and not JOBS.shown_task, LIMIT_S)
    yield 1.0
    walk.record("dropped", [bpy.context.scene.impasto.intent, bpy.data.objects["Cube"].active_material.name])
    walk.screenshot("dropped.png")
