"""Motion between frames: the place of each pixel in the frame before, and whether it was visible there.

The test is forward-backward consistency (Ruder et al. 2016, "Artistic style transfer for videos", section 4.3), with
object indices if there are any. The paper's test at motion boundaries is left out, because rendered vectors are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache, reduce

import numpy as np
import torch
from torch.nn.functional import grid_sample

from .passes import ShotFrame

CYCLE_SHARE, CYCLE_PX2 = 0.01, 0.5
"""Largest squared distance after going forward and back: a share of both vectors' squares, plus square pixels."""
UNLIKE_SHARE, UNLIKE = 3.0, 0.02
"""Largest difference in broad colours between the ends of an estimated vector: a multiple of the median, which allows
for noise and changes of the light, plus a constant."""


@lru_cache(maxsize=2)
def pixel_places(size_px: tuple[int, int]) -> np.ndarray:
    """Row and column of each pixel (H, W, 2), read-only."""
    places = np.stack(np.meshgrid(*map(np.arange, size_px), indexing="ij"), -1).astype(np.float32)
    places.setflags(write=False)
    return places


def largest(values: np.ndarray) -> np.ndarray:
    """Largest component (...) of vectors (..., C) with few components; ten times as fast as `max` along that axis."""
    return reduce(np.maximum, np.moveaxis(values, -1, 0))


def squared_length(values: np.ndarray) -> np.ndarray:
    """Squared length (...) of vectors (..., C)."""
    return np.einsum("...c,...c->...", values, values)


def samples_at(values: np.ndarray, places: np.ndarray, mode: str = "bilinear") -> np.ndarray:
    """Samples (h, w, C) of values (H, W, C) at rows and columns (h, w, 2), clamped to the borders.

    mode: "bilinear" or "bicubic".
    """
    height, width = values.shape[:2]
    grid = np.empty(places.shape, np.float32)  # columns and rows, from -1 to 1 between the borders
    for axis, side in enumerate((height, width)):
        grid[..., 1 - axis] = places[..., axis] * np.float32(2 / side) + np.float32(1 / side - 1)
    x = torch.from_numpy(np.require(values, requirements=("C", "W"))).permute(2, 0, 1)[None]
    found = grid_sample(x, torch.from_numpy(grid)[None], mode, "border", align_corners=False)
    return found[0].permute(1, 2, 0).contiguous().numpy()


def has_motion(frame: ShotFrame) -> bool:
    """Whether anything moves in a frame. With motion blur, Blender renders zero vectors."""
    return bool(frame.to_previous.any() or frame.to_next.any())


@dataclass(frozen=True)
class Motion:
    """Motion from a frame's pixels to the frame before. For the frame after, pass two frames that are `reversed`."""

    frame: ShotFrame
    before: ShotFrame

    @cached_property
    def places(self) -> np.ndarray:
        """Place (H, W, 2) of each pixel's point in the frame before, perhaps outside that frame."""
        return pixel_places(self.frame.size_px) + self.frame.to_previous

    @cached_property
    def inside(self) -> np.ndarray:
        """The places (H, W, 2), clamped to the frame before."""
        return self.places.clip(0, np.array(self.frame.size_px, np.float32) - 1)

    @cached_property
    def nearest(self) -> np.ndarray:
        """Flat indices (H, W) of the nearest pixels of the frame before."""
        return self.pixels(self.inside.round())

    def pixels(self, places: np.ndarray) -> np.ndarray:
        """Flat indices (...) of the pixels at these places (..., 2), rounded down."""
        rows, columns = np.moveaxis(places.astype(np.intp), -1, 0)
        return rows * self.frame.size_px[1] + columns

    @cached_property
    def is_known(self) -> np.ndarray:
        """Whether a pixel's point (H, W) was visible in the frame before: neither hidden nor outside."""
        frame, before, back = self.frame, self.before, self.frame.to_previous
        is_inside = np.logical_and(*np.moveaxis(self.inside == self.places, -1, 0))
        there = samples_at(before.to_next, self.places)
        limit = CYCLE_SHARE * (squared_length(there) + squared_length(back)) + CYCLE_PX2
        consistent = squared_length(there + back) <= limit
        known = is_inside & consistent & (before.index.ravel()[self.nearest] == frame.index)
        if frame.is_estimated and known.any():  # behind a moving object, both estimates may agree on a wrong point
            change = largest(np.abs(frame.broad_color - samples_at(before.broad_color, self.places)))
            known &= change <= UNLIKE_SHARE * np.median(change[known]) + UNLIKE
        return known
