"""Latents of the autoencoder: patchworks of those of pictures, and a random field that is like them."""

import numpy as np
import pytest
import torch

from impasto_vae.latents import fill, windows_of
from impasto_vae.networks import LATENT_CHANNELS
from impasto_vae.prior import autocovariance, gaussian_field, prior_gap, root


def test_a_patchwork_keeps_what_is_known_and_fits_the_rest():
    random = torch.Generator().manual_seed(0)
    ramp = torch.arange(20.0).expand(2, 20, 20)  # each row counts to 19: only neighbours in number fit each other
    known = torch.zeros(9, 12, dtype=torch.bool)
    known[4:6, 3:7] = True
    canvas = torch.zeros(2, 9, 12)
    canvas[:, 4:6, 3:7] = torch.arange(7.0, 11)
    laid = fill(canvas, known, windows_of([ramp]), random)
    assert torch.equal(laid[:, known], canvas[:, known])
    steps = (laid.diff(dim=2) - 1).abs()
    assert (steps < 0.01).float().mean() > 0.6  # patches of 3 cells: two of three steps are inside one


def correlated(side: int, channels: int = LATENT_CHANNELS, seed: int = 0) -> torch.Tensor:
    """Noise (C, side, side) of deviation 2 and mean 1; neighbours correlate by .5, channels 0 and 1 by .8."""
    noise = torch.randn(channels, side, side, generator=torch.Generator().manual_seed(seed))
    noise[1] = 0.8 * noise[0] + 0.6 * noise[1]
    return 1 + noise + noise.roll(1, 1) + noise.roll(1, 2) + noise.roll((1, 1), (1, 2))


def test_the_fitted_field_is_like_the_latents_on_any_torus():
    latents = correlated(48)
    mean = latents.mean((1, 2))
    covariance = autocovariance([latents], mean, torch.full((LATENT_CHANNELS,), 0.25))
    kernel = root(covariance)
    for size in ((96, 64), (7, 128)):
        noise = torch.randn(LATENT_CHANNELS, *size, generator=torch.Generator().manual_seed(1))
        z = gaussian_field(mean, kernel, noise)
        assert z.shape == noise.shape
        assert z.mean() == pytest.approx(1, abs=0.2)
        centred = z - mean.view(-1, 1, 1)
        assert centred.square().mean() == pytest.approx(4.25, rel=0.1)
        across = (centred * centred.roll(1, 2)).mean((1, 2)).mean()  # the last column's neighbour is the first
        assert across == pytest.approx(5 / 6 * 2, rel=0.15)  # as tapered
        assert (centred[0] * centred[1]).mean() == pytest.approx(0.8 * 4, rel=0.15)
        assert gaussian_field(mean, kernel, noise.roll(3, 2)).allclose(z.roll(3, 2), atol=0.01)  # convolutions round


def test_the_gap_from_the_prior_is_that_of_the_latents():
    white = torch.randn(LATENT_CHANNELS, 64, 64, generator=torch.Generator().manual_seed(0))
    nothing = torch.zeros(LATENT_CHANNELS)
    gap = prior_gap(nothing, autocovariance([white], nothing, nothing))
    assert gap["prior_kl"] < 0.02
    assert abs(gap["neighbour_correlation"]) < 0.02
    other = prior_gap(nothing + 1, autocovariance([2 * white], nothing, nothing))
    expected = LATENT_CHANNELS * (0.5 * (1 + 4 - 1) - np.log(2))  # of N(1, 4)
    assert other["prior_kl"] == pytest.approx(expected, rel=0.02)
    latents = correlated(64)
    mean = latents.mean((1, 2))
    assert prior_gap(mean, autocovariance([latents], mean, nothing))["neighbour_correlation"] == pytest.approx(
        0.5, abs=0.05
    )
