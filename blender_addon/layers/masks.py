# SPDX-License-Identifier: GPL-3.0-or-later
"""Masks of layers: their settings, their conversion to and from masks in a recipe, and images as masks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, PointerProperty

from ..bridge import encode, images, meshes, surfaces
from ..bridge.mesh_masks import COLORS, FACES, GROUP, ITEMS, MeshMask
from ..bridge.target import chosen_material
from ..core.errors import Message
from ..core.mask import BLENDS, CAVITIES, EDGES, EVERYWHERE, HEIGHT, IMAGE, LEAST_SIZE, NOISE, OWN, SHARED, Mask
from ..jobs.task import TaskReport
from ..parameters.properties import LAYERS, preview_update
from .order import OnLayers, active_layer

NONE = "none"
CHANGEABLE = ("base_color", "roughness", "metallic", "normal", "height", "ambient_occlusion", "opacity", "emission")
"""Maps that a layer may be limited to."""
INPUT = "layer-mask"
"""Name of a mask's image among the inputs of a step."""
END = "mask"
"""Ending of the names of mask images."""
FROM_MESH = [item for item in ITEMS if item[0] in (GROUP, COLORS, FACES)]
USUAL_PX = 1024
CHANGED = preview_update(LAYERS)
DEFAULTS: Mapping[str, Any] = {field.name: field.default for field in fields(Mask) if field.name != "kind"}
LAID = ("blend", "opacity", "maps")
"""Settings of every layer, with or without a mask: how it is combined with the layers below."""


def _number(name: str, label: str, description: str, least: float = 0.0) -> Any:
    how: dict[str, Any] = {"default": DEFAULTS[name], "min": least, "max": 1.0, "subtype": "FACTOR", "precision": 3}
    return FloatProperty(name=label, description=description, update=CHANGED, **how)


MASK: dict[str, Any] = {
    "kind": EnumProperty(
        name="Mask",
        description="Where the layer shows",
        items=(
            (NONE, "None", "Everywhere"),
            (CAVITIES, "Hollows", "In hollows and joints of the layers below, where moss and dirt lie"),
            (EDGES, "Edges", "On edges and tips of the layers below, which are worn first"),
            (HEIGHT, "Height", "Between two heights of the layers below"),
            (NOISE, "Noise", "In random patches, which tile"),
            (IMAGE, "Image", "Where an image is white, which may be painted"),
        ),
        default=NONE,
        update=CHANGED,
    ),
    "image": PointerProperty(
        name="Image", description="White where the layer shows, black where not", type=bpy.types.Image, update=CHANGED
    ),
    "amount": _number("amount", "Amount", "Share of the surface where the layer shows"),
    "size": _number("size", "Size", "Size of patches, hollows and edges, relative to the shorter side", LEAST_SIZE),
    "low": _number("low", "Low", "Lowest height where the layer shows"),
    "high": _number("high", "High", "Highest height where the layer shows"),
    "breakup": _number("breakup", "Breakup", "How much random patches fray the border"),
    "contrast": _number("contrast", "Contrast", "0: soft borders, 1: hard ones"),
    "by_height": _number("by_height", "By Height", "How much the border follows the heights of both"),
    "invert": BoolProperty(name="Invert", description="Show the layer everywhere else", update=CHANGED),
    "opacity": _number("opacity", "Opacity", "Opacity of the layer where its mask is white"),
    "blend": EnumProperty(
        name="Blend",
        description="How the layer's base colour and emission are laid over those below",
        items=[(mode, mode.replace("-", " ").title(), "") for mode in BLENDS],
        update=CHANGED,
    ),
    "maps": EnumProperty(
        name="Maps",
        description="The maps that the layer changes; none chosen: all",
        items=[(name, name.replace("_", " ").title(), "") for name in CHANGEABLE],
        options={"ENUM_FLAG"},
        update=CHANGED,
    ),
}


def names_of(settings: bpy.types.PropertyGroup) -> tuple[str, ...]:
    """Names of the settings that this kind of mask has, besides its image and `LAID`."""
    return tuple(name for name in (*OWN.get(settings.kind, ()), *SHARED) if name not in ("input", *LAID))


def mask_of(settings: bpy.types.PropertyGroup) -> tuple[Mask | None, dict[str, bpy.types.Image]]:
    """Mask of a step (None for a layer that replaces all below), and its image by its name in the mask."""
    own = names_of(settings) if settings.kind != NONE else ()
    values: dict[str, Any] = {name: getattr(settings, name) for name in (*own, "blend", "opacity")}
    values = {name: round(value, 6) if isinstance(value, float) else value for name, value in values.items()}
    values["maps"] = tuple(sorted(settings.maps))
    if settings.kind == NONE:
        return (Mask(EVERYWHERE, **values) if any(values[name] != DEFAULTS[name] for name in LAID) else None), {}
    if settings.kind == HEIGHT:
        values["low"], values["high"] = sorted((values["low"], values["high"]))
    if settings.kind != IMAGE or settings.image is None:
        return Mask(settings.kind, **values, **({"input": INPUT} if settings.kind == IMAGE else {})), {}
    return Mask(IMAGE, INPUT, **values), {INPUT: settings.image}


def put_mask(settings: bpy.types.PropertyGroup, mask: Mask | None, image: bpy.types.Image | None) -> None:
    """Give a layer the mask of a step, and its image if that was found."""
    for name in MASK:
        settings.property_unset(name)
    if mask is None:
        return
    settings.kind = NONE if mask.kind == EVERYWHERE else mask.kind
    for name in (*names_of(settings), "blend", "opacity"):
        setattr(settings, name, getattr(mask, name))
    settings.maps = set(mask.maps) & set(CHANGEABLE)
    settings.image = image


def mask_poll_message(settings: bpy.types.PropertyGroup) -> str:
    """Reason why a layer's mask cannot be made; empty if it can."""
    return "Choose an image for the mask, or paint one" if settings.kind == IMAGE and settings.image is None else ""


class IMPASTO_OT_mask_from_mesh(OnLayers, bpy.types.Operator):
    """Make an image from the mesh that the material is on, as the mask of the active layer"""

    bl_label = "From Mesh"

    kind: EnumProperty(name="From", description="What is white", items=FROM_MESH)

    def do(self, context: bpy.types.Context) -> TaskReport:
        layer, material = active_layer(context), chosen_material(context)
        blank = new_image(material, image_name(layer))
        try:
            surface = meshes.MeshSurface(material, context.view_layer.objects)
            drawn = MeshMask(self.kind, surface, blank).read(context)()
        finally:
            bpy.data.images.remove(blank)
        image = images.add(image_name(layer), "base_color", encode.encode_map(drawn.arrays["base_color"]), None)
        layer.mask.kind, layer.mask.image = IMAGE, image
        CHANGED(layer, context)
        return TaskReport("INFO", Message("{} is the mask of {}", image.name, layer.name), materials=(material.name,))


def image_name(layer: bpy.types.PropertyGroup) -> str:
    return f"{layer.name}_{END}"


def new_image(material: bpy.types.Material, name: str) -> bpy.types.Image:
    """A new black image with the size of a material's textures or of its source."""
    images_shown = [node.image for node in surfaces.map_nodes(material).values()]
    known = [*images_shown, material.impasto_layers.image]
    width, height = next((image.size[:] for image in known if image and image.size[0]), (USUAL_PX, USUAL_PX))
    image = bpy.data.images.new(name, width, height)
    image.pack()
    return image
