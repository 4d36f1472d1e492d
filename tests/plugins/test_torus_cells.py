"""Rows are divided into cells, with the joints of each and their bond."""

import numpy as np
import pytest
import torch
from materials import as_tensor, bond, bricks

from impasto.regularity.lattice import Lattice
from impasto.regularity.region import full_region
from impasto_gan.torus.cells.division import find_cells
from impasto_gan.torus.cells.periodic import PeriodicFunction

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
