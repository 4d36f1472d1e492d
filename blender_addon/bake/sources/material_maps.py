# SPDX-License-Identifier: GPL-3.0-or-later
"""The maps of a material alone: read from its images where these are all that it shows, else baked on a plane."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import bpy

from ...bridge import encode, materials, shader_tree, sliders, surfaces, tiles
from ...core.io.metadata import in_png, metadata_of
from ...core.udim import tile_of
from ..objects.checks import check_material, output_node, uses_nodes
from ..render.baked_maps import BakedMap, bake_maps
from ..settings import BakeOptions
from .provenance import sources_of, with_recipes

READ = ("roughness", "metallic", "normal", "height", "opacity", "emission", "transmission_weight", "ambient_occlusion")
"""Maps that are read beside the base colour."""
PLAIN = ("REROUTE", "NORMAL_MAP", "BUMP", "DISPLACEMENT", "SEPARATE_COLOR")
"""Nodes between an image and the shader that only say what kind of map it is."""


def size_of(material: bpy.types.Material, options: BakeOptions) -> tuple[int, int] | None:
    """(height, width) of the maps; None if an image that gives it has no pixels. ParameterError for no output."""
    check_material(material)
    if not shows_images(material):
        return options.height_px, options.width_px
    image = surfaces.base_color_of(material)
    height, width = max(tiles.sizes_of(image).values())
    if not image.is_dirty:
        image.buffers_free()
    return (height, width) if width * height else None


def maps_of(material: bpy.types.Material, options: BakeOptions) -> list[BakedMap]:
    """The maps, with their recipe in the files where they are baked. Raises an ImpastoError."""
    if shows_images(material):
        return _read(material)
    flat = replace(options, uv_map="", margin_px=0)
    with _plane(material, options.height_px / options.width_px) as plane:
        return with_recipes(list(bake_maps(plane, flat)), sources_of(plane))


def shows_images(material: bpy.types.Material) -> bool:
    """Whether all that a material shows is images and even values, none of them modified by nodes."""
    tree = material.node_tree
    if tree is None or not uses_nodes(material):
        return False
    output = output_node(material)
    shader = shader_tree.principled_of(tree)
    nodes = surfaces.map_nodes(material)
    if output is None or shader is None or "base_color" not in nodes or not sliders.are_neutral(tree):
        return False
    if not any(link.from_node == shader for link in output.inputs["Surface"].links):
        return False
    color = nodes["base_color"].image
    is_srgb = color.is_float or color.colorspace_settings.name == "sRGB"
    sources = ("FILE", "GENERATED", *((tiles.TILED,) if color.source == tiles.TILED else ()))
    linked = [socket for socket in (*shader.inputs, output.inputs["Displacement"]) if socket.is_linked]
    return is_srgb and all(map(_is_plain, linked)) and all(node.image.source in sources for node in nodes.values())


def _is_plain(socket: bpy.types.NodeSocket) -> bool:
    """Whether a socket's value is that of an image, or of nodes that Impasto made of one."""
    for link in socket.links:
        node = link.from_node
        if node.type == "TEX_IMAGE":
            continue
        if node.type == "NORMAL_MAP" and (node.space != "TANGENT" or node.inputs["Strength"].default_value != 1.0):
            return False
        if node.type not in PLAIN and not node.name.startswith(f"{materials.FRAME} "):
            return False
        if not all(_is_plain(item) for item in node.inputs if item.is_linked):
            return False
    return True


def _read(material: bpy.types.Material) -> list[BakedMap]:
    """The maps of a material's images, at the size of its base colour."""
    nodes = surfaces.map_nodes(material)
    shader = shader_tree.principled_of(material.node_tree)
    glows = shader is not None and shader.inputs["Emission Strength"].default_value > 0
    wanted = [name for name in READ if name != "emission" or glows]
    read = surfaces.read(material, wanted)()
    has_scale = material.node_tree.nodes.get(f"{materials.FRAME} Mapping") is not None
    scale = {"width_m": read.width_m if has_scale else None, "height_range_m": read.height_range_m}
    metadata = metadata_of(None, **scale)
    maps: dict[str, dict[int, bytes]] = {}
    for key, values in read.arrays.items():
        name, number = tile_of(key)
        if name == "opacity" and name not in nodes:  # the image's alpha, which the surface does not show
            continue
        maps.setdefault(name, {})[number] = in_png(encode.encode_map(values), metadata)
    return [
        BakedMap(name, files[min(files)], {"map": name}, tiles={} if 0 in files else files)
        for name, files in maps.items()
    ]


@contextmanager
def _plane(material: bpy.types.Material, aspect: float) -> Iterator[bpy.types.Object]:
    """A plane one unit wide around the origin, with the material, and UVs from 0 to 1."""
    mesh = bpy.data.meshes.new(material.name)
    plane = bpy.data.objects.new(material.name, mesh)
    try:
        corners = [(0, 0), (1, 0), (1, 1), (0, 1)]
        mesh.from_pydata([(u - 0.5, (v - 0.5) * aspect, 0.0) for u, v in corners], [], [(0, 1, 2, 3)])
        mesh.uv_layers.new()
        for loop in mesh.loops:
            mesh.uv_layers[0].data[loop.index].uv = corners[loop.vertex_index]
        mesh.materials.append(material)
        yield plane
    finally:
        bpy.data.objects.remove(plane)
        bpy.data.meshes.remove(mesh)
