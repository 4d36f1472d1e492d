"""Filters of contrast and detail: local contrast, sharpening, denoising."""

from __future__ import annotations

import numpy as np
from finishing import finish, tile
from skimage import data

from impasto.surface.palette import to_oklab
from impasto.texture import Maps

BRICK = Maps.from_arrays({"base_color": np.repeat(data.brick()[::2, ::2, None] / 255, 3, 2)})


def lightness(maps: Maps) -> np.ndarray:
    return to_oklab(maps["base_color"].pixels)[..., 0]


def test_local_contrast_raises_that_of_a_dark_half_most():
    shaded = BRICK["base_color"].pixels.copy()
    shaded[:, :128] *= 0.3
    subject = Maps.from_arrays({"base_color": shaded})
    made = finish("local-contrast", subject, strength=1, limit=4)
    halves = [np.s_[:, 16:112], np.s_[:, 144:240]]
    gains = [lightness(made)[half].std() / lightness(subject)[half].std() for half in halves]
    assert gains[0] > 1.3
    assert gains[0] > 1.2 * gains[1]


def test_local_contrast_is_limited_so_that_the_noise_of_a_plain_wall_stays_small():
    rng = np.random.default_rng(0)
    noisy = Maps.from_arrays({"base_color": np.clip(0.5 + 0.01 * rng.standard_normal((64, 64, 1)).repeat(3, 2), 0, 1)})
    noisy["base_color"].pixels[:4] = 0.0
    noisy["base_color"].pixels[4:8] = 1.0
    made = finish("local-contrast", noisy, strength=1, limit=3)
    assert lightness(made)[20:56].std() < 3.3 * lightness(noisy)[20:56].std()


def test_local_contrast_keeps_hue():
    subject = tile(64, seed=3)
    before, after = (to_oklab(maps["base_color"].pixels) for maps in (subject, finish("local-contrast", subject)))
    colored = np.hypot(before[..., 1], before[..., 2]) > 0.03
    hues = [np.arctan2(x[..., 2], x[..., 1])[colored] for x in (before, after)]
    assert np.abs(np.angle(np.exp(1j * (hues[0] - hues[1])))).max() < 0.02
