"""Motion between frames: places a frame before, and which pixels show what was already seen there.

Forward-backward consistency after Ruder et al. 2016 ("Artistic style transfer for videos", section 4.3), and the object
of each pixel where it is known. Their test for boundaries of motion is left out: vectors that were rendered are exact.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import grid_sample

from ..io.passes import ShotFrame

CYCLE_SHARE, CYCLE_PX2 = 0.01, 0.5
"""Limit of the squared length of a way there and back: a share of both ways' squares, and some square pixels more."""


def pixel_places(size_px: tuple[int, int]) -> np.ndarray:
    """The place of each pixel (H, W, 2), its row and column."""
    return np.stack(np.meshgrid(*map(np.arange, size_px), indexing="ij"), -1).astype(np.float32)


def samples_at(values: np.ndarray, places: np.ndarray, mode: str = "bilinear") -> np.ndarray:
    """Samples (h, w, C) of values (H, W, C) at rows and columns (h, w, 2); beyond the borders, their nearest values.

    mode: "bilinear" or "bicubic".
    """
    height, width = values.shape[:2]
    grid = (torch.from_numpy(places).flip(-1) + 0.5) / torch.tensor([width, height]) * 2 - 1
    x = torch.from_numpy(np.ascontiguousarray(values.transpose(2, 0, 1)))[None]
    found = grid_sample(x, grid[None].float(), mode, "border", align_corners=False)
    return found[0].permute(1, 2, 0).numpy()


def has_motion(frame: ShotFrame) -> bool:
    """Whether anything moves in a frame. With motion blur, Blender renders vectors of 0."""
    return bool(frame.to_previous.any() or frame.to_next.any())


def is_known(frame: ShotFrame, before: ShotFrame) -> np.ndarray:
    """Whether a pixel (H, W) shows what was seen in the frame before: neither hidden there, nor outside of it."""
    places = pixel_places(frame.size_px) + frame.to_previous
    limits = np.array(frame.size_px) - 1
    inside = ((places >= 0) & (places <= limits)).all(-1)
    there = samples_at(before.to_next, places)
    back = frame.to_previous
    cycle = np.square(there + back).sum(-1)
    consistent = cycle <= CYCLE_SHARE * (np.square(there).sum(-1) + np.square(back).sum(-1)) + CYCLE_PX2
    rows, columns = places.round().astype(int).clip(0, limits).transpose(2, 0, 1)
    return inside & consistent & (before.index[rows, columns] == frame.index)
