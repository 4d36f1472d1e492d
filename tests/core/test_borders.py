"""Margins continue pictures: around the torus, or by their mirror image, as often as it takes."""

from __future__ import annotations

import pytest
import torch

from impasto.numerics.blur import gaussian_blur
from impasto.numerics.borders import TORUS, Plane, with_margin


def test_margins_go_round_the_torus():
    x = torch.rand(1, 2, 6, 5)
    assert torch.equal(with_margin(x, 2, TORUS), x.tile(1, 1, 3, 3)[:, :, 4:14, 3:12])
    assert torch.equal(with_margin(x, 7, TORUS), x.tile(1, 1, 5, 5)[:, :, 5:25, 3:22])


@pytest.mark.parametrize("wraps", [False, True])
def test_a_picture_goes_on_beyond_its_borders_as_often_as_it_takes(wraps):
    row = torch.arange(4.0).view(1, 1, 1, 4).expand(1, 1, 4, 4)
    wide = with_margin(row, ((0, 5), (5, 5)), (wraps, wraps))[0, 0, 0].tolist()
    around, mirrored = [3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0], [1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1, 2]
    assert wide == (around if wraps else mirrored)


@pytest.mark.parametrize("wraps", [(True, False), (False, True)])
def test_each_axis_has_its_own_border(wraps):
    x = torch.rand(5, 7)
    wide = with_margin(x, 2, wraps)
    assert torch.equal(wide, with_margin(with_margin(x, ((2, 2), (0, 0)), wraps), ((0, 0), (2, 2)), wraps))
    assert torch.equal(wide[0, 2:-2], x[3 if wraps[0] else 2])
    assert torch.equal(wide[2:-2, 0], x[:, 5 if wraps[1] else 2])


def test_slopes_go_on_beyond_an_odd_border():
    slope = torch.arange(6.0).expand(6, 6)
    assert torch.equal(with_margin(slope, 2, (False, False), is_odd=True)[0], torch.arange(-2.0, 8.0))
    assert torch.equal(with_margin(torch.ones(1, 1, 1), 3, (False, True)), torch.ones(1, 7, 7)), "a single pixel"


def test_a_plane_wraps_around_where_the_picture_does():
    x = torch.rand(3, 20, 30)
    plane = Plane.around((20, 30), (True, False))
    wide = plane.extend(x)
    assert (wide.shape[1], wide.shape[2] % 16) == (20, 0)
    assert wide.shape[2] > 30
    assert torch.equal(plane.crop(wide), x)


@pytest.mark.parametrize("wraps", [True, False])
@pytest.mark.parametrize("size_px", [(24, 40), (300, 280)])
def test_a_blur_goes_on_beyond_borders_as_margins_do(wraps, size_px):
    """Small pictures and large ones, whose taps are added up in another way, and Gaussians wider than the picture."""
    x = torch.rand(1, 2, *size_px, generator=torch.Generator().manual_seed(0))
    for sigma_px in (1.5, 14.0):
        reach_px = int(3 * sigma_px + 0.5)
        margin_px = 2 * reach_px
        wide = gaussian_blur(with_margin(x, margin_px, wraps), sigma_px, not wraps)
        inside = wide[:, :, margin_px:-margin_px, margin_px:-margin_px]
        assert torch.allclose(gaussian_blur(x, sigma_px, wraps), inside, atol=1e-6)
