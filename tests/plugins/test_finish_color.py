"""Filters of colour: transfer from another picture, adjustments, tint."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from finishing import finish, tile
from skimage import data

from impasto import Maps, Recipe, Step, run
from impasto.surface.color import srgb_to_linear
from impasto.surface.palette import to_oklab
from impasto_finish.regrain import with_grain

CAT, COFFEE = (
    Maps.from_arrays({"base_color": getattr(data, name)()[:288:2, :384:2] / 255}) for name in ("chelsea", "coffee")
)


def oklab(maps: Maps) -> np.ndarray:
    return to_oklab(maps["base_color"].pixels).reshape(-1, 3)


def distance(one: Maps, other: Maps) -> float:
    """Sliced Wasserstein distance of the colours of pictures of one size, along fixed directions."""
    axes = np.random.default_rng(0).standard_normal((3, 24))
    sorted_ = [np.sort(oklab(maps) @ (axes / np.linalg.norm(axes, axis=0)), axis=0) for maps in (one, other)]
    return float(np.abs(sorted_[0] - sorted_[1]).mean())


def test_each_method_of_transfer_comes_nearer_to_the_reference_than_the_one_before():
    methods = ("mean-and-deviation", "monge-kantorovich", "iterative")
    made = [finish("color-transfer", CAT, others={"reference": COFFEE}, method=method) for method in methods]
    apart = [distance(maps, COFFEE) for maps in (CAT, *made)]
    assert apart[1] < 0.5 * apart[0]
    assert apart[2] <= apart[1]
    assert apart[3] < 0.7 * apart[2]


def test_monge_kantorovich_matches_mean_and_covariance():
    soft = COFFEE.with_arrays({"base_color": 0.35 + 0.3 * COFFEE["base_color"].pixels})
    made = oklab(finish("color-transfer", CAT, others={"reference": soft}))
    wanted = oklab(soft)
    assert np.abs(made.mean(0) - wanted.mean(0)).max() < 0.004
    assert np.abs(np.cov(made.T) - np.cov(wanted.T)).max() < 0.05 * np.cov(wanted.T).max()


def test_lightness_can_be_kept():
    made = finish("color-transfer", CAT, others={"reference": COFFEE}, keep_lightness=True)
    assert np.abs(oklab(made)[:, 0] - oklab(CAT)[:, 0]).max() < 0.01
    assert np.abs(oklab(made)[:, 1:] - oklab(CAT)[:, 1:]).mean() > 0.01


def test_regraining_undoes_amplified_grain_and_keeps_the_change_of_colour():
    rng = np.random.default_rng(0)
    plain = tile(96)["base_color"].pixels.mean((0, 1)) + 0.01 * rng.standard_normal((96, 96, 3))
    plain[:, 48:] += 0.3
    original = torch.from_numpy(plain.transpose(2, 0, 1).astype(np.float32))
    changed = 0.5 + 3 * (original - original.mean()) * torch.tensor([1.0, 0.6, 0.3]).view(3, 1, 1)
    made = with_grain(original, changed, (True, False), lambda: None)
    left = (slice(None), slice(8, -8), slice(8, 40))
    grain = [float(x[left].std((1, 2)).mean()) for x in (original, changed, made)]
    assert grain[1] > 1.7 * grain[0]
    assert grain[2] < 1.3 * grain[0]
    means = [x[..., 8:40].mean((1, 2)) - x[..., 56:88].mean((1, 2)) for x in (changed, made)]
    assert torch.allclose(*means, rtol=0.1)


def test_a_stop_of_exposure_doubles_the_light():
    dim = Maps.from_arrays({"base_color": 0.5 * CAT["base_color"].pixels})
    made = finish("adjust", dim, exposure=1, contrast=0, saturation=1)
    ratio = srgb_to_linear(made["base_color"].pixels) / np.maximum(srgb_to_linear(dim["base_color"].pixels), 0.01)
    assert np.abs(ratio[dim["base_color"].pixels > 0.2] - 2).max() < 0.02


def test_a_higher_temperature_is_warmer_and_more_tint_is_magenta():
    grey = Maps.from_arrays({"base_color": np.full((8, 8, 3), 0.5)})
    red, green, blue = finish("adjust", grey, temperature=9000)["base_color"].pixels[0, 0]
    assert red > green > blue + 0.05
    red, green, blue = finish("adjust", grey, temperature=4000)["base_color"].pixels[0, 0]
    assert blue > green > red + 0.05
    red, green, blue = finish("adjust", grey, tint=0.5)["base_color"].pixels[0, 0]
    assert min(red, blue) > green + 0.02
    for changes in ({"temperature": 9000}, {"temperature": 4000}, {"tint": 0.5}):
        made = finish("adjust", grey, contrast=0, **changes)["base_color"].pixels[0, 0]
        assert srgb_to_linear(made) @ (0.2126, 0.7152, 0.0722) == pytest.approx(srgb_to_linear(0.5), rel=0.03), changes


def test_no_saturation_is_grey_and_a_turn_of_hue_goes_round():
    grey = oklab(finish("adjust", CAT, saturation=0))
    assert np.abs(grey[:, 1:]).max() < 2e-3
    soft = Maps.from_arrays({"base_color": 0.4 + 0.1 * CAT["base_color"].pixels})
    turned = finish("adjust", soft, hue=120, contrast=0, saturation=1)
    back = finish("adjust", turned, hue=-120, contrast=0, saturation=1)
    assert np.abs(back["base_color"].pixels - soft["base_color"].pixels).max() < 2e-3
    assert np.abs(turned["base_color"].pixels - soft["base_color"].pixels).max() > 0.02


GREY = Maps.from_arrays({"base_color": np.repeat(data.brick()[::4, ::4, None] / 255, 3, 2)})


def tint(source: Maps, **parameters) -> np.ndarray:
    return run(Recipe((Step("tint", parameters),)), {"source": source}).maps["base_color"].pixels


def test_the_ends_get_their_colours():
    tinted = tint(GREY, dark=(0.2, 0.05, 0.05), light=(0.9, 0.8, 0.7))
    order = np.argsort(GREY["base_color"].pixels[..., 0].ravel())
    colors = tinted.reshape(-1, 3)[order]
    tenth = len(order) // 50
    assert np.allclose(colors[:tenth].mean(0), (0.2, 0.05, 0.05), atol=0.06)  # the darkest 2 % are a bit beyond it
    assert np.allclose(colors[-tenth:].mean(0), (0.9, 0.8, 0.7), atol=0.06)


def test_lighter_stays_lighter():
    tinted = tint(GREY)
    assert np.corrcoef(tinted.mean(2).ravel(), GREY["base_color"].pixels.mean(2).ravel())[0, 1] > 0.99
