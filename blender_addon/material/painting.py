# SPDX-License-Identifier: GPL-3.0-or-later
"""`impasto.paint_with_result`: a result as the source of Blender's clone brush, to be painted into the old texture.

Not for tiled images (UDIM): Blender's clone brush and stencil read the first tile only, wherever a face's UVs lie.
"""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np
from bpy.props import StringProperty

from ..bridge import encode, images, meshes, replaced, surfaces
from ..bridge.inputs import image_called
from ..bridge.target import active_material
from ..bridge.tiles import TILED
from ..core.errors import Message, ParameterError
from ..jobs.operator import InstantOperator
from ..jobs.task import TaskReport
from .using import views

MASK = "changed"
"""End of the name of the image that is white where a result differs."""
SHADE = 0.4
"""Opacity of the stencil in 3D views: at Blender's own, 1, all that has not changed is black."""


class IMPASTO_OT_paint_with_result(InstantOperator, bpy.types.Operator):
    """Put the texture back as it was, and paint the result into it by hand, with the clone brush"""

    bl_label = "Paint With Result"

    image: StringProperty(
        name="Image", description="Name of the result; empty: the base colour of the active object's material"
    )

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        item = context.active_object
        return "" if item is not None and item.type == "MESH" else "Select a mesh object whose texture was repainted"

    def do(self, context: bpy.types.Context) -> TaskReport:
        item = context.active_object
        material = active_material(context)
        if self.image:
            painting = _ClonePainting.of(item, material, image_called(self.image))
        else:
            painting = _ClonePainting.of(item, replaced.latest(material, item), surfaces.base_color_of(material))
            replaced.restore(material, [item])
        painting.begin(context)
        text = "{} is cloned into {}: choose the Clone brush and paint"
        text = Message(text, painting.result.name, painting.canvas.name)
        return TaskReport("INFO", text, images=(painting.result.name, painting.mask.name))


@dataclass(frozen=True)
class _ClonePainting:
    """Painting of a result into the texture of an object, where a mask of what has changed is white."""

    item: bpy.types.Object
    canvas: bpy.types.Image
    result: bpy.types.Image
    mask: bpy.types.Image
    uv_map: str

    @classmethod
    def of(cls, item: bpy.types.Object, material: bpy.types.Material, result: bpy.types.Image) -> _ClonePainting:
        """Painting into the material's texture. Raise ParameterError if it shows the result, or cannot be painted."""
        canvas, placed = surfaces.base_color_of(material), meshes.uv_mapping(material)
        for image in (result, canvas):
            _check_single(image)
        if canvas == result:
            message = "{} is the texture itself"
            raise ParameterError(message, "repaint the texture first, or choose another image", result.name)
        layer = meshes.uv_layer(item.data, placed.uv_map)
        return cls(item, canvas, result, _changed(canvas, result), layer.name)

    def begin(self, context: bpy.types.Context) -> None:
        """Set Blender's tools to it."""
        replaced.keep([self.result, self.mask, self.canvas])
        mesh, paint = self.item.data, context.scene.tool_settings.image_paint
        layer = mesh.uv_layers[self.uv_map]
        mesh.uv_layers.active = layer
        mesh.uv_layer_clone = mesh.uv_layer_stencil = layer
        paint.mode, paint.canvas = "IMAGE", self.canvas
        paint.clone_image, paint.use_clone_layer = self.result, True
        paint.stencil_image, paint.use_stencil_layer = self.mask, True
        paint.invert_stencil = True  # Blender paints where the stencil is black
        for view in views(context):
            view.overlay.texture_paint_mode_opacity = min(view.overlay.texture_paint_mode_opacity, SHADE)
        if self.item.mode != "TEXTURE_PAINT":
            bpy.ops.object.mode_set(mode="TEXTURE_PAINT")


def _check_single(image: bpy.types.Image) -> None:
    """Raise ParameterError for a tiled image."""
    if image.source == TILED:
        message = "{} is tiled (UDIM), and Blender's clone brush sees the first tile only"
        raise ParameterError(message, "repaint it again, with a mask by selected faces or a vertex group", image.name)


def _changed(before: bpy.types.Image, now: bpy.types.Image) -> bpy.types.Image:
    """New image of the result's size that is white where it differs from a texture."""
    found = images.pixels_of(now)
    arrays = [found.to_pixels().arrays, surfaces.scaled(before, found.size_px).to_pixels().arrays]
    new, old = (_as_bytes(one["base_color"]).astype(int) for one in arrays)
    mask = np.where(np.abs(new - old).max(2, keepdims=True) > 0, 255, 0).astype(np.uint8)
    return images.add(f"{now.name}_{MASK}", "opacity", encode.encode_map(mask), None)


def _as_bytes(values: np.ndarray) -> np.ndarray:
    return values if values.dtype == np.uint8 else np.round(values * 255).astype(np.uint8)
