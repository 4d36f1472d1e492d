"""Each measure tells known good pictures from bad ones; errors of maps against the truth, in closed form."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from materials import tiles

from impasto import Maps, Texture, write_maps
from impasto.cli.main import main
from impasto.errors import FileError, ParameterError
from impasto.surface.color import linear_to_srgb
from impasto.surface.heights import normal_from_slopes, slopes_from_height
from impasto.surface.wrapping import seam_z
from impasto_judge.map_sets import pair_sets
from impasto_judge.maps import MapFigures, compare_maps
from impasto_judge.metrics.alignment import best_shift
from impasto_judge.metrics.copies import nearest_patches
from impasto_judge.metrics.diversity import ms_ssim
from impasto_judge.metrics.patches import contrast_ratio, mean_of_finest, sliced_wasserstein
from impasto_judge.metrics.values import color_distance, spectrum_difference_db
from impasto_judge.relief import relief_figures

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


@pytest.fixture(scope="module")
def halves() -> tuple[np.ndarray, np.ndarray]:
    """Two halves of one texture, (512, 256, 1) each."""
    gravel = grey("gravel")
    return gravel[:, :256], gravel[:, 256:]


def seamless_noise(side: int = 128) -> np.ndarray:
    return blurred(np.random.default_rng(0).random((side, side, 3), np.float32))


def test_seams_are_found_on_their_axis() -> None:
    assert all(-4 < z < 3 for z in seam_z(seamless_noise()))
    half = np.random.default_rng(0).random((96, 48, 3), np.float32)
    assert seam_z(np.concatenate([half, half[:, ::-1]], 1))[0] < -4  # the two columns at the wrap are the same
    across, down = seam_z(np.roll(seamless_noise(192), 40, 1)[:, :150])  # cut off in x only
    assert across > 3
    assert down < 3


def test_multi_scale_ssim_is_the_complement_of_kornias_loss(gravel) -> None:
    import torch
    from kornia.losses import MS_SSIMLoss

    picture = gravel[:96, :96]
    noisy = np.clip(picture + 0.1 * np.random.default_rng(0).standard_normal(picture.shape), 0, 1).astype(np.float32)
    pair = [torch.from_numpy(one.transpose(2, 0, 1).copy())[None] for one in (picture, noisy)]
    wanted = 1 - float(MS_SSIMLoss(alpha=1.0, compensation=1.0)(*pair))
    assert ms_ssim(picture, noisy) == pytest.approx(wanted, abs=1e-5)


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


def test_the_spectrum_sees_blur_and_other_materials(halves) -> None:
    source, other = halves
    assert np.abs(spectrum_difference_db(other, source)).max() < 3
    bands = spectrum_difference_db(blurred(other), source)
    assert bands[0] < -6  # the finest are lost
    assert abs(bands[-1]) < 1  # 30 px waves are not
    for bad in (grey("brick")[:, 256:], np.random.default_rng(0).random(other.shape, np.float32)):
        assert np.abs(spectrum_difference_db(bad, source)).max() > 6


def test_the_nearest_patch_is_found_where_it_is(halves) -> None:
    source, other = halves
    nearest = nearest_patches(np.roll(source, (-30, -40), (0, 1))[:200, :150], [other, source], count=16)
    assert (nearest.pictures == 1).all()
    assert np.array_equal(nearest.found, nearest.places + np.array([30, 40]))
    assert nearest.correlations == pytest.approx(np.ones(16), abs=1e-3)


def test_seamless_textures_are_aligned_before_comparison() -> None:
    """Good tiles that begin within a tile seem bad, until they are rolled to where the real ones begin."""

    def distance(made: np.ndarray) -> float:
        return sliced_wasserstein(made, real, patches=4096, directions=64)[2]

    real, made = tiles(512, 64)[:, :256, :1], np.roll(tiles(512, 64)[..., :1], 256, 1)
    floor = distance(made[:, :256])
    begun_within = np.roll(made, (32, 32), (0, 1))
    shift = best_shift(begun_within, real)
    assert distance(begun_within[:, :256]) > 1.4 * floor
    assert distance(np.roll(begun_within, shift, (0, 1))[:, :256]) < 1.1 * floor


SIDE = 48
ROWS = ("estimate", "flat", "luminance", "gradients")


def waves(side: int = SIDE) -> np.ndarray:
    """Height (H, W) in pixels, which wraps around."""
    y, x = np.mgrid[0:side, 0:side] / side * 2 * math.pi
    return side / 12 * (np.sin(x) + np.cos(2 * y + x))


def tilted(degrees: float, side: int = SIDE) -> np.ndarray:
    """Normals that all lean to the right."""
    normal = np.zeros((side, side, 3))
    normal[..., 0], normal[..., 2] = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    return normal / 2 + 0.5


def relief(factor: float = 1.0, side: int = SIDE) -> np.ndarray:
    return normal_from_slopes(factor * slopes_from_height(waves(side)))


def surface(side: int = SIDE, **changes: np.ndarray) -> Maps:
    rng = np.random.default_rng(0)
    h = waves(side)
    arrays = {
        "base_color": rng.uniform(0.1, 0.9, (side, side, 3)),
        "roughness": np.where(h > 0, 0.8, 0.4),
        "normal": relief(side=side),
        "height": (h - h.min()) / np.ptp(h),
    }
    return Maps.from_arrays(arrays | changes)


def test_a_set_beside_itself_has_no_errors():
    found = compare_maps(surface(), surface())
    assert found.normal_degrees == found.roughness_error == found.base_color_log_l1 == found.render_log_l1 == 0
    assert found.slope_correlation == pytest.approx(1)
    assert found.height_correlation == pytest.approx(1)


@pytest.mark.parametrize(("estimated", "true", "of_flat"), [(20, 30, 1 / 3), (0, 30, 1), (-30, 30, 2)])
def test_a_tilted_normal_is_off_by_its_angle(estimated, true, of_flat):
    found = compare_maps(surface(normal=tilted(estimated)), surface(normal=tilted(true)))
    assert found.flat_degrees == pytest.approx(true, abs=1e-4)
    assert found.normal_degrees == pytest.approx(abs(true - estimated), abs=1e-4)
    assert found.normal_of_flat == pytest.approx(of_flat, abs=1e-5)


def test_blank_and_inverted_maps_fail_the_measures_of_relief():
    """And a map of half the strength passes: saying little is better than nothing, and less than all."""
    made = [compare_maps(surface(normal=relief(factor)), surface()) for factor in (0, 0.5, 1, -1)]
    blank, half, whole, mirrored = made
    assert [one.slope_correlation for one in made] == [None, *(pytest.approx(x, abs=1e-5) for x in (1, 1, -1))]
    assert mirrored.pieces_correlation == pytest.approx(-1, abs=1e-5)
    assert mirrored.relit_structure < 0.5 < whole.relit_structure
    assert mirrored.tilt_ratio == pytest.approx(1)
    assert blank.normal_of_flat == pytest.approx(1, abs=1e-6)
    assert blank.has_relief
    assert blank.render_log_l1 > 0.05
    of_flat = compare_maps(surface(normal=relief()), surface(normal=tilted(0)))
    assert of_flat.normal_of_flat is None
    assert not of_flat.has_relief
    assert blank.tilt_ratio == blank.form_correlation == blank.pieces_correlation == 0
    assert 0.4 < half.tilt_ratio < 0.8 < whole.tilt_ratio == pytest.approx(1)
    assert blank.relit_structure < half.relit_structure < whole.relit_structure
    assert blank.relit_statistics > half.relit_statistics > whole.relit_statistics


def test_correlations_are_those_of_each_frequency_band():
    """The estimate has the grain, and the truth a broad swell as well, which the estimate has at another place."""
    x = np.arange(256) / 256 * 2 * math.pi
    grain, swell, other = 0.2 * np.sin(80 * x), np.sin(2 * x), np.cos(2 * x)
    found = relief_figures(*(np.broadcast_to((grain + one)[:, None], (256, 256, 2)) for one in (other, swell)))
    assert found["grain_correlation"] > 0.98
    assert abs(found["form_correlation"]) < 0.02


def test_false_relief_is_the_tilt_where_the_truth_is_flat():
    true = np.zeros((64, 64, 2), np.float32)
    true[:32] = 0.5
    found = np.full_like(true, math.tan(math.radians(10)) / math.sqrt(2))
    assert relief_figures(found, true)["false_relief_degrees"] == pytest.approx(10, abs=1e-3)
    assert relief_figures(true, true)["false_relief_degrees"] == 0


def test_roughness_is_compared_with_constants_and_base_color_by_logarithms_of_light():
    found = compare_maps(surface(roughness=np.full((SIDE, SIDE), 0.7)), surface(roughness=two_halves(0.2, 0.6)))
    assert found.roughness_error == pytest.approx((0.5 + 0.1) / 2, abs=1e-6)
    assert found.roughness_rmse == pytest.approx(math.sqrt((0.25 + 0.01) / 2), abs=1e-6)
    assert found.half_roughness_error == pytest.approx((0.3 + 0.1) / 2, abs=1e-6)
    assert found.mean_roughness_error == pytest.approx(0.2, abs=1e-6)
    found = compare_maps(surface(base_color=plain(0.1)), surface(base_color=plain(0.3)))
    assert found.base_color_log_l1 == pytest.approx(math.log(0.4 / 0.2), abs=1e-5)
    linear = Maps({"base_color": Texture(np.full((SIDE, SIDE, 3), 0.1, np.float32), "linear")})
    assert compare_maps(linear, surface(base_color=plain(0.3))).base_color_log_l1 == pytest.approx(
        math.log(2), abs=1e-5
    )


def two_halves(left: float, right: float) -> np.ndarray:
    return np.repeat([[left] * (SIDE // 2) + [right] * (SIDE // 2)], SIDE, 0)


def plain(linear: float) -> np.ndarray:
    return linear_to_srgb(np.full((SIDE, SIDE, 3), linear))


def test_maps_of_only_one_side_are_left_out():
    found = compare_maps(Maps.from_arrays({"normal": tilted(10)}), surface())
    assert found.roughness_error is found.base_color_log_l1 is found.height_correlation is None
    assert found.render_log_l1 > 0
    assert compare_maps(surface(), Maps.from_arrays({"height": waves() * 0})) == MapFigures()
    with pytest.raises(ParameterError, match="48x48 px and the truth 48x24 px"):
        compare_maps(surface(), Maps.from_arrays({"height": np.zeros((24, 48))}))


def write(root: Path, name: str, maps: Maps) -> None:
    """A set in a folder of its own."""
    write_maps(maps, root / name, Path(name).name)


def test_sets_are_paired_by_folder_or_file_names_and_refused_without_common_ones(tmp_path):
    for name in ("Stone/rock", "Stone/gravel", "Wood/oak", "Wood/ash"):
        write(tmp_path / "true", name, surface())
    for kind, name in (("Stone", "rock"), ("Stone", "gravel"), ("Wood", "oak")):
        write_maps(surface(), tmp_path / "made" / kind, name)
    write(tmp_path / "made", "Metal/iron", surface())
    found = pair_sets(tmp_path / "made", tmp_path / "true")
    assert [pair.name for pair in found.pairs] == ["Stone/gravel", "Stone/rock", "Wood/oak"]
    assert found.without_estimate == ("Wood/ash",)
    assert found.without_truth == ("Metal/iron",)
    estimate, truth = found.pairs[0].read()
    assert compare_maps(estimate, truth).normal_degrees < 0.5
    single = pair_sets(tmp_path / "made" / "Metal", tmp_path / "true" / "Wood" / "oak")
    assert len(single.pairs) == 1, "whatever their names"
    write(tmp_path / "real", "rock", surface())
    write(tmp_path / "real", "oak", surface())
    write(tmp_path / "own", "iron", surface())
    with pytest.raises(ParameterError, match=r"has iron, but .* has oak, rock"):
        pair_sets(tmp_path / "own", tmp_path / "real")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileError, match="no maps"):
        pair_sets(tmp_path / "empty", tmp_path / "real")
    with pytest.raises(FileError, match="no folder"):
        pair_sets(tmp_path / "missing", tmp_path / "real")


@pytest.mark.slow
def test_the_command_prints_each_set_and_the_means(tmp_path, capsys):
    write(tmp_path / "true", "flat", surface(128, normal=tilted(2, 128)))
    write(tmp_path / "true", "rock", surface(128))
    for name in ("flat", "rock", "other"):
        write(tmp_path / "made", name, surface(64, normal=tilted(0, 64)))
    command = ["evaluate", "maps", str(tmp_path / "made"), str(tmp_path / "true")]
    main([*command, "--json"])
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [(one["name"], one["width_px"], one["of"]) for one in said["sets"]] == [
        (name, 64, of) for name in ("flat", "rock") for of in ROWS
    ]
    assert [(one["name"], one["sets"], one["of"]) for one in said["means"]] == [
        (name, count, of) for name, count in (("mean", 2), ("mean of relief", 1)) for of in ROWS
    ]
    rock = said["sets"][len(ROWS)]
    assert rock["normal_of_flat"] == pytest.approx(1, abs=0.02)  # 8-bit files have no exact 0
    assert said["means"][len(ROWS)]["flat_degrees"] == rock["flat_degrees"]
    assert said["without_truth"] == ["other"]
    main([*command, "--no-controls"])
    told = capsys.readouterr()
    assert re.match(r"flat: normals \d\.\d degrees off\nrock: .*\nleft out, because there is no truth: other", told.err)
    assert [line.split("  ")[0] for line in told.out.splitlines()] == ["set", "flat", "rock", "mean", "mean of relief"]
