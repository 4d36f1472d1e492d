"""Training data: what is found in a folder, what is left out and why, and height that agrees with the normals."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto.dataset import dataset_of, read_dataset
from impasto.errors import ParameterError
from impasto.texture import Maps


def save(path: Path, seed: int = 0, size_px: tuple[int, int] = (96, 96)) -> Path:
    """A picture of coarse coloured noise, another for each seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(coarse).resize(size_px[::-1], Image.Resampling.BICUBIC).save(path)
    return path


def test_one_photograph(tmp_path):
    dataset = read_dataset(save(tmp_path / "wall.png"), licence="CC0-1.0", longest_px=64)
    (sample,) = dataset.samples
    assert (sample.name, sample.label, sample.licence, sample.size_px) == ("wall.png", None, "CC0-1.0", (64, 64))
    assert sample.load()["base_color"].pixels.shape == (64, 64, 3)
    assert sample.load(longest_px=32).size_px == (32, 32)


def test_a_picture_of_one_colour_is_refused(tmp_path):
    Image.new("RGB", (96, 96), (90, 90, 90)).save(tmp_path / "grey.png")
    with pytest.raises(ParameterError, match=r"grey\.png: is almost of one colour"):
        read_dataset(tmp_path)


def test_crops_larger_than_the_data_are_refused(photo):
    dataset = dataset_of(Maps.from_arrays({"base_color": np.tile(photo["base_color"].pixels, (2, 2, 1))}))
    dataset.check(48)
    with pytest.raises(ParameterError, match="too small for crops of 128 px"):
        dataset.check(128)
