# SPDX-License-Identifier: GPL-3.0-or-later
"""Strips of faces with materials of nodes, to be baked and exported."""

from __future__ import annotations

import bpy
import numpy as np
from baking import SIZE_PX
from blends import new_material


def material(name: str = "material", **inputs: object) -> bpy.types.Material:
    """A Principled material; base_color=… sets Base Color."""
    made = new_material(name)
    for key, value in inputs.items():
        principled(made).inputs[key.replace("_", " ").title()].default_value = value
    return made


def principled(owner: bpy.types.Material) -> bpy.types.Node:
    return owner.node_tree.nodes["Principled BSDF"]


def bumped(owner: bpy.types.Material, height: bpy.types.NodeSocket) -> bpy.types.Node:
    """A bump of this height, from which the shader's normals come."""
    bump = owner.node_tree.nodes.new("ShaderNodeBump")
    owner.node_tree.links.new(height, bump.inputs["Height"])
    owner.node_tree.links.new(bump.outputs["Normal"], principled(owner).inputs["Normal"])
    return bump


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


def slanted(*materials: bpy.types.Material) -> np.ndarray:
    """Two faces with a material each that fill the 0–1 square, the active object.

    Returns the share (H, W) of the second one in each pixel; their border is slanted.
    """
    made = plane(*materials, faces=2)
    verts = ((0, 0), (0, 1), (0.3, 0), (0.7, 1), (1, 0), (1, 1))
    for vertex, (x, y) in zip(made.data.vertices, verts, strict=True):
        vertex.co[:2] = x, y
    for loop in made.data.loops:
        made.data.uv_layers[0].data[loop.index].uv = verts[loop.vertex_index]
    points = (np.arange(SIZE_PX * 16) + 0.5) / (SIZE_PX * 16)
    is_second = points[None, :] > 0.3 + 0.4 * points[:, None]
    return is_second.reshape(SIZE_PX, 16, SIZE_PX, 16).mean((1, 3))


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
    tree, store = geometry_group("GeometryNodeStoreNamedAttribute")
    same, position = tree.nodes.new(kind), tree.nodes.new("GeometryNodeInputPosition")
    store.data_type, store.inputs["Name"].default_value = "FLOAT_COLOR", "value"
    value = next(socket for socket in store.inputs if socket.name == "Value" and socket.enabled)
    tree.links.new(position.outputs[0], same.inputs["Vector"])
    tree.links.new(same.outputs[output_name], value)
    points.modifiers.new("Evaluate", "NODES").node_group = tree
    evaluated = points.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    values = np.empty(SIZE_PX * SIZE_PX * 4, np.float32)
    evaluated.attributes["value"].data.foreach_get("color", values)
    return made, values.reshape(SIZE_PX, SIZE_PX, 4)[..., :3]


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


def in_group(made: bpy.types.Material, kind: str, socket: str) -> bpy.types.Node:
    """A new node in a group, by whose first output a socket of the shader is coloured."""
    tree = bpy.data.node_groups.new("Group", "ShaderNodeTree")
    tree.interface.new_socket("Color", in_out="OUTPUT", socket_type="NodeSocketColor")
    inner = tree.nodes.new(kind)
    tree.links.new(inner.outputs[0], tree.nodes.new("NodeGroupOutput").inputs[0])
    group = made.node_tree.nodes.new("ShaderNodeGroup")
    group.node_tree = tree
    made.node_tree.links.new(group.outputs[0], principled(made).inputs[socket])
    return inner


def geometry_group(kind: str, name: str = "Modify") -> tuple[bpy.types.NodeTree, bpy.types.Node]:
    """Geometry nodes by which a geometry goes through one node, and that node."""
    tree = bpy.data.node_groups.new(name, "GeometryNodeTree")
    for in_out in ("INPUT", "OUTPUT"):
        tree.interface.new_socket("Geometry", in_out=in_out, socket_type="NodeSocketGeometry")
    start, node, end = (tree.nodes.new(one) for one in ("NodeGroupInput", kind, "NodeGroupOutput"))
    tree.links.new(start.outputs[0], node.inputs[0])
    tree.links.new(node.outputs[0], end.inputs[0])
    return tree, node


def out_of_square(obj: bpy.types.Object) -> None:
    for loop in obj.data.uv_layers[0].data:
        loop.uv[0] += 3.0
