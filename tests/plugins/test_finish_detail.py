"""Filters of contrast and detail: local contrast, sharpening, detail, denoising, histograms."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from finishing import finish, tile
from skimage import data

from impasto import Maps
from impasto.surface.heights import slopes_from_height, slopes_from_normal
from impasto.surface.palette import to_oklab
from impasto_finish.shrinkage import noise_of

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


def test_sharpening_adds_detail_finer_than_its_radius_and_spares_faint_noise():
    y = np.arange(128)
    waves = [0.5 + 0.1 * np.sin(2 * np.pi * k * y / 128) for k in (4, 32)]
    gains = []
    for wave in waves:
        subject = Maps.from_arrays({"base_color": np.broadcast_to(wave[:, None, None], (128, 128, 3)).copy()})
        gains.append(lightness(finish("sharpen", subject, amount=1, threshold=0)).std() / lightness(subject).std())
    assert gains[0] < 1.05
    assert gains[1] > 1.5
    rng = np.random.default_rng(0)
    faint = Maps.from_arrays({"base_color": 0.5 + 0.001 * rng.standard_normal((64, 64, 1)).repeat(3, 2)})
    made = finish("sharpen", faint)
    assert np.abs(made["base_color"].pixels - faint["base_color"].pixels).max() < 1e-4


def test_detail_of_one_size_is_strengthened_and_edges_keep_their_step():
    x = np.arange(256)
    wave = 0.01 * np.sin(2 * np.pi * x / 4) + np.where((x // 64) % 2, 0.7, 0.3)
    subject = Maps.from_arrays({"base_color": np.broadcast_to(wave[None, :, None], (256, 256, 3)).copy()})
    made = finish("guided-detail", subject, fine=1, medium=0)
    before, after = lightness(subject)[0], lightness(made)[0]
    assert after[16:48].std() > 1.6 * before[16:48].std()
    for plain in (slice(16, 48), slice(80, 112)):
        assert after[plain].mean() == pytest.approx(before[plain].mean(), abs=0.002)
    halo = np.abs(after - before)[60:68].max() - np.abs(after - before)[16:48].max()
    assert halo < 0.02, "an edge of 0.4 gets no halo"
    smooth = lightness(finish("guided-detail", subject, fine=-1, medium=0))[0]
    assert smooth[16:48].std() < 0.3 * before[16:48].std()


def test_denoising_a_photograph_comes_nearer_to_what_it_was():
    clean = data.chelsea()[:200, 100:300] / 255
    noisy = np.clip(clean + 0.05 * np.random.default_rng(0).standard_normal(clean.shape), 0, 1)
    made = finish("denoise", Maps.from_arrays({"base_color": noisy}))["base_color"].pixels
    psnr = [-10 * np.log10(np.square(pixels - clean).mean()) for pixels in (noisy, made)]
    assert psnr[1] > psnr[0] + 4


def test_the_noise_of_a_texture_is_told_from_the_texture():
    bricks = torch.from_numpy(BRICK["base_color"].pixels[..., 0])
    noise = torch.randn(bricks.shape, generator=torch.Generator().manual_seed(0))
    assert noise_of(bricks) < 0.02
    assert noise_of(bricks + 0.05 * noise) == pytest.approx(0.05, rel=0.15)
    assert noise_of(torch.full((40, 40), 0.5)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("tool", ["sharpen", "guided-detail", "denoise"])
def test_with_all_maps_the_relief_changes_as_one(tool):
    """Normals still fit the height, at the range in metres that the height then has."""
    subject = tile(96, seed=4)
    made = finish(tool, subject, maps="all")
    assert not np.array_equal(made["height"].pixels, subject["height"].pixels)
    slopes = [slopes_from_height(maps["height"].pixels[..., 0] * maps.height_range_px) for maps in (subject, made)]
    assert np.abs(slopes[1] - slopes_from_normal(made["normal"].pixels)).mean() < 0.2 * slopes[0].std()
    alone = finish(tool, subject)
    for name in ("height", "normal", "roughness"):
        assert np.array_equal(alone[name].pixels, subject[name].pixels)


@pytest.mark.parametrize("channels", ["color", "lightness"])
def test_histograms_become_those_of_the_reference(channels):
    subject, reference = tile(64, seed=1), tile(80, seed=2)
    made = finish("histogram-match", subject, {"reference": reference}, channels=channels, data_maps=True)
    if channels == "color":
        found, wanted = made["base_color"].pixels[..., 0], reference["base_color"].pixels[..., 0]
    else:
        found, wanted = lightness(made), lightness(reference)
    levels = np.linspace(0.05, 0.95, 19)
    assert np.abs(np.quantile(found, levels) - np.quantile(wanted, levels)).max() < 0.02
    roughness = [np.quantile(maps["roughness"].pixels, levels) for maps in (made, reference)]
    assert np.abs(roughness[0] - roughness[1]).max() < 0.01
