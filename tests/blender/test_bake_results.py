# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of a bake: images, files, a material, one step of undo; and the same from a background Blender."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import bpy
import numpy as np
import pytest
from baking import (
    ALL_MAPS,
    BYTE,
    COLOR,
    SIZE_PX,
    bake,
    in_background,
    material,
    module,
    out_of_square,
    pixels,
    plane,
    principled,
    procedural,
    srgb,
    state,
)
from conftest import coordinates, packed_image
from solids import cube
from test_bake_high import low_cube, painted_high
from test_bake_odd import overridden
from test_bake_sets import three
from test_bake_tiles import colored

pytestmark = pytest.mark.usefixtures("scene")


def test_results_survive_saving_and_know_where_they_come_from(tmp_path: Path) -> None:
    plane(material(base_color=(*COLOR, 1)))
    bake(maps={"base_color", "normal"}, margin_px=7)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "baked.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "baked.blend"))
    color, normal = bpy.data.images["Strip_base_color"], bpy.data.images["Strip_normal"]
    assert color.packed_file
    assert normal.packed_file
    assert [color.colorspace_settings.name, normal.colorspace_settings.name] == ["sRGB", "Non-Color"]
    assert np.allclose(pixels("Strip_base_color")[..., :3], srgb(COLOR), atol=BYTE)
    about = json.loads(normal["impasto_baked"])
    assert about["object"] == "Strip"
    assert about["uv_map"] == "UVMap"
    assert about["materials"] == ["material"]
    assert (about["width_px"], about["height_px"], about["margin_px"]) == (SIZE_PX, SIZE_PX, 7)
    assert about["blender"] == bpy.app.version_string


def test_earlier_results_are_kept_by_the_material_or_else_by_themselves() -> None:
    plane(material(roughness=0.1))
    bake(maps={"roughness"})
    principled(bpy.data.materials["material"]).inputs["Roughness"].default_value = 0.9
    bake(maps={"roughness"})
    assert np.allclose(pixels("Strip_roughness")[..., 0], 0.1, atol=BYTE)
    assert np.allclose(pixels("Strip_roughness.001")[..., 0], 0.9, atol=BYTE)

    bake(maps={"metallic", "ambient_occlusion"}, material="UNUSED")
    kept = {image.name: image.use_fake_user for image in bpy.data.images}
    assert [name for name, is_kept in kept.items() if is_kept] == ["Strip_roughness", "Strip_roughness.001"]


def test_the_scene_settings_are_used_unless_the_call_says_otherwise() -> None:
    plane(material())
    settings = bpy.context.scene.impasto_bake
    settings.maps, settings.width_px, settings.height_px = {"metallic"}, 16, 48
    assert bpy.ops.impasto.bake(height_px=24) == {"FINISHED"}
    assert tuple(bpy.data.images["Strip_metallic"].size) == (16, 24)
    assert "Strip_roughness" not in bpy.data.images


def test_files_are_written_and_not_overwritten_unless_they_are_to_be_replaced(tmp_path: Path) -> None:
    made = material(roughness=0.1)
    plane(made)
    for value in (0.1, 0.5):
        principled(made).inputs["Roughness"].default_value = value
        bake(maps={"roughness", "metallic"}, out_dir=str(tmp_path / "new"))
    names = [f"Strip{number}_{name}.png" for number in ("_2", "") for name in ("metallic", "roughness")]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == names
    principled(made).inputs["Roughness"].default_value = 0.9
    bake(maps={"roughness"}, out_dir=str(tmp_path / "new"), replace=True)
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == names
    baked = bpy.data.images["Strip_roughness.002"].packed_file.data
    assert (tmp_path / "new" / "Strip_roughness.png").read_bytes() == baked


def test_baked_files_carry_their_recipe_and_source_type(tmp_path: Path, extension) -> None:
    made = material()
    texture = made.node_tree.nodes.new("ShaderNodeTexImage")
    texture.image = packed_image("bricks.png", coordinates(8, 8))
    made.node_tree.nodes.new("ShaderNodeTexImage").image = packed_image("not joined.png", coordinates(8, 8))
    made.node_tree.links.new(texture.outputs["Color"], principled(made).inputs["Base Color"])
    plane(made)
    bake(maps={"base_color"}, out_dir=str(tmp_path))
    recipe = extension.bridge.images.recipe_of(bpy.data.images["Strip_base_color"])
    assert list(recipe.inputs) == ["bricks.png"]
    assert recipe.inputs["bricks.png"]["sha256"] == hashlib.sha256(texture.image.packed_file.data).hexdigest()
    assert recipe.steps[0].parameters["object"] == "Strip"
    data = (tmp_path / "Strip_base_color.png").read_bytes()
    assert b"digitalsourcetype/algorithmicallyEnhanced" in data
    loaded = bpy.data.images.load(str(tmp_path / "Strip_base_color.png"))
    assert extension.bridge.images.recipe_of(loaded).to_json() == recipe.to_json()
    with pytest.raises(RuntimeError, match=r"Strip_base_color was baked of 'Strip'; select that and press Bake Maps"):
        bpy.ops.impasto.rerun(image="Strip_base_color")


@pytest.mark.slow
@pytest.mark.any_blender
def test_a_bake_of_what_a_model_made_says_so(tmp_path: Path, extension) -> None:
    obj = plane(material())
    bpy.ops.impasto.run(tool="torus", parameters='{"model": "bricks"}', width_px=32, height_px=32, estimator="none")
    assert obj.active_material.name == "Red bricks"
    bake(maps={"roughness"}, out_dir=str(tmp_path))
    assert b"compositeWithTrainedAlgorithmicMedia" in (tmp_path / "Strip_roughness.png").read_bytes()
    assert list(extension.bridge.images.recipe_of(bpy.data.images["Strip_roughness"]).made_with["models"]) == ["bricks"]


def test_every_selected_object_is_baked_and_who_cannot_be_is_named(capsys) -> None:
    first, second = plane(material("one", roughness=0.2)), plane(material("two", roughness=0.8))
    first.name, second.name = "First", "Second"
    bake(maps={"roughness"}, material="NEW")
    assert np.allclose(pixels("First_roughness")[..., 0], 0.2, atol=BYTE)
    assert np.allclose(pixels("Second_roughness")[..., 0], 0.8, atol=BYTE)
    assert (first.active_material.name, second.active_material.name) == ("First Baked", "Second Baked")
    said = capsys.readouterr().out
    assert "Baked roughness of Second and made the material Second Baked; Baked roughness of First" in said
    assert "left out: Plane has no material" in said


def test_the_material_is_made_only_where_it_is_wanted() -> None:
    obj = plane(material(emission_strength=3.0))
    bake(maps={"roughness"})
    assert len(bpy.data.materials) == 1
    bake(maps={"roughness"}, material="UNUSED")
    assert obj.active_material.name == "material"
    bake(material="NEW", maps=ALL_MAPS)
    assert obj.active_material.name == "Strip Baked.001"
    shader = principled(obj.active_material)
    assert shader.inputs["Emission Strength"].default_value == pytest.approx(3)
    assert all(shader.inputs[name].is_linked for name in ("Base Color", "Roughness", "Metallic", "Normal", "Alpha"))


def test_baking_what_was_baked_gives_the_same() -> None:
    made, _ = procedural("ShaderNodeTexNoise", "Color")
    plane(made)
    bake(maps={"base_color", "roughness", "normal"}, material="NEW")
    bake(maps={"base_color", "roughness", "normal"})
    for name in ("base_color", "roughness", "normal"):
        assert np.abs(pixels(f"Strip_{name}") - pixels(f"Strip_{name}.001")).max() <= 2 * BYTE, name


def test_a_bake_is_one_step_of_undo() -> None:
    plane(material())
    bpy.ops.ed.undo_push(message="Before")
    bake(material="NEW", maps={"base_color", "normal"})
    assert len(bpy.data.images) == 2
    bpy.ops.ed.undo()
    assert len(bpy.data.images) == 0
    assert bpy.context.object.active_material.name == "material"
    bpy.ops.ed.redo()
    assert bpy.context.object.active_material.name == "Strip Baked"
    assert np.allclose(pixels("Strip_normal")[..., :3], (0.5, 0.5, 1), atol=2e-5)


# In a Blender of its own


@pytest.mark.slow
def test_beside_a_worker_a_script_bakes_in_a_blender_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cycles is called within `temp_override`, and Blender crashes there beside a thread of Python."""
    bpy.ops.impasto.run(tool="checker", width_px=16, height_px=16, estimator="none", material="NONE")
    assert module("jobs.session").jobs.clients
    monkeypatch.setattr(module("bake.request"), "bake_set", None)
    plane(material(base_color=(1, 0, 0, 1)))
    assert bpy.ops.impasto.bake(maps={"base_color"}, width_px=16, height_px=16, samples=1) == {"FINISHED"}
    assert np.allclose(pixels("Strip_base_color")[..., :3], (1, 0, 0), atol=BYTE)


def painted(name: str) -> bpy.types.Material:
    """A material with pixels that were never saved."""
    made = material(name)
    image = bpy.data.images.new("painted", 16, 16)
    values = np.random.default_rng(0).random((16, 16, 4), dtype=np.float32)
    image.pixels.foreach_set(values.ravel())
    node = made.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = image
    made.node_tree.links.new(node.outputs[0], principled(made).inputs["Base Color"])
    return made


@pytest.mark.essential
def test_sets_of_all_kinds_are_baked_alike_in_one_background_process_that_touches_nothing(tmp_path: Path) -> None:
    """Of several objects, linked and overridden ones, tiles, pixels never saved, high objects; an error comes back."""
    override = overridden(tmp_path)
    linked = next(one for one in bpy.data.objects if one.library)
    objects, low, high = three(), low_cube(), painted_high("Box_high")
    objects[0].data.materials[0], high.location.x = painted("unsaved"), 0.5
    cage = cube(1, lambda points: 1.5 * points, "Box_cage", smooth=False)
    bpy.context.view_layer.update()
    make, projection = module("bake.objects.sets").BakeSet.of, module("bake.objects.sets").Projection
    given = [make(*objects), make(override), make(linked), make(colored(), use_tiles=True)]
    given += [make(low, projections=[one]) for one in (projection((high,), None, 0.1, 0.2), projection((high,), cage))]
    options = {"maps": ("base_color", "normal"), "width_px": SIZE_PX, "height_px": SIZE_PX}
    bake_set = module("bake.render.baked_maps").bake_set
    here = [list(bake_set(one, module("bake.settings").BakeOptions(**options))) for one in given]
    before = state()
    there, told = in_background(given, **options)
    assert state() == before
    for item in (*here[1], *here[2], *there[1], *there[2]):
        item.provenance.pop("fingerprint")  # beside an override, that of linked ones differs
    for ours, theirs in zip(here, there, strict=True):
        for name in ("png", "tiles", "provenance"):
            assert [getattr(one, name) for one in theirs] == [getattr(one, name) for one in ours], name
        assert [one.misses and one.misses.count for one in theirs] == [one.misses and one.misses.count for one in ours]
    assert here[4][0].misses.count > 0
    assert np.allclose(there[4][0].misses.points, here[4][0].misses.points)
    # a former bake tells how long this one will take
    assert [message.split(" left, ")[-1] for message, _ in told[1:3]] == [
        "Baking First: base color",
        "Baking First: normal",
    ]
    assert [fraction for _, fraction in told] == sorted(fraction for _, fraction in told)
    out_of_square(objects[1])
    report, _ = in_background([make(objects[1])])
    assert report.level == "ERROR"
    assert "No face lies in the 0–1 square of the UV map; unwrap" in report.text
