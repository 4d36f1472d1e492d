"""Perspective, lens, light, crop, scale and colours of photographs, against synthetic truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from cases import each_case
from making import made
from materials import bond
from scipy.ndimage import gaussian_filter, map_coordinates
from skimage.transform import ProjectiveTransform, resize, warp

from impasto import Maps, Recipe, Step, run
from impasto.errors import ParameterError
from impasto.patterns.detection import find_regularity
from impasto.surface.color import linear_to_srgb, srgb_to_linear
from impasto.surface.heights import normal_from_slopes, slopes_from_height
from impasto_photograph.vanishing_points import find_vanishing_points

FOCAL_PX = 160.0
FLAT = {"top_left": (0, 0), "top_right": (1, 0), "bottom_right": (1, 1), "bottom_left": (0, 1)}


def waves(height: int = 96, width: int = 144) -> np.ndarray:
    """A smooth picture (H, W, 3), so that resampling loses nothing."""
    y, x = np.mgrid[:height, :width] + 0.5
    layers = [np.sin(x / 5 + i) * np.cos(y / (6 + i)) for i in range(3)]
    return 0.5 + 0.35 * np.stack(layers, 2)


def camera(pixels: np.ndarray, size_px: tuple[int, int], tilt: tuple[float, float], distance: float) -> Any:
    """Matrix from pixels (x, y) of a plane to those of a camera turned by `tilt` (radians) about x and y."""
    (height, width), (rows, columns) = size_px, pixels.shape[:2]
    cx, sx, cy, sy = (f(angle) for angle in tilt for f in (np.cos, np.sin))
    rotation = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]]) @ np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    center = np.array([[1, 0, -columns / 2], [0, 1, -rows / 2], [0, 0, 1.0]])
    plane = np.stack([rotation[:, 0], rotation[:, 1], [0, 0, distance]], 1)
    return np.array([[FOCAL_PX, 0, width / 2], [0, FOCAL_PX, height / 2], [0, 0, 1]]) @ plane @ center


def seen(pixels: np.ndarray, matrix: np.ndarray, size_px: tuple[int, int]) -> tuple[np.ndarray, dict[str, Any]]:
    """The camera's picture, and where the plane's corners are in it, as parameters."""
    shift = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])  # scikit-image's first pixel is at 0
    inverse = ProjectiveTransform(np.linalg.inv(np.linalg.inv(shift) @ matrix @ shift))
    view = warp(pixels, inverse, output_shape=size_px, order=3, mode="edge")
    rows, columns = pixels.shape[:2]
    corners = np.array([(0, 0, 1), (columns, 0, 1), (columns, rows, 1), (0, rows, 1)]) @ matrix.T
    points = corners[:, :2] / corners[:, 2:] / (size_px[1], size_px[0])
    return view, {name: tuple(point.tolist()) for name, point in zip(FLAT, points, strict=True)}


@pytest.mark.parametrize("tilt", [(0.5, 0.0), (0.0, -0.45), (0.35, 0.3)])
def test_a_picture_seen_at_an_angle_is_recovered(tilt):
    truth = waves()
    view, corners = seen(truth, camera(truth, (200, 240), tilt, 190), (200, 240))
    flat = made("straighten", view, aspect=1.5, **corners).maps["base_color"].pixels
    assert flat.shape[1] / flat.shape[0] == pytest.approx(1.5, rel=0.01)
    differences = np.abs(flat - resize(truth, flat.shape, order=3, mode="edge", anti_aliasing=False))[4:-4, 4:-4]
    assert differences.mean() < 0.006  # half a pixel aside would give 0.02
    assert differences.max() < 0.05


@pytest.mark.parametrize(("tilt", "within"), [((0.35, 0.3), 0.01), ((0.5, 0.0), 0.08), ((0.0, 0.0), 0.01)])
def test_proportions_follow_from_the_perspective(tilt, within):
    """Seen from one side, the focal length does not show, and the usual one is a guess."""
    truth = waves()
    view, corners = seen(truth, camera(truth, (200, 240), tilt, 190), (200, 240))
    flat = made("straighten", view, **corners).maps
    assert flat.size_px[1] / flat.size_px[0] == pytest.approx(1.5, rel=within)


def test_all_maps_stay_in_step_and_normals_turn_with_the_surface():
    height = waves(128, 128)[..., :1].astype(np.float32)
    surface = Maps.from_arrays(
        {
            "base_color": np.repeat(height, 3, 2),
            "height": height,
            "normal": normal_from_slopes(slopes_from_height(8.0 * height[..., 0])),
        },
        width_m=1.0,
        height_range_m=8 / 128,
    )
    sideways = {"top_left": (0.8, 0.1), "top_right": (0.8, 0.9), "bottom_right": (0.3, 0.9), "bottom_left": (0.3, 0.1)}
    flat = made("straighten", surface, aspect=1.6, **sideways).maps
    assert set(flat) == set(surface)
    assert flat.width_m == pytest.approx(0.8, rel=0.02)  # metres of a texel stay
    linear = srgb_to_linear(flat["base_color"].pixels[..., 0])
    assert np.abs(linear - srgb_to_linear(flat["height"].pixels[..., 0])).max() < 0.02
    expected = normal_from_slopes(slopes_from_height(flat["height"].pixels[..., 0] * flat.height_range_px))
    assert np.abs(flat["normal"].pixels - expected)[3:-3, 3:-3].mean() < 0.01


def test_the_corners_of_the_whole_picture_change_nothing():
    view = Maps.from_arrays({"base_color": waves()})
    result = made("straighten", view)
    assert result.maps.sha256() == view.sha256()
    assert result.notes == ("the corners are those of the picture, so nothing is changed",)


@each_case("corners")
def test_corners_that_no_rectangle_has_are_refused(corners, message):
    with pytest.raises(ParameterError, match=message):
        made("straighten", waves(32, 48), **corners)


def paving(side: int = 120) -> np.ndarray:
    """Tiles with joints and grain, (H, W, 3)."""
    y, x = np.mgrid[:side, :side] % 15
    grain = 0.05 * np.random.default_rng(0).standard_normal((side, side, 3))
    return np.clip(np.where((y < 2) | (x < 2), 0.2, 0.6)[..., None] + grain, 0, 1)


def leanings(pixels: np.ndarray) -> list[float]:
    """Largest angles in degrees of lines along x and y to these axes."""
    luma = torch.from_numpy(pixels.mean(2)).float()
    x, y = (point.position for point in find_vanishing_points(luma) if point)
    half = np.array([pixels.shape[1], pixels.shape[0]]) / 2
    along = [[point[:2] - point[2] * half * (i, j) for i in (-1, 1) for j in (-1, 1)] for point in (x, y)]
    return [max(np.degrees(np.arctan(abs(d[1 - k] / d[k]))) for d in along[k]) for k in (0, 1)]


@pytest.mark.slow
def test_a_regular_surface_is_straightened_by_its_lines():
    view, _ = seen(paving(), camera(paving(), (128, 128), (0.35, -0.25), 130), (128, 128))
    result = made("straighten", view, find="automatic")
    assert max(leanings(view)) > 10
    assert max(leanings(result.maps["base_color"].pixels)) < 0.8
    periods = [rows.period for rows in find_regularity(torch.from_numpy(result.maps["base_color"].pixels.mean(2))).rows]
    assert periods[0] / periods[1] == pytest.approx(1, rel=0.04)  # the tiles are square again


@pytest.mark.parametrize(
    ("pixels", "note"),
    [
        (np.random.default_rng(0).uniform(0, 1, (96, 96, 3)), "no straight lines were found"),
        (np.full((96, 96, 3), 0.5), "no straight lines were found"),
        (np.ones((16, 200, 3)), "no straight lines were found"),
        (paving(), "its lines are straight already"),
    ],
)
def test_pictures_without_slanted_lines_stay_unchanged(pixels, note):
    source = Maps.from_arrays({"base_color": pixels})
    result = made("straighten", source, find="automatic")
    assert result.maps.sha256() == source.sha256()
    assert result.notes[0].startswith(note)


def bent(pixels: np.ndarray, k1: float) -> np.ndarray:
    """A picture through a lens that shows what is at r / (1 + k1 r²) at r."""
    height, width = pixels.shape[:2]
    half = np.hypot(height, width) / 2
    y, x = (np.mgrid[:height, :width] + 0.5 - np.array([height, width])[:, None, None] / 2) / half
    scale = half / (1 + k1 * (x * x + y * y))
    return sample(pixels, y * scale + height / 2, x * scale + width / 2)


def sample(pixels: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    channels = np.moveaxis(pixels, 2, 0)
    return np.stack([map_coordinates(one, [y - 0.5, x - 0.5], order=3, mode="reflect") for one in channels], 2)


def test_a_given_curvature_is_undone():
    truth = waves(120, 120)
    for k1 in (-0.12, 0.1):
        found = made("lens", bent(truth, k1), find="given", k1=k1).maps
        rows, columns = found.size_px
        y, x = np.mgrid[:rows, :columns] + 0.5
        expected = sample(truth, y + (120 - rows) / 2, x + (120 - columns) / 2)
        inside = (y > 14) & (y < rows - 14) & (x > 14) & (x < columns - 14)
        assert np.abs(found["base_color"].pixels - expected)[inside].max() < 0.03


@pytest.mark.parametrize("k1", [0.0, -0.15])
def test_curvature_is_found_by_bent_lines(k1):
    assert made("lens", bent(paving(), k1)).figures["k1"] == pytest.approx(k1, abs=0.02)


def test_shrinking_averages_pixels():
    fine = np.arange(128)[:, None, None] % 2 * np.ones((1, 128, 3))
    far = {"top_left": (0.4, 0), "top_right": (0.6, 0), "bottom_right": (1, 1), "bottom_left": (0, 1)}
    rows = made("straighten", fine, aspect=1.0, **far).maps["base_color"].pixels
    near = srgb_to_linear(rows[-rows.shape[0] // 8 :])  # several rows of the source become one
    assert np.abs(near - 0.5).mean() < 0.12  # 0.3 with a sample for each pixel


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
    result = made("crop-period", bond(170, 16, 24)[:150])
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
def test_the_photograph_without_flaws_is_chosen_with_a_reason():
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


def photograph(height: int = 60, width: int = 80) -> np.ndarray:
    return np.random.default_rng(0).uniform(0.2, 0.7, (height, width, 3)).astype(np.float32)


def test_a_known_length_sets_the_real_width_and_keeps_the_relief():
    source = Maps.from_arrays(
        {"base_color": photograph(), "height": photograph()[..., :1]}, width_m=2, height_range_m=0.1
    )
    result = made("real-scale", source, start=(0.1, 0.2), end=(0.4, 0.6), length_m=0.24)
    # 24 by 24 pixels of 80
    assert result.maps.width_m == pytest.approx(0.24 * 80 / np.hypot(24, 24))
    assert result.figures["width_m"] == result.maps.width_m
    assert result.maps.height_range_px == pytest.approx(source.height_range_px)
    assert result.maps.sha256() == source.sha256()
    with pytest.raises(ParameterError, match="start and end are the same place"):
        made("real-scale", photograph(), start=(0.3, 0.3), end=(0.3, 0.3))


def with_card() -> tuple[Maps, np.ndarray]:
    """A photograph with a grey card under coloured light, and the truth."""
    truth = photograph()
    truth[40:52, 10:26] = GREY
    lit = linear_to_srgb(srgb_to_linear(truth) * np.float32((0.8, 0.6, 0.4)))
    return Maps.from_arrays({"base_color": lit}), truth


def test_a_grey_card_corrects_the_colours_of_the_whole_picture():
    source, truth = with_card()
    found = made("patch-color", source, patch=(18 / 80, 46 / 60), radius=0.08, color=GREY).maps["base_color"].pixels
    assert np.abs(found[40:52, 10:26] - GREY).max() < 0.002
    before = np.abs(source["base_color"].pixels - truth).mean()
    assert np.abs(found - truth).mean() < 0.15 * before
    given = {"patch": (18 / 80, 46 / 60), "radius": 0.08, "color": GREY, "brightness": False}
    linear = srgb_to_linear(made("patch-color", source, **given).maps["base_color"].pixels[46, 18])
    assert np.ptp(linear) < 1e-3
    assert linear[1] == pytest.approx(
        srgb_to_linear(np.float32(0.46)) * (0.2126 * 0.8 + 0.7152 * 0.6 + 0.0722 * 0.4), rel=0.02
    )


def test_useless_colour_patches_are_reported():
    assert "the patch is black" in made("patch-color", np.zeros((20, 20, 3))).notes[0]
    white = np.ones((20, 20, 3))
    assert "the patch is overexposed" in made("patch-color", white).notes[0]
    with pytest.raises(ParameterError, match=r"the patch at 1\.5, 0 is outside the picture"):
        made("patch-color", white, patch=(1.5, 0))
