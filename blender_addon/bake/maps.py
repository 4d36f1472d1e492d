# SPDX-License-Identifier: GPL-3.0-or-later
"""Baking of an object's materials to maps on its own UVs, with Cycles.

Scripts run `bake_maps` in their own Blender, windows in one in the background.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import bpy
from bpy.types import Object

from ..bridge import encode
from ..bridge.working_space import convert, to_rec709
from ..core.errors import ParameterError
from ..core.recipe import Recipe
from .cover import pixels_of
from .cycles import covered_pixels, cycles_bake
from .layout import set_notes
from .scene import bake_scene, prepare
from .sets import BakeSet, check_set
from .settings import BakeOptions
from .values import COLOR_VALUES

if TYPE_CHECKING:
    import numpy as np

FLAT_NORMAL = (0.5, 0.5, 1.0)
PRECISE = ("normal", "height")
"""Maps that 8 bits would turn into steps."""


@dataclass(frozen=True)
class BakedMap:
    """One map: the bytes of a PNG file, its provenance, and notes for the user. tiles: such bytes by UDIM number."""

    name: str
    png: bytes
    provenance: dict[str, Any]
    notes: tuple[str, ...] = ()
    recipe: Recipe | None = None
    tiles: Mapping[int, bytes] = field(default_factory=dict)


def bake_maps(obj: Object, options: BakeOptions) -> Iterator[BakedMap]:
    """Bake the maps of one object by itself, one by one."""
    return bake_set(BakeSet.of(obj), options)


def bake_set(given: BakeSet, options: BakeOptions) -> Iterator[BakedMap]:
    """Bake the maps of a set one by one; all temporary data is removed at the end, after an error too."""
    uv_maps = check_set(given, options)
    slots = [slot for obj in given.sources for slot in obj.material_slots]
    about = {
        "object": given.title,
        "materials": sorted({slot.material.name for slot in slots if slot.material}),
        "blender": bpy.app.version_string,
        **asdict(options),
        "uv_map": uv_maps[0] if len(set(uv_maps)) == 1 else "",
        **given.provenance,
    }
    del about["maps"]
    with bake_scene(given, options, uv_maps) as made:
        notes = tuple(set_notes(made, given))
        covered = covered_pixels(made, options)
        for name in options.maps:
            found = prepare(made, name)
            found += cycles_bake(made, name, options, covered)
            pixels, figures = _to_map(name, pixels_of(made.image))
            if name == "height":
                figures["height_range_m"] = figures["height_range"] * options.unit_m
            bits = 16 if name in PRECISE else 8
            tiles = {number: encode.encode_png(one, bits) for number, one in made.tiles.split(pixels).items()}
            png = next(iter(tiles.values())) if tiles else encode.encode_png(pixels, bits)
            yield BakedMap(name, png, {"map": name, **about, **figures}, (*notes, *found), tiles=tiles)
            notes = ()


def _to_map(name: str, pixels: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
    """Baked pixels (H, W, 4) -> the map's encoded values (H, W, 3) in [0, 1], and figures for the provenance.

    Where no face is, the map continues with its mean, so that smaller mipmaps do not darken at the seams.
    """
    import numpy as np

    from ..core.surface.color import linear_to_srgb

    covered = pixels[..., 3] > 0.01
    if not covered.any():
        raise ParameterError("No face lies in the 0–1 square of the UV map", "unwrap the object or pack its UV islands")
    figures: dict[str, Any] = {}
    values = pixels[..., :3] / np.maximum(pixels[..., 3:], 0.01)  # a margin from adjacent faces is partly clear
    if name == "normal":
        vectors = values * 2 - 1
        values = vectors / np.maximum(np.linalg.norm(vectors, axis=2, keepdims=True), 1e-6) * 0.5 + 0.5
        values[~covered] = FLAT_NORMAL
        return values, figures
    if name == "height":
        return _to_height(values[..., 0] - values[..., 1], covered)
    if name in COLOR_VALUES:
        values = convert(values, to_rec709())
    if name == "emission":
        figures["emission_strength"] = strength = max(1.0, float(values[covered].max()))
        values = values / strength
    values = np.clip(values, 0.0, 1.0)
    values[~covered] = values[covered].mean(axis=0)
    return (linear_to_srgb(values) if name in COLOR_VALUES else values), figures


def _to_height(units: np.ndarray, covered: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
    """Heights (H, W) in Blender units -> (H, W, 3) in [0, 1], with their range in units and where the surface is."""
    import numpy as np

    low, high = float(units[covered].min()), float(units[covered].max())
    span = high - low
    heights = (units - low) / span if span > 0 else np.full_like(units, 0.5)
    heights[~covered] = heights[covered].mean()
    figures: dict[str, Any] = {"height_range": span, "midlevel": -low / span if span > 0 else 0.5}
    return np.repeat(heights[..., None].clip(0, 1), 3, axis=2), figures
