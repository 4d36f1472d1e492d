"""Changes of the other maps along with the colour, with one filter for all, so that they stay consistent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from impasto.surface.heights import FINE_STEEPEST_Z, normal_from_slopes, slopes_from_normal
from impasto.texture import Maps
from impasto.tools import Field

from .subject import pixels_of, tensor_of

if TYPE_CHECKING:
    from torch import Tensor

Which = Literal["color", "all"]
FILTERED = ("roughness", "metallic", "height", "ambient_occlusion")


def which_field() -> Any:
    """`maps: Which = which_field()`."""
    text = "Whether only the colour is changed, or all maps alike: relief, roughness, metallic and occlusion"
    return Field("color", description=text)


def with_others(subject: Maps, change: Callable[[Tensor], Tensor], device: str) -> Maps:
    """The subject with its non-colour maps changed together as channels (C, H, W); unchanged if it has none."""
    x = _stack(subject, device)
    return _with_stacked(subject, change(x)) if len(x) else subject


def _stack(subject: Maps, device: str) -> Tensor:
    """The subject's non-colour maps as channels (C, H, W), possibly none; normals become slopes."""
    arrays = [subject[name].pixels for name in FILTERED if name in subject]
    if "normal" in subject:
        arrays.append(slopes_from_normal(subject["normal"].pixels, FINE_STEEPEST_Z))
    return tensor_of(np.concatenate([np.empty((*subject.size_px, 0), np.float32), *arrays], axis=2), device)


def _with_stacked(subject: Maps, channels: Tensor) -> Maps:
    """The subject with maps from channels as `_stack` makes them, of any size.

    A height that exceeds [0, 1] gets a wider range in metres.
    """
    pixels = pixels_of(channels)
    names = [name for name in FILTERED if name in subject]
    arrays = {name: pixels[..., index : index + 1] for index, name in enumerate(names)}
    if "normal" in subject:
        arrays["normal"] = normal_from_slopes(pixels[..., len(names) :])
    range_m = subject.height_range_m
    if "height" in arrays:
        low, high = min(float(arrays["height"].min()), 0.0), max(float(arrays["height"].max()), 1.0)
        arrays["height"] = (arrays["height"] - low) / (high - low)
        range_m = range_m and range_m * (high - low)
    clipped = {name: np.clip(array, 0, 1) for name, array in arrays.items()}
    return replace(subject.with_arrays(clipped), height_range_m=range_m)
