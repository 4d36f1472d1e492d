"""The torus generator: it is the same in parts, its sliders and classes, and detail from what it learned from."""

import copy
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from materials import bond, bricks, surface, tiles
from quick import repeated
from torch.nn.functional import avg_pool2d

from impasto import Host, Maps, Recipe, RunOptions, Step, run
from impasto.context import Context
from impasto.data.dataset import Dataset, dataset_of
from impasto.data.parts import part_of
from impasto.errors import ParameterError
from impasto.io.metadata import source_type
from impasto.library.exemplars import exemplar_file, read_exemplar
from impasto.library.models import ModelLibrary, read_model
from impasto.patterns.lattice import TorusRegion, full_region
from impasto.recipe import differences
from impasto.surface.heights import normal_height_consistency
from impasto.surface.resizing import resized_map
from impasto.surface.wrapping import seam_z
from impasto_gan.torus import detail
from impasto_gan.torus.detail import even_values, source_of
from impasto_gan.torus.generate import Choice, Synthesis
from impasto_gan.torus.model import load_torus
from impasto_gan.torus.resampling import taps_of
from impasto_gan.torus.sliders import _measure, find_sliders
from impasto_gan.torus.transfer import BLEND_PX, transfer

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


def briefly(pixels):
    """A fixture of a library with a model that took two steps on a picture."""

    @pytest.fixture(scope="module")
    def folder(tmp_path_factory):
        return briefly_trained(tmp_path_factory.mktemp("models"), pixels())

    return folder


rows, lattice, bonded = briefly(bricks), briefly(tiles), briefly(bond)


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
def test_any_region_equals_that_part_of_the_whole(which, size, scale, request):
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


def test_previews_have_full_size_before_filters_with_pixel_lengths(library):
    size = {"width_px": 128, "height_px": 128}
    for filter_name, side in (("adjust", 32), ("height-to-normal", 128)):
        recipe = Recipe((Step("torus", size), Step(filter_name)), 5)
        assert run(recipe, None, RunOptions(models_folder=library, enough_px=32)).maps.size_px == (side, side)


def test_seeds_variation_and_blending_change_the_picture(library):
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


def as_cells(grey: np.ndarray) -> np.ndarray:
    """Cells (rows, columns, 32, 32) of tiles whose joints are dark, from where a joint begins."""
    for axis in (0, 1):
        mean = grey.mean(1 - axis)
        begin = min(range(32), key=lambda shift: np.roll(mean, -shift).reshape(-1, 32)[:, :4].mean())
        grey = np.roll(grey, -begin, axis)
    return grey.reshape(len(grey) // 32, 32, -1, 32).swapaxes(1, 2)


def test_joints_are_straight_and_tiles_have_their_grain_from_the_start(lattice):
    """After two steps: what a network would have to draw is measured."""
    real, made = (as_cells(x.mean(2)) for x in (tiles(), generate(lattice, 160, 160).maps["base_color"].pixels))
    inner, joint = ([cells[..., 8:28, along] for cells in (real, made)] for along in (slice(8, 28), slice(1, 3)))
    assert joint[1].mean() == pytest.approx(joint[0].mean(), abs=0.1)  # inner parts are three times as bright
    assert joint[1].mean((0, 1, 3)).std() < 0.03
    assert inner[1].mean() == pytest.approx(inner[0].mean(), abs=0.1)
    assert inner[1].std((2, 3)).mean() == pytest.approx(inner[0].std((2, 3)).mean(), rel=0.3)


def test_grain_is_as_sharp_wherever_the_size_asks_for_resampling():
    taps = taps_of(0, 97, 97, 96)
    index = torch.arange(taps.first, taps.first + taps.count) % 96
    grain = torch.randn(64, 96, 96, generator=torch.Generator().manual_seed(1))
    columns = taps.resample(grain.index_select(2, index), 2).square().mean((0, 1))
    assert 0.7 < float(columns.min()) < float(columns.max()) < 1.1
    assert torch.allclose(taps.resample(torch.ones(1, 96, len(index)), 2), torch.ones(1, 96, 97))


def grain(maps: Maps) -> float:
    return float(np.abs(np.diff(maps["base_color"].pixels, axis=1)).mean())


KEPT = {"keep_exemplar": True}


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A library with a model that took two steps on a surface, which is not kept."""
    folder = tmp_path_factory.mktemp("models")
    train(folder, 2)
    return folder


def detailed(folder, exemplar=None, size=(128, 160), **parameters):
    given = {"exemplar": exemplar} if exemplar else {}
    step = Step("torus", {"height_px": size[0], "width_px": size[1], **parameters}, {name: name for name in given})
    return run(Recipe((step,)), given, RunOptions(models_folder=folder))


def patches(side=256):
    """Grey (1, side, side): columns of dark ground with grain, between bright ones with less."""
    random = torch.Generator().manual_seed(0)
    is_bright = (torch.arange(side) // 32 % 2).float().expand(side, side)
    grain = torch.randn(side, side, generator=random) * (0.08 - 0.05 * is_bright)
    return (0.3 + 0.4 * is_bright + grain).clamp(0, 1)[None]


def follows(strictness):
    """Correlation, in squares of 16 px, of a torus with the broad spots that it is to follow; and the torus."""
    random = torch.Generator().manual_seed(1)
    spots = torch.randn(1, 1, 6, 8, generator=random)
    layout = torch.nn.functional.interpolate(spots, scale_factor=32, mode="bicubic")[0].clamp(-2, 2) * 0.05 + 0.9
    laid = transfer({"roughness": patches()}, {"roughness": layout}, strictness, np.random.default_rng(0))
    (made,) = laid.joined(BLEND_PX, BLEND_PX)
    sides = (avg_pool2d(image[None], 16).flatten().numpy() for image in (made, layout))
    return float(np.corrcoef(*sides)[0, 1]), made, laid


def test_pieces_are_placed_by_likeness_however_faint():
    follows_strictly, made, _ = follows(1.0)
    assert follows_strictly > 0.6
    assert abs(follows(0.0)[0]) < 0.3
    dark, bright = made[made < 0.5], made[made > 0.5]
    assert dark.std() > 1.2 * bright.std()  # each with the grain that it has in the source


def test_an_exemplar_gives_its_own_grain(plain):
    exemplar = surface(192, seed=5)
    made = detailed(plain, exemplar).maps
    alone = detailed(plain).maps
    assert set(made) == set(alone)
    assert made.size_px == (128, 160)

    assert grain(made) == pytest.approx(grain(exemplar), rel=0.15)
    assert grain(alone) != pytest.approx(grain(exemplar), rel=0.15)  # after two steps
    assert normal_height_consistency(made["normal"].pixels, made["height"].pixels)[0] < 0.02
    assert all(-4 < z < 3 for texture in made.values() for z in seam_z(texture.pixels))


def test_an_exemplar_of_some_pixels_and_detail_of_a_huge_result_are_refused(plain):
    tiny = Maps.from_arrays({"base_color": np.full((2, 9, 3), 0.5)})
    with pytest.raises(ParameterError, match=r"the source is too small: pieces of .* do not fit into 9x2 px"):
        detailed(plain, tiny)
    with pytest.raises(ParameterError, match="limit"):
        detailed(plain, surface(), size=(8192, 4096))


def test_maps_missing_in_the_exemplar_come_from_the_network(plain):
    alone = detailed(plain).maps
    photograph = Maps({"base_color": surface(seed=5)["base_color"]})
    result = detailed(plain, photograph)
    assert np.array_equal(result.maps["roughness"].pixels, alone["roughness"].pixels)
    assert not np.array_equal(result.maps["base_color"].pixels, alone["base_color"].pixels)
    assert any("no height, roughness" in note for note in result.notes)
    with pytest.raises(ParameterError, match="exemplar has no base colour"):
        detailed(plain, Maps({"height": surface()["height"]}))


@pytest.mark.parametrize(
    ("scale", "width_m", "wanted_px"),
    [(1.0, None, 128), (0.5, None, 64), (1.0, 0.5, 64), (1.0, 4.0, 256)],
)
def test_texels_of_the_exemplar_are_as_large_as_those_of_the_result(plain, monkeypatch, scale, width_m, wanted_px):
    """The model learned from 128 px, which were taken for one metre; an exemplar is made smaller, never larger."""
    monkeypatch.setenv("IMPASTO_MODELS", str(plain))
    synthesis = Synthesis(load_torus("tiny", Context(models=ModelLibrary(plain))), Choice((128, 128), scale=scale))
    source = source_of(synthesis, replace(surface(256), width_m=width_m), Context())
    assert source["base_color"].shape == (3, wanted_px, wanted_px)


def test_sliders_change_detail_like_the_networks_picture():
    """Contrast by as much as that of the model's picture, and means too."""
    given = {"model": "bricks", "width_px": 192, "height_px": 192}

    def deviation(texture_transfer, contrast):
        step = Step("torus", {**given, "texture_transfer": texture_transfer, "sliders": {"contrast": contrast}})
        return float(run(Recipe((step,), 2)).maps["base_color"].pixels.std((0, 1)).mean())

    of_model, detailed = (deviation(how, 3) / deviation(how, -3) for how in (False, True))
    assert of_model > 1.15
    assert 0.6 < np.log(detailed) / np.log(of_model) < 1.5


def test_broad_differences_are_evened_and_fine_detail_stays():
    y, x = torch.meshgrid(torch.arange(128.0), torch.arange(128.0), indexing="ij")
    broad, fine = torch.sin(2 * torch.pi * y / 128), torch.sin(2 * torch.pi * x / 4)
    made = even_values(torch.stack([broad + 0.5, fine]), 0.6)
    assert made[0].mean() == pytest.approx(0.5, abs=1e-3)
    assert made[0].std() / broad.std() == pytest.approx(0.6, abs=0.05)
    assert made[1].std() / fine.std() == pytest.approx(1, abs=1e-3)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A copied with a model of two steps, and the picture that it learned beside it."""
    folder = tmp_path_factory.mktemp("models")
    train(folder, 2, on=KEPT)
    return folder


@pytest.fixture
def copied(trained, tmp_path):
    """A copy of it, which a test may change."""
    return shutil.copytree(trained, tmp_path / "models")


def test_results_use_the_exemplar_by_default(trained):
    result, alone = detailed(trained), detailed(trained, texture_transfer=False)
    assert grain(result.maps) == pytest.approx(grain(surface()), rel=0.15)
    assert grain(alone.maps) != pytest.approx(grain(surface()), rel=0.15)  # after two steps
    assert result.maps.sha256() == detailed(trained).maps.sha256()
    assert detailed(trained, surface(seed=9)).maps.sha256() not in (result.maps.sha256(), alone.maps.sha256())
    (note,) = result.notes
    assert "blotches (CC0-1.0)" in note
    assert alone.notes == ()
    card = read_model(trained / "tiny.safetensors").card
    assert result.recipe.made_with["exemplars"] == {"tiny": card["exemplar"]}
    assert "exemplars" not in alone.recipe.made_with
    assert source_type(result.recipe).endswith("/compositeWithTrainedAlgorithmicMedia")
    assert source_type(alone.recipe).endswith("/trainedAlgorithmicMedia")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda file: file.unlink(), "the picture that tiny learned is not kept beside it here"),
        (lambda file: file.write_bytes(exemplar_file(surface(64))), "it is of another model, or was changed"),
        (lambda file: file.write_bytes(file.read_bytes()[:-9]), "it is of another model, or was changed"),
    ],
    ids=["gone", "another", "cut short"],
)
def test_without_its_exemplar_the_network_works_alone_with_a_note(copied, change, said):
    before, alone = detailed(copied), detailed(copied, texture_transfer=False)
    change(copied / "tiny.exemplar")
    result = detailed(copied)
    assert result.maps.sha256() == alone.maps.sha256()
    (note,) = result.notes
    assert note.startswith("made by the network alone, without detail: ")
    assert said in note
    assert result.recipe.steps[0].parameters["texture_transfer"] is False
    (difference,) = differences(before.recipe, result.recipe)
    assert difference.startswith("exemplar of tiny: ")


def test_oversized_results_are_made_by_the_network_alone(trained, monkeypatch):
    monkeypatch.setattr(detail, "MOST_PX", 100 * 100)
    result = detailed(trained)
    assert result.maps.sha256() == detailed(trained, texture_transfer=False).maps.sha256()
    assert "the limit" in result.notes[0]


def test_the_exemplar_has_nothing_of_the_held_out_half(tmp_path):
    train(tmp_path, 2, on={"hold_out": True, "canvas_px": 64, **KEPT})
    model = read_model(tmp_path / "tiny.safetensors")
    kept = read_exemplar(model.path, model.card["exemplar"])
    source = {"name": "blotches", "licence": "CC0-1.0", "size_px": [128, 128], "part": "left"}
    assert source.items() <= model.card["data"][0].items()
    learned = part_of(surface(), "left")
    assert set(kept) == set(learned)
    assert np.abs(kept["base_color"].pixels - learned["base_color"].pixels).max() <= 0.5 / 255 + 1e-6
    assert np.abs(kept["height"].pixels - learned["height"].pixels).max() <= 0.5 / 4095 + 1e-6  # of 12 bits
    assert kept.width_m == pytest.approx(0.5)


@pytest.mark.slow
def test_several_pictures_give_no_exemplar(tmp_path):
    assert list(train(tmp_path, 2, both(), on=KEPT).models) == list(tmp_path.iterdir())


def test_exemplars_are_installed_described_and_removed_with_their_model(copied, tmp_path, monkeypatch):
    own = ModelLibrary(tmp_path / "own")
    own.install(copied / "tiny.safetensors")
    assert own.find("tiny", "torus").description()["exemplar"] == str(own.folder / "tiny.exemplar")
    assert detailed(own.folder).notes == detailed(copied).notes
    own.remove("tiny")
    assert not list(own.folder.iterdir())
    (copied / "tiny.exemplar").unlink()
    own.install(copied / "tiny.safetensors")
    assert own.find("tiny", "torus").description()["exemplar"] == ""
