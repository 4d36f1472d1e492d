"""Directions, and samples of pictures on a sphere: equirectangular panoramas and the six faces of a cube.

x points right, y up and z forward; the middle of a panorama and of the front face show the forward direction.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

MARGIN_PX = 3
"""Pixels beyond a border that cubic interpolation can reach."""
FACES = ("right", "left", "up", "down", "front", "back")
AXES: Sequence[tuple[tuple[int, int, int], tuple[int, int, int], tuple[int, int, int]]] = (
    ((1, 0, 0), (0, 0, -1), (0, -1, 0)),
    ((-1, 0, 0), (0, 0, 1), (0, -1, 0)),
    ((0, 1, 0), (1, 0, 0), (0, 0, 1)),
    ((0, -1, 0), (1, 0, 0), (0, 0, -1)),
    ((0, 0, 1), (1, 0, 0), (0, -1, 0)),
    ((0, 0, -1), (-1, 0, 0), (0, -1, 0)),
)
"""Direction to the middle of each face, and those of its columns and rows, seen from inside."""


def face_directions(face: int, u: Tensor, v: Tensor) -> Tensor:
    """Directions (..., 3) to columns u and rows v of a face, which spans -1 to 1."""
    forward, right, down = (torch.tensor(axis, dtype=u.dtype) for axis in AXES[face])
    return forward + u[..., None] * right + v[..., None] * down


def panorama_directions(rows: Tensor, columns: Tensor, height: int, width: int) -> Tensor:
    """Directions (h, w, 3) to rows (h,) and columns (w,) in pixels of a panorama; the first centre is at 0.5."""
    longitude = (columns / width - 0.5) * 2 * math.pi
    latitude = (0.5 - rows / height)[:, None] * math.pi
    x, z = latitude.cos() * longitude.sin(), latitude.cos() * longitude.cos()
    return torch.stack([x, latitude.sin().expand_as(x), z], 2)


class Panorama:
    """An equirectangular picture (C, H, W) that continues across its sides and poles."""

    def __init__(self, picture: Tensor) -> None:
        self.size_px = picture.shape[1:]
        height, width = self.size_px
        margin = min(MARGIN_PX, height)
        beyond = torch.roll(picture, width // 2, 2)  # crossing a pole means half a turn
        tall = torch.cat([beyond[:, :margin].flip(1), picture, beyond[:, -margin:].flip(1)], 1)
        columns = torch.arange(-MARGIN_PX, width + MARGIN_PX) % width
        self._wide, self._margin = tall[:, :, columns], margin

    def samples(self, directions: Tensor, mode: str = "bicubic") -> Tensor:
        """Samples (C, h, w) in directions (h, w, 3) of any length."""
        height, width = self.size_px
        x, y, z = directions.unbind(-1)
        column = (torch.atan2(x, z) / (2 * math.pi) + 0.5) * width
        row = (0.5 - torch.atan2(y, torch.hypot(x, z)) / math.pi) * height
        return _samples(self._wide, row + self._margin, column + MARGIN_PX, mode)


class Cube:
    """Six faces (6, C, F, F) in the order of `FACES`; each continues in its neighbours."""

    def __init__(self, faces: Tensor) -> None:
        self.face_px = faces.shape[-1]
        place = (torch.arange(-MARGIN_PX, self.face_px + MARGIN_PX) + 0.5) * 2 / self.face_px - 1
        v, u = torch.meshgrid(place, place, indexing="ij")
        inner = slice(MARGIN_PX, -MARGIN_PX)
        self._margin, self._faces = 0, faces
        wide = torch.stack([self.samples(face_directions(face, u, v), "bilinear") for face in range(6)])
        wide[:, :, inner, inner] = faces
        self._margin, self._faces = MARGIN_PX, wide

    def samples(self, directions: Tensor, mode: str = "bicubic") -> Tensor:
        """Samples (C, h, w) in directions (h, w, 3) of any length."""
        result = torch.empty(self._faces.shape[1], *directions.shape[:2])
        axis = directions.abs().argmax(-1)
        is_back = torch.gather(directions, -1, axis[..., None])[..., 0] < 0
        chosen = 2 * axis + is_back
        for face in range(6):
            if not (here := chosen == face).any():
                continue
            forward, right, down = (torch.tensor(one, dtype=directions.dtype) for one in AXES[face])
            d = directions[here]
            u, v = ((d @ one) / (d @ forward) for one in (right, down))
            row, column = (((one + 1) * self.face_px / 2 + self._margin)[None] for one in (v, u))
            result[:, here] = _samples(self._faces[face], row, column, mode)[:, 0]
        return result


def _samples(picture: Tensor, row: Tensor, column: Tensor, mode: str) -> Tensor:
    """Samples (C, h, w) of a picture (C, H, W) at rows and columns (h, w) in pixels."""
    height, width = picture.shape[1:]
    grid = torch.stack([2 * column / width - 1, 2 * row / height - 1], -1)[None].to(picture.dtype)
    return grid_sample(picture[None], grid, mode=mode, padding_mode="border", align_corners=False)[0]
