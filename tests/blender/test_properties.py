"""Panels are drawn from a tool's JSON Schema alone; what is set there reaches the recipe."""

from __future__ import annotations

import math
import operator
from dataclasses import MISSING, fields

import bpy
import numpy as np
import pytest
from conftest import coordinates, packed_image


@pytest.fixture
def checker(scene):
    return scene.impasto_parameters.checker


@pytest.fixture
def tool(extension, scene):
    return extension.engine.catalogue.catalogue["checker"]


def rna(group, name):
    return group.bl_rna.properties[name]


def test_every_kind_of_parameter_becomes_a_property_with_its_tooltip_default_and_limits(checker, scene, extension):
    squares = rna(checker, "squares")
    assert (squares.type, squares.hard_min, squares.hard_max) == ("INT", 1, 64)
    assert rna(checker, "contrast").type == "FLOAT"
    assert rna(checker, "contrast").name == "Contrast"
    assert (rna(checker, "color").subtype, rna(checker, "color").array_length) == ("COLOR_GAMMA", 3)
    assert rna(checker, "offset").array_length == 2
    assert [item.identifier for item in rna(checker, "pattern").enum_items] == ["checker", "stripes"]
    assert rna(checker, "diagonal").type == "BOOLEAN"
    assert rna(checker, "note").type == "STRING"

    assert rna(checker, "contrast").description == "How far the two colours are apart"
    assert checker.contrast == pytest.approx(0.7)
    assert checker.pattern == "checker"
    assert tuple(checker.color) == pytest.approx((0.8, 0.2, 0.1))

    group = scene.impasto_parameters.transform
    assert (rna(group, "crop").hard_min, rna(group, "crop").hard_max) == (0, 1)
    assert (rna(group, "scale").soft_max, rna(group, "scale").hard_max, rna(group, "scale").precision) == (1, 16, 4)
    assert rna(group, "scale").hard_min == pytest.approx(0.001)

    transform = extension.engine.catalogue.catalogue["transform"]
    assert rna(group, "rotate").subtype == "ANGLE"
    assert rna(group, "rotate").hard_max == pytest.approx(math.tau)
    group.rotate = math.radians(30)
    assert extension.parameters.properties.value_of(group, transform, "rotate") == 30.0

    make = extension.parameters.properties.property_of
    share = make("strength", {"type": "number", "default": 0.5, "minimum": 0, "maximum": 1})
    length = make("range_m", {"type": "number", "default": 0.5, "minimum": 0, "maximum": 1})
    free = make("gain", {"type": "number", "default": 0.5, "minimum": 0, "maximum": 4})
    assert [made.keywords["subtype"] for made in (share, length, free)] == ["FACTOR", "DISTANCE", "NONE"]


def test_visible_if_hides_a_parameter_until_its_condition_holds(extension, scene, checker, tool):
    assert not extension.parameters.properties.is_visible(checker, tool, "diagonal")
    checker.pattern = "stripes"
    assert extension.parameters.properties.is_visible(checker, tool, "diagonal")
    assert extension.parameters.properties.is_visible(checker, tool, "squares")
    parameters = extension.parameters.properties.parameters_of(scene, tool)
    assert parameters["contrast"] == 0.7, "floats have six digits in a recipe"
    assert parameters["color"] == [0.8, 0.2, 0.1]
    drawn = extension.parameters.groups.drawn_parameters(tool)
    assert drawn == ["squares", "contrast", "color", "offset", "pattern", "diagonal", "note"], "not the size"


@pytest.mark.essential
def test_values_survive_a_refresh_of_the_tools_and_save_and_reload(scene, checker, tmp_path):
    checker.squares = 9
    scene.impasto.tool = "checker"
    bpy.ops.impasto.refresh_tools()
    assert bpy.context.scene.impasto_parameters.checker.squares == 9
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "saved.blend"))
    assert bpy.context.scene.impasto_parameters.checker.squares == 9
    assert bpy.context.scene.impasto.tool == "checker"


def test_a_tool_that_is_gone_leaves_no_broken_panel(extension, scene):
    """Its name stays in the file as a number that means nothing until the plugin is back."""
    scene.impasto.tool = "checker"
    catalogue, properties = extension.engine.catalogue.catalogue, extension.parameters.properties
    kept = dict(catalogue._tools)
    try:
        catalogue._tools = {"quilt": kept["quilt"], "photo-maps": kept["photo-maps"]}
        properties.refresh()
        assert scene.impasto.tool not in catalogue
        assert extension.generate.request.why_incomplete(bpy.context) == "Choose a tool"
    finally:
        catalogue._tools = kept
        properties.refresh()
    assert scene.impasto.tool == "checker"


@pytest.mark.parametrize(
    ("module", "request_name", "settings"),
    [
        ("bake.settings", "BakeOptions", "impasto_bake"),
        ("bake.settings", "BakeOutput", "impasto_bake"),
        ("batch.request", "BatchRequest", "impasto_batch"),
        ("batch.request", "Output", "impasto_batch"),
        ("endless.request", "EndlessRequest", "impasto_endless"),
        ("train.request", "TrainingRequest", "impasto_training"),
    ],
)
def test_settings_of_a_new_scene_are_the_defaults_of_their_request(extension, scene, module, request_name, settings):
    request = getattr(operator.attrgetter(module)(extension), request_name)
    defaults = {item.name: item.default for item in fields(request)}
    for name, value in extension.tools.arguments.values_in(request, getattr(scene, settings)).items():
        if defaults[name] is MISSING:
            assert not value, name
        else:
            expected = set(defaults[name]) if isinstance(value, set) else defaults[name]
            assert value == (pytest.approx(expected) if isinstance(value, float) else expected), name


def test_no_two_parameters_of_a_tool_have_the_same_label(extension):
    label_of = extension.parameters.schemas.label_of
    for tool in extension.engine.catalogue.catalogue:
        labels = [label_of(name, schema) for name, schema in tool["parameters"]["properties"].items()]
        twice = sorted(label for label in set(labels) if labels.count(label) > 1)
        assert not twice, f"{tool['name']}: {twice}"


def test_numbers_are_exact_as_float32_and_never_shared(extension):
    names = [f"file picture {index}.png" for index in range(20_000)]  # enough that some hashes are the same
    numbers = extension.parameters.enum_numbers.numbers_of(names)
    assert len(set(numbers.values())) == len(names)
    assert all(0 < number == int(np.float32(number)) < 2**24 for number in numbers.values())


def test_a_name_keeps_its_number_whatever_else_is_listed(extension):
    numbers_of = extension.parameters.enum_numbers.numbers_of
    assert numbers_of(["b", "a"])["a"] == numbers_of(["a", "z"])["a"]
    assert numbers_of(["a", "b"], default="b")["b"] == 0


def test_lists_of_tools_and_the_gallery_have_numbers_that_buttons_keep(extension, scene):
    for which in ("tool", "estimator", "trainer", "stylizer"):
        numbers = [item[-1] for item in extension.tools.lists.items_of(which)(None, None) if item[0]]  # no headings
        assert len(set(numbers)) == len(numbers) > 1
        assert all(number < 2**24 for number in numbers)
    for index in range(30):
        packed_image(f"picture {index}", coordinates(8, 8))
    items = extension.stylize.gallery.gallery_items(None, None)
    assert len({item[-1] for item in items}) == len(items) == 37
    assert all(item[-1] < 2**24 for item in items)
    for key, *_ in items:
        bpy.context.scene.impasto_parameters.patches_style.gallery_style = key
        assert bpy.context.scene.impasto_parameters.patches_style.gallery_style == key
