"""The torus generator: it learns, tiles at any size, is the same in parts, and goes on where it stopped."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from impasto.context import Context
from impasto.data.dataset import Dataset, dataset_of
from impasto.errors import Cancelled, ModelError, ParameterError
from impasto.evaluation.metrics import normal_height_consistency, seam_z
from impasto.library.models import ModelLibrary, read_model, save_model
from impasto.library.tensors import read_tensors
from impasto.recipe import Recipe, Step
from impasto.runner import run
from impasto.texture import Maps
from impasto.training.losses import SIGMA, split_octave, zero_centred_penalty
from impasto_gan.torus import TrainTorusParameters, octaves
from impasto_gan.torus import generate as generate_module
from impasto_gan.torus.augmentation import Augmentation
from impasto_gan.torus.data import prepare, slopes
from impasto_gan.torus.generate import Choice, Painting, load, make, whole_picture
from impasto_gan.torus.losses import sliced_wasserstein
from impasto_gan.torus.modes import MODES, Modes
from impasto_gan.torus.networks import PatchDiscriminator, patch_px
from impasto_gan.torus.periodic import Periodic
from impasto_gan.torus.profile import Profile
from impasto_gan.torus.region import Region, whole
from impasto_gan.torus.regularity import calmest_place, find_units, find_waves
from impasto_gan.torus.resampling import taps_of
from impasto_gan.torus.sliders import _measured, find_sliders
from impasto_gan.torus.training import GENERATOR_WIDTHS, TorusTraining
from impasto_gan.torus.unit import Unit
from impasto_gan.torus.waves import UNIT_CHANNELS, Bond, Waves

TINY = {"name": "tiny", "canvas_px": 96, "crop_px": 48, "batch": 2, "width": 0.125}


def surface(side: int = 128, seed: int = 3) -> Maps:
    """Blotches with grain: base colour, height and roughness that belong together."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)) + 1 / side
    noise = np.fft.ifft2(np.fft.fft2(rng.standard_normal((side, side))) / frequency**1.2).real
    height = np.clip(0.5 + 0.2 * (noise - noise.mean()) / noise.std(), 0, 1)[..., None]
    color = np.clip(height * [0.9, 0.7, 0.5] + 0.05 * rng.standard_normal((side, side, 1)), 0, 1)
    return Maps.from_arrays({"base_color": color, "height": height, "roughness": 1 - height / 2}, name="blotches")


def bricks(side: int = 160, period: int = 32) -> np.ndarray:
    """Courses that repeat each `period` rows, with grain, (side, side, 3)."""
    rows = (np.arange(side) % period < 4)[:, None] * 0.5
    return np.clip(0.3 + rows[..., None] + 0.05 * np.random.default_rng(0).standard_normal((side, side, 3)), 0, 1)


def tiles(side: int = 160, period: int = 32) -> np.ndarray:
    """Square tiles with joints beside them, each of a brightness of its own, (side, side, 3)."""
    random, count = np.random.default_rng(1), side // period
    tones = np.kron(random.uniform(0.5, 0.8, (count, count)), np.ones((period, period)))
    joints = np.arange(side) % period < 4
    grey = np.where(joints[:, None] | joints, 0.2, tones) + 0.02 * random.standard_normal((side, side))
    return np.clip(np.repeat(grey[..., None], 3, 2), 0, 1)


def bond(side: int = 192, period: int = 32, length: int = 64, shift: float = 0.5) -> np.ndarray:
    """Bricks with joints beside them, each course shifted against the one before, (side, side, 3)."""
    random = np.random.default_rng(2)
    y, x = np.mgrid[:side, :side]
    course = y // period
    along = x + np.round(shift * course * length)
    tones = random.uniform(0.5, 0.8, (side // period + 1, 2 * side // length + 9))[
        course, (along // length).astype(int)
    ]
    grey = np.where((y % period < 4) | (along % length < 4), 0.2, tones) + 0.02 * random.standard_normal((side, side))
    return np.clip(np.repeat(grey[..., None], 3, 2), 0, 1)


def train(folder, steps, dataset: Dataset | None = None, seed=1, on=(), **how):
    recipe = Recipe((Step("train-torus", {**TINY, **dict(on), "steps": steps}, {"dataset": "dataset"}),), seed)
    given = {"dataset": dataset or dataset_of(surface(), licence="CC0-1.0")}
    return run(recipe, given, models_folder=folder, **how)


def generate(folder, height, width, seed=0, **parameters):
    step = Step("torus", {"width_px": width, "height_px": height, **parameters})
    return run(Recipe((step,), seed), models_folder=folder)


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
def courses(tmp_path_factory):
    return briefly_trained(tmp_path_factory.mktemp("models"), bricks())


@pytest.fixture(scope="module")
def lattice(tmp_path_factory):
    return briefly_trained(tmp_path_factory.mktemp("models"), tiles())


@pytest.fixture(scope="module")
def bonded(tmp_path_factory):
    return briefly_trained(tmp_path_factory.mktemp("models"), bond())


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    dark = Maps.from_arrays({"base_color": surface(seed=4)["base_color"].pixels / 3}, name="dark")
    one, other = dataset_of(surface(), label="light", licence="a"), dataset_of(dark, label="dark", licence="b")
    train(folder, 12, Dataset("both", one.samples + other.samples))
    return folder


def stop_after(steps):
    """A cancel button that is pressed once so many steps were begun."""
    begun = []
    return {
        "on_progress": lambda fraction, message: begun.append(message) if message.startswith("Step") else None,
        "is_cancelled": lambda: len(begun) >= steps,
    }


def test_training_brings_the_patches_closer_to_the_data(library, tmp_path):
    train(tmp_path, 1)
    data, _ = prepare(dataset_of(surface()), 96, 48, 32, False, "cpu")
    distances = []
    for folder in (tmp_path, library):
        model = load("tiny", Context(models=ModelLibrary(folder)))
        with torch.no_grad():
            values = data.standard.to(Painting(model, Choice((128, 128))).maps(whole((128, 128))))[None]
        real, random = data.pictures[0].pixels[None, :, :128, :128], torch.Generator().manual_seed(0)
        distances.append(float(sliced_wasserstein(real, values, 2, random)))
    assert distances[1] < 0.9 * distances[0], distances


def test_a_training_that_was_stopped_goes_on_to_the_same_bits(tmp_path):
    train(tmp_path / "whole", 6)
    with pytest.raises(Cancelled):
        train(tmp_path / "parts", 6, **stop_after(3))
    checkpoint = tmp_path / "parts" / "tiny.checkpoint"
    assert checkpoint.exists()
    train(tmp_path / "parts", 6)
    assert not checkpoint.exists()
    whole_, parts = (read_model(tmp_path / name / "tiny.safetensors") for name in ("whole", "parts"))
    assert whole_.sha256() == parts.sha256()


def test_stopped_early_it_keeps_what_it_has(tmp_path):
    begun = []
    how = {"on_progress": lambda fraction, message: begun.append(message), "is_stopped": lambda: len(begun) > 4}
    result = train(tmp_path, 50, **how)
    assert result.models
    assert 0 < result.figures["steps"] < 50


def test_a_model_is_never_trained_over(library):
    with pytest.raises(ModelError, match="models remove tiny"):
        train(library, 1)


def test_it_goes_on_from_another_model_with_new_data(library, tmp_path):
    (tmp_path / "old.safetensors").write_bytes((library / "tiny.safetensors").read_bytes())
    train(tmp_path, 1, dataset_of(surface(seed=9), licence="CC0-1.0"), on={"start_from": "old", "learning_rate": 1e-6})
    old, new = (read_tensors(tmp_path / f"{name}.safetensors")[0] for name in ("old", "tiny"))
    assert np.abs(old["stages.2.convolution.weight"] - new["stages.2.convolution.weight"]).max() < 1e-3


def test_the_card_says_what_it_learned_from(library, tmp_path):
    model = read_model(library / "tiny.safetensors")
    source = model.card["data"][0]
    assert (source["name"], source["licence"], source["size_px"], source["part"]) == (
        "blotches",
        "CC0-1.0",
        [128, 128],
        "all",
    )
    assert model.card["figures"]["steps"] == 40
    assert str(library) not in str(model.card)
    train(tmp_path, 1, on={"hold_out": True, "canvas_px": 64})
    assert read_model(tmp_path / "tiny.safetensors").card["data"][0]["part"] == "left"


@pytest.mark.parametrize("which", ["library", "classes"])
@pytest.mark.parametrize("size", [(128, 128), (97, 161), (160, 200)], ids=str)
@pytest.mark.parametrize("scale", [1.0, 0.5, 1.7])
def test_every_map_tiles_at_any_size(which, size, scale, request):
    """By the middle of three seeds: a spot that happens to lie on the edge is no seam."""
    folder = request.getfixturevalue(which)
    made = [generate(folder, *size, seed, scale=scale).maps for seed in range(3)]
    for name in made[0]:
        assert made[0][name].size_px == size
        for axis in (0, 1):
            middle = sorted(seam_z(maps[name].pixels)[axis] for maps in made)[1]
            assert -4 < middle < 3


def test_it_makes_what_it_learned_and_what_follows_from_height(library):
    made = generate(library, 96, 96).maps
    assert set(made) == {"base_color", "roughness", "height", "normal", "ambient_occlusion"}
    assert normal_height_consistency(made["normal"].pixels, made["height"].pixels)[1] > 0.99


@pytest.mark.parametrize("which", ["library", "courses", "lattice", "bonded"])
@pytest.mark.parametrize(("size", "scale"), [((192, 160), 1.0), ((150, 170), 0.8), ((140, 90), 0.4)], ids=str)
def test_any_region_is_as_it_is_within_the_whole(which, size, scale, request):
    model = load("tiny", Context(models=ModelLibrary(request.getfixturevalue(which))))
    painting = Painting(model, Choice(size, seed=5, scale=scale))
    with torch.inference_mode():
        everything = painting.arrays(whole(size))
        for region in (Region(0, 0, 40, size[1], size), Region(70, -20, 50, 60, size), Region(33, 41, 1, 1, size)):
            part = painting.arrays(region)
            rows = np.arange(region.top, region.top + region.height) % size[0]
            columns = np.arange(region.left, region.left + region.width) % size[1]
            for name, pixels in part.items():
                assert np.abs(pixels - everything[name][rows][:, columns]).max() < 1e-4


@pytest.mark.parametrize("which", ["library", "classes", "courses", "lattice", "bonded"])
def test_no_place_of_the_torus_is_special(which, request, monkeypatch):
    """All noise moved by half a picture moves the picture by half: its border is like any other place."""
    model = load("tiny", Context(models=ModelLibrary(request.getfixturevalue(which))))
    side = 256  # 8 cells, so 2 of the broad grid's, and 8 courses or rows of tiles
    choice, drawn = Choice((side, side), seed=5), Painting._noise

    def moved(self, stream, channels, region):
        half = region.full[0] // 2 if region.full[0] > 1 else 0
        return drawn(self, stream, channels, replace(region, top=region.top + half, left=region.left + half))

    with torch.inference_mode():
        here = Painting(model, choice).maps(whole((side, side)))
        monkeypatch.setattr(Painting, "_noise", moved)
        there = Painting(model, choice).maps(whole((side, side)))
    assert (here - there).abs().max() > 0.05
    assert torch.allclose(here.roll((side // 2, side // 2), (1, 2)), there, atol=1e-4)


def test_tiles_are_the_whole_picture(library, monkeypatch):
    monkeypatch.setattr(generate_module, "TILE_PX", (48, 80))
    painting = Painting(load("tiny", Context(models=ModelLibrary(library))), Choice((150, 170), seed=2))
    with torch.inference_mode():
        everything = painting.arrays(whole((150, 170)))
    places = set()
    for top, left, maps in painting.tiles():
        places.add((top, left))
        for name in maps:
            part = maps[name].pixels
            there = everything[name][top : top + part.shape[0], left : left + part.shape[1]]
            assert np.abs(part - there).max() < 1e-4
    assert len(places) == 12
    put_together = whole_picture(painting, Context())
    assert all(np.abs(put_together[name].pixels - everything[name]).max() < 1e-4 for name in everything)


def test_the_seed_is_the_picture_and_variation_calms_it(library):
    one, again, other = (generate(library, 64, 64, seed).maps for seed in (5, 5, 6))
    calm = generate(library, 64, 64, 5, variation=0.0).maps
    assert one.sha256() == again.sha256()
    assert len({one.sha256(), other.sha256(), calm.sha256()}) == 3


def test_blending_leads_from_one_seed_to_the_other(library):
    one, other = generate(library, 64, 64, 5).maps, generate(library, 64, 64, 6).maps
    ends = [generate(library, 64, 64, 5, blend=share, blend_seed=6).maps for share in (0.0, 1.0)]
    half = generate(library, 64, 64, 5, blend=0.5, blend_seed=6).maps
    assert ends[0].sha256() == one.sha256()
    assert np.abs(ends[1]["height"].pixels - other["height"].pixels).max() < 1e-4
    assert half.sha256() not in (one.sha256(), other.sha256())


def test_classes_are_chosen_and_blended_by_name(classes):
    light, dark = (generate(classes, 64, 64, material=name).maps["base_color"].pixels for name in ("light", "dark"))
    half = generate(classes, 64, 64, material="light", blend_material="dark", blend=0.5).maps["base_color"].pixels
    there = generate(classes, 64, 64, material="light", blend_material="dark", blend=1.0).maps["base_color"].pixels
    assert np.abs(light - dark).max() > 1e-3
    assert np.array_equal(there, dark)
    assert not np.array_equal(half, light)
    with pytest.raises(ParameterError, match="dark, light"):
        generate(classes, 32, 32, material="wood")


def test_sliders_do_what_their_names_say_and_keep_the_seed(library):
    model = load("tiny", Context(models=ModelLibrary(library)))
    model = replace(model, network=copy.deepcopy(model.network))
    with torch.no_grad():
        for stage in model.network.stages:
            stage.style.weight.mul_(4)  # so that styles differ visibly after so short a training
    sliders = find_sliders(model)
    assert sliders.card
    model = replace(model, sliders=sliders.directions)
    for index, slider in enumerate(sliders.card):
        moves = [tuple(at * float(other == index) for other in range(len(sliders.card))) for at in (-2.0, 0.0, 2.0)]
        with torch.inference_mode():
            measured = [_measured(Painting(model, Choice((96, 96), 5, sliders=move)))[slider["name"]] for move in moves]
        assert measured[0] < measured[1] < measured[2], slider
    made = [generate(library, 64, 64, 5, slider_1=at).maps.sha256() for at in (0.0, 0.0)]
    assert made[0] == made[1]


@pytest.mark.parametrize(
    ("parameters", "said"),
    [({"material": "brick"}, "makes one material"), ({"slider_6": 1.0}, "sliders, and no further one")],
    ids=["material", "slider"],
)
def test_what_a_model_cannot_do_is_not_ignored(library, parameters, said):
    with pytest.raises(ParameterError, match=said):
        generate(library, 32, 32, **parameters)


def test_the_hash_of_the_model_is_in_the_recipe(library):
    recipe = generate(library, 32, 32).recipe
    assert recipe.made_with["models"] == {"tiny": read_model(library / "tiny.safetensors").sha256()}


def test_a_model_that_does_not_fit_is_refused(library, tmp_path):
    model = read_model(library / "tiny.safetensors")
    tensors = read_tensors(model.path)[0]
    save_model(tmp_path / "wrong.safetensors", tensors, {**model.card, "widths": [8, 8, 8, 8, 8, 8]})
    with pytest.raises(ModelError, match="does not fit torus"):
        generate(tmp_path, 32, 32, model="wrong")


@pytest.mark.parametrize(
    ("pixels", "said"),
    [(np.full((96, 96, 3), 0.5), "colour"), (np.random.default_rng(0).random((40, 96, 3)), "smaller than")],
    ids=["blank", "small"],
)
def test_data_that_cannot_be_learned_is_refused(pixels, said, tmp_path):
    with pytest.raises(ParameterError, match=said):
        train(tmp_path, 1, dataset_of(Maps.from_arrays({"base_color": pixels})))


def test_data_is_standardised_there_and_back():
    data, about = prepare(dataset_of(surface()), 96, 48, 32, False, "cpu")
    assert about["maps"] == ["base_color", "height", "roughness"]
    pixels = data.pictures[0].pixels[:, :128, :128]
    assert pixels.mean((1, 2)).abs().max() < 1e-4
    assert pixels[3:].std((1, 2)).sub(1).abs().max() < 1e-3
    back = data.standard.back(pixels[None])[0]
    assert np.abs(back[:3].permute(1, 2, 0).numpy() - surface()["base_color"].pixels).max() < 1e-4
    crops = data.crops(5, 48, torch.Generator().manual_seed(0))
    assert crops.coarse.shape == (5, 5, 24, 24)
    assert crops.fine.shape == (5, 5, 48, 48)


def test_thumbnails_of_a_class_are_learned_as_layouts(tmp_path):
    """Coarse crops come from both, fine ones only from the picture that has the detail."""
    thumbnails = [Maps.from_arrays({"base_color": surface(32, seed)["base_color"].pixels}) for seed in (5, 6)]
    large = dataset_of(surface(), label="stone", licence="a")
    small = dataset_of(*thumbnails, label="stone", licence="a", smallest_px=24)
    dataset = Dataset("both", large.samples + small.samples)
    data, _ = prepare(dataset, 96, 48, 32, False, "cpu")
    assert data.canvas == (96, 96)
    assert [picture.pixels is None for picture in data.pictures] == [False, True, True]
    crops = data.crops(40, 48, torch.Generator().manual_seed(0))
    assert crops.coarse.shape == (40, 5, 24, 24)
    assert crops.fine_known.all()
    from_layouts = ~crops.coarse_known[:, 3, 0, 0].bool()
    assert 10 < from_layouts.sum() < 30
    assert crops.coarse[from_layouts, 3:].abs().max() == 0
    train(tmp_path, 2, dataset)
    assert (tmp_path / "tiny.safetensors").exists()


def test_other_small_pictures_make_the_canvas_smaller():
    large = dataset_of(surface(), label="stone")
    for small in (dataset_of(surface(64), label="stone"), dataset_of(surface(64), label="wood")):
        data, _ = prepare(Dataset("both", large.samples + small.samples), 96, 48, 32, False, "cpu")
        assert data.canvas == (64, 64)
        assert all(picture.pixels is not None for picture in data.pictures)


def test_a_missing_map_is_zero_where_losses_look(classes):
    card = ModelLibrary(classes).find("tiny", "torus").card
    assert card["maps"] == ["base_color", "height", "roughness"]
    assert card["classes"] == ["dark", "light"]


def test_the_waves_of_courses_are_found_and_made_whole():
    waves = find_waves(torch.from_numpy(bricks()[..., 0]).float())
    assert len(waves.vectors) == 1
    assert 1 / float(waves.vectors[0, 0]) == pytest.approx(32, rel=0.03)
    assert find_waves(torch.rand(160, 160)).channels == 0
    fitted = waves.fitted((100, 64))
    assert float(fitted.vectors[0, 0]) * 100 == pytest.approx(3)
    guide = fitted.guide(
        (100, 64), torch.zeros(1, 2), lambda channels, counts: torch.zeros(1, channels, *counts), "cpu"
    )
    phases = guide(Region(0, 0, 100, 64, (100, 64)))
    assert phases.shape == (1, waves.channels, 100, 64)
    rolled = guide(Region(100, 64, 100, 64, (100, 64)))
    assert torch.allclose(phases, rolled, atol=1e-4)


def test_a_period_is_as_long_as_the_whole_picture_says():
    """A course is found on a copy of at most 384 px; 27 periods later it would be out of step."""
    rows, random = torch.arange(1024), torch.Generator().manual_seed(0)
    for period in (37.3, 64.0, 102.4):
        luminance = (rows % period < 5).float()[:, None] + 0.1 * torch.rand(1024, 256, generator=random)
        (vector,) = find_waves(luminance).vectors
        assert float(vector[0]) * 1024 == pytest.approx(1024 / period, abs=0.02)


def test_joints_that_do_not_show_in_colours_are_found_in_roughness():
    maps = Maps.from_arrays(
        {"base_color": np.random.default_rng(0).random((160, 160, 3)), "roughness": bricks()[..., :1]}
    )
    data, _ = prepare(dataset_of(maps), 96, 48, 32, False, "cpu")
    assert 1 / float(data.waves.vectors[0, 0]) == pytest.approx(32, rel=0.01)


@pytest.mark.parametrize("turned", [False, True], ids=["rows", "columns"])
def test_units_of_courses_and_their_bond_are_found(turned):
    picture = torch.from_numpy(bond()).float().permute(2, 0, 1)
    courses, axis = torch.tensor([[1 / 32, 0.0]]), 1
    if turned:
        picture, courses, axis = picture.mT, courses.flip(1), 0
    waves = find_units(picture, Waves(courses), torch.tensor([-16.0, -16.0]))
    assert waves.course_axis == int(turned)
    assert 1 / waves.frequency(axis) == pytest.approx(64, abs=0.5)
    assert abs(waves.bond.shift) == pytest.approx(0.5, abs=0.03)
    assert waves.bond.spread < 0.03


def test_where_the_units_of_each_course_end_is_found_to_the_pixel():
    """Of a bond that is kept loosely: joints of the mean are as dark as each course's own."""
    picture = np.concatenate(
        [np.roll(bond(shift=0)[32 * k : 32 * k + 32], by, 1) for k, by in enumerate((0, 33, 2, 30, 3, 31))]
    )
    values, place = torch.from_numpy(picture).float().permute(2, 0, 1), torch.tensor([-16.0, -16.0])
    waves = find_units(values, Waves(torch.tensor([[1 / 32, 0.0]])), place)
    assert waves.bond.spread > 0.01
    mean = Periodic.of(values - values.mean((1, 2), keepdim=True), waves, place).at(waves, whole((192, 192)), 1, place)
    joints = (values[0] < 0.3) & (torch.arange(192)[:, None] % 32 >= 6)
    assert (mean[0] + values[0].mean())[joints].mean() < 0.21


def test_planks_that_do_not_end_have_no_units_nor_have_courses_without_a_bond():
    waves, anyhow = Waves(torch.tensor([[1 / 32, 0.0]])), (0, 9, 41, 17, 60, 30)
    loose = np.concatenate([np.roll(bond(shift=0)[32 * k : 32 * k + 32], by, 1) for k, by in enumerate(anyhow)])
    for pixels in (bricks(), loose):
        picture = torch.from_numpy(pixels).float().permute(2, 0, 1)
        assert find_units(picture, waves, torch.tensor([-16.0, 0.0])) is waves


def test_units_in_a_bond_are_whole_around_the_torus():
    waves = Waves(torch.tensor([[1 / 32, 0.0], [0.0, 1 / 50]]), Bond(0.48, 0.1)).fitted((160, 192))
    waves = waves.laid((160, 192), lambda channels, counts: torch.randn(1, channels, *counts))
    guide = waves.guide(
        (160, 192), torch.zeros(1, 2), lambda channels, counts: torch.randn(1, channels, *counts), "cpu"
    )
    told = guide(whole((160, 192)))
    assert torch.equal(told[..., 100:140, 50:60], guide(Region(260, -142, 40, 10, (160, 192))))
    noise = told[0, -UNIT_CHANNELS]
    assert len(noise.unique()) == 5 * 4
    assert all(len(row.unique()) == 4 for row in noise)
    steps = [int((noise[y].roll(1) != noise[y]).nonzero()[0]) for y in (32, 64)]
    assert steps[0] != steps[1]


def test_each_tile_has_noise_of_its_own():
    waves = Waves(torch.tensor([[1 / 32, 0.0], [0.0, 1 / 16]]))
    guide = waves.guide((64, 64), torch.zeros(1, 2), lambda channels, grid: torch.randn(1, channels, *grid), "cpu")
    told = guide(whole((64, 64)))
    assert told.shape[1] == waves.guides
    noise = told[:, waves.channels :]
    assert len(noise[0, 0].unique()) == 2 * 4
    assert len(noise[0, 0, 16:48, 8:24].unique()) == 1  # tiles end at phase 0.5
    assert torch.equal(noise, guide(Region(64, -64, 64, 64, (64, 64)))[:, waves.channels :])
    assert torch.equal(noise[..., ::2, ::2], guide(whole((32, 32)))[:, waves.channels :])
    oblique = Waves(torch.tensor([[1 / 30, 0.01], [0.0, 1 / 20]]))
    assert oblique.guides == oblique.channels


def test_what_units_have_in_common_is_measured():
    """The joints of another part of the wall are told to a tenth of their depth, and no tile's own tone or grain."""
    picture = torch.from_numpy(tiles(320)).float().permute(2, 0, 1)
    waves, place = Waves(torch.tensor([[1 / 32, 0.0], [0.0, 1 / 32]])), torch.tensor([7.3, -2.6])
    unit = Periodic.of(picture[:, :160], waves, place)
    other, full = picture[:, 160:], Region(160, 0, 160, 320, (320, 320))
    told = unit.at(waves, full, 1, place)
    joints = other[0] < 0.4
    assert (told - other)[:, joints].square().mean().sqrt() < 0.1 * 0.45
    assert told[:, ~joints].std() < 0.03
    assert (other - told)[:, ~joints].std() == pytest.approx(float(other[:, ~joints].std()), rel=0.1)


@pytest.mark.parametrize("in_bond", [False, True])
def test_the_mean_is_the_same_in_parts_and_with_less_detail(in_bond):
    waves = Waves(torch.eye(2) / 32)
    unit = Periodic.of(torch.from_numpy(tiles()).float().permute(2, 0, 1), waves, torch.zeros(2))
    if in_bond:
        waves = replace(waves, bond=Bond(0.3, 0.0), offsets=torch.tensor([[0.0, 0.4]]))
    place = torch.tensor([0.0, 400.2])
    all_of_it = unit.at(waves, whole((64, 96)), 1, place)
    part = unit.at(waves, Region(50, -10, 30, 40, (64, 96)), 1, place)
    assert torch.equal(part, all_of_it.roll((-50, 10), (1, 2))[:, :30, :40])
    quarter = unit.at(waves, whole((16, 24)), 4, place)
    assert torch.allclose(quarter, torch.nn.functional.avg_pool2d(all_of_it, 4), atol=1e-5)


def test_where_courses_go_one_way_a_unit_is_as_long_as_the_picture():
    picture = torch.from_numpy(bricks()).float().permute(2, 0, 1)
    unit = Periodic.of(picture, Waves(torch.tensor([[1 / 32, 0.0]])), torch.zeros(2))
    assert unit.rows.shape == (3, 1, 32)
    assert unit.columns.shape == (3, 1, 1)
    beside = picture - unit.at(Waves(torch.tensor([[1 / 32, 0.0]])), whole((160, 160)), 1, torch.zeros(2))
    assert beside.std() == pytest.approx(0.05, rel=0.1)  # the grain, and no joints


@pytest.mark.parametrize(("waver_px", "is_measured"), [(0, True), (6, False)])
def test_of_courses_that_waver_nothing_is_measured(waver_px, is_measured):
    """They stay courses: networks are told their phases, and draw all of them."""
    shifts = np.round(waver_px * np.sin(np.arange(160) / 9)).astype(int)
    straight = bricks()
    wavering = np.stack([np.roll(straight[:, column], shift, 0) for column, shift in enumerate(shifts)], 1)
    data, _ = prepare(dataset_of(Maps.from_arrays({"base_color": wavering})), 96, 48, 32, False, "cpu")
    assert data.waves.has_courses
    assert (data.unit is not None) == is_measured


def grain(joint: float, side: int = 256, period: int = 32) -> tuple[torch.Tensor, torch.Tensor]:
    """Noise that is `joint` times as strong at joints, (1, side, side), and where those are, (side, side)."""
    line = torch.arange(side) % period < 8
    joints = line[:, None] | line
    noise = torch.randn(1, side, side, generator=torch.Generator().manual_seed(3))
    return noise * torch.where(joints, joint, 1.0), joints


STILL = torch.zeros(1 + MODES)
"""No slider moves the units."""


def alike(channels: int, counts: tuple[int, int]) -> torch.Tensor:
    """Units that differ in nothing but grain."""
    return torch.zeros(1, channels, *counts)


def test_how_much_units_differ_is_measured_at_each_place():
    """Grain that is six times as strong at joints is alike everywhere to the networks, and strong there when made."""
    waves = Waves(torch.eye(2) / 32)
    picture, joints = grain(6.0)
    unit = Unit.of(picture, waves, torch.zeros(2))
    inner = torch.nn.functional.max_pool2d(joints[None].float(), 5, 1, 2)[0] == 0

    def ratio(values: torch.Tensor) -> float:
        octave = split_octave(values[None])[0][0, 0]
        return float(octave[joints].std() / octave[inner].std())

    assert ratio(picture) > 5
    assert ratio(unit.without(picture, waves, torch.zeros(2))) == pytest.approx(1, abs=0.35)
    other = torch.randn(1, 1, 256, 256, generator=torch.Generator().manual_seed(4))
    made = unit.added(other, waves, whole((256, 256)), 0, alike, STILL)[0]
    assert ratio(made) == pytest.approx(ratio(picture), rel=0.35)
    even = Unit.of(grain(1.0)[0], waves, torch.zeros(2))
    assert ratio(even.added(other, waves, whole((256, 256)), 0, alike, STILL)[0]) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("skipped", [0, 2])
def test_units_are_the_same_in_parts(skipped):
    waves, full = Waves(torch.eye(2) / 32), (128, 96)
    unit = Unit.of(grain(6.0)[0], waves, torch.zeros(2))
    x = torch.randn(1, 1, *full, generator=torch.Generator().manual_seed(5))

    def made(want: Region) -> torch.Tensor:
        needed = unit.room_for(want)
        return needed.take(unit.added(whole(full).take(x, needed), waves, needed, skipped, alike, STILL), want)

    all_of_it = made(whole(full))
    assert torch.allclose(
        made(Region(51, -10, 30, 41, full)), all_of_it.roll((-51, 10), (2, 3))[:, :, :30, :41], atol=1e-6
    )
    assert torch.allclose(made(Region(-7, 0, 140, 96, full))[:, :, 7:135], all_of_it, atol=1e-6)


SHADED = Waves(torch.tensor([[1 / 32, 0.0], [0.0, 1 / 40]]))


def shaded() -> torch.Tensor:
    """Tiles (3, 320, 320) that differ in tone, and each on its own in how bright its left edge is."""
    random = torch.Generator().manual_seed(6)
    y, x = torch.meshgrid(torch.arange(320), torch.arange(320), indexing="ij")
    tones, edges = (0.1 * torch.randn(11, 9, generator=random)[(y + 16) // 32, (x + 20) // 40] for _ in range(2))
    edge = (x + 20) % 40 < 6
    return (tones + torch.where(edge, edges, 0.0) + 0.01 * torch.randn(320, 320, generator=random)).expand(3, -1, -1)


def tiles_of(waves: Waves) -> torch.Tensor:
    """What all units of waves have in common, (1, 320, 320): a tone that rises along both sides."""
    cycles = waves.cycles(whole((320, 320)), 1, torch.zeros(1, 2))[0] % 1
    return cycles.sum(0, keepdim=True) - 1


def test_how_units_differ_as_wholes_is_measured():
    """Tone and edge are told apart from grain, and what is made anew has both, as strong, with edges as sharp."""
    picture, place = shaded(), torch.full((2,), -0.5)
    modes = Modes.of(picture, SHADED, place)
    rest = modes.without(picture, SHADED, place)
    assert rest.std() == pytest.approx(0.01, rel=0.15)
    weights = torch.randn(MODES, 10, 8, generator=torch.Generator().manual_seed(7))
    made = modes.at(weights, SHADED, whole((320, 320)), 1, place)
    assert made.std() == pytest.approx(float(picture.std()), rel=0.2)
    for tiles in (picture, made):
        inner = tiles[0, 16:304, 20:300].unflatten(0, (9, 32)).unflatten(2, (7, 40)).transpose(1, 2)
        left, right = inner[..., :6].mean((2, 3)), inner[..., 6:].mean((2, 3))
        assert (left - right).std() == pytest.approx(0.1, rel=0.35)
        assert inner[..., 6:].std((2, 3)).mean() < 0.02


def test_modes_are_the_same_in_parts_and_with_less_detail():
    modes = Modes.of(shaded(), SHADED, torch.full((2,), -0.5))
    weights = torch.randn(MODES, 4, 4, generator=torch.Generator().manual_seed(8))

    def at(region: Region, pixel: int = 1) -> torch.Tensor:
        return modes.at(weights, SHADED, region, pixel, torch.zeros(2))

    all_of_it = at(whole((128, 160)))
    part = at(Region(100, -30, 60, 70, (128, 160)))
    assert torch.allclose(part, all_of_it.roll((-100, 30), (1, 2))[:, :60, :70], atol=1e-6)
    quarter = torch.nn.functional.avg_pool2d(all_of_it, 4)
    assert torch.allclose(at(whole((32, 40)), 4), quarter, atol=1e-5)


def test_sliders_move_all_units_alike():
    unit, full = Unit.of(shaded() + tiles_of(SHADED), SHADED, torch.zeros(2)), (128, 160)

    def made(strength: float = 0.0, tone: float = 0.0) -> torch.Tensor:
        moved = torch.tensor([strength, tone, *(MODES - 1) * [0.0]])
        return unit.added(torch.zeros(1, 3, *full), SHADED, whole(full), 0, alike, moved)[0]

    assert unit.axes == 1 + MODES
    assert torch.allclose(made(5.0), 1.5 * made(), atol=1e-6)
    change = (made(0.0, 1.0) - made()).unflatten(1, (4, 32)).unflatten(3, (4, 40))
    assert change.std() > 0.01
    assert torch.allclose(change, change[:, :1, :, :1].expand_as(change), atol=1e-5)


def test_modes_need_many_units_that_are_not_in_a_bond():
    place = torch.full((2,), -0.5)
    assert Modes.of(shaded()[:, :200, :200], SHADED, place) is None
    assert Modes.of(shaded(), replace(SHADED, bond=Bond(0.5, 0.0)), place) is None
    assert Modes.of(shaded(), replace(SHADED, vectors=SHADED.vectors[:1]), place) is None


def test_units_come_back_from_their_tensors():
    courses = replace(SHADED, vectors=SHADED.vectors[:1])
    loose, tiled = (Unit.of(shaded(), waves, torch.zeros(2)) for waves in (courses, SHADED))
    assert not loose.variances
    assert tiled.modes
    for unit in (loose, tiled):
        again = Unit.from_tensors(unit.tensors()).tensors()
        assert again.keys() == unit.tensors().keys()
        assert all(torch.equal(again[name], tensor) for name, tensor in unit.tensors().items())


def test_joints_are_straight_from_the_start(lattice):
    """After two steps: what a network would have to draw is measured."""
    grey = generate(lattice, 160, 160).maps["base_color"].pixels.mean(2)
    real = tiles().mean(2)
    for axis in (0, 1):
        made = grey.mean(axis)
        assert max(np.corrcoef(np.roll(made, shift), real.mean(axis))[0, 1] for shift in range(32)) > 0.9


def test_the_profile_tells_joints_that_bend_from_those_in_their_place():
    picture = torch.from_numpy(tiles(320)).float().permute(2, 0, 1)[:1]
    waves, place = Waves(torch.tensor([[1 / 32, 0.0], [0.0, 1 / 32]])), torch.zeros(2)
    profile = Profile.of(picture[:, :160], waves, 1, place, 2)

    def distance(other):
        return float(profile.distance(other[None], waves, place[None], with_deviation=True))

    same, moved = distance(picture[:, 160:]), picture[:, 160:].roll(3, 1)
    bent = torch.stack([column.roll(round(3 * np.sin(x / 20))) for x, column in enumerate(picture[0, 160:].T)], 1)[None]
    alike = picture[:, 160:].clone().where(picture[:, 160:] < 0.4, 0.65)
    assert same < 0.01
    assert min(distance(moved), distance(bent), distance(alike)) > 3 * same + 0.01


def test_the_profile_does_not_take_chance_for_a_fault():
    """Crops of the data itself show few tiles, each of a tone of its own: their mean is not that of all."""
    tones = torch.randn(20, 20, generator=torch.Generator().manual_seed(0))
    picture = tones.repeat_interleave(16, 0).repeat_interleave(16, 1)[None]
    waves, places = Waves(torch.eye(2) / 16), [(y, x) for y in (0, 96, 192) for x in (32, 128, 224)]
    profile = Profile.of(picture, waves, 1, torch.zeros(2), 2)
    crops = [(picture[None, :, y : y + 32, x : x + 32], torch.tensor([[y, x]]).float()) for y, x in places]
    distances = [float(profile.distance(crop, waves, place, with_deviation=False)) for crop, place in crops]
    assert np.mean(distances) < 0.15
    assert np.mean([float(crop.mean().abs()) for crop, _ in crops]) > 0.3


def test_pictures_begin_between_joints():
    """The joints of `bricks` are rows 0 to 3 of each 32."""
    luminance = torch.from_numpy(bricks()[..., 0]).float()
    place = calmest_place(luminance, find_waves(luminance))
    assert float(place[0]) % 32 == pytest.approx(18, abs=3)
    assert float(place[1]) == 0
    assert calmest_place(torch.rand(32, 32), Waves.none()).tolist() == [0, 0]


def test_a_canvas_holds_whole_periods():
    assert Waves(torch.tensor([[1 / 90, 0.0], [0.0, 1 / 64]])).canvas((400, 384), 1024, 32) == (448, 384)
    assert Waves.none().canvas((384, 384), 512, 32) == (384, 384)


def test_slopes_are_those_of_height():
    maps = torch.zeros(1, 2, 8, 9)
    maps[0, 1] = 3 * torch.arange(9) - 5 * torch.arange(8)[:, None]
    seen = slopes(maps, 1, deviation=2.0)
    assert seen.shape == (1, 4, 6, 7)
    assert torch.equal(seen[0, 2], torch.full((6, 7), 3.0))
    assert torch.equal(seen[0, 3], torch.full((6, 7), -5.0))


def test_the_penalty_is_the_squared_gradient():
    """On a linear discriminator the finite difference is exact: its mean square is |w|²."""
    D = torch.nn.Conv2d(1, 1, 3, bias=False)
    x = torch.zeros(64, 1, 50, 50)
    penalty = zero_centred_penalty(D(x), D(x + SIGMA * torch.randn(x.shape)))
    assert penalty.item() == pytest.approx(D.weight.square().sum().item(), rel=0.02)


def test_the_sliced_distance_tells_a_blur_and_a_colour_from_the_same_texture():
    random = torch.Generator().manual_seed(1)
    noise = [torch.rand(1, 3, 96, 96, generator=random) for _ in range(2)]
    distance = lambda x: float(sliced_wasserstein(noise[0], x, 2, torch.Generator().manual_seed(0)))  # noqa: E731
    same, blurred, tinted = distance(noise[1]), distance(torch.nn.functional.avg_pool2d(noise[1], 3, 1, 1)), 0.0
    tinted = distance(noise[1] + torch.tensor([0.3, 0.0, 0.0])[:, None, None])
    assert same < 0.3 * blurred
    assert same < 0.3 * tinted


def test_faint_detail_counts_beside_strong_detail():
    random = torch.Generator().manual_seed(1)
    strong = lambda: torch.randn(1, 1, 96, 96, generator=random)  # noqa: E731
    faint = lambda: 0.01 * strong()  # noqa: E731
    real = torch.cat([faint(), strong()], 1)
    distance = lambda x: float(sliced_wasserstein(real, x, 2, torch.Generator().manual_seed(0)))  # noqa: E731
    without = torch.cat([torch.nn.functional.avg_pool2d(faint(), 5, 1, 2), strong()], 1)
    assert distance(torch.cat([faint(), strong()], 1)) < 0.5 * distance(without)


def test_octaves_are_seen_in_their_own_units():
    random = torch.Generator().manual_seed(1)
    broad = torch.nn.functional.interpolate(torch.randn(1, 2, 8, 8, generator=random), scale_factor=16, mode="bicubic")
    x = broad + 0.01 * torch.randn(1, 2, 128, 128, generator=random)
    octave, smaller = split_octave(x)
    assert torch.allclose(octave + torch.nn.functional.interpolate(smaller, scale_factor=2, mode="bilinear"), x)
    units = octaves.deviations(x, 4)
    assert units.shape == (4, 2)
    assert float(units[0].max()) < 0.02 < float(units[3].min())
    seen = octaves.finest(x, units[:2])
    assert seen.shape == (1, 4, 128, 128)
    assert torch.allclose(seen[:, :2].square().mean((0, 2, 3)), torch.ones(2))
    assert torch.allclose(seen[:, 2:].square().mean((0, 2, 3)), torch.ones(2), atol=0.5)  # enlarged, so smoother


def test_grain_is_as_sharp_wherever_the_size_asks_for_resampling():
    taps = taps_of(0, 97, 97, 96)
    grain = torch.randn(64, 96, 96, generator=torch.Generator().manual_seed(1))
    index = torch.arange(taps.first, taps.first + taps.count) % 96
    columns = taps.resampled(grain.index_select(2, index), 2).square().mean((0, 1))
    assert 0.7 < float(columns.min()) < float(columns.max()) < 1.1
    even = torch.ones(1, 96, 96)
    assert torch.allclose(taps.resampled(even.index_select(2, index), 2), torch.ones(1, 96, 97))


def test_the_discriminator_judges_patches_of_54_px():
    assert patch_px((8, 8, 8, 8)) == 54
    D = PatchDiscriminator(3, (8, 8, 8, 8))
    assert D(torch.zeros(1, 3, 54, 54)).shape == (1, 1, 1, 1)
    assert D(torch.zeros(1, 3, 62, 62)).shape == (1, 1, 2, 2)


def test_a_preview_is_what_the_model_makes(library):
    model = load("tiny", Context(models=ModelLibrary(library)))
    assert make(model, (64, 64), 3).size_px == (64, 64)


def test_what_the_discriminator_sees_is_changed_more_often_the_surer_it_is():
    augmentation, random = Augmentation(0.5, None), torch.Generator().manual_seed(1)
    x = torch.randn(8, 3, 32, 32, generator=random)
    assert augmentation(x, random) is x
    for _ in range(400):
        augmentation.adapt(torch.ones(4), torch.zeros(4))
    assert augmentation.probability == pytest.approx(0.5)
    changed = [not torch.equal(before, after) for before, after in zip(x, augmentation(x, random), strict=True)]
    assert sum(changed) > 0
    for _ in range(400):
        augmentation.adapt(torch.zeros(4), torch.zeros(4))
    assert augmentation.probability == 0


def test_augmentation_passes_the_gradient_and_is_the_same_again():
    augmentation = Augmentation(0.9, None)
    augmentation.probability.fill_(0.9)
    x = torch.randn(2, 3, 16, 16, requires_grad=True)
    once, again = (augmentation(x, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(once, again)
    once.sum().backward()
    assert 0 < x.grad.count_nonzero() < x.numel()  # a part is blanked


def test_mirrored_slopes_are_those_of_the_mirrored_height():
    augmentation, random = Augmentation(1.0, (1, 2)), torch.Generator().manual_seed(0)
    augmentation.probability.fill_(1.0)
    seen = slopes(torch.randn(1, 1, 34, 34, generator=random), 0, 1.0)
    changed = augmentation(seen, random)
    along_x, along_y = changed[0, 1], changed[0, 2]
    known = (changed[0] != 0).all(0)  # beside what is blanked
    expected = slopes(changed[:, :1], 0, 1.0)[0]
    inside = known[1:-1, 1:-1] & known[:-2, 1:-1] & known[2:, 1:-1] & known[1:-1, :-2] & known[1:-1, 2:]
    assert inside.float().mean() > 0.5
    assert torch.allclose(expected[1][inside], along_x[1:-1, 1:-1][inside])
    assert torch.allclose(expected[2][inside], along_y[1:-1, 1:-1][inside])


def test_what_a_training_goes_back_to_has_the_gains_of_its_data(library, tmp_path):
    data, _ = prepare(dataset_of(surface(seed=9)), 96, 48, 32, False, "cpu")
    parameters = TrainTorusParameters(**{**TINY, "steps": 2})
    training = TorusTraining(data, parameters, 0, "cpu", "float32")
    for model in ("", "tiny"):
        training.start_from(model, Context(models=ModelLibrary(library)))
        gains = data.octaves(len(GENERATOR_WIDTHS)).flip(0)
        for stage, deviation in zip(training.ema.stages, gains, strict=True):
            assert torch.equal(stage.gains.flatten(), deviation)
        state = training.ema.state_dict()
        assert all(torch.equal(value, training.good[f"ema.{name}"]) for name, value in state.items())
