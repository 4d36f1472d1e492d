"""Rasterization of triangles on a grid of texels, all at once."""

from __future__ import annotations

import numpy as np

NONE = -1
"""Number in place of a triangle where there is none."""
Size = tuple[int, int]
"""(height, width)."""


def rasterization(corners: np.ndarray, size_px: Size, *, wraps: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Number of the triangle at each texel's centre (H, W), `NONE` for none, and each triangle's texels (T,).

    corners: (T, 3, 2), x and y in texels from the upper left corner. Where triangles overlap, the first is drawn, but
    the texels count for each. wraps: parts beyond a border are drawn at the opposite side.
    """
    height, width = size_px
    triangle, y, first, last = _rows(corners.astype(np.float64))
    if not wraps:
        inside = (y >= 0) & (y < height)
        triangle, y, first, last = (values[inside] for values in (triangle, y, first, last))
        first, last = first.clip(0, width), last.clip(0, width)
    count = np.maximum(last - first, 0)
    which, along = numbered(count)
    x = along + first[which]
    texels, drawn = y[which] % height * width + x % width, triangle[which]
    found = np.full(height * width, NONE, np.int32)
    found[texels[::-1]] = drawn[::-1]
    return found.reshape(size_px), np.bincount(drawn, minlength=len(corners))


def numbered(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices (M,) of counts (N,), each repeated as often as it counts, and numbers (M,) from 0 within each."""
    which = np.repeat(np.arange(len(counts)), counts)
    return which, np.arange(len(which)) - (np.cumsum(counts) - counts)[which]


def _rows(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Triangle, row, first column and end of each row of texels whose centres lie in a triangle.

    Edges start at their upper end, so that two triangles agree which of them has a texel on their common edge.
    """
    low, high = (np.ceil(edge(corners[..., 1], 1) - 0.5).astype(np.int64) for edge in (np.min, np.max))
    triangle, down = numbered(high - low)
    y = down + low[triangle]
    left, right = np.full(len(y), np.inf), np.full(len(y), -np.inf)
    for one, other in ((0, 1), (1, 2), (2, 0)):
        above, below = corners[:, one], corners[:, other]
        is_up = (above[:, 1] > below[:, 1]) | ((above[:, 1] == below[:, 1]) & (above[:, 0] > below[:, 0]))
        above, below = (
            np.where(is_up[:, None], below, above)[triangle],
            np.where(is_up[:, None], above, below)[triangle],
        )
        rise = below[:, 1] - above[:, 1]
        meets = (above[:, 1] <= y + 0.5) & (y + 0.5 < below[:, 1])
        x = above[:, 0] + (y + 0.5 - above[:, 1]) * (below[:, 0] - above[:, 0]) / np.where(rise > 0, rise, 1)
        left, right = np.where(meets, np.minimum(left, x), left), np.where(meets, np.maximum(right, x), right)
    has = left <= right
    ends = [np.ceil(np.where(has, end, 0) - 0.5).astype(np.int64) for end in (left, right)]
    return triangle[has], y[has], ends[0][has], ends[1][has]
