"""Unit cells: how rows are divided into them, their mean, how they differ, how far a picture is from them."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from materials import as_tensor, bond, bricks, tiles

from impasto.numerics.pyramid import split_band
from impasto.patterns.lattice import Bond, Lattice, TorusRegion, full_region
from impasto_gan.torus.cells.components import COMPONENTS, PrincipalComponents
from impasto_gan.torus.cells.division import find_cells
from impasto_gan.torus.cells.periodic import PeriodicFunction
from impasto_gan.torus.cells.phase_statistics import PhaseStatistics
from impasto_gan.torus.cells.unit_cell import UnitCell


def test_what_cells_have_in_common_is_measured():
    """The joints of another part of the wall are told to a tenth of their depth, and no tile's own tone or grain."""
    picture = as_tensor(tiles(320))
    lattice = Lattice(torch.eye(2) / 32, torch.tensor([-7.3, 2.6]))
    mean = PeriodicFunction.of_picture(picture[:, :160], lattice)
    other, full = picture[:, 160:], TorusRegion(160, 0, 160, 320, (320, 320))
    told = mean(lattice, full)
    joints = other[0] < 0.4
    assert (told - other)[:, joints].square().mean().sqrt() < 0.1 * 0.45
    assert told[:, ~joints].std() < 0.03
    assert (other - told)[:, ~joints].std() == pytest.approx(float(other[:, ~joints].std()), rel=0.1)


def test_the_mean_is_the_same_with_less_detail():
    lattice = Lattice(torch.eye(2) / 32)
    mean = PeriodicFunction.of_picture(as_tensor(tiles()), lattice)
    lattice = replace(lattice, bond=Bond(0.3, 0.0), row_offsets=torch.tensor([[0.0, 0.4]]))
    all_of_it = mean(lattice, full_region((64, 96)))
    quarter = mean(lattice, full_region((16, 24)), 4)
    assert torch.allclose(quarter, torch.nn.functional.avg_pool2d(all_of_it, 4), atol=1e-5)


def grain(joint: float, side: int = 256, period: int = 32) -> tuple[torch.Tensor, torch.Tensor]:
    """Noise that is `joint` times as strong at joints, (1, side, side), and where those are, (side, side)."""
    line = torch.arange(side) % period < 8
    joints = line[:, None] | line
    noise = torch.randn(1, side, side, generator=torch.Generator().manual_seed(3))
    return noise * torch.where(joints, joint, 1.0), joints


STILL = torch.zeros(1 + COMPONENTS)
"""No slider moves the cells."""


def alike(channels: int, counts: tuple[int, int]) -> torch.Tensor:
    """Cells that differ in nothing but grain."""
    return torch.zeros(1, channels, *counts)


def test_how_much_cells_differ_is_measured_at_each_phase():
    """Grain that is six times as strong at joints is alike everywhere to the networks, and strong there when made."""
    lattice = Lattice(torch.eye(2) / 32)
    picture, joints = grain(6.0)
    unit_cell = UnitCell.of(picture, lattice)
    inner = torch.nn.functional.max_pool2d(joints[None].float(), 5, 1, 2)[0] == 0

    def ratio(values: torch.Tensor) -> float:
        band = split_band(values[None])[0][0, 0]
        return float(band[joints].std() / band[inner].std())

    assert ratio(picture) > 5
    assert ratio(unit_cell.residual(picture, lattice)) == pytest.approx(1, abs=0.35)
    other = torch.randn(1, 1, 256, 256, generator=torch.Generator().manual_seed(4))
    made = unit_cell(other, lattice, full_region((256, 256)), 0, alike, STILL)[0]
    assert ratio(made) == pytest.approx(ratio(picture), rel=0.35)
    even = UnitCell.of(grain(1.0)[0], lattice)
    assert ratio(even(other, lattice, full_region((256, 256)), 0, alike, STILL)[0]) == pytest.approx(1, abs=0.1)


SHADED = Lattice(torch.tensor([[1 / 32, 0.0], [0.0, 1 / 40]]))
SHADED_AT_A_PIXEL = replace(SHADED, origin_px=torch.full((2,), 0.5))
"""Its tiles end between pixels."""


def shaded() -> torch.Tensor:
    """Tiles (3, 320, 320) that differ in tone, and each on its own in how bright its left edge is."""
    random = torch.Generator().manual_seed(6)
    y, x = torch.meshgrid(torch.arange(320), torch.arange(320), indexing="ij")
    tones, edges = (0.1 * torch.randn(11, 9, generator=random)[(y + 16) // 32, (x + 20) // 40] for _ in range(2))
    edge = (x + 20) % 40 < 6
    return (tones + torch.where(edge, edges, 0.0) + 0.01 * torch.randn(320, 320, generator=random)).expand(3, -1, -1)


def test_how_whole_cells_differ_is_measured():
    """Tone and edge are told apart from grain, and what is made anew has both, as strong, with edges as sharp."""
    picture, lattice = shaded(), SHADED_AT_A_PIXEL
    components = PrincipalComponents.of(picture, lattice)
    assert components.residual(picture, lattice).std() == pytest.approx(0.01, rel=0.15)
    weights = torch.randn(COMPONENTS, 10, 8, generator=torch.Generator().manual_seed(7))
    made = components(weights, lattice, full_region((320, 320)))
    assert made.std() == pytest.approx(float(picture.std()), rel=0.2)
    for walls in (picture, made):
        inner = walls[0, 16:304, 20:300].unflatten(0, (9, 32)).unflatten(2, (7, 40)).transpose(1, 2)
        left, right = inner[..., :6].mean((2, 3)), inner[..., 6:].mean((2, 3))
        assert (left - right).std() == pytest.approx(0.1, rel=0.35)
        assert inner[..., 6:].std((2, 3)).mean() < 0.02


def test_components_are_the_same_in_parts_and_with_less_detail():
    components = PrincipalComponents.of(shaded(), SHADED_AT_A_PIXEL)
    weights = torch.randn(COMPONENTS, 4, 4, generator=torch.Generator().manual_seed(8))

    def at(region: TorusRegion, pixel: int = 1) -> torch.Tensor:
        return components(weights, SHADED, region, pixel)

    all_of_it = at(full_region((128, 160)))
    part = at(TorusRegion(100, -30, 60, 70, (128, 160)))
    assert torch.allclose(part, all_of_it.roll((-100, 30), (1, 2))[:, :60, :70], atol=1e-6)
    quarter = torch.nn.functional.avg_pool2d(all_of_it, 4)
    assert torch.allclose(at(full_region((32, 40)), 4), quarter, atol=1e-5)


def test_phase_statistics_tell_joints_that_bend_from_those_in_their_place():
    picture = as_tensor(tiles(320))[:1]
    lattice = Lattice(torch.eye(2) / 32)
    statistics = PhaseStatistics.of(picture[:, :160], lattice, 1, 2)

    def distance(other):
        return float(statistics.distance(other[None], lattice, with_deviation=True))

    same, moved = distance(picture[:, 160:]), picture[:, 160:].roll(3, 1)
    bent = torch.stack([column.roll(round(3 * np.sin(x / 20))) for x, column in enumerate(picture[0, 160:].T)], 1)[None]
    alike = picture[:, 160:].clone().where(picture[:, 160:] < 0.4, 0.65)
    assert same < 0.01
    assert min(distance(moved), distance(bent), distance(alike)) > 3 * same + 0.01


ROWS = torch.tensor([[1 / 32, 0.0]])
BETWEEN_JOINTS = torch.tensor([16.0, 16.0])


@pytest.mark.parametrize("turned", [False, True], ids=["rows", "columns"])
def test_cells_of_rows_and_their_bond_are_found(turned):
    picture = as_tensor(bond())
    rows, axis = ROWS, 1
    if turned:
        picture, rows, axis = picture.mT, rows.flip(1), 0
    lattice = find_cells(picture, Lattice(rows, BETWEEN_JOINTS))
    assert lattice.row_axis == int(turned)
    assert 1 / lattice.frequency(axis) == pytest.approx(64, abs=0.5)
    assert abs(lattice.bond.shift) == pytest.approx(0.5, abs=0.03)
    assert lattice.bond.spread < 0.03


def test_the_joints_of_each_row_are_found_to_the_pixel():
    """Of a bond that is kept loosely: joints of the mean are as dark as each row's own."""
    picture = np.concatenate(
        [np.roll(bond(shift=0)[32 * k : 32 * k + 32], by, 1) for k, by in enumerate((0, 33, 2, 30, 3, 31))]
    )
    values = as_tensor(picture)
    lattice = find_cells(values, Lattice(ROWS, BETWEEN_JOINTS))
    assert lattice.bond.spread > 0.01
    mean = PeriodicFunction.of_picture(values - values.mean((1, 2), keepdim=True), lattice)(
        lattice, full_region((192, 192))
    )
    joints = (values[0] < 0.3) & (torch.arange(192)[:, None] % 32 >= 6)
    assert (mean[0] + values[0].mean())[joints].mean() < 0.21


def test_planks_that_do_not_end_have_no_cells_nor_have_rows_without_a_bond():
    lattice, anyhow = Lattice(ROWS, torch.tensor([16.0, 0.0])), (0, 9, 41, 17, 60, 30)
    loose = np.concatenate([np.roll(bond(shift=0)[32 * k : 32 * k + 32], by, 1) for k, by in enumerate(anyhow)])
    for pixels in (bricks(), loose):
        assert find_cells(as_tensor(pixels), lattice) is lattice
