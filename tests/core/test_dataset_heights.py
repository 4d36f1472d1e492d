"""Heights of training data: from normals, with their largest shapes, and in both directions."""

import numpy as np
import pytest
from training_pictures import hills, noise

from impasto import Maps
from impasto.data.dataset import dataset_of
from impasto.surface import heights


@pytest.mark.parametrize("is_tiling", [True, False])
def test_height_comes_back_from_normals(is_tiling):
    height = hills(128, is_tiling)
    base_color = np.asarray(noise(1, height.shape), np.float32) / 255
    dy, dx = np.gradient(np.pad(height, 2, mode="wrap" if is_tiling else "edge"))
    normal = heights.normal_from_slopes(np.stack([dx, dy], 2)[2:-2, 2:-2])
    maps = dataset_of(Maps.from_arrays({"base_color": base_color, "normal": normal})).samples[0].load()
    found_px = maps["height"].pixels[..., 0] * (maps.height_range_m / maps.width_m * maps.size_px[1])
    again = heights.normal_from_slopes(heights.slopes_from_height(found_px))
    vectors, wanted = (2 * encoded[2:-2, 2:-2] - 1 for encoded in (again, maps["normal"].pixels))
    angles = np.degrees(np.arccos(np.clip((vectors * wanted).sum(2), -1, 1)))
    assert angles.mean() < 0.08 * np.degrees(np.arccos(wanted[..., 2])).mean()  # long waves are damped
    assert np.corrcoef(found_px.ravel(), height.ravel())[0, 1] > 0.98


def test_the_largest_shapes_come_from_a_height_that_fits_and_not_from_another():
    height = hills(128) + 12 * np.sin(np.arange(128) * (2 * np.pi / 128))
    normal = heights.normal_from_slopes(heights.slopes_from_height(height))
    own = ((height - height.min()) / np.ptp(height)).astype(np.float32)[..., None]
    wrong = np.asarray(noise(1, (128, 128)).convert("L"), np.float32)[..., None] / 255
    alone, fitting, other = (
        heights.with_agreeing_height(normal, given, (True, True)).height for given in (None, own, wrong)
    )
    assert np.abs(fitting - own).max() < 0.01
    assert np.abs(alone - own).max() > 0.1
    assert np.array_equal(other, alone)
