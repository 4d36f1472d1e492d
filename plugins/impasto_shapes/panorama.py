"""`close-panorama`: makes the sides of an equirectangular panorama meet, and its poles points."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from impasto.context import Context
from impasto.surface.color import linear_to_srgb, srgb_to_linear
from impasto.surface.orientation import unit_normals
from impasto.surface.resizing import resized_map
from impasto.texture import NORMAL_MAPS, Maps, Texture
from impasto.tools import Field, Filter, Inputs, Parameters, display_hints

USUAL_STEP = 2.0
"""Largest step across the sides, relative to the median step between columns."""
ROUNDING = 1 / 255


class ClosePanoramaParameters(Parameters):
    """Parameters of the sides and the poles."""

    overlap: float = Field(
        0.04,
        ge=0,
        le=0.25,
        description="Part of the width in which the sides are joined, if they do not meet already; 0: never",
    )
    poles: float = Field(
        6.0,
        ge=0,
        le=60,
        description="Angle from each pole in degrees in which rows shrink to a point; 0: as they are",
        json_schema_extra=display_hints(high=20),
    )


class ClosePanorama(Filter):
    """Joins the sides with a minimum-error cut, and damps the Fourier series of rows near the poles."""

    name, label = "close-panorama", "Close panorama"
    description = "Makes an equirectangular panorama go on across its sides and its poles"
    rank = 56
    group = "Shape"
    example = "view.jpg --poles 10 "
    parameters = ClosePanoramaParameters
    needs = ("base_color",)
    takes_light = True

    def apply(self, subject: Maps, parameters: ClosePanoramaParameters, inputs: Inputs, context: Context) -> Maps:
        """A closed panorama of the same size. Light is joined like encoded colours, so that a sun does not dominate."""
        if subject["base_color"].color_space == "linear":
            encoded = subject.with_arrays({"base_color": linear_to_srgb(subject["base_color"].pixels)})
            result = self.closed(encoded, parameters, context, None)
            light = Texture(srgb_to_linear(result["base_color"].pixels), "linear")
            return replace(result, textures={**result.textures, "base_color": light})
        return self.closed(subject, parameters, context, 1.0)

    def closed(self, subject: Maps, parameters: ClosePanoramaParameters, context: Context, most: float | None) -> Maps:
        """The closed panorama, of the same size. most: largest value of a colour, if any."""
        from .closing import close

        height, width = subject.size_px
        context.progress(0.1, "Joining the sides")
        if width != 2 * height:
            context.note("a panorama of the whole sphere is twice as wide as high, not {}x{} px", width, height)
        result = subject
        if sides_meet(subject["base_color"].pixels):
            context.note("the sides meet already")
        elif overlap_px := round(width * parameters.overlap):
            joined = close(subject, overlap_px, most)
            textures = {name: _resized(name, joined[name], subject.size_px, most) for name in joined}
            result = replace(joined, textures=textures, width_m=subject.width_m)
        context.progress(0.5, "Closing the poles")
        return result.with_arrays({name: with_poles(result, name, parameters.poles, most) for name in result})


def sides_meet(color: np.ndarray) -> bool:
    """Whether the last column of colours (H, W, 3) continues in the first as smoothly as columns usually do."""
    steps = np.abs(np.roll(color, -1, 1) - color).mean((0, 2))
    return bool(steps[-1] <= USUAL_STEP * np.median(steps) + ROUNDING)


def with_poles(maps: Maps, name: str, cap_degrees: float, most: float | None = 1.0) -> np.ndarray:
    """A map (H, W, C), made smooth across both poles as a function on the sphere.

    Its m-th harmonic around a pole vanishes there like r^m, where r is the distance in the stereographic projection:
    within a cap, each row's harmonics are damped by (r / r of the cap)^m, which keeps its mean.
    """
    pixels = maps[name].pixels
    height, width = pixels.shape[:2]
    angles = (np.arange(height) + 0.5) * 180 / height
    angles = np.minimum(angles, 180 - angles)
    near = np.flatnonzero(angles < cap_degrees)
    if not len(near):
        return pixels
    r = np.tan(np.radians(angles[near]) / 2) / np.tan(np.radians(cap_degrees) / 2)
    m = np.arange(width // 2 + 1)
    spectrum = np.fft.rfft(pixels[near], axis=1) * (r[:, None] ** m)[..., None]
    closed = pixels.copy()
    closed[near] = np.fft.irfft(spectrum, n=width, axis=1)
    return np.clip(unit_normals(closed) if name in NORMAL_MAPS else closed, 0, most).astype(np.float32)


def _resized(name: str, texture: Texture, size_px: tuple[int, int], most: float | None) -> Texture:
    """A map at another size; encoded light, which has no largest value, as it is."""
    if most is None and name == "base_color":
        light = resized_map(name, Texture(srgb_to_linear(texture.pixels), "linear"), size_px)
        return Texture(linear_to_srgb(light.pixels), "srgb")
    return resized_map(name, texture, size_px)
