"""A source is prepared before the tool sees it, by the parameters of the preparing tool, as the recipe's first step."""

from __future__ import annotations

import json
import math
from pathlib import Path

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
    assert (first.tool, first.parameters) == ("transform", {"rotate": 0, "crop": [0, 0, 0.75, 1], "scale": 0.5})
    assert "1.5" in plane.active_material.node_tree.nodes["Impasto Mapping"].label


def test_the_panel_prepares_the_source_and_make_again_does_so_too(plane, scene, photo, recipe_of):
    settings = scene.impasto
    settings.tool, settings.source_kind, settings.filepath = "quilt", "FILE", str(photo)
    settings.estimator = "none"
    preparation = scene.impasto_preparation
    preparation.rotate, preparation.scale = math.radians(90), 0.7
    assert bpy.ops.impasto.generate() == {"FINISHED"}
    image = color_of(plane.active_material)
    assert tuple(image.size) == (42, 56)
    assert recipe_of(image).steps[0].parameters == {"rotate": 90, "crop": [0, 0, 1, 1], "scale": 0.7}
    preparation.rotate, preparation.scale = 0, 1
    assert bpy.ops.impasto.generate() == {"FINISHED"}
    assert [step.tool for step in recipe_of(color_of(plane.active_material)).steps] == ["quilt"]


@pytest.fixture
def settings(scene, photo):
    """The panel, set to make the photograph seamless."""
    scene.impasto.tool, scene.impasto.source_kind, scene.impasto.filepath = "quilt", "FILE", str(photo)
    scene.impasto.estimator = "none"
    return scene.impasto


def steps_of(extension):
    return extension.generate.request.from_scene(bpy.context).recipe().steps


def test_the_panel_shows_the_preparing_tools_parameters_with_each_side_of_the_crop(scene, settings):
    """With a source: there is nothing to prepare without one."""
    of_group = lambda layout: [  # noqa: E731
        (arguments[1], options.get("text"))
        for what, arguments, options in layout.drawn
        if what == "prop" and arguments[0] == scene.impasto_preparation
    ]
    sides = [("crop", side) for side in ("Left", "Top", "Right", "Bottom")]
    expected = [("rotate", None), *sides, ("scale", None)]
    assert of_group(drawn(bpy.types.IMPASTO_PT_view_3d)) == expected
    settings.source_kind = "NONE"
    assert of_group(drawn(bpy.types.IMPASTO_PT_view_3d)) == []


def test_the_preparing_tool_has_parameters_of_its_own_when_it_is_the_panels_tool(extension, scene, settings):
    scene.impasto_parameters.transform.scale = 0.25
    assert [step.tool for step in steps_of(extension)] == ["quilt"]
    settings.tool, scene.impasto_preparation.scale = "transform", 0.5
    assert [(step.tool, step.parameters["scale"]) for step in steps_of(extension)] == [
        ("transform", 0.5),
        ("transform", 0.25),
    ]


def test_the_preparation_is_undone_and_survives_a_refresh_of_the_tools_and_save_and_reload(extension, scene, tmp_path):
    bpy.ops.ed.undo_push(message="before")
    bpy.context.scene.impasto_preparation.rotate = math.radians(30)
    bpy.ops.ed.undo_push(message="after")
    bpy.ops.ed.undo()
    assert bpy.context.scene.impasto_preparation.rotate == 0
    bpy.ops.ed.redo()
    bpy.ops.impasto.refresh_tools()
    assert bpy.context.scene.impasto_preparation.rotate == pytest.approx(math.radians(30))
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "saved.blend"))
    assert bpy.context.scene.impasto_preparation.rotate == pytest.approx(math.radians(30))


def test_a_script_overrides_the_panels_preparation_and_that_is_of_the_panels_source_only(extension, scene, settings):
    scene.impasto_preparation.scale = 0.5
    assert bpy.ops.impasto.generate(preparation='{"scale": 0.25}', material="NONE") == {"FINISHED"}
    assert bpy.ops.impasto.generate(source=settings.filepath, material="NONE") == {"FINISHED"}
    assert bpy.ops.impasto.generate(material="NONE") == {"FINISHED"}
    sizes = {tuple(image.size) for image in bpy.data.images if image.name.startswith("photo")}
    assert sizes == {(20, 15), (80, 60), (40, 30)}


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


@pytest.mark.any_blender
def test_one_that_changes_nothing_is_no_step(plane, photo, recipe_of):
    given = {"tool": "quilt", "estimator": "none", "source": str(photo)}
    bpy.ops.impasto.run(preparation='{"rotate": 0, "crop": [0, 0, 1, 1], "scale": 1}', **given)
    assert [step.tool for step in recipe_of(color_of(plane.active_material)).steps] == ["quilt"]


def test_without_a_preparing_tool_the_panel_works_without_that_section(extension, settings, monkeypatch):
    catalogue, properties = extension.engine.catalogue.catalogue, extension.parameters.properties
    with monkeypatch.context() as patch:
        patch.setattr(catalogue, "_tools", {name: catalogue[name] for name in ("quilt", "photo-maps")})
        properties.refresh()
        assert not hasattr(bpy.context.scene, "impasto_preparation")
        assert "rotate" not in drawn(bpy.types.IMPASTO_PT_view_3d).props()
        assert [step.tool for step in steps_of(extension)] == ["quilt"]
    properties.refresh()


def test_a_preset_of_the_preparing_tool_keeps_its_values(scene):
    scene.impasto.tool, group = "transform", scene.impasto_parameters.transform
    group.rotate, group.crop, group.scale = math.radians(30), (0.25, 0, 0.75, 1), 0.5
    folder = Path(bpy.utils.user_resource("SCRIPTS", path="presets")) / "impasto" / "transform"
    try:
        assert bpy.ops.impasto.preset_add(name="Mine") == {"FINISHED"}
        for name in ("rotate", "crop", "scale"):
            group.property_unset(name)
        bpy.ops.script.execute_preset(filepath=str(folder / "Mine.py"), menu_idname="IMPASTO_MT_presets")
        assert group.rotate == pytest.approx(math.radians(30))
        assert (tuple(group.crop), group.scale) == ((0.25, 0, 0.75, 1), 0.5)
    finally:
        (folder / "Mine.py").unlink(missing_ok=True)
