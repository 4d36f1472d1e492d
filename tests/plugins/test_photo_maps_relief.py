"""Photo maps of rendered surfaces whose relief is known: the defaults are neither blank, mirrored, nor too strong."""

from __future__ import annotations

import pytest
from estimating import estimate
from photographed import Camera, photographs

from impasto import Maps, Recipe, Step, run
from impasto.evaluation.maps import normal_figures
from impasto.surface.shading import Light

SETS = ("cobbles", "stone-wall", "bricks")
STRONGEST, WEAKEST, LEAST_CORRELATION = 2.0, 0.2, 0.1
"""Tilt over the truth's, and correlation of slopes in the frequency band of stones and bricks."""


@pytest.fixture(scope="module", params=SETS)
def truth(request) -> Maps:
    """A procedural material of 512 px."""
    return run(Recipe((Step(request.param, {"width_px": 512, "height_px": 512}),), seed=5)).maps


@pytest.fixture(scope="module")
def photograph(truth) -> Maps:
    """The surface from above in the sun, from a side that is not told."""
    (picture,) = photographs(truth, [Light(140.0, 45.0)], Camera(ambient=0.3, strength_stops=0.0))
    return picture


def is_right(made: Maps, truth: Maps) -> bool:
    """Whether relief is neither blank, nor mirrored, nor too strong."""
    found = normal_figures(made["normal"].pixels, truth["normal"].pixels)
    return WEAKEST < found["tilt_ratio"] < STRONGEST and found["pieces_correlation"] > LEAST_CORRELATION


@pytest.mark.essential
def test_the_defaults_show_the_relief(photograph, truth):
    assert is_right(estimate(photograph), truth)
