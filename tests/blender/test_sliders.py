"""Sliders of a result's material that stay live: neutral at first, kept by Generate, known to bakes and exporters."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import bpy
import numpy as np
import pytest
from drawing import drawn

CHECKER = {"tool": "checker", "width_px": 32, "height_px": 32, "estimator": "none"}
SIDE_PX = 32


@pytest.fixture
def made(plane) -> bpy.types.Material:
    """A result with colour, roughness, normals and height, on the plane."""
    bpy.ops.impasto.run(**CHECKER, name="checks")
    return plane.active_material


def slider(material: bpy.types.Material, name: str) -> bpy.types.NodeSocket:
    return material.node_tree.nodes["Impasto Sliders"].inputs[name]


def rendered(scene: bpy.types.Scene) -> np.ndarray:
    """Linear colours (H, W, 3) of the plane under a slanting sun, as Cycles renders it."""
    if scene.camera is None:
        scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
        sun = bpy.data.objects.new("Sun", bpy.data.lights.new("Sun", "SUN"))
        scene.camera.location, scene.camera.data.type, scene.camera.data.ortho_scale = (0, 0, 3), "ORTHO", 1.0
        sun.rotation_euler, sun.data.energy = (0.9, 0.2, 0.0), 40.0
        for item in (scene.camera, sun):
            scene.collection.objects.link(item)
    scene.render.engine, scene.cycles.samples, scene.cycles.seed = "CYCLES", 4, 1
    scene.render.resolution_x = scene.render.resolution_y = SIDE_PX
    scene.render.image_settings.file_format, scene.render.image_settings.color_depth = "OPEN_EXR", "32"
    scene.render.filepath = f"{bpy.app.tempdir}sliders.exr"
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath)
    pixels = np.array(image.pixels[:], np.float32).reshape(SIDE_PX, SIDE_PX, -1)[..., :3]
    bpy.data.images.remove(image)
    return pixels


@pytest.mark.slow
@pytest.mark.parametrize("displaced", [False, True])
def test_neutral_sliders_change_no_pixel_and_each_other_value_changes_some(scene, plane, displaced):
    bpy.ops.impasto.run(**CHECKER, name="checks", use_displacement=displaced)
    material = plane.active_material
    neutral = rendered(scene)
    values = {"Tint": (1, 0.2, 0.1, 1), "Height": 3.0, "Roughness": 0.5, "Wear": 0.9}
    for name, value in values.items():
        before = slider(material, name).default_value
        before = tuple(before) if name == "Tint" else before
        slider(material, name).default_value = value
        changed = rendered(scene)
        assert np.abs(changed - neutral).max() > 0.01, name
        if name == "Tint":
            assert changed[..., 2].mean() < 0.5 * changed[..., 0].mean()
            slider(material, "Tint Amount").default_value = 0.0
            assert np.array_equal(rendered(scene), neutral)
            slider(material, "Tint Amount").default_value = 1.0
        slider(material, name).default_value = before
    assert np.array_equal(rendered(scene), neutral)
    assert bpy.ops.impasto.remove_sliders() == {"FINISHED"}
    assert not [node for node in material.node_tree.nodes if "Sliders" in node.name]
    assert np.array_equal(rendered(scene), neutral)


def test_they_stay_with_keyframes_when_a_result_takes_the_place_of_another(made, plane):
    slider(made, "Wear").default_value = 0.3
    slider(made, "Wear").keyframe_insert("default_value", frame=1)
    slider(made, "Height").default_value = 2.0
    for _ in range(2):
        bpy.ops.impasto.run(**CHECKER, seed=3, material="ACTIVE")
    assert slider(made, "Wear").default_value == pytest.approx(0.3)
    assert slider(made, "Height").default_value == 2.0
    assert made.node_tree.animation_data.action
    assert len([node for node in made.node_tree.nodes if "Sliders" in node.name]) == 5


def test_a_material_without_stays_so_until_they_are_added(made, plane, extension):
    links = {(link.from_socket.path_from_id(), link.to_socket.path_from_id()) for link in made.node_tree.links}
    bpy.ops.impasto.remove_sliders()
    bpy.ops.impasto.run(**CHECKER, material="ACTIVE")
    assert not extension.bridge.sliders.find(made.node_tree)
    assert bpy.ops.impasto.add_sliders() == {"FINISHED"}
    assert len(made.node_tree.links) == len(links)
    assert len(extension.bridge.sliders.shown_sockets(made.node_tree)) == 6


@pytest.mark.slow
def test_bakes_read_images_while_they_are_neutral_and_bake_what_is_seen_after(made, extension):
    read = extension.bake.sources.material_maps
    options = extension.bake.sources.contents.saved_options()
    assert read.shows_images(made)
    assert extension.bridge.surfaces.read(made)().height_range_m == pytest.approx(0.01, rel=1e-3)
    slider(made, "Tint").default_value = (1, 0, 0, 1)
    assert not read.shows_images(made)
    tinted = {one.name: one.png for one in read.maps_of(made, options)}["base_color"]
    image = extension.bridge.images.add("tinted", "base_color", tinted, None)
    pixels = np.array(image.pixels[:]).reshape(-1, 4)
    assert pixels[:, 0].max() > 0.3
    assert pixels[:, 1:3].max() < 0.02


@pytest.mark.parametrize("endless_first", [False, True])
def test_an_endless_material_has_them_as_well(made, extension, endless_first):
    if endless_first:
        bpy.ops.impasto.remove_sliders()
    bpy.ops.impasto.make_endless(insist=True)
    if endless_first:
        bpy.ops.impasto.add_sliders()
    nodes = made.node_tree.nodes
    changed = nodes["Impasto Sliders base_color"]
    assert changed.inputs[0].links[0].from_node.name == "Impasto Endless"
    assert slider(made, "Height Map").links[0].from_node.name == "Impasto Endless"
    bpy.ops.impasto.make_plain()
    assert changed.inputs[0].links[0].from_node.name == "Impasto Base Color"


def textures(text: str) -> set[str]:
    """Maps whose files a text names."""
    return set(re.findall(r"checks_(base_color|roughness|normal)\b", text))


def export(folder: Path, *statements: str) -> None:
    """Save the scene, and export it in another process: Blender 4.2 crashes some time after its glTF exporter."""
    blend = folder / "checks.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend), copy=True)
    opened = f"bpy.ops.wm.open_mainfile(filepath={str(blend)!r})"
    script = "\n".join(("import os", "import bpy", opened, *statements, "os._exit(0)"))
    subprocess.run([sys.executable, "-P", "-c", script], check=True, timeout=120)


@pytest.mark.slow
def test_exporters_find_every_texture(made, tmp_path):
    """glTF with its transforms and USD with sliders, FBX and OBJ without them."""
    wanted = {"base_color", "roughness", "normal"}
    usd = tmp_path / "checks.usda"
    export(
        tmp_path,
        f"bpy.ops.export_scene.gltf(filepath={str(tmp_path / 'checks.gltf')!r}, export_format='GLTF_SEPARATE')",
        f"bpy.ops.wm.usd_export(filepath={str(usd)!r})",
    )
    gltf = json.loads((tmp_path / "checks.gltf").read_text())
    (material,) = gltf["materials"]
    surface = material["pbrMetallicRoughness"]
    joined = {"base_color": surface["baseColorTexture"], "roughness": surface["metallicRoughnessTexture"]}
    joined["normal"] = material["normalTexture"]
    for name, texture in joined.items():
        assert name in gltf["images"][gltf["textures"][texture["index"]]["source"]]["name"]
    channels = {"base_color": "diffuseColor", "roughness": "roughness", "normal": "normal"}
    for name, channel in channels.items():
        (node,) = re.findall(rf"inputs:{channel}\.connect = <.*/(\w+)\.outputs:\w+>", usd.read_text())
        (file,) = re.findall(rf'def Shader "{node}".*?inputs:file = @([^@]+)@', usd.read_text(), re.DOTALL)
        assert textures(file) == {name}
    bpy.ops.impasto.run(**CHECKER, name="checks", out_dir=str(tmp_path / "maps"))  # OBJ knows no packed images
    bpy.ops.impasto.remove_sliders()
    export(tmp_path, f"bpy.ops.wm.obj_export(filepath={str(tmp_path / 'checks.obj')!r})")
    assert textures(Path(tmp_path / "checks.mtl").read_text()) == wanted


def test_they_are_drawn_below_a_result_and_in_the_material_properties(made, extension):
    shown = {"Tint", "Tint Amount", "Height", "Roughness", "Wear", "Wear Color"}
    assert {socket.name for socket in extension.bridge.sliders.shown_sockets(made.node_tree)} == shown
    panel = drawn(bpy.types.IMPASTO_PT_sliders)
    assert panel.operators("impasto.remove_sliders")
    made.node_tree.links.new(made.node_tree.nodes.new("ShaderNodeTexNoise").outputs[0], slider(made, "Wear"))
    assert len(extension.bridge.sliders.shown_sockets(made.node_tree)) == 5
    bpy.ops.impasto.remove_sliders()
    assert drawn(bpy.types.IMPASTO_PT_sliders).operators("impasto.add_sliders")
