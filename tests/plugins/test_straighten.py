"""`straighten` against synthetic truth: a known picture is seen in perspective, and recovered."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates
from skimage.transform import ProjectiveTransform, warp

from impasto import Maps, Recipe, Result, Step, run
from impasto.errors import ParameterError
from impasto.patterns.detection import find_regularity
from impasto.surface.color import srgb_to_linear
from impasto.surface.heights import normal_from_slopes, slopes_from_height
from impasto_photograph.vanishing_points import find_vanishing_points

FOCAL_PX = 160.0
FLAT = {"top_left": (0, 0), "top_right": (1, 0), "bottom_right": (1, 1), "bottom_left": (0, 1)}


def straightened(source: Maps, **parameters: Any) -> Result:
    return run(Recipe((Step("straighten", parameters),)), {"source": source})


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


def resized(pixels: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
    """Pixels (H, W, C) at another size, by cubic splines."""
    at = [(np.arange(side) + 0.5) * old / side - 0.5 for side, old in zip(size_px, pixels.shape[:2], strict=True)]
    y, x = np.meshgrid(*at, indexing="ij")
    return np.stack(
        [map_coordinates(channel, [y, x], order=3, mode="nearest") for channel in np.moveaxis(pixels, 2, 0)], 2
    )


@pytest.mark.parametrize("tilt", [(0.5, 0.0), (0.0, -0.45), (0.35, 0.3)])
def test_a_picture_seen_at_an_angle_is_recovered(tilt):
    truth = waves()
    view, corners = seen(truth, camera(truth, (200, 240), tilt, 190), (200, 240))
    made = straightened(Maps.from_arrays({"base_color": view}), aspect=1.5, **corners).maps["base_color"].pixels
    assert made.shape[1] / made.shape[0] == pytest.approx(1.5, rel=0.01)
    differences = np.abs(made - resized(truth, made.shape[:2]))[4:-4, 4:-4]
    assert differences.mean() < 0.006  # half a pixel aside would give 0.02
    assert differences.max() < 0.05


@pytest.mark.parametrize(("tilt", "within"), [((0.35, 0.3), 0.01), ((0.5, 0.0), 0.08), ((0.0, 0.0), 0.01)])
def test_proportions_follow_from_the_perspective(tilt, within):
    """Seen from one side, the focal length does not show, and the usual one is a guess."""
    truth = waves()
    view, corners = seen(truth, camera(truth, (200, 240), tilt, 190), (200, 240))
    made = straightened(Maps.from_arrays({"base_color": view}), **corners).maps
    assert made.size_px[1] / made.size_px[0] == pytest.approx(1.5, rel=within)


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
    made = straightened(surface, aspect=1.6, **sideways).maps
    assert set(made) == set(surface)
    assert made.width_m == pytest.approx(0.8, rel=0.02)  # metres of a texel stay
    linear = srgb_to_linear(made["base_color"].pixels[..., 0])
    assert np.abs(linear - srgb_to_linear(made["height"].pixels[..., 0])).max() < 0.02
    expected = normal_from_slopes(slopes_from_height(made["height"].pixels[..., 0] * made.height_range_px))
    assert np.abs(made["normal"].pixels - expected)[3:-3, 3:-3].mean() < 0.01


def test_the_corners_of_the_whole_picture_change_nothing():
    view = Maps.from_arrays({"base_color": waves()})
    result = straightened(view)
    assert result.maps.sha256() == view.sha256()
    assert result.notes == ("the corners are those of the picture, so nothing is changed",)


@pytest.mark.parametrize(
    ("corners", "message"),
    [
        ({"top_left": (1, 0), "top_right": (0, 0)}, "do not follow each other clockwise around a rectangle, or its"),
        ({"top_left": (0, 1), "bottom_left": (0, 0)}, "do not follow each other clockwise"),
        ({"top_left": (0.5, 0), "bottom_left": (0.5, 0)}, "lie on one line"),
        ({"bottom_right": (0.5, 0.5)}, "three of the four corners lie on one line"),
        ({"bottom_right": (0.4, 0.4)}, "do not follow each other clockwise"),
        ({"top_right": (1.3, 0)}, "the top right corner at 1.3, 0 is outside the picture"),
        (dict.fromkeys(FLAT, (0.5, 0.5)), "lie on one line"),
    ],
)
def test_corners_that_no_rectangle_has_are_refused(corners, message):
    with pytest.raises(ParameterError, match=message):
        straightened(Maps.from_arrays({"base_color": waves(32, 48)}), **corners)


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
    result = straightened(Maps.from_arrays({"base_color": view}), find="automatic")
    assert max(leanings(view)) > 10
    assert max(leanings(result.maps["base_color"].pixels)) < 0.8
    periods = [rows.period for rows in find_regularity(luma_of(result.maps)).rows]
    assert periods[0] / periods[1] == pytest.approx(1, rel=0.04)  # the tiles are square again


def luma_of(maps: Maps) -> torch.Tensor:
    return torch.from_numpy(maps["base_color"].pixels.mean(2))


@pytest.mark.parametrize(
    ("pixels", "note"),
    [
        (np.random.default_rng(0).uniform(0, 1, (96, 96, 3)), "no straight lines were found"),
        (np.full((96, 96, 3), 0.5), "no straight lines were found"),
        (np.ones((16, 200, 3)), "no straight lines were found"),
        (paving(), "its lines are straight already"),
    ],
)
def test_a_picture_without_slanted_lines_is_left_as_it_is(pixels, note):
    source = Maps.from_arrays({"base_color": pixels})
    result = straightened(source, find="automatic")
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
        step = Step("lens", {"find": "given", "k1": k1})
        made = run(Recipe((step,)), {"source": Maps.from_arrays({"base_color": bent(truth, k1)})}).maps
        rows, columns = made.size_px
        y, x = np.mgrid[:rows, :columns] + 0.5
        expected = sample(truth, y + (120 - rows) / 2, x + (120 - columns) / 2)
        inside = (y > 14) & (y < rows - 14) & (x > 14) & (x < columns - 14)
        assert np.abs(made["base_color"].pixels - expected)[inside].max() < 0.03


@pytest.mark.parametrize("k1", [0.0, -0.15])
def test_curvature_is_found_by_bent_lines(k1):
    source = Maps.from_arrays({"base_color": bent(paving(), k1)})
    assert run(Recipe((Step("lens"),)), {"source": source}).figures["k1"] == pytest.approx(k1, abs=0.02)


def test_what_becomes_smaller_is_averaged():
    fine = np.arange(128)[:, None, None] % 2 * np.ones((1, 128, 3))
    far = {"top_left": (0.4, 0), "top_right": (0.6, 0), "bottom_right": (1, 1), "bottom_left": (0, 1)}
    rows = straightened(Maps.from_arrays({"base_color": fine}), aspect=1.0, **far).maps["base_color"].pixels
    near = srgb_to_linear(rows[-rows.shape[0] // 8 :])  # several rows of the source become one
    assert np.abs(near - 0.5).mean() < 0.12  # 0.3 with a sample for each pixel
