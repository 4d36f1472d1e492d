"""Patch synthesis: seamless, sharp, laid out anew, in step with patterns, led by guides, and the same for a seed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from making import made, photograph
from materials import bond
from scipy.ndimage import gaussian_filter

from impasto import Host, Maps, Recipe, Result, Step, run
from impasto.errors import ParameterError
from impasto.patterns.field import Field, PixelGrid, SourceGrid
from impasto.patterns.phases import Pattern, Patterns, Sublattice
from impasto.surface.wrapping import seam_z
from impasto_judge.metrics.copies import repeated_share, verbatim_copies
from impasto_judge.metrics.patches import contrast_ratio
from impasto_judge.metrics.values import color_distance


def synthesised(source: np.ndarray | Maps, seed: int = 0, **given) -> Result:
    """The result of the tool; `given` are inputs and parameters."""
    inputs = {name: given.pop(name) for name in ("guide", "labels", "others", "mask", "leave_out") if name in given}
    return made("patch-synthesis", source, inputs, seed, **given)


def color(source: np.ndarray | Maps, seed: int = 0, **given) -> np.ndarray:
    return synthesised(source, seed, **given).maps["base_color"].pixels


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gravel", "grass", "brick"])
def test_result_is_seamless_and_as_the_photograph(name: str) -> None:
    source = photograph(name, 256)
    result = color(source, seed=1)  # of six seeds, one has the end of a brick at its border, and z of 3.8
    assert all(-4 < z < 3 for z in seam_z(result))
    assert max(seam_z(result[6:, 6:])) > 3
    for ratio in contrast_ratio(result, source)[:4]:  # coarser levels lose what even_light takes out
        assert 0.75 < ratio < 1.3
    assert max(color_distance(result, source)) < 0.02  # 5 of 255, as of quilt


@pytest.mark.slow
def test_results_copy_smaller_parts_than_a_quilt_in_a_new_layout() -> None:
    source = photograph("grass", 256)
    found = verbatim_copies(color(source), source)
    assert 8 < found.block_px < 64  # a quilt's pieces reach a third of the photograph; these are cut smaller
    assert found.shift != (0, 0)


@pytest.mark.essential
def test_no_brick_is_repeated() -> None:
    """`quilt` repeats a fifth, and copies in a row repeat all."""
    source, size = photograph("brick", 512), {"width_px": 384, "height_px": 384}
    given = {"source": Maps.from_arrays({"base_color": source})}
    made, quilted = (run(Recipe((Step(tool, size),), 1), given).maps for tool in ("patch-synthesis", "quilt"))
    shares = [repeated_share(one["base_color"].pixels, mirrored=True) for one in (made, quilted)]
    assert repeated_share(np.tile(source[:192, :192], (2, 2, 1)), mirrored=True) == 1
    assert shares[0] < 0.05 < shares[1]


@pytest.mark.slow
def test_every_texel_is_one_of_the_source() -> None:
    source = np.random.default_rng(0).random((96, 80, 3), np.float32)
    result = color(source, even_light=0.0)
    known = {tuple(texel) for texel in source.reshape(-1, 3).tolist()}
    assert all(tuple(texel) in known for texel in result.reshape(-1, 3).tolist())


@pytest.mark.slow
def test_rows_of_brick_stay_in_step_through_the_wrap() -> None:
    joints = (color(bond(250, 33, 66)).mean(2) < 0.35).mean(1)  # share of joint in each row
    assert (joints > 0.9).sum() >= 8 * 2  # 250 / 33 rounds to 8 joints; each runs through in two of its four rows


@pytest.mark.slow
def test_bonds_that_cannot_close_are_noted() -> None:
    (note,) = synthesised(bond(192), width_px=128, height_px=96, quality="quick").notes
    assert note.startswith("the pattern repeats every 64 x 64 pixels")
    vectors, running_bond, around = np.eye(2, dtype=np.float32) / 32, Sublattice(1, 1, 2), torch.tensor([[96], [0]])
    costs = [bool(Pattern(vectors, running_bond, closes=closes).costs(around)) for closes in (True, False)]
    assert costs == [True, False], "it may break anywhere"


def test_out_of_phase_pieces_move_to_a_repeat_in_the_photograph() -> None:
    """A running bond of 24 x 20 px in a photograph of 60 x 50 px: the nearest repeat is often beyond its border."""
    phases = Patterns((0,), (Pattern(np.float32([[1 / 24, 0], [0, 1 / 20]]), Sublattice(1, 1, 2)),))
    here = torch.stack(torch.meshgrid(torch.arange(96), torch.arange(80), indexing="ij"))
    torus, grid = (
        PixelGrid(size, (wraps,) * 2, torch.device("cpu")) for size, wraps in (((96, 80), True), ((60, 50), False))
    )
    source = SourceGrid(1, grid, grid.shown_pixels, torch.zeros(len(grid.shown_pixels), 1))
    places = torus.pixels_of(grid.index(here[0] * 7 % 60, here[1] * 11 % 50))
    field = Field(torus, source, places, torus.inside)
    phases.keep(field)
    assert grid.is_within(*field.positions()).all()
    in_phase = phases.costs(torch.stack(field.positions()), here.flatten(1)) == 0
    assert in_phase.float().mean() > 0.45  # snapping finds whole periods, half of which are in the bond


@pytest.mark.slow
def test_photographs_that_need_too_much_memory_are_refused() -> None:
    wide = np.broadcast_to(np.float32(0.5), (6000, 6001, 3))
    with pytest.raises(ParameterError, match="36 megapixels, and 36 are the limit"):
        synthesised(wide)


@pytest.mark.slow
def test_each_scale_is_previewed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("impasto_synthesis.material.PREVIEW_EVERY_S", 0.0)
    sizes: list[tuple[int, int]] = []
    host = Host(on_preview=lambda maps: sizes.append(maps.size_px))
    run(Recipe((Step("patch-synthesis"),)), {"source": picture(photograph("gravel", 256))}, host=host)
    assert set(sizes) == {(128, 128), (256, 256)}


@pytest.mark.slow
def test_blurred_results_are_made_again_or_noted() -> None:
    """Of a photograph that is sharp only at its left, the layouts with the least costs repeat what is blurred."""
    source = photograph("gravel", 128)
    source[:, 64:] = gaussian_filter(source, (5, 5, 0))[:, 64:]
    plain = {"quality": "quick", "even_light": 0.0, "pattern": "stochastic"}
    texts: list[str] = []
    shown: list[float] = []
    for seed in range(4):
        recipe, host = Recipe((Step("patch-synthesis", plain),), seed), Host(lambda _, text: texts.append(text))
        result = run(recipe, {"source": picture(source)}, host=host)
        least = min(contrast_ratio(result.maps["base_color"].pixels, source)[:3])
        assert bool(result.notes) == (least < 0.8)
        assert not result.notes or f"only {least:.0%} of the photograph's contrast" in result.notes[0]
        shown.append(least)
    assert "Trying another layout" in texts
    assert np.mean(shown) > 0.7  # without another try, 0.52, 0.61, 0.30 and 0.73


def test_a_mask_that_covers_everything_is_refused() -> None:
    with pytest.raises(ParameterError, match="white everywhere"):
        synthesised(photograph("gravel", 64), leave_out=picture(np.ones((64, 64, 3), np.float32)))


@pytest.mark.parametrize("rest_px", [1, 5, 8])
def test_a_small_usable_rest_of_the_photograph_is_enough(rest_px: int) -> None:
    """Its pieces are the same to the last bit, and the rounded cost of a cut between them may be below 0."""
    left_out = np.ones((64, 64, 3), np.float32)
    left_out[32 : 32 + rest_px, 32 : 32 + rest_px] = 0
    source = np.where(left_out, (1, 0, 0), (0, 0.5, 0)) * photograph("gravel", 64)
    assert (color(source, quality="quick", leave_out=picture(left_out)).argmax(2) == 1).mean() > 0.99


def stripes(period_px: float, side: int = 128) -> np.ndarray:
    """Grey stripes (side, side, 3) along x, with noise that no two places share."""
    x = np.arange(side) + np.zeros((side, 1))
    noise = np.random.default_rng(0).normal(0, 0.03, (side, side))
    return np.repeat((0.5 + 0.3 * np.sin(2 * np.pi * x / period_px) + noise).astype(np.float32)[..., None], 3, 2)


def strongest_wave(pixels: np.ndarray) -> tuple[int, int]:
    """Cycles (down, along) of the strongest wave in a picture, around the torus."""
    spectrum = np.abs(np.fft.rfft2(pixels.mean(2) - pixels.mean()))
    down, along = (int(index) for index in np.unravel_index(spectrum.argmax(), spectrum.shape))
    return min(down, pixels.shape[0] - down), along


@pytest.mark.slow
@pytest.mark.parametrize(("scale", "cycles"), [(0.5, 16), (1.0, 8), (2.0, 4)])
def test_scale_changes_the_size_of_features_and_keeps_the_width_in_metres_true(scale: float, cycles: int) -> None:
    result = synthesised(Maps.from_arrays({"base_color": stripes(16)}, width_m=1.0), scale=scale).maps
    assert strongest_wave(result["base_color"].pixels) == (0, cycles)
    assert result["base_color"].size_px == (128, 128)
    assert result.width_m == pytest.approx(1 / scale, rel=0.03)  # stretched so that whole periods fit


@pytest.mark.slow
@pytest.mark.parametrize(("degrees", "wave"), [(90, (8, 0)), (-90, (8, 0)), (180, (0, 8)), (45, (6, 6))])
def test_a_pattern_is_turned_and_stays_in_whole_periods(degrees: float, wave: tuple[int, int]) -> None:
    result = color(stripes(16), rotation=degrees)
    assert strongest_wave(result) == wave  # 8 cycles, at 45 degrees 5.7 along each axis
    for z in seam_z(result):
        assert z < 3


def test_normals_turn_with_the_picture() -> None:
    normal = np.full((64, 64, 3), 0.5, np.float32)
    normal += 0.5 * np.float32([0.6, 0, 0.8])  # to the right
    result = synthesised(Maps.from_arrays({"base_color": photograph("gravel", 64), "normal": normal}), rotation=30).maps
    expected = 0.5 + 0.5 * np.array([0.6 * np.cos(np.pi / 6), 0.6 * np.sin(np.pi / 6), 0.8])
    assert np.allclose(result["normal"].pixels, expected, atol=0.01)


def test_a_mask_is_turned_and_scaled_with_the_photograph() -> None:
    source = photograph("gravel", 128).copy()
    source[20:60, 70:100] = (1, 0, 0)
    mask = np.zeros((64, 64, 1), np.float32)  # of another size than the photograph
    mask[9:31, 34:51] = 1
    shown = color(source, even_light=0.0, rotation=20, scale=0.8, leave_out=Maps.from_arrays({"opacity": mask}))
    assert np.ptp(shown, axis=2).max() < 0.01


SIDE = 64
RED, GREEN, BLUE = (0.7, 0.2, 0.1), (0.2, 0.6, 0.2), (0.1, 0.2, 0.8)


def surface(tone: tuple[float, float, float], seed: int, shape: tuple[int, int] = (SIDE, SIDE)) -> np.ndarray:
    """A coloured, grainy picture (H, W, 3)."""
    grain = np.random.default_rng(seed).normal(0, 0.05, (*shape, 1))
    return (np.float32(tone) + grain).clip(0, 1).astype(np.float32)


def picture(pixels: np.ndarray) -> Maps:
    return Maps.from_arrays({"base_color": pixels})


def disc(size: int = SIDE) -> np.ndarray:
    """A mask (size, size, 1), which wraps, of a disc whose centre is the corner."""
    y, x = (np.mgrid[:size, :size] + size / 2) % size - size / 2
    return (np.hypot(y, x) < 0.3 * size).astype(np.float32)[..., None]


def guided(source: np.ndarray | Maps, **given) -> Result:
    return synthesised(source, **{"even_light": 0.0, "quality": "quick"} | given)


def share(pixels: np.ndarray, tone: tuple[float, float, float], where: np.ndarray | None = None) -> float:
    """Share of pixels, of those `where` a mask is white, whose hue is that of the tone."""
    is_tone = pixels.argmax(2) == int(np.argmax(tone))
    return float(is_tone[where[..., 0] > 0.5].mean() if where is not None else is_tone.mean())


def two_surfaces() -> tuple[np.ndarray, np.ndarray]:
    """Red and green stripes, and their labels in black and white."""
    is_green = (np.mgrid[:SIDE, :SIDE][1] // 16 % 3 == 1)[..., None]
    source = np.where(is_green, surface(GREEN, 1), surface(RED, 2))
    return source, np.repeat(is_green.astype(np.float32), 3, 2)


@pytest.mark.slow
def test_labels_are_followed_where_the_guide_has_them() -> None:
    source, labels = two_surfaces()
    guide = disc(32)  # of another size, and without colour
    given = {"guide": picture(np.repeat(guide, 3, 2)), "labels": picture(labels), "pattern": "stochastic"}
    shown = guided(source, **given, strictness=1.0).maps["base_color"].pixels
    assert share(shown, GREEN, disc()) > 0.9  # borders fall between pixels of the guide
    assert share(shown, RED, 1 - disc()) > 0.9
    assert share(guided(source).maps["base_color"].pixels, GREEN, disc()) < 0.8  # without guidance it is left to chance


def test_light_parts_of_a_guide_get_the_light_parts_of_the_photograph() -> None:
    y, x = np.mgrid[:SIDE, :SIDE]
    light = 0.5 + 0.15 * np.sin(2 * np.pi * y / 32 + np.sin(2 * np.pi * x / 64))
    source = (light[..., None] + np.random.default_rng(0).normal(0, 0.03, (SIDE, SIDE, 1))).clip(0, 1)
    source = np.repeat(source, 3, 2).astype(np.float32)
    guide = Maps.from_arrays({"opacity": 0.4 + 0.1 * disc()})  # of low contrast: only the order of its values counts
    shown = guided(source, guide=guide, strictness=1.0, pattern="stochastic").maps["base_color"].pixels[..., 0]
    inside = disc()[..., 0] > 0
    assert shown[inside].mean() - shown[~inside].mean() > 0.1  # the source's deviation is 0.1


@pytest.mark.slow
@pytest.mark.parametrize(("weight", "low", "high"), [((), 0.4, 0.6), ((0.25,), 0.12, 0.28), ((0.0,), 0.0, 0.02)])
def test_another_photograph_is_shown_by_its_weight(weight: tuple[float, ...], low: float, high: float) -> None:
    other = picture(surface(BLUE, 3, (70, 120)))  # of another size
    shown = guided(surface(RED, 2), others=(other,), weight=weight).maps["base_color"].pixels
    assert low <= share(shown, BLUE) <= high
    assert share(shown, BLUE) + share(shown, RED) == 1  # nothing of the gap between the sources


@pytest.mark.slow
def test_each_photograph_is_shown_where_its_mask_is_white() -> None:
    others = (picture(surface(GREEN, 1)), picture(surface(BLUE, 3)))
    masks = (Maps.from_arrays({"opacity": disc()}),)
    shown = guided(surface(RED, 2), others=others, mask=masks, weight=(1.0, 1.0)).maps["base_color"].pixels
    assert share(shown, GREEN, disc()) > 0.9
    assert share(shown, GREEN, 1 - disc()) < 0.05
    assert 0.3 < share(shown, BLUE, 1 - disc()) < 0.7  # the rest is mixed by weight


@pytest.mark.slow
def test_maps_missing_in_a_photograph_are_left_out_with_a_note() -> None:
    height = np.full((SIDE, SIDE, 1), 0.5, np.float32)
    rich = Maps.from_arrays({"base_color": surface(RED, 2), "roughness": height, "height": height})
    poor = Maps.from_arrays({"base_color": surface(BLUE, 3), "height": height})
    result = guided(rich, others=(poor,))
    assert set(result.maps) == {"base_color", "height"}
    assert result.notes == ("left out roughness, which not all of the photographs have",)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"labels": picture(surface(RED, 1))}, "without a guide"),
        ({"labels": picture(np.zeros((8, 8, 3), np.float32)), "guide": picture(surface(RED, 1))}, "one colour"),
        (
            {name: picture(surface(RED, 1)) for name in ("labels", "guide")} | {"others": (picture(surface(BLUE, 1)),)},
            "both",
        ),
        ({"others": (Maps.from_arrays({"height": disc()}),)}, "no map in common"),
    ],
)
def test_contradictory_inputs_are_refused(given: dict, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        guided(surface(RED, 2), **given)
