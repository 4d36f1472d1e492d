# SPDX-License-Identifier: GPL-3.0-or-later
"""The Principled BSDF and the Material Output of a tree of shader nodes."""

from __future__ import annotations

import bpy

from . import node_layout

PREVIEW = "Impasto Preview"
"""Beginning of the names of nodes of a preview, which no one is to take for the material's own."""

LABELS = {
    "base_color": "Base Color",
    "ambient_occlusion": "Ambient Occlusion",
    "metallic": "Metallic",
    "roughness": "Roughness",
    "opacity": "Opacity",
    "emission": "Emission",
    "transmission_weight": "Transmission Weight",
    "normal": "Normal",
    "height": "Height",
    "confidence": "Confidence",
    "bent_normal": "Bent Normal",
}
"""Labels of the maps, in the order of their sockets on the Principled BSDF."""


def ends(tree: bpy.types.NodeTree) -> tuple[bpy.types.Node, bpy.types.Node]:
    """Principled BSDF and Material Output; created in an empty tree."""
    output = output_of(tree)
    made = []
    if output is None:
        output = tree.nodes.new("ShaderNodeOutputMaterial")
        output.location = (300, 300)
        made.append(output)
    shader = principled_of(tree)
    if shader is None:
        shader = tree.nodes.new("ShaderNodeBsdfPrincipled")
        shader.location = (output.location.x - 290, output.location.y)
        tree.links.new(shader.outputs["BSDF"], output.inputs["Surface"])
        made.append(shader)
    node_layout.make_room(tree, made)
    return shader, output


def output_of(tree: bpy.types.NodeTree) -> bpy.types.Node | None:
    """The active Material Output."""
    return tree.get_output_node("ALL") or tree.get_output_node("CYCLES") or tree.get_output_node("EEVEE")


def principled_of(tree: bpy.types.NodeTree) -> bpy.types.Node | None:
    """Principled BSDF of the surface, linked directly or through mixes."""
    output = output_of(tree)
    waiting = [output] if output else []
    seen = set()
    while waiting:
        node = waiting.pop(0)
        if node.type == "BSDF_PRINCIPLED" and not node.name.startswith(PREVIEW):
            return node
        seen.add(node.name)
        sockets = [node.inputs["Surface"]] if node == output else node.inputs
        sources = [link.from_node for socket in sockets if socket.type == "SHADER" for link in socket.links]
        waiting += [source for source in sources if source.name not in seen]
    return None
