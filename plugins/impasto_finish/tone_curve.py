"""`tone-curve`: a smooth curve through five points, for colour, roughness or height."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from impasto.context import Context
from impasto.errors import ParameterError
from impasto.surface.heights import FINE_STEEPEST_Z, normal_from_slopes, slopes_from_normal
from impasto.surface.palette import from_oklab, in_bands, to_oklab
from impasto.texture import Maps
from impasto.tools import Field, Filter, Inputs, Parameters, visible_if

from .subject import color_of

CHANNELS = {"red": [0], "green": [1], "blue": [2], "rgb": [0, 1, 2]}


def _point(default: float, place: str) -> Any:
    return Field(default, ge=0, le=1, description=f"New value of {place}")


class ToneCurveParameters(Parameters):
    """Values of the curve at five equal steps; the default is a gentle S."""

    map: Literal["base-color", "roughness", "height"] = Field("base-color", description="Map that the curve changes")
    channel: Literal["lightness", "rgb", "red", "green", "blue"] = Field(
        "lightness",
        description="Lightness, which keeps hue; or red, green and blue, together or one alone",
        json_schema_extra=visible_if("map", "base-color"),
    )
    black: float = _point(0.0, "0")
    shadows: float = _point(0.21, "0.25")
    midtones: float = _point(0.5, "0.5")
    highlights: float = _point(0.79, "0.75")
    white: float = _point(1.0, "1")


class ToneCurve(Filter):
    """Maps each value by a monotone cubic through the points, which never overshoots."""

    name, label = "tone-curve", "Tone curve"
    description = "Changes lightness, a colour, roughness or height by a curve through five points"
    rank = 40
    example = "gravel.jpg --shadows 0.3 "
    parameters = ToneCurveParameters
    needs_source = True
    is_pointwise = True

    def apply(self, subject: Maps, parameters: ToneCurveParameters, inputs: Inputs, context: Context) -> Maps:
        """The subject with one map changed. If it is the height, the normals follow."""
        context.progress(0.1, "Applying the curve")
        p = parameters
        name = p.map.replace("-", "_")
        if name not in subject:
            remedy = "choose another map, or give a material that has it"
            raise ParameterError("there is no {} map in {}", remedy, p.map, ", ".join(subject))
        curve = monotone_cubic(np.array([p.black, p.shadows, p.midtones, p.highlights, p.white]))
        if name == "base_color":
            return subject.with_arrays({name: in_bands(lambda x: _recolor(x, curve, p.channel), color_of(subject))})
        value, steepness = curve(subject[name].pixels)
        curved = {name: value}
        if name == "height" and "normal" in subject:
            slopes = slopes_from_normal(subject["normal"].pixels, FINE_STEEPEST_Z)
            curved["normal"] = normal_from_slopes(steepness * slopes)
        return subject.with_arrays(curved)


def _recolor(pixels: np.ndarray, curve: Any, channel: str) -> np.ndarray:
    """Pixels (..., 3), sRGB in [0, 1], with a curve applied to some of their channels."""
    if channel == "lightness":
        oklab = to_oklab(pixels)
        return from_oklab(np.concatenate([curve(oklab[..., :1])[0], oklab[..., 1:]], axis=-1))
    changed = pixels.copy()
    changed[..., CHANNELS[channel]] = curve(pixels[..., CHANNELS[channel]])[0]
    return changed


def monotone_cubic(y: np.ndarray) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """The curve through values y at equal steps from 0 to 1, as a function: its value and derivative at x in [0, 1].

    It rises and falls only where the points do (monotone cubic interpolation, Fritsch & Carlson 1980).
    """
    intervals = len(y) - 1
    secants = np.diff(y) * intervals
    before, after = secants[:-1], secants[1:]
    inner = np.where(before * after > 0, 2 * before * after / np.where(before + after == 0, 1, before + after), 0)
    m = np.concatenate([secants[:1], inner, secants[-1:]]) / intervals  # tangents, the harmonic means of secants

    def curve(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        place = np.clip(x, 0, 1) * intervals
        k = np.minimum(place.astype(int), intervals - 1)
        t = place - k
        a, b, ma, mb = y[k], y[k + 1], m[k], m[k + 1]
        value = a + t * (ma + t * (3 * (b - a) - 2 * ma - mb + t * (2 * (a - b) + ma + mb)))
        slope = ma + t * (2 * (3 * (b - a) - 2 * ma - mb) + 3 * t * (2 * (a - b) + ma + mb))
        return np.clip(value, 0, 1).astype(np.float32), (slope * intervals).astype(np.float32)

    return curve
