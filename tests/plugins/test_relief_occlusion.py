"""`height-to-occlusion`: horizons agree with rays."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from impasto import Maps, Recipe, Step, read_maps, run, write_maps
from impasto.surface.horizons import sky_over


def test_slopes_in_the_open_are_white_and_their_bent_normals_are_the_normals():
    plain = torch.zeros(64, 64, dtype=torch.float64)
    sky = sky_over(plain, 8)
    assert torch.allclose(sky.occlusion, torch.ones_like(plain))
    assert torch.allclose(sky.bent_normal[2], torch.ones_like(plain), atol=1e-6)
    ridge = -(torch.arange(64).double() - 31.5).abs().expand(64, 64) * 0.8  # a roof: each side sees half a world
    sky = sky_over(ridge, 6)
    middle = sky.occlusion[20:40, 12:24]
    assert middle.min() > 0.99  # offsets of whole pixels are not quite along the azimuths
    n = torch.tensor([-0.8, 0, 1]).double()
    assert torch.allclose(sky.bent_normal[:, 30, 16], n / n.norm(), atol=0.02)
    assert torch.allclose(
        sky_over(ridge.T, 6).bent_normal[:, 16, 30], n[[1, 0, 2]] * torch.tensor([1, -1, 1]) / n.norm(), atol=0.02
    )


def test_the_bottom_of_a_wide_trench_sees_what_geometry_says():
    """A floor between two long walls of height H at a distance a on each side: openness a / √(a² + H²)."""
    height = torch.full((128, 128), 12.0, dtype=torch.float64)
    height[:, 48:80] = 0
    for turned in (height, height.T):
        found = sky_over(turned, 60).occlusion[64, 64]
        assert found == pytest.approx(16 / math.hypot(16, 12), abs=0.03)


def test_only_the_radius_counts():
    height = torch.full((128, 128), 40.0, dtype=torch.float64)
    height[:, 32:96] = 0
    assert sky_over(height, 10).occlusion[64, 64] == pytest.approx(1)
    assert sky_over(height, 40).occlusion[64, 64] < 0.9


def occluded(height: np.ndarray, **parameters: object) -> np.ndarray:
    maps = Maps.from_arrays({"height": height})
    return (
        run(Recipe((Step("height-to-occlusion", parameters),)), {"source": maps}, device="cpu")
        .maps["ambient_occlusion"]
        .pixels[..., 0]
    )


def test_what_tiles_is_shaded_across_its_border_and_what_does_not_is_not():
    height = np.zeros((64, 64))
    height[:, 56:] = 1
    tiled, single = (occluded(height, tiling=tiling, height_range_m=0.1) for tiling in ("tiling", "single"))
    assert tiled[:, 0].mean() < 0.85
    assert single[:, 0].mean() > 0.99


def test_bent_normals_are_a_map_of_their_own_that_points_out_of_a_trench(tmp_path):
    height = np.zeros((48, 64))
    height[:, :20] = 1
    maps = Maps.from_arrays({"height": height})
    step = Step("height-to-occlusion", {"bent_normals": True, "height_range_m": 0.3, "radius": 0.3, "tiling": "single"})
    result = run(Recipe((step,)), {"source": maps}, device="cpu").maps
    assert set(result) == {"height", "ambient_occlusion", "bent_normal"}
    vectors = 2 * result["bent_normal"].pixels - 1
    assert np.allclose(np.linalg.norm(vectors, axis=2), 1, atol=1e-4)
    assert vectors[20:28, 22, 0].min() > 0.2  # away from the wall on the left
    assert np.abs(vectors[20:28, 60, 0]).max() < 0.05
    write_maps(result, tmp_path / "wall", "wall")
    again = read_maps(tmp_path / "wall")
    assert set(again) == set(result)
    assert np.abs(again["bent_normal"].pixels - result["bent_normal"].pixels).max() < 0.003
    turned = run(Recipe((Step("transform", {"rotate": 90}),)), {"source": again}).maps
    assert (2 * turned["bent_normal"].pixels[41, 20:28, 1] - 1).min() > 0.2


def test_stronger_is_darker_and_none_is_white():
    height = np.tile(0.5 + 0.5 * np.sin(np.arange(64) / 5), (64, 1))
    shades = [occluded(height, strength=strength, height_range_m=0.2).mean() for strength in (0.0, 1.0, 2.0)]
    assert shades[0] == 1
    assert shades[1] > shades[2]
