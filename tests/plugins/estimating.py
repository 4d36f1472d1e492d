"""Maps of pictures by photo-maps, pictures to estimate them from, and slopes to compare."""

import numpy as np

from impasto import Maps, Recipe, RunOptions, Step, run


def estimate(subject: np.ndarray | Maps, **parameters) -> Maps:
    """All maps of a base colour or of maps."""
    subject = subject if isinstance(subject, Maps) else Maps.from_arrays({"base_color": subject})
    return run(Recipe((Step("photo-maps", parameters),)), {"source": subject}, RunOptions(device="cpu")).maps


def tile(height_px: int = 96, width_px: int = 128, seed: int = 0) -> np.ndarray:
    """A coloured picture that tiles: band-limited noise, its shapes about 10 px wide."""
    spectrum = np.fft.rfft2(np.random.default_rng(seed).standard_normal((3, height_px, width_px)))
    frequency = np.hypot(np.fft.fftfreq(height_px)[:, None], np.fft.rfftfreq(width_px)[None])
    noise = np.fft.irfft2(spectrum * np.exp(-((frequency / 0.07) ** 2)), s=(height_px, width_px))
    return np.clip(0.45 + 0.12 * (noise / noise.std()).transpose(1, 2, 0), 0.02, 0.98).astype(np.float32)


def bricks(mortar: float, brick: float) -> tuple[np.ndarray, np.ndarray]:
    """A grey running bond of 8 × 8 bricks, and where its joints are: 4 px wide, a hundredth of the picture."""
    y, x = np.mgrid[0:256, 0:512]
    joint = (y % 32 < 4) | ((x + 32 * (y // 32 % 2)) % 64 < 4)
    grain = 0.02 * np.random.default_rng(1).standard_normal(joint.shape)
    return np.repeat((np.where(joint, mortar, brick) + grain)[..., None], 3, 2).astype(np.float32), joint


def tilt(normal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slopes of the surface to the right and upwards from encoded normals (H, W, 3)."""
    n = 2 * normal.astype(np.float64) - 1
    return -n[..., 0] / n[..., 2], -n[..., 1] / n[..., 2]


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's r."""
    return float(np.corrcoef(np.ravel(a), np.ravel(b))[0, 1])


def degrees(made: Maps) -> np.ndarray:
    """Angles (H, W) of the normals to the surface's own."""
    return np.degrees(np.arctan(np.hypot(*tilt(made["normal"].pixels))))
