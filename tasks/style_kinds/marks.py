"""Marks of drawing and painting tools: directions of forms, strokes, dots, regions, paper."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.spatial import cKDTree

LUMA = np.array([0.2126, 0.7152, 0.0722])


def luma_of(picture: np.ndarray) -> np.ndarray:
    """Luma (H, W) of sRGB (H, W, 3)."""
    return picture @ LUMA


def blurred(x: np.ndarray, sigma_px: float) -> np.ndarray:
    """(H, W) or (H, W, C), blurred along its first two axes."""
    return gaussian_filter(x, (sigma_px, sigma_px, 0)[: x.ndim])


def noise(size: tuple[int, int], sigma_px: float, rng: np.random.Generator) -> np.ndarray:
    """Smooth noise (H, W) of deviation 1."""
    step = max(1, int(sigma_px / 3))
    small = blurred(rng.standard_normal([-(-side // step) + 2 for side in size]), sigma_px / step)
    rows, columns = (np.arange(side) / step + 0.5 for side in size)
    field = map_coordinates(small, np.meshgrid(rows, columns, indexing="ij"), order=1)
    return (field - field.mean()) / max(field.std(), 1e-9)


def uniform(field: np.ndarray) -> np.ndarray:
    """The field with its values replaced by their ranks in [0, 1], so that a threshold is a share of the area."""
    ranks = np.empty(field.size)
    ranks[field.argsort(axis=None)] = np.linspace(0, 1, field.size)
    return ranks.reshape(field.shape)


def directions(luma: np.ndarray, sigma_px: float, rng: np.random.Generator) -> np.ndarray:
    """Angle (H, W) along forms, by the smoothed structure tensor; along a slowly turning field where there are none."""
    y, x = np.gradient(blurred(luma, 1.5))
    turn = noise(luma.shape, 80, rng)
    weak = 1e-4
    xx, yy, xy = (blurred(product, sigma_px) for product in (x * x, y * y, x * y))
    real, imaginary = xx - yy + weak * np.cos(turn), 2 * xy + weak * np.sin(turn)
    return 0.5 * np.arctan2(imaginary, real) + np.pi / 2


def streaked(x: np.ndarray, angle: np.ndarray, length_px: float) -> np.ndarray:
    """Line integral convolution (Cabral & Leedom 1993) of (H, W) or (H, W, C) along an angle (H, W)."""
    height, width = angle.shape
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    total, steps = x.astype(np.float64), max(1, int(length_px / 4))
    for sign in (1.0, -1.0):
        row, column = rows.copy(), columns.copy()
        before = (np.zeros_like(rows), np.zeros_like(rows))
        for step in range(steps):
            i, j = row.round().astype(int).clip(0, height - 1), column.round().astype(int).clip(0, width - 1)
            down, right = np.sin(angle[i, j]), np.cos(angle[i, j])
            forward = sign * np.ones_like(down) if step == 0 else np.sign(down * before[0] + right * before[1] + 1e-9)
            before = (forward * down, forward * right)
            row, column = row + 2 * before[0], column + 2 * before[1]
            total = (
                total + x[row.round().astype(int).clip(0, height - 1), column.round().astype(int).clip(0, width - 1)]
            )
    return total / (2 * steps + 1)


def cells(
    size: tuple[int, int], spacing_px: float, rng: np.random.Generator, stretch: float = 1.0, angle: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Voronoi cells of a jittered grid: index (H, W), distance in px (H, W), and centres (N, 2) in rows and columns.

    stretch: how much longer cells and distances are along an angle.
    """
    height, width = size
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    squeeze = np.diag([1.0, 1 / stretch])
    reach = np.hypot(height, width) / 2 + 2 * spacing_px
    along = np.arange(-reach, reach, spacing_px)
    grid = np.stack(np.meshgrid(along, np.arange(-reach / stretch, reach / stretch, spacing_px), indexing="ij"), -1)
    points = grid.reshape(-1, 2) + rng.uniform(-0.45, 0.45, (grid.size // 2, 2)) * spacing_px
    middle = np.array([height, width]) / 2
    pixels = np.stack(np.mgrid[:height, :width], -1).reshape(-1, 2) - middle
    distance, index = cKDTree(points).query(pixels @ turn @ squeeze, workers=1)
    centres = points @ np.linalg.inv(squeeze) @ turn.T + middle
    return index.reshape(size), distance.reshape(size), centres


def at_centres(picture: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Colours (N, 3) of a picture (H, W, 3) at centres (N, 2)."""
    height, width = picture.shape[:2]
    rows, columns = centres.round().astype(int).T
    return picture[rows.clip(0, height - 1), columns.clip(0, width - 1)]


def outlines(luma: np.ndarray, width_px: float, share: float) -> np.ndarray:
    """Strength (H, W), 0 to 1, of dark outlines at the strongest edges (difference of Gaussians)."""
    edge = blurred(luma, 1.6 * width_px) - blurred(luma, width_px)
    limit = max(np.quantile(edge, 1 - share), 1e-4)
    return ((edge - limit) / limit * 2).clip(0, 1)


def steep(value: np.ndarray, softness: float) -> np.ndarray:
    """A step at 0 of this softness, from 0 to 1."""
    return (0.5 + value / softness).clip(0, 1)


def paper(size: tuple[int, int], rng: np.random.Generator, age: float = 1.0) -> np.ndarray:
    """Paper (H, W, 3) from white to yellowed, with fibres and stains."""
    tint = np.array([1, 1 - 0.06 * rng.random() * age, 1 - 0.25 * rng.random() * age]) * rng.uniform(0.86, 1.0)
    grain = noise(size, rng.uniform(0.6, 1.5), rng) * rng.uniform(0.0, 0.03) + noise(size, 60, rng) * 0.015 * age
    return (tint * (1 + grain[..., None])).clip(0, 1)


def vignette(size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Cover (H, W), 0 to 1, of a motif on a sheet that is left blank around it."""
    rows, columns = np.mgrid[-1 : 1 : size[0] * 1j, -1 : 1 : size[1] * 1j]
    radius = np.hypot(rows / rng.uniform(0.6, 0.95), columns / rng.uniform(0.5, 0.95)) + 0.25 * noise(size, 40, rng)
    return steep(1 - radius, rng.choice([0.05, 0.5]))


def borders(regions: np.ndarray) -> np.ndarray:
    """1 where a region meets another (H, W)."""
    border = np.zeros(regions.shape)
    border[:, 1:] += regions[:, 1:] != regions[:, :-1]
    border[1:] += regions[1:] != regions[:-1]
    return border.clip(0, 1)
