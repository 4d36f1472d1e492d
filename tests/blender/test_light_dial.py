"""The azimuth of a photograph's light: unknown or an angle, in the panel, in recipes, and on the dial."""

from __future__ import annotations

import json
import math

import bpy
import pytest
from drawing import drawn, press_set_number, texts_of_number

NAME = "light_azimuth"


@pytest.fixture
def group(scene):
    """Parameters of the estimator, whose light is unknown."""
    return scene.impasto_parameters.lit


def recipe_of(image_name: str) -> dict:
    return json.loads(bpy.data.images[image_name]["impasto_recipe"])["steps"][-1]["parameters"]


def test_it_is_unknown_until_it_is_given(group, scene):
    scene.impasto.tool = "lit"
    assert math.degrees(group.light_azimuth) == pytest.approx(-1)
    assert texts_of_number(drawn(bpy.types.IMPASTO_PT_image_editor), group, NAME) == ["Unknown"]
    press_set_number(drawn(bpy.types.IMPASTO_PT_image_editor), group, NAME)
    assert math.degrees(group.light_azimuth) == pytest.approx(135)
    assert texts_of_number(drawn(bpy.types.IMPASTO_PT_image_editor), group, NAME) == ["number", "X"]
    group.light_azimuth = math.radians(200)
    press_set_number(drawn(bpy.types.IMPASTO_PT_image_editor), group, NAME)
    assert math.degrees(group.light_azimuth) == pytest.approx(-1)


def test_random_values_leave_the_light_of_the_photograph_alone(group, scene):
    scene.impasto.tool = "lit"
    before = group.strength
    for seed in (1, 2, 3):
        bpy.ops.impasto.randomize(seed=seed)
        assert group.light_azimuth < 0
    assert group.strength != before


def test_a_recipe_holds_degrees_within_the_tools_limits_and_the_field_is_not_dragged_below_zero(group, extension):
    tool = extension.engine.catalogue.catalogue["lit"]
    for degrees in (-1.0, 0.0, 90.0, 359.5, 360.0):
        group.light_azimuth = math.radians(degrees)
        assert extension.parameters.properties.value_of(group, tool, NAME) == degrees
    prop = group.bl_rna.properties[NAME]
    assert prop.subtype == "ANGLE"
    assert (prop.soft_min, prop.soft_max) == (0, pytest.approx(math.tau))


def test_maps_from_image_take_the_light_that_is_set(group, image, extension, scene, monkeypatch):
    catalogue = extension.engine.catalogue.catalogue
    only_lit = {name: tool for name, tool in catalogue._tools.items() if tool["task"] != "maps" or name == "lit"}
    monkeypatch.setattr(catalogue, "_tools", only_lit)
    assert texts_of_number(drawn(bpy.types.IMPASTO_PT_this_image), group, NAME) == ["Unknown"]
    for degrees in (-1, 250):
        group.light_azimuth = math.radians(degrees)
        bpy.ops.impasto.estimate_maps(image=image.name, material="NONE")
        made = json.loads(bpy.context.window_manager.impasto_made)["images"]
        assert recipe_of(made[0]).get(NAME, -1) == degrees


def test_the_dial_belongs_to_a_known_azimuth_of_the_chosen_tools(group, scene, extension):
    shown = extension.generate.light_dial.shown_azimuth
    scene.impasto.tool, scene.impasto.estimator = "lit", "none"
    assert shown(bpy.context) is None
    group.light_azimuth = math.radians(135)
    assert shown(bpy.context) == (group, NAME)
    scene.impasto.tool = "checker"
    assert shown(bpy.context) is None
    scene.impasto.estimator = "lit"
    assert shown(bpy.context) == (group, NAME)


@pytest.mark.any_blender
def test_a_place_around_the_middle_is_an_azimuth_and_with_ctrl_it_goes_in_steps(extension):
    azimuth_at = extension.generate.light_dial.azimuth_at
    for offset, degrees in {(50, 0): 0, (0, 50): 90, (-50, 0): 180, (0, -50): 270, (30, 30): 45}.items():
        assert math.degrees(azimuth_at(offset)) == pytest.approx(degrees)
    for degrees, snapped in ((50, 45), (53, 60), (359, 0)):
        offset = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        assert math.degrees(azimuth_at(offset, True)) == pytest.approx(snapped, abs=1e-6)


@pytest.fixture
def checker(scene):
    """Parameters of a generator whose width and height are as the source while they are 0."""
    scene.impasto.tool = "checker"
    group = scene.impasto_parameters.checker
    group.width_px = group.height_px = 0
    return group


def texts(group, name: str) -> list[str]:
    return texts_of_number(drawn(bpy.types.IMPASTO_PT_view_3d), group, name)


def press(group, name: str) -> None:
    press_set_number(drawn(bpy.types.IMPASTO_PT_view_3d), group, name)


def test_a_click_on_that_gives_a_number_to_begin_with_and_the_cross_takes_it_back(checker):
    assert texts(checker, "width_px") == ["As the source"]
    press(checker, "width_px")
    assert (checker.width_px, checker.height_px) == (1024, 0)
    assert (texts(checker, "width_px"), texts(checker, "height_px")) == (["number", "X"], ["As the source"])
    checker.width_px = 300
    assert texts(checker, "width_px") == ["number", "X"]
    press(checker, "width_px")
    assert (checker.width_px, texts(checker, "width_px")) == (0, ["As the source"])


@pytest.mark.parametrize(("scale", "given"), [(1.0, 1.0), (0.01, 100.0)])
def test_a_width_that_is_not_known_reads_so_and_begins_with_a_metre(checker, scene, scale, given):
    scene.unit_settings.scale_length = scale
    assert texts(scene.impasto, "width_m") == ["Unknown"]
    press(scene.impasto, "width_m")
    assert scene.impasto.width_m == pytest.approx(given)
    assert texts(scene.impasto, "width_m") == ["number", "X"]


def test_workers_of_a_batch_are_as_many_as_there_are_cores_until_a_number_is_given(scene):
    settings = scene.impasto_batch
    assert texts_of_number(drawn(bpy.types.IMPASTO_PT_batch), settings, "workers") == ["One for each core"]
    press_set_number(drawn(bpy.types.IMPASTO_PT_batch), settings, "workers")
    assert settings.workers == 2
