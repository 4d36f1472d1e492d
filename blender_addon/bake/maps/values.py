# SPDX-License-Identifier: GPL-3.0-or-later
"""Value of a surface shader in one map (its base colour, its roughness, an input by its name), as a node socket.

A diffuse bake of a metal is black, so maps are baked as emission of the shaders' input values.
It works in place: give it the node tree of a copied material.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import bpy
from bpy.types import Node, NodeSocket, NodeTree

from ...bridge.images import COLOR_MAPS
from ...bridge.shader_tree import NodeGraph
from ...core.errors import Message, ParameterError
from ...core.system.untrusted import excerpt

INPUTS: Mapping[str, float] = {
    "IOR": 1.5,
    "Diffuse Roughness": 0.0,
    "Subsurface Weight": 0.0,
    "Subsurface Radius": 0.0,
    "Subsurface Scale": 0.0,
    "Subsurface IOR": 1.4,
    "Subsurface Anisotropy": 0.0,
    "Specular IOR Level": 0.0,
    "Specular Tint": 1.0,
    "Anisotropic": 0.0,
    "Anisotropic Rotation": 0.0,
    "Transmission Weight": 0.0,
    "Coat Weight": 0.0,
    "Coat Roughness": 0.03,
    "Coat IOR": 1.5,
    "Coat Tint": 1.0,
    "Sheen Weight": 0.0,
    "Sheen Roughness": 0.5,
    "Sheen Tint": 1.0,
    "Thin Film Thickness": 0.0,
    "Thin Film IOR": 1.33,
}
"""Inputs without a map of their own, each with its value in a shader that has nothing like it."""


def map_of(socket: str) -> str:
    """Name of the map of an input."""
    return socket.lower().replace(" ", "_")


INPUT_MAPS: Mapping[str, float] = {map_of(socket): value for socket, value in INPUTS.items()}

SOCKETS_OF_SHADERS: Mapping[tuple[str, str], str] = {
    ("BSDF_GLASS", "ior"): "IOR",
    ("BSDF_REFRACTION", "ior"): "IOR",
    ("BSDF_GLOSSY", "anisotropic"): "Anisotropy",
    ("BSDF_GLOSSY", "anisotropic_rotation"): "Rotation",
    ("BSDF_METALLIC", "anisotropic"): "Anisotropy",
    ("BSDF_METALLIC", "anisotropic_rotation"): "Rotation",
    ("BSDF_SHEEN", "sheen_roughness"): "Roughness",
    ("BSDF_SHEEN", "sheen_tint"): "Color",
    ("BSDF_HAIR", "roughness"): "RoughnessU",
    ("SUBSURFACE_SCATTERING", "subsurface_scale"): "Scale",
    ("SUBSURFACE_SCATTERING", "subsurface_radius"): "Radius",
    ("SUBSURFACE_SCATTERING", "subsurface_ior"): "IOR",
    ("SUBSURFACE_SCATTERING", "subsurface_anisotropy"): "Anisotropy",
}
"""Inputs of other shaders that mean what an input of the Principled BSDF means."""

CONSTANTS: Mapping[tuple[str, str], float] = {
    ("BSDF_GLOSSY", "metallic"): 1.0,
    ("BSDF_METALLIC", "metallic"): 1.0,
    ("BSDF_DIFFUSE", "roughness"): 1.0,
    ("BSDF_TRANSLUCENT", "roughness"): 1.0,
    ("BSDF_GLASS", "transmission_weight"): 1.0,
    ("BSDF_REFRACTION", "transmission_weight"): 1.0,
    ("SUBSURFACE_SCATTERING", "subsurface_weight"): 1.0,
    ("BSDF_SHEEN", "sheen_weight"): 1.0,
}
"""Values of a map that other shaders have by what they are."""

APPROXIMATE = ("BSDF_TRANSLUCENT", "BSDF_SHEEN", "BSDF_HAIR", "BSDF_HAIR_PRINCIPLED", "BSDF_TOON", "BSDF_RAY_PORTAL")
"""Shaders whose light no Principled BSDF scatters alike."""


def input_maps(text: str) -> Iterator[str]:
    """Names of the maps in a list of inputs, "Coat Weight, Sheen Tint". Raise ParameterError for an unknown input."""
    for part in filter(None, map(str.strip, text.split(","))):
        if (name := map_of(part)) not in INPUT_MAPS:
            message = "the input {} of the Principled BSDF cannot be baked"
            raise ParameterError(message, "choose from {}", excerpt(part), ", ".join(INPUTS))
        yield name


def completions(typed: str) -> list[str]:
    """Lists of inputs that begin as typed and end with one more."""
    before, comma, last = typed.rpartition(",")
    start = f"{before}{comma} " if comma else ""
    names = {map_of(part.strip()) for part in before.split(",")}
    return [f"{start}{one}" for one in INPUTS if last.strip().lower() in one.lower() and map_of(one) not in names]


VALUE_MAPS = ("base_color", "roughness", "metallic", "emission", "opacity", "height")
DEFAULTS = {
    "base_color": 0.0,
    "roughness": 0.5,
    "metallic": 0.0,
    "emission": 0.0,
    "opacity": 1.0,
    "height": 0.0,
    **INPUT_MAPS,
}
"""Values of a map where no shader sets it."""

SOCKETS_OF_MAPS = {
    "base_color": ("Base Color", "Color", "Tint"),
    "roughness": ("Roughness",),
    "metallic": ("Metallic",),
    "opacity": ("Alpha",),
}
WAITING = "Impasto Displacement"
"""Name of the node that holds the height of a material with a normal map, not linked."""
CLEAR_SHADERS = ("BSDF_TRANSPARENT", "HOLDOUT")
EMPTY_SHADERS = ("EMISSION", *CLEAR_SHADERS)
"""Shaders without a surface: a mix with one keeps the other's colour, roughness and metallic."""


@dataclass
class ValueReader:
    """Search for one map's value in a material's tree; `copies` collects the group copies that it needs."""

    tree: NodeTree
    map_name: str
    copies: list[bpy.types.ID]
    notes: list[str] = field(default_factory=list)

    def read(self, output: Node) -> NodeSocket:
        """Socket in the material's own tree with the value of the shader linked to a Material Output."""
        is_height = self.map_name == "height"
        value = self._shader(output.inputs["Displacement"], ()) if is_height else None
        value = self._shader(output.inputs["Surface"], ()) if value is None else value
        if value is None and is_height and (waiting := self.tree.nodes.get(WAITING)):
            value = self._height(waiting, self.tree)
        return self._constant(self.tree, DEFAULTS[self.map_name]) if value is None else value

    def _shader(self, target: NodeSocket, groups: tuple[Node, ...]) -> NodeSocket | None:
        """Value of the shader linked to `target`, inside the nested `groups`; None if it has no such value."""
        link = _link_into(target)
        if link is None:
            return None
        node, source = link.from_node, link.from_socket
        if node.type == "REROUTE":
            return self._shader(node.inputs[0], groups)
        if node.mute:
            passed = next((inner.from_socket for inner in node.internal_links if inner.to_socket == source), None)
            return None if passed is None else self._shader(passed, groups)
        if node.type == "GROUP":
            return self._out_of_group(node, source, groups)
        if node.type == "GROUP_INPUT":
            return self._into_group(node, source, groups)
        if node.type in ("MIX_SHADER", "ADD_SHADER"):
            return self._mix(node, groups)
        return self._leaf(node, self._tree(groups))

    def _tree(self, groups: tuple[Node, ...]) -> NodeTree:
        return groups[-1].node_tree if groups else self.tree

    def _leaf(self, node: Node, tree: NodeTree) -> NodeSocket | None:
        if self.map_name == "emission":
            return self._emission(node, tree)
        if self.map_name == "height":
            return self._height(node, tree)
        if node.type in CLEAR_SHADERS and self.map_name == "opacity":
            return self._constant(tree, 0.0)
        if node.type in EMPTY_SHADERS:
            return None
        if self.map_name == "base_color" and node.type in APPROXIMATE:
            self.notes.append(Message("{} is only approximated by the maps of a Principled BSDF", node.bl_label))
        if (constant := CONSTANTS.get((node.type, self.map_name))) is not None:
            return self._constant(tree, constant)
        if (socket := self._socket(node)) is not None:
            return self._input_value(tree, socket)
        if self.map_name == "base_color":
            self.notes.append(Message("{} has no colour that could be baked; black is used", node.bl_label))
        return self._constant(tree, INPUT_MAPS[self.map_name]) if self.map_name in INPUT_MAPS else None

    def _socket(self, node: Node) -> NodeSocket | None:
        """Input of a shader that holds the map's value."""
        if (node.type, self.map_name) in SOCKETS_OF_SHADERS:
            return node.inputs[SOCKETS_OF_SHADERS[node.type, self.map_name]]
        if self.map_name in INPUT_MAPS:
            inputs = node.inputs if node.type == "BSDF_PRINCIPLED" else ()
            return next((socket for socket in inputs if map_of(socket.name) == self.map_name), None)
        return next((node.inputs[name] for name in SOCKETS_OF_MAPS[self.map_name] if name in node.inputs), None)

    def _emission(self, node: Node, tree: NodeTree) -> NodeSocket | None:
        prefix = "" if node.type == "EMISSION" else "Emission "
        if f"{prefix}Strength" not in node.inputs or f"{prefix}Color" not in node.inputs:
            return None
        color, strength = (self._input_value(tree, node.inputs[f"{prefix}{name}"]) for name in ("Color", "Strength"))
        return NodeGraph(tree).vector("MULTIPLY", color, strength)

    def _height(self, node: Node, tree: NodeTree) -> NodeSocket | None:
        """Height of a displacement, or of the bump behind a shader's normal, in Blender units."""
        math = NodeGraph(tree).math
        if node.type == "DISPLACEMENT":
            height, middle, scale = (self._input_value(tree, node.inputs[at]) for at in ("Height", "Midlevel", "Scale"))
            return math("MULTIPLY", math("SUBTRACT", height, middle), scale)
        if node.type == "VECTOR_DISPLACEMENT":
            self.notes.append("Vector Displacement has no height that could be baked")
            return None
        bump = _node_behind(node.inputs.get("Normal"), "BUMP")
        if bump is None:
            return None
        if _node_behind(bump.inputs["Normal"], "BUMP"):
            self.notes.append("of several bumps only the last one's height is baked")
        height, strength, far = (self._input_value(tree, bump.inputs[at]) for at in ("Height", "Strength", "Distance"))
        height = math("MULTIPLY", height, math("MULTIPLY", strength, far))
        return math("SUBTRACT", 0.0, height) if bump.invert else height

    def _mix(self, node: Node, groups: tuple[Node, ...]) -> NodeSocket | None:
        """A Mix Shader as a mix of values. An Add Shader adds colours and averages the rest, an approximation."""
        added = node.type == "ADD_SHADER"
        tree = self._tree(groups)
        first, second = (self._shader(socket, groups) for socket in (node.inputs[:2] if added else node.inputs[1:]))
        if first is None and second is None:
            return None
        if first is None or second is None:
            if self.map_name not in ("emission", "opacity") or (added and self.map_name == "emission"):
                return first or second
            rest = self._constant(tree, DEFAULTS[self.map_name])
            first, second = first or rest, second or rest
        mix = tree.nodes.new("ShaderNodeMix")
        mix.data_type = "RGBA"
        factor = _by_identifier(mix.inputs, "Factor_Float")
        factor.default_value = 0.5
        if not added:
            tree.links.new(self._scalar(tree, node.inputs[0]), factor)
        elif self.map_name in COLOR_MAPS:
            mix.blend_type, factor.default_value = "ADD", 1.0
        if added and self.map_name != "emission":
            self.notes.append(Message("Add Shader is only approximated in {}; Mix Shader is exact", self.map_name))
        tree.links.new(first, _by_identifier(mix.inputs, "A_Color"))
        tree.links.new(second, _by_identifier(mix.inputs, "B_Color"))
        return _by_identifier(mix.outputs, "Result_Color")

    def _out_of_group(self, node: Node, source: NodeSocket, groups: tuple[Node, ...]) -> NodeSocket | None:
        """Follow a group's output inwards and carry the value out through a new output."""
        if node.node_tree is None:
            return None
        if node.node_tree not in self.copies:
            node.node_tree = node.node_tree.copy()
            self.copies.append(node.node_tree)
        inner = node.node_tree
        ends = [end for end in inner.nodes if end.type == "GROUP_OUTPUT" and end.is_active_output]
        value = self._shader(_by_identifier(ends[0].inputs, source.identifier), (*groups, node)) if ends else None
        if value is None:
            return None
        item = inner.interface.new_socket(name="Impasto", in_out="OUTPUT", socket_type="NodeSocketColor")
        inner.links.new(value, _by_identifier(ends[0].inputs, item.identifier))
        return _by_identifier(node.outputs, item.identifier)

    def _into_group(self, node: Node, source: NodeSocket, groups: tuple[Node, ...]) -> NodeSocket | None:
        """Follow a shader that enters a group outwards and carry its value in through a new input."""
        *outer, group = groups
        value = self._shader(_by_identifier(group.inputs, source.identifier), tuple(outer))
        if value is None:
            return None
        interface = group.node_tree.interface
        item = interface.new_socket(name="Impasto", in_out="INPUT", socket_type="NodeSocketColor")
        self._tree(tuple(outer)).links.new(value, _by_identifier(group.inputs, item.identifier))
        return _by_identifier(node.outputs, item.identifier)

    def _input_value(self, tree: NodeTree, socket: NodeSocket) -> NodeSocket:
        """Value of a shader's input: its link, converted to the input's type, or its constant."""
        if socket.type == "VALUE":
            return self._scalar(tree, socket)
        link = _link_into(socket)
        return self._constant(tree, socket.default_value) if link is None else link.from_socket

    def _scalar(self, tree: NodeTree, socket: NodeSocket) -> NodeSocket:
        """Value of a float input; adding 0 turns a linked colour into its luminance, as the input itself does."""
        link = _link_into(socket)
        return NodeGraph(tree).math("ADD", link.from_socket if link else socket.default_value, 0.0)

    def _constant(self, tree: NodeTree, value: float | bpy.types.bpy_prop_array) -> NodeSocket:
        node = tree.nodes.new("ShaderNodeRGB")
        node.outputs[0].default_value = (value, value, value, 1.0) if isinstance(value, float) else (*value[:3], 1.0)
        return node.outputs[0]


def _node_behind(socket: NodeSocket | None, kind: str) -> Node | None:
    """Node of this kind that is linked to an input, directly or through reroutes."""
    link = _link_into(socket) if socket is not None else None
    while link is not None and link.from_node.type == "REROUTE":
        link = _link_into(link.from_node.inputs[0])
    return link.from_node if link is not None and link.from_node.type == kind else None


def _link_into(socket: NodeSocket) -> bpy.types.NodeLink | None:
    """Link of an input; None if it is muted, broken or absent."""
    link = socket.links[0] if socket.is_linked else None
    return link if link is not None and link.is_valid and not link.is_muted else None


def _by_identifier(sockets: bpy.types.NodeInputs | bpy.types.NodeOutputs, identifier: str) -> NodeSocket:
    return next(socket for socket in sockets if socket.identifier == identifier)
