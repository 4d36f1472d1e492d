# SPDX-License-Identifier: GPL-3.0-or-later
"""Live preview of the active material's layers, all run at the size of the picture, from the changed one on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import bpy
import numpy as np

from ..bridge.images import Picture
from ..bridge.inputs import SOURCE, Input
from ..bridge.pixel_buffers import buffers
from ..bridge.target import chosen_material
from ..core.recipe import Recipe
from ..jobs.operator import busy_message
from ..parameters.properties import LAYERS, SPLIT, when_changed
from ..tools.action import WorkerAction
from ..tools.live import Live
from .request import action_of, recipes_before, request_poll_message

LINE_PX = 1
"""Half of the width of the line where a picture is split."""


class LayerComparison:
    """The picture of the layers, split: on its left what they are without the active one."""

    def __init__(self) -> None:
        self.picture: np.ndarray | None = None

    def update(self) -> None:
        """Compose it anew, with a line where it is split; None if there is nothing to compare."""
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

    of, delay_s = LAYERS, 0.01  # pictures come soon, and a newer one takes the place of the one before

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
        for given in inputs.values():
            if isinstance(given, Picture):
                buffers.give_back(given.values)

    def shown(self) -> None:
        comparison.update()


live = LayersPreview()


def register() -> None:
    live.register()
    when_changed(SPLIT, comparison.update)


def unregister() -> None:
    when_changed(SPLIT, None)
    buffers.clear()
    live.unregister()
    comparison.picture = None
