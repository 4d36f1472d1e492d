"""Controls order as they must, and what repeats or adds nothing shows in its figure."""

import numpy as np
import pytest
from test_evaluate import surface

from impasto import Maps
from impasto.evaluation.cases import EvaluationCase
from impasto.evaluation.controls import crops, quilt_control, random_phase_noise
from impasto.evaluation.figures import compared_maps
from impasto.evaluation.generation import network_share
from impasto.evaluation.independent import IndependentFigures
from impasto.evaluation.metrics.pattern_salience import PatternSalience

SIDE = 256


@pytest.fixture(scope="module")
def case() -> EvaluationCase:
    real = [surface(seed, SIDE, SIDE) for seed in (1, 2, 3)]
    return EvaluationCase("", (real[0],), (real[1],), True, tuple(real[1:]))


@pytest.mark.slow
def test_noise_is_further_from_real_crops_than_a_quilt_and_both_than_another_crop(case):
    names = compared_maps(case, case.judged[0])
    independent = IndependentFigures(case, names)
    rows = {
        "crop": [independent.of(maps, tiles=False) for maps in crops(case)],
        "quilt": [independent.of(quilt_control(case.others[0], (SIDE, SIDE)))],
        "noise": [independent.of(random_phase_noise(case.others[0], (SIDE, SIDE), names))],
    }
    for figure in ("statistics", "phases"):
        crop, quilt, noise = (np.mean([one[figure] for one in figures]) for figures in rows.values())
        assert crop < quilt < noise, figure
        assert noise > 1.2 * crop, figure
    assert rows["quilt"][0]["relief_ratio"] == pytest.approx(1, abs=0.2)


def test_a_tile_with_a_landmark_or_with_a_patch_of_other_contrast_is_more_salient_than_a_crop():
    def noise(seed):
        return np.random.default_rng(seed).standard_normal((SIDE, SIDE, 1)).astype(np.float32)

    salience = PatternSalience([noise(seed) for seed in range(4)])
    usual, drift = np.mean([salience.of_crop(noise(seed)) for seed in range(4, 8)], 0)
    assert usual == pytest.approx(1, abs=0.15)
    assert drift < 1.1
    patch = (slice(100, 140), slice(60, 100))
    brighter, rougher = noise(9), noise(9)
    brighter[patch] += 1
    rougher[patch] *= 1.6
    assert salience.of_crop(brighter)[0] > 1.5
    assert salience.of_crop(rougher)[0] > 1.5
    waves = np.sin(4 * np.pi * np.arange(SIDE) / SIDE)[:, None, None] / 8  # no patch of them stands out
    assert salience.of_crop(noise(9) + waves)[1] > 1.3


def test_the_share_of_the_network_is_none_where_it_adds_nothing_and_all_where_nothing_else_varies():
    made, flat = surface(1, 64, 64), Maps.from_arrays({"base_color": np.full((64, 64, 3), 0.5)})
    assert network_share([made], [made], ["base_color", "height"]) == {"base_color": 0, "height": 0, "all": 0}
    assert network_share([made], [flat], ["base_color"])["all"] == pytest.approx(1)
    assert network_share([made], [], ["base_color"]) == {}
    color = made["base_color"].pixels
    halved = Maps.from_arrays({"base_color": color.mean((0, 1)) + (color - color.mean((0, 1))) / 2})
    assert network_share([made], [halved], ["base_color"])["all"] == pytest.approx(0.75, abs=1e-4)
