"""Wood and metal of procedural materials: boards, grain, rust and its runs."""

import pytest
import torch

from impasto_procedural.blocks import blocks
from impasto_procedural.canvas import Canvas
from impasto_procedural.metal import with_rust
from impasto_procedural.surface import Surface
from impasto_procedural.wood import grain_of


@pytest.fixture
def canvas() -> Canvas:
    return Canvas((256, 256), 1.0, seed=5)


def test_runs_hang_below_their_source_and_fade(canvas):
    source = torch.exp(-0.5 * ((canvas.y_m - 0.5) / 0.02).square()).expand(canvas.size_px)
    run = canvas.trails(source, 0.1)
    assert float(run.mean()) == pytest.approx(float(source.mean()), rel=1e-3)
    above, near, far = (float(run[int(256 * y), 0]) for y in (0.4, 0.6, 0.7))
    assert above < 0.05 * near
    assert far == pytest.approx(near / 2.718, rel=0.1)


@pytest.mark.parametrize("rows", [2, 5, 9])
def test_joints_of_staggered_neighbours_lie_apart(rows):
    canvas = Canvas((90, 400), 1.0, seed=5)
    laid = blocks(canvas, "staggered", 1.0, canvas.height_m / rows)
    first = [laid.x_m[index * 90 // rows, 0] for index in range(rows)]
    for one, other in zip(first, [*first[1:], first[0]], strict=True):
        apart = float(one - other) % 1
        assert min(apart, 1 - apart) > 0.15


@pytest.mark.parametrize("bond", ["herringbone", "basketweave"])
@pytest.mark.parametrize("long", [2, 5])
def test_blocks_of_squares_are_as_long_as_given(bond, long):
    """Every block has the area of `long` squares, so all of them are whole."""
    canvas = Canvas((400, 400), 1.0, seed=5)
    laid = blocks(canvas, bond, 0.05 * long, 0.05)
    high, wide = 2 * laid.half_height_m, 2 * laid.half_width_m
    assert torch.allclose(high.maximum(wide) / high.minimum(wide), torch.tensor(float(long)))
    areas = laid.number.unique(return_counts=True)[1].float()
    assert torch.allclose(areas, torch.tensor(400.0 * long), rtol=0.02)


def test_grain_runs_along_the_boards_and_cathedrals_less_so(canvas):
    boards = blocks(canvas, "staggered", 1.0, 0.15)

    def ratio(figure: float) -> float:
        late = grain_of(canvas, boards, figure, 0.0).late
        across, along = (late.diff(dim=axis).abs().mean() for axis in (0, 1))
        return float(along / across)

    assert ratio(0.0) < 0.15
    assert ratio(1.0) > 1.5 * ratio(0.0)


def test_rust_starts_where_metal_is_prone_and_ends_the_metal(canvas):
    flat = torch.zeros(canvas.size_px)
    steel = Surface(flat + torch.full((3, 1, 1), 0.5), flat, 0.3, 1.0)
    prone = (canvas.x_m > 0.5).float().expand(canvas.size_px)
    assert with_rust(canvas, steel, 0.0, prone) is steel
    rusty = with_rust(canvas, steel, 0.35, prone)
    rusted_share = 1 - rusty.metallic
    assert rusted_share[:, 128:].mean() > 3 * rusted_share[:, :128].mean()
    assert (rusty.roughness[rusted_share > 0.9] > 0.6).all()
