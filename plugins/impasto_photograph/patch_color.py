"""`patch-color`: corrects colours by a place with a known true colour, such as a grey card."""

from __future__ import annotations

import numpy as np

from impasto.context import Context
from impasto.errors import ParameterError
from impasto.surface.color import linear_pixels, srgb_to_linear
from impasto.surface.white import SRGB_TO_XYZ, adaptation_between
from impasto.texture import Maps
from impasto.tools import Color, Field, Filter, Inputs, Parameters, Point

from .light import with_linear_color

DARKEST = 2e-3
"""Smallest linear value of a patch's brightest channel; below it, noise would decide."""
CLIPPED, MOST_CLIPPED = 0.995, 0.1
"""Pixels from this encoded value on count as clipped; and the largest fraction of them in a patch."""


class PatchColorParameters(Parameters):
    """A patch of the picture, and its true colour."""

    patch: Point = Field((0.5, 0.5), description="Middle of a place whose true colour is known")
    radius: float = Field(
        0.02, gt=0, le=0.5, description="Radius of that place, relative to the picture's shorter side"
    )
    color: Color = Field(
        (0.46, 0.46, 0.46), title="True Color", description="Its true colour; the default is that of a grey card"
    )
    brightness: bool = Field(True, description="Also correct the brightness; otherwise only hue and saturation")


class PatchColor(Filter):
    """Adapts linear colours in Bradford's cones, so that the patch has its true colour."""

    name, label = "patch-color", "Colour from a patch"
    description = "Corrects colours and exposure by a place whose true colour is known, such as a grey card"
    rank = 26
    group = "Prepare"
    example = 'gravel.jpg --patch 0.1 0.9 --radius 0.03 --color "#767676" '
    parameters = PatchColorParameters
    needs = ("base_color",)

    def apply(self, subject: Maps, parameters: PatchColorParameters, inputs: Inputs, context: Context) -> Maps:
        """The subject with corrected base colour. Raise ParameterError for a patch outside the picture."""
        context.progress(0.1, "Measuring the patch")
        linear = linear_pixels(subject["base_color"])
        patch = linear[_disc(subject.size_px, parameters.patch, parameters.radius)]  # (N, 3)
        if patch.mean(0).max() < DARKEST:
            context.note("the patch is black, which shows nothing of the light: colours stay unchanged")
            return subject
        if (patch.max(1) >= float(srgb_to_linear(np.array(CLIPPED)))).mean() > MOST_CLIPPED:
            context.note("the patch is overexposed, so its colour is uncertain: a darker one is better")
        found, wanted = patch.mean(0), srgb_to_linear(np.array(parameters.color))
        if not parameters.brightness:
            wanted = wanted * (SRGB_TO_XYZ[1] @ found / max(SRGB_TO_XYZ[1] @ wanted, 1e-6))
        context.progress(0.4, "Correcting colours")
        return with_linear_color(subject, linear @ adaptation_between(found, wanted).T.astype(np.float32))


def _disc(size_px: tuple[int, int], center: tuple[float, float], radius: float) -> tuple[np.ndarray, np.ndarray]:
    """Indices (rows, columns) of the pixels within a disc, at least the one that holds its centre."""
    height, width = size_px
    if not (0 <= center[0] <= 1 and 0 <= center[1] <= 1):
        remedy = "give fractions from 0 to 1, from the left and from the top"
        raise ParameterError("the patch at {:g}, {:g} is outside the picture", remedy, center[0], center[1])
    x, y, radius_px = center[0] * width, center[1] * height, radius * min(size_px)
    rows, columns = (
        np.arange(max(0, int(at - radius_px)), min(side, int(at + radius_px) + 1))
        for at, side in ((y, height), (x, width))
    )
    inside = np.hypot(rows[:, None] + 0.5 - y, columns[None] + 0.5 - x) <= radius_px
    if not inside.any():
        return np.array([min(int(y), height - 1)]), np.array([min(int(x), width - 1)])
    found = np.nonzero(inside)
    return rows[found[0]], columns[found[1]]
