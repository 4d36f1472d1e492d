"""The torus generator: it learns, tiles at any size, is the same in parts, and goes on where it stopped."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from materials import bond, bricks, surface, tiles
from quick import repeated

from impasto import Host, Maps, Recipe, RunOptions, Step, run
from impasto.context import Context
from impasto.data.dataset import Dataset, dataset_of
from impasto.errors import ParameterError
from impasto.library.models import ModelLibrary
from impasto.patterns.lattice import TorusRegion, full_region
from impasto.surface.resizing import resized_map
from impasto_gan.torus import generate as generate_module
from impasto_gan.torus.generate import Choice, Synthesis, whole_picture
from impasto_gan.torus.model import load_torus
from impasto_gan.torus.resampling import taps_of
from impasto_gan.torus.sliders import _measure, find_sliders

pytestmark = pytest.mark.usefixtures("one_slider")

TINY = {"name": "tiny", "canvas_px": 96, "crop_px": 48, "batch": 2, "width": 0.125, "keep_exemplar": False}


def train(folder, steps, dataset: Dataset | None = None, seed=1, on=(), **how):
    recipe = Recipe((Step("train-torus", {**TINY, **dict(on), "steps": steps}, {"dataset": "dataset"}),), seed)
    given = {"dataset": dataset or dataset_of(surface(), licence="CC0-1.0")}
    return run(recipe, given, RunOptions(models_folder=folder), Host(**how))


def generate(folder, height, width, seed=0, **parameters):
    step = Step("torus", {"width_px": width, "height_px": height, **parameters})
    return run(Recipe((step,), seed), None, RunOptions(models_folder=folder))


def briefly_trained(folder, base_color):
    """A library with a model that took two steps on a picture."""
    train(folder, 2, dataset_of(Maps.from_arrays({"base_color": base_color}), licence="CC0-1.0"))
    return folder


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    train(folder, 40)
    return folder


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    return briefly_trained(tmp_path_factory.mktemp("models"), bricks())


@pytest.fixture(scope="module")
def lattice(tmp_path_factory):
    return briefly_trained(tmp_path_factory.mktemp("models"), tiles())


@pytest.fixture(scope="module")
def bonded(tmp_path_factory):
    return briefly_trained(tmp_path_factory.mktemp("models"), bond())


def both() -> Dataset:
    """A light material with all maps, and a dark one that only has colours."""
    dark = Maps.from_arrays({"base_color": surface(seed=4)["base_color"].pixels / 3}, name="dark")
    one, other = dataset_of(surface(), label="light", licence="a"), dataset_of(dark, label="dark", licence="b")
    return Dataset("both", one.samples + other.samples)


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    train(folder, 4, both())
    return folder


@pytest.mark.parametrize("which", ["library", *repeated("rows", "lattice"), "bonded"])
@pytest.mark.parametrize(("size", "scale"), [((192, 160), 1.0), ((150, 170), 0.8), ((140, 90), 0.4)], ids=str)
def test_any_region_is_as_it_is_within_the_whole(which, size, scale, request):
    model = load_torus("tiny", Context(models=ModelLibrary(request.getfixturevalue(which))))
    synthesis = Synthesis(model, Choice(size, seed=5, scale=scale))
    with torch.inference_mode():
        everything = synthesis.arrays(full_region(size))
        for region in (
            TorusRegion(0, 0, 40, size[1], size),
            TorusRegion(70, -20, 50, 60, size),
            TorusRegion(33, 41, 1, 1, size),
        ):
            part = synthesis.arrays(region)
            rows = np.arange(region.top, region.top + region.height) % size[0]
            columns = np.arange(region.left, region.left + region.width) % size[1]
            for name, pixels in part.items():
                assert np.abs(pixels - everything[name][rows][:, columns]).max() < 1e-4


@pytest.mark.parametrize("which", ["library", "lattice"])
def test_reduced_precision_changes_pictures_by_less_than_can_be_seen(which, request, monkeypatch):
    pictures = {}
    for precision in ("float32", "bfloat16"):
        monkeypatch.setenv("IMPASTO_PRECISION", precision)
        result = generate(request.getfixturevalue(which), 160, 192, seed=5)
        assert result.recipe.made_with["precision"] == precision
        pictures[precision] = result.maps
    for name in pictures["float32"]:
        difference = pictures["float32"][name].pixels - pictures["bfloat16"][name].pixels
        assert 0 < np.sqrt(np.mean(difference**2)) < 1.5 / 255


@pytest.mark.parametrize("which", ["library", "classes", "rows", "lattice", "bonded"])
def test_no_place_of_the_torus_is_special(which, request, monkeypatch):
    """All noise moved by half a picture moves the picture by half: its border is like any other place."""
    model = load_torus("tiny", Context(models=ModelLibrary(request.getfixturevalue(which))))
    side = 256  # 8 cells, so 2 of the broad grid's, and 8 rows of bricks or tiles
    choice, drawn = Choice((side, side), seed=5), Synthesis.noise

    def moved(self, stream, channels, region):
        half = region.full[0] // 2 if region.full[0] > 1 else 0
        return drawn(self, stream, channels, replace(region, top=region.top + half, left=region.left + half))

    with torch.inference_mode():
        here = Synthesis(model, choice).maps(full_region((side, side)))
        monkeypatch.setattr(Synthesis, "noise", moved)
        there = Synthesis(model, choice).maps(full_region((side, side)))
    assert (here - there).abs().max() > 0.05
    assert torch.allclose(here.roll((side // 2, side // 2), (1, 2)), there, atol=1e-4)


@pytest.mark.parametrize("which", ["library", "lattice"])
def test_a_preview_is_the_same_picture_made_smaller(which, request):
    folder = request.getfixturevalue(which)

    def made(seed: int, enough_px: int | None) -> Maps:
        recipe = Recipe((Step("torus", {"width_px": 250, "height_px": 190}),), seed)
        return run(recipe, None, RunOptions(models_folder=folder, enough_px=enough_px)).maps

    whole, small, other = made(5, None), made(5, 62), made(6, 62)
    assert small.size_px == (47, 62)
    assert (small.width_m, small.height_range_m) == (whole.width_m, whole.height_range_m)
    shrunk = resized_map("base_color", whole["base_color"], small.size_px).pixels
    same, another = (np.abs(maps["base_color"].pixels - shrunk).mean() for maps in (small, other))
    assert same < 0.9 * another
    assert made(5, 126).size_px == (190, 250)


def test_before_a_filter_with_parameters_in_pixels_a_preview_has_full_size(library):
    size = {"width_px": 128, "height_px": 128}
    for filter_name, side in (("adjust", 32), ("height-to-normal", 128)):
        recipe = Recipe((Step("torus", size), Step(filter_name)), 5)
        assert run(recipe, None, RunOptions(models_folder=library, enough_px=32)).maps.size_px == (side, side)


def test_tiles_are_the_whole_picture(library, monkeypatch):
    monkeypatch.setattr(generate_module, "TILE_PX", (48, 80))
    synthesis = Synthesis(load_torus("tiny", Context(models=ModelLibrary(library))), Choice((150, 170), seed=2))
    with torch.inference_mode():
        everything = synthesis.arrays(full_region((150, 170)))
    places = set()
    for top, left, maps in synthesis.tiles():
        places.add((top, left))
        for name in maps:
            part = maps[name].pixels
            there = everything[name][top : top + part.shape[0], left : left + part.shape[1]]
            assert np.abs(part - there).max() < 1e-4
    assert len(places) == 12
    put_together = whole_picture(synthesis, Context())
    assert all(np.abs(put_together[name].pixels - everything[name]).max() < 1e-4 for name in everything)


def test_the_seed_is_the_picture_variation_calms_it_and_blending_leads_to_another(library):
    one, again, other = (generate(library, 64, 64, seed).maps for seed in (5, 5, 6))
    calm = generate(library, 64, 64, 5, variation=0.0).maps
    assert one.sha256() == again.sha256()
    assert len({one.sha256(), other.sha256(), calm.sha256()}) == 3
    ends = [generate(library, 64, 64, 5, blend=share, blend_seed=6).maps for share in (0.0, 1.0)]
    half = generate(library, 64, 64, 5, blend=0.5, blend_seed=6).maps
    assert ends[0].sha256() == one.sha256()
    assert np.abs(ends[1]["height"].pixels - other["height"].pixels).max() < 1e-4
    assert half.sha256() not in (one.sha256(), other.sha256())


def test_classes_are_chosen_and_blended_by_name(classes, library):
    light, dark = (generate(classes, 64, 64, material=name).maps["base_color"].pixels for name in ("light", "dark"))
    half = generate(classes, 64, 64, material="light", blend_material="dark", blend=0.5).maps["base_color"].pixels
    there = generate(classes, 64, 64, material="light", blend_material="dark", blend=1.0).maps["base_color"].pixels
    assert light.mean() > 1.5 * dark.mean()
    assert light.std() > 1.5 * dark.std()
    assert np.array_equal(there, dark)
    assert not np.array_equal(half, light)
    with pytest.raises(ParameterError, match="dark, light"):
        generate(classes, 32, 32, material="wood")
    with pytest.raises(ParameterError, match="makes one material"):
        generate(library, 32, 32, material="brick")


@pytest.mark.slow
@pytest.mark.any_numpy
def test_sliders_do_what_their_names_say_and_keep_the_seed(library):
    model = load_torus("tiny", Context(models=ModelLibrary(library)))
    model = copy.deepcopy(model)
    with torch.no_grad():
        for stage in model.network.stages:
            stage.style.weight.mul_(4)  # so that styles differ visibly after so short a training
    directions, described = find_sliders(model)
    assert described
    for direction, slider in zip(directions, described, strict=True):
        choices = [Choice((96, 96), 5, moved=at * direction) for at in (-2.0, 0.0, 2.0)]
        with torch.inference_mode():
            measured = [_measure(Synthesis(model, choice))[slider["name"]] for choice in choices]
        assert measured[0] < measured[1] < measured[2], slider


def test_a_slider_is_moved_by_its_name_within_its_range():
    plain, same, moved = (
        generate(None, 64, 64, 5, model="tiles", sliders=sliders) for sliders in ({}, {"contrast": 0}, {"contrast": 2})
    )
    assert plain.maps.sha256() == same.maps.sha256() != moved.maps.sha256()
    assert moved.recipe.steps[0].parameters["sliders"] == {"contrast": 2.0}
    with pytest.raises(ParameterError, match="the slider contrast got 4"):
        generate(None, 64, 64, 5, model="tiles", sliders={"contrast": 4})
    with pytest.raises(ParameterError, match="tiles has no slider 'contrasts'"):
        generate(None, 64, 64, 5, model="tiles", sliders={"contrasts": 1})


def test_joints_are_straight_from_the_start(lattice):
    """After two steps: what a network would have to draw is measured."""
    grey = generate(lattice, 160, 160).maps["base_color"].pixels.mean(2)
    real = tiles().mean(2)
    for axis in (0, 1):
        made = grey.mean(axis)
        assert max(np.corrcoef(np.roll(made, shift), real.mean(axis))[0, 1] for shift in range(32)) > 0.9


def test_grain_is_as_sharp_wherever_the_size_asks_for_resampling():
    taps = taps_of(0, 97, 97, 96)
    index = torch.arange(taps.first, taps.first + taps.count) % 96
    grain = torch.randn(64, 96, 96, generator=torch.Generator().manual_seed(1))
    columns = taps.resample(grain.index_select(2, index), 2).square().mean((0, 1))
    assert 0.7 < float(columns.min()) < float(columns.max()) < 1.1
    assert torch.allclose(taps.resample(torch.ones(1, 96, len(index)), 2), torch.ones(1, 96, 97))
