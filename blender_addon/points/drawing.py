# SPDX-License-Identifier: GPL-3.0-or-later
"""Drawing of handles over a picture: rings that leave the pixel in their middle free, lines, and labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import blf
import gpu
from gpu_extras.batch import batch_for_shader

from .geometry import Place
from .handles import Handles

RING, CROSS, LABEL_PX = 9.0, 4.0, 11.0
"""Radius of a handle's ring, half the width of its cross, and height of its label, at a resolution scale of 1."""
COLOR, HIGHLIGHT, CROSSED = (1.0, 0.8, 0.25, 1.0), (1.0, 0.97, 0.8, 1.0), (1.0, 0.3, 0.2, 1.0)
SHADE = (0.0, 0.0, 0.0, 0.6)
"""Colour under each line, so that it shows on light pictures too."""
BEYOND = 0.55
"""Opacity of handles whose points are beyond the region's edge."""
STEPS = 32


def draw(handles: Handles, active: int, scale: float) -> None:
    """Draw handles in the region's pixels. active: index of the one under the mouse, or -1."""
    color = CROSSED if handles.is_crossed else COLOR
    before = gpu.state.blend_get()
    gpu.state.blend_set("ALPHA")
    _strokes(_outline(handles), color, scale)
    for index, (place, shown) in enumerate(zip(handles.places, handles.shown, strict=True)):
        own = HIGHLIGHT if index == active else color
        _strokes(_handle(shown, scale), own if place == shown else (*own[:3], BEYOND), scale)
    gpu.state.blend_set(before)
    for place, label in zip(handles.shown, handles.labels, strict=True):
        _label(label, place, (RING + 4) * scale, 4 * scale, handles.right, scale)
    if handles.text:
        (ax, ay), (bx, by) = (handles.places[index] for index in handles.lines)
        _label(handles.text, ((ax + bx) / 2, (ay + by) / 2), 6 * scale, 6 * scale, handles.right, scale)


def _outline(handles: Handles) -> list[Place]:
    """Lines between the points, around a quadrilateral of four."""
    places = [handles.places[index] for index in handles.lines]
    closed = [*places, places[0]] if len(places) > 2 else places
    return [place for pair in pairwise(closed) for place in pair]


def _handle(place: Place, scale: float) -> list[Place]:
    """Lines of a handle: a ring, and a cross in it."""
    turn = [math.tau * step / STEPS for step in range(STEPS + 1)]
    rim = [(place[0] + RING * scale * math.cos(angle), place[1] + RING * scale * math.sin(angle)) for angle in turn]
    (x, y), arm = place, CROSS * scale
    cross = [(x - arm, y), (x + arm, y), (x, y - arm), (x, y + arm)]
    return [point for pair in pairwise(rim) for point in pair] + cross


def _strokes(places: Sequence[Place], color: tuple[float, ...], scale: float) -> None:
    """Draw lines between pairs of places, on a wider shade."""
    if not places:
        return
    shader = gpu.shader.from_builtin("POLYLINE_UNIFORM_COLOR")
    batch = batch_for_shader(shader, "LINES", {"pos": [(*place, 0.0) for place in places]})
    for stroke, width in ((SHADE, 4.0), (color, 1.8)):
        shader.bind()
        shader.uniform_float("viewportSize", gpu.state.viewport_get()[2:])
        shader.uniform_float("lineWidth", width * scale)
        shader.uniform_float("color", stroke)
        batch.draw(shader)


def _label(text: str, place: Place, across: float, above: float, right: float, scale: float) -> None:
    """Draw a text beside a place, on its other side where it would go beyond `right`."""
    blf.size(0, LABEL_PX * scale)
    width, _ = blf.dimensions(0, text)
    x = place[0] + across if place[0] + across + width <= right else place[0] - across - width
    blf.color(0, 1.0, 1.0, 1.0, 1.0)
    blf.enable(0, blf.SHADOW)
    blf.shadow(0, 3, 0.0, 0.0, 0.0, 1.0)
    blf.position(0, x, place[1] + above, 0.0)
    blf.draw(0, text)
    blf.disable(0, blf.SHADOW)
