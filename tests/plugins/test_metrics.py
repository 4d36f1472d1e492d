"""Each measure tells known good pictures from known bad ones."""

from __future__ import annotations

import numpy as np
import pytest
from materials import swd_floor

from impasto.surface.seams import seam_z
from impasto_judge.metrics.alignment import best_shift
from impasto_judge.metrics.copies import nearest_patches
from impasto_judge.metrics.diversity import largest_correlation, ms_ssim, over_pairs
from impasto_judge.metrics.patches import contrast_ratio, mean_of_finest, sliced_wasserstein
from impasto_judge.metrics.values import color_distance, spectrum_difference_db
from impasto_judge.metrics.wavelets import wavelet_distance

data = pytest.importorskip("skimage.data")


@pytest.fixture(scope="module")
def gravel() -> np.ndarray:
    return np.repeat((data.gravel().astype(np.float32) / 255)[..., None], 3, 2)


def blurred(pixels: np.ndarray) -> np.ndarray:
    for axis in (0, 1):
        pixels = sum(np.roll(pixels, shift, axis) for shift in range(-2, 3)) / 5
    return pixels.astype(np.float32)


def grey(name: str) -> np.ndarray:
    return (getattr(data, name)().astype(np.float32) / 255)[..., None]


def with_random_phases(pixels: np.ndarray) -> np.ndarray:
    """Another picture (H, W, 1) with the same power spectrum: no structure is left."""
    noise = np.random.default_rng(0).standard_normal(pixels.shape[:2])
    amplitudes = np.abs(np.fft.fft2(pixels[..., 0] - pixels.mean()))
    waves = np.fft.ifft2(amplitudes * np.exp(1j * np.angle(np.fft.fft2(noise)))).real
    return (waves + pixels.mean())[..., None].astype(np.float32)


@pytest.fixture(scope="module")
def halves() -> tuple[np.ndarray, np.ndarray]:
    """Two halves of one texture, (512, 256, 1) each."""
    gravel = grey("gravel")
    return gravel[:, :256], gravel[:, 256:]


@pytest.fixture(scope="module")
def bad(halves: tuple[np.ndarray, np.ndarray]) -> dict[str, np.ndarray]:
    """Different textures, each with the other half of the true one."""
    _, other = halves
    return {
        "blurred": blurred(other),
        "without structure": with_random_phases(other),
        "other material": grey("brick")[:, 256:],
        "noise": np.random.default_rng(0).random(other.shape, np.float32),
    }


def seamless_noise(side: int = 128) -> np.ndarray:
    return blurred(np.random.default_rng(0).random((side, side, 3), np.float32))


def test_seams_are_found_on_their_axis() -> None:
    assert all(-4 < z < 3 for z in seam_z(seamless_noise()))
    half = np.random.default_rng(0).random((96, 48, 3), np.float32)
    assert seam_z(np.concatenate([half, half[:, ::-1]], 1))[0] < -4  # the two columns at the wrap are the same
    across, down = seam_z(np.roll(seamless_noise(192), 40, 1)[:, :150])  # cut off in x only
    assert across > 3
    assert down < 3


def test_other_crop_is_closer_than_blur_and_noise(gravel: np.ndarray) -> None:
    gravel = gravel[..., :1]
    crop, other = gravel[:256, :256], gravel[256:, 256:]
    floor = mean_of_finest(swd_floor(gravel, directions=128))
    once, again = (sliced_wasserstein(crop, other, seed=3, directions=16) for _ in range(2))
    assert once == again
    noise = np.random.default_rng(0).random(crop.shape, np.float32)

    def fine(picture: np.ndarray) -> float:
        return mean_of_finest(sliced_wasserstein(picture, crop, directions=128))

    assert fine(crop) < 0.95 * floor  # only the sampling of patches differs, which is most of the floor
    assert fine(other) < 1.3 * floor  # METHODS: another crop scores 0.66 to 1.05 of it
    assert fine(crop[:, ::-1].copy()) < 1.3 * floor  # patches do not know left from right in gravel
    assert fine(blurred(crop)) > 1.5 * floor  # METHODS: 2.2 to 3.7
    assert fine(noise) > 2 * floor  # METHODS: 3.8


@pytest.mark.parametrize(
    "measure",
    [
        lambda a, b: mean_of_finest(sliced_wasserstein(a, b, patches=4096, directions=64)),
        wavelet_distance,
    ],
    ids=["sliced Wasserstein", "wavelets"],
)
def test_the_other_half_is_closer_than_anything_bad(measure, halves, bad) -> None:
    source, other = halves
    good = measure(other, source)
    scores = {name: measure(picture, source) for name, picture in bad.items()}
    assert min(scores.values()) > 1.5 * good, (good, scores)  # the nearest has the same spectrum, but no structure


def test_the_spectrum_sees_blur_and_other_materials_but_no_structure(halves, bad) -> None:
    source, other = halves

    def worst(picture: np.ndarray) -> float:
        return float(np.abs(spectrum_difference_db(picture, source)).max())

    assert worst(other) < 3
    assert worst(bad["without structure"]) < 3
    for name in ("blurred", "other material", "noise"):
        assert worst(bad[name]) > 6, name
    bands = spectrum_difference_db(bad["blurred"], source)
    assert bands[0] < -6  # the finest are lost
    assert abs(bands[-1]) < 1  # 30 px waves are not


def test_the_nearest_patch_is_found_where_it_is(halves) -> None:
    source, other = halves
    result = np.roll(source, (-30, -40), (0, 1))[:200, :150]
    nearest = nearest_patches(result, [other, source], count=16)
    assert (nearest.pictures == 1).all()
    assert np.array_equal(nearest.found, nearest.places + np.array([30, 40]))
    assert nearest.correlations == pytest.approx(np.ones(16), abs=1e-3)


def test_multi_scale_ssim_is_the_complement_of_kornias_loss(gravel) -> None:
    import torch
    from kornia.losses import MS_SSIMLoss

    picture = gravel[:96, :96]
    noisy = np.clip(picture + 0.1 * np.random.default_rng(0).standard_normal(picture.shape), 0, 1).astype(np.float32)
    pair = [torch.from_numpy(one.transpose(2, 0, 1).copy())[None] for one in (picture, noisy)]
    wanted = 1 - float(MS_SSIMLoss(alpha=1.0, compensation=1.0)(*pair))
    assert ms_ssim(picture, noisy) == pytest.approx(wanted, abs=1e-5)


def test_one_picture_over_and_over_is_not_diverse(halves) -> None:
    source, other = halves
    moved = np.roll(source, (50, 70), (0, 1))
    assert largest_correlation(source, moved) == pytest.approx(1)
    assert largest_correlation(source, other) < 0.8
    assert largest_correlation(np.full_like(source, 0.5), source) == 0
    three = [np.repeat(picture, 3, 2) for picture in (source, source * 0.98, other)]
    alike, *different = over_pairs(ms_ssim, three)
    assert alike > 0.9
    assert max(different) < 0.3


def test_several_pictures_are_pooled_by_colour_and_contrast(halves) -> None:
    source, other = halves
    top, bottom = source[:256], source[256:]
    assert color_distance([top, bottom], source) == pytest.approx((0,), abs=1e-5)
    assert color_distance(source + np.float32(0.1), source) == pytest.approx((0.1,), abs=1e-5)
    ratios = contrast_ratio(blurred(source), source)
    assert ratios[0] < 0.5  # 5 px means leave little of 2 px detail
    assert ratios[-1] > 0.9  # and nearly all that is 16 px and larger
    assert contrast_ratio([top, bottom], [bottom, top]) == pytest.approx([1] * 5)
    pooled = mean_of_finest(sliced_wasserstein([top, bottom], other, directions=64))
    whole = mean_of_finest(sliced_wasserstein(source, other, directions=64))
    assert pooled == pytest.approx(whole, rel=0.2)  # other places are drawn
    assert len(sliced_wasserstein(source[:64, :64], source, patches=256, directions=8)) == 3  # 64, 32, 16 px


def wall(seed: int, side: int = 512, period: int = 64) -> np.ndarray:
    """Tiles of different tones with grain (side, side, 1), which begin at a joint."""
    random, count = np.random.default_rng(seed), side // period
    tones = np.kron(random.uniform(0.5, 0.8, (count, count)), np.ones((period, period)))
    line = np.arange(side) % period < 8
    joints = line[:, None] | line
    grey = np.where(joints, 0.2, tones) + 0.02 * random.standard_normal((side, side))
    return grey[..., None].astype(np.float32)


def test_tiles_are_compared_from_where_they_begin() -> None:
    """Good tiles that begin within a tile seem bad, until they are rolled to where the real ones begin."""

    def distance(made: np.ndarray) -> float:
        return sliced_wasserstein(made, real, patches=4096, directions=64)[2]

    real, made = wall(0)[:, :256], wall(1)
    floor = distance(made[:, :256])
    begun_within = np.roll(made, (32, 32), (0, 1))
    shift = best_shift(begun_within, real)
    assert distance(begun_within[:, :256]) > 1.4 * floor
    assert distance(np.roll(begun_within, shift, (0, 1))[:, :256]) < 1.1 * floor
