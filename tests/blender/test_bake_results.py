# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of a bake: images, files of any format, a material, one step of undo; the same from the background."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import bpy
import numpy as np
import pytest
from baking import ALL_MAPS, BYTE, COLOR, SIZE_PX, about, bake, in_background, module, pixels, srgb, state, stored
from blends import reopen, show_image, use_working_space
from conftest import cases, coordinates, packed_image, refused
from solids import cube
from strips import bumped, material, out_of_square, plane, principled, procedural
from test_bake_high import low_cube, painted_high
from test_bake_objects import overridden
from test_bake_sets import colored, three

pytestmark = pytest.mark.usefixtures("scene")


def test_results_survive_saving_and_know_where_they_come_from(tmp_path: Path) -> None:
    plane(material(base_color=(*COLOR, 1)))
    bake(maps={"base_color", "normal"}, margin_px=7)
    reopen(tmp_path / "baked.blend")
    color, normal = bpy.data.images["Strip_base_color"], bpy.data.images["Strip_normal"]
    assert color.packed_file
    assert normal.packed_file
    assert [color.colorspace_settings.name, normal.colorspace_settings.name] == ["sRGB", "Non-Color"]
    assert np.allclose(pixels("Strip_base_color")[..., :3], srgb(COLOR), atol=BYTE)
    made_of = {"object": "Strip", "uv_map": "UVMap", "materials": ["material"], "blender": bpy.app.version_string}
    sizes = {"width_px": SIZE_PX, "height_px": SIZE_PX, "margin_px": 7}
    assert (made_of | sizes).items() <= about("Strip_normal").items()


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


def test_files_are_overwritten_only_with_replace(tmp_path: Path) -> None:
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
    texture = show_image(made, packed_image("bricks.png", coordinates(8, 8)), "Base Color")
    show_image(made, packed_image("not joined.png", coordinates(8, 8)))
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
    refused(
        r"Strip_base_color was baked of 'Strip'; select that and press Bake Maps", "rerun", image="Strip_base_color"
    )


@pytest.mark.slow
@pytest.mark.any_blender
def test_a_bake_of_what_a_model_made_says_so(tmp_path: Path, extension) -> None:
    obj = plane(material())
    bpy.ops.impasto.run(tool="torus", parameters='{"model": "bricks"}', width_px=32, height_px=32, estimator="none")
    assert obj.active_material.name == "Red bricks"
    bake(maps={"roughness"}, out_dir=str(tmp_path))
    assert b"compositeWithTrainedAlgorithmicMedia" in (tmp_path / "Strip_roughness.png").read_bytes()
    assert list(extension.bridge.images.recipe_of(bpy.data.images["Strip_roughness"]).made_with["models"]) == ["bricks"]


def test_selected_objects_are_baked_and_unsuitable_ones_named(capsys) -> None:
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


def test_baking_a_baked_material_gives_the_same() -> None:
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
    monkeypatch.setattr(module("bake.operators"), "bake_set", None)
    plane(material(base_color=(1, 0, 0, 1)))
    assert bpy.ops.impasto.bake(maps={"base_color"}, width_px=16, height_px=16, samples=1) == {"FINISHED"}
    assert np.allclose(pixels("Strip_base_color")[..., :3], (1, 0, 0), atol=BYTE)


def painted(name: str) -> bpy.types.Material:
    """A material with pixels that were never saved."""
    made = material(name)
    image = bpy.data.images.new("painted", 16, 16)
    values = np.random.default_rng(0).random((16, 16, 4), dtype=np.float32)
    image.pixels.foreach_set(values.ravel())
    show_image(made, image, "Base Color")
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
    make, projection = module("bake.objects.sets").BakeSet.of, module("bake.objects.sets").HighToLow
    given = [make(*objects), make(override), make(linked), make(colored(), use_tiles=True)]
    given += [make(low, projections=[one]) for one in (projection((high,), None, 0.1, 0.2), projection((high,), cage))]
    options = {"maps": ("base_color", "normal"), "width_px": SIZE_PX, "height_px": SIZE_PX}
    bake_set = module("bake.render.baked_maps").bake_set
    here = [list(bake_set(one, module("bake.settings").BakeOptions(**options))) for one in given]
    before = state()
    there, told, _ = in_background(given, **options)
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
    messages = [message.split(" left, ")[-1] for message, _ in told[1:3]]
    assert messages == ["Baking First: base color", "Baking First: normal"]
    assert [fraction for _, fraction in told] == sorted(fraction for _, fraction in told)
    out_of_square(objects[1])
    report, *_ = in_background([make(objects[1])])
    assert report.level == "ERROR"
    assert "No face lies in the 0–1 square of the UV map; unwrap" in report.text


@pytest.mark.parametrize(("name", "suffix", "depth", "tolerance"), cases("bake_formats"))
def test_files_have_the_format_and_the_bits_that_were_chosen(
    tmp_path: Path, name: str, suffix: str, depth: int, tolerance: float
) -> None:
    made, expected = procedural("ShaderNodeTexNoise", "Color")
    plane(made)
    maps = {"base_color", "position"}
    bake(maps=maps, out_dir=str(tmp_path), file_format=name, margin_px=0)
    assert {path.name for path in tmp_path.iterdir()} == {f"Strip_{one}{suffix}" for one in maps}
    image = bpy.data.images.load(str(tmp_path / f"Strip_base_color{suffix}"))
    assert image.depth == depth  # Blender reads 16 bits and halves as floats
    if suffix == ".exr":
        head = (tmp_path / "Strip_position.exr").read_bytes()[:2000]
        assert (b"R\0\1\0\0\0" in head, b"R\0\2\0\0\0" in head) == (name == "EXR_HALF", name == "EXR_FLOAT")
    wanted = np.clip(expected, 0, 1) if suffix == ".exr" else srgb(np.clip(expected, 0, 1))
    color, position = (stored(tmp_path / f"Strip_{one}{suffix}")[..., :3] for one in ("base_color", "position"))
    assert np.abs(color - wanted).max() < tolerance + 2e-3  # the sample lies anywhere in its pixel
    assert np.abs(position - pixels("Strip_position")[..., :3]).max() <= tolerance + 1e-5
    assert bpy.data.images["Strip_base_color"].packed_file.data.startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["EXR_HALF", "EXR_FLOAT"])
@pytest.mark.parametrize("working_space", ["Linear Rec.709", "ACEScg"])
def test_colours_in_exr_are_linear_and_blender_reads_them_so(tmp_path: Path, name: str, working_space: str) -> None:
    use_working_space(working_space)
    color = (0.5, 0.3, 0.2)  # within Rec.709 in either space
    plane(material(base_color=(*color, 1)))
    bake(maps={"base_color"}, out_dir=str(tmp_path), file_format=name)
    image = bpy.data.images.load(str(tmp_path / "Strip_base_color.exr"))
    assert image.colorspace_settings.name == working_space
    assert np.allclose(pixels(image.name)[..., :3], color, atol=1e-3)


def test_names_follow_a_pattern_and_never_replace_others(tmp_path: Path) -> None:
    plane(material()).name = 'wall: "old"/north'
    for pattern in ("T_{map}_{object}", "T_{map}_{object}", "{map}", "{map}"):
        bake(maps={"roughness", "metallic"}, out_dir=str(tmp_path), pattern=pattern, file_format="TARGA")
    owner = "wall_ _old__north"
    expected = {f"T_{name}_{owner}{number}.tga" for name in ("roughness", "metallic") for number in ("", "_2")}
    expected |= {f"{name}{number}.tga" for name in ("roughness", "metallic") for number in ("", "_2")}
    assert {path.name for path in tmp_path.iterdir()} == expected
    (tmp_path / "maps").mkdir()
    bake(maps={"roughness"}, out_dir=str(tmp_path / "maps"), pattern="../{map}")
    assert len(list((tmp_path / "maps").iterdir())) == 1, "no pattern leaves the folder"


@pytest.mark.parametrize(("pattern", "said"), cases("patterns"))
def test_impossible_patterns_and_formats_are_refused_before_the_bake(tmp_path: Path, pattern: str, said: str) -> None:
    plane(material())
    refused(re.escape(said), bake, maps={"roughness"}, out_dir=str(tmp_path), pattern=pattern)
    said = "files for an engine cannot be written as Targa; choose PNG or OpenEXR"
    refused(said, bake, maps={"roughness"}, out_dir=str(tmp_path), preset="godot", file_format="TARGA")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_background_writes_other_formats_too(tmp_path: Path) -> None:
    one = module("bake.objects.sets").BakeSet.of(plane(material(roughness=0.25)))
    (maps,), *_ = in_background([one], maps=("roughness",), samples=1, file_format="EXR_FLOAT")
    (path,) = module("bake.results").save(maps, tmp_path)
    assert path.name == "Strip_roughness.exr"
    assert np.allclose(stored(path)[..., 0], 0.25, atol=1e-5)


@pytest.mark.slow
def test_files_for_an_engine_are_those_of_an_export(tmp_path: Path) -> None:
    plane(material(base_color=(0.5, 0.3, 0.2, 1), metallic=1.0))
    options = {"maps": {"base_color", "roughness", "metallic", "curvature"}, "width_px": 16, "height_px": 16}
    bake(**options, out_dir=str(tmp_path), preset="unreal")
    assert {path.name for path in tmp_path.iterdir()} == {"T_Strip_BC.png", "T_Strip_ORM.png"}
    packed = stored(tmp_path / "T_Strip_ORM.png")
    assert np.allclose(packed[..., :3], (1, 0.5, 1), atol=BYTE)
    assert np.allclose(stored(tmp_path / "T_Strip_BC.png")[..., :3], srgb((0.5, 0.3, 0.2)), atol=BYTE)
    assert "Strip_curvature" in bpy.data.images
    bake(**options, out_dir=str(tmp_path), preset="unreal")
    assert "T_Strip_2_ORM.png" in {path.name for path in tmp_path.iterdir()}


@pytest.mark.slow
def test_heights_and_normals_for_an_engine_have_16_bits(tmp_path: Path) -> None:
    made, _ = procedural("ShaderNodeTexNoise", "Color")
    bumped(made, made.node_tree.nodes["Noise Texture"].outputs[0])
    plane(made)
    bake(maps={"base_color", "normal", "height"}, out_dir=str(tmp_path), preset="unreal")
    levels = {path.stem: len(np.unique(stored(path)[..., 0])) for path in tmp_path.iterdir()}
    assert levels["T_Strip_H"] > 1000
    assert levels["T_Strip_N"] > 256
    assert levels["T_Strip_BC"] <= 256
