# SPDX-License-Identifier: GPL-3.0-or-later
"""Baking with a real Cycles: the maps hold the material's own values, also those of inputs that are baked by name."""

from __future__ import annotations

from pathlib import Path

import bmesh
import bpy
import numpy as np
import pytest
from baking import ALL_MAPS, BYTE, COLOR, SIZE_PX, about, bake, baked, module, pixels, srgb
from conftest import cases, refused
from drawing import Layout
from strips import bumped, grouped, material, output, plane, principled, procedural, slanted

pytestmark = pytest.mark.usefixtures("scene")


@pytest.mark.parametrize("metallic", [0.0, 1.0])
def test_constant_values_are_baked_exactly(metallic: float) -> None:
    inputs = {"base_color": (*COLOR, 1), "roughness": 0.37, "metallic": metallic, "alpha": 0.6}
    plane(material(**inputs, emission_color=(0.25, 0.5, 1, 1), emission_strength=0.5))
    assert bake(maps=ALL_MAPS | {"height"}) == {"FINISHED"}
    expected = {
        "height": 0.5,
        "base_color": srgb(COLOR),
        "roughness": 0.37,
        "metallic": metallic,
        "opacity": 0.6,
        "emission": srgb((0.125, 0.25, 0.5)),
        "normal": (0.5, 0.5, 1.0),
    }
    for name, value in expected.items():
        difference = np.abs(pixels(f"Strip_{name}")[..., :3] - value).max()
        assert difference <= (1e-4 if name in ("normal", "height") else BYTE), name


def test_emission_above_one_is_scaled_with_a_report() -> None:
    plane(material(emission_color=(1, 0.5, 0.25, 1), emission_strength=4.0))
    assert np.allclose(baked("emission"), srgb((1, 0.5, 0.25)), atol=BYTE)
    assert about("Strip_emission")["emission_strength"] == pytest.approx(4)


@pytest.mark.parametrize("kind", ["ShaderNodeTexNoise", "ShaderNodeTexBrick"])
def test_procedural_textures_bake_to_what_they_evaluate_to(kind: str) -> None:
    made, expected = procedural(kind, "Color")
    plane(made)
    assert bake(maps={"base_color"}, margin_px=0) == {"FINISHED"}
    difference = np.abs(pixels("Strip_base_color")[..., :3] - srgb(np.clip(expected, 0, 1))).max(axis=-1)
    assert expected.std() > 0.02
    # Bricks have hard edges, where rounding of the position decides: a few pixels may differ.
    assert np.mean(difference <= 2 * BYTE) > 0.99


def test_a_tangent_normal_comes_back_with_y_up_and_a_colour_linked_to_roughness_is_its_luminance() -> None:
    wanted = np.array([0.6, -0.3, np.sqrt(1 - 0.45)]) * 0.5 + 0.5
    made = material()
    color, node = (made.node_tree.nodes.new(f"ShaderNode{kind}") for kind in ("RGB", "NormalMap"))
    color.outputs[0].default_value, node.inputs["Color"].default_value = (1, 0, 0, 1), (*wanted, 1)
    for one, socket in ((color, "Roughness"), (node, "Normal")):
        made.node_tree.links.new(one.outputs[0], principled(made).inputs[socket])
    plane(made)
    assert np.allclose(baked("roughness"), 0.2126, atol=2 * BYTE)
    assert np.allclose(baked("normal"), wanted, atol=1e-3)
    assert bpy.data.images["Strip_normal"].is_float  # 16 bits a channel


def displaced(made: bpy.types.Material, height: bpy.types.NodeSocket) -> bpy.types.Node:
    """The displacement of a material by this height."""
    displacement = made.node_tree.nodes.new("ShaderNodeDisplacement")
    made.node_tree.links.new(height, displacement.inputs["Height"])
    end = made.node_tree.get_output_node("CYCLES")
    made.node_tree.links.new(displacement.outputs[0], end.inputs["Displacement"])
    return displacement


def test_displacement_is_baked_into_the_normals() -> None:
    made = material()
    displaced(made, made.node_tree.nodes.new("ShaderNodeTexNoise").outputs[0])
    made.displacement_method = "DISPLACEMENT"
    plane(made)
    baked("normal")
    assert pixels("Strip_normal")[..., 0].std() > 0.005
    assert made.displacement_method == "DISPLACEMENT"


def test_baked_heights_displace_like_the_displacement() -> None:
    """Half of it 0.3 above the surface, half 0.1 below: the range is 0.4, and the surface lies a quarter up."""
    made = material()
    nodes, links = made.node_tree.nodes, made.node_tree.links
    checker = nodes.new("ShaderNodeTexChecker")
    checker.inputs["Scale"].default_value = 2.0
    links.new(nodes.new("ShaderNodeUVMap").outputs["UV"], checker.inputs["Vector"])
    displacement = displaced(made, checker.outputs["Fac"])
    displacement.inputs["Midlevel"].default_value, displacement.inputs["Scale"].default_value = 0.25, 0.4
    obj = plane(made)
    bpy.context.scene.unit_settings.scale_length = 0.01
    bake(maps={"height"}, material="NEW", samples=1, margin_px=0)
    heights = pixels("Strip_height")[..., 0]
    assert sorted({round(float(value), 3) for value in np.unique(heights)}) == [0.0, 1.0]
    record = about("Strip_height")
    assert record["height_range"] == pytest.approx(0.4, abs=1e-5)
    assert record["height_range_m"] == pytest.approx(0.004, abs=1e-7)
    baked_node = obj.active_material.node_tree.nodes["Impasto Displacement"]
    assert baked_node.inputs["Scale"].default_value == pytest.approx(0.4, abs=1e-5)
    assert baked_node.inputs["Midlevel"].default_value == pytest.approx(0.25, abs=1e-5)


def test_bumps_and_unlinked_heights_are_baked() -> None:
    made = material()
    nodes, links = made.node_tree.nodes, made.node_tree.links
    gradient = nodes.new("ShaderNodeTexGradient")
    links.new(nodes.new("ShaderNodeUVMap").outputs["UV"], gradient.inputs["Vector"])
    bump = bumped(made, gradient.outputs["Fac"])
    bump.inputs["Distance"].default_value, bump.inputs["Strength"].default_value = 0.2, 0.5
    obj = plane(made)
    bake(maps={"height", "normal"}, material="NEW", margin_px=0)
    ramp = pixels("Strip_height")[SIZE_PX // 2, :, 0]
    assert np.allclose(ramp, (np.arange(SIZE_PX)) / (SIZE_PX - 1), atol=0.01)
    assert not obj.active_material.node_tree.nodes["Impasto Displacement"].outputs[0].is_linked
    bake(maps={"height"}, margin_px=0)
    assert np.allclose(pixels("Strip_height.001")[SIZE_PX // 2, :, 0], ramp, atol=0.01)


def test_occlusion_is_dark_beside_a_wall_and_light_in_the_open() -> None:
    """A floor with a wall along its left border; both use the same half of the UV square."""
    obj = plane(material())
    mesh = bmesh.new()
    mesh.from_mesh(obj.data)
    wall = [mesh.verts.new(place) for place in ((0, 0, 0), (0, 1, 0), (0, 1, 1), (0, 0, 1))]
    uvs, face = mesh.loops.layers.uv.active, mesh.faces.new(wall)
    for loop in face.loops:
        loop[uvs].uv = (2.5, 2.5)  # not baked
    mesh.to_mesh(obj.data)
    bake(maps={"ambient_occlusion"}, samples=4, margin_px=0)
    row = pixels("Strip_ambient_occlusion")[SIZE_PX // 4 : -SIZE_PX // 4, :, 0].mean(0)
    assert row[1] < 0.65
    assert row[-2] > row[1] + 0.15
    assert bpy.data.images["Strip_ambient_occlusion"].colorspace_settings.name == "Non-Color"


def test_view_transform_and_exposure_do_not_matter() -> None:
    plane(material(base_color=(*COLOR, 1)))
    view = bpy.context.scene.view_settings
    for transform, exposure in (("AgX", 0.0), ("Standard", 3.0), ("Raw", -2.0)):
        view.view_transform, view.exposure = transform, exposure
        assert bake(maps={"base_color"}) == {"FINISHED"}
    first, *others = [image.packed_file.data for image in bpy.data.images if image.name.startswith("Strip_base")]
    assert len(others) == 2
    assert all(other == first for other in others)


@pytest.mark.parametrize(("parts", "least", "most"), [("1", 0.3, 0.5), ("4", 0.04, 0.125), ("16", 0.0, 0.04)])
def test_anti_aliasing_shows_the_share_of_each_face_in_a_pixel(parts: str, least: float, most: float) -> None:
    """The samples of Cycles do not: they all fall on the face at the pixel's centre, as the bake without it shows."""
    share = slanted(material("rough", metallic=0.0), material("metal", metallic=1.0))
    bake(maps={"metallic", "material_id", "curvature"}, samples=16 if parts == "1" else 1, anti_aliasing=parts)
    difference = np.abs(pixels("Strip_metallic")[..., 0] - share)
    assert least < difference.max() <= most
    mask = pixels("Strip_material_id")[..., :3]
    first, second = mask[0, 0], mask[0, -1]
    between = ((mask - first) @ (second - first)) / ((second - first) @ (second - first))
    assert np.abs(between - share).max() == pytest.approx(difference.max(), abs=4 * BYTE)
    assert np.abs(pixels("Strip_curvature")[..., 0] - 0.5).max() < 0.01, "the plane is flat"


def test_anti_aliasing_takes_nothing_from_beyond_an_island() -> None:
    """Pixels that an island covers in part have its colour, with a margin and without; normals stay of length 1."""
    obj = plane(material(base_color=(1, 0, 0, 1)))
    for loop in obj.data.uv_layers[0].data:
        loop.uv = [0.213 + 0.5 * value for value in loop.uv]
    for margin_px in (0, 4):
        bake(maps={"base_color", "normal", "vertex_color"}, margin_px=margin_px, anti_aliasing="16")
    for name in ("Strip_base_color", "Strip_base_color.001"):
        assert np.abs(pixels(name)[..., :3] - (1, 0, 0)).max() <= BYTE, "uncovered ones have the mean"
    for name in ("Strip_normal", "Strip_normal.001"):
        assert np.abs(pixels(name)[..., :3] - (0.5, 0.5, 1)).max() < 1e-3


# Node trees


def link_mix(made: bpy.types.Material, factor: float | None, second: bpy.types.Node) -> None:
    """Mix its shading with a second shader, or add that without a factor."""
    mix = made.node_tree.nodes.new("ShaderNodeAddShader" if factor is None else "ShaderNodeMixShader")
    first, last = mix.inputs[-2:]
    if factor is not None:
        mix.inputs[0].default_value = factor
    made.node_tree.links.new(principled(made).outputs[0], first)
    made.node_tree.links.new(second.outputs[0], last)
    made.node_tree.links.new(mix.outputs[0], output(made))


def test_mix_shader_mixes_the_values_and_muted_nodes_pass_their_first_shader() -> None:
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

    output(made).links[0].from_node.mute = True
    bake(maps={"base_color"})
    assert np.allclose(pixels("Strip_base_color.001")[..., :3], srgb((1, 0, 0)), atol=BYTE)


def test_transparent_and_emission_shaders_leave_the_surface_alone() -> None:
    made = material(base_color=(*COLOR, 1), roughness=0.37)
    link_mix(made, 0.25, made.node_tree.nodes.new("ShaderNodeBsdfTransparent"))
    glowing = material("glowing", base_color=(*COLOR, 1))
    link_mix(glowing, None, glowing.node_tree.nodes.new("ShaderNodeEmission"))
    plane(made, glowing, faces=2)
    bake(maps=ALL_MAPS - {"normal"}, samples=1, margin_px=0)
    middle = SIZE_PX // 2
    left, right = SIZE_PX // 4, 3 * SIZE_PX // 4
    assert np.allclose(pixels("Strip_base_color")[middle, [left, right], :3], srgb(COLOR), atol=BYTE)
    assert np.allclose(pixels("Strip_roughness")[middle, left, 0], 0.37, atol=BYTE)
    assert np.allclose(pixels("Strip_opacity")[middle, left, 0], 0.75, atol=BYTE)
    assert np.allclose(pixels("Strip_emission")[middle, [left, right], 0], [0, 1], atol=BYTE)


@pytest.mark.parametrize("depth", [1, 3])
def test_groups_are_followed_in_both_directions(depth: int) -> None:
    made = material(base_color=(1, 0, 0, 1))
    grouped(made, depth)
    plane(made)
    before = [len(tree.nodes) for tree in bpy.data.node_groups]
    red = 0.5**depth
    assert np.allclose(baked("base_color"), srgb((red, 0, 1 - red)), atol=BYTE)
    assert [len(tree.nodes) for tree in bpy.data.node_groups] == before


if bpy.app.version < (5, 0):  # from 5.0 on every material has nodes

    def test_a_material_without_nodes_gives_its_viewport_values() -> None:
        made = bpy.data.materials.new("plain")
        made.diffuse_color, made.roughness, made.metallic = (*COLOR, 1), 0.37, 1.0
        plane(made)
        assert np.allclose(baked("base_color"), srgb(COLOR), atol=BYTE)
        assert np.allclose(baked("roughness"), 0.37, atol=BYTE)
        assert not made.use_nodes


def shader(kind: str, **inputs: object) -> bpy.types.Material:
    """A material with one shader of another kind."""
    made = material()
    node = made.node_tree.nodes.new(kind)
    for name, value in inputs.items():
        node.inputs[name].default_value = value
    made.node_tree.links.new(node.outputs[0], output(made))
    return made


def mean(name: str) -> np.ndarray:
    return pixels(f"Strip_{name}")[..., :3].mean(axis=(0, 1))


def test_baked_inputs_are_linked_by_name_in_the_new_material() -> None:
    made = material()
    wanted = {"Coat Weight": 0.8, "Sheen Weight": 0.3, "Specular IOR Level": 0.6, "Anisotropic": 0.25}
    for name, value in wanted.items():
        principled(made).inputs[name].default_value = value
    principled(made).inputs["Coat Tint"].default_value = (0.2, 0.4, 0.9, 1)
    obj = plane(made)
    bake(maps={"roughness"}, inputs=", ".join(wanted).lower() + ",coat_tint", material="NEW")
    for name, value in wanted.items():
        assert np.allclose(mean(name.lower().replace(" ", "_")), value, atol=BYTE), name
    assert np.allclose(mean("coat_tint"), srgb((0.2, 0.4, 0.9)), atol=BYTE)
    spaces = [bpy.data.images[f"Strip_{name}"].colorspace_settings.name for name in ("coat_tint", "coat_weight")]
    assert spaces == ["sRGB", "Non-Color"]
    joined = principled(obj.active_material).inputs
    linked = {socket.name: socket.links[0].from_node.image.name for socket in joined if socket.is_linked}
    expected = {name: f"Strip_{name.lower().replace(' ', '_')}" for name in (*wanted, "Coat Tint", "Roughness")}
    assert linked == expected


def test_an_input_above_one_is_scaled_and_the_material_scales_it_back() -> None:
    made = material()
    principled(made).inputs["IOR"].default_value = 1.8
    obj = plane(made)
    bake(maps=set(), inputs="IOR", material="NEW")
    assert np.allclose(mean("ior"), 1.0, atol=BYTE)
    assert about("Strip_ior")["value_scale"] == pytest.approx(1.8)
    scale = principled(obj.active_material).inputs["IOR"].links[0].from_node
    assert scale.inputs["Scale"].default_value == pytest.approx(1.8)
    bake(maps=set(), inputs="IOR")  # what was baked bakes to the same
    assert about("Strip_ior.001")["value_scale"] == pytest.approx(1.8, abs=0.01)


@pytest.mark.parametrize(("kind", "inputs", "expected"), cases("shaders"))
def test_other_shaders_are_converted_to_principled_inputs(
    kind: str, inputs: dict[str, object], expected: dict[str, float]
) -> None:
    if not hasattr(bpy.types, kind):
        pytest.skip("this Blender lacks the shader")
    plane(shader(kind, **inputs))
    listed = {"roughness", "metallic"}
    bake(maps=listed & set(expected), inputs=",".join(set(expected) - listed))
    for name, value in expected.items():
        assert np.allclose(mean(name), value, atol=BYTE), name


def test_mixing_with_a_shader_without_the_input_mixes_with_zero() -> None:
    made = material()
    principled(made).inputs["Coat Weight"].default_value = 1.0
    link_mix(made, 0.25, made.node_tree.nodes.new("ShaderNodeBsdfDiffuse"))
    plane(made)
    bake(maps=set(), inputs="Coat Weight")
    assert np.allclose(mean("coat_weight"), 0.75, atol=BYTE)


def test_other_inputs_of_the_panel_and_the_search_are_those_of_the_shader() -> None:
    plane(material())
    said = "the input 'Coat Wait' of the Principled BSDF cannot be baked; choose from IOR, Diffuse Roughness"
    refused(said, bake, inputs="Sheen Tint, Coat Wait")

    found = module("bake.maps.values").completions("Sheen Tint, coat w")
    assert found == ["Sheen Tint, Coat Weight"]
    assert "Sheen Tint, Sheen Tint" not in module("bake.maps.values").completions("Sheen Tint, ")

    if bpy.app.version >= (4, 3):  # Diffuse Roughness came then
        assert set(module("bake.maps.values").INPUTS) <= set(principled(material()).inputs.keys())


def test_the_panel_has_a_switch_for_each_map_under_three_headings() -> None:
    layout = Layout()
    module("bake.panel").draw_bake(layout, bpy.context)
    switches = [arguments[2] for what, arguments, _ in layout.drawn if what == "prop_enum"]
    assert tuple(switches) == module("bake.settings").LISTED_MAPS
    headings = [options["text"] for what, _, options in layout.drawn if what == "label" and "icon" not in options]
    assert headings[:4] == ["Maps", "Surface", "Geometry", "Masks"], "the section, then its groups"
    assert "inputs" in layout.props()
    assert "maps" not in layout.props()


def shown_settings(**values: object) -> set[str]:
    """Settings that the panel shows once some of them have other values."""
    settings, layout = bpy.context.scene.impasto_bake, Layout()
    for name, value in values.items():
        setattr(settings, name, value)
    module("bake.panel").draw_bake(layout, bpy.context)
    return set(layout.props())


def test_settings_without_effect_are_not_shown(tmp_path: Path) -> None:
    usual = shown_settings()
    assert {"target", "margin_type"} <= usual
    assert "edge_radius" not in usual, "none of the usual maps has rounded edges"
    assert usual - shown_settings(margin_px=0) == {"margin_type"}
    assert "edge_radius" in shown_settings(maps={"normal", "cavity"})
    assert "target" not in shown_settings(surface="SELECTED"), "there is one low object"
    assert "target" in shown_settings(surface="NAMED")
    assert not {"preset", "file_format", "pattern", "replace"} & usual
    assert {"preset", "file_format", "pattern", "replace"} <= shown_settings(out_dir=str(tmp_path))
    assert "pattern" not in shown_settings(preset="unity-urp"), "an engine names its files"
