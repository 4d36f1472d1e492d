# SPDX-License-Identifier: GPL-3.0-or-later
"""The maps of a material alone: read from its images where these are all that it shows, else baked.

They are baked on an object that has the material if it reads data of one, such as a colour attribute, else on a plane.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import bpy

from ...bridge import encode, materials, shader_tree, sliders, surfaces, tiles
from ...core.errors import Message, ParameterError
from ...core.io.metadata import in_png, metadata_of
from ...core.udim import tile_of
from ..objects.checks import check, check_material, check_object
from ..objects.reads import Kind, Read, output_node, reads_of, uses_nodes
from ..objects.sets import BakeSet
from ..render.baked_maps import BakedMap, bake_set
from ..settings import BakeOptions
from .provenance import sources_of, with_recipes

READ = ("roughness", "metallic", "normal", "height", "opacity", "emission", "transmission_weight", "ambient_occlusion")
"""Maps that are read beside the base colour."""
OF_OBJECT = (Kind.SHAPE, Kind.ATTRIBUTE, Kind.PROPERTY)
"""Data that a plane does not have."""
UV_MAP = "UVMap"
CHOSEN = "impasto_objects"
"""Custom property of a scene: names of the objects that materials are baked on, by the materials' names."""
PLAIN = ("REROUTE", "NORMAL_MAP", "BUMP", "DISPLACEMENT", "SEPARATE_COLOR")
"""Nodes between an image and the shader that only say what kind of map it is."""


def size_of(material: bpy.types.Material, options: BakeOptions) -> tuple[int, int] | None:
    """(height, width) of the maps; None if an image that gives it has no pixels. Raise ParameterError for no output."""
    check_material(material)
    if not shows_images(material):
        return options.height_px, options.width_px
    image = surfaces.base_color_of(material)
    height, width = max(tiles.sizes_of(image).values())
    if not image.is_dirty:
        image.buffers_free()
    return (height, width) if width * height else None


@dataclass(frozen=True)
class BakeObject:
    """Object on which a material is baked; None: a plane with a UV map of the name `uv_map`. notes: for the user."""

    obj: bpy.types.Object | None
    uv_map: str = UV_MAP
    notes: tuple[str, ...] = ()

    @contextmanager
    def as_set(self, material: bpy.types.Material, options: BakeOptions) -> Iterator[tuple[BakeSet, BakeOptions]]:
        """Set and options of the bake. A plane exists until the end of the block."""
        if self.obj is not None:
            uv_map = options.uv_map if options.uv_map in self.obj.data.uv_layers else ""
            slots = _slots_with(self.obj, material)
            is_alone = len(slots) == len(self.obj.material_slots)  # or else adjacent faces show nothing
            margin_type = options.margin_type if is_alone else "EXTEND"
            fitting = replace(options, uv_map=uv_map, margin_type=margin_type)
            yield BakeSet(material.name, (self.obj,), slots=slots), fitting
            return
        with _plane(material, options.height_px / options.width_px, self.uv_map) as plane:
            yield BakeSet(material.name, (plane,), is_plane=True), replace(options, uv_map="", margin_px=0)

    def noted(self, maps: Sequence[BakedMap]) -> list[BakedMap]:
        """Baked maps with its notes, which the first one bears."""
        return [replace(maps[0], notes=(*self.notes, *maps[0].notes)), *maps[1:]]


def maps_of(material: bpy.types.Material, options: BakeOptions) -> list[BakedMap]:
    """The maps, with their recipe in the files where they are baked. Raise an ImpastoError."""
    if maps := image_maps(material):
        return maps
    subject = subject_of(material, options)
    with subject.as_set(material, options) as (own_set, fitting):
        return subject.noted(with_recipes(list(bake_set(own_set, fitting)), sources_of([material])))


def image_maps(material: bpy.types.Material) -> list[BakedMap]:
    """The maps of a material that shows nothing but images; none for others. Raise an ImpastoError."""
    check_material(material)
    return _read(material) if shows_images(material) else []


def subject_of(material: bpy.types.Material, options: BakeOptions, obj: bpy.types.Object | None = None) -> BakeObject:
    """The object to bake a material on: the given one, else that which has it, if the material reads data of one.

    A material that reads no more than the UV map that is baked to is baked on a plane, whole and without gaps, and so
    are all for which there is no single object. Raise ParameterError if the given object cannot be baked.
    """
    if obj is not None:
        check_object(obj)
        if not _slots_with(obj, material):
            raise ParameterError("{} does not have the material {}", "choose one that has it", obj.name, material.name)
        return BakeObject(obj)
    reads = reads_of(material)
    uv_maps = [one for one in reads if one.kind == Kind.UV_MAP]
    found, reason = object_with(material), Message("no selected object has the material {}; select one", material.name)
    if found is not None:
        try:
            baked = check(found, replace(options, uv_map=""), slots=_slots_with(found, material))
        except ParameterError as error:
            reason = str(error)
        else:
            if all(one.kind in (Kind.UV_MAP, Kind.LOST) and one.name in ("", baked) for one in reads):
                return BakeObject(None, baked)
            return BakeObject(found, notes=_notes_on(found, material, reads))
    named = [one for one in uv_maps if one.name]
    needing = [*(one for one in reads if one.kind in OF_OBJECT), *named]
    uv_map = named[0].name if named else UV_MAP
    if not needing:
        return BakeObject(None)
    names, title = _nodes(needing), material.name
    note = Message("{} was baked on a plane, though it depends on an object by {}: {}", title, names, reason)
    return BakeObject(None, uv_map, (note,))


def _notes_on(obj: bpy.types.Object, material: bpy.types.Material, reads: Sequence[Read]) -> tuple[str, ...]:
    """A note where an object was chosen that is not the active one."""
    if obj == bpy.context.view_layer.objects.active:
        return ()
    names, title = _nodes(reads), material.name
    return (Message("{} was baked on {}, which has it, since it depends on an object by {}", title, obj.name, names),)


def _nodes(reads: Sequence[Read]) -> str:
    return ", ".join(dict.fromkeys(one.node for one in reads))


def object_with(material: bpy.types.Material) -> bpy.types.Object | None:
    """The active object if it has a material, else the only selected one, or the only mesh, that does.

    A file that was written for a batch says which it was.
    """
    scene, layer = bpy.context.scene, bpy.context.view_layer
    if name := scene.get(CHOSEN, {}).get(material.name):
        return bpy.data.objects.get(name)
    for objects in ([layer.objects.active], layer.objects.selected, scene.objects):
        found = [one for one in objects if one and _slots_with(one, material)]
        if len(found) == 1:
            return found[0]
    return None


def _slots_with(obj: bpy.types.Object, material: bpy.types.Material) -> tuple[int, ...]:
    return tuple(index for index, slot in enumerate(obj.material_slots) if slot.material == material)


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
def _plane(material: bpy.types.Material, aspect: float, uv_map: str) -> Iterator[bpy.types.Object]:
    """A plane one unit wide around the origin, with the material, and a UV map from 0 to 1."""
    mesh = bpy.data.meshes.new(material.name)
    plane = bpy.data.objects.new(material.name, mesh)
    try:
        corners = [(0, 0), (1, 0), (1, 1), (0, 1)]
        mesh.from_pydata([(u - 0.5, (v - 0.5) * aspect, 0.0) for u, v in corners], [], [(0, 1, 2, 3)])
        mesh.uv_layers.new(name=uv_map)
        for loop in mesh.loops:
            mesh.uv_layers[0].data[loop.index].uv = corners[loop.vertex_index]
        mesh.materials.append(material)
        yield plane
    finally:
        bpy.data.objects.remove(plane)
        bpy.data.meshes.remove(mesh)
