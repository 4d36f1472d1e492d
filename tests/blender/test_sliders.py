"""Nodes of a result's material: sliders that stay live, and endless textures that show what the engine's tool makes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import bpy
import numpy as np
import pytest
from baking import module
from blends import camera, mapped, render, show_image
from conftest import cases, packed_image, pixels_of, refused
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
        camera((SIDE_PX, SIDE_PX), samples=4)
        sun = bpy.data.objects.new("Sun", bpy.data.lights.new("Sun", "SUN"))
        sun.rotation_euler, sun.data.energy = (0.9, 0.2, 0.0), 40.0
        scene.collection.objects.link(sun)
    return render()


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


def test_sliders_and_keyframes_survive_replaced_results(made, plane):
    slider(made, "Wear").default_value = 0.3
    slider(made, "Wear").keyframe_insert("default_value", frame=1)
    slider(made, "Height").default_value = 2.0
    for _ in range(2):
        bpy.ops.impasto.run(**CHECKER, seed=3, material="ACTIVE")
    assert slider(made, "Wear").default_value == pytest.approx(0.3)
    assert slider(made, "Height").default_value == 2.0
    assert made.node_tree.animation_data.action
    assert len([node for node in made.node_tree.nodes if "Sliders" in node.name]) == 5


@pytest.mark.slow
def test_bakes_read_images_only_while_sliders_are_neutral(made, extension):
    read = extension.bake.sources.material_maps
    options = extension.bake.settings.BakeOptions.of(bpy.context.scene.impasto_bake)
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
def test_endless_materials_have_sliders(made, extension, endless_first):
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


def test_sliders_are_drawn_below_results_or_after_adding(made, extension):
    sliders, links = extension.bridge.sliders, len(made.node_tree.links)
    shown = {"Tint", "Tint Amount", "Height", "Roughness", "Wear", "Wear Color"}
    assert {socket.name for socket in sliders.shown_sockets(made.node_tree)} == shown
    assert drawn(bpy.types.IMPASTO_PT_sliders).operators("impasto.remove_sliders")
    bpy.ops.impasto.remove_sliders()
    bpy.ops.impasto.run(**CHECKER, material="ACTIVE")
    assert not sliders.find(made.node_tree)
    assert drawn(bpy.types.IMPASTO_PT_sliders).operators("impasto.add_sliders")
    assert bpy.ops.impasto.add_sliders() == {"FINISHED"}
    assert len(made.node_tree.links) == links
    assert {socket.name for socket in sliders.shown_sockets(made.node_tree)} == shown
    made.node_tree.links.new(made.node_tree.nodes.new("ShaderNodeTexNoise").outputs[0], slider(made, "Wear"))
    assert len(sliders.shown_sockets(made.node_tree)) == 5


TILE_PX, TILES = 64, 2
RENDER_PX = TILE_PX * TILES


def spots(seed: int = 0) -> np.ndarray:
    """A picture (TILE_PX, TILE_PX, 3) of soft spots without a pattern, which wraps."""
    noise = np.random.default_rng(seed).standard_normal((TILE_PX, TILE_PX))
    fy, fx = np.fft.fftfreq(TILE_PX)[:, None], np.fft.fftfreq(TILE_PX)
    smooth = np.fft.ifft2(np.fft.fft2(noise) * np.exp(-60 * (fy**2 + fx**2))).real
    grey = (0.5 + 0.15 * smooth / smooth.std()).clip(0, 1)
    return np.stack([grey, grey**1.5, 0.8 - 0.5 * grey], 2)


def spotted() -> bpy.types.Material:
    """A material of soft spots, whose roughness and normals go with its colours."""
    color = spots()
    lean = 0.6 * (color[..., :1] - 0.5)
    normal = np.concatenate([lean, -lean, np.sqrt(1 - 2 * lean**2)], 2) / 2 + 0.5
    return mapped("Spots", {"base_color": color, "roughness": np.repeat(color[..., :1], 3, 2), "normal": normal})


@pytest.fixture
def material(scene, plane) -> bpy.types.Material:
    """The spotted material on a plane."""
    plane.active_material = spotted()
    return plane.active_material


def rendered_tiles(material: bpy.types.Material, socket: bpy.types.NodeSocket) -> np.ndarray:
    """Values (H, W, 3) of a socket on a plane that shows TILES tiles, rendered by Cycles, row 0 at the top."""
    scene, tree = bpy.context.scene, material.node_tree
    emission = tree.nodes.new("ShaderNodeEmission")
    tree.links.new(socket, emission.inputs["Color"])
    output = next(node for node in tree.nodes if node.type == "OUTPUT_MATERIAL")
    tree.links.new(emission.outputs["Emission"], output.inputs["Surface"])
    for loop in bpy.context.active_object.data.uv_layers[0].data:
        loop.uv = [TILES * round(value / max(loop.uv.x, loop.uv.y, 1)) for value in loop.uv]
    camera((RENDER_PX, RENDER_PX))
    scene.cycles.pixel_filter_type, scene.cycles.filter_width = "BOX", 0.01
    values = render()
    tree.nodes.remove(emission)
    return values


def baked(material: bpy.types.Material) -> dict[str, np.ndarray]:
    """The engine's tool in the same layout, by map."""
    bpy.ops.impasto.bake_endless(size_px=RENDER_PX, material="NONE", name="baked")
    names = json.loads(bpy.context.window_manager.impasto_made)["images"]
    return {name.removeprefix("baked_"): pixels_of(bpy.data.images[name])[..., :3] for name in names}


@pytest.mark.parametrize("space", ["Non-Color", "sRGB"])
def test_the_nodes_show_what_the_tool_makes_in_all_maps(material, space):
    bpy.data.images["Spots_roughness"].colorspace_settings.name = space
    assert bpy.ops.impasto.make_endless(seed=3) == {"FINISHED"}
    node = module("bridge.endless_nodes").find(material)
    tool = baked(material)
    inside = slice(24, -24)  # around its borders the tool's result wraps, and the shader's goes on
    for name, label in (("base_color", "Base Color"), ("roughness", "Roughness"), ("normal", "Normal")):
        shown = rendered_tiles(material, node.outputs[label])
        if name == "base_color":
            shown = np.where(shown < 0.0031308, 12.92 * shown, 1.055 * np.maximum(shown, 0) ** (1 / 2.4) - 0.055)
        difference = np.abs(shown - tool[name])[inside, inside]
        assert difference.mean() < 0.02, (name, difference.mean(), difference.max())
        assert np.corrcoef(shown[inside, inside, 0].ravel(), tool[name][inside, inside, 0].ravel())[0, 1] > 0.98


def test_make_plain_leaves_nothing_behind(material):
    tree, nodes = material.node_tree, module("bridge.endless_nodes")
    before = sorted((link.from_node.name, link.to_node.name, link.to_socket.name) for link in tree.links)
    images, groups = set(bpy.data.images.keys()), set(bpy.data.node_groups.keys())
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.impasto.make_endless()
    bpy.ops.ed.undo()
    material = bpy.data.materials["Spots"]
    tree = material.node_tree
    assert set(bpy.data.node_groups.keys()) == groups
    bpy.ops.impasto.make_endless()
    assert set(module("bridge.surfaces").map_nodes(material)) == {"base_color", "roughness", "normal"}
    assert all(image.packed_file for image in bpy.data.images)
    refused("endless already", "make_endless")
    assert bpy.ops.impasto.make_plain() == {"FINISHED"}
    assert sorted((link.from_node.name, link.to_node.name, link.to_socket.name) for link in tree.links) == before
    assert set(bpy.data.images.keys()) == images
    assert set(bpy.data.node_groups.keys()) == groups
    assert nodes.find(material) is None


def test_endless_works_with_own_images_and_packed_channels(scene, plane):
    material = module("bridge.materials").new("own")
    tree, shader = material.node_tree, material.node_tree.nodes["Principled BSDF"]
    own = [show_image(material, packed_image(f"own {seed}", np.uint8(255 * spots(seed)))) for seed in range(2)]
    mapping, separate = tree.nodes.new("ShaderNodeMapping"), tree.nodes.new("ShaderNodeSeparateColor")
    own[1].image.colorspace_settings.name = "Non-Color"
    tree.links.new(mapping.outputs["Vector"], own[0].inputs["Vector"])
    tree.links.new(own[0].outputs["Color"], shader.inputs["Base Color"])
    tree.links.new(own[1].outputs["Color"], separate.inputs["Color"])
    tree.links.new(separate.outputs["Green"], shader.inputs["Roughness"])
    plane.active_material = material
    bpy.ops.impasto.make_endless(source="own", cell_size=0.4)
    node = module("bridge.endless_nodes").find(material)
    assert node.inputs["Vector"].links[0].from_node == mapping
    assert node.inputs["Cell Size"].default_value == pytest.approx(0.4)
    assert shader.inputs["Roughness"].links[0].from_socket == node.outputs["Roughness"]
    assert node.inputs["Roughness"].links[0].from_socket == separate.outputs["Green"]
    assert module("bridge.surfaces").map_nodes(material)["roughness"].channel == 1


def test_regular_patterns_are_refused_unless_forced(extension, scene, material):
    checks = np.uint8(np.kron(np.indices((8, 8)).sum(0) % 2, np.ones((8, 8)))[..., None] * [200, 120, 80] + 20)
    color = material.node_tree.nodes["Impasto Base Color"]
    color.image = packed_image("checks", checks)
    poll_message, panel = extension.interface.drawing.poll_message, bpy.types.IMPASTO_PT_endless_view_3d
    assert not poll_message("impasto.make_endless")
    refused("regular", "make_endless")
    assert "regular" in poll_message("impasto.make_endless")
    scene.impasto_endless.insist = True
    assert not poll_message("impasto.make_endless")
    assert "insist" in drawn(panel).props()
    bpy.ops.impasto.make_endless()
    assert drawn(panel).operators("impasto.make_plain")


@pytest.mark.parametrize(("tool", "inputs"), cases("atlases"))
def test_an_atlas_of_a_mesh_is_refused(extension, scene, material, tool, inputs):
    recipe = {"steps": [{"tool": tool}], "seed": 0, "inputs": inputs}
    material.node_tree.nodes["Impasto Base Color"].image["impasto_recipe"] = json.dumps(recipe)
    refused("atlas of a mesh", "make_endless")
    assert "atlas" in extension.interface.drawing.poll_message("impasto.make_endless")


def test_a_new_result_and_repainted_textures_are_plain_until_made_endless_anew(scene, material):
    bpy.ops.impasto.make_endless()
    style = packed_image("red.png", np.full((8, 8, 3), (200, 40, 20), np.uint8))
    bpy.ops.impasto.stylize(tool="flat", subject="MATERIAL", style=style.name, material="ACTIVE")
    assert module("bridge.endless_nodes").find(material) is None
    made = json.loads(bpy.context.window_manager.impasto_made)
    assert "endless anew" in made["report"]
    assert module("bridge.surfaces").map_nodes(material)["base_color"].image.name in made["images"]

    bpy.ops.impasto.make_endless()
    bpy.ops.impasto.bake_endless(size_px=96, material="ACTIVE")
    assert module("bridge.endless_nodes").find(material) is None
    nodes = module("bridge.surfaces").map_nodes(material)
    assert all(tuple(one.image.size) == (96, 96) for one in nodes.values())
    width_m = module("bridge.materials").width_of(material.node_tree)
    assert width_m == pytest.approx(96 / TILE_PX)


def test_unsuitable_materials_for_endless_are_named(plane, material):
    plane.active_material = None
    refused("no material", "make_endless")
    plane.active_material = material
    refused("not endless", "bake_endless")
    material.node_tree.nodes["Impasto Roughness"].projection = "BOX"
    refused("not mapped by UVs", "make_endless")
