# SPDX-License-Identifier: GPL-3.0-or-later
"""Shader nodes of maps: a frame of image nodes, linked to the sockets of a Principled BSDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import bpy

from ..core.errors import Message, ParameterError
from ..core.system.untrusted import excerpt
from ..parameters import groups
from . import shader_tree, sliders
from .shader_tree import LABELS, ends, output_of, principled_of

FRAME = "Impasto"
SOCKETS = {
    "base_color": "Base Color",
    "metallic": "Metallic",
    "roughness": "Roughness",
    "opacity": "Alpha",
    "emission": "Emission Color",
    "transmission_weight": "Transmission Weight",
}
DEFAULT_RELIEF = 0.02
"""Height of the relief of maps without a height in metres, as a share of the width of a tile."""
UV_UNIT = "impasto_uv_unit"
"""Custom property of the Mapping node, for `uv_unit`."""
COLUMN_PX, ROW_PX = 320, 300
"""Distances between the nodes in the editor."""


@dataclass(frozen=True)
class Look:
    """Look of maps on a surface. width_m: real-world width of a tile. aspect: height / width. relief_m: real height.

    has_sliders: add sliders that change the look at once, except to an older material of Impasto's without sliders.
    sliders_later: only leave room for the sliders, which `add_sliders` adds.
    """

    width_m: float = 1.0
    aspect: float = 1.0
    relief_m: float | None = None
    use_displacement: bool = False
    use_ambient_occlusion: bool = False
    has_sliders: bool = True
    sliders_later: bool = False


def material_called(name: str) -> bpy.types.Material:
    """Material of this name. Raise ParameterError if there is none."""
    material = bpy.data.materials.get(name)
    if material is None:
        message = "there is no material called {}"
        raise ParameterError(message, "see bpy.data.materials for those that there are", excerpt(name))
    return material


def check_editable(material: bpy.types.Material) -> None:
    """Raise ParameterError if the material is part of another file, or its surface is no Principled BSDF."""
    if not material.is_editable:
        library = material.library.filepath if material.library else "another file"
        remedy = "make it local (Object, Relations, Make Local, Materials), or choose a new material"
        raise ParameterError("the material {} is linked from {}", remedy, material.name, library)
    if material.node_tree and output_of(material.node_tree) and not principled_of(material.node_tree):
        message = "the surface of the material {} is no Principled BSDF"
        raise ParameterError(message, "join one to its Material Output, or choose a new material", material.name)


def new(name: str) -> bpy.types.Material:
    """New material with a Principled BSDF."""
    material = bpy.data.materials.new(name)
    if bpy.app.version < (5, 0):
        material.use_nodes = True
    return material


def apply_maps(material: bpy.types.Material, images: Mapping[str, bpy.types.Image], look: Look) -> None:
    """Link images to the Principled BSDF, mapped by UVs. Nodes of an earlier result are removed, except for sliders."""
    if bpy.app.version < (5, 0):
        material.use_nodes = True
    tree = material.node_tree
    if _impasto_nodes(tree) and not sliders.find(tree):
        look = replace(look, has_sliders=False)
    _remove_earlier(tree)
    builder = _Builder(tree, look, *ends(tree))
    builder.build(images)
    material.displacement_method = "DISPLACEMENT" if look.use_displacement else "BUMP"


def add_maps(
    material: bpy.types.Material,
    images: Mapping[str, bpy.types.Image],
    template: bpy.types.Node,
    relief_m: float | None = None,
) -> None:
    """Link more maps to the material, with the mapping of the image node `template`."""
    tree = material.node_tree
    _Builder(tree, Look(width_of(tree), relief_m=relief_m), *ends(tree)).add(images, template)


def add_sliders(material: bpy.types.Material) -> None:
    """Add sliders to a material that Impasto made. They change its look at once."""
    tree = material.node_tree
    nodes = {name: tree.nodes.get(f"{FRAME} {label}") for name, label in LABELS.items()}
    shader_tree.make_room(
        tree, sliders.insert(tree, {name: node.outputs["Color"] for name, node in nodes.items() if node})
    )


def unit_m() -> float:
    """Metres in one Blender unit of the current scene."""
    return groups.unit_m(bpy.context.scene)


def length_text(metres: float) -> str:
    """Length in the scene's unit system."""
    system = bpy.context.scene.unit_settings.system
    return f"{metres:.4g} m" if system == "NONE" else bpy.utils.units.to_string(system, "LENGTH", metres, precision=4)


def width_of(tree: bpy.types.NodeTree | None) -> float:
    """Real-world width of one tile in metres, as `apply_maps` has set it; 1 without its nodes."""
    mapping, coordinates = (tree.nodes.get(f"{FRAME} {name}") if tree else None for name in ("Mapping", "Coordinates"))
    across = mapping.inputs["Scale"].default_value[0] if mapping else unit_m()
    is_by_uv = mapping and coordinates and coordinates.outputs["UV"].is_linked
    unit = uv_unit(mapping)[0] if is_by_uv else 1.0
    return unit_m() * unit / across if across > 0 else 1.0


def uv_unit(mapping: bpy.types.Node) -> tuple[float, float]:
    """Lengths of one unit of U and one of V in Blender's units, as stored in a Mapping node; 1 by default."""
    u, v = mapping.get(UV_UNIT, (1.0, 1.0))
    return u, v


def _impasto_nodes(tree: bpy.types.NodeTree) -> list[bpy.types.Node]:
    """Nodes that Impasto has added to the tree."""
    return [node for node in tree.nodes if node.name.split(".")[0].startswith(f"{FRAME} ")]


def _remove_earlier(tree: bpy.types.NodeTree) -> None:
    """Remove the nodes of an earlier result, except for the sliders, which keep their values and keyframes."""
    mapping = sliders.find(tree)
    for node in _impasto_nodes(tree):
        if node != mapping:
            tree.nodes.remove(node)


class _Builder:
    """Builder of nodes in one tree, column by column, inside one frame."""

    def __init__(self, tree: bpy.types.NodeTree, look: Look, shader: bpy.types.Node, output: bpy.types.Node) -> None:
        self.tree, self.look, self.shader, self.output = tree, look, shader, output
        self.nodes: list[bpy.types.Node] = []
        self.frame = self._node("NodeFrame", "Maps")
        self.frame.label = FRAME
        columns = 3 if look.has_sliders else 2
        self.right, self.top = shader.location.x - columns * COLUMN_PX, shader.location.y + ROW_PX

    def build(self, images: Mapping[str, bpy.types.Image]) -> None:
        """Add a node for each map. A map without a socket gets an unlinked node, which keeps its image in the file."""
        mapping = self._mapping()
        colors = {}
        others = [name for name in images if name not in LABELS]
        for row, name in enumerate([*(name for name in LABELS if name in images), *others]):
            node = self._image(name, images[name], row)
            self.tree.links.new(mapping.outputs["Vector"], node.inputs["Vector"])
            if self._is_used(name, images):
                colors[name] = node.outputs["Color"]
        self._join(colors, has_normal="normal" in colors)
        if self.look.has_sliders and not self.look.sliders_later:
            self.nodes += sliders.insert(self.tree, colors)
        shader_tree.make_room(self.tree, self.nodes)

    def add(self, images: Mapping[str, bpy.types.Image], template: bpy.types.Node) -> None:
        """Add further maps. They replace the links to the sockets that they need."""
        colors = {}
        for row, name in enumerate(name for name in LABELS if name in images):
            node = self._image(name, images[name], row)
            for setting in ("projection", "projection_blend", "extension", "interpolation"):
                setattr(node, setting, getattr(template, setting))
            if links := template.inputs["Vector"].links:
                self.tree.links.new(links[0].from_socket, node.inputs["Vector"])
            colors[name] = node.outputs["Color"]
        self._join(colors, has_normal="normal" in colors or self.shader.inputs["Normal"].is_linked)
        if sliders.find(self.tree):
            self.nodes += sliders.insert(self.tree, colors)
        shader_tree.make_room(self.tree, self.nodes)

    def _is_used(self, name: str, images: Mapping[str, bpy.types.Image]) -> bool:
        """Whether a map is linked. Confidence is only for viewing, and bent normals are for other renderers."""
        if name == "ambient_occlusion":
            return self.look.use_ambient_occlusion and "base_color" in images
        return name not in ("confidence", "bent_normal")

    def _join(self, colors: Mapping[str, bpy.types.NodeSocket], *, has_normal: bool) -> None:
        for name, color in colors.items():
            if socket := self._socket(name):
                self.tree.links.new(color, socket)
        if "emission" in colors:
            self.shader.inputs["Emission Strength"].default_value = 1.0
        if "ambient_occlusion" in colors and "base_color" in colors:
            self._occlude(colors["base_color"], colors["ambient_occlusion"])
        if "normal" in colors:
            node = self._node("ShaderNodeNormalMap", "Normal Map", self._place_before_shader(colors["normal"]))
            self.tree.links.new(colors["normal"], node.inputs["Color"])
            self.tree.links.new(node.outputs["Normal"], self.shader.inputs["Normal"])
        if "height" in colors:
            self._displace(colors["height"], is_joined=self.look.use_displacement or not has_normal)

    def _socket(self, name: str) -> bpy.types.NodeSocket | None:
        """Input of the shader for a map, from `SOCKETS` or by its own name; None if a link alone is not enough."""
        if name in LABELS:
            return self.shader.inputs[SOCKETS[name]] if name in SOCKETS else None
        return next((one for one in self.shader.inputs if one.name.lower().replace(" ", "_") == name), None)

    def _occlude(self, color: bpy.types.NodeSocket, occlusion: bpy.types.NodeSocket) -> None:
        node = self._node("ShaderNodeMix", "Occlude", self._place_before_shader(color))
        node.data_type, node.blend_type, node.label = "RGBA", "MULTIPLY", "Ambient Occlusion"
        factor, first, second = (_socket_called(node.inputs, name) for name in ("Factor", "A", "B"))
        factor.default_value = 1.0
        self.tree.links.new(color, first)
        self.tree.links.new(occlusion, second)
        self.tree.links.new(_socket_called(node.outputs, "Result"), self.shader.inputs["Base Color"])

    def _displace(self, height: bpy.types.NodeSocket, *, is_joined: bool) -> None:
        """Add a displacement, linked if `is_joined`: as bump beside a normal map, the relief would be seen twice."""
        node = self._node("ShaderNodeDisplacement", "Displacement", self._place_before_shader(height))
        node.inputs["Midlevel"].default_value = 0.5
        relief_m = DEFAULT_RELIEF * self.look.width_m if self.look.relief_m is None else self.look.relief_m
        node.inputs["Scale"].default_value = relief_m / unit_m()
        self.tree.links.new(height, node.inputs["Height"])
        if is_joined:
            self.tree.links.new(node.outputs["Displacement"], self.output.inputs["Displacement"])

    def _mapping(self) -> bpy.types.Node:
        """Add nodes that scale UVs. A tile gets its real size if one unit of the UVs is one Blender unit long."""
        top = self.top - ROW_PX / 2
        coordinates = self._node("ShaderNodeTexCoord", "Coordinates", (self.right - 1.5 * COLUMN_PX, top))
        mapping = self._node("ShaderNodeMapping", "Mapping", (self.right - 0.75 * COLUMN_PX, top))
        mapping.label = Message("Real-World Scale ({} wide)", length_text(self.look.width_m))
        across = unit_m() / self.look.width_m
        mapping.inputs["Scale"].default_value = (across, across / self.look.aspect, 1.0)
        self.tree.links.new(coordinates.outputs["UV"], mapping.inputs["Vector"])
        return mapping

    def _image(self, name: str, image: bpy.types.Image, row: int) -> bpy.types.Node:
        label = LABELS.get(name) or name.replace("_", " ").title()
        node = self._node("ShaderNodeTexImage", label, (self.right, self.top - row * ROW_PX))
        node.image, node.label = image, label
        return node

    def _place_before_shader(self, socket: bpy.types.NodeSocket) -> tuple[float, float]:
        return self.shader.location.x - COLUMN_PX, socket.node.location.y

    def _node(self, kind: str, name: str, location: Sequence[float] = (0.0, 0.0)) -> bpy.types.Node:
        node = self.tree.nodes.new(kind)
        node.name, node.select = f"{FRAME} {name}", False
        if kind != "NodeFrame":
            node.parent = self.frame
        node.location = location
        self.nodes.append(node)
        return node


def _socket_called(sockets: Sequence[bpy.types.NodeSocket], name: str) -> bpy.types.NodeSocket:
    """Enabled socket of this name. A Mix node has a socket of each name for each data type."""
    return next(socket for socket in sockets if socket.name == name and socket.enabled)
