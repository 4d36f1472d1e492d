# SPDX-License-Identifier: GPL-3.0-or-later
"""Order of layers: groups, moves into and out of a group, animation that follows its layer; operators' base.

A group is a layer directly above its members, which are marked as such. Groups do not nest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bpy

from ..bridge.target import active_material, chosen_material
from ..core.recipe import GROUP
from ..jobs.operator import InstantOperator
from ..jobs.task import Place

PATH = re.compile(r"^impasto_layers\.layers\[(\d+)\]")
"""Beginning of the animation path of a layer's property."""


def unit(stack: bpy.types.PropertyGroup, place: int) -> range:
    """Positions of a layer, or of a group with its members."""
    first = place
    while stack.layers[place].tool == GROUP and first > 0 and stack.layers[first - 1].in_group:
        first -= 1
    return range(first, place + 1)


def top_of(stack: bpy.types.PropertyGroup, place: int) -> int:
    """Position of the group that a layer is in; its own position if it is in none."""
    return next((one for one in range(place, len(stack.layers)) if not stack.layers[one].in_group), place)


def move(stack: bpy.types.PropertyGroup, *, up: bool) -> None:
    """Move the active layer past its neighbour, into a neighbouring group, or out of its own.

    A group moves past a whole other group. Entering or leaving a group at its lower end changes no positions.
    """
    layers, layer, own = stack.layers, stack.layers[stack.active], unit(stack, stack.active)
    beside = own.stop if up else own.start - 1
    has_next = 0 <= beside < len(layers)
    other = range(beside, beside + 1)
    if layer.in_group:
        layer.in_group = has_next and (layers[beside].tool != GROUP if up else layers[beside].in_group)
        if not up and not layer.in_group:
            return
    elif not has_next:
        return
    elif layer.tool == GROUP:
        other = range(beside, top_of(stack, beside) + 1) if up else unit(stack, beside)
    elif layers[beside].tool == GROUP or layers[beside].in_group:
        layer.in_group = True
        if up:
            return
    lower, upper = (own, other) if up else (other, own)
    for offset, place in enumerate(upper):
        layers.move(place, lower.start + offset)
    stack.active += len(other) if up else -len(other)


def dissolve(stack: bpy.types.PropertyGroup) -> None:
    """Remove the active layer's group, or the active group itself, and keep its members."""
    place = top_of(stack, stack.active)
    for one in unit(stack, place):
        stack.layers[one].in_group = False
    stack.layers.remove(place)
    stack.active = max(0, min(stack.active, place - 1))


def fold(layer: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """If folding a group hides the active layer, make the group active."""
    stack, place = layer.id_data.impasto_layers, int(PATH.match(layer.path_from_id())[1])  # type: ignore[index]
    if not layer.is_open and stack.active in unit(stack, place):
        stack.active = place


@contextmanager
def animation_kept(stack: bpy.types.PropertyGroup) -> Iterator[None]:
    """Context in which layers may move: afterwards, keyframes and drivers still belong to the same layers."""
    for place, layer in enumerate(stack.layers):
        layer.place = place
    yield
    now = {layer.place: place for place, layer in enumerate(stack.layers) if layer.place >= 0}
    for layer in stack.layers:
        layer.property_unset("place")
    for curves in _curves(stack.id_data.animation_data):
        for curve in list(curves):
            if found := PATH.match(curve.data_path):
                if (own := int(found[1])) in now:
                    curve.data_path = f"impasto_layers.layers[{now[own]}]{curve.data_path[found.end() :]}"
                else:
                    curves.remove(curve)


def _curves(animation: Any) -> Iterator[Any]:
    """Collections of drivers and of keyframe curves; in Blender 5 each slot of an action has its own."""
    if animation is None:
        return
    yield animation.drivers
    if (action := animation.action) is None:
        return
    if hasattr(action, "fcurves"):
        yield action.fcurves
    else:
        yield from (bag.fcurves for layer in action.layers for strip in layer.strips for bag in strip.channelbags)


def active_layer(context: bpy.types.Context) -> bpy.types.PropertyGroup:
    """The active layer, whose parameters are shown."""
    stack = chosen_material(context).impasto_layers
    return stack.layers[min(stack.active, len(stack.layers) - 1)]


class OnLayers(InstantOperator):
    """Mixin: an operator on the layers of the active object's material."""

    place = Place.LAYERS

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        material = active_material(context)
        return "" if material and material.impasto_layers.layers else "Add a layer first"
