# SPDX-License-Identifier: GPL-3.0-or-later
"""Maps in shader nodes: the image nodes linked to a material's Principled BSDF, to read and replace.

Nodes are looked up each time, because the user may change the material while a job runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import bpy
import numpy as np

from ..core.engine.messages import JobInput
from ..core.errors import ParameterError
from ..core.surface.color import srgb_to_linear
from . import endless_nodes, images, materials, on_object, shader_tree, tiles
from .images import convert

RELIEF = ("roughness", "normal", "height")
"""Maps that follow the strokes if relief is on."""
LIT = ("roughness", "metallic", "normal", "height", "ambient_occlusion")
"""Maps, besides the base colour, that decide how a surface looks under a light."""
EVEN = ("roughness", "metallic")
"""Maps for which the constant value of the shader is read if it has no image."""
PASSED = {
    "REROUTE": None,
    "MIX": ("A", "B"),
    "MIX_RGB": ("Color1", "Color2"),
    "HUE_SAT": ("Color",),
    "GAMMA": ("Color",),
    "CURVE_RGB": ("Color",),
    "BRIGHTCONTRAST": ("Color",),
    "INVERT": ("Color",),
    "MATH": ("Value",),
    "VECT_MATH": ("Vector",),
    "CLAMP": ("Value",),
    "MAP_RANGE": ("Value",),
    "SEPARATE_COLOR": ("Color",),
    "NORMAL_MAP": ("Color",),
    "DISPLACEMENT": ("Height",),
}
"""Inputs for an image of the nodes that only modify it, by type; None for any input."""
CHANNELS = {"Red": 0, "Green": 1, "Blue": 2, "Alpha": 3}
HEIGHTS = {"DISPLACEMENT": "Scale", "BUMP": "Distance"}
"""Input for the real-world range of the nodes that take a height, by type."""
BAKE_FIRST = "join an image to its Base Color, or bake the material first (Bake, Replace Materials)"


@dataclass(frozen=True)
class MapImage:
    """Image of a map. channel: index of the channel that holds the map; None for the colour."""

    image: bpy.types.Image
    channel: int | None = None


@dataclass(frozen=True)
class MapNode:
    """Image node of a map. channel: index of the channel that holds the map; None for the colour."""

    node: bpy.types.Node
    channel: int | None = None

    @property
    def image(self) -> bpy.types.Image:
        return self.node.image

    @property
    def value_socket(self) -> bpy.types.NodeSocket | None:
        """Output with the values of the map: colour or alpha of the image, or a separated channel."""
        if self.channel == CHANNELS["Alpha"]:
            return self.node.outputs["Alpha"]
        color = self.node.outputs["Color"]
        if self.channel is None:
            return color
        nodes = [link.to_node for link in color.links if link.to_node.type == "SEPARATE_COLOR"]
        return nodes[0].outputs[self.channel] if nodes else None

    @property
    def range_socket(self) -> bpy.types.NodeSocket | None:
        """Input with the range of a height."""
        nodes = [link.to_node for output in self.node.outputs for link in output.links]
        nodes += [link.to_node for node in nodes if node.type == "MATH" for link in node.outputs[0].links]
        return next((node.inputs[HEIGHTS[node.type]] for node in nodes if node.type in HEIGHTS), None)


def map_nodes(material: bpy.types.Material) -> dict[str, MapNode]:
    """Image nodes by name of the map. Impasto's nodes may be unlinked. Cheap enough for a panel."""
    tree = material.node_tree
    shader, output = (shader_tree.principled_of(tree), shader_tree.output_of(tree)) if tree else (None, None)
    if shader is None or output is None:
        return {}
    sockets = {name: shader.inputs[socket] for name, socket in materials.SOCKETS.items()}
    sockets |= {"normal": shader.inputs["Normal"], "height": output.inputs["Displacement"]}
    bump = next((link.from_node for link in sockets["normal"].links if link.from_node.type == "BUMP"), None)
    if bump:
        sockets |= {"normal": bump.inputs["Normal"], "height": bump.inputs["Height"]}
    found = {name: map_node for name, socket in sockets.items() if (map_node := _behind(socket))}
    waiting = {name: tree.nodes.get(f"{materials.FRAME} {label}") for name, label in materials.LABELS.items()}
    return {name: MapNode(node) for name, node in waiting.items() if node and node.image} | found


def _behind(socket: bpy.types.NodeSocket) -> MapNode | None:
    """First image node that is linked to a socket, directly or through nodes that only modify the image."""
    sockets: list[tuple[bpy.types.NodeSocket, int | None]] = [(socket, None)]
    seen = set()
    while sockets:
        socket, channel = sockets.pop(0)
        for link in socket.links:
            node, source = link.from_node, link.from_socket
            if node.type == "TEX_IMAGE" and node.image and on_object.MARK not in node.image:
                return MapNode(node, CHANNELS["Alpha"] if source.name == "Alpha" else channel)
            if endless_nodes.is_endless(node):
                sockets.append((node.inputs[source.name], channel))
            elif node.type in PASSED and node.name not in seen:
                seen.add(node.name)
                passed = PASSED[node.type]
                channel = CHANNELS.get(source.name, channel) if node.type == "SEPARATE_COLOR" else channel
                sockets += [(item, channel) for item in node.inputs if passed is None or item.name in passed]
    return None


def picture_of(result: bpy.types.Material | bpy.types.Image) -> bpy.types.Image | None:
    """Image to draw for a result: the image itself, or the image of a material's base colour or first map, or None."""
    if isinstance(result, bpy.types.Image):
        return result
    own = (
        result.node_tree.nodes.get(f"{materials.FRAME} {materials.LABELS['base_color']}") if result.node_tree else None
    )
    if own and own.image:  # in nearly all materials of Impasto, and a hundred times as fast
        return own.image
    nodes = map_nodes(result)
    first = nodes.get("base_color") or next(iter(nodes.values()), None)
    return first.image if first else None


def materials_with(image: bpy.types.Image) -> list[bpy.types.Material]:
    """Materials of the .blend that use an image as a map."""
    found = bpy.data.materials
    return [one for one in found if any(node.image == image for node in map_nodes(one).values())]


def has_base_color(material: bpy.types.Material | None) -> bool:
    """Whether an image gives the base colour of a material. Cheap enough for a panel."""
    return material is not None and "base_color" in map_nodes(material)


def base_color_of(material: bpy.types.Material | None) -> bpy.types.Image:
    """Image of the base colour. Raise ParameterError if there is none."""
    if material is None:
        raise ParameterError("the active object has no material", "choose an object whose material has textures")
    found = map_nodes(material).get("base_color")
    if found is None:
        raise ParameterError("no image gives the base colour of the material {}", BAKE_FIRST, material.name)
    return found.image


def lit_maps(names: Iterable[str]) -> list[str]:
    """Maps of `LIT` for a material with the given maps. Height is used only without normals."""
    has_normal = "normal" in names
    return [name for name in LIT if name != "height" or not has_normal]


def read(
    material: bpy.types.Material, names: Sequence[str] = RELIEF, longest_px: int | None = None
) -> Callable[[], JobInput]:
    """Read the base colour, and other maps at its size. The returned function converts them on any thread.

    longest_px: approximate longer side that is enough.
    """
    nodes = map_nodes(material)
    maps = {name: MapImage(nodes[name].image, nodes[name].channel) for name in names if name in nodes}
    shader = shader_tree.principled_of(material.node_tree) if material.node_tree else None
    even = {name: value for name in EVEN if name in names and shader and (value := _even(shader, name)) is not None}
    scale: dict[str, Any] = {}
    if "height" in nodes and (socket := nodes["height"].range_socket):
        scale["height_range_m"] = socket.default_value * materials.unit_m()
    color = base_color_of(material)
    return read_images(color, maps, even, longest_px, width_m=materials.width_of(material.node_tree), **scale)


def read_images(
    base_color: bpy.types.Image,
    maps: Mapping[str, MapImage],
    even: Mapping[str, float],
    longest_px: int | None = None,
    **scale: Any,
) -> Callable[[], JobInput]:
    """Read images of maps at the size of the base colour. The returned function converts them on any thread.

    even: values of maps without an image. longest_px: approximate longer side that is enough. scale: facts in metres
    for `JobInput`. With a tiled base colour (UDIM), maps are read by tile, and untiled maps repeat on each tile.
    """
    name = base_color.name
    with ExitStack() as stack:
        color = stack.enter_context(tiles.single_images(base_color))
        others = {name: stack.enter_context(tiles.single_images(one.image)) for name, one in maps.items()}
        parts = {}
        for number, image in color.items():
            own = {name: replace(one, image=_tile(one.image, others[name], number)) for name, one in maps.items()}
            parts[number] = _read_single(image, own, even, longest_px, scale)
    return lambda: tiles.joined({number: part() for number, part in parts.items()}, name)


def _tile(image: bpy.types.Image, found: Mapping[int, bpy.types.Image], number: int) -> bpy.types.Image:
    """Tile of a map for this tile of the base colour. Raise ParameterError if there is none."""
    one = found.get(number) or found.get(0 if number else min(found))
    if one is None:
        message = "{} has no tile {}, which the source has"
        raise ParameterError(message, "add the tile, or give a picture that is not tiled", image.name, number)
    return one


def _read_single(
    base_color: bpy.types.Image,
    maps: Mapping[str, MapImage],
    even: Mapping[str, float],
    longest_px: int | None,
    scale: Mapping[str, Any],
) -> Callable[[], JobInput]:
    """Read images that are not tiled, as `read_images` does."""
    color = images.pixels_of(base_color)
    pictures = {"": color} | {name: scaled(one.image, color.size_px) for name, one in maps.items()}
    channels = {name: one.channel for name, one in maps.items()}

    def to_pixels() -> JobInput:
        small = {name: picture.thumbnail(longest_px) if longest_px else picture for name, picture in pictures.items()}
        pixels = small.pop("").to_pixels()
        arrays = dict(pixels.arrays)
        for name, picture in small.items():
            arrays[name] = _map(name, picture, channels[name])
        for name, value in even.items():
            arrays[name] = np.full((*arrays["base_color"].shape[:2], 1), value, np.float32)
        return replace(pixels, arrays=arrays, **scale)

    return to_pixels


def _even(shader: bpy.types.Node, name: str) -> float | None:
    """Constant value of a map in the shader. None if a node gives the map, or if metallic is 0."""
    socket = shader.inputs[materials.SOCKETS[name]]
    return None if socket.is_linked or (name == "metallic" and not socket.default_value) else socket.default_value


def scaled(image: bpy.types.Image, size_px: tuple[int, int]) -> images.ImagePixels:
    """Pixels of an image at another (height, width)."""
    if tuple(image.size) == size_px[::-1]:
        return images.pixels_of(image)
    copy = image.copy()
    try:
        copy.scale(size_px[1], size_px[0])
        return images.pixels_of(copy)
    finally:
        bpy.data.images.remove(copy)


def _map(name: str, picture: images.ImagePixels, channel: int | None) -> np.ndarray:
    """Values of a map as the shader sees them: (H, W, 3) for normals and emission, else (H, W, 1)."""
    pixels = picture.to_pixels(with_packed=True).arrays
    if channel == CHANNELS["Alpha"]:
        return pixels.get("opacity", np.ones((*picture.size_px, 1), np.float32))
    values = pixels["base_color"]
    if name == "emission":
        return values
    if not picture.is_data:  # the shader makes a map linear that is stored as colours
        values = srgb_to_linear(values if picture.is_float else values / np.float32(255)).astype(np.float32)
        values = convert(values, picture.from_rec709)
    return values if name == "normal" else values[..., channel or 0 : (channel or 0) + 1]


def repaint(
    material: bpy.types.Material, new_images: Mapping[str, bpy.types.Image], height_range_m: float | None = None
) -> None:
    """Replace the images of the material's maps, and link maps that the material lacks.

    An image that holds several maps in its channels stays for its other maps. height_range_m: real-world range of a new
    height.
    """
    nodes, new, taken = map_nodes(material), {}, set()
    for name, image in new_images.items():
        found = nodes.get(name)
        if found and found.channel is None and found.node.name not in taken:
            found.node.image = image
            taken.add(found.node.name)
            if name == "height" and height_range_m is not None and (socket := found.range_socket):
                socket.default_value = height_range_m / materials.unit_m()
        elif name in materials.LABELS:
            new[name] = image
    if new:
        materials.add_maps(material, new, nodes["base_color"].node, height_range_m)
