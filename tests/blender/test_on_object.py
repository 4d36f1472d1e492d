"""Previews on the object itself: put into its material, and taken back whatever happens."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from conftest import packed_image, pixels_of
from styling import settle

NODE = "Impasto Preview Base Color"


@pytest.fixture
def live(extension, scene, plane):
    """The live preview of layers of a new material on the plane."""
    bpy.ops.impasto.add_layer(tool="checker")
    bpy.ops.impasto.add_layer(tool="tint")
    squares = plane.active_material.impasto_layers.layers[0].impasto_parameters.checker
    squares.width_px = squares.height_px = 16
    scene.impasto.live_preview = True
    yield extension.layers.preview.live
    bpy.context.scene.impasto.live_preview = False
    extension.layers.preview.live.clear()


def wait(extension, live) -> None:
    """Make a picture, as Blender's timers would."""
    live.ask()
    settle(extension.jobs.session.jobs, live)
    assert not live.error


def links_of(material: bpy.types.Material) -> set[tuple[str, ...]]:
    found = material.node_tree.links
    return {(one.from_node.name, one.from_socket.name, one.to_node.name, one.to_socket.name) for one in found}


def test_it_is_seen_while_a_layer_changes_and_its_image_stays_the_same(extension, live, plane):
    material = plane.active_material
    before = links_of(material)
    wait(extension, live)
    image, nodes = material.node_tree.nodes[NODE].image, len(material.node_tree.nodes)
    shown = pixels_of(image)
    assert shown[..., :3].std() > 0.05
    assert (NODE, "Color", "Principled BSDF", "Base Color") in links_of(material)
    material.impasto_layers.layers[1].impasto_parameters.tint.light = (1, 0, 0)
    wait(extension, live)
    assert material.node_tree.nodes[NODE].image == image
    assert len(material.node_tree.nodes) == nodes
    assert np.abs(pixels_of(image) - shown).max() > 0.1
    bpy.context.scene.impasto.live_preview = False
    assert links_of(material) == before
    assert not [one for one in bpy.data.images if "impasto_preview" in one]


@pytest.mark.parametrize("kind", ["picture", "emission", "endless", "endless without maps"])
def test_before_a_material_of_others_stands_a_shader_of_its_own(extension, live, plane, kind):
    material, on_object = plane.active_material, extension.bridge.on_object
    if kind.startswith("endless"):
        bpy.ops.impasto.run_layers()
        bpy.ops.impasto.make_endless()
    tree = material.node_tree
    if kind == "endless without maps":
        for node in [one for one in tree.nodes if one.type == "TEX_IMAGE"]:
            tree.nodes.remove(node)
    if kind == "picture":
        node = tree.nodes.new("ShaderNodeTexImage")
        node.image, node.projection = packed_image("own.png", np.full((8, 8, 3), 90, np.uint8)), "BOX"
        tree.links.new(tree.nodes.new("ShaderNodeTexCoord").outputs["Object"], node.inputs["Vector"])
        tree.links.new(node.outputs["Color"], tree.nodes["Principled BSDF"].inputs["Base Color"])
    elif kind == "emission":
        light, output = tree.nodes.new("ShaderNodeEmission"), extension.bridge.shader_tree.output_of(tree)
        tree.links.new(light.outputs[0], output.inputs["Surface"])
    before, count, own = links_of(material), len(tree.nodes), extension.bridge.surfaces.map_nodes(material)
    wait(extension, live)
    shown = tree.nodes[NODE]
    assert pixels_of(shown.image)[..., :3].std() > 0.05
    (link,) = extension.bridge.shader_tree.output_of(tree).inputs["Surface"].links
    assert (link.from_node.name, link.from_node.inputs[0].default_value) == ("Impasto Preview Mix", 1)
    assert extension.bridge.surfaces.map_nodes(material) == own
    if kind == "picture":
        assert (shown.projection, shown.inputs["Vector"].links[0].from_socket.name) == ("BOX", "Object")
    elif kind != "emission":
        assert shown.inputs["Vector"].is_linked, "it repeats as the group's images do"
    wait(extension, live)
    on_object.take_back()
    assert (links_of(material), len(tree.nodes)) == (before, count)
    wait(extension, live)
    scene = bpy.context.scene
    bpy.ops.object.camera_add()
    scene.camera, scene.render.engine = bpy.context.object, "CYCLES"
    scene.render.resolution_x = scene.render.resolution_y = 8
    scene.cycles.samples, scene.cycles.use_denoising = 1, False
    bpy.ops.render.render()
    assert (links_of(material), len(tree.nodes)) == (before, count), "nothing is rendered but the material itself"


def test_a_result_takes_its_place_and_its_images_are_found_meanwhile(extension, live, plane):
    material = plane.active_material
    wait(extension, live)
    bpy.ops.impasto.run_layers()
    assert NODE not in material.node_tree.nodes
    before, own = links_of(material), extension.bridge.surfaces.base_color_of(material)
    wait(extension, live)
    assert NODE in material.node_tree.nodes
    assert links_of(material) != before
    assert extension.bridge.surfaces.base_color_of(material) == own
    extension.bridge.on_object.take_back()
    assert links_of(material) == before


@pytest.mark.parametrize("how", ["save", "undo"])
def test_it_is_not_kept_in_a_file_nor_by_undo(extension, live, plane, tmp_path, how):
    bpy.ops.impasto.run_layers()
    wait(extension, live)
    name = plane.active_material.name
    assert NODE in plane.active_material.node_tree.nodes
    if how == "save":
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "file.blend"))
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "file.blend"))
    else:
        bpy.ops.ed.undo_push(message="with the preview")
        bpy.ops.ed.undo_push(message="after it")
        bpy.ops.ed.undo()
    assert NODE not in bpy.data.materials[name].node_tree.nodes
    assert extension.bridge.surfaces.base_color_of(bpy.data.materials[name])


def test_the_sliders_of_the_panel_are_seen_with_roughness_and_normals_until_a_result_takes_their_place(
    extension, scene, plane
):
    settings, bricks, live = scene.impasto, scene.impasto_parameters.bricks, extension.generate.variations.live
    settings.tool, bricks.width_px, bricks.height_px = "bricks", 32, 32
    bpy.ops.impasto.generate()
    material = plane.active_material
    before = links_of(material)
    settings.live_preview = True
    try:
        wait(extension, live)
        shown = [node.image for node in material.node_tree.nodes if node.name.startswith("Impasto Preview")]
        assert {image["impasto_preview"]: image.colorspace_settings.is_data for image in shown} == {
            "base_color": False,
            "roughness": True,
            "normal": True,
        }
        assert all(pixels_of(image)[..., :3].std() > 0.005 for image in shown)
        assert not {link for link in links_of(material) if link[0] == "Impasto Normal"}
        bpy.ops.impasto.add_layer(tool="checker")
        extension.bridge.on_object.take_back()
        assert links_of(material) == before
        wait(extension, live)
        assert links_of(material) == before, "layers have a preview of their own"
        material.impasto_layers.layers.clear()
        wait(extension, live)
        assert links_of(material) != before
        bpy.ops.impasto.generate()
        assert links_of(material) == before
    finally:
        settings.live_preview = False
        live.clear()
