"""Colour conversions against published values, and back."""

import numpy as np

from impasto.surface.color import linear_to_oklab, linear_to_srgb, oklab_to_linear, srgb_to_linear


def test_srgb_goes_to_linear_and_back():
    values = np.linspace(0, 1, 1001)
    assert np.abs(linear_to_srgb(srgb_to_linear(values)) - values).max() < 1e-6  # float32 rounding
    assert abs(srgb_to_linear(np.array(0.5)) - 0.21404) < 1e-5


def test_oklab_of_the_primaries_is_as_published():
    # Ottosson's reference values for sRGB white, red, green and blue, to three digits
    expected = [(1.0, 0.0, 0.0), (0.628, 0.225, 0.126), (0.866, -0.234, 0.179), (0.452, -0.032, -0.312)]
    assert np.allclose(linear_to_oklab(np.vstack([np.ones(3), np.eye(3)])), expected, atol=1e-3)


def test_oklab_goes_back():
    colors = np.random.default_rng(0).random((50, 3))
    assert np.abs(oklab_to_linear(linear_to_oklab(colors)) - colors).max() < 1e-5
