"""Textures and maps: what they accept, and that equal pictures have equal hashes."""

import numpy as np
import pytest

from impasto import Maps, Texture
from impasto.errors import ParameterError
from impasto.texture import MAP_CHANNELS


def test_names_keep_the_order_of_the_table():
    maps = Maps.from_arrays({"height": np.zeros((4, 4)), "base_color": np.zeros((4, 4, 3))})
    assert list(maps) == ["base_color", "height"]
    assert maps["base_color"].color_space == "srgb"
    assert maps["height"].color_space == "data"


@pytest.mark.parametrize("pixels", [np.zeros((4, 4), np.float32), np.zeros((4, 4, 1)), np.zeros((0, 4, 1), np.float32)])
def test_pixels_of_another_shape_or_type_are_refused(pixels):
    with pytest.raises(ParameterError, match="float32"):
        Texture(pixels)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"albedo": np.zeros((4, 4, 3))}, "ambient_occlusion"),
        ({"height": np.zeros((4, 4, 3))}, "height must have 1 channels, got 3"),
        ({"height": np.zeros((4, 4)), "roughness": np.zeros((8, 8))}, "4x4, 8x8"),
        ({}, "no maps"),
    ],
)
def test_maps_that_are_none_are_refused(arrays, said):
    with pytest.raises(ParameterError, match=said):
        _ = Maps.from_arrays(arrays).size_px


def test_the_hash_depends_on_pixels_and_not_on_the_name_of_the_file():
    pixels = {name: np.full((3, 5, channels), 0.5) for name, channels in MAP_CHANNELS.items()}
    one, other = Maps.from_arrays(pixels, name="a"), Maps.from_arrays(pixels, name="b")
    assert one.sha256() == other.sha256()
    assert one.sha256() != one.with_arrays({"height": np.full((3, 5), 0.25)}).sha256()
