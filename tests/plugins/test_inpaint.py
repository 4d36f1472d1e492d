"""Repair: what fills holes, bands along borders and margins joins its surroundings; nothing else changes."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from making import made, photograph
from materials import bond
from scipy.ndimage import gaussian_filter

from impasto import Maps, Result
from impasto.errors import ParameterError
from impasto.patterns.squares import Edges, labellings
from impasto.surface.wrapping import seam_z
from impasto_synthesis.inpaint.landmarks import spread_at_borders


def picture(pixels: np.ndarray) -> Maps:
    return Maps.from_arrays({"base_color": pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, 2)})


def photographed(name: str, side: int = 128) -> Maps:
    """One of the photographs at half its size, with a height."""
    grey = photograph(name, side, 2)
    return Maps.from_arrays({"base_color": grey, "height": grey[..., :1]}, width_m=2.0, height_range_m=0.1)


def square(side: int, top: int, left: int, hole: int) -> np.ndarray:
    """Mask (side, side) that is white in a square."""
    mask = np.zeros((side, side), np.float32)
    mask[top : top + hole, left : left + hole] = 1
    return mask


def inpainted(source: np.ndarray | Maps, mask: np.ndarray, seed: int = 0, **given) -> Result:
    """The result of the tool; `given` are inputs, as pictures, and parameters."""
    inputs = {"mask": mask, **{name: value for name, value in given.items() if isinstance(value, np.ndarray)}}
    parameters = {name: value for name, value in given.items() if name not in inputs}
    return made("inpaint", source, {name: picture(one) for name, one in inputs.items()}, seed, **parameters)


def color(*given, **named) -> np.ndarray:
    return inpainted(*given, **named).maps["base_color"].pixels


def test_only_the_hole_changes_and_nothing_of_what_was_there_is_left():
    source, mask = photograph("gravel", 128, 2), square(128, 40, 50, 30)
    source[45:60, 55:70] = (1, 0, 0)
    found = color(source, mask)
    assert np.array_equal(found[mask == 0], source[mask == 0])
    assert np.ptp(found, axis=2).max() < 0.02  # no red


def border_step(made: np.ndarray, top: int, left: int, hole: int) -> float:
    """Mean step across the sides of a square, relative to those a few pixels inside and outside of them."""
    at_border, close = [], []
    for axis, along, across in ((0, left, top), (1, top, left)):
        strip = np.moveaxis(made, axis, 1)[along : along + hole]
        steps = np.abs(np.diff(strip, axis=1)).mean((0, 2))
        for border in (across - 1, across + hole - 1):
            at_border.append(steps[border])
            close += [*steps[border - 5 : border - 1], *steps[border + 2 : border + 6]]
    return float(np.mean(at_border) / np.mean(close))


@pytest.mark.essential
def test_joints_between_bricks_continue_across_the_border():
    source = photograph("brick", 256, 2)
    joints = source[..., 0] > 0.5
    steps, shares = [], []
    for seed, (top, left, hole) in enumerate(((48, 32, 64), (144, 152, 64), (75, 85, 80), (20, 165, 60))):
        found = color(source, square(256, top, left, hole), seed, wraps="no")
        steps.append(border_step(found, top, left, hole))
        inside = found[top : top + hole, left : left + hole, 0] > 0.5
        shares.append(inside.mean() / joints.mean())
    assert np.mean(steps) < 1.3  # the photograph's own: 0.5; joints that end at the border: 1.8
    assert 0.6 < np.mean(shares) < 1.5  # a smooth fill has next to none


def test_labels_are_the_best_of_all_where_there_are_no_loops():
    generator = torch.Generator().manual_seed(0)
    costs = torch.rand(5, 3, generator=generator)
    between = torch.rand(4, 3, 3, generator=generator)
    edges = Edges(torch.arange(4), torch.arange(1, 5), between, [(number, number + 1) for number in range(4)])
    *_, labels = labellings(costs, (edges,), sweeps=12)

    def total(chosen: tuple[int, ...]) -> float:
        own = sum(float(costs[node, label]) for node, label in enumerate(chosen))
        return own + sum(float(between[node, chosen[node], chosen[node + 1]]) for node in range(4))

    assert tuple(labels.tolist()) == min(product(range(3), repeat=5), key=total)


def test_all_maps_are_filled_from_the_same_places():
    found = inpainted(photographed("gravel"), square(128, 40, 50, 30)).maps
    assert np.abs(found["base_color"].pixels[..., :1] - found["height"].pixels).max() < 1e-4
    assert (found.width_m, found.height_range_m) == (2.0, 0.1)


def test_a_mask_of_everything_or_of_too_much_is_refused_and_one_of_nothing_changes_nothing():
    source = photograph("gravel", 64, 2)
    with pytest.raises(ParameterError, match="white everywhere"):
        inpainted(source, np.ones((64, 64), np.float32))
    with pytest.raises(ParameterError, match="too little"):
        inpainted(source, 1 - square(64, 30, 30, 2), labels=np.linspace(0, 1, 64)[:, None] * np.ones(64))
    result = inpainted(source, np.zeros((64, 64), np.float32))
    assert np.array_equal(result.maps["base_color"].pixels, source)
    assert "nothing was filled" in result.notes[0]


def test_nothing_is_taken_from_another_island():
    source = photograph("gravel", 128, 2)
    source[:, 64:] *= (1.0, 0.3, 0.3)
    islands = np.zeros((128, 128), np.float32)
    islands[:, 64:] = 1
    found = color(source, square(128, 40, 50, 30), islands=islands)
    assert np.ptp(found[:, :64], axis=2).max() < 0.05
    assert np.ptp(found[40:70, 64:80], axis=2).mean() > 0.1


def test_labels_say_what_is_filled_from_where():
    source = photograph("gravel", 128, 2)
    source[:, :40] *= (1.0, 0.3, 0.3)
    labels = np.zeros((128, 128), np.float32)
    labels[:, :40] = 1
    labels[40:70, 70:100] = 1  # the hole is to become red, far from what is red
    found = color(source, square(128, 40, 70, 30), labels=labels, blend=0)
    assert np.ptp(found[40:70, 70:100], axis=2).mean() > 0.1


def test_a_stain_is_found_where_it_is_and_its_mask_is_a_picture():
    source = photographed("brick")
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
    assert made("find-landmarks", photographed("grass"), threshold=1.5, most=2).figures["landmarks"] == 2
    none = made("find-landmarks", photographed("grass"), threshold=20)
    assert none.figures["landmarks"] == none.maps["base_color"].pixels.max() == 0


def test_the_spread_near_a_mirrored_border_is_that_of_noise():
    noise = np.random.default_rng(0).standard_normal((60, 4000))
    smooth = gaussian_filter(noise, (5, 0), mode="mirror")
    expected = spread_at_borders(60, 5.0) * smooth[25:35].std()
    np.testing.assert_allclose(smooth.std(1), expected, rtol=0.06)  # 4000 samples in each row: ±1.1 %, 3σ


def test_what_does_not_tile_is_mended_along_its_borders_only():
    source = photographed("gravel")
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
    source = bond(200, 24, 50)
    result = made("mend-tiling", source, whole_periods=True, quality="quick")
    assert result.maps.size_px == (192, 200)
    assert any("whole_periods" in note for note in made("mend-tiling", source, quality="quick").notes)


def test_margins_continue_the_picture_which_stays_as_it_is():
    source = photographed("gravel")
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
    source = photographed("gravel", 64)
    assert made("extend", source, right=9, unit="pixels").maps.size_px == (64, 73)
    with pytest.raises(ParameterError, match="16384"):
        made("extend", source, right=300)
