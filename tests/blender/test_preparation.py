"""A source is prepared before the tool sees it, by the parameters of the preparing tool, as the recipe's first step."""

from __future__ import annotations

import json
import math

import bpy
import numpy as np
import pytest
from conftest import png
from drawing import drawn


def color_of(material):
    return material.node_tree.nodes["Impasto Base Color"].image


@pytest.fixture
def recipe_of(extension):
    return extension.bridge.images.recipe_of


@pytest.fixture
def photo(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "photo.png"
    path.write_bytes(png(rng.integers(0, 255, (60, 80, 3), np.uint8)))
    return path


def test_scripts_prepare_the_source(plane, photo, recipe_of):
    given = {"source": str(photo), "width_m": 2.0, "tool": "quilt", "estimator": "none"}
    preparation = json.dumps({"crop": (0, 0, 0.75, 1), "scale": 0.5})
    assert bpy.ops.impasto.run(preparation=preparation, **given) == {"FINISHED"}
    image = color_of(plane.active_material)
    assert tuple(image.size) == (30, 30)
    first = recipe_of(image).steps[0]
    wanted = {"rotate": 0, "crop": [0, 0, 0.75, 1], "scale": 0.5, "pixel_art": "auto"}
    assert (first.tool, first.parameters) == ("transform", wanted)
    assert "1.5" in plane.active_material.node_tree.nodes["Impasto Mapping"].label
    bpy.ops.impasto.run(preparation='{"rotate": 0, "crop": [0, 0, 1, 1], "scale": 1}', **given)
    steps = recipe_of(color_of(plane.active_material)).steps
    assert [step.tool for step in steps] == ["quilt"], "one that changes nothing is no step"


@pytest.fixture
def settings(scene, photo):
    """The panel, set to make the photograph seamless."""
    scene.impasto.tool, scene.impasto.source_kind, scene.impasto.filepath = "quilt", "FILE", str(photo)
    scene.impasto.estimator = "none"
    return scene.impasto


def test_what_the_panel_shows_becomes_layers_whose_source_is_prepared_below_them(extension, plane, scene, settings):
    assert bpy.ops.impasto.generate(preparation='{"scale": 0.25}', material="NONE", name="small") == {"FINISHED"}
    assert tuple(bpy.data.images["small_base_color"].size) == (20, 15)
    settings.width_m, scene.impasto_parameters.quilt.variety = 2.0, 0.75
    assert bpy.ops.impasto.begin_layers() == {"FINISHED"}
    stack = plane.active_material.impasto_layers
    assert ([layer.tool for layer in stack.layers], stack.source_kind) == (["quilt"], "FILE")
    assert (stack.filepath, stack.width_m) == (settings.filepath, 2.0)
    assert stack.layers[0].impasto_parameters.quilt.variety == pytest.approx(0.75)
    assert bpy.ops.impasto.add_layer(tool="transform") == {"FINISHED"}
    assert bpy.ops.impasto.move_layer(direction="DOWN") == {"FINISHED"}
    preparation = stack.layers[0].impasto_parameters.transform
    panel = bpy.types.IMPASTO_PT_layers_view_3d
    props = [(given, look.get("text")) for what, given, look in drawn(panel).drawn if what == "prop"]
    shown = [(given[1], text) for given, text in props if given[0] == preparation]
    sides = [("crop", side) for side in ("Left", "Top", "Right", "Bottom")]
    assert shown == [("rotate", None), *sides, ("scale", None), ("pixel_art", None)]
    preparation.rotate, preparation.scale = math.radians(90), 0.7
    assert bpy.ops.impasto.run_layers() == {"FINISHED"}
    image = color_of(plane.active_material)
    assert tuple(image.size) == (42, 56)
    steps = extension.bridge.images.recipe_of(image).steps
    assert steps[0].parameters == {"rotate": 90, "crop": [0, 0, 1, 1], "scale": 0.7, "pixel_art": "auto"}


@pytest.mark.any_blender
@pytest.mark.parametrize(
    ("preparation", "said"),
    [
        ('{"crop": [0, 0, 2, 1]}', "crop"),
        ('{"turn": 90}', "no parameter 'turn'"),
        ("[1]", "preparation must be a JSON object"),
        ('{"scale": 0}', "scale got 0"),
    ],
)
def test_a_wrong_preparation_is_named(photo, scene, preparation, said):
    with pytest.raises(RuntimeError, match=said):
        bpy.ops.impasto.run(tool="quilt", estimator="none", source=str(photo), preparation=preparation)


def test_a_preset_of_the_preparing_tool_keeps_its_values(scene):
    scene.impasto.tool, group = "transform", scene.impasto_parameters.transform
    group.rotate, group.crop, group.scale = math.radians(30), (0.25, 0, 0.75, 1), 0.5
    try:
        assert bpy.ops.impasto.preset_add(name="Mine") == {"FINISHED"}
        for name in ("rotate", "crop", "scale"):
            group.property_unset(name)
        bpy.ops.impasto.apply_preset(preset="Mine")
        assert group.rotate == pytest.approx(math.radians(30))
        assert (tuple(group.crop), group.scale) == ((0.25, 0, 0.75, 1), 0.5)
    finally:
        bpy.ops.impasto.preset_add(name="Mine", remove_name=True)
