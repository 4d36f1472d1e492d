"""Inside a Blender window: the panels' folded sections are opened and clicked in the shader or the image editor."""

from __future__ import annotations

import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from fields import BESIDE_LABEL, chooses_images, extension, opens_and_tries, tries_fields
from sections import places_of
from walk import Steps, Walk, installed_extension, start

OUT, SOURCE, PART = map(Path, sys.argv[sys.argv.index("--") + 1 :])
EDITOR = {"shader": "ShaderNodeTree", "image": "IMAGE_EDITOR"}[PART.name]
ROWS_PX = 64
"""Height of the first rows of a section."""
STYLES = SOURCE.parent / "styles"
installed_extension()


def scenario(walk: Walk) -> Steps:
    """Of the sections of a panel the lowest first, so that those above stay where they are."""
    walk.editor = EDITOR
    bpy.context.scene.impasto_style.image = bpy.data.images.load(str(STYLES / "chelsea.png"))
    yield walk.switch("VIEW_3D", EDITOR)
    yield walk.show_panel(EDITOR, "Impasto")
    yield from opens_and_tries(walk, "result", "impasto_result", ROWS_PX)
    yield walk.choose("BAKE")
    _, y = yield walk.choice("BAKE")
    yield from tries_fields(walk, "bake", top=y - 20, height=70, columns=BESIDE_LABEL)
    yield walk.choose("RESTYLE")
    yield from opens_and_tries(walk, "method", "impasto_style_method", ROWS_PX)
    yield from opens_and_tries(walk, "start", "impasto_style_start", ROWS_PX)
    where = yield from places_of(walk, "impasto_masks")
    yield from chooses_images(walk, **where, columns=BESIDE_LABEL)
    walk.record("mask", bool(bpy.context.scene.impasto_parameters.patches_style.input_mask))
    walk.screenshot("style.png")
    yield walk.choose("MORE")
    yield walk.open_panel("train")
    yield from uses_a_model(walk)
    yield walk.choose("MORE")
    yield from opens_and_tries(walk, "parameters", "impasto_training_parameters", ROWS_PX)
    bpy.ops.preferences.addon_disable(module="bl_ext.user_default.impasto")


def uses_a_model(walk: Walk) -> Steps:
    """The button of the first in the list."""
    where = yield from places_of(walk, "impasto_models")
    found = yield walk.buttons(EDITOR, **where, columns=(0.82,))
    name = next(name for name in found if name.startswith("impasto.use_model"))
    yield walk.tap(found[name][0])
    used = getattr(bpy.context.scene.impasto_parameters, bpy.context.scene.impasto.tool).model
    walk.record("used", [name, used, extension().engine.catalogue.catalogue.models[0]["name"]])


start(scenario, OUT)
