"""Judging pictures by their source: textures whose order is known, `judge_picture`, `impasto evaluate picture`."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from impasto import Maps
from impasto.cli.main import main
from impasto.errors import ParameterError
from impasto.evaluation import metrics
from impasto.evaluation.controls import random_phase_noise
from impasto.evaluation.goals import FIGURES
from impasto.evaluation.metrics import two_sample
from impasto.evaluation.metrics.landmarks import layout_correlation, salience
from impasto.evaluation.metrics.two_sample import two_sample_auc
from impasto.evaluation.pictures import at_one_texel_size, judge_picture
from impasto.evaluation.real_texture import RealTexture, window_side

NAMES = ("base_color",)


def leaves(seed: int, side: int = 512) -> np.ndarray:
    """Dead leaves (H, W, 3) with some grain: discs of many sizes and colours that hide each other, on a torus."""
    rng = np.random.default_rng(seed)
    picture = np.zeros((side, side, 3), np.float32)
    for _ in range(side * side // 50):
        radius = 4 / rng.uniform(0.2, 1)
        reach = np.arange(-int(radius) - 1, int(radius) + 2)
        rows, columns = (reach + place for place in rng.integers(0, side, 2))
        inside = reach[:, None] ** 2 + reach**2 < radius**2
        y, x = (index[inside] % side for index in np.broadcast_arrays(rows[:, None], columns[None]))
        picture[y, x] = rng.uniform(0.2, 0.8) * np.array([1, 0.8, 0.6]) + rng.uniform(-0.1, 0.1, 3)
    return (picture + 0.02 * rng.standard_normal((side, side, 1), np.float32)).clip(0, 1)


def surface(pixels: np.ndarray, **about) -> Maps:
    return Maps.from_arrays({"base_color": pixels}, **about)


@pytest.fixture(scope="module")
def source() -> np.ndarray:
    return leaves(0)


@pytest.fixture(scope="module")
def fresh() -> np.ndarray:
    """A tile of the same texture."""
    return leaves(1, 256)


@pytest.fixture(scope="module")
def real(source) -> RealTexture:
    return RealTexture(surface(source), NAMES, (256, 256))


@pytest.fixture(scope="module")
def fresh_figures(real, fresh) -> dict[str, float]:
    return real.figures(surface(fresh))


@pytest.fixture(scope="module")
def crop_figures(real) -> dict[str, float]:
    return real.crop_figures()


def blurred(pixels: np.ndarray) -> np.ndarray:
    for axis in (0, 1):
        pixels = sum(np.roll(pixels, shift, axis) for shift in (-1, 0, 1)) / 3
    return pixels.astype(np.float32)


@pytest.mark.slow
def test_a_fresh_tile_has_the_statistics_of_another_crop(fresh_figures):
    assert fresh_figures["statistics_of_crop"] < 1.3


@pytest.mark.slow
@pytest.mark.parametrize("flaw", ["blurred", "noise", "coarser", "recoloured"])
def test_a_tile_with_a_flaw_has_other_statistics(real, source, fresh, flaw):
    bad = {
        "blurred": blurred(fresh),
        "noise": random_phase_noise(surface(source), (256, 256), NAMES)["base_color"].pixels,
        "coarser": fresh[:128, :128].repeat(2, 0).repeat(2, 1),
        "recoloured": fresh[..., ::-1],
    }[flaw]
    assert real.figures(surface(bad))["statistics_of_crop"] > 1.6


@pytest.mark.slow
def test_noise_keeps_the_spectrum_and_loses_what_depends_on_phases(real, source, crop_figures):
    noise = random_phase_noise(surface(source), (256, 256), NAMES)
    assert np.abs(metrics.spectrum_difference_db(noise["base_color"].pixels, source)).max() < 2
    found = real.figures(noise)
    assert found["statistics_energies"] < 1.5 * crop_figures["statistics_energies"]
    assert found["statistics_magnitudes"] > 1.5 * crop_figures["statistics_magnitudes"]


@pytest.mark.slow
@pytest.mark.parametrize("flips", [(), (1,)], ids=["repeated", "mirrored"])
def test_a_tile_that_shows_its_half_twice_is_found_to_repeat(real, fresh, fresh_figures, crop_figures, flips):
    half = fresh[:, :128]
    twice = np.concatenate([half, np.flip(half, flips)], 1)
    assert real.figures(surface(twice))["repeated_share"] > 0.8
    assert fresh_figures["repeated_share"] == crop_figures["repeated_share"] == 0


def test_a_landmark_is_more_salient_than_anything_in_real_crops(source, fresh):
    y, x = np.mgrid[:256, :256]
    spot = np.exp(-((y - 100) ** 2 + (x - 60) ** 2) / (2 * 25**2))[..., None]
    marked = fresh * (1 - 0.9 * spot)
    found, real = salience(marked, source)
    usual, _ = salience(fresh, source)
    assert usual / real < 1.3
    assert found / real > 1.5


def test_a_landmark_counts_in_a_tile_that_is_larger_than_the_source(fresh):
    large = np.tile(fresh, (2, 2, 1))
    assert salience(large, fresh)[0] == pytest.approx(salience(fresh, fresh)[0], rel=0.05)


def test_a_verbatim_paste_is_measured(source, fresh):
    pasted = fresh.copy()
    pasted[40:200, 60:220] = source[240:400, 300:460]
    found = metrics.verbatim_copies(pasted, source)
    assert 140**2 < found.share * 256**2 < 165**2  # windows of 11 px blur its border
    assert 140 <= found.block_px <= 160
    assert found.shift == (200, 240)
    assert found.in_place == 0
    assert metrics.verbatim_copies(fresh, source).share < 0.02


def test_a_paste_across_the_border_of_the_tile_is_measured(source, fresh):
    pasted = np.roll(fresh, 64, (0, 1))
    pasted[40:200, 40:200] = source[240:400, 300:460]
    rolled = np.roll(pasted, (-140, -100), (0, 1))
    assert metrics.verbatim_copies(rolled, source).share == pytest.approx(160**2 / 256**2, abs=0.1)


def test_a_copy_in_place_is_told_from_a_shifted_one(source):
    in_place = metrics.verbatim_copies(source[:256, :256], source)
    shifted = metrics.verbatim_copies(source[100:356, 100:356], source)
    assert in_place.in_place == in_place.share > 0.9
    assert shifted.share > 0.9
    assert shifted.in_place == 0


def test_a_kept_layout_is_found_without_copied_pixels():
    y, x = np.mgrid[:256, :256] / 256 * 2 * np.pi
    layout = (0.6 * np.sin(2 * x + np.cos(y)) * np.cos(3 * y))[..., None].astype(np.float32)
    source, kept, other = leaves(4, 256) + layout, leaves(2, 256) + layout, leaves(3, 256) + np.roll(layout, 70, 1)
    assert layout_correlation(kept, source) > 0.6
    assert layout_correlation(other, source) < 0.5
    stretched = kept.reshape(128, 2, 128, 2, 3).mean((1, 3))
    laid_out = RealTexture(surface(source), NAMES, (128, 128))
    assert laid_out.figures(surface(stretched))["layout_correlation"] > 0.6


@pytest.mark.essential
def test_a_classifier_tells_a_flaw_and_not_another_crop(source, fresh):
    crop, flawed = (two_sample_auc(source[:256], one, steps=60) for one in (fresh, blurred(fresh)))
    assert crop < 0.75
    assert flawed > 0.9
    assert len({two_sample_auc(source[:256], fresh, steps=2) for _ in range(2)}) == 1


@pytest.mark.slow
def test_the_classifiers_of_each_row_are_reported_with_their_deviation(monkeypatch, source, fresh):
    monkeypatch.setattr(two_sample, "STEPS", 4)
    monkeypatch.setattr(two_sample, "TESTED_PATCHES", 32)
    judgement = judge_picture(surface(fresh[:128, :160]), surface(source[:256, :256]), classifiers=2)
    for row, figures in judgement.figures.items():
        scores = judgement.details[row]["two_sample_aucs"]
        assert len(scores) == 2
        assert figures["two_sample_auc"] == pytest.approx(np.mean(scores))
        assert figures["two_sample_deviation"] == pytest.approx(np.std(scores))
        assert all(name in FIGURES or name.startswith("statistics_") or name.endswith("_distance") for name in figures)
    quilt, result = (judgement.figures[row] for row in ("quilt", "result"))
    assert judgement.goals()["two_sample_auc"][1] >= quilt["two_sample_auc"]
    worse = {**judgement.figures, "result": {**result, "two_sample_auc": 1.0, "two_sample_deviation": 0.0}}
    assert judgement.goals()["repeated_share"] == (0, judgement.figures["crop"]["repeated_share"] + 0.05)
    better = {**worse, "quilt": {**quilt, "two_sample_auc": 0.6, "two_sample_deviation": 0.05}}
    assert "two_sample_auc" in replace(judgement, figures=better).missed_goals()


def test_a_tile_that_is_too_small_for_a_classifier_is_refused(source):
    with pytest.raises(ParameterError, match="a classifier needs 160x80 px"):
        judge_picture(surface(source[:128, :128]), surface(source), classifiers=1)


def relief(seed: int, side: int, width_m: float, range_m: float) -> Maps:
    """Leaves whose height follows their brightness; heights fill [0, 1]."""
    pixels = leaves(seed, side)
    height = pixels.mean(2)
    height = (height - height.min()) / np.ptp(height)
    return Maps.from_arrays({"base_color": pixels, "height": height}, width_m=width_m, height_range_m=range_m)


@pytest.mark.slow
def test_heights_are_compared_in_metres():
    source = relief(0, 256, 0.256, 0.02)
    same, flat = (
        judge_picture(relief(1, 128, 0.128, range_m), source, controls=False).figures["result"]
        for range_m in (0.02, 0.01)
    )
    assert same["height_distance"] < 0.001  # a millimetre of 20
    assert same["contrast_low"] > 0.85
    assert flat["contrast_low"] == pytest.approx(0.5, abs=0.08)
    assert flat["statistics_of_crop"] > 1.3 > same["statistics_of_crop"]


def test_pictures_of_known_widths_are_compared_at_the_coarser_texel_size():
    fine, coarse = surface(leaves(0, 256), width_m=0.5), surface(leaves(1, 256), width_m=1.0)
    found = at_one_texel_size(fine, coarse)
    assert [maps.size_px for maps in found] == [(128, 128), (256, 256)]
    assert [maps.size_px for maps in at_one_texel_size(coarse, fine)] == [(256, 256), (128, 128)]
    unknown = surface(leaves(0, 256))
    assert at_one_texel_size(unknown, coarse)[0] is unknown


@pytest.mark.parametrize(
    ("source_px", "result_px", "what"),
    [((255, 600), (256, 256), "source is 600x255 px"), ((512, 512), (256, 48), "picture is 48x256 px")],
)
def test_a_picture_that_is_too_small_is_refused(source_px, result_px, what):
    with pytest.raises(ParameterError, match=what):
        window_side(source_px, result_px)


def test_a_set_without_base_colour_is_refused(source):
    height = Maps.from_arrays({"height": source[..., 0]}, name="relief")
    with pytest.raises(ParameterError, match="the picture relief has no base colour"):
        judge_picture(height, surface(source))


def save(path, pixels: np.ndarray) -> str:
    Image.fromarray(np.uint8(255 * pixels)).save(path)
    return str(path)


@pytest.mark.slow
def test_the_command_shows_the_result_beside_its_controls(tmp_path, capsys, source, fresh):
    files = save(tmp_path / "tile.png", fresh[:128, :128]), save(tmp_path / "leaves.png", source[:256, :256])
    main(["evaluate", "picture", *files])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("tile.png beside leaves.png, 128x128")
    assert lines[1].split() == ["figure", "result", "crop", "quilt", "noise", "goal"]
    rows = {line.split()[0]: line for line in lines[2:]}
    assert "MISSED" in rows["seam_z_high"]  # a quarter of a tile does not tile
    main(["evaluate", "picture", *files, "--no-controls", "--json", "--sheet", str(tmp_path / "sheet.png")])
    answer = json.loads(capsys.readouterr().out)
    assert list(answer["figures"]) == ["result", "crop"]
    assert "seam_z_high" in answer["missed"]
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > 4 * 512


def test_the_command_names_a_picture_that_is_missing(tmp_path, capsys, fresh):
    with pytest.raises(SystemExit) as end:
        main(["evaluate", "picture", str(tmp_path / "none.png"), save(tmp_path / "tile.png", fresh)])
    assert end.value.code == 3
    assert "none.png" in capsys.readouterr().err
