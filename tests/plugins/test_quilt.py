"""Quilting and repair: seamless, in step with patterns, and joined to what is around."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from making import finish, made, photograph
from materials import bond, swd_floor
from quick import repeated
from scipy.ndimage import gaussian_filter, label

from impasto import Maps, Result
from impasto.errors import ParameterError
from impasto.patterns.cuts import Bands
from impasto.patterns.detection import find_lattice, find_regularity
from impasto.patterns.features import grain_weights, hidden_share
from impasto.patterns.overlaps import find_vectors
from impasto.patterns.seams import join
from impasto.patterns.squares import Edges, labellings
from impasto.surface.heights import normal_length_error
from impasto.surface.orientation import unit_normals
from impasto.surface.wrapping import seam_z
from impasto_judge.metrics.copies import repeated_share, verbatim_copies
from impasto_judge.metrics.landmarks import repeats
from impasto_judge.metrics.patches import contrast_ratio, mean_of_finest, sliced_wasserstein
from impasto_judge.metrics.values import color_distance
from impasto_synthesis.inpaint.landmarks import spread_at_borders
from impasto_synthesis.inpaint.repair import lattice_of


def color(source: np.ndarray | Maps, seed: int = 0, **parameters) -> np.ndarray:
    return finish("quilt", source, seed=seed, **parameters)["base_color"].pixels


def share_of_rows(result: np.ndarray, cycles: int) -> float:
    """Share of the variance of column means that lies in `cycles` across the width and its harmonics."""
    power = np.abs(np.fft.rfft(result.mean((0, 2)) - result.mean())) ** 2
    return float(power[cycles::cycles].sum() / power.sum())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gravel", *repeated("grass"), "brick"])
def test_result_is_seamless_and_as_the_photograph(name: str) -> None:
    source = photograph(name, 512)
    result = color(source)
    for z in seam_z(result):
        assert -4 < z < 3  # METHODS: seamless; hard cuts score 3 to 33, mirrored borders below -4
    grey, as_wanted = result[..., :1], source[..., :1]
    fine = mean_of_finest(sliced_wasserstein(grey, as_wanted, directions=128))
    assert fine <= 1.3 * mean_of_finest(swd_floor(as_wanted, directions=128))  # as close as another crop, by a third
    for ratio in contrast_ratio(result, source)[:4]:  # coarser levels lose what even_light takes out
        assert 0.75 < ratio < 1.3
    assert max(color_distance(result, source)) < 0.02  # 5 of 255: even_light alone moves 1 to 2


def test_opposite_borders_match_when_rolled_and_another_seed_is_another_picture() -> None:
    """The wrap is a cut like all others: rolled by half, the middle is no worse than anywhere."""
    made = color(photograph("gravel", 256))
    assert np.abs(made - color(photograph("gravel", 256), 1)).mean() > 0.05  # other pieces elsewhere, not rounding
    result = np.roll(made, (128, 128), (0, 1))
    across, down = (np.abs(np.diff(result, axis=axis)).mean((1 - axis, 2)) for axis in (0, 1))
    for steps in (across, down):
        assert steps[127] < steps.mean() + 3 * steps.std()  # as the z-score above, without the neighbours


@pytest.mark.slow
@pytest.mark.any_numpy
def test_no_large_part_is_copied_and_none_stays_in_place() -> None:
    source = photograph("grass", 512)
    found = verbatim_copies(color(source), source)
    assert 32 < found.block_px < 256  # it is made of pieces; none may reach half of the photograph's side
    assert found.shift != (0, 0)


@pytest.mark.slow
def test_variety_avoids_what_was_used() -> None:
    source, size = photograph("gravel", 256), {"width_px": 384, "height_px": 384}
    repeats, fewer = (
        np.mean([repeated_share(color(source, seed, variety=variety, **size)) for seed in range(3)])
        for variety in (0.0, 0.5)
    )
    assert fewer < 0.75 * repeats


def test_a_landmark_is_not_seen_again_nearby_and_the_rest_may_be() -> None:
    source = photograph("gravel", 256, 2)
    found = repeats(color(source, width_px=512, height_px=512), source, 20)
    assert found.landmarks == 12
    assert found.repeated <= 6  # measured
    assert found.most <= 3


def test_cuts_follow_the_least_difference() -> None:
    """A winding valley of differences, through a band on the left of a block."""
    rows, columns = np.mgrid[:64, :32]
    valley = 12 + np.round(6 * np.sin(rows[:, :1] / 8))
    differences = np.broadcast_to(np.where(np.abs(columns - valley) <= 1, 0.0, 1.0), (2, 64, 32)).astype(np.float32)
    shown = Bands((64, 32), {"left": 24}).cut(differences)
    first = shown.argmax(1)  # column of the first pixel of the new block
    assert np.abs(first - valley[:, 0]).max() <= 1
    assert (shown == (columns >= first[:, None])).all()


def test_rows_and_bond_of_brick_run_unbroken_through_the_wrap() -> None:
    """In running bond, rows two apart have their joints in one place; neighbours do not."""
    result = color(bond(400, 33, 66))
    assert share_of_rows(result.swapaxes(0, 1), 12) > 0.9  # 400 / 33 rounds to 12; out of step: a half or less
    mortar = (result.mean(2) < 0.35).mean(1)  # share of mortar in each row
    assert (mortar > 0.9).sum() >= 12 * 2  # each of the 12 joints runs through, at least two of its four rows
    light = result.mean(2) - result.mean((1, 2))[:, None]

    def agreement(count: int) -> float:
        return float((light * np.roll(light, round(count * 400 / 12), 0)).mean() / light.var())

    assert agreement(2) > agreement(1) + 0.2  # bricks' own greys keep the first from 1; broken bond has no difference


def loose_bond(side: int = 256, course: int = 21, joint: int = 4) -> np.ndarray:
    """Courses of whole and half bricks of one grey in any order, so that only courses repeat."""
    rng = np.random.default_rng(1)
    grey = 0.35 + 0.02 * rng.standard_normal((side, side))
    grey[np.arange(side) % course < joint] = 0.85
    for top in range(0, side, course):
        left = -int(rng.integers(0, 48))
        while left < side:
            grey[top : top + course, max(0, left) : max(0, left + joint)] = 0.85
            left += 24 * int(rng.integers(1, 3)) + int(rng.integers(-3, 4))
    return np.repeat(grey.astype(np.float32)[..., None], 3, 2)


def lengths_of_bricks(pixels: np.ndarray) -> np.ndarray:
    """Distances in pixels between upright joints that follow each other in a course; courses wrap around."""
    mortar = pixels.mean(2) > 0.6
    is_joint = mortar.mean(1) > 0.9
    courses, found = np.cumsum(is_joint & ~np.roll(is_joint, 1)), []
    courses %= courses[-1]
    for course in np.unique(courses[~is_joint]):
        upright = mortar[(courses == course) & ~is_joint].mean(0) > 0.6
        starts = np.flatnonzero(upright & ~np.roll(upright, 1))
        found.append(np.diff(starts, append=starts[:1] + len(upright)))
    return np.concatenate(found)


@pytest.mark.essential
def test_bricks_are_not_cut_into_slivers() -> None:
    """Rows agree wherever a piece lies along them, so only the short upright joints tell where it belongs."""
    source = loose_bond()
    lengths = [lengths_of_bricks(color(source, seed, width_px=512, height_px=512)) for seed in range(3)]
    assert len(np.concatenate(lengths)) > 3 * 250
    assert (np.concatenate(lengths) < 14).mean() < 0.01  # 0.02 where long joints have more weight than short ones


def boards(side: int = 256, width: int = 38, joint: float = 0.12, uneven_px: int = 0) -> np.ndarray:
    """Boards of random lengths and greys, with grain. Only thin joints repeat, unless widths are uneven."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:side, :side]
    grain = gaussian_filter(rng.standard_normal((side, side)), (1, 8))
    starts = np.arange(0, side, width)
    starts[1:] += np.random.default_rng(6).integers(-uneven_px, uneven_px + 1, len(starts) - 1)
    row = np.searchsorted(starts, y, "right") - 1
    board = (x - rng.integers(0, side, 40)[row]) % (2 * side) // 110
    tone = 0.35 + 0.3 * rng.random((40, 40))[row, board] + 0.04 * grain / grain.std()
    return np.repeat(np.where(y - starts[row] < 2, tone - joint, tone).astype(np.float32)[..., None], 3, 2)


def test_a_cut_across_the_grain_costs_more_than_one_along_it() -> None:
    """Between pieces that are equally unlike each other everywhere, cuts keep to the boards' length."""
    wood = torch.from_numpy(boards()[..., 0])[None]
    down, across = grain_weights(wood, hidden_share(wood))
    assert down.mean() > 1.5
    assert across.mean() < 1.1
    noise = torch.from_numpy(np.random.default_rng(0).random((1, 128, 128), np.float32))
    assert grain_weights(noise, hidden_share(noise)).mean() < 1.2  # without grain, no direction counts


def share_in_whole_joints(pixels: np.ndarray, joint: float = 0.12) -> float:
    """Share of what is darker than what lies 2 px above and below that belongs to lines across the whole picture."""
    grey = pixels.mean(2)
    dark = (grey[2:-2] - 0.5 * (grey[:-4] + grey[4:]) < -0.5 * joint).mean(1)
    return float(dark[dark > 0.9].sum() / dark.sum())


@pytest.mark.slow
@pytest.mark.parametrize("is_turned", [False, True])
def test_joints_between_boards_of_uneven_widths_do_not_end(is_turned) -> None:
    """Pieces of a row come from the same rows of the photograph; when they came from anywhere, it was 0.26 to 0.28."""
    source = boards(joint=0.3, uneven_px=9)
    if is_turned:
        source = np.ascontiguousarray(source.swapaxes(0, 1))
    made = [color(source, seed, even_light=0.0) for seed in range(4)]
    shares = [share_in_whole_joints(one.swapaxes(0, 1) if is_turned else one, 0.3) for one in made]
    assert np.mean(shares) > 0.45  # measured 0.55 and 0.58


def test_steps_of_light_are_spread_farther_than_those_of_shapes() -> None:
    """Else a piece that is a little lighter shows as a patch with an edge."""
    origin = torch.cat([torch.arange(100), torch.arange(250, 350)]) + 400 * torch.arange(64)[:, None]
    for step, at_most, at_least in ((0.05, 0.4, 0.0), (0.4, 1.0, 0.6)):
        image = 0.3 + step * (torch.arange(400) >= 200).float().expand(1, 64, 400)
        row = join(image, origin, light_px=96, shapes_px=12)[0, 32] / step
        assert abs(row[100] - row[99]) < 0.1  # no edge
        assert at_least <= row[124] - row[75] < at_most


def test_converging_rows_are_straightened() -> None:
    """scikit-image's brick is seen at an angle: its joints fan out by 10 degrees on both sides."""
    result = color(photograph("brick", 512))
    assert max(share_of_rows(result, cycles) for cycles in range(10, 18)) > 0.7  # 0.3 for the photograph itself


@pytest.mark.parametrize(("degrees", "cell"), [(3, 80**2), (45, 2 * 60**2)], ids=["3", "45"])  # as many as fit
def test_cells_stay_whole_of_which_the_photograph_shows_two_periods(degrees: int, cell: int) -> None:
    turn = np.exp(1j * np.deg2rad(degrees)) * 80
    cells = (np.arange(160) + 1j * np.arange(160)[:, None]) / turn
    radius = np.maximum(np.abs(cells.real % 1 - 0.5), np.abs(cells.imag % 1 - 0.5))
    grey = 0.2 + 0.5 * ((radius > 0.28) & (radius < 0.4)) + 0.03 * np.random.default_rng(0).standard_normal((160, 160))
    periods = np.array([1j, 1]) @ find_vectors(torch.from_numpy(grey).float()).numpy() / turn
    assert np.abs(periods - periods.round()).max() < 0.02  # 1.6 pixels
    result = color(np.repeat(grey[..., None], 3, 2), width_px=240, height_px=240)
    frames = np.bincount(label(np.tile(result.mean(2) > 0.45, (2, 2)))[0].ravel())[1:] / (0.8**2 - 0.56**2)
    assert (np.abs(frames / cell - 1) < 0.1).sum() >= 0.7 * 480**2 / cell  # some reach the border
    assert find_vectors(torch.from_numpy(photograph("gravel", 160).mean(2))) is None


@pytest.mark.parametrize(
    ("tool", "parameters"),
    [
        ("quilt", {"even_light": 0.0, "width_px": 192}),
        ("patch-synthesis", {"even_light": 0.0, "width_px": 192, "quality": "quick"}),
        ("histogram-blending", {"width_px": 192}),
        ("inpaint", {}),
        ("mend-tiling", {"quality": "quick"}),
        ("extend", {"right": 0.5, "quality": "quick"}),
    ],
)
def test_all_maps_follow_the_same_places(tool, parameters) -> None:
    """Height that is the picture's own grey must stay so, but for what joining the seams adds to each."""
    grey = photograph("gravel", 128, 2)
    arrays = {"base_color": grey, "height": grey[..., :1], "normal": unit_normals((0.5, 0.5, 1) + 0.2 * (grey - 0.5))}
    maps = Maps.from_arrays(arrays, width_m=1.0, height_range_m=0.1)
    result = finish(tool, maps, {"mask": picture(square(128, 40, 50, 30))} if tool == "inpaint" else {}, **parameters)
    assert np.abs(result["base_color"].pixels[..., :1] - result["height"].pixels).max() < 0.02
    assert np.corrcoef(result["normal"].pixels[..., 0].ravel(), result["height"].pixels.ravel())[0, 1] > 0.97
    assert normal_length_error(result["normal"].pixels) < 1e-3  # float rounding
    assert result.width_m == pytest.approx(result.size_px[1] / 128)
    assert result.height_range_m == 0.1


def test_too_many_pieces_are_refused_with_a_remedy() -> None:
    with pytest.raises(ParameterError, match="larger block_px"):
        finish("quilt", photograph("gravel", 8), width_px=2048, height_px=2048)


@pytest.mark.any_numpy
@pytest.mark.parametrize(("angle", "period"), [(7, 33), (7, 40), (63, 9), (77, 40), (105, 40), (133, 40), (175, 40)])
@pytest.mark.parametrize("is_step", [True, False], ids=["stripes", "ramps"])
def test_small_diagonal_stripes_have_a_pattern_or_none(angle: int, period: int, is_step: bool) -> None:
    """Any shift along a stripe fits, so both vectors of a lattice must not turn into its direction."""
    y, x = np.mgrid[:64, :64]
    along = (x * np.cos(np.deg2rad(angle)) + y * np.sin(np.deg2rad(angle))) / period
    grey = ((along % 1 > 0.5) if is_step else along % 1).astype(np.float32) / 2 + 0.25
    found = find_regularity(torch.from_numpy(grey))
    assert found is None or found.wave_vectors is None or torch.linalg.det(found.wave_vectors).abs() > 1e-6
    find_lattice(torch.from_numpy(grey))


def picture(pixels: np.ndarray) -> Maps:
    return Maps.from_arrays({"base_color": pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, 2)})


def photographed(name: str, side: int = 128) -> Maps:
    """One of the photographs at half its size, with a height."""
    grey = photograph(name, side, 2)
    return Maps.from_arrays({"base_color": grey, "height": grey[..., :1]}, width_m=2.0, height_range_m=0.1)


def square(side: int, top: int, left: int, hole: int) -> np.ndarray:
    """Mask (side, side) that is white in a square."""
    mask = np.zeros((side, side), np.float32)
    mask[top : top + hole, left : left + hole] = 1
    return mask


def inpainted(source: np.ndarray | Maps, mask: np.ndarray, seed: int = 0, **given) -> Result:
    """The result of the tool; `given` are inputs, as pictures, and parameters."""
    inputs = {"mask": mask, **{name: value for name, value in given.items() if isinstance(value, np.ndarray)}}
    parameters = {name: value for name, value in given.items() if name not in inputs}
    return made("inpaint", source, {name: picture(one) for name, one in inputs.items()}, seed, **parameters)


def filled(*given, **named) -> np.ndarray:
    return inpainted(*given, **named).maps["base_color"].pixels


def test_only_the_hole_changes_and_its_old_content_is_gone():
    source, mask = photograph("gravel", 128, 2), square(128, 40, 50, 30)
    source[45:60, 55:70] = (1, 0, 0)
    found = filled(source, mask)
    assert np.array_equal(found[mask == 0], source[mask == 0])
    assert np.ptp(found, axis=2).max() < 0.02  # no red


def test_what_is_removed_does_not_come_back_from_its_twin():
    source = photograph("gravel", 128, 2)
    source[24:40, 60:76] *= 0.3
    source[76:116, 10:50] = source[12:52, 48:88]
    result = inpainted(source, square(128, 22, 58, 20))
    assert result.maps["base_color"].pixels[24:40, 60:76].mean() > 2 * source[24:40, 60:76].mean()
    assert "nothing was taken" in result.notes[0]


def border_step(made: np.ndarray, top: int, left: int, hole: int) -> float:
    """Mean step across the sides of a square, relative to those a few pixels inside and outside of them."""
    at_border, close = [], []
    for axis, along, across in ((0, left, top), (1, top, left)):
        steps = np.abs(np.diff(np.moveaxis(made, axis, 1)[along : along + hole], axis=1)).mean((0, 2))
        for border in (across - 1, across + hole - 1):
            at_border.append(steps[border])
            close += [*steps[border - 5 : border - 1], *steps[border + 2 : border + 6]]
    return float(np.mean(at_border) / np.mean(close))


@pytest.mark.essential
def test_joints_between_bricks_continue_across_the_border():
    source = photograph("brick", 256, 2)
    steps, shares = [], []
    for seed, (top, left, hole) in enumerate(((48, 32, 64), (144, 152, 64), (75, 85, 80), (20, 165, 60))):
        found = filled(source, square(256, top, left, hole), seed, wraps="no")
        steps.append(border_step(found, top, left, hole))
        shares.append((found[top : top + hole, left : left + hole, 0] > 0.5).mean() / (source[..., 0] > 0.5).mean())
    assert np.mean(steps) < 1.3  # the photograph's own: 0.5; joints that end at the border: 1.8
    assert 0.6 < np.mean(shares) < 1.5  # a smooth fill has next to none


def test_bricks_get_their_own_joints_again_in_holes_and_margins():
    source, mask = bond(192, 24, 48), np.pad(np.ones((30, 54), np.float32), ((119, 43), (23, 115)))
    joints = [pixels.mean(2)[mask > 0] < 0.35 for pixels in (source, filled(source, mask))]
    assert np.mean(joints[0] == joints[1]) > 0.97  # if a brick has double length: 0.8
    wall, margins = bond(168, 28, 56), {"right": 63, "bottom": 63, "unit": "pixels", "quality": "quick"}
    larger = finish("extend", wall[:105, :105], **margins)["base_color"].pixels
    assert np.mean((larger.mean(2) < 0.35) == (wall.mean(2) < 0.35)) > 0.995  # without the lattice: 0.978
    assert lattice_of(picture(loose_bond()), np.zeros((256, 256), bool)).periods_px == pytest.approx((21, 1), abs=0.1)


def test_labels_are_the_best_of_all_where_there_are_no_loops():
    generator = torch.Generator().manual_seed(0)
    costs = torch.rand(5, 3, generator=generator)
    between = torch.rand(4, 3, 3, generator=generator)
    edges = Edges(torch.arange(4), torch.arange(1, 5), between, [(number, number + 1) for number in range(4)])
    *_, labels = labellings(costs, (edges,), sweeps=12)

    def total(chosen: tuple[int, ...]) -> float:
        own = sum(float(costs[node, label]) for node, label in enumerate(chosen))
        return own + sum(float(between[node, chosen[node], chosen[node + 1]]) for node in range(4))

    assert tuple(labels.tolist()) == min(product(range(3), repeat=5), key=total)


def test_a_mask_of_everything_or_of_too_much_is_refused_and_one_of_nothing_changes_nothing():
    source = photograph("gravel", 64, 2)
    with pytest.raises(ParameterError, match="white everywhere"):
        inpainted(source, np.ones((64, 64), np.float32))
    with pytest.raises(ParameterError, match="too little"):
        inpainted(source, 1 - square(64, 30, 30, 2), labels=np.linspace(0, 1, 64)[:, None] * np.ones(64))
    result = inpainted(source, np.zeros((64, 64), np.float32))
    assert np.array_equal(result.maps["base_color"].pixels, source)
    assert "nothing was filled" in result.notes[0]


def test_nothing_is_taken_from_another_island():
    source = photograph("gravel", 128, 2)
    source[:, 64:] *= (1.0, 0.3, 0.3)
    islands = np.tile(np.arange(128) >= 64, (128, 1)).astype(np.float32)
    found = filled(source, square(128, 40, 50, 30), islands=islands)
    assert np.ptp(found[:, :64], axis=2).max() < 0.05
    assert np.ptp(found[40:70, 64:80], axis=2).mean() > 0.1


def test_labels_limit_the_sources_of_a_filling():
    source = photograph("gravel", 128, 2)
    source[:, :40] *= (1.0, 0.3, 0.3)
    labels = square(128, 40, 70, 30)  # the hole is to become red, far from what is red
    labels[:, :40] = 1
    found = filled(source, square(128, 40, 70, 30), labels=labels, blend=0)
    assert np.ptp(found[40:70, 70:100], axis=2).mean() > 0.1


def test_a_stain_is_found_where_it_is_and_its_mask_is_a_picture():
    source = photographed("brick")
    tile = np.pad(source["base_color"].pixels[:64, :64], ((0, 64), (0, 64), (0, 0)), "symmetric")
    y, x = np.mgrid[:128, :128]
    stain = 0.35 * np.exp(-((y - 40) ** 2 + (x - 80) ** 2) / (2 * 7**2))
    result = made("find-landmarks", source.with_arrays({"base_color": tile - stain[..., None]}))
    mask = result.maps["base_color"].pixels
    assert set(result.maps) == {"base_color"}
    assert result.figures["landmarks"] >= 1
    assert result.figures["salience"] > 4
    assert mask[40, 80].all()
    assert 0.005 < mask.mean() < 0.15
    assert "found" in result.notes[0]


def test_the_threshold_and_the_number_of_landmarks_are_kept():
    assert made("find-landmarks", photographed("grass"), threshold=1.5, most=2).figures["landmarks"] == 2
    none = made("find-landmarks", photographed("grass"), threshold=20)
    assert none.figures["landmarks"] == none.maps["base_color"].pixels.max() == 0


def test_the_spread_near_a_mirrored_border_is_that_of_noise():
    smooth = gaussian_filter(np.random.default_rng(0).standard_normal((60, 4000)), (5, 0), mode="mirror")
    expected = spread_at_borders(60, 5.0) * smooth[25:35].std()
    np.testing.assert_allclose(smooth.std(1), expected, rtol=0.06)  # 4000 samples in each row: ±1.1 %, 3σ


def test_mend_tiling_changes_only_the_borders():
    source = photographed("gravel")
    assert max(seam_z(source["base_color"].pixels)) > 3
    result = made("mend-tiling", source, whole_periods=False)
    for name in source:
        assert max(seam_z(result.maps[name].pixels)) < 3
        same = (result.maps[name].pixels == source[name].pixels).all(2)
        assert same[32:-32, 32:-32].all()
        assert same.mean() > 0.4
    assert "borders" in result.notes[0]
    again = made("mend-tiling", result.maps)
    assert np.array_equal(again.maps["base_color"].pixels, result.maps["base_color"].pixels)
    assert "nothing was mended" in again.notes[0]


def test_a_wall_is_stretched_to_whole_rows():
    source = bond(200, 24, 50)
    mended = finish("mend-tiling", source, quality="quick")["base_color"].pixels
    assert share_of_rows(mended.swapaxes(0, 1), 8) > 0.9  # 8.33 rows that are not stretched: 0.31


def test_extensions_continue_the_unchanged_picture():
    source = photographed("gravel")
    maps = made("extend", source, left=0.25, top=0.125).maps
    assert maps.size_px == (144, 160)
    assert maps.width_m == pytest.approx(2.5)
    for name in source:
        assert np.array_equal(maps[name].pixels[16:, 32:], source[name].pixels)
    pixels = maps["base_color"].pixels
    assert seam_z(np.roll(pixels, -32, 1))[0] < 3
    assert seam_z(np.roll(pixels, -16, 0))[1] < 3
    assert 0.75 < pixels[:, :32].std() / source["base_color"].pixels.std() < 1.3


def test_margins_in_pixels_and_too_large_ones():
    source = photographed("gravel", 64)
    assert made("extend", source, right=9, unit="pixels").maps.size_px == (64, 73)
    with pytest.raises(ParameterError, match="16384"):
        made("extend", source, right=300)
