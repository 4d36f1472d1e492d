"""Materials that tests of regularity and of trainers share, made from numbers."""

import numpy as np
import torch

from impasto import Maps
from impasto_judge.metrics.patches import sliced_wasserstein


def surface(side: int = 128, seed: int = 3, color=(0.9, 0.7, 0.5), grain=0.05, name: str = "blotches") -> Maps:
    """Blotches with grain: base colour, height and roughness that belong together."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)) + 1 / side
    noise = np.fft.ifft2(np.fft.fft2(rng.standard_normal((side, side))) / frequency**1.2).real
    height = np.clip(0.5 + 0.2 * (noise - noise.mean()) / noise.std(), 0, 1)[..., None]
    pixels = np.clip(height * color + grain * rng.standard_normal((side, side, 1)), 0, 1)
    return Maps.from_arrays({"base_color": pixels, "height": height, "roughness": 1 - height / 2}, name=name)


def bricks(side: int = 160, period: int = 32) -> np.ndarray:
    """Rows that repeat each `period` lines, with grain, (side, side, 3)."""
    rows = (np.arange(side) % period < 4)[:, None] * 0.5
    return np.clip(0.3 + rows[..., None] + 0.05 * np.random.default_rng(0).standard_normal((side, side, 3)), 0, 1)


def tiles(side: int = 160, period: int = 32) -> np.ndarray:
    """Square tiles with joints beside them, each of a brightness of its own, (side, side, 3)."""
    random, count = np.random.default_rng(1), side // period
    tones = np.kron(random.uniform(0.5, 0.8, (count, count)), np.ones((period, period)))
    joints = np.arange(side) % period < 4
    grey = np.where(joints[:, None] | joints, 0.2, tones) + 0.02 * random.standard_normal((side, side))
    return np.clip(np.repeat(grey[..., None], 3, 2), 0, 1)


def bond(side: int = 192, period: int = 32, length: int = 64, shift: float = 0.5) -> np.ndarray:
    """Bricks with joints beside them, each row shifted against the one before, (side, side, 3)."""
    random = np.random.default_rng(2)
    y, x = np.mgrid[:side, :side]
    row = y // period
    along = x + np.round(shift * row * length)
    tones = random.uniform(0.5, 0.8, (side // period + 1, 2 * side // length + 9))[row, (along // length).astype(int)]
    grey = np.where((y % period < 4) | (along % length < 4), 0.2, tones) + 0.02 * random.standard_normal((side, side))
    return np.clip(np.repeat(grey[..., None], 3, 2), 0, 1)


def dots(side: int = 256, period: int = 24, tilt: float = 0.3) -> np.ndarray:
    """Dots on a square lattice that is turned, so that its rows follow neither axis, (side, side, 3)."""
    y, x = np.mgrid[:side, :side] / period
    along, across = (y + tilt * x) / (1 + tilt**2), (x - tilt * y) / (1 + tilt**2)
    distance = np.hypot(along - np.round(along), across - np.round(across)) * np.hypot(1, tilt)
    grain = 0.05 * np.random.default_rng(0).standard_normal((side, side, 3))
    return np.clip(0.3 + 0.5 * (distance < 0.3)[..., None] + grain, 0, 1)


def as_tensor(pixels: np.ndarray) -> torch.Tensor:
    """Pixels (H, W, C) as a picture (C, H, W) in single precision."""
    return torch.from_numpy(pixels).float().permute(2, 0, 1)


def swd_floor(source: np.ndarray, seed: int = 0, directions: int = 512) -> list[float]:
    """Sliced Wasserstein distance between two disjoint halves of the source, averaged over both ways to halve it.

    The score of another crop of the same photograph, which no result can be expected to beat. With 8,192 patches most
    of it is sampling error: a picture scores 20 against itself, 24 against its other half, 68 blurred.
    """
    height, width = source.shape[0] // 2, source.shape[1] // 2
    halves = [(source[:, :width], source[:, -width:]), (source[:height], source[-height:])]
    scores = [sliced_wasserstein(*half, seed, directions=directions) for half in halves]
    return [float(np.mean(level)) for level in zip(*scores, strict=False)]
