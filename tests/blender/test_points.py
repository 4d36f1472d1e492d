"""Points of tools: fields in panels, handles on the picture, and new images made by them, in windows and scripts."""

from __future__ import annotations

import json

import bpy
import numpy as np
import pytest
from conftest import pixels_of, refused
from drawing import drawn
from styling import made, recipe_of, settle

POINTS = ["bottom_left", "top_left", "top_right", "bottom_right"]
SQUARE = [(0, 0), (0, 1), (1, 1), (1, 0)]


@pytest.fixture
def plane_tool(scene, extension, monkeypatch):
    """The tool that straightens by four corners; it and the other double do their tasks alone."""
    catalogue = extension.engine.catalogue.catalogue
    doubles = {"straighten": "cut-plane", "scale": "measure-span"}
    tools = {name: tool for name, tool in catalogue._tools.items() if doubles.get(tool["task"], name) == name}
    monkeypatch.setattr(catalogue, "_tools", tools)
    yield tools["cut-plane"]
    bpy.context.scene.impasto.live_preview = False
    extension.generate.variations.live.clear()


@pytest.fixture
def group(scene, plane_tool):
    return scene.impasto_parameters.cut_plane


@pytest.fixture
def chosen(scene, image, group):
    """The panel's settings: the tool with corners, on the image."""
    scene.impasto.tool, scene.impasto.source_kind, scene.impasto.image = "cut-plane", "IMAGE", image
    scene.impasto.material = "NONE"
    return scene.impasto


def made_image() -> bpy.types.Image:
    (name,) = made()["images"]
    return bpy.data.images[name]


def parameters_of(image: bpy.types.Image) -> dict:
    return recipe_of(image)["steps"][-1]["parameters"]


def test_points_count_from_the_bottom_in_fields_and_from_the_top_in_recipes(group, chosen, extension, plane_tool):
    field = group.bl_rna.properties["top_left"]
    assert (field.array_length, field.hard_min, field.hard_max, field.soft_min, field.soft_max) == (2, -1, 2, 0, 1)
    group.find = "corners"
    layout = drawn(bpy.types.IMPASTO_PT_image_editor)
    assert [name for name in layout.props() if name in POINTS] == [name for name in POINTS for _ in "XY"]
    assert len(layout.operators("impasto.place_points")) == 1
    group.find = "nothing"
    layout = drawn(bpy.types.IMPASTO_PT_image_editor)
    assert not set(layout.props()) & set(POINTS)
    assert not layout.operators("impasto.place_points")

    points = extension.parameters.points
    points.put(group, "top_left", (0.25, 0.9))
    assert extension.parameters.properties.value_of(group, plane_tool, "top_left") == [0.25, 0.1]
    assert points.place_of(group, "top_left") == pytest.approx((0.25, 0.9))
    assert points.usual_place(plane_tool, "bottom_left") == pytest.approx((0.1, 0.1))
    points.put(group, "top_left", (-9, 9))
    assert tuple(group.top_left) == (-1, -1)


@pytest.mark.any_blender
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 2, 1, 3), (3, 0, 1, 2)])
def test_lines_join_corners_in_cyclic_order(order, extension):
    geometry = extension.points.handles
    usual = [SQUARE[index] for index in order]
    around = [usual[index] for index in geometry.outline(usual)]
    assert geometry.is_convex(around)
    assert len({abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in zip(around, around[1:] + around[:1], strict=True)}) == 1
    assert not geometry.is_convex([around[0], around[2], around[1], around[3]])
    assert geometry.outline(usual[:2]) == [0, 1]
    assert geometry.outline(usual[:3]) == geometry.outline(usual[:1]) == []


@pytest.mark.any_blender
def test_the_nearest_handle_within_reach_is_grabbed_and_none_is_lost_beyond_the_edge(extension):
    geometry = extension.points.handles
    assert geometry.nearest([(10, 10), (20, 10)], (17, 10), 8) == 1
    assert geometry.nearest([(10, 10), (20, 10)], (40, 10), 8) == -1
    assert geometry.nearest([], (0, 0), 8) == -1
    assert geometry.within((-500, 70), (16, 16, 400, 300)) == (16, 70)
    assert geometry.within((500, 700), (16, 16, 400, 300)) == (400, 300)


def test_points_of_the_lowest_active_layer_are_dragged_on_the_source(scene, image, extension, group):
    handles, active = extension.points.handles, bpy.context.active_object
    for tool in ("cut-plane", "measure-span"):
        bpy.ops.impasto.add_layer(tool=tool)
    stack = active.active_material.impasto_layers
    stack.source_kind, stack.image, stack.active = "IMAGE", image, 0
    layer = handles._layer_on(bpy.context, image)
    assert layer == stack.layers[0]
    assert [
        given.of_layer for given in drawn(bpy.types.IMPASTO_PT_layers_image_editor).operators("impasto.place_points")
    ] == [True]
    assert handles._layer_on(bpy.context, bpy.data.images.new("other", 8, 8)) is None
    stack.active = 1
    assert handles._layer_on(bpy.context, image) is None
    assert not drawn(bpy.types.IMPASTO_PT_layers_image_editor).operators("impasto.place_points")
    stack.layers[0].enabled = False
    assert handles._layer_on(bpy.context, image) == stack.layers[1]


def test_an_image_is_straightened_from_the_editor_if_the_panels_tool_has_no_points(extension, scene, image, plane_tool):
    operators, settings = extension.points.gizmos, scene.impasto
    settings.intent, settings.tool = "MODEL", "checker"
    operators._choose(settings, None)
    assert settings.tool == "checker"
    operators._choose(settings, image)
    chosen = (settings.intent, settings.tool, settings.source_kind, settings.image)
    assert chosen == ("PHOTO", "cut-plane", "IMAGE", image)
    settings.tool, settings.image = "measure-span", None
    operators._choose(settings, image)
    assert (settings.tool, settings.image) == ("measure-span", None), "it has points of its own"


@pytest.mark.slow
def test_straighten_makes_a_new_image_of_the_placed_corners(extension, scene, image, group, chosen):
    tool_on = extension.points.handles._tool_on
    assert (tool_on(scene, image), tool_on(scene, bpy.data.images.new("other", 8, 8))) == ("cut-plane", "")
    group.top_left, group.bottom_right = (0.0, 0.0), (0.5, 0.25)
    bpy.ops.impasto.randomize(seed=1)
    assert tuple(group.bottom_right) == (0.5, 0.25), "random values leave placed points alone"
    before = pixels_of(image)
    assert bpy.ops.impasto.generate() == {"FINISHED"}
    straight = made_image()
    assert tuple(straight.size) == (24, 8)
    np.testing.assert_allclose(pixels_of(straight)[..., :3], before[:8, :24, :3], atol=1 / 255)
    assert parameters_of(straight)["bottom_right"] == [0.5, 0.25]
    assert tuple(image.size) == (48, 32)


def test_a_script_gives_the_corners_as_parameters(scene, image, group):
    given = json.dumps({"top_left": [0.5, 0.5], "bottom_right": [1.25, 1.0]})
    bpy.ops.impasto.run(tool="cut-plane", image=image.name, material="NONE", parameters=given)
    assert tuple(made_image().size) == (24, 16)
    assert tuple(group.top_left) == pytest.approx((0.1, 0.1)), "the panel's stay"
    refused("top_left X got 3", "run", tool="cut-plane", image=image.name, parameters='{"top_left": [3, 0]}')
    refused("without one, give them as parameters", "place_points")


def test_a_length_between_two_points_sets_the_real_width_in_the_scenes_unit(scene, image, group, chosen):
    chosen.tool, span = "measure-span", scene.impasto_parameters.measure_span
    scene.unit_settings.scale_length = 0.01  # a Blender unit is shown as a centimetre
    span.start, span.end, span.length_m = (0.0, 0.5), (0.5, 0.5), 30
    assert span.bl_rna.properties["length_m"].subtype == "DISTANCE"
    bpy.ops.impasto.generate()
    assert parameters_of(made_image())["length_m"] == 0.3
    assert scene.impasto.width_m == pytest.approx(60)
    np.testing.assert_array_equal(pixels_of(made_image()), pixels_of(image))


def test_the_straightened_picture_follows_the_handles(extension, group, chosen):
    live, jobs = extension.generate.variations.live, extension.jobs.session.jobs
    group.top_left = (0.2, 0.1)
    settle(jobs, live)
    assert live.pixels is None, "there is no preview yet"
    chosen.live_preview = True
    group.top_left, group.bottom_right = (0.0, 0.0), (1.0, 0.5)
    assert settle(jobs, live).shape == (16, 48, 3)
    assert not live.error
