"""Groups of layers: made, moved, copied and removed as one, blended as one, and kept with the file."""

from __future__ import annotations

import json
from types import SimpleNamespace

import bpy
import numpy as np
import pytest
import styling
from blends import maps_of, reopen
from conftest import pixels_of, refused
from drawing import drawn


@pytest.fixture
def stack(scene, plane):
    """Squares, tinted, made negative, blurred: the tint is in a group."""
    for tool in ("checker", "tint", "negative", "sharpen"):
        bpy.ops.impasto.add_layer(tool=tool)
    layers = plane.active_material.impasto_layers
    squares = layers.layers[0].impasto_parameters.checker
    squares.width_px = squares.height_px = 16
    layers.active = 1
    assert bpy.ops.impasto.group_layer() == {"FINISHED"}
    return layers


def listed(stack) -> str:
    """The layers from below, those of groups in brackets."""
    found, inside = [], []
    for layer in stack.layers:
        if layer.in_group:
            inside.append(layer.tool)
        elif layer.tool == "group":
            found.append(f"[{' '.join(inside)}]")
            inside = []
        else:
            found.append(layer.tool)
    assert not inside
    return " ".join(found)


def moved(stack, *directions: str) -> str:
    for direction in directions:
        assert bpy.ops.impasto.move_layer(direction=direction) == {"FINISHED"}
    return listed(stack)


def base_color(material) -> np.ndarray:
    return pixels_of(maps_of(material)["base_color"])


def test_a_layer_is_moved_into_a_group_and_out_of_it_and_a_group_past_others(stack):
    assert (listed(stack), stack.active) == ("checker [tint] negative sharpen", 2)
    stack.active = 3
    assert moved(stack, "DOWN") == "checker [tint negative] sharpen"
    assert moved(stack, "DOWN") == "checker [negative tint] sharpen"
    assert moved(stack, "DOWN") == "checker negative [tint] sharpen"
    assert moved(stack, "UP") == "checker [negative tint] sharpen"
    assert moved(stack, "UP", "UP") == "checker [tint] negative sharpen"
    assert stack.layers[stack.active].tool == "negative"
    stack.active = 2
    assert moved(stack, "DOWN") == "[tint] checker negative sharpen"
    assert moved(stack, "DOWN", "UP", "UP") == "checker negative [tint] sharpen"
    stack.active = 4
    assert bpy.ops.impasto.group_layer() == {"FINISHED"}
    assert moved(stack, "DOWN") == "checker negative [sharpen] [tint]"
    assert moved(stack, "UP", "UP") == "checker negative [tint] [sharpen]"
    refused("do not nest", "group_layer")


def test_groups_are_copied_removed_and_dissolved_with_their_layers_and_layers_are_added_to_them(stack, plane):
    stack.active = 1
    bpy.ops.impasto.add_layer(tool="adjust")
    assert listed(stack) == "checker [tint adjust] negative sharpen"
    group = stack.layers[3]
    group.name, group.mask.blend, group.mask.opacity = "Old", "multiply", 0.5
    stack.active = 3
    bpy.ops.impasto.duplicate_layer()
    assert listed(stack) == "checker [tint adjust] [tint adjust] negative sharpen"
    assert (stack.layers[6].name, stack.layers[6].mask.blend) == ("Old", "multiply")
    bpy.ops.impasto.copy_layer()
    other = bpy.data.materials.new("Other")
    plane.active_material = other
    bpy.ops.impasto.paste_layers()
    other.impasto_layers.active = 0
    bpy.ops.impasto.paste_layers()
    assert listed(other.impasto_layers) == "[tint adjust] [tint adjust]", "groups do not nest"
    plane.active_material = stack.id_data
    bpy.ops.impasto.remove_layer()
    assert listed(stack) == "checker [tint adjust] negative sharpen"
    stack.active = 1
    bpy.ops.impasto.copy_layer()
    bpy.ops.impasto.ungroup_layers()
    assert listed(stack) == "checker tint adjust negative sharpen"
    refused("Choose a group", "ungroup_layers")
    bpy.ops.impasto.paste_layers()
    assert listed(stack) == "checker tint tint adjust negative sharpen"


def test_groups_run_with_opacity_and_visibility_and_open_again(stack, plane, tmp_path):
    material = plane.active_material
    shown = {}
    for name, opacity, enabled in (("whole", 1.0, True), ("half", 0.5, True), ("none", 0.0, True), ("off", 1.0, False)):
        stack.layers[2].mask.opacity, stack.layers[2].enabled = opacity, enabled
        assert bpy.ops.impasto.run_layers() == {"FINISHED"}
        shown[name] = base_color(material)
    steps = styling.recipe_of(material)["steps"]
    assert [step.get("in_group", False) for step in steps] == [False, True, False, False, False]
    assert [layer.seconds > 0 for layer in stack.layers] == [True, True, True, True, True]
    np.testing.assert_array_equal(shown["none"], shown["off"])
    assert np.abs(shown["whole"] - shown["none"]).max() > 0.02
    assert np.abs(shown["half"] - shown["none"]).max() > 0.01
    assert np.abs(shown["half"] - shown["whole"]).max() > 0.01
    bpy.ops.impasto.edit_layers(recipe=json.dumps({"steps": steps}))
    reopen(tmp_path / "groups.blend")
    layers = bpy.context.active_object.active_material.impasto_layers
    assert listed(layers) == "checker [tint] negative sharpen"
    assert not layers.layers[2].enabled
    bpy.ops.ed.undo_push(message="before")
    layers.active = 2
    bpy.ops.impasto.ungroup_layers()
    bpy.ops.ed.undo_push(message="after")
    bpy.ops.ed.undo()
    assert listed(bpy.context.active_object.active_material.impasto_layers) == "checker [tint] negative sharpen"


def test_keyframes_and_drivers_stay_with_their_layer(stack):
    material, path = stack.id_data, "impasto_layers.layers[{}].impasto_parameters.{}"
    tint, sharpen = "tint.strength", "sharpen.amount"
    material.keyframe_insert(path.format(1, tint), frame=1)
    driver = material.driver_add(path.format(4, sharpen))

    def paths() -> list[str]:
        action = material.animation_data.action
        if not hasattr(action, "fcurves"):
            action = action.layers[0].strips[0].channelbags[0]
        return [curve.data_path for curve in (*action.fcurves, *material.animation_data.drivers)]

    stack.active = 0
    bpy.ops.impasto.add_layer(tool="negative")
    assert paths() == [path.format(2, tint), path.format(5, sharpen)]
    stack.active = 3
    bpy.ops.impasto.move_layer(direction="UP")
    assert paths() == [path.format(3, tint), path.format(5, sharpen)]
    bpy.ops.impasto.remove_layer()
    assert paths() == [path.format(3, sharpen)]
    assert driver.data_path == paths()[0]


def test_the_list_shows_a_group_with_its_layers_and_folds_it(stack):
    items, own = bpy.types.IMPASTO_UL_layers, SimpleNamespace(bitflag_filter_item=1)
    assert items.filter_items(own, bpy.context, stack, "layers") == ([], [4, 3, 2, 1, 0])
    stack.active = 1
    stack.layers[2].is_open = False
    assert stack.active == 2
    assert items.filter_items(own, bpy.context, stack, "layers")[0] == [1, 0, 1, 1, 1]
    assert {"blend", "opacity", "kind"} <= set(drawn(bpy.types.IMPASTO_PT_layers_view_3d).props())
    layout = drawn(bpy.types.IMPASTO_MT_layer_specials)
    assert len(layout.operators("impasto.ungroup_layers")) == 1
    assert not layout.operators("impasto.group_layer")
    stack.layers[2].mask.kind = "cavities"
    assert "amount" in drawn(bpy.types.IMPASTO_PT_layers_view_3d).props()


def test_layers_without_a_name_of_their_own_have_their_tools_in_the_users_language(stack, extension, monkeypatch):
    monkeypatch.setattr(extension.translations.texts, "language", lambda: "de_DE")
    stack.active = 4
    bpy.ops.impasto.add_layer(tool="sharpen")
    assert [layer.name for layer in stack.layers][-2:] == ["Sharpen", "Schärfen"]
    recipe, _ = extension.layers.request.recipe_of(stack)
    assert not any(step.name for step in recipe.steps)
