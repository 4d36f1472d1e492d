"""Normals and occlusion from height: right by geometry, and local."""

import numpy as np
import torch

from impasto import Maps
from impasto.surface.heights import normal_height_consistency, normal_length_error
from impasto.surface.relief import HALO_PX, normal_from_height, occlusion_from_height, with_relief


def bumps(height: int = 96, width: int = 128) -> torch.Tensor:
    random = torch.Generator().manual_seed(4)
    spectrum = torch.fft.rfft2(torch.randn(height, width, generator=random))
    fy, fx = torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)[None]
    return 20 * torch.fft.irfft2(spectrum * torch.exp(-400 * (fx**2 + fy**2)), s=(height, width))


def test_a_slope_leans_the_way_it_falls():
    height = torch.arange(12.0)[:, None] * torch.ones(1, 12)  # one pixel lower for each row up: it faces up the picture
    inside = normal_from_height(height)[:, 6, 6]
    assert torch.allclose(2 * inside - 1, torch.tensor([0, 1, 1]) / 2**0.5)
    sideways = normal_from_height(height.T)[:, 6, 6]
    assert torch.allclose(2 * sideways - 1, torch.tensor([-1, 0, 1]) / 2**0.5)


def test_a_pit_is_dark_and_a_plane_and_a_peak_are_light():
    y, x = torch.meshgrid(torch.arange(64) - 32.0, torch.arange(64) - 32.0, indexing="ij")
    bump = 10 * torch.exp(-(x**2 + y**2) / 50)
    assert occlusion_from_height(-bump)[32, 32] < 0.8
    assert occlusion_from_height(bump)[32, 32] == 1
    assert (occlusion_from_height(torch.zeros(20, 20)) == 1).all()


def test_a_part_with_a_halo_is_as_within_the_whole():
    height, halo = bumps(200, 160), HALO_PX
    part = height[100 - halo : 140 + halo, 50 - halo : 90 + halo]
    for derive in (normal_from_height, occlusion_from_height):
        whole, cut = derive(height), derive(part)
        assert torch.allclose(whole[..., 100:140, 50:90], cut[..., halo:-halo, halo:-halo], atol=1e-6)
        assert torch.allclose(derive(height.roll((30, 40), (0, 1))), whole.roll((30, 40), (-2, -1)), atol=1e-6)


def test_the_set_agrees_with_its_height_and_keeps_its_scale():
    h = bumps()
    low, span = float(h.min()), float(h.max() - h.min())
    maps = Maps.from_arrays({"height": ((h - low) / span).numpy()}, width_m=2.0, height_range_m=span * 2.0 / 128)
    made = with_relief(maps)
    assert (made.width_m, made.height_range_m) == (2.0, maps.height_range_m)
    assert np.allclose(made["normal"].pixels, normal_from_height(h).permute(1, 2, 0), atol=1e-4)
    assert normal_length_error(made["normal"].pixels) < 1e-5
    angle, correlation = normal_height_consistency(made["normal"].pixels, made["height"].pixels)
    assert angle < 0.1
    assert correlation > 0.999
