"""Building blocks of procedural materials: cells, blocks, pieces, cracks and waves."""

import math

import numpy as np
import pytest
import torch

from impasto_procedural.blocks import blocks, is_odd, uneven_blocks
from impasto_procedural.canvas import Canvas
from impasto_procedural.damage import cracks
from impasto_procedural.materials.ceramic_tiles import Tiles
from impasto_procedural.materials.rock import Rock
from impasto_procedural.scatter import scatter


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


def test_waves_have_their_length_and_wrap_around(canvas):
    phase, amplitude = canvas.waves("waves", 0.1, spread=0.15)
    assert float(amplitude.mean()) == pytest.approx(1, abs=0.01)
    around = torch.diff(phase, dim=0, append=phase[:1])
    turns = (around - around.round()).sum(0)  # from top to top
    assert torch.allclose(turns, turns.round(), atol=1e-3)
    assert float(turns.mean()) == pytest.approx(canvas.height_m / 0.1, rel=0.15)


def test_layers_of_rock_go_on_across_the_borders(canvas):
    given = {"layers": 1.0, "blocks": 0.0, "cracks": 0.0, "layer_m": 0.1, "block_m": 0.1}
    height_m = Rock().surface(canvas, Rock.parameters(**given)).height_m
    jumps = (height_m - height_m.roll(1, 1)).abs().mean(0)
    assert jumps[0] < 1.5 * jumps.median()


def test_tiles_are_of_one_colour_unless_a_share_is_of_the_second(canvas):
    given = {"color": (0.8, 0.2, 0.2), "second_color": (0.1, 0.1, 0.9), "grout_color": (0.8, 0.2, 0.2), "tile_m": 0.02}
    colors = [
        Tiles().surface(canvas, Tiles.parameters(second_share=share, **given)).color.expand(3, *canvas.size_px)
        for share in (0.0, 0.5, 1.0)
    ]
    blue = [float((color[2] > color[0]).float().mean()) for color in colors]
    assert blue[0] == 0
    assert blue[1] == pytest.approx(0.5 * blue[2], rel=0.15)
