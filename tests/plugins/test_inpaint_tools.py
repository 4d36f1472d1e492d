"""Landmarks are found, bands along borders are mended, and pictures extended, with what was there left as it is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from impasto import Maps, Recipe, Result, Step, run
from impasto.errors import ParameterError
from impasto.surface.seams import seam_z
from impasto_synthesis.inpaint.landmarks import spread_at_borders

data = pytest.importorskip("skimage.data")


def photograph(name: str, side: int = 128) -> Maps:
    """One of scikit-image's grey photographs at half its size, with a height."""
    grey = getattr(data, name)()[: 2 * side, : 2 * side].astype(np.float32) / 255
    grey = grey.reshape(side, 2, side, 2).mean((1, 3))
    arrays = {"base_color": np.repeat(grey[..., None], 3, axis=2), "height": grey}
    return Maps.from_arrays(arrays, width_m=2.0, height_range_m=0.1)


def made(tool: str, source: Maps, **parameters) -> Result:
    return run(Recipe((Step(tool, parameters),), 1), {"source": source})


def test_a_stain_is_found_where_it_is_and_its_mask_is_a_picture():
    source = photograph("brick")
    tile = np.pad(source["base_color"].pixels[:64, :64], ((0, 64), (0, 64), (0, 0)), "symmetric")
    y, x = np.mgrid[:128, :128]
    stain = 0.35 * np.exp(-((y - 40) ** 2 + (x - 80) ** 2) / (2 * 7**2))
    result = made("find-landmarks", source.with_arrays({"base_color": tile - stain[..., None]}))
    mask = result.maps["base_color"].pixels
    assert set(result.maps) == {"base_color"}
    assert result.figures["landmarks"] >= 1
    assert result.figures["salience"] > 4
    assert mask[40, 80].all()
    assert 0.005 < mask.mean() < 0.15
    assert "found" in result.notes[0]


def test_the_threshold_and_the_number_of_landmarks_are_kept():
    assert made("find-landmarks", photograph("grass"), threshold=1.5, most=2).figures["landmarks"] == 2
    result = made("find-landmarks", photograph("grass"), threshold=20)
    assert result.figures["landmarks"] == 0
    assert not result.maps["base_color"].pixels.any()


def test_the_spread_near_a_mirrored_border_is_that_of_noise():
    noise = np.random.default_rng(0).standard_normal((60, 4000))
    smooth = gaussian_filter(noise, (5, 0), mode="mirror")
    expected = spread_at_borders(60, 5.0) * smooth[25:35].std()
    np.testing.assert_allclose(smooth.std(1), expected, rtol=0.06)  # 4000 samples in each row: ±1.1 %, 3σ


def test_what_does_not_tile_is_mended_along_its_borders_only():
    source = photograph("gravel")
    assert max(seam_z(source["base_color"].pixels)) > 3
    result = made("mend-tiling", source)
    for name in source:
        assert max(seam_z(result.maps[name].pixels)) < 3
        same = (result.maps[name].pixels == source[name].pixels).all(2)
        assert same[32:-32, 32:-32].all()
        assert same.mean() > 0.4
    assert "borders" in result.notes[0]
    again = made("mend-tiling", result.maps)
    assert np.array_equal(again.maps["base_color"].pixels, result.maps["base_color"].pixels)
    assert "nothing was mended" in again.notes[0]


def test_bricks_are_cropped_to_whole_rows_on_request_and_told_of_otherwise():
    y, x = np.mgrid[:200, :200]
    rng = np.random.default_rng(0)
    shifted = x + (y // 24 % 2) * 25
    tone = rng.uniform(0.2, 0.5, (9, 6))[y // 24, shifted // 50]
    wall = np.where((y % 24 < 3) | (shifted % 50 < 3), 0.9, tone) + 0.02 * rng.standard_normal((200, 200))
    source = Maps.from_arrays({"base_color": np.repeat(np.clip(wall, 0, 1)[..., None], 3, 2)})
    result = made("mend-tiling", source, whole_periods=True, quality="quick")
    assert result.maps.size_px == (192, 200)
    assert any("whole_periods" in note for note in made("mend-tiling", source, quality="quick").notes)


def test_margins_continue_the_picture_which_stays_as_it_is():
    source = photograph("gravel")
    maps = made("extend", source, left=0.25, top=0.125).maps
    assert maps.size_px == (144, 160)
    assert maps.width_m == pytest.approx(2.5)
    for name in source:
        assert np.array_equal(maps[name].pixels[16:, 32:], source[name].pixels)
    pixels = maps["base_color"].pixels
    assert seam_z(np.roll(pixels, -32, 1))[0] < 3
    assert seam_z(np.roll(pixels, -16, 0))[1] < 3
    assert 0.75 < pixels[:, :32].std() / source["base_color"].pixels.std() < 1.3


def test_margins_in_pixels_and_too_large_ones():
    source = photograph("gravel", 64)
    assert made("extend", source, right=9, unit="pixels").maps.size_px == (64, 73)
    with pytest.raises(ParameterError, match="16384"):
        made("extend", source, right=300)
