"""Maps beside each other on a ball and on a plane, under a light that moves, so that wrong relief is seen at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ..texture import Maps
from .relief import with_relief
from .resizing import scaled_size
from .shading import Ball, Light, Shaded, encode, shade


@dataclass(frozen=True)
class BallAndPlane:
    """Maps on a ball to the left and on a plane to the right, each in a square of this side."""

    ball: Ball
    plane: Shaded
    side_px: int

    @classmethod
    def of_maps(cls, maps: Maps, side_px: int = 512, *, repeats: float = 1.0, device: str = "cpu") -> BallAndPlane:
        """Maps to be lit, with the normals of their height if they have none of their own.

        repeats: tiles from one side of the ball to the other.
        """
        if "height" in maps and "normal" not in maps:
            maps = maps.with_arrays({"normal": with_relief(maps)["normal"].pixels})
        plane = Shaded.of_maps(maps, device)
        return cls(Ball.of(plane, side_px, repeats), plane, side_px)

    def shade(self, light: Light) -> np.ndarray:
        """Picture (side_px, 2 side_px, 3), sRGB-encoded in [0, 1]."""
        return encode(torch.cat([self.ball.shade(light), self._square(shade(self.plane, light))], dim=2))

    def turn(self, light: Light, frames: int) -> Iterator[np.ndarray]:
        """Pictures of one turn of the light, counter-clockwise, which begins at its azimuth."""
        for index in range(frames):
            yield self.shade(replace(light, azimuth=light.azimuth + 360 * index / frames))

    def _square(self, radiance: Tensor) -> Tensor:
        """A square (3, side_px, side_px) filled with radiance (3, H, W), shrunk by averages or repeated."""
        size_px = radiance.shape[1:]
        scale = min(1.0, self.side_px / min(size_px))
        height, width = scaled_size(size_px, scale)
        if scale < 1:
            radiance = torch.nn.functional.interpolate(radiance[None], size=(height, width), mode="area")[0]
        tiled = radiance.repeat(1, -(-self.side_px // height), -(-self.side_px // width))
        return tiled[:, : self.side_px, : self.side_px]
