# SPDX-License-Identifier: GPL-3.0-or-later
"""Inputs of the Principled BSDF that are baked by name, and what other shaders have in their place."""

from __future__ import annotations

import json
from pathlib import Path

import bpy
import numpy as np
import pytest
from baking import BYTE, bake, material, module, output, pixels, plane, principled, srgb
from drawing import Layout

pytestmark = pytest.mark.usefixtures("scene")


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


def test_inputs_come_back_by_their_names_and_are_linked_in_the_new_material() -> None:
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
    assert json.loads(bpy.data.images["Strip_ior"]["impasto_baked"])["value_scale"] == pytest.approx(1.8)
    scale = principled(obj.active_material).inputs["IOR"].links[0].from_node
    assert scale.inputs["Scale"].default_value == pytest.approx(1.8)
    bake(maps=set(), inputs="IOR")  # what was baked bakes to the same
    assert json.loads(bpy.data.images["Strip_ior.001"]["impasto_baked"])["value_scale"] == pytest.approx(1.8, abs=0.01)


@pytest.mark.parametrize(
    ("kind", "inputs", "expected"),
    [
        ("ShaderNodeBsdfGlass", {"Roughness": 0.2}, {"transmission_weight": 1.0, "roughness": 0.2, "metallic": 0.0}),
        ("ShaderNodeBsdfRefraction", {}, {"transmission_weight": 1.0}),
        ("ShaderNodeBsdfDiffuse", {}, {"transmission_weight": 0.0, "coat_weight": 0.0, "specular_ior_level": 0.0}),
        ("ShaderNodeBsdfTranslucent", {"Color": (0.2, 0.5, 0.1, 1)}, {"roughness": 1.0, "transmission_weight": 0.0}),
        ("ShaderNodeSubsurfaceScattering", {"Scale": 0.3}, {"subsurface_weight": 1.0, "subsurface_scale": 0.3}),
        ("ShaderNodeBsdfSheen", {"Roughness": 0.7}, {"sheen_weight": 1.0, "sheen_roughness": 0.7}),
        ("ShaderNodeBsdfHair", {"RoughnessU": 0.35}, {"roughness": 0.35}),
        ("ShaderNodeBsdfMetallic", {"Anisotropy": 0.4}, {"metallic": 1.0, "anisotropic": 0.4}),
    ],
)
def test_other_shaders_have_the_inputs_that_they_amount_to(
    kind: str, inputs: dict[str, object], expected: dict[str, float]
) -> None:
    if not hasattr(bpy.types, kind):
        pytest.skip("this Blender lacks the shader")
    plane(shader(kind, **inputs))
    listed = {"roughness", "metallic"}
    bake(maps=listed & set(expected), inputs=",".join(set(expected) - listed))
    for name, value in expected.items():
        assert np.allclose(mean(name), value, atol=BYTE), name


def test_a_mix_with_a_shader_that_lacks_the_input_mixes_with_nothing() -> None:
    made = material()
    principled(made).inputs["Coat Weight"].default_value = 1.0
    nodes, links = made.node_tree.nodes, made.node_tree.links
    mix = nodes.new("ShaderNodeMixShader")
    mix.inputs[0].default_value = 0.25
    links.new(principled(made).outputs[0], mix.inputs[1])
    links.new(nodes.new("ShaderNodeBsdfDiffuse").outputs[0], mix.inputs[2])
    links.new(mix.outputs[0], output(made))
    plane(made)
    bake(maps=set(), inputs="Coat Weight")
    assert np.allclose(mean("coat_weight"), 0.75, atol=BYTE)


def test_other_inputs_of_the_panel_and_the_search_are_those_of_the_shader() -> None:
    plane(material())
    said = "the input 'Coat Wait' of the Principled BSDF cannot be baked; choose from IOR, Diffuse Roughness"
    with pytest.raises(RuntimeError, match=said):
        bake(inputs="Sheen Tint, Coat Wait")

    found = module("bake.maps.principled_inputs").completions("Sheen Tint, coat w")
    assert found == ["Sheen Tint, Coat Weight"]
    assert "Sheen Tint, Sheen Tint" not in module("bake.maps.principled_inputs").completions("Sheen Tint, ")

    if bpy.app.version >= (4, 3):  # Diffuse Roughness came then
        assert set(module("bake.maps.principled_inputs").INPUTS) <= set(principled(material()).inputs.keys())


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
