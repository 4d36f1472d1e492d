"""Each intent has few panels, and what is open in them is at most eight controls."""

from __future__ import annotations

import bpy
import pytest
from drawing import drawn, texts_of_number

MOST_CONTROLS = 8
INTENTS = ("PHOTO", "WORDS", "MODEL", "RESTYLE", "BAKE", "MORE")


def panels(space: str = "VIEW_3D") -> list[type[bpy.types.Panel]]:
    """The panels of the tab that an editor shows now, but for the choice of the intent, which all have."""
    names = (name for name in dir(bpy.types) if name.startswith("IMPASTO_PT_") and "intents" not in name)
    found = [getattr(bpy.types, name) for name in names]
    mine = [cls for cls in found if cls.bl_space_type == space and "INSTANCED" not in getattr(cls, "bl_options", ())]
    return [cls for cls in mine if not hasattr(cls, "bl_parent_id") and cls.poll(bpy.context)]


def is_open(cls: type[bpy.types.Panel]) -> bool:
    return "DEFAULT_CLOSED" not in getattr(cls, "bl_options", ())


def open_controls() -> set[str]:
    return set().union(*(drawn(cls, is_folded=True).controls() for cls in panels() if is_open(cls)))


def test_a_newcomer_and_who_restyles_anything_see_at_most_eight_controls(scene, material):
    settings, style = scene.impasto, scene.impasto_style
    for settings.intent in INTENTS:
        assert len(open_controls()) <= MOST_CONTROLS, (settings.intent, open_controls())
    settings.intent, style.live_preview = "RESTYLE", True
    for style.subject in ("IMAGE", "MATERIAL", "RENDER"):
        assert len(open_controls()) <= MOST_CONTROLS, (style.subject, open_controls())


@pytest.mark.essential
def test_the_words_have_one_button_that_makes_what_they_or_the_sliders_say(extension, scene):
    settings, match = scene.impasto, scene.impasto_match
    settings.intent, settings.tool, match.matcher = "WORDS", "bricks", "phrase"

    def buttons() -> list[str]:
        names = ("impasto.generate", "impasto.match")
        return [name for cls in panels() for name in names for _ in drawn(cls).operators(name)]

    assert buttons() == ["impasto.generate"]
    match.text = "yellow bricks"
    assert buttons() == ["impasto.match"]
    assert bpy.ops.impasto.match(width_px=64, height_px=64) == {"FINISHED"}
    assert (settings.tool, buttons()) == ("bricks", ["impasto.generate"])
    settings.tool = "planks"
    assert buttons() == ["impasto.generate"]
    match.text = "red bricks"
    assert buttons() == ["impasto.match"]
    settings.tool = "quilt"
    match.text = ""
    assert buttons() == ["impasto.match"]  # which says that words are missing


def test_sizes_are_as_a_source_or_as_the_layers_below_only_where_there_is_one(scene, plane):
    settings, bricks = scene.impasto, scene.impasto_parameters.bricks
    settings.intent, settings.tool = "MODEL", "bricks"
    bricks.width_px, bricks.height_px = 0, 2048
    panel = drawn(bpy.types.IMPASTO_PT_view_3d)
    assert texts_of_number(panel, bricks, "width_px") == ["1024 px"]
    assert texts_of_number(panel, bricks, "height_px") == ["number"]
    settings.tool, settings.source_kind = "quilt", "FILE"
    quilt = scene.impasto_parameters.quilt
    quilt.width_px = 0
    assert texts_of_number(drawn(bpy.types.IMPASTO_PT_view_3d), quilt, "width_px") == ["As the source"]

    for tool in ("bricks", "planks"):
        assert bpy.ops.impasto.add_layer(tool=tool) == {"FINISHED"}
    stack = plane.active_material.impasto_layers

    def width(index: int) -> list[str]:
        stack.active = index
        group = getattr(stack.layers[index].impasto_parameters, stack.layers[index].tool)
        return texts_of_number(drawn(bpy.types.IMPASTO_PT_layers_view_3d), group, "width_px")

    assert (width(0), width(1)) == (["1024 px"], ["As the source"])
    stack.source_kind = "FILE"
    assert width(0) == ["As the source"]


@pytest.mark.parametrize("intent", ["PHOTO", "WORDS", "MODEL"])
def test_a_new_texture_is_folded_below_layers_whose_source_comes_first(plane, scene, intent):
    scene.impasto.intent = intent
    scene.impasto.tool = {"PHOTO": "quilt", "WORDS": "bricks", "MODEL": "quilt"}[intent]
    before = [cls.__name__ for cls in panels()]
    assert {"IMPASTO_PT_view_3d"} == {name for name in before if name.removesuffix("_view_3d") == "IMPASTO_PT"}
    bpy.ops.impasto.add_layer(tool="bricks")
    after = {cls.__name__: is_open(cls) for cls in panels()}
    assert (after["IMPASTO_PT_layers_view_3d"], after["IMPASTO_PT_new_view_3d"]) == (True, False)
    assert "IMPASTO_PT_view_3d" not in after
    assert drawn(bpy.types.IMPASTO_PT_new_view_3d).operators(
        "impasto.generate" if intent != "WORDS" else "impasto.variations"
    )
