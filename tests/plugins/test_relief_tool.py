"""Strokes that stand out: height, normals and roughness of what is repainted follow them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from restyling import COFFEE, left_half, painted, stretched

from impasto import Maps
from impasto.surface.heights import normal_from_slopes
from impasto.surface.relief import normal_from_height


def test_strokes_stand_out_in_height_normals_and_roughness():
    made = painted(stretched, relief=1.0)
    assert set(made) == {"base_color", "height", "normal", "roughness"}
    assert {made[name].size_px for name in made} == {(50, 75)}
    normals = made["normal"].pixels * 2 - 1
    assert np.allclose(np.linalg.norm(normals, axis=2), 1, atol=1e-4)
    height_px = made["height"].pixels[..., 0] * made.height_range_m / made.width_m * 75
    derived = normal_from_height(torch.from_numpy(height_px)).permute(1, 2, 0).numpy()
    assert np.abs(derived - made["normal"].pixels)[1:-1, 1:-1].max() < 1e-4
    ridges = height_px > np.percentile(height_px, 80)
    assert made["roughness"].pixels[ridges].mean() < made["roughness"].pixels[~ridges].mean()


def test_relief_grows_with_what_is_asked_for():
    ranges = [painted(stretched, relief=relief).height_range_m for relief in (0.25, 0.5, 1.0)]
    assert ranges[1] == pytest.approx(2 * ranges[0], rel=1e-3)
    assert ranges[2] == pytest.approx(4 * ranges[0], rel=1e-3)


def test_strokes_lie_on_the_height_and_normals_that_are_there():
    slope = np.tile(np.linspace(0, 1, 75), (50, 1))
    normal = normal_from_slopes(np.stack([np.full((50, 75), 0.1), np.zeros((50, 75))], 2))
    subject = COFFEE.with_arrays({"height": slope, "normal": normal})
    subject = Maps(subject.textures, width_m=1.0, height_range_m=0.1)
    made = painted(stretched, subject, relief=0.5)
    flat_ = painted(stretched, relief=0.5)
    over_m = made["height"].pixels[..., 0] * made.height_range_m - 0.1 * slope
    alone_m = flat_["height"].pixels[..., 0] * flat_.height_range_m
    assert np.corrcoef(over_m.ravel(), alone_m.ravel())[0, 1] > 0.9999
    tilt = (made["normal"].pixels - flat_["normal"].pixels)[..., 0]
    assert np.median(tilt) == pytest.approx(-0.05, abs=0.005)


def test_relief_goes_around_the_borders_of_a_seamless_picture():
    def rolled(maps: Maps) -> Maps:
        return Maps.from_arrays({name: np.roll(pixels, (13, 21), (0, 1)) for name, pixels in maps.arrays().items()})

    seen = {}
    for subject in (COFFEE, rolled(COFFEE)):
        made = painted(lambda task, *_: 1 - task.picture, subject, relief=1.0, seamless="on")
        seen[subject is COFFEE] = made
    for name in ("height", "normal", "roughness"):
        assert np.allclose(rolled(seen[True])[name].pixels, seen[False][name].pixels, atol=1e-4)


def test_no_strokes_are_raised_where_none_are_painted():
    subject = COFFEE.with_arrays({"roughness": np.full((50, 75), 0.7)})
    made = painted(stretched, subject, mask=left_half(), relief=1.0)
    assert np.allclose(made["normal"].pixels[:, 39:], (0.5, 0.5, 1), atol=1e-6)
    assert np.allclose(made["roughness"].pixels[:, 39:], 0.7)
    assert np.std(made["normal"].pixels[:, :36]) > 0.01


# Opacity
