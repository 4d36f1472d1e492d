"""Detail from an exemplar: the layout is the model's, the grain the exemplar's, by default that of what it learned."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from materials import surface
from torch.nn.functional import avg_pool2d

from impasto import Maps, Recipe, RunOptions, Step, run
from impasto.context import Context
from impasto.data.dataset import Dataset, dataset_of
from impasto.data.parts import part_of
from impasto.errors import ParameterError
from impasto.io.metadata import source_type
from impasto.library.exemplars import exemplar_file, read_exemplar
from impasto.library.models import ModelLibrary, read_model
from impasto.recipe import differences
from impasto.surface.heights import normal_height_consistency
from impasto_gan.torus import detail
from impasto_gan.torus.detail import evened, source_of
from impasto_gan.torus.generate import Choice, Synthesis
from impasto_gan.torus.model import load_torus
from impasto_gan.torus.transfer import BLEND_PX, transfer

pytestmark = pytest.mark.usefixtures("one_slider")

TINY = {"name": "tiny", "canvas_px": 96, "crop_px": 48, "batch": 1, "width": 0.125, "steps": 2}


def train(folder, dataset=None, **parameters):
    step = Step("train-torus", {**TINY, **parameters}, {"dataset": "dataset"})
    given = dataset or dataset_of(surface(), licence="CC0-1.0")
    return run(Recipe((step,)), {"dataset": given}, RunOptions(models_folder=folder))


def grain(maps: Maps) -> float:
    return float(np.abs(np.diff(maps["base_color"].pixels, axis=1)).mean())


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """A library with a model that took two steps on a surface."""
    folder = tmp_path_factory.mktemp("models")
    train(folder, keep_exemplar=False)
    return folder


def generate(folder, exemplar=None, size=(128, 160), **parameters):
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


def test_pieces_lie_where_the_picture_is_alike_however_faint_it_is():
    follows_strictly, made, _ = follows(1.0)
    assert follows_strictly > 0.6
    assert abs(follows(0.0)[0]) < 0.3
    dark, bright = made[made < 0.5], made[made > 0.5]
    assert dark.std() > 1.2 * bright.std()  # each with the grain that it has in the source


def test_an_exemplar_gives_its_own_grain(library):
    exemplar = surface(192, seed=5)
    made = generate(library, exemplar).maps
    alone = generate(library).maps
    assert set(made) == set(alone)
    assert made.size_px == (128, 160)

    assert grain(made) == pytest.approx(grain(exemplar), rel=0.15)
    assert grain(alone) != pytest.approx(grain(exemplar), rel=0.15)  # after two steps
    assert normal_height_consistency(made["normal"].pixels, made["height"].pixels)[0] < 0.02


def test_an_exemplar_of_some_pixels_and_detail_of_a_huge_result_are_refused(library):
    tiny = Maps.from_arrays({"base_color": np.full((2, 9, 3), 0.5)})
    with pytest.raises(ParameterError, match=r"the source is too small: pieces of .* do not fit into 9x2 px"):
        generate(library, tiny)
    with pytest.raises(ParameterError, match="limit"):
        generate(library, surface(), size=(8192, 4096))


def test_maps_that_the_exemplar_lacks_stay_the_models(library):
    alone = generate(library).maps
    photograph = Maps({"base_color": surface(seed=5)["base_color"]})
    result = generate(library, photograph)
    assert np.array_equal(result.maps["roughness"].pixels, alone["roughness"].pixels)
    assert not np.array_equal(result.maps["base_color"].pixels, alone["base_color"].pixels)
    assert any("no height, roughness" in note for note in result.notes)
    with pytest.raises(ParameterError, match="exemplar has no base colour"):
        generate(library, Maps({"height": surface()["height"]}))


@pytest.mark.parametrize(
    ("scale", "width_m", "wanted_px"),
    [(1.0, None, 128), (0.5, None, 64), (1.0, 0.5, 64), (1.0, 4.0, 256)],
)
def test_texels_of_the_exemplar_are_as_large_as_those_of_the_result(library, monkeypatch, scale, width_m, wanted_px):
    """The model learned from 128 px, which were taken for one metre; an exemplar is made smaller, never larger."""
    monkeypatch.setenv("IMPASTO_MODELS", str(library))
    synthesis = Synthesis(load_torus("tiny", Context(models=ModelLibrary(library))), Choice((128, 128), scale=scale))
    source = source_of(synthesis, replace(surface(256), width_m=width_m), Context())
    assert source["base_color"].shape == (3, wanted_px, wanted_px)


def test_sliders_change_detail_as_they_change_the_models_picture():
    """Contrast by as much as that of the model's picture, and means too."""
    given = {"model": "bricks", "width_px": 192, "height_px": 192}

    def deviation(texture_transfer, contrast):
        step = Step("torus", {**given, "texture_transfer": texture_transfer, "sliders": {"contrast": contrast}})
        return float(run(Recipe((step,), 2)).maps["base_color"].pixels.std((0, 1)).mean())

    of_model, detailed = (deviation(how, 3) / deviation(how, -3) for how in (False, True))
    assert of_model > 1.15
    assert 0.6 < np.log(detailed) / np.log(of_model) < 1.5


def test_what_is_broad_is_evened_and_fine_detail_is_not():
    y, x = torch.meshgrid(torch.arange(128.0), torch.arange(128.0), indexing="ij")
    broad, fine = torch.sin(2 * torch.pi * y / 128), torch.sin(2 * torch.pi * x / 4)
    made = evened(torch.stack([broad + 0.5, fine]), 0.6)
    assert made[0].mean() == pytest.approx(0.5, abs=1e-3)
    assert made[0].std() / broad.std() == pytest.approx(0.6, abs=0.05)
    assert made[1].std() / fine.std() == pytest.approx(1, abs=1e-3)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A copied with a model of two steps, and the picture that it learned beside it."""
    folder = tmp_path_factory.mktemp("models")
    train(folder)
    return folder


@pytest.fixture
def copied(trained, tmp_path):
    """A copy of it, which a test may change."""
    return shutil.copytree(trained, tmp_path / "models")


def test_by_default_results_are_made_of_pieces_of_what_was_learned(trained):
    result, alone = generate(trained), generate(trained, texture_transfer=False)
    assert grain(result.maps) == pytest.approx(grain(surface()), rel=0.15)
    assert grain(alone.maps) != pytest.approx(grain(surface()), rel=0.15)  # after two steps
    assert result.maps.sha256() == generate(trained).maps.sha256()
    assert generate(trained, surface(seed=9)).maps.sha256() not in (result.maps.sha256(), alone.maps.sha256())
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
def test_where_it_is_not_at_hand_the_network_makes_the_picture_alone_and_says_so(copied, change, said):
    before, alone = generate(copied), generate(copied, texture_transfer=False)
    change(copied / "tiny.exemplar")
    result = generate(copied)
    assert result.maps.sha256() == alone.maps.sha256()
    (note,) = result.notes
    assert note.startswith("made by the network alone, without detail: ")
    assert said in note
    assert result.recipe.steps[0].parameters["texture_transfer"] is False
    (difference,) = differences(before.recipe, result.recipe)
    assert difference.startswith("exemplar of tiny: ")


def test_a_result_too_large_for_it_is_made_by_the_network_alone(trained, monkeypatch):
    monkeypatch.setattr(detail, "MOST_PX", 100 * 100)
    result = generate(trained)
    assert result.maps.sha256() == generate(trained, texture_transfer=False).maps.sha256()
    assert "the limit" in result.notes[0]


def test_of_a_half_that_was_held_out_nothing_is_kept(tmp_path):
    train(tmp_path, hold_out=True, canvas_px=64)
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
def test_none_is_kept_if_the_user_wants_none_nor_of_several_pictures(tmp_path):
    train(tmp_path / "unwanted", keep_exemplar=False)
    one, other = dataset_of(surface(), licence="a"), dataset_of(replace(surface(seed=9), name="other"), licence="a")
    train(tmp_path / "several", Dataset("both", one.samples + other.samples))
    for folder in (tmp_path / "unwanted", tmp_path / "several"):
        assert [file.name for file in folder.iterdir()] == ["tiny.safetensors"]
        assert not generate(folder).notes


def test_it_is_installed_described_and_removed_with_its_model(copied, tmp_path, monkeypatch):
    own = ModelLibrary(tmp_path / "own")
    own.install(copied / "tiny.safetensors")
    assert own.find("tiny", "torus").description()["exemplar"] == str(own.folder / "tiny.exemplar")
    assert generate(own.folder).notes == generate(copied).notes
    own.remove("tiny")
    assert not list(own.folder.iterdir())
    (copied / "tiny.exemplar").unlink()
    own.install(copied / "tiny.safetensors")
    assert own.find("tiny", "torus").description()["exemplar"] == ""
