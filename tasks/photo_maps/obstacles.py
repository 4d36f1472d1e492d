"""Shadows of things outside a picture: walls, poles, fences, polygons and leaves, with penumbras that widen."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import distance_transform_edt, gaussian_filter
from torch import Tensor
from torch.nn.functional import grid_sample

from .photographs import Random

SIDE_PX = 256
KINDS = ("wall", "pole", "fence", "polygon", "leaves", "tree", "noise")
PAINTED_KINDS = "letters", "checks", "stripes", "mosaic", "veins", "fur"
"""Kinds that are painted, and are no shadows."""
PENUMBRAS = (0.6, 14.0)
"""Range of the widths of penumbras in pixels."""


class Obstacles:
    """Signed distances (N, SIDE_PX, SIDE_PX) in pixels from the borders of random shapes, positive within them."""

    def __init__(self, count: int, seed: int, kinds: Sequence[str] = KINDS) -> None:
        rng = np.random.default_rng(seed)
        shapes = [_shape(rng, kinds[number % len(kinds)]) for number in range(count)]
        self.distances = torch.from_numpy(np.stack([_distance(shape) for shape in shapes]))

    def visibility(self, count: int, side_px: int, random: Random) -> Tensor:
        """Visibility (B, side_px, side_px) of the sun past random shapes."""
        half = SIDE_PX / 2
        scale = random.uniform(math.log(0.35), math.log(1.6), count).exp() * SIDE_PX / side_px / 1.5  # texels a pixel
        angle = random.uniform(0, 2 * math.pi, count)
        axis = torch.arange(side_px) + 0.5 - side_px / 2
        x, y = axis.view(1, 1, -1), axis.view(1, -1, 1)
        cos, sin = (scale * angle.cos()).view(-1, 1, 1), (scale * angle.sin()).view(-1, 1, 1)
        shift = random.uniform(-0.5, 0.5, 2, count, 1, 1) * (SIDE_PX - 0.7 * side_px * scale.view(-1, 1, 1)).clamp_min(
            40
        )
        places = torch.stack([cos * x - sin * y + shift[0], sin * x + cos * y + shift[1]], -1) / half
        which = random.below(len(self.distances), count)
        found = grid_sample(self.distances[which][:, None], places, padding_mode="border", align_corners=False)[:, 0]
        found = found / scale.view(-1, 1, 1)
        low, high = (math.log(width) for width in PENUMBRAS)
        width = random.uniform(low, high, count, 1, 1)
        along = random.uniform(-1, 1, 2, count, 1, 1) * random.chance(0.6, count).view(-1, 1, 1)
        width = (width + along[0] * x / side_px * 2 + along[1] * y / side_px * 2).exp().clamp(0.6, 24)
        return 1 - torch.sigmoid(4 * found / width)


def _distance(shape: np.ndarray) -> np.ndarray:
    """Signed distance in pixels from the border of a shape, positive within."""
    inside = shape > 127
    outward, inward = (distance_transform_edt(x) if x.any() else np.zeros(x.shape) for x in (~inside, inside))
    return np.clip(inward - outward, -60, 60).astype(np.float32)


def _shape(rng: np.random.Generator, kind: str) -> np.ndarray:
    """A random shape (SIDE_PX, SIDE_PX), 255 within."""
    side = SIDE_PX
    if kind == "noise":
        field = sum(
            gaussian_filter(rng.standard_normal((side, side)), sigma) * sigma for sigma in rng.uniform(3, 20, 2)
        )
        shape = np.where(field > np.quantile(field, rng.uniform(0.3, 0.8)), 255, 0)
        return shape.astype(np.uint8)
    if kind == "veins":
        field, width = gaussian_filter(rng.standard_normal((side, side)), rng.uniform(6, 25)), rng.uniform(0.02, 0.3)
        shape = np.where(np.abs(field) < width * field.std(), 255, 0).astype(np.uint8)
        return shape if rng.random() < 0.7 else 255 - shape
    picture = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(picture)
    line = lambda x: ((x, -side), (x, 2 * side))  # noqa: E731
    if kind == "wall":
        edge, top = rng.uniform(0.25, 0.75) * side, []
        if rng.random() < 0.6:  # a gable
            (first, middle, last), rise = np.sort(rng.uniform(0, side, 3)), rng.uniform(-0.5, 0.5) * side
            top = [(first, edge), (middle, edge + rise), (last, edge)]
        draw.polygon([(-side, edge), *top, (3 * side, edge), (3 * side, 3 * side), (-side, 3 * side)], 255)
    elif kind == "pole":
        for _ in range(rng.integers(1, 4)):
            draw.line(line(rng.uniform(0.15, 0.85) * side), 255, int(rng.integers(4, 90)))
    elif kind == "fence":
        step, width = rng.uniform(16, 70), rng.uniform(0.15, 0.6)
        for x in np.arange(0, side, step):
            draw.line(line(x), 255, max(2, int(step * width)))
        for y in rng.uniform(0, side, rng.integers(0, 4)):
            draw.line(((0, y), (side, y)), 255, int(rng.integers(3, 14)))
    elif kind == "polygon":
        for _ in range(rng.integers(1, 4)):
            angles = np.sort(rng.uniform(0, 2 * math.pi, rng.integers(3, 9)))
            middle, reach = rng.uniform(0.2, 0.8, 2) * side, rng.uniform(25, 110)
            radii = reach * rng.uniform(0.5, 1.2, len(angles))
            corners = middle + radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], 1)
            draw.polygon([tuple(corner) for corner in corners.tolist()], 255)
    elif kind == "letters":
        for _ in range(rng.integers(1, 8)):
            letters = "".join(chr(code) for code in rng.integers(65, 91, rng.integers(1, 7)))
            place, size = rng.uniform(-0.1, 0.8, 2) * side, float(rng.uniform(14, 120))
            draw.text(tuple(place.tolist()), letters, 255, ImageFont.load_default(size))
    elif kind == "checks":
        step, gap = rng.uniform(16, 90, 2), rng.choice([0.0, 0.06, 0.15])
        rows, columns = np.ogrid[:side, :side]
        down, across = rows / step[0], columns / step[rng.integers(2)]
        odd = (np.floor(down) + np.floor(across)) % 2 == 1
        joint = (down % 1 < gap) | (across % 1 < gap)
        return np.where(odd & ~joint if rng.random() < 0.7 else joint, 255, 0).astype(np.uint8)
    elif kind == "stripes":
        x = 0.0
        while x < side:
            width = rng.uniform(4, 60)
            draw.line(line(x), 255, int(width))
            x += width + rng.uniform(4, 60)
    elif kind == "mosaic":
        high, wide, dark = *rng.uniform(14, 80, 2), rng.uniform(0.1, 0.7)
        rows, columns = np.ogrid[:side, :side]
        row = (rows / high).astype(int)
        column = ((columns + rng.uniform(0, 1) * wide * row) / wide).astype(int)
        return np.where(rng.random((32, 64))[row, column] < dark, 255, 0).astype(np.uint8)
    elif kind == "fur":
        angle = rng.uniform(0, 2 * math.pi)
        for _ in range(rng.integers(30, 400)):
            (x, y), turn, length = rng.uniform(0, side, 2), angle + rng.normal(0, 0.25), rng.uniform(10, 50)
            draw.line((x, y, x + length * math.cos(turn), y + length * math.sin(turn)), 255, int(rng.integers(1, 6)))
    else:
        if kind == "tree":
            _branch(rng, draw, (rng.uniform(0.2, 0.8) * side, side), -math.pi / 2, rng.uniform(60, 110), 14)
        for _ in range(rng.integers(10, 160)):
            x, y = rng.uniform(0, side, 2)
            _leaf(rng, draw, x, y)
    return np.rot90(np.asarray(picture), rng.integers(4)).copy()


def _leaf(rng: np.random.Generator, draw: ImageDraw.ImageDraw, x: float, y: float) -> None:
    """Draw an ellipse."""
    length, width, angle = rng.uniform(5, 24), rng.uniform(2, 8), rng.uniform(0, 2 * math.pi)
    turns = np.linspace(0, 2 * math.pi, 12, endpoint=False)
    across, along = width * np.sin(turns), length * np.cos(turns)
    cos, sin = math.cos(angle), math.sin(angle)
    draw.polygon([(x + cos * a - sin * b, y + sin * a + cos * b) for a, b in zip(along, across, strict=True)], 255)


def _branch(
    rng: np.random.Generator,
    draw: ImageDraw.ImageDraw,
    start: tuple[float, float],
    angle: float,
    length: float,
    width: float,
) -> None:
    """Draw a branch that forks until it is thin."""
    if width < 1.5:
        return
    end = start[0] + length * math.cos(angle), start[1] + length * math.sin(angle)
    draw.line((start, end), 255, round(width))
    for side in (-1, 1):
        _branch(rng, draw, end, angle + side * rng.uniform(0.2, 0.8), length * rng.uniform(0.6, 0.9), width * 0.65)
