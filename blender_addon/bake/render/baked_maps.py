# SPDX-License-Identifier: GPL-3.0-or-later
"""Baking of an object's materials to maps on its own UVs, with Cycles.

Scripts run `bake_maps` in their own Blender, windows in one in the background.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

import bpy
import numpy as np
from bpy.types import Object

from ...bridge import encode
from ...bridge.images import COLOR_MAPS, convert, from_rec709, to_rec709
from ...core.errors import ParameterError
from ...core.recipe import Recipe
from ...core.surface.color import linear_to_srgb, srgb_to_linear
from ..files import FORMATS
from ..fingerprints import fingerprints
from ..maps.geometry import (
    CURVATURE_MAPS,
    CURVATURE_PASSES,
    GEOMETRY_MAPS,
    Extent,
    object_normals,
    relative_curvature,
    unit_vectors,
)
from ..maps.identity import IDENTITY_MAPS
from ..maps.values import INPUT_MAPS
from ..objects.reads import missing_notes
from ..objects.sets import BakeSet, check_set
from ..objects.warnings import uv_notes
from ..settings import BakeOptions
from .canvas import NO_MISSES, Misses, block_means, draw_out, missed_notes, misses_on, pixels_of
from .cycles import covered_pixels, cycles_bake
from .parts import evaluated_meshes
from .scene import BakeScene, bake_scene, extent_of, prepare

FLAT_NORMAL = (0.5, 0.5, 1.0)
NORMALS = ("normal", "object_normal", "world_normal")
PRECISE = ("normal", "height", *GEOMETRY_MAPS)
"""Maps that 8 bits would turn into steps."""
PREVIEW_PX = 256
"""Limit of a preview's longer side."""


@dataclass(frozen=True)
class BakedMap:
    """One map: the bytes of a PNG file, its provenance, and notes for the user. tiles: such bytes by UDIM number.

    others: bytes in the format of the options, where that is another, by UDIM number, or 0; suffix: of their names.
    preview: uint8 (H, W, 3), row 0 at the top, while it is being baked. is_kept: an image of an earlier bake, which has
    the same fingerprint, is still right; `png` is empty then. misses: of the set, with the first map that is baked.
    """

    name: str
    png: bytes
    provenance: dict[str, Any]
    notes: tuple[str, ...] = ()
    recipe: Recipe | None = None
    tiles: Mapping[int, bytes] = field(default_factory=dict)
    others: Mapping[int, bytes] = field(default_factory=dict)
    suffix: str = ".png"
    is_kept: bool = False
    preview: np.ndarray | None = field(default=None, compare=False, repr=False)
    misses: Misses = NO_MISSES


def bake_maps(obj: Object, options: BakeOptions) -> Iterator[BakedMap]:
    """Bake the maps of one object by itself, one by one."""
    return bake_set(BakeSet.of(obj), options)


def bake_set(set_: BakeSet, options: BakeOptions, known: Collection[str] = ()) -> Iterator[BakedMap]:
    """Bake the maps of a set one by one, but those whose fingerprints are known.

    All temporary data is removed at the end, after an error too.
    """
    uv_maps = check_set(set_, options)
    about = {
        "object": set_.title,
        "materials": sorted(material.name for material in set_.materials),
        "blender": bpy.app.version_string,
        **asdict(options),
        "uv_map": uv_maps[0] if len(set(uv_maps)) == 1 else "",
        **set_.provenance,
    }
    del about["maps"]
    with bake_scene(set_, options.of_parts, uv_maps) as bake:
        prints = fingerprints(bake, set_, options, uv_maps)
        passes = Passes(bake, options.of_parts, options.factor)
        is_first = True
        for name in options.maps:
            about |= {"map": name, "fingerprint": prints[name]}
            if prints[name] in known:
                yield BakedMap(name, b"", {**about}, is_kept=True)
                continue
            pixels, figures, found = passes.map(name)
            parts = bake.tiles.split(pixels)
            files = _files(name, parts or {0: pixels}, options.file_format)
            files["preview"] = _preview(pixels)
            if is_first:
                found = [*_uv_notes(bake), *_missing_notes(bake, set_, options), *found]
                files["misses"] = _misses(bake, passes)
            yield BakedMap(name, provenance={**about, **figures}, notes=tuple(found), **files)
            is_first = False


def _uv_notes(bake: BakeScene) -> Iterator[str]:
    """Warnings about the UVs of a set."""
    return uv_notes([part.name for part in bake.parts], evaluated_meshes(bake.scene, bake.parts), bake.tiles)


def _missing_notes(bake: BakeScene, set_: BakeSet, options: BakeOptions) -> Iterator[str]:
    """Warnings about attributes and UV maps that materials read, and that the objects lack."""
    if not options.need_materials:
        return
    depsgraph = bake.scene.view_layers[0].depsgraph
    copies = dict.fromkeys(one for part in bake.parts for one in part.baked)
    for obj, copy in zip(set_.sources, copies, strict=True):
        slots = [slot for index, slot in enumerate(obj.material_slots) if not set_.slots or index in set_.slots]
        for material in dict.fromkeys(slot.material for slot in slots if slot.material):
            evaluated = copy.evaluated_get(depsgraph)
            yield from missing_notes(material, evaluated, obj.name, is_plane=set_.is_plane)


def _misses(bake: BakeScene, passes: Passes) -> Misses:
    """The misses of the last pass."""
    if not passes.missed or not passes.missed[-1].any():
        return NO_MISSES
    return misses_on(evaluated_meshes(bake.scene, bake.parts), bake.tiles, passes.missed[-1])


def _preview(pixels: np.ndarray) -> np.ndarray:
    """A map's pixels (H, W, 3), row 0 at the bottom, at most PREVIEW_PX either way, as `BakedMap.preview`."""
    step = -(-max(pixels.shape[:2]) // PREVIEW_PX)
    return (pixels[::-step, ::step] * 255 + 0.5).astype("uint8")


def _files(name: str, parts: Mapping[int, np.ndarray], format_name: str) -> dict[str, Any]:
    """Files of a `BakedMap` from its encoded pixels by UDIM number, or by 0 alone."""
    bits = 16 if name in PRECISE else 8
    pngs = {number: encode.encode_png(pixels, bits) for number, pixels in parts.items()}
    found: dict[str, Any] = {"png": next(iter(pngs.values())), "tiles": {} if 0 in pngs else pngs}
    if format_name not in FORMATS:
        return found
    file_format, is_color = FORMATS[format_name], name in COLOR_MAPS
    others = {}
    for number, pixels in parts.items():
        values = convert(srgb_to_linear(pixels), from_rec709()) if file_format.is_linear and is_color else pixels
        others[number] = encode.encode_file(values, file_format, is_color=is_color)
    return {**found, "others": others, "suffix": file_format.suffix}


@dataclass(frozen=True)
class Passes:
    """Bakes of a set, from which its maps are made. factor: of the bakes' width and height to that of the maps.

    missed: (H, W), pixels that the last bake of high objects left empty.
    """

    scene: BakeScene
    options: BakeOptions
    factor: int = 1
    missed: list[np.ndarray] = field(default_factory=list)

    @cached_property
    def extent(self) -> Extent:
        """Extent of all that is baked."""
        thickness = self.options.thickness_range if "thickness" in self.options.maps else self.scene.size
        return extent_of(self.scene, self.options.edge_radius, thickness)

    @cached_property
    def expected(self) -> np.ndarray | None:
        """Pixels (H, W) that high objects should fill, if there are any."""
        return covered_pixels(self.scene, self.options)

    def map(self, name: str) -> tuple[np.ndarray, dict[str, Any], list[str]]:
        """A map's encoded values (H, W, 3) in [0, 1], row 0 at the bottom; figures for its provenance; notes."""
        if name in CURVATURE_MAPS:
            return self._curvature_map(name), self.extent.figures(name), []
        if name in IDENTITY_MAPS:
            return self._identity_map(name)
        pixels, notes = self._bake(name, self.options)
        values, figures = _to_map(name, block_means(pixels, self.factor))
        if name == "object_normal":
            values = object_normals(values, self.extent)
        if name == "height":
            figures["height_range_m"] = figures["height_range"] * self.options.unit_m
        return values, figures | self.extent.figures(name), notes

    def _bake(self, name: str, options: BakeOptions) -> tuple[np.ndarray, list[str]]:
        notes = prepare(self.scene, name, self.extent)
        missed = cycles_bake(self.scene, name, options, self.expected)
        if missed is not None and self.expected is not None:
            self.missed[:] = [missed]
            notes += missed_notes(missed, self.expected, self.scene.remedy)
        return pixels_of(self.scene.image), notes

    def _identity_map(self, name: str) -> tuple[np.ndarray, dict[str, Any], list[str]]:
        """A mask whose pixels, or their parts, show one colour each: one sample, and a margin that is drawn out."""
        pixels, notes = self._bake(name, replace(self.options, samples=1, margin_px=0))
        pixels[..., 3] = draw_out(pixels, _covered(pixels), self.options.margin_px)
        pixels = block_means(pixels, self.factor)
        values, figures = _to_map(name, pixels)
        values[~_covered(pixels)] = 0.0
        return values, figures, notes

    def _curvature_map(self, name: str) -> np.ndarray:
        bend, covered = self._curvature
        values = CURVATURE_MAPS[name](bend)
        values[~covered] = CURVATURE_MAPS[name](np.zeros(1))  # of a flat surface
        return np.repeat(values[..., None].clip(0, 1), 3, axis=2)

    @cached_property
    def _curvature(self) -> tuple[np.ndarray, np.ndarray]:
        """Relative curvature (H, W) of the islands and their margin, and where these are."""
        sharp = replace(self.options, margin_px=0)
        positions, normals = (_straight(self._bake(name, sharp)[0]) for name in CURVATURE_PASSES)
        covered = _covered(positions)
        bend = relative_curvature(positions[..., :3], normals[..., :3], covered, self.extent)
        covered = draw_out(bend[..., None], covered, self.options.margin_px)
        means, share = np.moveaxis(block_means(np.dstack([bend, covered.astype(np.float32)]), self.factor), -1, 0)
        return means / np.maximum(share, 0.01), share > 0


def _covered(pixels: np.ndarray) -> np.ndarray:
    """Pixels (H, W) that show a face. Raise ParameterError if there are none."""
    covered = pixels[..., 3] > 0.01
    if not covered.any():
        raise ParameterError("No face lies in the 0–1 square of the UV map", "unwrap the object or pack its UV islands")
    return covered


def _straight(pixels: np.ndarray) -> np.ndarray:
    """Pixels (H, W, 4) divided by their alpha, which is partial in a margin from adjacent faces."""
    return np.concatenate([pixels[..., :3] / np.maximum(pixels[..., 3:], 0.01), pixels[..., 3:]], axis=2)


def _to_map(name: str, pixels: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
    """Baked pixels (H, W, 4) -> the map's encoded values (H, W, 3) in [0, 1], and figures for the provenance.

    Where no face is, the map continues with its mean, so that smaller mipmaps do not darken at the seams.
    """
    covered = _covered(pixels)
    figures: dict[str, Any] = {}
    values = _straight(pixels)[..., :3]
    if name in NORMALS:
        values = unit_vectors(values * 2 - 1) * 0.5 + 0.5
        values[~covered] = FLAT_NORMAL
        return values, figures
    if name == "height":
        return _to_height(values[..., 0] - values[..., 1], covered)
    if name in COLOR_MAPS:
        values = convert(values, to_rec709())
    if name == "emission":
        figures["emission_strength"] = strength = max(1.0, float(values[covered].max()))
        values = values / strength
    if name in INPUT_MAPS and (largest := float(values[covered].max())) > 1:
        figures["value_scale"] = largest
        values = values / largest
    values = np.clip(values, 0.0, 1.0)
    values[~covered] = values[covered].mean(axis=0)
    return (linear_to_srgb(values) if name in COLOR_MAPS else values), figures


def _to_height(units: np.ndarray, covered: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
    """Heights (H, W) in Blender units -> (H, W, 3) in [0, 1], with their range in units and where the surface is."""
    low, high = float(units[covered].min()), float(units[covered].max())
    span = high - low
    heights = (units - low) / span if span > 0 else np.full_like(units, 0.5)
    heights[~covered] = heights[covered].mean()
    figures: dict[str, Any] = {"height_range": span, "midlevel": -low / span if span > 0 else 0.5}
    return np.repeat(heights[..., None].clip(0, 1), 3, axis=2), figures
