# SPDX-License-Identifier: GPL-3.0-or-later
"""Baking with a real Cycles: the maps hold the material's own values, and nothing of the user's is touched."""

from __future__ import annotations

import importlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import bpy
import numpy as np
import pytest

EXTENSION = "bl_ext.user_default.impasto"
SIZE_PX = 64
COLOR = (0.8, 0.2, 0.1)
ALL_MAPS = {"base_color", "roughness", "metallic", "emission", "opacity", "normal"}
BYTE = 0.51 / 255
"""Rounding to 8 bits, and a little for float32."""


def module(name: str):
    return importlib.import_module(f"{EXTENSION}.{name}")


@pytest.fixture(autouse=True)
def empty_scene() -> None:
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)


def material(name: str = "material", **inputs: object) -> bpy.types.Material:
    """A Principled material; base_color=… sets Base Color."""
    made = bpy.data.materials.new(name)
    if bpy.app.version < (5, 0):
        made.use_nodes = True
    for key, value in inputs.items():
        principled(made).inputs[key.replace("_", " ").title()].default_value = value
    return made


def principled(owner: bpy.types.Material) -> bpy.types.Node:
    return owner.node_tree.nodes["Principled BSDF"]


def output(owner: bpy.types.Material) -> bpy.types.NodeSocket:
    return owner.node_tree.get_output_node("CYCLES").inputs["Surface"]


def plane(*materials: bpy.types.Material | None, faces: int = 1) -> bpy.types.Object:
    """A strip of faces side by side that fills the 0–1 square, one material slot each; the active object."""
    verts = [(x / faces, y, 0.0) for x in range(faces + 1) for y in (0, 1)]
    polygons = [(2 * x, 2 * x + 2, 2 * x + 3, 2 * x + 1) for x in range(faces)]
    mesh = bpy.data.meshes.new("Strip")
    mesh.from_pydata(verts, [], polygons)
    mesh.uv_layers.new(name="UVMap")
    for loop in mesh.loops:
        mesh.uv_layers[0].data[loop.index].uv = verts[loop.vertex_index][:2]
    for index, item in enumerate(materials):
        mesh.materials.append(item)
        mesh.polygons[min(index, faces - 1)].material_index = index
    made = bpy.data.objects.new("Strip", mesh)
    bpy.context.collection.objects.link(made)
    bpy.context.view_layer.objects.active = made
    made.select_set(True)
    return made


def bake(**properties: object) -> set[str]:
    return bpy.ops.impasto.bake(**{"width_px": SIZE_PX, "height_px": SIZE_PX, "samples": 1, **properties})


def pixels(name: str) -> np.ndarray:
    """An image's stored values (H, W, 4), row 0 at the bottom."""
    image = bpy.data.images[name]
    values = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(values)
    return values.reshape(image.size[1], image.size[0], 4)


def srgb(linear: object) -> np.ndarray:
    linear = np.asarray(linear, np.float64)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def baked(map_name: str, **properties: object) -> np.ndarray:
    """The colour of the plane's centre in one map."""
    assert bake(maps={map_name}, **properties) == {"FINISHED"}
    return pixels(f"Strip_{map_name}")[SIZE_PX // 2, SIZE_PX // 2, :3]


def state() -> dict[str, object]:
    """All that a bake could have changed: settings, selection, mode, slots, nodes, and every datablock's name."""
    scene, layer = bpy.context.scene, bpy.context.view_layer
    settings = (scene, scene.render, scene.render.bake, scene.cycles, scene.view_settings, scene.display_settings)
    seen: dict[str, object] = {
        f"{index} {key}": value for index, owner in enumerate(settings) for key, value in rna(owner)
    }
    seen["active"] = layer.objects.active and layer.objects.active.name
    for obj in bpy.data.objects:
        slots = [(slot.link, slot.material and slot.material.name) for slot in obj.material_slots]
        seen[obj.name] = (obj.mode, obj.select_get(), obj.hide_render, obj.active_material_index, slots)
    for owner in bpy.data.materials:
        nodes = owner.node_tree.nodes if owner.node_tree else ()
        seen[f"material {owner.name}"] = (
            [(node.name, node.select, node == nodes.active, node.mute) for node in nodes],
            owner.displacement_method,
        )
    for kind in ("scenes", "objects", "meshes", "materials", "node_groups", "images", "cameras", "worlds", "texts"):
        seen[kind] = sorted(getattr(bpy.data, kind).keys())
    return seen


def rna(owner: bpy.types.bpy_struct) -> Iterator[tuple[str, object]]:
    for prop in owner.bl_rna.properties:
        if prop.type in ("BOOLEAN", "INT", "FLOAT", "STRING", "ENUM") and prop.identifier != "use_nodes":
            value = getattr(owner, prop.identifier)
            yield prop.identifier, tuple(value) if getattr(prop, "is_array", False) else value


def without_images(seen: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in seen.items() if key != "images"}


# The values


@pytest.mark.parametrize("metallic", [0.0, 1.0])
def test_constant_values_come_back(metallic: float) -> None:
    inputs = {"base_color": (*COLOR, 1), "roughness": 0.37, "metallic": metallic, "alpha": 0.6}
    plane(material(**inputs, emission_color=(0.25, 0.5, 1, 1), emission_strength=0.5))
    assert bake(maps=ALL_MAPS) == {"FINISHED"}
    expected = {
        "base_color": srgb(COLOR),
        "roughness": 0.37,
        "metallic": metallic,
        "opacity": 0.6,
        "emission": srgb((0.125, 0.25, 0.5)),
        "normal": (0.5, 0.5, 1.0),
    }
    for name, value in expected.items():
        difference = np.abs(pixels(f"Strip_{name}")[..., :3] - value).max()
        assert difference <= (2e-5 if name == "normal" else BYTE), name


def test_emission_above_one_is_scaled_and_says_so() -> None:
    plane(material(emission_color=(1, 0.5, 0.25, 1), emission_strength=4.0))
    assert np.allclose(baked("emission"), srgb((1, 0.5, 0.25)), atol=BYTE)
    assert json.loads(bpy.data.images["Strip_emission"]["impasto_baked"])["emission_strength"] == pytest.approx(4)


def procedural(kind: str, output_name: str) -> tuple[bpy.types.Material, np.ndarray]:
    """A material coloured by a texture of the position, and the texture's values as geometry nodes give them."""
    made = material()
    nodes, links = made.node_tree.nodes, made.node_tree.links
    texture, position = nodes.new(kind), nodes.new("ShaderNodeNewGeometry")
    links.new(position.outputs["Position"], texture.inputs["Vector"])
    links.new(texture.outputs[output_name], principled(made).inputs["Base Color"])
    links.new(texture.outputs["Fac" if "Fac" in texture.outputs else 0], principled(made).inputs["Roughness"])

    centres = (np.arange(SIZE_PX) + 0.5) / SIZE_PX
    grid = np.stack([*np.meshgrid(centres, centres), np.zeros((SIZE_PX, SIZE_PX))], axis=-1).reshape(-1, 3)
    mesh = bpy.data.meshes.new("Points")
    mesh.from_pydata(grid.tolist(), [], [])
    points = bpy.data.objects.new("Points", mesh)
    bpy.context.collection.objects.link(points)
    tree = bpy.data.node_groups.new("Evaluate", "GeometryNodeTree")
    for in_out in ("INPUT", "OUTPUT"):
        tree.interface.new_socket("Geometry", in_out=in_out, socket_type="NodeSocketGeometry")
    kinds = ("NodeGroupInput", kind, "GeometryNodeInputPosition", "GeometryNodeStoreNamedAttribute", "NodeGroupOutput")
    start, same, position, store, end = (tree.nodes.new(name) for name in kinds)
    store.data_type, store.inputs["Name"].default_value = "FLOAT_COLOR", "value"
    value = next(socket for socket in store.inputs if socket.name == "Value" and socket.enabled)
    tree.links.new(position.outputs[0], same.inputs["Vector"])
    tree.links.new(same.outputs[output_name], value)
    tree.links.new(start.outputs[0], store.inputs["Geometry"])
    tree.links.new(store.outputs[0], end.inputs[0])
    points.modifiers.new("Evaluate", "NODES").node_group = tree
    evaluated = points.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    values = np.empty(SIZE_PX * SIZE_PX * 4, np.float32)
    evaluated.attributes["value"].data.foreach_get("color", values)
    return made, values.reshape(SIZE_PX, SIZE_PX, 4)[..., :3]


@pytest.mark.parametrize(("kind", "output_name"), [("ShaderNodeTexNoise", "Color"), ("ShaderNodeTexBrick", "Color")])
def test_procedural_textures_bake_to_what_they_evaluate_to(kind: str, output_name: str) -> None:
    made, expected = procedural(kind, output_name)
    plane(made)
    assert bake(maps={"base_color"}, margin_px=0) == {"FINISHED"}
    difference = np.abs(pixels("Strip_base_color")[..., :3] - srgb(np.clip(expected, 0, 1))).max(axis=-1)
    assert expected.std() > 0.02
    # Bricks have hard edges, where rounding of the position decides: a few pixels may differ.
    assert np.mean(difference <= 2 * BYTE) > 0.99


def test_a_colour_linked_to_roughness_is_its_luminance() -> None:
    made = material()
    color = made.node_tree.nodes.new("ShaderNodeRGB")
    color.outputs[0].default_value = (1, 0, 0, 1)
    made.node_tree.links.new(color.outputs[0], principled(made).inputs["Roughness"])
    plane(made)
    assert np.allclose(baked("roughness"), 0.2126, atol=2 * BYTE)


def test_a_tangent_normal_comes_back_with_y_up() -> None:
    wanted = np.array([0.6, -0.3, np.sqrt(1 - 0.45)]) * 0.5 + 0.5
    made = material()
    node = made.node_tree.nodes.new("ShaderNodeNormalMap")
    node.inputs["Color"].default_value = (*wanted, 1)
    made.node_tree.links.new(node.outputs["Normal"], principled(made).inputs["Normal"])
    plane(made)
    assert np.allclose(baked("normal"), wanted, atol=1e-3)
    assert bpy.data.images["Strip_normal"].is_float  # 16 bits a channel


def test_displacement_is_baked_into_the_normals() -> None:
    made = material()
    nodes, links = made.node_tree.nodes, made.node_tree.links
    noise, displacement = nodes.new("ShaderNodeTexNoise"), nodes.new("ShaderNodeDisplacement")
    links.new(noise.outputs[0], displacement.inputs["Height"])
    links.new(displacement.outputs[0], made.node_tree.get_output_node("CYCLES").inputs["Displacement"])
    made.displacement_method = "DISPLACEMENT"
    plane(made)
    baked("normal")
    assert pixels("Strip_normal")[..., 0].std() > 0.005
    assert made.displacement_method == "DISPLACEMENT"


def test_view_transform_and_exposure_do_not_matter() -> None:
    plane(material(base_color=(*COLOR, 1)))
    view = bpy.context.scene.view_settings
    for transform, exposure in (("AgX", 0.0), ("Standard", 3.0), ("Raw", -2.0)):
        view.view_transform, view.exposure = transform, exposure
        assert bake(maps={"base_color"}) == {"FINISHED"}
    first, *others = [image.packed_file.data for image in bpy.data.images if image.name.startswith("Strip_base")]
    assert len(others) == 2
    assert all(other == first for other in others)


def test_samples_smooth_the_pattern() -> None:
    made = material()
    checker = made.node_tree.nodes.new("ShaderNodeTexChecker")
    checker.inputs["Scale"].default_value = 7.3
    made.node_tree.links.new(checker.outputs["Fac"], principled(made).inputs["Metallic"])
    plane(made)
    bake(maps={"metallic"}, samples=1)
    bake(maps={"metallic"}, samples=16)
    assert len(np.unique(pixels("Strip_metallic")[..., 0])) == 2
    assert len(np.unique(pixels("Strip_metallic.001")[..., 0])) > 2


# Node trees


def link_mix(
    made: bpy.types.Material, factor: float, second: bpy.types.Node, kind: str = "ShaderNodeMixShader"
) -> None:
    mix = made.node_tree.nodes.new(kind)
    first, last = mix.inputs[-2:]
    if kind == "ShaderNodeMixShader":
        mix.inputs[0].default_value = factor
    made.node_tree.links.new(principled(made).outputs[0], first)
    made.node_tree.links.new(second.outputs[0], last)
    made.node_tree.links.new(mix.outputs[0], output(made))


def test_mix_shader_mixes_the_values() -> None:
    made = material(base_color=(1, 0, 0, 1), roughness=0.2, metallic=0.0)
    second = made.node_tree.nodes.new("ShaderNodeBsdfPrincipled")
    second.inputs["Base Color"].default_value = (0, 0, 1, 1)
    second.inputs["Roughness"].default_value = 0.6
    second.inputs["Metallic"].default_value = 1.0
    link_mix(made, 0.25, second)
    plane(made)
    assert np.allclose(baked("base_color"), srgb((0.75, 0, 0.25)), atol=BYTE)
    assert np.allclose(baked("roughness"), 0.3, atol=BYTE)
    assert np.allclose(baked("metallic"), 0.25, atol=BYTE)


def test_transparent_and_emission_shaders_leave_the_surface_alone() -> None:
    made = material(base_color=(*COLOR, 1), roughness=0.37)
    link_mix(made, 0.25, made.node_tree.nodes.new("ShaderNodeBsdfTransparent"))
    glowing = material("glowing", base_color=(*COLOR, 1))
    link_mix(glowing, 0.0, glowing.node_tree.nodes.new("ShaderNodeEmission"), "ShaderNodeAddShader")
    plane(made, glowing, faces=2)
    bake(maps=ALL_MAPS - {"normal"}, samples=1, margin_px=0)
    middle = SIZE_PX // 2
    left, right = SIZE_PX // 4, 3 * SIZE_PX // 4
    assert np.allclose(pixels("Strip_base_color")[middle, [left, right], :3], srgb(COLOR), atol=BYTE)
    assert np.allclose(pixels("Strip_roughness")[middle, left, 0], 0.37, atol=BYTE)
    assert np.allclose(pixels("Strip_opacity")[middle, left, 0], 0.75, atol=BYTE)
    assert np.allclose(pixels("Strip_emission")[middle, [left, right], 0], [0, 1], atol=BYTE)


def grouped(made: bpy.types.Material, depth: int) -> None:
    """Move the shading into `depth` nested groups, whose shader input passes the Principled BSDF through."""
    source = principled(made).outputs[0]
    inner = None
    for level in range(depth):
        tree = bpy.data.node_groups.new(f"Level {level}", "ShaderNodeTree")
        for in_out in ("INPUT", "OUTPUT"):
            tree.interface.new_socket("Shader", in_out=in_out, socket_type="NodeSocketShader")
        start, end = tree.nodes.new("NodeGroupInput"), tree.nodes.new("NodeGroupOutput")
        shader = start.outputs[0]
        if inner is not None:
            group = tree.nodes.new("ShaderNodeGroup")
            group.node_tree = inner
            tree.links.new(shader, group.inputs[0])
            shader = group.outputs[0]
        mix, blue = tree.nodes.new("ShaderNodeMixShader"), tree.nodes.new("ShaderNodeBsdfPrincipled")
        blue.inputs["Base Color"].default_value = (0, 0, 1, 1)
        tree.links.new(shader, mix.inputs[1])
        tree.links.new(blue.outputs[0], mix.inputs[2])
        tree.links.new(mix.outputs[0], end.inputs[0])
        inner = tree
    group, reroute = (made.node_tree.nodes.new(kind) for kind in ("ShaderNodeGroup", "NodeReroute"))
    group.node_tree = inner
    made.node_tree.links.new(source, group.inputs[0])
    made.node_tree.links.new(group.outputs[0], reroute.inputs[0])
    made.node_tree.links.new(reroute.outputs[0], output(made))


@pytest.mark.parametrize("depth", [1, 3])
def test_groups_are_followed_in_both_directions(depth: int) -> None:
    made = material(base_color=(1, 0, 0, 1))
    grouped(made, depth)
    plane(made)
    before = [len(tree.nodes) for tree in bpy.data.node_groups]
    red = 0.5**depth
    assert np.allclose(baked("base_color"), srgb((red, 0, 1 - red)), atol=BYTE)
    assert [len(tree.nodes) for tree in bpy.data.node_groups] == before


def test_muted_nodes_pass_their_first_shader() -> None:
    made = material(base_color=(*COLOR, 1))
    link_mix(made, 0.5, made.node_tree.nodes.new("ShaderNodeBsdfGlossy"))
    output(made).links[0].from_node.mute = True
    plane(made)
    assert np.allclose(baked("base_color"), srgb(COLOR), atol=BYTE)


def test_other_shaders_give_their_nearest_values() -> None:
    kinds = {
        "ShaderNodeBsdfDiffuse": (1.0, 0.0),
        "ShaderNodeBsdfAnisotropic": (0.3, 1.0),
        "ShaderNodeEmission": (0.5, 0),
    }
    for kind, (roughness, metallic) in kinds.items():
        made = material()
        node = made.node_tree.nodes.new(kind)
        if kind == "ShaderNodeBsdfAnisotropic":
            node.inputs["Roughness"].default_value = 0.3
        made.node_tree.links.new(node.outputs[0], output(made))
        obj = plane(made)
        obj.name = kind
        bake(maps={"roughness", "metallic"})
        assert np.allclose(pixels(f"{kind}_roughness")[..., 0], roughness, atol=BYTE)
        assert np.allclose(pixels(f"{kind}_metallic")[..., 0], metallic, atol=BYTE)


@pytest.mark.skipif(bpy.app.version >= (5, 0), reason="from 5.0 on every material has nodes")
def test_a_material_without_nodes_gives_its_viewport_values() -> None:
    made = bpy.data.materials.new("plain")
    made.diffuse_color, made.roughness, made.metallic = (*COLOR, 1), 0.37, 1.0
    plane(made)
    assert np.allclose(baked("base_color"), srgb(COLOR), atol=BYTE)
    assert np.allclose(baked("roughness"), 0.37, atol=BYTE)
    assert not made.use_nodes


# Objects, UVs and slots


def test_every_slot_bakes_its_own_material() -> None:
    same = material("same", base_color=(0, 1, 0, 1))
    plane(material("first", base_color=(1, 0, 0, 1)), same, same, faces=3)
    bake(maps={"base_color"}, margin_px=0)
    row = pixels("Strip_base_color")[SIZE_PX // 2, :, :3]
    assert np.allclose(row[:20], (1, 0, 0), atol=BYTE)
    assert np.allclose(row[23:], (0, 1, 0), atol=BYTE)
    assert json.loads(bpy.data.images["Strip_base_color"]["impasto_baked"])["materials"] == ["first", "same"]


def test_an_empty_slot_that_no_face_uses_does_not_matter() -> None:
    obj = plane(material(base_color=(*COLOR, 1)))
    obj.data.materials.append(None)
    assert np.allclose(baked("base_color"), srgb(COLOR), atol=BYTE)
    assert obj.material_slots[1].material is None


@pytest.mark.parametrize("margin_type", ["EXTEND", "ADJACENT_FACES"])
def test_margin_goes_on_and_then_the_mean(margin_type: str) -> None:
    obj = plane(material(base_color=(*COLOR, 1)))
    for loop in obj.data.uv_layers[0].data:
        loop.uv = [0.25 + 0.5 * value for value in loop.uv]
    bake(maps=ALL_MAPS, margin_px=4, margin_type=margin_type)
    assert np.allclose(pixels("Strip_base_color")[..., :3], srgb(COLOR), atol=BYTE)
    assert np.allclose(pixels("Strip_normal")[..., :3], (0.5, 0.5, 1), atol=2e-5)


def test_the_chosen_uv_map_is_used() -> None:
    obj = plane(material("left", base_color=(1, 0, 0, 1)), material("right", base_color=(0, 0, 1, 1)), faces=2)
    mirrored = obj.data.uv_layers.new(name="Mirrored")
    for loop in mirrored.data:
        loop.uv = (1 - loop.uv[0], loop.uv[1])
    bake(maps={"base_color"}, margin_px=0)
    bake(maps={"base_color"}, margin_px=0, uv_map="Mirrored")
    straight, turned = pixels("Strip_base_color"), pixels("Strip_base_color.001")
    assert np.allclose(straight[5, 5, :3], (1, 0, 0), atol=BYTE)
    assert np.allclose(turned[5, 5, :3], (0, 0, 1), atol=BYTE)


def notes(obj: bpy.types.Object) -> str:
    options = module("bake_checks").BakeOptions(("roughness",), SIZE_PX, SIZE_PX)
    return "; ".join(note for item in module("bake").bake_maps(obj, options) for note in item.notes)


def test_uvs_outside_and_overlapping_are_counted() -> None:
    obj = plane(material(), faces=4)
    assert notes(obj) == ""
    layer = obj.data.uv_layers[0].data
    for index in obj.data.polygons[0].loop_indices:
        layer[index].uv[0] += 0.5
    assert "2 of 4 faces overlap" in notes(obj)
    for index in obj.data.polygons[0].loop_indices:
        layer[index].uv[0] += 1.0
    assert "1 of 4 faces reach out of the 0–1 square" in notes(obj)


def test_modifiers_are_baked_too() -> None:
    obj = plane(material(), faces=2)
    obj.modifiers.new("Mirror", "MIRROR")
    assert "overlap" in notes(obj)


def test_what_is_only_approximated_is_said() -> None:
    made = material()
    added = made.node_tree.nodes.new("ShaderNodeAddShader")
    made.node_tree.links.new(principled(made).outputs[0], added.inputs[0])
    made.node_tree.links.new(made.node_tree.nodes.new("ShaderNodeBsdfDiffuse").outputs[0], added.inputs[1])
    made.node_tree.links.new(added.outputs[0], output(made))
    assert "material: Add Shader is only approximated in roughness" in notes(plane(made))


# Nothing is lost


def hide(obj: bpy.types.Object) -> None:
    obj.hide_render = True
    obj.is_holdout = True


def edit(_obj: bpy.types.Object) -> None:
    bpy.ops.object.mode_set(mode="EDIT")


def unselect(obj: bpy.types.Object) -> None:
    obj.select_set(False)
    bpy.context.scene.render.engine = "BLENDER_WORKBENCH"
    bpy.context.scene.render.bake.margin = 3
    bpy.context.scene.cycles.samples = 77


def exclude(_obj: bpy.types.Object) -> None:
    bpy.context.scene.render.film_transparent = True
    bpy.context.scene.frame_set(33)


@pytest.mark.parametrize("change", [hide, edit, unselect, exclude])
def test_any_state_bakes_and_stays(change: Callable) -> None:
    change(plane(material(base_color=(*COLOR, 1))))
    before = state()
    assert np.allclose(baked("base_color"), srgb(COLOR), atol=BYTE)
    after = state()
    assert without_images(after) == without_images(before)
    assert set(after["images"]) - set(before["images"]) == {"Strip_base_color"}


def test_linked_objects_and_materials_bake(tmp_path: Path) -> None:
    made = material("linked", base_color=(1, 0, 0, 1))
    grouped(made, 2)
    obj = plane(made)
    bpy.data.libraries.write(str(tmp_path / "library.blend"), {obj})
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    with bpy.data.libraries.load(str(tmp_path / "library.blend"), link=True) as (_, wanted):
        wanted.objects = ["Strip"]
    bpy.context.collection.objects.link(wanted.objects[0])
    bpy.context.view_layer.objects.active = wanted.objects[0]
    before = state()
    assert np.allclose(baked("base_color"), srgb((0.25, 0, 0.75)), atol=BYTE)
    assert without_images(state()) == without_images(before)
    with pytest.raises(RuntimeError, match="linked from another file; make it local"):
        bake(material="ASSIGN")


def out_of_square(obj: bpy.types.Object) -> None:
    for loop in obj.data.uv_layers[0].data:
        loop.uv[0] += 3.0


def empty_slot(obj: bpy.types.Object) -> None:
    obj.data.materials.append(None)
    obj.data.polygons[0].material_index = 1


BAD = {
    "UV map; unwrap it": lambda obj: obj.data.uv_layers.remove(obj.data.uv_layers[0]),
    "has no material; add one": lambda obj: obj.data.materials.clear(),
    "Material slot 2 of Strip is empty, but 1 faces use it; give it a material": empty_slot,
    "has no Material Output; add one": lambda obj: obj.material_slots[0].material.node_tree.nodes.clear(),
    "has no faces; add some": lambda obj: obj.data.clear_geometry() or obj.data.uv_layers.new(),
    "no active object; select a mesh": lambda obj: bpy.data.objects.remove(obj),
    "No face lies in the 0–1 square of the UV map; unwrap": out_of_square,
}


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_refused_with_its_remedy_and_loses_nothing(message: str) -> None:
    BAD[message](plane(material()))
    before = state()
    with pytest.raises(RuntimeError, match=message):
        bake()
    assert state() == before


def test_bad_properties_are_refused() -> None:
    plane(material())
    before = state()
    with pytest.raises(RuntimeError, match="no UV map called 'Other'; choose from UVMap"):
        bake(uv_map="Other")
    with pytest.raises(RuntimeError, match="No map is chosen; choose from base_color"):
        bake(maps=set())
    with pytest.raises(RuntimeError, match=r"relative to a \.blend file that was never saved"):
        bake(out_dir="//textures")
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    bpy.context.collection.objects.link(camera)
    bpy.context.view_layer.objects.active = camera
    with pytest.raises(RuntimeError, match="Camera is not a mesh but a camera; use Object > Convert"):
        bake()
    bpy.data.cameras.remove(camera.data)
    bpy.context.view_layer.objects.active = bpy.data.objects["Strip"]
    assert state() == before


def test_a_bake_that_is_given_up_leaves_nothing_behind() -> None:
    obj = plane(material())
    grouped(obj.material_slots[0].material, 2)
    before = state()
    passes = module("bake").bake_maps(obj, module("bake_checks").BakeOptions(width_px=SIZE_PX, height_px=SIZE_PX))
    next(passes)
    assert len(bpy.data.scenes) == 2
    passes.close()
    assert state() == before


# Results


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


def test_sizes_need_not_be_square() -> None:
    plane(material())
    bake(maps={"roughness"}, width_px=96, height_px=32)
    assert tuple(bpy.data.images["Strip_roughness"].size) == (96, 32)


def test_earlier_results_are_kept() -> None:
    plane(material(roughness=0.1))
    bake(maps={"roughness"})
    principled(bpy.data.materials["material"]).inputs["Roughness"].default_value = 0.9
    bake(maps={"roughness"})
    assert np.allclose(pixels("Strip_roughness")[..., 0], 0.1, atol=BYTE)
    assert np.allclose(pixels("Strip_roughness.001")[..., 0], 0.9, atol=BYTE)


def test_the_scene_settings_are_used_unless_the_call_says_otherwise() -> None:
    plane(material())
    settings = bpy.context.scene.impasto_bake
    settings.maps, settings.width_px, settings.height_px = {"metallic"}, 16, 48
    assert bpy.ops.impasto.bake(height_px=24) == {"FINISHED"}
    assert tuple(bpy.data.images["Strip_metallic"].size) == (16, 24)
    assert "Strip_roughness" not in bpy.data.images


def test_files_are_written_and_never_overwritten(tmp_path: Path) -> None:
    plane(material())
    for _ in range(2):
        bake(maps={"roughness"}, out_dir=str(tmp_path / "new"))
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [
        "Strip_roughness.png",
        "Strip_roughness_2.png",
    ]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    plane(material())
    with pytest.raises(RuntimeError, match=r"cannot write to .*file: .*; choose a folder"):
        bake(maps={"roughness"}, out_dir=str(tmp_path / "file"))


def test_the_material_is_made_only_where_it_is_wanted() -> None:
    obj = plane(material(emission_strength=3.0))
    bake(maps={"roughness"})
    assert len(bpy.data.materials) == 1
    bake(maps={"roughness"}, material="NEW")
    assert obj.active_material.name == "material"
    bake(material="ASSIGN", maps=ALL_MAPS)
    assert obj.active_material.name == "Strip Baked.001"
    shader = principled(obj.active_material)
    assert shader.inputs["Emission Strength"].default_value == pytest.approx(3)
    assert all(shader.inputs[name].is_linked for name in ("Base Color", "Roughness", "Metallic", "Normal", "Alpha"))


def test_baking_what_was_baked_gives_the_same() -> None:
    made, _ = procedural("ShaderNodeTexNoise", "Color")
    plane(made)
    bake(maps={"base_color", "roughness", "normal"}, material="ASSIGN")
    bake(maps={"base_color", "roughness", "normal"})
    for name in ("base_color", "roughness", "normal"):
        assert np.abs(pixels(f"Strip_{name}") - pixels(f"Strip_{name}.001")).max() <= 2 * BYTE, name


def test_a_bake_is_one_step_of_undo() -> None:
    plane(material())
    bpy.ops.ed.undo_push(message="Before")
    bake(material="ASSIGN", maps={"base_color", "normal"})
    assert len(bpy.data.images) == 2
    bpy.ops.ed.undo()
    assert len(bpy.data.images) == 0
    assert bpy.context.object.active_material.name == "material"
    bpy.ops.ed.redo()
    assert bpy.context.object.active_material.name == "Strip Baked"
    assert np.allclose(pixels("Strip_normal")[..., :3], (0.5, 0.5, 1), atol=2e-5)


# In a Blender of its own


def in_background(obj: bpy.types.Object, *, cancel_after_s: float | None = None) -> object:
    """What a click in a window does, without the window's timer: the maps, or the report of what went wrong."""
    process = module("bake_process")
    options = module("bake_checks").BakeOptions(width_px=SIZE_PX, height_px=SIZE_PX)
    given = process.hand_over(obj, options)
    task = module("jobs").Task("Bake", lambda task: process.bake(task, given), lambda maps: maps)
    task.start()
    if cancel_after_s is not None:
        time.sleep(cancel_after_s)
        task.cancel()
    assert task.wait(60)
    assert not given.folder.exists()
    return task.conclude()


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


def test_the_background_bakes_the_same_and_touches_nothing() -> None:
    obj = plane(painted("unsaved"))
    options = module("bake_checks").BakeOptions(width_px=SIZE_PX, height_px=SIZE_PX)
    here = list(module("bake").bake_maps(obj, options))
    before = state()
    there = in_background(obj)
    assert state() == before
    assert [item.png for item in there] == [item.png for item in here]
    assert [item.provenance for item in there] == [item.provenance for item in here]


def test_the_background_can_be_cancelled() -> None:
    before = time.monotonic()
    report = in_background(plane(material()), cancel_after_s=0.3)
    assert (report.level, report.text) == ("CANCELLED", "Bake: cancelled")
    assert time.monotonic() - before < 2


def test_errors_in_the_background_come_back_with_their_remedy() -> None:
    obj = plane(material())
    out_of_square(obj)
    report = in_background(obj)
    assert report.level == "ERROR"
    assert "No face lies in the 0–1 square of the UV map; unwrap" in report.text
