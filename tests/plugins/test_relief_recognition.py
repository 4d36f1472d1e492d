"""The network that recognises relief: its borders, sizes and inputs, what its losses want, and that it learns."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[2]))
from tasks.photo_maps.examples import MARGIN_PX, TARGETS, Examples, Material
from tasks.photo_maps.kinds import UNKNOWN, kind_of, usual
from tasks.photo_maps.photographs import Random, Suns, lit
from tasks.photo_maps.recognition import RecognitionTraining, by_name, loss_terms
from tasks.photo_maps.surfaces import Surfaces, random_material

from impasto.numerics.borders import TORUS
from impasto_photo_maps.decisions import decisions
from impasto_photo_maps.kinds import KINDS
from impasto_photo_maps.network import load_recognition, network_input
from impasto_photo_maps.parameters import PhotoMapsParameters
from impasto_photo_maps.prior import Brightness, Plane
from impasto_photo_maps.recognition import Recognition, recognise

RELIEF_LOSSES = ("distance", "shape", "relit", "tilt")
UNKNOWN_LIGHT = torch.zeros(2)


@pytest.fixture(scope="module")
def surface() -> Surfaces:
    return random_material(128, 8, [])


@pytest.fixture(scope="module")
def wanted(surface) -> dict[str, torch.Tensor]:
    """True values of a photograph of the surface, (1, C, H, W) each."""
    one = torch.ones(1, 1, *surface.size_px)
    return {"slopes": surface.slopes[None], "roughness": surface.roughness[None, None], "known": one, "inside": one}


def perfect(wanted: dict[str, torch.Tensor], factor: float = 1.0) -> dict[str, torch.Tensor]:
    """The true values with slopes times a factor."""
    slopes = factor * wanted["slopes"]
    tilt = slopes.square().sum(1, keepdim=True).sqrt().atan()
    rough = torch.logit(wanted["roughness"].clamp(1e-4, 1 - 1e-4))
    return {"slopes": slopes, "tilt": tilt, "error": tilt * 0 + 0.1, "roughness": rough}


def losses(found: dict[str, torch.Tensor], wanted: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return loss_terms(found, wanted, Random.seeded(0, "cpu"))


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


def test_exposure_does_not_count(surface):
    one, half = (network_input(factor * surface.color, UNKNOWN_LIGHT) for factor in (1.0, 0.5))
    assert torch.allclose(one, half, atol=1e-5)


def test_a_large_picture_keeps_the_relief_of_a_small_one():
    """Finer shapes follow brightness, so a picture that is enlarged has the same relief as before."""
    small = random_material(512, 3, []).color
    large = torch.nn.functional.interpolate(small[None], scale_factor=2.0, mode="bilinear")[0]
    one, other = (recognise(load_recognition(), x, TORUS, UNKNOWN_LIGHT).slopes for x in (small, large))
    again = torch.nn.functional.avg_pool2d(other, 2)
    assert float(torch.corrcoef(torch.stack([one.flatten(), again.flatten()]))[0, 1]) > 0.9
    assert 0.7 < float(again.std() / one.std()) < 1.4


def test_the_truth_costs_nothing_and_a_blank_map_costs_most(wanted):
    blank, mirrored, half, whole = (losses(perfect(wanted, factor), wanted) for factor in (0, -1, 0.5, 1))
    for name in RELIEF_LOSSES:
        assert whole[name] < 2e-2
    assert all(blank[name] > half[name] for name in RELIEF_LOSSES)
    assert mirrored["shape"] > 1.5 * blank["shape"]
    assert half["shape"] < 0.05 * blank["shape"]


def test_nothing_is_learned_where_it_is_not_known(wanted):
    outside = {**wanted, "known": wanted["known"] * 0}
    wrong = {**perfect(wanted), "roughness": perfect(wanted)["roughness"] + 3}
    assert losses(wrong, wanted)["roughness"] > 0.1
    assert losses(wrong, outside)["roughness"] < 1e-2


def test_classes_belong_to_kinds():
    assert KINDS[kind_of("brick_bricks059")] == "bricks"
    assert KINDS[kind_of("PavingStones")] == "paving"
    assert kind_of("door_door001") == UNKNOWN


def test_what_is_usual_of_a_kind_lies_between_its_surfaces_and_all(surface):
    flat = replace(surface, slopes=surface.slopes * 0, roughness=surface.roughness * 0 + 0.2)
    rough = replace(surface, roughness=surface.roughness * 0 + 0.8)
    bricks, tiles = KINDS.index("bricks"), KINDS.index("tiles")
    found = usual([rough, rough, flat, flat], [bricks, bricks, tiles, tiles], [True, True, True, False])
    of_all = found["snow"]  # of which there is none
    steep = float(surface.slopes.square().sum(0).sqrt().atan().rad2deg().mean())
    assert found["tiles"][0] < of_all[0] < found["bricks"][0] < steep + 0.5
    assert found["tiles"][1] < of_all[1] == found["bricks"][1] == 0.8


def test_what_was_recognised_is_said():
    flat = torch.zeros(30, 30)
    unsure = flat + 0.1
    unsure[:10, :10] = 0.5
    kinds = torch.zeros(len(KINDS))
    kinds[KINDS.index("bricks")] = 1
    found = Recognition(torch.full((2, 30, 30), 0.1), flat, unsure, flat, kinds)
    said = decisions(found, PhotoMapsParameters())
    assert said.startswith("looks like bricks; ")
    assert "8.0° on average" in said
    assert said.endswith("unsure at the upper left")


def test_a_training_learns_slopes_from_shading(surface):
    """On one grey surface; distances fall."""
    grey = Material(replace(surface, color=torch.full_like(surface.color, 0.4)), 1)
    one = RecognitionTraining([grey], [], [(torch.rand(3, 128, 128), 1)], 30, crop_px=64)
    distances = []
    for _ in range(30):
        distances.append(float(one.step()["distance"]))
        one.done += 1
    assert np.mean(distances[-8:]) < 0.9 * np.mean(distances[:8])


def test_examples_show_what_is_wanted(surface):
    """Grey surfaces, whose brightness is that of their true slopes towards the light, however they were turned."""
    grey = Material(replace(surface, color=torch.full_like(surface.color, 0.4)), 1)
    batch = Examples([grey], [], 64, "cpu").batch(96, Random.seeded(1, "cpu"))
    assert batch.suggested.shape == (96, 20, 2, 64, 64)
    assert len(batch.kinds) == 96
    wanted = by_name(batch.wanted, TARGETS)
    assert wanted["slopes"].shape == (96, 2, 64, 64)
    correlations = []
    for given, (across, down) in zip(batch.given, wanted["slopes"], strict=True):
        right, up = given[3:].mean((1, 2))
        if given[3:].any() and across.any():  # the light is told, and it is not paint
            pair = torch.stack([(down * up - across * right).flatten(), given[:3].mean(0).flatten()])
            correlations.append(float(torch.corrcoef(pair)[0, 1]))
    assert len(correlations) > 10
    assert np.mean(correlations) > 0.5


@pytest.mark.parametrize("seed", range(3))
def test_parts_are_turned_with_their_slopes(surface, seed):
    """Slopes are the differences of heights, at any angle and scale, and mirrored."""
    parts = Examples([Material(surface)], [], 128, "cpu")._cut(*torch.zeros(2, 4).long(), Random.seeded(seed, "cpu"))
    assert parts.shape[2:] == (128 + 2 * MARGIN_PX,) * 2
    height = parts[5]
    for axis, slopes in ((2, parts[3]), (1, parts[4])):
        differences = (height.roll(-1, axis) - height.roll(1, axis))[:, 2:-2, 2:-2] / 2
        for one, other in zip(differences, slopes[:, 2:-2, 2:-2], strict=True):
            assert float(torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1]) > 0.8


def test_surfaces_are_lit_from_their_suns():
    """A wall across the picture is bright towards its sun, and throws its shadow away from it."""
    height_px = torch.zeros(1, 64, 64)
    height_px[:, :, 30:34] = 10
    slopes = torch.stack([(height_px.roll(-1, 2) - height_px.roll(1, 2)) / 2, height_px * 0])
    plain = height_px * 0
    wall = Surfaces(torch.full((3, 1, 64, 64), 0.5), slopes, height_px, plain + 0.8, plain, plain + 1)
    left, right = lit(wall, Suns.one(180.0, 45.0)).mean((0, 1, 2))[[26, 37]]
    assert right < 0.5 * left
