"""Inside a Blender window: the panels of all intents beside a quad view, in four languages, at two scales."""

from __future__ import annotations

import bpy
from sections import redraws
from walk import INTENTS, SOURCE, Steps, Walk, installed_extension, until

LANGUAGES = ("en_US", "de_DE", "fr_FR", "zh_HANS")
SCALES = (1.0, 2.0)
JOBS = installed_extension().jobs.session.jobs


def speak(language: str) -> None:
    view = bpy.context.preferences.view
    view.language, view.use_translate_interface = language, True


def scenario(walk: Walk) -> Steps:
    yield until(lambda: JOBS.shown_task is None)
    scene, pictures = bpy.context.scene, {}
    with walk.at(walk.area("VIEW_3D")):
        bpy.ops.impasto.add_layer(tool="adjust")
    stack = bpy.data.materials["Material"].impasto_layers
    for source in (stack, scene.impasto):
        source.source_kind, source.image = "IMAGE", bpy.data.images.load(str(SOURCE), check_existing=True)
    yield walk.show_panel("VIEW_3D", "Impasto")
    with walk.at(walk.area("VIEW_3D")):
        bpy.ops.screen.region_quadview()
    for language in LANGUAGES:
        speak(language)
        for scale in SCALES:
            bpy.context.preferences.view.ui_scale = scale
            yield 0.5
            for intent in INTENTS:
                scene.impasto.intent = intent
                yield from redraws(walk)
                path = walk.screenshot(f"{intent.lower()}_{round(100 * scale)}_{language}.png")
                pictures[str(path)] = [bpy.context.preferences.system.ui_scale, bounds(walk)]
    walk.record("pictures", pictures)


def bounds(walk: Walk) -> list[int]:
    """Left, upper, right and lower edge of the side panel in a picture of the screen."""
    region = walk.region(walk.area("VIEW_3D"), "UI")
    top = walk.window.height - region.y - region.height
    return [region.x, top, region.x + region.width, top + region.height]
