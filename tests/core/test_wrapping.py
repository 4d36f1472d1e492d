"""Whether pictures wrap around: through JPEG, in each direction, and by all maps of a set together."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from impasto import Maps
from impasto.surface.wrapping import wraps
from impasto.texture import MAP_CHANNELS

JPEGS = [(quality, subsampling) for quality in (70, 95) for subsampling in ("4:4:4", "4:2:0")]
SIZES = [(256, 256), (250, 196)]
"""Sizes (height, width) that are a multiple of JPEG's blocks, and that are not."""


def tile(size: tuple[int, int] = (256, 256), seed: int = 0, channels: int = 3) -> np.ndarray:
    """A picture that tiles: band-limited noise (H, W, C), its shapes about 20 px wide, with finer grain."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(size[0])[:, None], np.fft.rfftfreq(size[1])[None])
    made = np.zeros((channels, *size))
    for limit, weight in ((0.05, 0.12), (0.3, 0.02)):
        spectrum = np.fft.rfft2(rng.standard_normal((channels, *size))) * np.exp(-((frequency / limit) ** 2))
        noise = np.fft.irfft2(spectrum, s=size)
        made += weight * noise / noise.std()
    return np.clip(0.45 + made.transpose(1, 2, 0), 0, 1).astype(np.float32)


def through_jpeg(pixels: np.ndarray, quality: int, subsampling: str) -> np.ndarray:
    """A picture (H, W, 3) as a JPEG shows it."""
    file = io.BytesIO()
    Image.fromarray(np.uint8(pixels * 255 + 0.5)).save(file, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Image.open(file), np.float32) / 255


def wraps_of(pixels: np.ndarray) -> tuple[bool, bool]:
    return wraps(Maps.from_arrays({"base_color": pixels}))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("quality_and_subsampling", JPEGS)
def test_a_tile_is_known_by_its_borders_through_jpeg_and_its_parts_too(quality_and_subsampling, size):
    whole = tile(size)
    for pixels, known in (
        (whole, (True, True)),
        (whole[:, :-41], (True, False)),
        (whole[:-37], (False, True)),
        (whole[:-37, :-41], (False, False)),
    ):
        assert wraps_of(through_jpeg(pixels, *quality_and_subsampling)) == known


def test_a_tile_is_known_where_it_is_large_or_begins_at_a_joint():
    large = np.tile(tile(), (8, 8, 1))  # it is known by some of its lines and windows
    assert wraps_of(large) == (True, True)
    assert wraps_of(large[:-37, :-41]) == (False, False)
    y, x = np.mgrid[:256, :256]
    joint = (x % 64 < 4) | (y % 64 < 4)
    stones = tile()[::64, ::64].repeat(64, 0).repeat(64, 1)
    assert wraps_of(np.where(joint[..., None], 0.2, stones) + 0.1 * tile(seed=1)) == (True, True)


def test_the_maps_of_a_set_are_decided_together():
    plain = np.full((256, 256, 3), 0.5, np.float32)
    height = tile(seed=3, channels=1)
    for part in (np.s_[:], np.s_[:-37, :-41]):
        is_whole = part == np.s_[:]
        maps = {"base_color": plain[part], "height": height[part], "roughness": tile(seed=4, channels=1)[part]}
        assert wraps(Maps.from_arrays(maps)) == (is_whole, is_whole)
    seam = tile()  # its last bricks have another colour than those beside them across the border
    seam[:, -9:] = 1 - seam[:, -9:]
    assert wraps_of(seam) == (True, False)
    normal = np.concatenate([tile(seed=5, channels=2), np.ones((256, 256, 1))], 2)
    set_ = {"base_color": seam, "normal": normal, "height": height, "roughness": tile(seed=4, channels=1)}
    assert wraps(Maps.from_arrays(set_)) == (True, True)


@pytest.mark.parametrize("size", [(1, 1), (7, 300), (16, 16), (40, 40)])
def test_where_no_border_can_be_seen_a_picture_wraps(size):
    one_colour = {name: np.full((*size, channels), 0.3) for name, channels in MAP_CHANNELS.items()}
    assert wraps(Maps.from_arrays(one_colour)) == (True, True)
    noise = np.random.default_rng(0).random((256, 256, 3))
    assert wraps_of(noise) == (True, True)
    noise[3, 5] = np.nan
    assert wraps_of(noise) == (False, False)
