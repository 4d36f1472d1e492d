"""`detail-normals`: fine normals on top of a surface's own, by reoriented normal mapping.

Barré-Brisebois & Hill 2012, "Blending in Detail".
"""

from __future__ import annotations

import numpy as np

from impasto.context import Context
from impasto.surface.heights import normal_from_slopes, slopes_from_normal
from impasto.surface.resizing import resized_map
from impasto.texture import Maps, Texture
from impasto.tools import Field, Filter, Input, Inputs, Parameters, display_hints

from .subject import normals

LEAST_TZ = 1e-3
"""Smallest z of base + (0, 0, 1); only normals that point straight down have less."""


class DetailNormalsParameters(Parameters):
    """Parameters of the detail."""

    scale: float = Field(
        1.0,
        ge=0.05,
        le=8,
        description="Size of the detail, which fits in a whole number of times; 1: its own pixels, 0.5: finer",
        json_schema_extra=display_hints(high=2),
    )
    strength: float = Field(
        1.0,
        ge=0,
        le=4,
        description="Steepness of the detail; 1: as its normals have it",
        json_schema_extra=display_hints(high=2),
    )


class DetailNormals(Filter):
    """Lays a second set's normals over the subject's."""

    name, label = "detail-normals", "Detail normals"
    description = "Adds the relief of a second normal map to a first, such as pores to bricks"
    rank = 63
    group = "Maps"
    example = "brick_normal.png --detail pores_normal.png --scale 0.5 "
    parameters = DetailNormalsParameters
    needs = ("normal",)
    inputs = (Input("detail", "normal map of the detail, or a set that has one; it is repeated"),)

    def apply(self, subject: Maps, parameters: DetailNormalsParameters, inputs: Inputs, context: Context) -> Maps:
        """The subject with reoriented normals of unit length; its height stays without the detail."""
        context.progress(0.2, "repeating the detail")
        detail = normals(normal_of(inputs["detail"]))
        fine = repeat(detail, subject.size_px, parameters.scale)
        context.progress(0.6, "turning the detail onto the surface")
        combined = reorient(normals(subject), with_strength(fine, parameters.strength))
        if "height" in subject:
            context.note("the detail is in the normals only: the height is as before")
        return subject.with_arrays({"normal": np.clip(combined, 0, 1)})


def reorient(base: np.ndarray, detail: np.ndarray) -> np.ndarray:
    """Normals (H, W, 3) encoded in [0, 1]: `detail`, turned by the shortest rotation that takes z to `base`.

    r = t (t·u) / t_z − u with t = base + (0, 0, 1) and u = (−1, −1, 1) · detail, of unit normals.
    """
    t = _unit(base) + np.array([0, 0, 1], np.float32)
    u = _unit(detail) * np.array([-1, -1, 1], np.float32)
    r = t * ((t * u).sum(2, keepdims=True) / np.maximum(t[..., 2:], LEAST_TZ)) - u
    return 0.5 + 0.5 * r / np.maximum(np.linalg.norm(r, axis=2, keepdims=True), 1e-6)


def _unit(normal: np.ndarray) -> np.ndarray:
    """Unit vectors (H, W, 3) of encoded normals."""
    vectors = 2 * normal - 1
    return vectors / np.maximum(np.linalg.norm(vectors, axis=2, keepdims=True), 1e-6)


def with_strength(normal: np.ndarray, strength: float) -> np.ndarray:
    """Normals (H, W, 3) whose slopes are `strength` times as steep."""
    return normal_from_slopes(strength * slopes_from_normal(normal))


def repeat(normal: np.ndarray, size_px: tuple[int, int], scale: float) -> np.ndarray:
    """Normals (h, w, 3), scaled and repeated to fill `size_px` (height, width).

    Smaller ones fit a whole number of times, so that seamless maps stay seamless; larger ones are cropped.
    """
    times = [max(1, round(side / (scale * own))) for side, own in zip(size_px, normal.shape, strict=False)]
    tile = [
        max(1, round(side / count)) if scale * own <= side else round(scale * own)
        for side, own, count in zip(size_px, normal.shape, times, strict=False)
    ]
    one = resized_map("normal", Texture(normal), (tile[0], tile[1])).pixels
    filled = np.tile(one, (*times, 1))
    cropped = filled[: max(size_px[0], tile[0] * times[0])][: size_px[0] if times[0] == 1 else None]
    cropped = cropped[:, : size_px[1] if times[1] == 1 else None]
    return resized_map("normal", Texture(np.ascontiguousarray(cropped)), size_px).pixels


def normal_of(detail: Maps) -> Maps:
    """Maps with a normal map; a single picture counts as one."""
    if "normal" in detail or "base_color" not in detail:
        return detail
    return Maps.from_arrays({"normal": detail["base_color"].pixels}, name=detail.name)
