"""Materials under a light, on a ball and a plane; the azimuth of a photograph's light, and other open numbers.

Timers never fire without a window, so the tests call what the timers call.
"""

from __future__ import annotations

import math
import time

import bpy
import numpy as np
import pytest
from baking import module
from blends import mapped
from conftest import packed_image, refused
from drawing import drawn, press_set_number, texts_of_number
from styling import made, recipe_of, settle, stylize

SIDE_PX = 64


@pytest.fixture
def turntable(extension, scene):
    found = module("relight.turntable").turntable
    yield found
    found.clear()
    settle(extension.jobs.session.jobs)


@pytest.fixture
def ridges(scene, plane) -> bpy.types.Material:
    """A material with ridges from top to bottom, whose normals lean to the right and to the left by turns."""
    lean = 0.8 * np.sin(np.arange(SIDE_PX) / SIDE_PX * 2 * np.pi)
    normal = np.zeros((SIDE_PX, SIDE_PX, 3))
    normal[..., 0], normal[..., 2] = lean, np.sqrt(1 - lean**2)
    return material_of({"normal": normal / 2 + 0.5})


def material_of(maps: dict[str, np.ndarray], color: float = 0.6, name: str = "Ridges") -> bpy.types.Material:
    """A material on the active object, of maps in [0, 1] with row 0 at the top."""
    made = mapped(name, {"base_color": np.full((SIDE_PX, SIDE_PX, 3), color), **maps})
    bpy.context.active_object.active_material = made
    return made


def tick(extension, turntable) -> None:
    """Tick, as the timers do, until nothing is due and no task runs; a light that turns goes on for ever."""
    turntable._due_s = min(turntable._due_s, time.monotonic() - 1) if turntable._due_s < math.inf else math.inf
    turntable.tick()
    settle(extension.jobs.session.jobs)


def shown(turntable) -> tuple[np.ndarray, np.ndarray]:
    """Brightness of the ball and of the plane, 0 to 255."""
    ball, plane = turntable.pictures[turntable.index]
    return ball.mean(2), plane.mean(2)


def test_a_material_is_shown_on_a_ball_and_a_plane(turntable, ridges):
    assert bpy.ops.impasto.relight() == {"FINISHED"}
    ball, plane = shown(turntable)
    assert ball.shape == plane.shape == (256, 256)
    assert turntable.view.name == "Ridges"
    assert set(turntable.view.maps["now"].arrays) == {"base_color", "normal", "roughness"}
    assert set(turntable.view.maps) == {"now"}
    assert "show_former" not in drawn(bpy.types.IMPASTO_PT_relight_view_3d).props()
    replaced, surfaces = module("bridge.replaced"), module("bridge.surfaces")
    replaced.keep_state(ridges)
    assert set(replaced.images_of(ridges)) == {"base_color", "normal"}
    bpy.data.images.remove(surfaces.map_nodes(ridges)["base_color"].image)
    assert replaced.images_of(ridges) == {}


@pytest.mark.any_blender
@pytest.mark.parametrize(("azimuth", "bright", "dark"), [(0, 16, 48), (180, 48, 16)])
def test_slopes_that_face_the_light_are_bright(azimuth, bright, dark, turntable, ridges, scene):
    """The plane shows the tile once; column 16 of 64 leans most to the right, column 48 to the left."""
    scene.impasto_relight.azimuth, scene.impasto_relight.elevation = math.radians(azimuth), math.radians(30)
    bpy.ops.impasto.relight()
    _, plane = shown(turntable)
    repeats = plane.shape[1] // SIDE_PX
    columns = plane.reshape(256, repeats, SIDE_PX).mean((0, 1))
    assert columns[bright] > columns[dark] + 30


def test_the_picture_follows_the_light_which_turns_and_stays_where_it_is_paused(turntable, ridges, scene, extension):
    bpy.ops.impasto.relight()
    before = shown(turntable)[1]
    scene.impasto_relight.azimuth = math.radians(90)
    assert bpy.app.timers.is_registered(turntable.timer)
    tick(extension, turntable)
    assert np.abs(shown(turntable)[1] - before).max() > 30
    assert turntable.tick() is None
    assert bpy.ops.impasto.turn_light() == {"FINISHED"}
    tick(extension, turntable)
    assert len(turntable.pictures) == 24
    assert turntable.is_playing
    turntable._began_s = time.monotonic() - 6.5 * module("relight.turntable").FRAME_S
    assert turntable.tick() == pytest.approx(0.1)
    assert turntable.index == 6  # a quarter of the turn
    half_way = shown(turntable)[1]
    bpy.ops.impasto.turn_light()
    assert not turntable.is_playing
    assert math.degrees(scene.impasto_relight.azimuth) == pytest.approx(180, abs=1e-3)
    tick(extension, turntable)
    assert len(turntable.pictures) == 1
    np.testing.assert_allclose(shown(turntable)[1], half_way, atol=1)


def test_large_maps_are_averaged_before_they_are_sent(scene):
    images = module("bridge.images")
    noise = np.random.default_rng(0).integers(0, 255, (40, 70, 3), np.uint8)
    whole = images.pixels_of(packed_image("noise", noise))
    small = whole.thumbnail(32).to_pixels().arrays["base_color"]
    assert small.shape == (20, 35, 3)
    np.testing.assert_allclose(small, noise.reshape(20, 2, 35, 2, 3).mean((1, 3)), atol=1)
    assert whole.thumbnail(36) is whole


def test_roughness_of_the_shader_counts_where_there_is_no_image(turntable, plane):
    material = material_of({}, color=0.2, name="Plain")
    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    pictures = []
    for roughness in (0.1, 0.9):
        shader.inputs["Roughness"].default_value = roughness
        bpy.ops.impasto.relight()
        pictures.append(shown(turntable)[0])
    assert pictures[0].max() > pictures[1].max() + 20  # a mirror image of the light


def test_the_maps_before_the_last_result_can_be_seen(turntable, plane, scene, extension):
    red = packed_image("red.png", np.full((32, 32, 3), (200, 20, 20), np.uint8))
    material_of({}, color=0.9)
    scene.impasto_style.image = red
    stylize(surface="Ridges", material="ACTIVE")
    bpy.ops.impasto.relight()
    assert set(turntable.view.maps) == {"now", "former"}
    now = turntable.pictures[0][1].mean((0, 1))
    scene.impasto_relight.show_former = True
    tick(extension, turntable)
    before = turntable.pictures[0][1].mean((0, 1))
    assert now[0] > now[2] + 50
    assert abs(before[0] - before[2]) < 30
    assert "show_former" in drawn(bpy.types.IMPASTO_PT_relight_view_3d).props()


def test_a_result_is_seen_before_it_is_generated(turntable, scene):
    settings = scene.impasto
    settings.tool, settings.source_kind, settings.estimator = "checker", "NONE", "none"
    scene.impasto_parameters.checker.color = (0.1, 0.9, 0.1)
    scene.impasto_relight.subject = "PREVIEW"
    images = len(bpy.data.images)
    assert bpy.ops.impasto.relight() == {"FINISHED"}
    color = turntable.pictures[0][1].mean((0, 1))
    assert color[1] > color[0] + 30
    assert turntable.view.maps["now"].arrays["base_color"].shape == (512, 512, 3)
    assert len(bpy.data.images) == images


def test_every_editor_shows_the_pictures_and_the_light(turntable, ridges, extension):
    panels = [getattr(bpy.types, f"IMPASTO_PT_relight_{one}") for one in ("view_3d", "shader_editor", "image_editor")]
    assert not any("azimuth" in drawn(panel).props() for panel in panels)
    bpy.ops.impasto.relight()
    for layout in map(drawn, panels):
        assert [what for what, *_ in layout.drawn].count("template_icon") == 2
        assert {"azimuth", "elevation"} <= set(layout.props())
    icons = extension.interface.previews._icons
    assert tuple(icons.collection[icons.keys["relit-ball-0"]].image_size) == (256, 256)


def test_relighting_says_why_it_cannot_show_something(turntable, scene, plane):
    refused("no material", "relight")
    plane.active_material = module("bridge.materials").new("Plain")
    refused("no image gives the base colour", "relight")
    bpy.data.objects.remove(plane)
    bpy.context.view_layer.objects.active = None
    refused("no material", "relight")
    assert not bpy.ops.impasto.turn_light.poll()


@pytest.mark.any_blender
def test_failing_engines_are_reported_in_the_panel(turntable, ridges, scene, extension, monkeypatch):
    bpy.ops.impasto.relight()
    monkeypatch.setenv("IMPASTO_ENGINE", "/nowhere/python")
    bpy.ops.impasto.turn_light()
    tick(extension, turntable)
    assert "nowhere" in turntable.error
    assert not turntable.is_playing
    assert extension.jobs.session.jobs.last_report is None


def playing(extension, turntable) -> None:
    bpy.ops.impasto.relight()
    bpy.ops.impasto.turn_light()
    assert bpy.app.timers.is_registered(turntable.timer)


@pytest.mark.parametrize("is_asked", [False, True], ids=["before a picture is asked for", "while it is made"])
def test_opening_another_file_ends_relighting(turntable, ridges, extension, is_asked):
    playing(extension, turntable)
    if is_asked:
        turntable._due_s = 0.0
        turntable.tick()
        assert extension.jobs.session.jobs.tasks
    bpy.ops.wm.read_homefile(use_empty=True)
    assert not bpy.app.timers.is_registered(turntable.timer)
    assert turntable.view is None
    assert not turntable.is_playing
    settle(extension.jobs.session.jobs)
    assert turntable.pictures == []


def test_undo_stops_the_light_and_keeps_the_picture(turntable, ridges, extension):
    bpy.ops.ed.undo_push(message="before")
    bpy.context.active_object.location.x = 3
    bpy.ops.ed.undo_push(message="after")
    playing(extension, turntable)
    bpy.ops.ed.undo()
    assert not turntable.is_playing
    assert not bpy.app.timers.is_registered(turntable.timer)
    assert turntable.view is not None


def test_unregistering_ends_the_timer(turntable, ridges, extension):
    playing(extension, turntable)
    module("relight.turntable").unregister()
    assert not bpy.app.timers.is_registered(turntable.timer)
    assert turntable.view is None


NAME = "light_azimuth"


@pytest.fixture
def group(scene):
    """Parameters of the estimator, whose light is unknown."""
    return scene.impasto_parameters.lit


def test_light_azimuth_is_unknown_until_given_and_not_randomised(group, scene):
    scene.impasto.tool = "lit"
    before = group.strength
    for seed in (1, 2, 3):
        bpy.ops.impasto.randomize(seed=seed)
        assert math.degrees(group.light_azimuth) == pytest.approx(-1)
    assert group.strength != before
    assert texts_of_number(drawn(bpy.types.IMPASTO_PT_image_editor), group, NAME) == ["Unknown"]
    press_set_number(drawn(bpy.types.IMPASTO_PT_image_editor), group, NAME)
    assert math.degrees(group.light_azimuth) == pytest.approx(135)
    assert texts_of_number(drawn(bpy.types.IMPASTO_PT_image_editor), group, NAME) == ["number", "X"]
    group.light_azimuth = math.radians(200)
    press_set_number(drawn(bpy.types.IMPASTO_PT_image_editor), group, NAME)
    assert math.degrees(group.light_azimuth) == pytest.approx(-1)


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
        step = recipe_of(bpy.data.images[made()["images"][0]])["steps"][-1]
        assert step["parameters"].get(NAME, -1) == degrees


@pytest.mark.parametrize("place", ["panel", "layer"])
def test_the_relief_under_eight_lights_is_shown_and_a_click_takes_a_light(scene, plane, extension, image, place):
    settings, group, material = scene.impasto, scene.impasto_parameters.photo_maps, ""
    settings.tool, settings.source_kind, settings.image = "photo-maps", "IMAGE", image
    if place == "layer":
        bpy.ops.impasto.begin_layers()
        stack = plane.active_material.impasto_layers
        group, material = stack.layers[0].impasto_parameters.photo_maps, plane.active_material.name
    path = f"{group.path_from_id()}.{NAME}"
    assert bpy.ops.impasto.show_lights(path=path, material=material) == {"FINISHED"}
    settle(extension.jobs.session.jobs)
    panel = drawn(bpy.types.IMPASTO_PT_layers_view_3d if material else bpy.types.IMPASTO_PT_view_3d)
    buttons = [button for button in panel.operators("impasto.set_number") if button.path == path]
    assert sorted(round(math.degrees(button.value)) for button in buttons[-9:]) == [-1, *range(0, 360, 45)]
    (chosen,) = (button for button in buttons[-9:] if round(math.degrees(button.value)) == 225)
    bpy.ops.impasto.set_number(path=chosen.path, material=chosen.material, value=chosen.value)
    assert math.degrees(group.light_azimuth) == pytest.approx(225)


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


def texts(group, name: str) -> list[str]:
    return texts_of_number(drawn(bpy.types.IMPASTO_PT_view_3d), group, name)


def press(group, name: str) -> None:
    press_set_number(drawn(bpy.types.IMPASTO_PT_view_3d), group, name)


def test_clicking_unknown_sets_a_number_and_the_cross_removes_it(scene):
    scene.impasto.tool, checker = "checker", scene.impasto_parameters.checker
    checker.width_px = checker.height_px = 0
    assert texts(checker, "width_px") == ["As the source"]
    press(checker, "width_px")
    assert (checker.width_px, checker.height_px) == (1024, 0)
    assert (texts(checker, "width_px"), texts(checker, "height_px")) == (["number", "X"], ["As the source"])
    checker.width_px = 300
    assert texts(checker, "width_px") == ["number", "X"]
    press(checker, "width_px")
    assert (checker.width_px, texts(checker, "width_px")) == (0, ["As the source"])


@pytest.mark.parametrize(("scale", "given"), [(1.0, 1.0), (0.01, 100.0)])
def test_unknown_widths_are_labelled_and_start_at_one_metre(scene, scale, given):
    scene.impasto.tool = "checker"
    scene.unit_settings.scale_length = scale
    assert texts(scene.impasto, "width_m") == ["Unknown"]
    press(scene.impasto, "width_m")
    assert scene.impasto.width_m == pytest.approx(given)
    assert texts(scene.impasto, "width_m") == ["number", "X"]


def test_batch_workers_default_to_the_number_of_cores(scene):
    settings = scene.impasto_batch
    assert texts_of_number(drawn(bpy.types.IMPASTO_PT_batch), settings, "workers") == ["One for each core"]
    press_set_number(drawn(bpy.types.IMPASTO_PT_batch), settings, "workers")
    assert settings.workers == 2
