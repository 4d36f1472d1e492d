"""Noise is the same for a place however it is reached, and as good as independent normal draws.

Statistics are of fixed seeds, so they never flicker; the bounds are 4 to 5 standard errors of independent draws.
"""

import hashlib

import numpy as np
import pytest

from impasto.training.noise import NoiseField

SIZE = (256, 320)
COUNT = SIZE[0] * SIZE[1]


def normal(seed: int, stream: int, channels: int, size: tuple[int, int], *window: int) -> np.ndarray:
    return NoiseField(seed).normal(stream, channels, size, window or None).numpy()  # type: ignore[arg-type]


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation in standard errors of independent draws."""
    return float(np.mean(one * other, dtype=np.float64)) * np.sqrt(one.size)


@pytest.fixture(scope="module")
def whole() -> np.ndarray:
    return normal(7, 0, 3, SIZE)


@pytest.mark.parametrize(
    "window",
    [(0, 0, 256, 320), (10, 20, 33, 47), (-5, -7, 12, 20), (250, 310, 20, 30), (-600, 700, 5, 9), (-3, -4, 300, 700)],
)
def test_any_window_is_that_part_of_the_torus(window, whole):
    top, left, height, width = window
    rows, columns = np.arange(top, top + height) % SIZE[0], np.arange(left, left + width) % SIZE[1]
    drawn = normal(7, 0, 3, SIZE, *window)
    assert drawn.dtype == np.float32
    assert np.array_equal(drawn, whole[:, rows][:, :, columns])
    assert np.array_equal(normal(7, 0, 3, (1000, 20000), 0, 0, *SIZE), whole), "the size matters only where it wraps"
    assert np.array_equal(normal(7, 0, 100, SIZE, 0, 0, 8, 8)[:3], whole[:, :8, :8]), "nor how many channels are drawn"


def test_it_is_standard_normal(whole):
    for values in whole.astype(np.float64).reshape(3, -1):
        assert abs(values.mean()) < 4 / np.sqrt(COUNT)
        assert abs(values.var() - 1) < 4 * np.sqrt(2 / COUNT)
        assert abs(np.mean(values**3)) < 4 * np.sqrt(15 / COUNT)
        assert abs(np.mean(values**4) - 3) < 4 * np.sqrt(96 / COUNT)
        for level in (-3, -2, -1, 0, 1, 2, 3):
            share = {-3: 0.00135, -2: 0.02275, -1: 0.15866, 0: 0.5, 1: 0.84134, 2: 0.97725, 3: 0.99865}[level]
            assert abs(np.mean(values < level) - share) < 4 * np.sqrt(share * (1 - share) / COUNT)


@pytest.mark.parametrize("offset", [(0, 1), (1, 0), (1, 1), (1, -1), (0, 2), (2, 0), (0, 64), (128, 0), (64, 64)])
def test_places_are_independent_of_their_neighbours(offset, whole):
    for values in whole:
        moved = np.roll(values, offset, (0, 1))
        assert abs(correlation(values, moved)) < 4.5
        assert abs(correlation(values**2 - 1, moved**2 - 1)) / 2 < 4.5


def test_the_corners_of_rectangles_are_independent(whole):
    """A place's hash joins its row's and its column's, so this is where a weak mixing would show."""
    for values in whole:
        for offset in ((1, 1), (3, 5), (64, 128)):
            across, down = np.roll(values, offset[1], 1), np.roll(values, offset[0], 0)
            assert abs(correlation(values * across, down * np.roll(across, offset[0], 0))) < 5


def test_channels_streams_and_seeds_are_independent(whole):
    others = [
        whole[2],
        whole[1],
        normal(7, 1, 1, SIZE)[0],
        normal(8, 0, 1, SIZE)[0],
        normal(2**31 - 1, 0, 1, SIZE)[0],
    ]
    for other in others:
        assert abs(correlation(whole[0], other)) < 4.5
        assert abs(correlation(whole[0] ** 2 - 1, other**2 - 1)) / 2 < 4.5


def test_it_is_bit_for_bit_what_it_always_was():
    values = normal(1, 2, 3, (1000, 1000), -2, 5, 7, 9).astype("<f4")
    assert hashlib.sha256(values.tobytes()).hexdigest()[:16] == "93b18d092961f1f1"
