"""`real-scale` and `patch-color`: what the user knows of the photograph."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from impasto import Maps, Recipe, Result, Step, run
from impasto.errors import ParameterError
from impasto.surface.color import linear_to_srgb, srgb_to_linear

GREY = (0.46, 0.46, 0.46)


def made(tool: str, source: Maps, **parameters: Any) -> Result:
    return run(Recipe((Step(tool, parameters),)), {"source": source})


def photograph(height: int = 60, width: int = 80) -> np.ndarray:
    return np.random.default_rng(0).uniform(0.2, 0.7, (height, width, 3)).astype(np.float32)


def test_a_known_length_gives_the_pictures_width_and_keeps_its_relief_in_proportion():
    source = Maps.from_arrays(
        {"base_color": photograph(), "height": photograph()[..., :1]}, width_m=2, height_range_m=0.1
    )
    result = made("real-scale", source, start=(0.1, 0.2), end=(0.4, 0.6), length_m=0.24)
    # 24 by 24 pixels of 80
    assert result.maps.width_m == pytest.approx(0.24 * 80 / np.hypot(24, 24))
    assert result.figures["width_m"] == result.maps.width_m
    assert result.maps.height_range_px == pytest.approx(source.height_range_px)
    assert result.maps.sha256() == source.sha256()


def test_a_length_without_ends_is_refused():
    with pytest.raises(ParameterError, match="start and end are the same place"):
        made("real-scale", Maps.from_arrays({"base_color": photograph()}), start=(0.3, 0.3), end=(0.3, 0.3))


def with_card(light: tuple[float, float, float]) -> tuple[Maps, np.ndarray]:
    """A photograph with a grey card under coloured light, and the truth."""
    truth = photograph()
    truth[40:52, 10:26] = GREY
    lit = linear_to_srgb(srgb_to_linear(truth) * np.float32(light))
    return Maps.from_arrays({"base_color": lit}), truth


def test_a_grey_card_gives_its_colour_to_the_whole_picture():
    source, truth = with_card((0.8, 0.6, 0.4))
    found = made("patch-color", source, patch=(18 / 80, 46 / 60), radius=0.08, color=GREY).maps["base_color"].pixels
    assert np.abs(found[40:52, 10:26] - GREY).max() < 0.002
    before = np.abs(source["base_color"].pixels - truth).mean()
    assert np.abs(found - truth).mean() < 0.15 * before


def test_the_brightness_may_stay():
    source, _ = with_card((0.4, 0.3, 0.2))
    given = {"patch": (18 / 80, 46 / 60), "radius": 0.08, "color": GREY, "brightness": False}
    found = srgb_to_linear(made("patch-color", source, **given).maps["base_color"].pixels[46, 18])
    assert np.ptp(found) < 1e-3
    assert found[1] == pytest.approx(
        srgb_to_linear(np.float32(0.46)) * (0.2126 * 0.4 + 0.7152 * 0.3 + 0.0722 * 0.2), rel=0.02
    )


def test_a_patch_that_tells_nothing_is_named():
    black = Maps.from_arrays({"base_color": np.zeros((20, 20, 3))})
    assert "the patch is black" in made("patch-color", black).notes[0]
    white = Maps.from_arrays({"base_color": np.ones((20, 20, 3))})
    assert "the patch is overexposed" in made("patch-color", white).notes[0]
    with pytest.raises(ParameterError, match=r"the patch at 1\.5, 0 is outside the picture"):
        made("patch-color", white, patch=(1.5, 0))
