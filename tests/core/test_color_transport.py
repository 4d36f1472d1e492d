"""Sliced transport: colours become distributed as others, by pixel and by table, in a mask and of several sources."""

from __future__ import annotations

import pytest
import torch
from skimage import data
from torch import Tensor

from impasto.numerics.color_transport import (
    ColorSample,
    color_table,
    look_up,
    mixture,
    sliced_transport,
)


def picture(name: str) -> Tensor:
    return torch.from_numpy(getattr(data, name)()[:288:3, :384:3] / 255).float().movedim(2, 0)[None]


CAT, SPACE, COFFEE = picture("chelsea"), picture("hubble_deep_field"), picture("coffee")


def axes(seed: int) -> Tensor:
    return torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(seed)))[0]


ROTATIONS = [axes(seed) for seed in range(6)]


def apart(one: ColorSample, other: ColorSample) -> float:
    return float((one.quantiles(axes(9)) - other.quantiles(axes(9))).abs().mean())


@pytest.mark.parametrize("by_table", [False, True])
def test_colours_become_distributed_as_the_sources(by_table: bool):
    painted, source = ColorSample.of(CAT), ColorSample.of(SPACE)
    if by_table:
        made = look_up(sliced_transport(color_table(), painted, [source], [1.0], ROTATIONS), CAT)
    else:
        made = sliced_transport(CAT[0].flatten(1), painted, [source], [1.0], ROTATIONS).view_as(CAT)
    assert apart(ColorSample.of(made), source) < 0.2 * apart(painted, source)


def test_only_what_a_mask_shows_counts():
    mask = torch.zeros(1, 1, *CAT.shape[2:])
    mask[..., :40] = 1
    assert apart(ColorSample.of(CAT, mask), ColorSample.of(CAT[..., :40])) < 0.01
    assert torch.equal(ColorSample.of(CAT, 0 * mask).colors, ColorSample.of(CAT).colors), "a black one shows all"
    black = CAT.clone()
    black[..., 40:] = 0
    assert float(ColorSample.of(black, mask).quantiles(torch.eye(3))[:, 0].min()) >= float(CAT[..., :40].min())


def test_a_mixture_has_as_much_of_each_source_as_its_share():
    sources = [ColorSample.of(SPACE), ColorSample.of(COFFEE, count=1000), ColorSample.of(CAT)]
    wanted = mixture(sources, [1.0, 3.0, 0.0])
    means = [sample.colors @ sample.weights / sample.weights.sum() for sample in (*sources, wanted)]
    assert torch.allclose(means[3], (means[0] + 3 * means[1]) / 4, atol=1e-4)
