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


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(ParameterError, match="ambient_occlusion"):
        Maps.from_arrays({"albedo": np.zeros((4, 4, 3))})


def test_a_wrong_number_of_channels_is_refused():
    with pytest.raises(ParameterError, match="height must have 1 channels, got 3"):
        Maps.from_arrays({"height": np.zeros((4, 4, 3))})


def test_maps_of_two_sizes_are_refused():
    with pytest.raises(ParameterError, match="4x4, 8x8"):
        Maps.from_arrays({"height": np.zeros((4, 4)), "roughness": np.zeros((8, 8))})


def test_the_hash_depends_on_pixels_and_not_on_the_name_of_the_file():
    pixels = {name: np.full((3, 5, channels), 0.5) for name, channels in MAP_CHANNELS.items()}
    one, other = Maps.from_arrays(pixels, name="a"), Maps.from_arrays(pixels, name="b")
    assert one.sha256() == other.sha256()
    assert one.sha256() != one.with_arrays({"height": np.full((3, 5), 0.25)}).sha256()


def test_no_maps_have_no_size():
    with pytest.raises(ParameterError, match="no maps"):
        _ = Maps().size_px
