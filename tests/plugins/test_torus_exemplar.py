"""The picture that a model learned is kept beside it, and its pieces are the detail of results by default."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from materials import surface
from test_torus_detail import TINY

from impasto import Maps, Recipe, Step, run
from impasto.data.dataset import Dataset, dataset_of
from impasto.data.parts import part_of
from impasto.io.metadata import source_type
from impasto.library.exemplars import exemplar_file, read_exemplar
from impasto.library.models import ModelLibrary, read_model
from impasto.recipe import differences
from impasto_gan.torus import detail

pytestmark = pytest.mark.usefixtures("one_slider")


def train(folder, dataset=None, **parameters):
    step = Step("train-torus", {**TINY, **parameters}, {"dataset": "dataset"})
    given = dataset or dataset_of(surface(), licence="CC0-1.0")
    return run(Recipe((step,)), {"dataset": given}, models_folder=folder)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A library with a model of two steps, and the picture that it learned beside it."""
    folder = tmp_path_factory.mktemp("models")
    train(folder)
    return folder


@pytest.fixture
def library(trained, tmp_path):
    """A copy of it, which a test may change."""
    return shutil.copytree(trained, tmp_path / "models")


def generate(folder, given=None, size=(128, 160), **parameters):
    inputs = {"exemplar": given} if given else {}
    step = Step("torus", {"height_px": size[0], "width_px": size[1], **parameters}, {name: name for name in inputs})
    return run(Recipe((step,)), inputs, models_folder=folder)


def grain(maps: Maps) -> float:
    return float(np.abs(np.diff(maps["base_color"].pixels, axis=1)).mean())


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
def test_where_it_is_not_at_hand_the_network_makes_the_picture_alone_and_says_so(library, change, said):
    before, alone = generate(library), generate(library, texture_transfer=False)
    change(library / "tiny.exemplar")
    result = generate(library)
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
    learned = part_of(surface(), "left")
    assert set(kept) == set(learned)
    assert np.abs(kept["base_color"].pixels - learned["base_color"].pixels).max() <= 0.5 / 255 + 1e-6
    assert np.abs(kept["height"].pixels - learned["height"].pixels).max() <= 0.5 / 4095 + 1e-6  # of 12 bits
    assert kept.width_m == pytest.approx(0.5)


def test_none_is_kept_if_the_user_wants_none_nor_of_several_pictures(tmp_path):
    train(tmp_path / "unwanted", keep_exemplar=False)
    one, other = dataset_of(surface(), licence="a"), dataset_of(replace(surface(seed=9), name="other"), licence="a")
    train(tmp_path / "several", Dataset("both", one.samples + other.samples))
    for folder in (tmp_path / "unwanted", tmp_path / "several"):
        assert [file.name for file in folder.iterdir()] == ["tiny.safetensors"]
        assert not generate(folder).notes


def test_it_is_installed_described_and_removed_with_its_model(library, tmp_path, monkeypatch):
    own = ModelLibrary(tmp_path / "own")
    own.install(library / "tiny.safetensors")
    assert own.find("tiny", "torus").description()["exemplar"] == str(own.folder / "tiny.exemplar")
    assert generate(own.folder).notes == generate(library).notes
    own.remove("tiny")
    assert not list(own.folder.iterdir())
    (library / "tiny.exemplar").unlink()
    own.install(library / "tiny.safetensors")
    assert own.find("tiny", "torus").description()["exemplar"] == ""
