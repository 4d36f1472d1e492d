# SPDX-License-Identifier: GPL-3.0-or-later
"""Base of the operators on the layers of the active object's material."""

from __future__ import annotations

import bpy

from ..bridge.target import active_material, chosen_material
from ..jobs.operator import InstantOperator
from ..jobs.task import Place


def active_layer(context: bpy.types.Context) -> bpy.types.PropertyGroup:
    """The layer whose parameters are shown."""
    stack = chosen_material(context).impasto_layers
    return stack.layers[min(stack.active, len(stack.layers) - 1)]


class OnLayers(InstantOperator):
    """Mixin: an operator on the layers of the active object's material."""

    place = Place.LAYERS

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        material = active_material(context)
        return "" if material and material.impasto_layers.layers else "Add a layer first"
