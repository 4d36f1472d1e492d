"""Data that no trainer can learn from is refused in one sentence, before any step is taken."""

from dataclasses import replace

import numpy as np
import pytest

from impasto import Maps, Recipe, Step, run
from impasto.data.dataset import Dataset, dataset_of
from impasto.errors import ParameterError

TRAINERS = ("train-torus", "train-gan", "train-conditional-gan", "train-progressive-gan", "train-vae")


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
        run(recipe, {"dataset": data}, models_folder=folder)
    assert not [path for path in folder.iterdir() if path.suffix != ".lock"]
    return f"{refused.value.message}; {refused.value.remedy}"


@pytest.mark.parametrize("trainer", TRAINERS)
def test_a_half_of_one_colour_is_refused(trainer, tmp_path):
    """The picture has texture, but the half to learn from has none."""
    said = refusal(trainer, classes(is_half_blank=True), tmp_path, hold_out=True)
    assert "of one colour" in said


@pytest.mark.parametrize("trainer", ["train-torus", "train-conditional-gan"])
def test_a_picture_without_a_class_among_classes_is_refused_by_its_name(trainer, tmp_path):
    one = dataset_of(picture(3)).samples
    data = classes()
    said = refusal(trainer, replace(data, samples=data.samples + one), tmp_path)
    assert "picture 3" in said


def test_one_picture_has_no_classes_to_learn(tmp_path):
    assert "a folder" in refusal("train-conditional-gan", dataset_of(picture(1)), tmp_path)
