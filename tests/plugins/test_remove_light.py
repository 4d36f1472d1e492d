"""`remove-light`: shadows that go, pictures that stay, and the network that tells them apart."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from making import made, photograph
from photographed import drawn
from PIL import Image
from tasks.photo_maps.lighting import LightTraining
from tasks.photo_maps.obstacles import Obstacles
from tasks.photo_maps.photographs import Random
from tasks.photo_maps.surfaces import random_material

from impasto import Maps, Recipe, RunOptions, Step, run
from impasto.cli.main import main
from impasto.running.preparing import prepare
from impasto.surface.color import linear_to_srgb, srgb_to_linear
from impasto.surface.wrapping import seam_z
from impasto_photo_maps.light import load_light


def in_shadow(pixels: np.ndarray, matte: np.ndarray, depth: float = 1.2) -> np.ndarray:
    """A picture (H, W, 3) with a shadow where the matte (H, W) is 1."""
    share = 1 - matte[..., None] * (1 - np.exp(-depth * np.float32([1.05, 1.0, 0.9])))
    return np.round(linear_to_srgb(srgb_to_linear(pixels) * share) * 255) / 255


def depth(pixels: np.ndarray, truth: np.ndarray, matte: np.ndarray) -> float:
    """Logarithm of what a shadow takes in its middle, against what is around it."""
    taken = np.log(srgb_to_linear(truth).mean(2) + 0.01) - np.log(srgb_to_linear(pixels).mean(2) + 0.01)
    return float(taken[matte > 0.95].mean() - taken[matte < 0.05].mean())


@pytest.fixture(scope="module")
def ground() -> np.ndarray:
    return drawn("gravel", 256)["base_color"].pixels


@pytest.fixture(scope="module")
def spot() -> np.ndarray:
    """A soft round shadow in the middle of 256²."""
    y, x = np.mgrid[-1:1:256j, -1:1:256j]
    return 1 / (1 + np.exp(40 * (np.hypot(x, 1.3 * y) - 0.45)))


@pytest.mark.parametrize("tiling", ["tiling", "single"])
def test_a_shadow_goes_and_the_light_stays(ground, spot, tiling):
    shadowed = in_shadow(ground, spot)
    result = made("remove-light", shadowed, tiling=tiling)
    pixels = result.maps["base_color"].pixels
    assert depth(pixels, ground, spot) < 0.5 * depth(shadowed, ground, spot)
    assert np.median(np.abs(pixels - shadowed)[spot < 0.01]) <= 2 / 255
    assert 0.05 < result.figures["shadow_share"] < 0.5
    half = made("remove-light", shadowed, tiling=tiling, strength=0.5).maps["base_color"].pixels
    assert depth(pixels, ground, spot) < depth(half, ground, spot) < depth(shadowed, ground, spot)
    earlier = made("remove-light", shadowed, tiling=tiling, shadows=0.5, shading=1.0)
    assert np.array_equal(earlier.maps["base_color"].pixels, half)


def test_the_inside_of_a_large_shadow_goes():
    grass = photograph("grass", 256, 2)
    y, x = np.mgrid[-0.5:0.5:256j, -0.5:0.5:256j]
    matte = 1 / (1 + np.exp(-340 * np.minimum(0.8 * x + 0.6 * y + 0.1, 0.45 - 0.8 * y + 0.6 * x)))
    pixels = made("remove-light", in_shadow(grass, matte, 0.8)).maps["base_color"].pixels
    taken = np.log(srgb_to_linear(grass).mean(2) + 0.01) - np.log(srgb_to_linear(pixels).mean(2) + 0.01)
    blocks = np.where(matte > 0.95, taken, 0).reshape(16, 16, 16, 16).mean((1, 3))
    assert blocks.max() < 0.4  # 0.8 in a shadow


def test_a_mask_says_where_shadows_are_that_are_not_found(ground):
    columns = np.arange(256.0)
    half = 1 / (1 + np.exp((columns - 128) / 6)) * np.ones((256, 1))  # a soft border
    assert "no shadow was found" in made("remove-light", in_shadow(ground, half, 0.35)).notes[0]
    rough = np.repeat((columns + 5 * np.sin(columns[:, None] / 12) < 126)[..., None], 3, 2).astype(np.float32)
    by_hand = {"mask": Maps.from_arrays({"base_color": rough})}
    along = lambda x: np.log(srgb_to_linear(x).mean((0, 2)) / srgb_to_linear(ground).mean((0, 2)))  # noqa: E731
    for deep, left in ((0.35, 0.55), (0.8, 0.33)):
        shadowed = in_shadow(ground, half, deep)
        pixels = made("remove-light", shadowed, by_hand).maps["base_color"].pixels
        assert abs(depth(pixels, ground, half)) < 0.25 * depth(shadowed, ground, half)
        assert np.abs(np.diff(along(pixels))[80:176]).sum() < left * np.abs(np.diff(along(shadowed))[80:176]).sum()


def test_a_picture_without_shadows_stays_as_it_is(ground):
    result = made("remove-light", ground)
    assert np.array_equal(result.maps["base_color"].pixels, ground)
    assert "no shadow was found" in result.notes[0]


def test_a_tile_still_tiles(ground, spot):
    rolled = np.roll(in_shadow(ground, spot), (128, 100), (0, 1))
    pixels = made("remove-light", rolled, tiling="tiling").maps["base_color"].pixels
    assert not np.array_equal(pixels, rolled)
    assert all(-4 < z < 3 for z in seam_z(pixels))


def test_maps_of_a_photograph_begin_with_it_where_a_shadow_is_certain(spot):
    recipe, options = Recipe((Step("photo-maps"),)), RunOptions("cpu", prepares=True)
    steps_of = lambda maps, options=options, recipe=recipe: [  # noqa: E731
        step.tool for step in prepare(recipe, {"source": Maps.from_arrays(maps)}, options, None).recipe.steps
    ]
    brick = photograph("brick", 256, 2)
    shadowed = {"base_color": in_shadow(brick, spot)}
    result = run(recipe, {"source": Maps.from_arrays(shadowed)}, options)
    assert [step.tool for step in result.recipe.steps] == ["remove-light", "photo-maps"]
    assert "Remove light" in str(result.notes[0])
    assert steps_of(shadowed, RunOptions("cpu")) == ["photo-maps"]
    assert steps_of({"base_color": brick}) == ["photo-maps"]
    assert steps_of({**shadowed, "height": brick[..., :1]}) == ["photo-maps"]  # a set has no light in its colours
    assert steps_of({**shadowed, "opacity": 0 * brick[..., :1]}) == ["photo-maps"]
    lit = Recipe((Step("transform", {"crop": (0, 0, 0.25, 1)}), *recipe.steps))
    assert steps_of(shadowed, recipe=lit) == ["transform", "photo-maps"]
    dark = Recipe((Step("transform", {"crop": (0.25, 0.25, 1, 1)}), *recipe.steps))
    assert steps_of(shadowed, recipe=dark) == ["transform", "remove-light", "photo-maps"]


def test_the_steps_behind_it_keep_their_seeds(ground):
    source = {"source": Maps.from_arrays({"base_color": ground[:128, :128]})}
    with_it, without = (run(Recipe((*first, Step("quilt"))), source) for first in ((Step("remove-light"),), ()))
    assert np.array_equal(with_it.maps["base_color"].pixels, without.maps["base_color"].pixels)


def test_a_note_about_one_picture_of_several_names_it(ground, spot, tmp_path, capsys):
    for name, pixels in (("lit", ground), ("dark", in_shadow(ground, spot))):
        Image.fromarray(np.uint8(pixels * 255)).save(tmp_path / f"{name}.png")
    pictures = [str(tmp_path / f"{name}.png") for name in ("lit", "dark")]
    main(["apply", "remove-light", *pictures, "--out", str(tmp_path / "out"), "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert answer["notes"] == ["lit: no shadow was found, so the picture stays as it is"]
    assert set(answer["figures"]) == {"dark/shadow_share", "dark/shadow_stops"}


@pytest.mark.parametrize("size_px", [(8, 8), (33, 150)])
def test_the_light_is_shown_for_any_size(size_px):
    pixels = np.tile(np.float32([[[0.2]], [[0.6]]]), (size_px[0], size_px[1], 3))[: size_px[0]]
    shown = made("remove-light", pixels, show_light=True).maps["base_color"].pixels
    assert shown.shape == pixels.shape
    assert np.isfinite(shown).all()


def test_the_network_is_small_and_sees_the_whole_picture():
    network = load_light()
    assert sum(weight.numel() for weight in network.parameters()) * 2 < 3e6  # bytes in half precision
    with torch.inference_mode():
        matte, deep, shading, summary = network(torch.zeros(1, 3, 128, 160))
        assert [x.shape[1:] for x in (matte, deep, shading)] == [(1, 128, 160), (3, 8, 10), (1, 128, 160)]
        assert summary.shape == (1, 2)
        spot = torch.zeros(1, 3, 128, 160)
        spot[..., :8, :8] = -0.4
        assert not torch.equal(network(spot)[1][0, :, 4, 5], deep[0, :, 4, 5])


@pytest.mark.slow
def test_a_training_learns_to_tell_shadows():
    surfaces = [random_material(160, seed, []).stacked().half() for seed in range(2)]
    one = LightTraining(surfaces, [one[:3] for one in surfaces], 60, 0, {})
    depths = []
    for _ in range(60):
        depths.append(float(one.step()["matte"]))
        one.done += 1
    assert np.mean(depths[-15:]) < 0.9 * np.mean(depths[:10])


def test_penumbras_lie_between_light_and_shadow():
    visible = Obstacles(14, 3).visibility(14, 64, Random.seeded(0, "cpu"))
    assert visible.shape == (14, 64, 64)
    assert float(visible.min()) < 0.05
    assert float(visible.max()) > 0.95
