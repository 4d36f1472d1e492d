# SPDX-License-Identifier: GPL-3.0-or-later
"""Live preview of the active material's layers, run at the size of the picture; it follows the painting of a mask."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from functools import partial

import bpy
import numpy as np

from ..bridge import mapping
from ..bridge.images import ImagePixels
from ..bridge.inputs import SOURCE, Input
from ..bridge.pixel_buffers import buffers
from ..bridge.target import chosen_material
from ..core.errors import Message
from ..core.recipe import Recipe
from ..jobs.operator import busy_message
from ..jobs.task import TaskReport
from ..material.using import views_without_materials
from ..parameters.properties import LAYERS, SPLIT, when_changed
from ..tools.action import WorkerAction
from ..tools.live import Live
from . import painted_uvs
from .masks import CHANGED, IMAGE, image_name, new_image
from .order import OnLayers, active_layer
from .request import action_of, recipes_before, request_poll_message

LINE_PX = 1
"""Half of the width of the line at the split."""


class LayerComparison:
    """Split preview of the layers: its left side leaves out the active layer."""

    def __init__(self) -> None:
        self.picture: np.ndarray | None = None

    def update(self) -> None:
        """Compose the picture anew, with a line at the split; None if there is nothing to compare."""
        settings, after, before = bpy.context.scene.impasto, live.pixels, live.before
        self.picture = None
        if not settings.compare or after is None or before is None:
            return
        rows, columns = (
            np.arange(now) * then // now for now, then in zip(after.shape[:2], before.shape[:2], strict=True)
        )
        repeats = (2, 2, 1) if settings.tile_preview else (1, 1, 1)
        picture, left = np.tile(after, repeats), np.tile(before[rows][:, columns], repeats)
        place = round(settings.split * picture.shape[1])
        picture[:, :place] = left[:, :place]
        if 0 < place < picture.shape[1]:
            picture[:, max(place - LINE_PX, 0) : place + LINE_PX] = 255
        self.picture = picture


comparison = LayerComparison()


class LayersPreview(Live):
    """Live preview of the active material's layers."""

    of, switch = LAYERS, "preview_layers"
    delay_s = 0.01  # previews start soon, since a newer one replaces the one before

    def settings_poll_message(self, context: bpy.types.Context) -> str:
        return busy_message() or request_poll_message(context)

    def action(self, context: bpy.types.Context) -> WorkerAction:
        return action_of(context, chosen_material(context))

    def runs_small(self, _context: bpy.types.Context) -> bool:
        return True

    def recipes_before(self, context: bpy.types.Context, action: WorkerAction) -> Sequence[Recipe]:
        if not context.scene.impasto.compare or action.recipe is None:
            return ()
        place = min(chosen_material(context).impasto_layers.active, len(action.recipe.steps) - 1)
        return recipes_before(action.recipe, place, has_source=SOURCE in action.inputs)

    def give_back(self, inputs: Mapping[str, Input]) -> None:
        for pixels in inputs.values():
            if isinstance(pixels, ImagePixels):
                buffers.give_back(pixels.values)

    def shown(self) -> None:
        comparison.update()


live = LayersPreview()


def register() -> None:
    live.register()
    when_changed(SPLIT, comparison.update)


def unregister() -> None:
    strokes.stop()
    when_changed(SPLIT, None)
    buffers.clear()
    live.unregister()
    comparison.picture = None


STROKE = "PAINT_OT_image_paint"
"""Blender's operator that runs while a stroke is made."""
LOOK_S, PAUSE_S = 0.03, 0.2
"""Seconds between looks for a stroke, which may be a short click, and between previews, which read all pixels."""


class LayerStrokes:
    """Watches for brush strokes until painting ends, and requests a new preview while they are made."""

    def __init__(self) -> None:
        self.timer = partial(LayerStrokes.tick, self)
        self.is_new = False
        """Whether there is paint that no preview was requested for."""
        self._asked_s = -math.inf

    def watch(self) -> None:
        """Look for strokes until painting ends."""
        if not bpy.app.timers.is_registered(self.timer):
            bpy.app.timers.register(self.timer, first_interval=LOOK_S, persistent=True)

    def stop(self) -> None:
        """Look no more."""
        if bpy.app.timers.is_registered(self.timer):
            bpy.app.timers.unregister(self.timer)

    def tick(self) -> float | None:
        """Request a preview if there is new paint and none is being made; return the seconds to the next look."""
        item = bpy.context.view_layer.objects.active
        if item is None or item.mode != "TEXTURE_PAINT":
            return None
        windows = bpy.context.window_manager.windows
        is_painting = any(one.bl_idname == STROKE for window in windows for one in window.modal_operators)
        self.is_new = self.is_new or is_painting
        if self.is_new and not live.is_running and time.monotonic() - self._asked_s >= PAUSE_S:
            self.is_new, self._asked_s = is_painting, time.monotonic()
            live.ask()
        return LOOK_S


strokes = LayerStrokes()


class IMPASTO_OT_paint_mask(OnLayers, bpy.types.Operator):
    """Paint where the active layer shows: white shows it, black hides it. Press it again when you are done"""

    bl_label = "Paint Mask"

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        if reason := super().poll_message(context):
            return reason
        item = context.active_object
        is_mesh = item is not None and item.type == "MESH"
        has_uvs = is_mesh and (item.data.uv_layers or mapping.of_material(chosen_material(context)) != mapping.UV)
        return "" if has_uvs else "Select a mesh object with UVs"

    def do(self, context: bpy.types.Context) -> TaskReport:
        item, layer = context.active_object, active_layer(context)
        if item.mode == "TEXTURE_PAINT":
            return self._end(context, layer)
        material = chosen_material(context)
        bpy.ops.object.mode_set(mode="OBJECT")
        painted_uvs.activate(item, material)
        if layer.mask.image is None:
            layer.mask.image = new_image(material, image_name(layer))
        layer.mask.kind = IMAGE
        paint = context.scene.tool_settings.image_paint
        paint.mode, paint.canvas = "IMAGE", layer.mask.image
        bpy.ops.object.mode_set(mode="TEXTURE_PAINT")
        if brush := paint.brush:
            _as_white(context, brush)
        for space in views_without_materials(context):  # solid shading shows the mask instead
            space.shading.type = "MATERIAL"
        context.scene.impasto.preview_layers = True
        buffers.prepare(len(layer.mask.image.pixels))
        strokes.watch()
        name = layer.mask.image.name
        return TaskReport("INFO", Message("{} is painted: white shows the layer", name), materials=(material.name,))

    def _end(self, context: bpy.types.Context, layer: bpy.types.PropertyGroup) -> TaskReport:
        bpy.ops.object.mode_set(mode="OBJECT")
        painted_uvs.put_back(context.active_object.data)
        image = layer.mask.image
        if image.is_dirty:
            image.pack()
        CHANGED(layer, context)
        return TaskReport("INFO", Message("{} is the mask of {}", image.name, layer.name))


def _as_white(context: bpy.types.Context, brush: bpy.types.Brush) -> None:
    """Make the brush paint white; where brushes share one colour, change that."""
    paint = context.scene.tool_settings.image_paint
    unified = getattr(paint, "unified_paint_settings", None) or context.scene.tool_settings.unified_paint_settings
    holder = unified if unified.use_unified_color else brush
    holder.color = (1.0, 1.0, 1.0)
    holder.secondary_color = (0.0, 0.0, 0.0)
