"""Views of pictures for discriminators and losses: maps, the slopes of their height, their finest bands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from impasto.numerics.resampling import finest_bands

from .data import BROAD, COARSE, SCALES, StandardisedPicture

DETAIL_BANDS = 2
"""Number of frequency bands that are shown in addition to the picture."""


@dataclass(frozen=True)
class Views:
    """Views of pictures at one scale. height_channel: None without height.

    slope_deviation: of the data's slopes; slopes are divided by it. band_deviations (DETAIL_BANDS, C): of the data's
    frequency bands at this scale, finest first.
    """

    height_channel: int | None
    slope_deviation: float
    band_deviations: Tensor

    def of(self, maps: Tensor) -> Tensor:
        """Maps (B, C, H, W) -> views (B, channels, H - 2, W - 2), or of H x W without height."""
        sloped = slopes(maps, self.height_channel, self.slope_deviation)
        detail = finest_bands(maps, list(self.band_deviations.to(maps.device)))
        edge = (maps.shape[2] - sloped.shape[2]) // 2
        detail = detail[:, :, edge : edge + sloped.shape[2], edge : edge + sloped.shape[3]]
        return torch.cat([sloped, detail], 1).contiguous(memory_format=torch.channels_last)


def slopes(maps: Tensor, height_channel: int | None, deviation: float) -> Tensor:
    """Maps (B, C, H, W) -> (B, C + 2, H - 2, W - 2): with the slopes of their height along x and y, standardised.

    Light shows the slopes of a surface, so losses must see them: fine relief hardly shows in height itself.
    """
    if height_channel is None:
        return maps
    height = maps[:, height_channel : height_channel + 1]
    along_x = (height[:, :, 1:-1, 2:] - height[:, :, 1:-1, :-2]) / deviation
    along_y = (height[:, :, 2:, 1:-1] - height[:, :, :-2, 1:-1]) / deviation
    return torch.cat([maps[:, :, 1:-1, 1:-1], along_x, along_y], 1)


def at_scales(fine: Tensor, coarse: Tensor) -> dict[str, Tensor]:
    """Maps (…, C, H, W) by scale: at full resolution, at 1/`COARSE`, and that once more at 1/`BROAD`."""
    return {"fine": fine, "coarse": coarse, "broad": avg_pool2d(coarse, BROAD // COARSE)}


def slope_deviations(height_channel: int | None, pictures: Sequence[StandardisedPicture]) -> dict[str, float]:
    """Root mean squares of the slopes of pictures at each scale; 1 without height."""
    if height_channel is None:
        return dict.fromkeys(SCALES, 1.0)
    squares: dict[str, list[float]] = {scale: [] for scale in SCALES}
    for picture in pictures:
        if picture.pixels is not None and picture.known[height_channel]:
            for scale, maps in at_scales(picture.pixels, picture.coarse).items():
                along = slopes(maps[None], height_channel, 1.0)[0, -2:]
                squares[scale].append(float(along.square().mean()))
    return {scale: max(math.sqrt(sum(found) / max(len(found), 1)), 1e-4) for scale, found in squares.items()}
