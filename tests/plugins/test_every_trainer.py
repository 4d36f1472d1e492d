"""Behaviour of all first-party trainers: what was cancelled goes on, and what cannot be learned from is refused."""

from dataclasses import replace

import numpy as np
import pytest
from tiny import cancelled_after, train_tiny

from impasto import Maps, Recipe, RunOptions, Step, run
from impasto.data.dataset import Dataset, dataset_of
from impasto.errors import Cancelled, ModelError, ParameterError
from impasto.plugins.registry import registry

pytestmark = [pytest.mark.usefixtures("small_weights", "quick_teacher", "one_slider"), pytest.mark.any_numpy]
TRAINERS = sorted(name for name, tool in registry().tools.items() if tool.kind == "trainer")
SIX_STEPS = {"steps": 6}
MORE = {"train-stackgan": {"stage_one_steps": 2}}
"""So that both stages have begun when it is cancelled."""


@pytest.mark.slow
@pytest.mark.parametrize("trainer", TRAINERS)
def test_what_was_cancelled_goes_on_to_the_same_model(trainer, tmp_path):
    parameters = {**SIX_STEPS, **MORE.get(trainer, {})}
    (whole,) = train_tiny(trainer, tmp_path / "whole", parameters).models
    with pytest.raises(Cancelled):
        train_tiny(trainer, tmp_path / "parts", parameters, **cancelled_after(3))
    checkpoint = tmp_path / "parts" / f"{trainer}.checkpoint"
    assert checkpoint.is_file()
    (parts,) = train_tiny(trainer, tmp_path / "parts", parameters).models
    assert not checkpoint.exists()
    assert whole.read_bytes() == parts.read_bytes()
    with pytest.raises(ModelError, match=f"models remove {trainer}"):
        train_tiny(trainer, tmp_path / "parts")


OF_PICTURES = ("train-torus", "train-gan", "train-conditional-gan", "train-progressive-gan", "train-vae")


def picture(seed: int, is_half_blank: bool = False) -> Maps:
    coarse = np.random.default_rng(seed).random((20, 40, 3))
    pixels = np.kron(coarse, np.ones((8, 8, 1)))
    if is_half_blank:
        pixels[:, :160] = 0.4
    return Maps.from_arrays({"base_color": pixels}, name=f"picture {seed}")


def classes(is_half_blank: bool = False) -> Dataset:
    dataset = dataset_of(picture(1, is_half_blank), picture(2, is_half_blank))
    samples = tuple(replace(sample, label=label) for sample, label in zip(dataset.samples, "ab", strict=True))
    return replace(dataset, samples=samples)


def refusal(trainer: str, data: Dataset, folder, **parameters: object) -> str:
    """Message and remedy with which a trainer refuses the data; it leaves no file."""
    recipe = Recipe((Step(trainer, {"name": "none", "steps": 1, **parameters}, {"dataset": "dataset"}),))
    with pytest.raises(ParameterError) as refused:
        run(recipe, {"dataset": data}, RunOptions(models_folder=folder))
    assert not [path for path in folder.iterdir() if path.suffix != ".lock"]
    return f"{refused.value.message}; {refused.value.remedy}"


@pytest.mark.parametrize("trainer", OF_PICTURES)
def test_a_half_of_one_colour_is_refused(trainer, tmp_path):
    said = refusal(trainer, classes(is_half_blank=True), tmp_path, hold_out=True)
    assert "of one colour" in said


@pytest.mark.parametrize("trainer", ["train-torus", "train-conditional-gan"])
def test_a_picture_without_a_class_among_classes_is_refused_by_its_name(trainer, tmp_path):
    one = dataset_of(picture(3)).samples
    data = classes()
    said = refusal(trainer, replace(data, samples=data.samples + one), tmp_path)
    assert "picture 3" in said
    assert "a folder" in refusal("train-conditional-gan", dataset_of(picture(1)), tmp_path)
