# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of a photograph's relief under eight lights, below the azimuth that a click on one of them sets."""

from __future__ import annotations

import math

import bpy
import numpy as np

from ..interface import previews
from ..jobs.session import jobs
from ..parameters.groups import identifier, material_of
from ..parameters.operators import AZIMUTH_OF_LIGHT

UNKNOWN = -1
AZIMUTHS = (135, 90, 45, 180, UNKNOWN, 0, 225, 270, 315)
"""Azimuths in degrees of the worker's pictures: in three rows, each where its light comes from."""
SCALE = 4.0


class _LatestLights:
    """The latest pictures, uint8 RGB by azimuth, and the path of the azimuth, the material and the file they are of."""

    def __init__(self) -> None:
        self.pictures: dict[int, np.ndarray] = {}
        self.key: tuple[str, str, int] = ("", "", 0)


_latest = _LatestLights()


def keep(path: str, material: str, column: np.ndarray) -> None:
    """Show the worker's pictures, one below the other, at the azimuth with this path."""
    _latest.pictures = dict(zip(AZIMUTHS, np.split(column, len(AZIMUTHS)), strict=True))
    _latest.key = path, material, jobs.file_epoch


def draw(layout: bpy.types.UILayout, group: bpy.types.PropertyGroup, name: str) -> None:
    """Draw the button that makes the pictures of an azimuth and, below it, the pictures with their buttons."""
    path, material = f"{group.path_from_id()}.{identifier(name)}", material_of(group)
    show = layout.operator("impasto.show_lights", icon="LIGHT_SUN")
    show.path, show.material = path, material
    if _latest.key != (path, material, jobs.file_epoch):
        return
    grid = layout.grid_flow(columns=3, row_major=True, even_columns=True)
    chosen = round(math.degrees(getattr(group, identifier(name))))
    for azimuth in AZIMUTHS:
        column = grid.column(align=True)
        column.template_icon(previews.icon_of_pixels(f"light {azimuth}", _latest.pictures[azimuth]), scale=SCALE)
        is_known = azimuth != UNKNOWN
        text = f"{azimuth}°" if is_known else AZIMUTH_OF_LIGHT.text
        button = column.operator("impasto.set_number", text=text, translate=not is_known, depress=azimuth == chosen)
        button.path, button.material, button.value = path, material, math.radians(azimuth)
