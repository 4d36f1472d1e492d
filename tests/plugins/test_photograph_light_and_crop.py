"""Light, crop, scale and colours of photographs against synthetic truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from impasto import Maps, Recipe, Result, Step, run
from impasto.errors import ParameterError
from impasto.surface.color import linear_to_srgb, srgb_to_linear


def made(tool: str, pixels: np.ndarray, **parameters: Any) -> Result:
    return run(Recipe((Step(tool, parameters),)), {"source": Maps.from_arrays({"base_color": pixels})})


def grain(side: int = 96, seed: int = 0) -> np.ndarray:
    """A rough surface of one material (H, W, 3) in even light."""
    noise = gaussian_filter(np.random.default_rng(seed).standard_normal((side, side, 1)), (1, 1, 0))
    return np.clip(0.5 + 0.08 * noise / noise.std() * [1, 0.9, 0.8], 0.02, 0.98).astype(np.float32)


def lit(pixels: np.ndarray, light: np.ndarray) -> np.ndarray:
    return linear_to_srgb(srgb_to_linear(pixels) * light[..., None].astype(np.float32)).clip(0, 1)


def broad_error(pixels: np.ndarray, truth: np.ndarray) -> float:
    """Deviation in stops of the slow part of two pictures' ratio."""
    ratio = np.log2((srgb_to_linear(pixels) + 0.01) / (srgb_to_linear(truth) + 0.01)).mean(2)
    return float(gaussian_filter(ratio, 4, mode="nearest").std())


def detail(pixels: np.ndarray) -> float:
    """Contrast of fine detail."""
    return float(np.std(pixels - gaussian_filter(pixels, (4, 4, 0))) / pixels.mean())


@pytest.mark.parametrize("kind", ["gradient", "dark corners"])
def test_uneven_light_is_taken_out_up_to_the_borders(kind):
    truth = grain()
    y, x = np.mgrid[-1:1:96j, -1:1:96j]
    uneven = lit(truth, 2 ** (0.7 * x + 0.3 * y if kind == "gradient" else -0.6 * (x * x + y * y)))
    result = made("even-light", uneven)
    even = result.maps["base_color"].pixels
    assert broad_error(even, truth) < 0.12 * broad_error(uneven, truth)
    assert result.figures["light_stops_left"] < 0.2 * result.figures["light_stops"]
    assert detail(even) == pytest.approx(detail(truth), rel=0.1)


def test_even_light_keeps_patches_of_another_hue():
    truth = grain()
    truth[:, :48] = truth[:, :48] * [0.5, 1.0, 1.3] * 0.7
    even = made("even-light", truth).maps["base_color"].pixels
    assert np.ptp([even[:, :40].mean(), even[:, 56:].mean()]) > 0.4 * np.ptp(
        [truth[:, :40].mean(), truth[:, 56:].mean()]
    )


def test_exposure_is_set_by_the_mean_without_clipping():
    dark = lit(grain(), np.full((96, 96), 0.2))
    result = made("balance", dark, brightness=0.2)
    linear = srgb_to_linear(result.maps["base_color"].pixels) @ [0.2126, 0.7152, 0.0722]
    assert np.exp(np.log(linear).mean()) == pytest.approx(0.2, rel=0.02)
    assert result.figures["exposure_stops"] > 1
    lamp = dark.copy()
    lamp[:12, :12] = 0.9
    assert (made("balance", lamp, brightness=0.8).maps["base_color"].pixels >= 1).mean() < 0.01


@pytest.mark.parametrize("white", ["mean", "brightest"])
def test_the_colour_of_the_light_is_found(white):
    grey = np.repeat(grain()[..., :1], 3, 2)
    warm = linear_to_srgb(srgb_to_linear(grey) * np.float32([1.0, 0.8, 0.55]))
    neutral = made("balance", warm, white=white, exposure=False).maps["base_color"].pixels
    assert np.ptp(neutral.mean((0, 1))) < 0.02 < np.ptp(warm.mean((0, 1)))
    cold = made("balance", grain(), white="temperature", temperature=2700, exposure=False).maps["base_color"].pixels
    assert cold[..., 2].mean() > grain()[..., 2].mean() + 0.05  # a known temperature is undone


@pytest.mark.parametrize("tool", ["balance", "even-light"])
def test_black_and_clipped_pictures_are_answered(tool):
    for level in (0.0, 1.0):
        result = made(tool, np.full((32, 32, 3), level))
        assert np.allclose(result.maps["base_color"].pixels, level, atol=1e-3)
        assert tool == "even-light" or "black or white throughout" in result.notes[0]


def test_bricks_are_cropped_to_whole_periods_that_wrap():
    y, x = np.mgrid[:150, :170]
    joints = (y % 16 < 2) | ((x + 12 * (y // 16 % 2)) % 24 < 2)
    pixels = np.where(joints, 0.2, 0.6)[..., None] + 0.04 * np.random.default_rng(0).standard_normal((150, 170, 3))
    result = made("crop-period", pixels.clip(0, 1))
    rows, columns = result.maps.size_px
    assert (rows % 32, columns % 24) == (0, 0)
    assert rows >= 75
    assert columns >= 85
    assert result.figures["seam_after"] < 3


def flawed() -> dict[str, np.ndarray]:
    """A good photograph and four of the same surface, each with one flaw."""
    good = grain(128, seed=3)
    x = np.mgrid[-1:1:128j, -1:1:128j][1]
    noise = 0.05 * np.random.default_rng(1).standard_normal(good.shape)
    return {
        "good": good,
        "blurred": gaussian_filter(good, (1.5, 1.5, 0)),
        "noisy": np.clip(good + noise, 0, 1),
        "clipped": np.clip(good * 2.1, 0, 1),
        "uneven": lit(good, 2 ** (1.2 * x)),
    }


@pytest.mark.slow
def test_the_best_photograph_is_the_one_without_flaws_and_it_says_why():
    given = {name: Maps.from_arrays({"base_color": pixels}, name=name) for name, pixels in flawed().items()}
    names = ["blurred", "noisy", "good", "clipped", "uneven"]
    result = run(Recipe((Step("best-photograph", {}, {"photo": tuple(names)}),)), given)
    assert result.maps.sha256() == given["good"].sha256()
    assert result.figures["best"] == 3
    assert result.notes[0].startswith("good: sharpness ")
    assert len(result.notes) == 5
    worst = {quality: names[int(np.argmax([result.figures[f"{quality}_{i}"] for i in range(1, 6)]))] for quality in
             ("noise", "clipped", "light_stops")}  # fmt: skip
    assert worst == {"noise": "noisy", "clipped": "clipped", "light_stops": "uneven"}
    assert min(range(1, 6), key=lambda i: result.figures[f"sharpness_{i}"]) == 1


GREY = (0.46, 0.46, 0.46)


def made_of(tool: str, source: Maps, **parameters: Any) -> Result:
    return run(Recipe((Step(tool, parameters),)), {"source": source})


def photograph(height: int = 60, width: int = 80) -> np.ndarray:
    return np.random.default_rng(0).uniform(0.2, 0.7, (height, width, 3)).astype(np.float32)


def test_a_known_length_gives_the_pictures_width_and_keeps_its_relief_in_proportion():
    source = Maps.from_arrays(
        {"base_color": photograph(), "height": photograph()[..., :1]}, width_m=2, height_range_m=0.1
    )
    result = made_of("real-scale", source, start=(0.1, 0.2), end=(0.4, 0.6), length_m=0.24)
    # 24 by 24 pixels of 80
    assert result.maps.width_m == pytest.approx(0.24 * 80 / np.hypot(24, 24))
    assert result.figures["width_m"] == result.maps.width_m
    assert result.maps.height_range_px == pytest.approx(source.height_range_px)
    assert result.maps.sha256() == source.sha256()


def test_a_length_without_ends_is_refused():
    with pytest.raises(ParameterError, match="start and end are the same place"):
        made_of("real-scale", Maps.from_arrays({"base_color": photograph()}), start=(0.3, 0.3), end=(0.3, 0.3))


def with_card() -> tuple[Maps, np.ndarray]:
    """A photograph with a grey card under coloured light, and the truth."""
    truth = photograph()
    truth[40:52, 10:26] = GREY
    lit = linear_to_srgb(srgb_to_linear(truth) * np.float32((0.8, 0.6, 0.4)))
    return Maps.from_arrays({"base_color": lit}), truth


def test_a_grey_card_gives_its_colour_to_the_whole_picture_whose_brightness_may_stay():
    source, truth = with_card()
    found = made_of("patch-color", source, patch=(18 / 80, 46 / 60), radius=0.08, color=GREY).maps["base_color"].pixels
    assert np.abs(found[40:52, 10:26] - GREY).max() < 0.002
    before = np.abs(source["base_color"].pixels - truth).mean()
    assert np.abs(found - truth).mean() < 0.15 * before
    given = {"patch": (18 / 80, 46 / 60), "radius": 0.08, "color": GREY, "brightness": False}
    linear = srgb_to_linear(made_of("patch-color", source, **given).maps["base_color"].pixels[46, 18])
    assert np.ptp(linear) < 1e-3
    assert linear[1] == pytest.approx(
        srgb_to_linear(np.float32(0.46)) * (0.2126 * 0.8 + 0.7152 * 0.6 + 0.0722 * 0.4), rel=0.02
    )


def test_a_patch_that_tells_nothing_is_named():
    black = Maps.from_arrays({"base_color": np.zeros((20, 20, 3))})
    assert "the patch is black" in made_of("patch-color", black).notes[0]
    white = Maps.from_arrays({"base_color": np.ones((20, 20, 3))})
    assert "the patch is overexposed" in made_of("patch-color", white).notes[0]
    with pytest.raises(ParameterError, match=r"the patch at 1\.5, 0 is outside the picture"):
        made_of("patch-color", white, patch=(1.5, 0))
