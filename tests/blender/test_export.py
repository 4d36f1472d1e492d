"""Materials and objects of a .blend as the engine and exports get them: as their images, or baked on an object."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np
import pytest
from baking import BYTE, srgb, stored
from blends import from_library, show_image
from conftest import coordinates, packed_image, png, refused
from strips import geometry_group, in_group, material, plane, principled, slanted

COLOR = (0.8, 0.3, 0.2)
SIZE_PX = 32


@pytest.fixture
def read(extension, scene, tmp_path):
    """Function that reads the material P as an export does; returns the notes and the base colour, row 0 at the top."""
    settings = scene.impasto_bake
    settings.width_px = settings.height_px = SIZE_PX
    settings.samples, settings.maps = 1, {"base_color"}
    bpy.data.objects.remove(bpy.context.object)

    def run() -> tuple[str, np.ndarray]:
        extension.jobs.session.jobs.close()
        (made,) = extension.export._maps(bpy.data.materials["P"], None)(None)
        (tmp_path / "P.png").write_bytes(made.png)
        return "; ".join(made.notes), stored_rgb(tmp_path / "P.png")

    return run


@pytest.fixture
def export(extension, read, tmp_path):
    """Function that exports the material P by the engine; returns its notes and the base colour, row 0 at the top."""

    def run(**given: str) -> tuple[str, np.ndarray]:
        extension.jobs.session.jobs.close()
        bpy.ops.impasto.export(material="P", preset="unreal", out_dir=str(tmp_path), replace=True, **given)
        report = extension.jobs.session.jobs.outcome
        assert (report.level == "WARNING") == (";" in report.text), report
        return report.text.partition("; ")[2], stored_rgb(tmp_path / "T_P_BC.png")

    return run


def reading(kind: str, output: str | int, **settings: object) -> bpy.types.Material:
    """The material P whose base colour is an output of a node."""
    made = material("P")
    node = made.node_tree.nodes.new(kind)
    for name, value in settings.items():
        setattr(node, name, value)
    made.node_tree.links.new(node.outputs[output], principled(made).inputs["Base Color"])
    return made


def painted(obj: bpy.types.Object, name: str = "Col") -> bpy.types.Object:
    layer = obj.data.color_attributes.new(name, "FLOAT_COLOR", "POINT")
    for one in layer.data:
        one.color = (*COLOR, 1)
    return obj


def with_property(obj: bpy.types.Object) -> bpy.types.Object:
    obj["tint"] = COLOR
    return obj


def colored(obj: bpy.types.Object) -> bpy.types.Object:
    obj.color = (*COLOR, 1)
    return obj


def through_modifier(obj: bpy.types.Object) -> bpy.types.Object:
    """An attribute that geometry nodes store."""
    tree, store = geometry_group("GeometryNodeStoreNamedAttribute")
    store.data_type, store.inputs["Name"].default_value = "FLOAT_COLOR", "made"
    next(one for one in store.inputs if one.name == "Value" and one.enabled).default_value = (*COLOR, 1)
    obj.modifiers.new("Store", "NODES").node_group = tree
    return obj


ATTRIBUTE = "ShaderNodeAttribute"
CASES: dict[str, tuple[tuple, dict, Callable]] = {
    "color attribute": (("ShaderNodeVertexColor", 0), {"layer_name": "Col"}, painted),
    "active color": (("ShaderNodeVertexColor", 0), {}, painted),
    "attribute": ((ATTRIBUTE, "Color"), {"attribute_name": "Col"}, painted),
    "property": ((ATTRIBUTE, "Color"), {"attribute_name": "tint", "attribute_type": "OBJECT"}, with_property),
    "instancer": ((ATTRIBUTE, "Color"), {"attribute_name": "tint", "attribute_type": "INSTANCER"}, with_property),
    "path": ((ATTRIBUTE, "Color"), {"attribute_name": "color", "attribute_type": "OBJECT"}, colored),
    "object info": (("ShaderNodeObjectInfo", "Color"), {}, colored),
    "modifier": ((ATTRIBUTE, "Color"), {"attribute_name": "made"}, through_modifier),
}


@pytest.mark.parametrize("name", CASES)
def test_materials_are_exported_with_data_of_the_active_object(read, name):
    (kind, output), settings, prepare = CASES[name]
    prepare(plane(reading(kind, output, **settings)))
    said, pixels = read()
    assert not said
    assert np.allclose(pixels, srgb(COLOR), atol=BYTE)


def test_exports_use_the_objects_shape_and_place(read):
    made = reading("ShaderNodeNewGeometry", "Position")
    obj = plane(made)
    obj.location = (0.25, 0.5, 0.125)
    obj.scale = (0.5, 0.5, 1)
    _, pixels = read()
    rows, columns = 1 - (np.arange(SIZE_PX) + 0.5) / SIZE_PX, (np.arange(SIZE_PX) + 0.5) / SIZE_PX
    u, v = np.meshgrid(columns, rows)
    expected = np.stack([0.25 + u / 2, 0.5 + v / 2, np.full_like(u, 0.125)], axis=2)
    assert np.allclose(pixels, srgb(expected), atol=2 * BYTE)


def test_only_faces_of_the_material_are_baked_and_no_other_slot_counts(read):
    made = reading("ShaderNodeVertexColor", 0, layer_name="Col")
    share = slanted(material("other", base_color=(0, 0, 1, 1)), made)
    obj = painted(bpy.context.object)
    obj.data.materials.append(None)
    obj.material_slots[1].link = "OBJECT"  # while the mesh has another there
    obj.material_slots[1].material, obj.data.materials[1] = made, material("of the mesh")
    for loop in range(4):  # the other material's UVs lie on those of P
        obj.data.uv_layers[0].data[loop].uv = obj.data.uv_layers[0].data[loop + 4].uv
    _, pixels = read()
    assert share.any()
    assert np.allclose(pixels, srgb(COLOR), atol=BYTE)


def mapped(name: str) -> bpy.types.Material:
    """P shows an even ramp of a UV map in red and green."""
    return reading("ShaderNodeUVMap", 0, uv_map=name)


def stored_rgb(path: Path) -> np.ndarray:
    return stored(path)[::-1, :, :3]


def ramp() -> np.ndarray:
    values = (np.arange(SIZE_PX) + 0.5) / SIZE_PX
    u, v = np.meshgrid(values, values[::-1])
    return np.stack([u, v, 0 * u], axis=2)


@pytest.mark.parametrize("rendered", ["UVMap", "Second"])
def test_uv_maps_are_those_of_the_object_whichever_is_rendered(read, rendered):
    """The second map is the first one, turned by half a turn."""
    obj = plane(mapped("Second"))
    layers = obj.data.uv_layers
    layers.new(name="Second")
    for one in layers["Second"].data:
        one.uv = 1 - one.uv[0], 1 - one.uv[1]
    layers[rendered].active_render = True
    said, pixels = read()
    expected = ramp() if rendered == "Second" else ramp()[::-1, ::-1]
    assert not said
    assert np.allclose(pixels, srgb(expected), atol=2 * BYTE)


@pytest.mark.parametrize("repeats", [1, 3])
def test_a_material_of_one_uv_map_stays_whole_where_the_object_repeats_it(read, repeats):
    obj = plane(mapped("Mine"))
    obj.data.uv_layers[0].name = "Mine"
    for one in obj.data.uv_layers[0].data:
        one.uv = one.uv[0] * repeats, one.uv[1] * repeats
    said, pixels = read()
    assert not said
    assert np.allclose(pixels, srgb(ramp()), atol=2 * BYTE)


def test_without_an_object_the_nodes_are_named(read):
    reading("ShaderNodeVertexColor", 0, layer_name="Col").use_fake_user = True
    said, _ = read()
    assert said.startswith("P was baked on a plane, though it depends on an object by Color Attribute")
    assert "select one" in said


def test_a_chosen_or_the_only_object_is_taken_before_a_plane(export, read):
    made = reading("ShaderNodeObjectInfo", "Color")
    first, second = colored(plane(made)), plane(made)
    first.name, second.name = "first", "second"
    second.color = (0, 0, 1, 1)
    assert np.allclose(export(object="first")[1], srgb(COLOR), atol=BYTE)
    assert np.allclose(read()[1], srgb((0, 0, 1)), atol=BYTE), "the active one"
    plane(material("other"))
    second.data.materials.clear()
    first.select_set(False)
    said, pixels = read()
    assert "baked on first" in said
    assert np.allclose(pixels, srgb(COLOR), atol=BYTE)
    refused("second has no material", export, object="second")
    refused("no object called 'third'", export, object="third")


REFUSED = {
    "lacks": lambda obj: obj.data.color_attributes.remove(obj.data.color_attributes["Col"]),
    "has no UV map": lambda obj: obj.data.uv_layers.remove(obj.data.uv_layers[0]),
}


@pytest.mark.parametrize("said", REFUSED)
def test_objects_without_the_needed_data_are_named(read, said):
    obj = painted(plane(reading("ShaderNodeVertexColor", 0, layer_name="Col")))
    REFUSED[said](obj)
    found, _ = read()
    assert said in found
    assert "Color Attribute" in found
    assert "Strip" in found


def test_nodes_that_the_surface_does_not_use_change_nothing(read):
    made = material("P", base_color=(*COLOR, 1))
    nodes = made.node_tree.nodes
    nodes.new("ShaderNodeVertexColor").layer_name = "Col"
    made.use_fake_user = True
    said, pixels = read()
    assert not said
    assert np.allclose(pixels, srgb(COLOR), atol=BYTE)


def test_attributes_in_a_group_are_found_too(read):
    made = material("P")
    in_group(made, "ShaderNodeVertexColor", "Base Color").layer_name = "Col"
    painted(plane(made))
    said, pixels = read()
    assert not said
    assert np.allclose(pixels, srgb(COLOR), atol=BYTE)


def test_a_missing_file_is_named_and_nothing_is_written(export, read, tmp_path: Path):
    made = reading("ShaderNodeTexImage", 0)
    node = made.node_tree.nodes["Image Texture"]
    invert = made.node_tree.nodes.new("ShaderNodeInvert")
    made.node_tree.links.new(node.outputs[0], invert.inputs["Color"])
    made.node_tree.links.new(invert.outputs[0], principled(made).inputs["Base Color"])
    (tmp_path / "wall.png").write_bytes(png(np.zeros((4, 4, 3), np.uint8)))
    node.image = bpy.data.images.load(str(tmp_path / "wall.png"))
    plane(made)
    (tmp_path / "wall.png").unlink()
    refused(r"image wall\.png of P lacks its file .*wall\.png; find it", export)
    refused(r"lacks its file", "bake", maps={"roughness"}, width_px=8, height_px=8)
    bpy.ops.impasto.bake(maps={"island_id"}, width_px=8, height_px=8)
    assert not list(tmp_path.iterdir())
    node.image = packed_image("packed", np.zeros((4, 4, 3), np.uint8))
    assert np.allclose(read()[1], 1)
    node.image = bpy.data.images.new("never saved", 4, 4, tiled=True)
    if bpy.app.version < (4, 5):
        refused("lacks its file", export)
    else:
        assert np.allclose(read()[1], 1), "black tiles that are in no file"


def test_a_batch_bakes_each_material_on_its_object(export, extension, tmp_path: Path, capsys):
    """The engine reads the written .blend by `impasto bake`; materials that need no object have none there."""
    first, second = painted(plane(reading("ShaderNodeVertexColor", 0, layer_name="Col"))), plane(material("other"))
    first.select_set(True)
    for _ in range(2):
        chosen = extension.batch.chosen.choose(bpy.context, "SELECTED", "", "", tmp_path)
        written = (tmp_path / "materials.blend").stat().st_mtime_ns
        assert len(chosen) == 2
    name = first.name
    assert list(bpy.data.objects.keys()) == [name, second.name]
    first.data.color_attributes["Col"].data[0].color = (0, 0, 1, 1)
    extension.batch.chosen.choose(bpy.context, "SELECTED", "", "", tmp_path)
    assert (tmp_path / "materials.blend").stat().st_mtime_ns > written, "the object has changed"
    out = tmp_path / "out"
    assert extension.command_line.run(["bake", str(tmp_path / "materials.blend/Material/P"), "--out", str(out)]) == 0
    assert list(bpy.data.objects.keys()) == [name]
    assert np.allclose(stored(out / "P_base_color.png")[-1, -1, :3], srgb(COLOR), atol=0.05)
    assert "plane" not in capsys.readouterr().err


@pytest.mark.slow
def test_beside_a_worker_another_blender_bakes_object_or_plane(export, extension, monkeypatch):
    """Cycles would be called beside the worker's threads otherwise."""
    jobs = extension.jobs.session.jobs
    obj = painted(plane(material("other"), reading("ShaderNodeVertexColor", 0, layer_name="Col"), faces=2))
    monkeypatch.setattr(jobs, "close", extension.jobs.session.connect())
    said, pixels = export()
    assert jobs.clients
    assert not said
    assert np.allclose(pixels[:, SIZE_PX // 2 + 1 :], srgb(COLOR), atol=BYTE)
    obj.data.materials.clear()
    assert "on a plane" in export()[0]
    assert "P" not in bpy.data.objects


NOT_OF_A_SHADER = ("confidence", "bent_normal")
"""Maps that no shader reads, so that nothing bakes them."""


@pytest.fixture
def run(extension, scene, monkeypatch):
    """Function that `blender -b --command impasto` calls; it needs no engine."""
    monkeypatch.delenv("IMPASTO_ENGINE")
    return lambda *arguments: extension.command_line.run([str(argument) for argument in arguments])


@pytest.fixture
def saved(tmp_path):
    """Function that saves the open file, and the settings of a small bake in it."""

    def save(name: str = "scene.blend") -> Path:
        settings = bpy.context.scene.impasto_bake
        settings.width_px, settings.height_px, settings.samples = 16, 8, 1
        settings.maps = {"base_color", "roughness"}
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / name))
        return tmp_path / name

    return save


def image_file(path: Path, pixels: np.ndarray, is_data: bool = False) -> bpy.types.Image:
    path.write_bytes(png(pixels))
    made = bpy.data.images.load(str(path))
    if is_data:
        made.colorspace_settings.name = "Non-Color"
    return made


def linked(made: bpy.types.Material, socket: str, image: bpy.types.Image) -> bpy.types.Node:
    """An image node, linked to a socket of the Principled BSDF."""
    made.use_fake_user = True
    return show_image(made, image, socket)


def contents(run, blend: Path, capsys) -> dict:
    assert run("contents", blend, "--json") == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_contents_list_sizes_problems_and_used_files(run, saved, tmp_path, capsys):
    linked(material("wall"), "Base Color", image_file(tmp_path / "wall.png", coordinates(24, 32)))
    plane(material("plain"))
    plane(bpy.data.materials["wall"]).name = "bare"
    bpy.data.objects["bare"].data.uv_layers.remove(bpy.data.objects["bare"].data.uv_layers[0])
    found = contents(run, saved(), capsys)
    materials = {one["name"]: one for one in found["Material"]}
    objects = {one["name"]: one for one in found["Object"]}
    assert found["blender"] == bpy.app.version_string
    assert (materials["wall"]["size_px"], materials["plain"]["size_px"]) == ([24, 32], [8, 16])
    image = [str((tmp_path / "wall.png").resolve())]
    assert (materials["wall"]["files"], materials["plain"]["files"]) == (image, [])
    assert (objects["bare"]["files"], objects["Strip"]["files"]) == (image, [])
    assert "no UV map" in objects["bare"]["problem"]["message"]
    assert objects["Strip"]["problem"] is None


def test_files_of_groups_and_libraries_count_and_a_local_material_goes_before_a_linked_one(
    run, saved, tmp_path, capsys
):
    made = material("wall")
    made.use_fake_user = True
    in_group(made, "ShaderNodeTexImage", "Base Color").image = image_file(tmp_path / "inner.png", coordinates(8, 8))
    library = saved("library.blend")
    bpy.ops.wm.read_homefile(use_empty=True)
    plane(from_library(library, materials="wall"))
    (found,) = contents(run, saved(), capsys)["Material"]
    assert found["files"] == sorted(str((tmp_path / name).resolve()) for name in ("inner.png", "library.blend"))

    plane(material("wall"))
    (found,) = contents(run, saved(), capsys)["Material"]
    assert found["files"] == []


def test_images_are_read_with_their_maps_and_at_the_size_of_the_base_colour(run, saved, tmp_path):
    made = material("wall", metallic=1.0)
    color, rough = coordinates(24, 32), np.repeat(coordinates(12, 16)[..., :1], 3, axis=2)
    alpha = np.full((24, 32, 1), 100, np.uint8)
    linked(made, "Base Color", image_file(tmp_path / "wall.png", np.concatenate([color, alpha], 2)))
    linked(made, "Roughness", image_file(tmp_path / "rough.png", rough, is_data=True))
    assert run("bake", saved() / "Material" / "wall", "--out", tmp_path / "out") == 0
    names = {path.name: path for path in (tmp_path / "out").iterdir()}
    assert set(names) == {f"wall_{name}.png" for name in ("base_color", "metallic", "roughness")}
    assert np.abs(stored_rgb(names["wall_base_color.png"]) * 255 - color).max() < 0.5
    assert stored_rgb(names["wall_roughness.png"]).shape == (24, 32, 3)
    assert stored_rgb(names["wall_metallic.png"]).min() == 1


def test_materials_made_by_impasto_are_read_with_maps_and_scale(extension, run, saved, tmp_path):
    materials = extension.bridge.materials
    maps = {name: coordinates(12, 16) for name in materials.LABELS if name not in NOT_OF_A_SHADER}
    for name in maps.keys() - {"base_color", "emission", "normal"}:
        maps[name] = np.repeat(maps[name][..., :1], 3, axis=2)
    is_data = maps.keys() - {"base_color", "emission"}
    images = {name: image_file(tmp_path / f"{name}.png", maps[name], name in is_data) for name in maps}
    made = material("wall", emission_strength=1.0)
    made.use_fake_user = True
    materials.apply_maps(made, images, materials.Look(width_m=2.0, relief_m=0.25, use_displacement=True))
    assert run("bake", saved() / "Material" / "wall", "--out", tmp_path / "out") == 0
    for name, pixels in maps.items():
        found = tmp_path / "out" / f"wall_{name}.png"
        assert np.abs(stored_rgb(found) * 255 - pixels).max() < 0.5, name
        assert b'"width_m": 2.0' in found.read_bytes()
    assert b'"height_range_m": 0.25' in (tmp_path / "out" / "wall_height.png").read_bytes()


def test_an_image_that_nodes_change_is_baked_as_it_looks(run, saved, tmp_path):
    made = material("wall")
    node = linked(made, "Base Color", image_file(tmp_path / "wall.png", np.full((4, 4, 3), (255, 0, 0), np.uint8)))
    plane(made, material("blue", base_color=(0, 0, 1, 1)), faces=2)
    invert = made.node_tree.nodes.new("ShaderNodeInvert")
    made.node_tree.links.new(node.outputs["Color"], invert.inputs["Color"])
    made.node_tree.links.new(invert.outputs["Color"], principled(made).inputs["Base Color"])
    assert run("bake", saved() / "Material" / "wall", "--out", tmp_path / "out") == 0
    found = stored_rgb(tmp_path / "out" / "wall_base_color.png")
    assert found.shape == (8, 16, 3)
    assert np.allclose(found, (0, 1, 1), atol=0.01)
    assert run("bake", tmp_path / "scene.blend" / "Object" / "Strip", "--out", tmp_path / "object") == 0
    found = stored_rgb(tmp_path / "object" / "Strip_base_color.png")
    assert np.allclose(found[4, [2, 13]], [(0, 1, 1), (0, 0, 1)], atol=0.01)
    assert len(list((tmp_path / "object").iterdir())) == 2, "with the settings of the file"


@pytest.mark.skipif(bpy.app.version >= (5, 0), reason="all materials have nodes")
def test_a_material_without_nodes_has_its_viewport_colour(run, saved, tmp_path):
    made = bpy.data.materials.new("flat")
    made.diffuse_color, made.use_fake_user = (1, 0, 0, 1), True
    assert run("bake", saved() / "Material" / "flat", "--out", tmp_path / "out") == 0
    assert np.allclose(stored_rgb(tmp_path / "out" / "flat_base_color.png"), (1, 0, 0), atol=0.01)


def test_errors_say_the_remedy_and_have_exit_codes(run, saved, tmp_path, capsys):
    linked(material("wall"), "Base Color", image_file(tmp_path / "wall.png", coordinates(8, 8)))
    blend = saved()
    source, out = blend / "Material" / "wall", tmp_path / "out"
    assert run("bake", source, "--out", out) == run("bake", source, "--out", out, "--force") == 0
    assert run("bake", source, "--out", out) == 3
    assert "there already" in capsys.readouterr().err
    (tmp_path / "wall.png").unlink()
    assert run("bake", source, "--out", out, "--force", "--json") == 3
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["error"] == "FileError"
    assert "pack the resources" in said["remedy"]
    (tmp_path / "broken.blend").write_bytes(b"nothing")
    assert run("contents", tmp_path / "broken.blend") == run("contents", tmp_path / "nowhere.blend") == 3
    assert run("bake", blend / "Material" / "wal", "--out", out) == 3
    assert "did you mean 'wall'" in capsys.readouterr().err
    assert run("bake", tmp_path / "wall.png", "--out", out) == 3
    assert run("bake", source) == 2
    assert run("contents", "--help") == 0


@pytest.mark.parametrize("is_trusted", [False, True])
def test_scripts_in_the_file_run_only_where_the_preferences_allow_it(run, saved, tmp_path, monkeypatch, is_trusted):
    material("wall").use_fake_user = True
    script = bpy.data.texts.new("script.py")
    script.write(f"import pathlib; pathlib.Path({str(tmp_path / 'ran')!r}).touch()")
    script.use_module = True
    blend = saved()
    paths = bpy.context.preferences.filepaths
    before, paths.use_scripts_auto_execute = paths.use_scripts_auto_execute, is_trusted
    try:
        assert run("contents", blend) == 0
    finally:
        paths.use_scripts_auto_execute = before
    assert (tmp_path / "ran").exists() == is_trusted
