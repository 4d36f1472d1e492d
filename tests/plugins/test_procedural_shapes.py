"""Building blocks of procedural materials, cells, blocks, pieces, boards, rust; and random mixtures of materials."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from impasto_procedural import mixtures
from impasto_procedural.blocks import blocks, is_odd, uneven_blocks
from impasto_procedural.canvas import Canvas
from impasto_procedural.damage import cracks
from impasto_procedural.materials.ceramic_tiles import Tiles
from impasto_procedural.metal import with_rust
from impasto_procedural.mixtures import mixture
from impasto_procedural.scatter import scatter
from impasto_procedural.surface import Surface
from impasto_procedural.wood import grain_of


@pytest.fixture
def canvas() -> Canvas:
    return Canvas((96, 128), 1.0, seed=5)


def test_cells_know_their_distance_to_the_nearest_border(canvas):
    """Within a texel of the nearest texel of another cell, found by trying all."""
    cells = canvas.cells("cells", 0.2, jitter=0.8)
    y, x = np.mgrid[:96, :128]
    number = cells.number.numpy()
    for row, column in ((10, 20), (50, 64), (90, 3)):
        dy, dx = (np.abs(a - b) for a, b in ((y, row), (x, column)))
        apart = np.hypot(np.minimum(dy, 96 - dy), np.minimum(dx, 128 - dx)) * canvas.texel_m
        nearest_m = apart[number != number[row, column]].min()
        assert float(cells.to_border_m[row, column]) == pytest.approx(nearest_m, abs=1.1 * canvas.texel_m)


@pytest.mark.parametrize("size_m", [0.15, 0.2, 0.9])  # an odd number of which would fit, an even one, and one
def test_colours_of_a_chessboard_alternate_across_borders_too(canvas, size_m):
    laid = blocks(canvas, "chessboard", size_m, size_m)
    odd = is_odd(canvas, laid.number, size_m)
    for axis in (0, 1):
        other = laid.number != laid.number.roll(1, axis)
        assert other.any()
        assert torch.equal(odd != odd.roll(1, axis), other)


def test_uneven_blocks_fill_the_tile_and_know_their_borders(canvas):
    flat = torch.zeros(canvas.size_px)
    laid = uneven_blocks(canvas, "stones", 0.25, 0.125, uneven=0.9, split=0.5, warp=(flat, flat))
    inside_m = laid.inside_m()
    assert inside_m.min() > -1e-6
    assert len(laid.half_height_m.round(decimals=4).unique()) > 8
    for shift in (1, -1):
        other = laid.number.roll(shift, 1) != laid.number
        assert inside_m[other].max() <= 1.01 * canvas.texel_m


def test_texels_show_the_highest_piece(canvas):
    def disc(y: torch.Tensor, x: torch.Tensor, number: torch.Tensor) -> torch.Tensor:
        return number.float().where(y * y + x * x < 1, torch.tensor(-math.inf))

    few, many = (scatter(canvas, "discs", count, 0.2, disc, spread=0.0) for count in (1, 40))
    area = float((few.number == 0).float().mean()) * canvas.width_m * canvas.height_m
    assert area == pytest.approx(math.pi * 0.2**2, rel=0.03)
    assert torch.equal(many.height_m[many.number >= 0], many.number[many.number >= 0].float())
    assert (many.y.square() + many.x.square() < 1).all()
    last = many.number == 39  # nothing lies on it
    assert float(last.float().mean()) == pytest.approx(float((few.number == 0).float().mean()), rel=0.03)


def test_cracks_grow_with_their_amount(canvas):
    none, some, many = (cracks(canvas, "cracks", 0.2, 0.03, amount) for amount in (0.0, 0.3, 1.0))
    assert none.max() == 0
    assert (some <= many + 1e-6).all()
    assert 0 < some.mean() < 0.6 * many.mean()


def test_tiles_are_of_one_colour_unless_a_share_is_of_the_second(canvas):
    given = {"color": (0.8, 0.2, 0.2), "second_color": (0.1, 0.1, 0.9), "grout_color": (0.8, 0.2, 0.2), "tile_m": 0.02}
    colors = [
        Tiles().surface(canvas, Tiles.parameters(second_share=share, **given)).color.expand(3, *canvas.size_px)
        for share in (0.0, 0.5, 1.0)
    ]
    blue = [float((color[2] > color[0]).float().mean()) for color in colors]
    assert blue[0] == 0
    assert blue[1] == pytest.approx(0.5 * blue[2], rel=0.15)


@pytest.fixture
def square() -> Canvas:
    return Canvas((256, 256), 1.0, seed=5)


def test_runs_hang_below_their_source_and_fade(square):
    source = torch.exp(-0.5 * ((square.y_m - 0.5) / 0.02).square()).expand(square.size_px)
    run = square.trails(source, 0.1)
    assert float(run.mean()) == pytest.approx(float(source.mean()), rel=1e-3)
    above, near, far = (float(run[int(256 * y), 0]) for y in (0.4, 0.6, 0.7))
    assert above < 0.05 * near
    assert far == pytest.approx(near / 2.718, rel=0.1)


@pytest.mark.parametrize("rows", [2, 5, 9])
def test_joints_of_staggered_neighbours_lie_apart(rows):
    square = Canvas((90, 400), 1.0, seed=5)
    laid = blocks(square, "staggered", 1.0, square.height_m / rows)
    first = [laid.x_m[index * 90 // rows, 0] for index in range(rows)]
    for one, other in zip(first, [*first[1:], first[0]], strict=True):
        apart = float(one - other) % 1
        assert min(apart, 1 - apart) > 0.15


@pytest.mark.parametrize("bond", ["herringbone", "basketweave"])
@pytest.mark.parametrize("long", [2, 5])
def test_blocks_of_squares_are_as_long_as_given(bond, long):
    square = Canvas((400, 400), 1.0, seed=5)
    laid = blocks(square, bond, 0.05 * long, 0.05)
    high, wide = 2 * laid.half_height_m, 2 * laid.half_width_m
    assert torch.allclose(high.maximum(wide) / high.minimum(wide), torch.tensor(float(long)))
    areas = laid.number.unique(return_counts=True)[1].float()
    assert torch.allclose(areas, torch.tensor(400.0 * long), rtol=0.02)


def test_grain_runs_along_the_boards_and_cathedrals_less_so(square):
    boards = blocks(square, "staggered", 1.0, 0.15)

    def ratio(figure: float) -> float:
        late = grain_of(square, boards, figure, 0.0).late
        across, along = (late.diff(dim=axis).abs().mean() for axis in (0, 1))
        return float(along / across)

    assert ratio(0.0) < 0.15
    assert ratio(1.0) > 1.5 * ratio(0.0)


def test_rust_starts_where_metal_is_prone_and_ends_the_metal(square):
    flat = torch.zeros(square.size_px)
    steel = Surface(flat + torch.full((3, 1, 1), 0.5), flat, 0.3, 1.0)
    prone = (square.x_m > 0.5).float().expand(square.size_px)
    assert with_rust(square, steel, 0.0, prone) is steel
    rusty = with_rust(square, steel, 0.35, prone)
    rusted_share = 1 - rusty.metallic
    assert rusted_share[:, 128:].mean() > 3 * rusted_share[:, :128].mean()
    assert (rusty.roughness[rusted_share > 0.9] > 0.6).all()


SEEDS = range(24)


def stacked(seed: int, side_px: int = 96, **how) -> torch.Tensor:
    """Colour, height, roughness and metallic (6, H, W)."""
    surface, canvas = mixture(side_px, seed, **how)
    flat = torch.zeros(canvas.size_px)
    single = (surface.height_m, surface.roughness, surface.metallic)
    return torch.cat([surface.color.expand(3, *canvas.size_px), torch.stack([flat + x for x in single])])


def test_values_are_possible_and_surfaces_wrap_around():
    """Steps across the border are no larger than within: the mean over many surfaces, since single ones have edges."""
    across, within = [], []
    for seed in SEEDS:
        maps = stacked(seed)
        assert maps.shape == (6, 96, 96)
        assert maps.isfinite().all()
        assert 0 < maps[4].min() <= maps[4].max() <= 1
        assert -1e-5 <= maps[5].min() <= maps[5].max() <= 1 + 1e-5
        color = maps[:3]
        steps = (torch.roll(color, -1, 2) - color).abs().mean((0, 1))
        across.append(float(steps[-1]))
        within.append(float(steps[:-1].mean()))
    assert np.mean(across) < 1.5 * np.mean(within)


@pytest.mark.slow
def test_paint_of_photographs_changes_colours_alone(monkeypatch):
    monkeypatch.setattr(mixtures, "PAINTED", 1.0)
    gradient = torch.linspace(0.1, 0.9, 80).expand(3, 80, 80).contiguous()
    pairs = [(stacked(seed), stacked(seed, pictures=[gradient])) for seed in SEEDS]
    assert any(not torch.equal(plain[:3], painted[:3]) for plain, painted in pairs)
    same = sum(bool(torch.allclose(plain[3], painted[3])) for plain, painted in pairs)
    assert same >= len(pairs) // 2  # others draw other random numbers after the paint
