"""Textures of the materials of glTF files as sources, and GLB files with new ones."""

import json
import shutil
from argparse import Namespace
from copy import deepcopy
from pathlib import Path

import glb_files
import numpy as np
import pytest
from cases import CASES, each_case
from cubes import cube

from impasto.cli.glb import GlbTarget
from impasto.errors import FileError
from impasto.io.files import read_maps, read_recipe, read_size, source_files, sources_in
from impasto.io.gltf import Gltf
from impasto.io.gltf_maps import maps_in
from impasto.io.gltf_out import Repaint, gltf_of
from impasto.io.meshes import mesh_in, read_mesh
from impasto.io.ply import ply_of
from impasto.plugins.registry import registry
from impasto.running.rerun import rerun
from impasto.texture import Maps

GREY, RED, ORM = glb_files.png(128, 128, 128), glb_files.png(200, 10, 10), glb_files.png(204, 102, 51)
KTX2 = {"extensions": {"KHR_texture_basisu": {"source": 0}}}
NORMAL = glb_files.png(178, 128, 245)
KEPT = ("asset", "scene", "scenes", "nodes", "meshes", "accessors", "samplers")


def encode(layout, texture) -> bytes:
    return registry().exporter("png").encode(layout, texture, {})


def rich(**more) -> dict:
    """A material with all that is read."""
    return deepcopy(CASES["rich-material"]) | more


PICTURES = [glb_files.png(128, 128, 128, 51), ORM, NORMAL, glb_files.png(200, 10, 10, side=4)]


def test_textures_and_factors_become_maps_of_one_size(tmp_path):
    (tmp_path / "a.glb").write_bytes(glb_files.asset([rich(alphaMode="BLEND")], PICTURES))
    (source,) = sources_in(tmp_path / "a.glb")
    assert source == tmp_path / "a.glb" / "Material" / "rich"
    assert read_size(source) == (8, 8)
    assert source_files(source) == [tmp_path / "a.glb"]
    maps = read_maps(source)
    last = {name: texture.pixels[-1, -1].tolist() for name, texture in maps.items()}
    assert maps.name == "a.glb/Material/rich"
    assert maps.notes == ("resized to 8x8: emission",)
    expected = {
        "base_color": [128 / 255] * 3,
        "opacity": [0.2],
        "roughness": [0.4],
        "metallic": [0.1],
        "ambient_occlusion": [0.9],
        "emission": [200 / 255, 10 / 255, 10 / 255],
    }
    for name, values in expected.items():
        np.testing.assert_allclose(last[name], values, atol=0.005, err_msg=name)
    x, y, z = (np.array(last["normal"]) * 2 - 1).tolist()
    assert x / z == pytest.approx(0.5 * (178 / 127.5 - 1) / (245 / 127.5 - 1), abs=0.01)
    assert abs(y) < 0.01
    assert "opacity" not in read_maps_of(rich(), PICTURES), "alpha does not count in an opaque material"
    beyond = glb_files.textured(1, metallicRoughnessTexture={"index": 1}, roughnessFactor=7)
    assert read_maps_of(beyond, PICTURES)["roughness"].pixels.max() == 1, "a factor beyond the range of glTF"
    dark = glb_files.textured(0, baseColorFactor=[0.2159, 0.2159, 0.2159, 1])
    assert read_maps_of(dark, [glb_files.png(255, 255, 255)])["base_color"].pixels.max() == pytest.approx(0.5, abs=0.01)


def read_maps_of(material: dict, pictures: list[bytes], **changes) -> Maps:
    return maps_in(Gltf.of(glb_files.asset([material], pictures, **changes), "a.glb"), 0)


def test_textures_with_another_uv_transform_are_left_out_with_a_note():
    material = rich()
    material["occlusionTexture"]["texCoord"] = 1
    maps = read_maps_of(material, PICTURES)
    assert "ambient_occlusion" not in maps
    assert any("occlusionTexture lies elsewhere" in note for note in maps.notes)


def repainted(materials: list[dict], pictures: list[bytes], names: dict[int, dict], **how) -> tuple[Gltf, Gltf]:
    """The file before, and after materials got maps of one value each."""
    before = Gltf.of(glb_files.asset(materials, pictures), "a.glb")
    repaint = Repaint(Gltf.of(glb_files.asset(materials, pictures), "a.glb"))
    for index, values in names.items():
        maps = maps_in(before, index).arrays() if "keep" in how.get("also", ()) else {}
        maps |= {name: np.full((8, 8, np.size(value)), value, np.float32) for name, value in values.items()}
        repaint.put(index, Maps.from_arrays(maps), encode, is_new=how.get("is_new", False))
    return before, Gltf.of(repaint.glb(), "a.glb")


def test_only_changed_textures_of_a_glb_are_replaced():
    before, after = repainted([rich()], PICTURES, {0: {"base_color": (0.2, 0.4, 0.6)}}, also=["keep"])
    for key in KEPT:
        assert after.json[key] == before.json[key], key
    for index in range(3):
        np.testing.assert_array_equal(after.accessor(index), before.accessor(index))
    old, new = (one.json["materials"][0] for one in (before, after))
    assert new["extensions"] == old["extensions"], "a texture that another slot shows stays what it was there"
    assert bytes(image_of(after, 0)) == bytes(image_of(before, 0))
    for path in (("normalTexture",), ("occlusionTexture",), ("emissiveTexture",)):
        assert new[path[0]] == old[path[0]]
    assert new["pbrMetallicRoughness"]["metallicFactor"] == 0.5
    found = maps_in(after, 0)
    np.testing.assert_allclose(found["base_color"].pixels[0, 0], (0.2, 0.4, 0.6), atol=0.003)
    np.testing.assert_array_equal(found["roughness"].pixels, maps_in(before, 0)["roughness"].pixels)


def image_of(gltf: Gltf, texture: int) -> memoryview:
    return gltf.view(gltf.json["images"][gltf.json["textures"][texture]["source"]]["bufferView"])


def test_unused_pictures_are_removed_from_a_glb():
    large = GREY + bytes(9000)
    materials = [glb_files.textured(0), glb_files.textured(1)]
    before, after = repainted(materials, [large, GREY], {0: {"base_color": (1, 1, 1)}})
    assert len(after.json["images"]) == len(after.json["textures"]) == 2
    assert len(after.binary) < len(before.binary) - 8000
    assert bytes(image_of(after, 1)) == GREY
    assert after.json["images"][0]["mimeType"] == "image/png"


def test_materials_that_share_a_texture_get_one_each():
    materials = [glb_files.textured(0), {**glb_files.textured(0), "name": "other"}]
    _, after = repainted(materials, [GREY], {0: {"base_color": (1, 0, 0)}, 1: {"base_color": (0, 0, 1)}})
    colors = [maps_in(after, index)["base_color"].pixels[0, 0].tolist() for index in (0, 1)]
    assert colors == [[1, 0, 0], [0, 0, 1]]
    assert len(after.json["images"]) == 2


def test_new_maps_get_slots_with_neutral_factors():
    values = {"base_color": (0.5, 0.5, 0.5), "roughness": 0.25, "ambient_occlusion": 0.75, "normal": (0.5, 0.5, 1.0)}
    values |= {"emission": (0, 1, 0), "transmission_weight": 0.5, "height": 0.5}
    materials = [glb_files.textured(0, metallicFactor=0.3, baseColorFactor=[0.1, 0.2, 0.3, 1])]
    materials[0]["pbrMetallicRoughness"]["baseColorTexture"]["texCoord"] = 1
    _, after = repainted(materials, [GREY], {0: values})
    material = after.json["materials"][0]
    factors = material["pbrMetallicRoughness"]
    assert material["occlusionTexture"]["index"] == factors["metallicRoughnessTexture"]["index"]
    assert material["normalTexture"]["texCoord"] == 1
    assert after.json["textures"][material["normalTexture"]["index"]]["sampler"] == 0
    assert factors["metallicFactor"] == 0.3
    assert "baseColorFactor" not in factors
    assert "KHR_materials_transmission" in after.json["extensionsUsed"]
    found = maps_in(after, 0)
    for name, value in {**values, "metallic": 0.3}.items():
        if name != "height":
            np.testing.assert_allclose(found[name].pixels[0, 0], value, atol=0.003, err_msg=name)


def test_a_new_texture_replaces_all_of_the_old_material():
    _, after = repainted([rich()], PICTURES, {0: {"base_color": (1, 1, 1), "roughness": 0.5}}, is_new=True)
    material = after.json["materials"][0]
    assert material.keys() == {"name", "pbrMetallicRoughness"}
    assert set(maps_in(after, 0)) == {"base_color", "roughness", "metallic"}
    assert maps_in(after, 0)["metallic"].pixels.max() == 0


def test_a_mesh_in_space_becomes_a_glb_of_the_same_mesh():
    repaint = Repaint(gltf_of(cube(), "cube"))
    index = repaint.add_material("cube")
    repaint.put(index, Maps.from_arrays({"base_color": np.ones((4, 4, 3))}), encode, is_new=True)
    found, mesh = mesh_in(Gltf.of(repaint.glb(), "a.glb"), index), cube()
    for name in ("positions", "uvs"):
        np.testing.assert_allclose(getattr(found, name), getattr(mesh, name), atol=1e-6)


def test_unnamed_and_equally_named_materials_are_distinguished(tmp_path):
    materials = [{**glb_files.textured(0), "name": name} for name in ("A", "a", "", "b//c/", "b/c", "/")]
    (tmp_path / "x.glb").write_bytes(glb_files.asset([*materials, {"name": "plain"}], [GREY]))
    paths = sources_in(tmp_path / "x.glb")
    names = [str(path.relative_to(tmp_path / "x.glb/Material")) for path in paths]
    assert names == ["A", "a 1", "Material 2", "b/c", "b/c 4", "Material 5"]
    assert [read_maps(path).name for path in paths] == [f"x.glb/Material/{one}" for one in names]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (glb_files.asset([{"name": "plain"}], []), "has no textures"),
        (glb_files.asset([{"extensions": {"KHR_materials_pbrSpecularGlossiness": {}}}], []), "specular and glossiness"),
        (glb_files.asset([glb_files.textured(0)], [b"no picture"]), "a.glb.*baseColorTexture"),
        (glb_files.asset([glb_files.textured(0)], [GREY], extensionsRequired=["KHR_texture_basisu"]), "KTX2"),
        (glb_files.asset([glb_files.textured(0)], [GREY], textures=[KTX2]), "KTX2"),
    ],
)
def test_unreadable_textures_are_reported_with_a_remedy(tmp_path, data, message):
    (tmp_path / "a.glb").write_bytes(data)
    with pytest.raises(FileError, match=message) as caught:
        read_maps(sources_in(tmp_path / "a.glb")[0])
    assert caught.value.remedy


@pytest.fixture
def files(misbehaving, tmp_path) -> Path:
    """A GLB of two textured materials, one as PLY with its picture, and a style."""
    materials = [glb_files.textured(0), glb_files.textured(1)]
    (tmp_path / "asset.glb").write_bytes(glb_files.asset(materials, [GREY, RED]))
    (tmp_path / "plane.ply").write_bytes(ply_of(read_mesh(tmp_path / "asset.glb" / "Material" / "M0")))
    (tmp_path / "grey.png").write_bytes(GREY)
    (tmp_path / "style.png").write_bytes(glb_files.png(0, 0, 255))
    return tmp_path


@pytest.mark.essential
def test_the_command_repaints_all_materials_of_a_glb_into_a_glb(impasto, files):
    arguments = ("stylize", "asset.glb", "--tool", "flat", "--style", "style.png", "--out", "painted.glb")
    done = impasto(*arguments, "--json", cwd=files)
    assert json.loads(done.stdout)["files"] == ["painted.glb"]
    before, after = (Gltf.at(files / name) for name in ("asset.glb", "painted.glb"))
    for key in KEPT:
        assert after.json[key] == before.json[key], key
    for index in (0, 1):
        old, painted = (maps_in(one, index)["base_color"].pixels for one in (before, after))
        assert np.abs(painted - old).max() > 0.1
    recipe = read_recipe(files / "painted.glb" / "Material" / "M1")
    assert recipe.inputs["source"]["name"] == recipe.inputs["mesh"]["name"] == "asset.glb/Material/M1"
    made = rerun(files / "painted.glb" / "Material" / "M1", files / "again", {"style": files / "style.png"})
    assert not [line for line in made.differences if "input" in line]
    assert np.abs(read_maps(made.paths[0])["base_color"].pixels - painted).max() < 0.003
    shutil.rmtree(files / "again")
    mesh, options = {"mesh": files / "asset.glb"}, Namespace(out=files / "a.glb", format="png", export=[], force=False)
    with pytest.raises(FileError, match="is no single source"):
        GlbTarget.of(options, {"cover": None}, mesh)  # before the work
    again = impasto(*arguments, cwd=files, code=FileError.exit_code)
    assert "is there already" in again.stderr
    assert {path.name for path in files.iterdir()} == {"asset.glb", "plane.ply", "grey.png", "style.png", "painted.glb"}


@pytest.mark.slow
@each_case("results-in-a-glb")
def test_results_become_textures_of_their_material(impasto, files, arguments, changed):
    impasto(*arguments, "--out", "out.glb", cwd=files)
    before, after = (Gltf.at(files / name) for name in ("asset.glb", "out.glb"))
    for index, is_changed in enumerate(changed):
        pair = [maps_in(one, index)["base_color"].pixels for one in (before, after)]
        assert (np.abs(pair[0] - pair[1]).max() > 0.1) == is_changed


@pytest.mark.slow
def test_a_ply_with_a_new_texture_becomes_a_glb(impasto, files):
    cover = ("generate", "cover-object", "--source", "grey.png", "--mesh", "plane.ply", "--size", 16)
    impasto(*cover, "--estimator", "none", "--out", "covered.glb", cwd=files)
    assert len(read_mesh(files / "covered.glb")) == 2
    assert maps_in(Gltf.at(files / "covered.glb"), 0).size_px == (16, 16)
