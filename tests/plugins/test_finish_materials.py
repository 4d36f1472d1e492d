"""Filters of whole materials: super-resolution, curves, matching, blending, and weathering."""

from __future__ import annotations

import numpy as np
import pytest
from making import finish, made, tile
from PIL import Image
from skimage import data
from tables import each_row

from impasto import Maps, Recipe, Step, run
from impasto.errors import ParameterError
from impasto.surface.color import srgb_to_linear
from impasto.surface.heights import slopes_from_height, slopes_from_normal
from impasto.surface.palette import to_oklab
from impasto.surface.seams import seam_z

ONE, OTHER = tile(96, seed=1), tile(96, seed=2)
SMOOTH = tile(96, seed=3, finest_px=2)
"""For slopes, which the chain rule and central differences give alike where they vary slowly."""


def grey(pixels: np.ndarray) -> Maps:
    return Maps.from_arrays({"base_color": np.repeat(pixels[..., None] / 255, 3, 2)})


def psnr(pixels: np.ndarray, truth: np.ndarray) -> float:
    return float(-10 * np.log10(np.square(pixels - truth)[16:-16, 16:-16].mean()))


@pytest.mark.parametrize(("name", "factor"), [("brick", 2), ("gravel", 2), ("grass", 2), ("brick", 4), ("gravel", 4)])
def test_super_resolution_of_a_shrunk_photograph_is_nearer_to_it_than_bicubic_interpolation(name, factor):
    truth = getattr(data, name)()
    side = len(truth) // factor
    small = truth.reshape(side, factor, side, factor).mean((1, 3))
    made = finish("super-resolution", grey(small), factor=str(factor))["base_color"].pixels[..., 0]
    bicubic = np.asarray(Image.fromarray(small.astype(np.float32)).resize(truth.shape, Image.Resampling.BICUBIC)) / 255
    assert psnr(made, truth / 255) > psnr(bicubic, truth / 255) + 0.04


def test_super_resolution_scales_all_maps_and_leaves_the_metres():
    made = finish("super-resolution", SMOOTH)
    assert made.size_px == (192, 192)
    assert set(made) == set(SMOOTH)
    assert (made.width_m, made.height_range_m) == (SMOOTH.width_m, SMOOTH.height_range_m)
    found = slopes_from_height(made["height"].pixels[..., 0] * made.height_range_px)
    kept = slopes_from_normal(made["normal"].pixels)
    assert np.corrcoef(found.ravel(), kept.ravel())[0, 1] > 0.95
    assert np.polyfit(kept.ravel(), found.ravel(), 1)[0] == pytest.approx(1, abs=0.1)
    assert max(seam_z(made["base_color"].pixels)) < 3


def test_curves_go_through_their_points_take_normals_along_and_leave_other_colours():
    ramp = Maps.from_arrays({"roughness": np.linspace(0, 1, 101)[None].repeat(4, 0)})
    points = {"black": 0.1, "shadows": 0.1, "midtones": 0.8, "highlights": 0.85, "white": 1.0}
    made = finish("tone-curve", ramp, map="roughness", **points)["roughness"].pixels[0, :, 0]
    assert made[::25] == pytest.approx(list(points.values()), abs=1e-5)
    assert np.diff(made).min() >= -1e-6
    made = finish("tone-curve", SMOOTH, map="height", shadows=0.1, highlights=0.9)
    expected = slopes_from_height(made["height"].pixels[..., 0] * made.height_range_px)
    assert np.abs(slopes_from_normal(made["normal"].pixels) - expected).mean() < 0.1 * expected.std()
    made = finish("tone-curve", ONE, channel="red", midtones=0.7)["base_color"].pixels
    assert np.array_equal(made[..., 1:], ONE["base_color"].pixels[..., 1:])
    assert (made[..., 0] > ONE["base_color"].pixels[..., 0]).mean() > 0.9


def test_matching_gives_the_levels_of_the_reference():
    arrays = {"base_color": 0.3 + 0.3 * OTHER["base_color"].pixels, "roughness": 0.1 + 0.3 * OTHER["roughness"].pixels}
    reference = OTHER.with_arrays(arrays)
    matched = finish("match-material", ONE, {"reference": reference}, contrast=1)
    oklab = [to_oklab(maps["base_color"].pixels) for maps in (matched, reference)]
    assert np.abs(oklab[0].mean((0, 1)) - oklab[1].mean((0, 1))).max() < 0.01
    assert oklab[0][..., 0].std() == pytest.approx(oklab[1][..., 0].std(), rel=0.1)
    roughness = [maps["roughness"].pixels for maps in (matched, reference)]
    assert roughness[0].mean() == pytest.approx(roughness[1].mean(), abs=0.01)
    assert roughness[0].std() == pytest.approx(roughness[1].std(), rel=0.25)
    result = made("match-material", ONE, {"reference": grey(data.brick()[:64, :64])})
    assert np.array_equal(result.maps["roughness"].pixels, ONE["roughness"].pixels)
    assert "roughness" in result.notes[0]


def test_the_second_material_fills_the_amount_that_was_asked_for_where_the_mask_is_by_its_metres():
    red = OTHER.with_arrays({"base_color": np.full((96, 96, 3), (1.0, 0, 0)), "height": np.full((96, 96), 0.5)})
    blue = ONE.with_arrays({"base_color": np.full((96, 96, 3), (0, 0, 1.0))})
    for on, sign in (("low", -1), ("high", 1)):
        made = finish("blend-materials", blue, {"over": red}, amount=0.3, softness=0.05, on=on)
        share = srgb_to_linear(made["base_color"].pixels[..., 0])
        assert share.mean() == pytest.approx(0.3, abs=0.02)
        assert np.corrcoef(share.ravel(), sign * ONE["height"].pixels.ravel())[0, 1] > 0.6
    mask = np.zeros((48, 48))
    mask[:, 24:] = 255
    made = finish("blend-materials", ONE, {"over": OTHER, "mask": grey(mask)}, amount=0.5, by_height=0.3)
    for half, maps in ((np.s_[:, 4:40], ONE), (np.s_[:, 56:92], OTHER)):
        assert np.abs(made["base_color"].pixels[half] - maps["base_color"].pixels[half]).max() < 0.01
    stripes = np.sin(2 * np.pi * np.arange(64) / 64)[None].repeat(64, 0)
    over = Maps.from_arrays({"base_color": np.repeat(0.5 + 0.4 * stripes[..., None], 3, 2)}, width_m=0.5)
    made = finish("blend-materials", ONE, {"over": over}, amount=1)["base_color"].pixels[..., 0]
    assert np.abs(np.fft.rfft(made.mean(0)))[1:].argmax() + 1 == 4


def test_blended_relief_is_in_metres_and_fits_its_normals():
    made = finish("blend-materials", SMOOTH, {"over": tile(96, seed=4, finest_px=2)}, softness=0.6)
    assert made["height"].pixels.min() == pytest.approx(0, abs=1e-5)
    found = slopes_from_height(made["height"].pixels[..., 0] * made.height_range_px)
    assert np.abs(found - slopes_from_normal(made["normal"].pixels)).mean() < 0.1 * found.std()


def test_wear_is_on_what_stands_out_and_dirt_and_moss_are_in_hollows():
    plain = ONE.with_arrays({"base_color": np.full((96, 96, 3), 0.5), "metallic": np.ones((96, 96))})
    none = {"wear": 0.0, "dirt": 0.0, "moss": 0.0}
    changes = {}
    for name in none:
        made = finish("weathering", plain, **(none | {name: 0.5}))
        changes[name] = np.abs(made["base_color"].pixels - 0.5).sum(2)
        if name != "wear":
            assert made["metallic"].pixels[changes[name] > 0.3].max() < 0.6
            assert made["roughness"].pixels.mean() > plain["roughness"].pixels.mean()
    height = ONE["height"].pixels[..., 0]
    correlation = {name: np.corrcoef(change.ravel(), height.ravel())[0, 1] for name, change in changes.items()}
    assert correlation["wear"] > 0.3
    assert max(correlation["dirt"], correlation["moss"]) < -0.3
    assert np.abs(finish("weathering", plain, **none)["base_color"].pixels - 0.5).max() < 1e-3


def test_moss_has_a_relief_of_its_own():
    made = finish("weathering", ONE, moss=0.6)
    assert made.height_range_m >= ONE.height_range_m
    found = slopes_from_height(made["height"].pixels[..., 0] * made.height_range_px)
    assert np.abs(found - slopes_from_normal(made["normal"].pixels)).mean() < 0.1 * found.std()
    assert np.abs(made["normal"].pixels - ONE["normal"].pixels).max() > 0.02


@each_row("refused_materials")
def test_what_lacks_a_map_or_becomes_too_large_is_refused(tool, parameters, said):
    with pytest.raises(ParameterError, match=said):
        finish(tool, Maps.from_arrays({"base_color": np.zeros((8, 5000, 3))}), **parameters)


def test_a_photograph_weathers_once_a_step_before_has_made_its_maps():
    steps = (
        Step("photo-maps"),
        Step("weathering", {"moss": 0.4}),
        Step("adjust", {"exposure": 0.2}),
    )
    made = run(Recipe(steps), {"source": grey(data.brick()[::4, ::4])}).maps
    green = to_oklab(made["base_color"].pixels)[..., 1] < -0.02
    assert 0.05 < green.mean() < 0.8
    assert {"height", "normal", "roughness"} <= set(made)
