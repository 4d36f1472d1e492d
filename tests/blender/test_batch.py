"""Batches from Blender: which materials, from which file, what becomes of them, and what is said of failures."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import bpy
import numpy as np
import pytest
from blends import from_library, listed_library, new_material, show_image
from conftest import cases, packed_image, pixels_of, refused
from drawing import drawn
from styling import wait_until

PROGRAM = Path(__file__).resolve().parents[1] / "blender_program.py"
CATALOG, WITHIN, OTHER = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "123")
CATALOGS = f"""# This is an Asset Catalog Definition file for Blender.

VERSION 1

{CATALOG}:Stone:Stone
{WITHIN}:Stone/Brick:Stone-Brick
{OTHER}:Wood:Wood
"""


@pytest.fixture(scope="session")
def blender(tmp_path_factory) -> Path:
    """A program that is this Blender with the extension, as the engine starts it."""
    program = tmp_path_factory.mktemp("program") / "blender"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I "{PROGRAM}" "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


@pytest.fixture
def batch(extension, plane, blender, tmp_path, monkeypatch):
    """A function that runs a batch in `tmp_path/out` by the quickest tool, and gives its report."""
    monkeypatch.setenv("IMPASTO_BLENDER", str(blender))

    def run(**given):
        given = {"tool": "flat", "out_dir": str(tmp_path / "out"), "workers": 1, **given}
        if given["tool"] == "flat":
            given.setdefault("inputs", json.dumps({"style": "red.png"}))
        bpy.ops.impasto.batch(**given)
        return extension.jobs.session.jobs.outcome

    return run


def textured(name: str, color=(40, 80, 120), size_px: int = 16) -> bpy.types.Material:
    """A material of one colour in an image, on a new object that is selected beside the others."""
    material = new_material(name)
    show_image(material, packed_image(f"{name}.png", np.full((size_px, size_px, 3), color, np.uint8)), "Base Color")
    mesh = bpy.data.meshes.new(name)
    mesh.materials.append(material)
    item = bpy.data.objects.new(name, mesh)
    bpy.context.collection.objects.link(item)
    item.select_set(True)
    return material


def files_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def rows(tmp_path: Path) -> list[dict]:
    text = (tmp_path / "out" / "from_blender" / "table.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def names_in(extension, what, library="", catalog="", folder=Path("/nowhere")) -> list[str]:
    return [one.name for one in extension.batch.chosen.choose(bpy.context, what, library, catalog, folder)]


def mark(material: bpy.types.Material, catalog: str = "") -> bpy.types.Material:
    material.asset_mark()
    if catalog:
        material.asset_data.catalog_id = catalog
    return material


@pytest.fixture
def library(scene, tmp_path):
    """A folder that the preferences list as Walls, with its catalogues and three assets in two files."""
    folder = tmp_path / "walls"
    (folder / "old").mkdir(parents=True)
    (folder / "blender_assets.cats.txt").write_text(CATALOGS)
    for file, assets in {"new": {"Bricks": WITHIN, "Oak": OTHER}, "old/old": {"Granite": CATALOG, "Plain": ""}}.items():
        bpy.ops.wm.read_homefile(use_empty=True)
        for name, catalog in assets.items():
            mark(textured(name), catalog)
        textured("no asset")
        bpy.ops.wm.save_as_mainfile(filepath=str(folder / f"{file}.blend"))
    bpy.ops.wm.read_homefile(use_empty=True)
    with listed_library(folder, "Walls"):
        yield folder


@pytest.mark.slow
@pytest.mark.any_blender
def test_selected_materials_become_files_and_only_new_or_failed_ones_run_again(batch, style, tmp_path):
    bricks, out = textured("Bricks"), tmp_path / "out"
    textured("Metal/Steel")
    assert batch().text == "2 made, 0 done before, 0 failed"
    assert {"Bricks_base_color.png", "Metal_Steel_base_color.png", "contact_sheet.png"} <= files_in(out)
    made = pixels_of(bpy.data.images.load(str(out / "Bricks_base_color.png")))
    assert np.allclose(made.mean((0, 1))[:3], np.array((200, 40, 20)) / 255, atol=0.02)
    assert [row["source"].rpartition("/Material/")[2] for row in rows(tmp_path)] == ["Bricks", "Metal/Steel"]
    assert batch().text == "0 made, 2 done before, 0 failed"

    bricks.node_tree.nodes["Principled BSDF"].inputs["Roughness"].default_value = 0.125
    (out / "Bricks_base_color.png").write_bytes(b"the user's own")
    report = batch()
    assert (report.level, report.text) == ("WARNING", "1 made, 0 done before, 1 failed")
    assert "ove it away to keep it" in " ".join(drawn(bpy.types.IMPASTO_PT_batch).labels())
    (out / "Bricks_base_color.png").unlink()
    bpy.ops.impasto.batch_retry(out_dir=str(out))
    assert not (out / "failures.jsonl").exists()
    assert (out / "Bricks_base_color.png").read_bytes().startswith(b"\x89PNG")


def tiled(extension, name: str) -> bpy.types.Material:
    """A material of one colour, as `textured`, in an image of two tiles."""
    material, encode = textured(name), extension.bridge.encode.encode_map
    colors = {1001: (200, 40, 20), 1012: (20, 40, 200)}
    files = {number: encode(np.full((16, 16, 3), color, np.uint8)) for number, color in colors.items()}
    node = next(node for node in material.node_tree.nodes if node.type == "TEX_IMAGE")
    node.image = extension.bridge.tiles.add(name, "base_color", files, None)
    return material


@pytest.mark.slow
def test_a_material_with_tiles_becomes_one_with_tiles(extension, batch, tmp_path):
    tiled(extension, "Wall")
    given = {"tool": "sharpen", "result": "MATERIALS"}
    assert batch(**given).text == "1 made, 0 done before, 0 failed; new materials: 1"
    names = {f"Wall_base_color.{number}.png" for number in (1001, 1012)}
    assert names <= files_in(tmp_path / "out")
    (material,) = (bpy.data.materials[name] for name in extension.jobs.session.jobs.outcome.materials)
    assert {image.source for image in extension.bake.fingerprints.images_in(material.node_tree)} == {"TILED"}
    image = extension.bridge.surfaces.base_color_of(material)
    arrays = extension.bridge.tiles.read(image).to_pixels().arrays
    assert [array.mean((0, 1)).round().tolist() for array in arrays.values()] == [[200, 40, 20], [20, 40, 200]]
    assert extension.bridge.images.recipe_of(image).steps[0].tool == "sharpen"
    before = set(bpy.data.images)
    assert batch(**given).text.startswith("0 made, 1 done before, 0 failed")
    assert set(bpy.data.images) == before, "the same files are the same images"


@pytest.mark.slow
@pytest.mark.any_blender
def test_assets_become_assets_of_the_same_catalogue_once(extension, batch, style, tmp_path):
    (tmp_path / "blender_assets.cats.txt").write_text(CATALOGS)
    mark(textured("Bricks"), WITHIN)
    mark(textured("Oak"), OTHER)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    given, size = {"what": "CATALOG", "catalog": "Stone", "result": "MATERIALS"}, '{"width_px": 64, "height_px": 32}'
    bpy.context.scene.impasto_batch.out_dir = str(tmp_path / "out")
    bpy.ops.impasto.batch_list(tool="quilt", parameters=size, what="CATALOG", catalog="Stone")
    assert extension.jobs.session.jobs.outcome.text == "1 to make, 0 done before"
    assert {"Bricks", "64×32"} <= set(drawn(bpy.types.IMPASTO_PT_batch).labels())
    report = batch(**given)
    assert report.text == "1 made, 0 done before, 0 failed; new materials: 1"
    (name,) = report.materials
    made = bpy.data.materials[name]
    assert made.asset_data.catalog_id == WITHIN
    assert made.node_tree.nodes["Impasto Base Color"].image.filepath.endswith("Bricks_base_color.png")
    assert json.loads(made["impasto_recipe"])["steps"][0]["tool"] == "flat"
    assert batch(**given).text == "0 made, 1 done before, 0 failed", "its images are read again, and that is all"


@pytest.mark.slow
@pytest.mark.any_blender
def test_a_cancelled_batch_keeps_what_is_done_though_the_objects_are_gone(extension, batch, style, tmp_path):
    for name in ("A", "B", "C"):
        textured(name)
    request, out = extension.batch.request, tmp_path / "out"
    flat = extension.tools.request.Request("flat", {"seconds": 1.5}, inputs={"style": [style]})
    applied = extension.batch.chosen.AppliedRecipe.of_request(flat)
    task = request.BatchRequest(applied, request.BatchOutput(str(out), workers=1)).task(bpy.context)
    bpy.data.batch_remove([*bpy.data.objects, *bpy.data.materials])
    task.start()
    wait_until(lambda: (out / "batch.jsonl").exists() and '"files"' in (out / "batch.jsonl").read_text())
    task.cancel()
    assert task.wait(15)
    report = task.conclude()
    assert report.level == "CANCELLED"
    assert "1 of 3 are done" in report.text
    assert {path.name.partition("_")[0] for path in out.glob("*.png")} == {"A"}
    assert not list(out.glob(".impasto*"))


def test_materials_are_written_again_only_once_one_has_changed(extension, plane, tmp_path):
    material, file = textured("Bricks"), tmp_path / "materials.blend"
    bpy.data.materials.new("unused")
    assert names_in(extension, "FILE", folder=tmp_path) == ["Bricks"]
    names_in(extension, "SELECTED", folder=tmp_path)
    before = file.stat().st_mtime_ns
    names_in(extension, "SELECTED", folder=tmp_path)
    material.node_tree.nodes["Principled BSDF"].location.x += 50
    names_in(extension, "SELECTED", folder=tmp_path)
    assert file.stat().st_mtime_ns == before
    for change in (
        lambda: material.node_tree.nodes["Principled BSDF"].inputs["Roughness"].__setattr__("default_value", 0.1),
        lambda: material.node_tree.nodes.new("ShaderNodeValToRGB"),
        lambda: material.node_tree.nodes["Color Ramp"].color_ramp.elements[0].__setattr__("position", 0.3),
        lambda: material.node_tree.links.clear(),
        lambda: bpy.context.scene.impasto_bake.__setattr__("width_px", 64),
        lambda: bpy.data.images["Bricks.png"].user_remap(packed_image("other", np.zeros((8, 8, 3), np.uint8))),
    ):
        change()
        names_in(extension, "SELECTED", folder=tmp_path)
        now = file.stat().st_mtime_ns
        assert now > before
        before = now


@pytest.mark.any_blender
def test_a_library_gives_the_assets_of_a_catalogue_and_of_those_in_it_from_all_its_files(extension, library, scene):
    before = len(bpy.data.materials), len(bpy.data.libraries)
    assert names_in(extension, "CATALOG", "Walls", "Stone") == ["Bricks", "Granite"]
    assert names_in(extension, "CATALOG", "Walls", "/Stone/Brick/") == ["Bricks"]
    assert names_in(extension, "CATALOG", "Walls") == ["Bricks", "Oak", "Granite", "Plain"]
    assert (len(bpy.data.materials), len(bpy.data.libraries)) == before
    assert extension.assets.catalogs.search_catalogs(bpy.context.scene.impasto_batch, bpy.context, "") == []
    bpy.context.scene.impasto_batch.library = "Walls"
    found = extension.assets.catalogs.search_catalogs(bpy.context.scene.impasto_batch, bpy.context, "st")
    assert found == ["Stone", "Stone/Brick"]


def test_missing_catalogues_are_named_with_the_existing_ones(batch, library, style):
    for given, message in (
        ({"library": "Walls", "catalog": "Metal"}, "no catalogue called 'Metal' in Walls; choose from Stone"),
        ({"library": "Nowhere"}, "no asset library called 'Nowhere'"),
        ({"catalog": "Stone"}, "no catalogue called 'Stone' in the open file"),
        ({"library": "Walls", "catalog": "Wood", "pattern": "{nam}"}, "did you mean 'name'"),
    ):
        refused(message, batch, what="CATALOG", tool="tint", **given)


def test_a_linked_material_is_read_from_its_own_file(extension, library, tmp_path):
    from_library(library / "new.blend", objects="Bricks")
    textured("own")
    chosen = extension.batch.chosen.choose(bpy.context, "SELECTED", "", "", tmp_path)
    assert {one.source for one in chosen} == {
        f"{library.as_posix()}/new.blend/Material/Bricks",
        f"{tmp_path.as_posix()}/materials.blend/Material/own",
    }
    assert {one.catalog for one in chosen} == {None}
    (library / "new.blend").unlink()
    with pytest.raises(extension.core.errors.FileError, match=r"linked from .*, which is not there"):
        extension.batch.chosen.choose(bpy.context, "SELECTED", "", "", tmp_path)


def test_an_object_without_materials_and_an_image_with_unsaved_pixels_are_refused(batch, style, plane, tmp_path):
    refused("the selected objects have no materials; select", batch)
    assert "Select objects with materials" in " ".join(drawn(bpy.types.IMPASTO_PT_batch).labels())
    node = next(node for node in textured("Bricks").node_tree.nodes if node.type == "TEX_IMAGE")
    node.image.pixels[0] = 0.5
    refused(r"not saved: Bricks\.png; save or pack them", batch)
    assert not (tmp_path / "out" / "from_blender" / "table.jsonl").exists()


@pytest.mark.slow
@pytest.mark.any_blender
@pytest.mark.parametrize(("given", "message"), cases("batch"))
def test_missing_settings_of_a_batch_are_named(batch, style, given, message):
    textured("Bricks")
    refused(message, batch, **given)


def test_materials_of_one_name_get_names_of_their_own(extension, plane, style, tmp_path):
    for name in ("Bricks", "bricks", "a:b", "a?b"):
        textured(name)
    request = extension.batch.request
    applied = extension.batch.chosen.AppliedRecipe.of_request(extension.tools.request.Request("tint"))
    output = request.BatchOutput(str(tmp_path / "out"))
    request.BatchRequest(applied, output, pattern="{tool}_{name}")._write(bpy.context)
    assert [row["name"] for row in rows(tmp_path)] == ["tint_Bricks", "tint_bricks_2", "tint_a_b", "tint_a_b_2"]
    assert {row["recipe"] for row in rows(tmp_path)} == {"tint.json"}


def test_a_recipe_of_a_file_or_an_image_brings_its_other_pictures(extension, scene, style, tmp_path):
    recipes = extension.batch.chosen
    step = {"tool": "flat", "parameters": {"strength": 0.5}, "inputs": {"style": "style"}}
    names = {"style": "red.png", "source": "b.png"}
    inputs = {name: {"name": file, "sha256": "0" * 64} for name, file in names.items()}
    of_flat = extension.tools.request.Request("flat", seed=3).recipe().to_dict()
    recipe = {**of_flat, "steps": [step], "inputs": inputs}
    (tmp_path / "night.json").write_text(json.dumps(recipe))
    applied = recipes.AppliedRecipe.of_file(tmp_path / "night.json")
    assert applied.write(tmp_path / "out") == ("night.json", {"style": "style/red.png"})
    written = json.loads((tmp_path / "out" / "night.json").read_text())
    assert (written["seed"], written["steps"][0]["parameters"]) == (3, {"strength": 0.5})
    assert (tmp_path / "out" / "style" / "red.png").read_bytes() == style.packed_file.data

    style.name = "another"
    with pytest.raises(extension.core.errors.FileError, match=r"the input red\.png is neither"):
        recipes.AppliedRecipe.of_file(tmp_path / "night.json")
    (tmp_path / "red.png").write_bytes(style.packed_file.data)
    _, files = recipes.AppliedRecipe.of_file(tmp_path / "night.json").write(tmp_path / "out")
    assert files == {"style": (tmp_path / "red.png").as_posix()}


def test_the_contact_sheet_is_opened_as_an_image(extension, scene, style, tmp_path):
    refused("run the batch first", "batch_sheet", out_dir=str(tmp_path))
    (tmp_path / "contact_sheet.png").write_bytes(style.packed_file.data)
    for _ in range(2):
        bpy.ops.impasto.batch_sheet(out_dir=str(tmp_path))
    assert [image.name for image in bpy.data.images if "contact" in image.name] == ["contact_sheet.png"]


@pytest.mark.essential
def test_a_material_is_exported_as_its_engine_expects(extension, plane, tmp_path):
    material = textured("brick", (40, 80, 120))
    bpy.context.view_layer.objects.active = bpy.data.objects["brick"]
    material.node_tree.nodes["Principled BSDF"].inputs["Metallic"].default_value = 1.0
    bpy.ops.impasto.export(preset="unreal", out_dir=str(tmp_path))
    made = extension.jobs.session.jobs.outcome
    assert {path.name for path in tmp_path.iterdir()} == {"T_brick_BC.png", "T_brick_ORM.png"}
    assert sorted(made.files) == sorted(map(str, tmp_path.iterdir()))
    image = bpy.data.images.load(str(tmp_path / "T_brick_ORM.png"))
    image.colorspace_settings.name = "Non-Color"
    occlusion, roughness, metallic = np.array(image.pixels[:]).reshape(-1, 4)[0, :3]
    assert (occlusion, metallic) == (1, 1)
    assert roughness == pytest.approx(0.5, abs=0.01)
    settings = bpy.context.scene.impasto_export
    settings.preset, settings.pictures, settings.out_dir = "custom", "smooth=1-roughness", str(tmp_path / "own")
    bpy.ops.impasto.export(material="brick")
    assert [path.name for path in (tmp_path / "own").iterdir()] == ["brick_smooth.png"]
    panel = drawn(bpy.types.IMPASTO_PT_export_view_3d)
    assert {"preset", "pictures", "out_dir", "format"} <= set(panel.props())
    assert panel.operators("impasto.export")


@pytest.mark.slow
def test_opacity_becomes_the_alpha_of_what_is_exported(extension, plane, tmp_path):
    material = textured("leaf")
    nodes, links = material.node_tree.nodes, material.node_tree.links
    opacity = packed_image("leaf_opacity.png", np.full((16, 16, 3), 51, np.uint8))
    opacity.colorspace_settings.name = "Non-Color"
    show_image(material, opacity, "Alpha")
    color = nodes["Principled BSDF"].inputs["Base Color"].links[0].from_node
    mapping, coordinates = nodes.new("ShaderNodeMapping"), nodes.new("ShaderNodeTexCoord")
    mapping.inputs["Scale"].default_value, mapping.inputs["Rotation"].default_value = (2, 3, 1), (0, 0, 0.5)
    mapping.inputs["Location"].default_value = (0.25, 0.5, 0)
    links.new(coordinates.outputs["UV"], mapping.inputs["Vector"])
    links.new(mapping.outputs["Vector"], color.inputs["Vector"])
    bpy.ops.impasto.export(material="leaf", preset="gltf", out_dir=str(tmp_path))
    (written,) = json.loads((tmp_path / "leaf.gltf").read_text())["materials"]
    transform = written["pbrMetallicRoughness"]["baseColorTexture"]["extensions"]["KHR_texture_transform"]
    plane.active_material = material
    bpy.ops.export_scene.gltf(filepath=str(tmp_path / "blenders.gltf"), export_format="GLTF_SEPARATE")
    (by_blender,) = json.loads((tmp_path / "blenders.gltf").read_text())["materials"]
    expected = by_blender["pbrMetallicRoughness"]["baseColorTexture"]["extensions"]["KHR_texture_transform"]
    for key, value in expected.items():
        assert transform[key] == pytest.approx(value, abs=1e-5), key
    assert written["alphaMode"] == "BLEND"
    image = bpy.data.images.load(str(tmp_path / "leaf_baseColor.png"))
    assert np.array(image.pixels[:]).reshape(-1, 4)[0, 3] == pytest.approx(0.2, abs=0.005)
    refused("do not become materials", "batch", tool="tint", out_dir=str(tmp_path), export="godot", result="MATERIALS")


@pytest.mark.slow
def test_a_wrong_export_says_why(extension, plane, tmp_path):
    textured("wall")
    refused("no folder for the files is given", "export", material="wall")
    given = {"material": "wall", "out_dir": str(tmp_path), "preset": "custom"}
    refused("no pictures are given", "export", **given)
    refused("no map called 'roughnes'", "export", **given, pictures="orm=roughnes")
