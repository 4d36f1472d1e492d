"""The network that recognises relief: its borders, sizes and inputs, what its losses want, and that it learns."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[2]))
from tasks.photo_maps.examples import MARGIN_PX, Examples, Material
from tasks.photo_maps.photographs import Random
from tasks.photo_maps.recognition import RecognitionTraining
from tasks.photo_maps.surfaces import Surfaces, random_material

from impasto.numerics.borders import TORUS
from impasto_photo_maps.network import load_recognition, network_input
from impasto_photo_maps.prior import Brightness, Plane
from impasto_photo_maps.recognition import recognise

UNKNOWN_LIGHT = torch.zeros(2)


@pytest.fixture(scope="module")
def surface() -> Surfaces:
    return random_material(128, 8, [])


@pytest.mark.parametrize("wraps", [(True, True), (True, False), (False, False)], ids=str)
@pytest.mark.parametrize("size", [(45, 70), (1, 9), (600, 530)], ids=str)
def test_any_size_is_recognised_in_its_own_pixels(size, wraps):
    found = recognise(load_recognition(), torch.rand(3, *size), wraps, UNKNOWN_LIGHT)
    assert found.slopes.shape == (2, *size)
    for name in ("tilt", "error", "roughness", "confidence"):
        assert getattr(found, name).shape == size
        assert getattr(found, name).isfinite().all()
    assert 0.99 < found.kinds.sum() < 1.01


def test_a_tile_is_recognised_alike_however_it_is_rolled(surface):
    whole, rolled = (
        recognise(load_recognition(), x, TORUS, UNKNOWN_LIGHT)
        for x in (surface.color, surface.color.roll((13, 50), (1, 2)))
    )
    assert torch.allclose(whole.slopes.roll((13, 50), (1, 2)), rolled.slopes, atol=1e-4)


def test_what_is_far_away_changes_nothing(surface):
    """A part is recognised as within its whole, so that pictures can be recognised in pieces."""
    large = random_material(512, 3, []).color
    changed = large.clone()
    changed[:, :64] = 0.3
    network = load_recognition()
    given = [network_input(x * (0.18 / large.mean()), UNKNOWN_LIGHT)[None] for x in (large, changed)]
    suggested = Brightness.of(large, Plane((512, 512), ((0, 0), (0, 0)))).suggestions(UNKNOWN_LIGHT)[None]
    with torch.inference_mode():
        one, other = (network(x, suggested)[0][0, :, 272:304] for x in given)
    exposure = float(changed.mean() / large.mean())
    assert abs(exposure - 1) < 0.5
    assert (one - other)[:2].abs().mean() < 0.25 * one[:2].abs().mean()


@pytest.mark.slow
def test_a_training_learns_slopes_from_shading(surface):
    grey = Material(replace(surface, color=torch.full_like(surface.color, 0.4)), 1)
    one = RecognitionTraining([grey], [], [(torch.rand(3, 128, 128), 1)], 30, crop_px=64)
    distances = []
    for _ in range(30):
        distances.append(float(one.step()["distance"]))
        one.done += 1
    assert np.mean(distances[-8:]) < 0.9 * np.mean(distances[:8])


@pytest.mark.parametrize("seed", range(3))
def test_parts_are_turned_with_their_slopes(surface, seed):
    parts = Examples([Material(surface)], [], 128, "cpu")._cut(*torch.zeros(2, 4).long(), Random.seeded(seed, "cpu"))
    assert parts.shape[2:] == (128 + 2 * MARGIN_PX,) * 2
    height = parts[5]
    for axis, slopes in ((2, parts[3]), (1, parts[4])):
        differences = (height.roll(-1, axis) - height.roll(1, axis))[:, 2:-2, 2:-2] / 2
        for one, other in zip(differences, slopes[:, 2:-2, 2:-2], strict=True):
            assert float(torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1]) > 0.8
