"""Regular patterns are found: rows, their bond, lattices of peaks; and are made whole around a torus."""

import numpy as np
import pytest
import torch
from materials import as_tensor, bond, bricks

from impasto.patterns.detection import find_lattice, find_regularity
from impasto.patterns.lattice import Lattice, full_region
from impasto.patterns.phases import Sublattice


def lattice_of(pixels: np.ndarray) -> Lattice:
    return find_lattice(as_tensor(pixels).mean(0))


def test_rows_are_found_and_made_whole():
    lattice = lattice_of(bricks())
    assert len(lattice.wave_vectors) == 1
    assert 1 / float(lattice.wave_vectors[0, 0]) == pytest.approx(32, rel=0.03)
    assert float(lattice.on_torus((100, 64)).wave_vectors[0, 0]) * 100 == pytest.approx(3)
    assert float(lattice.origin_px[0]) % 32 == pytest.approx(18, abs=3), "between joints: rows 0 to 3 of each 32"
    assert float(lattice.origin_px[1]) == 0


def test_nothing_is_found_where_nothing_repeats():
    lattice = find_lattice(torch.rand(160, 160, generator=torch.Generator().manual_seed(0)))
    assert not lattice.is_regular
    assert lattice.origin_px.tolist() == [0, 0]


def test_a_period_is_as_long_as_the_whole_picture_says():
    """Rows are found on a copy of at most 384 px; 27 periods later they would be out of step."""
    rows, random = torch.arange(1024), torch.Generator().manual_seed(0)
    for period in (37.3, 64.0, 102.4):
        luminance = (rows % period < 5).float()[:, None] + 0.1 * torch.rand(1024, 256, generator=random)
        (vector,) = find_lattice(luminance).wave_vectors
        assert float(vector[0]) * 1024 == pytest.approx(1024 / period, abs=0.02)


@pytest.mark.parametrize(("shift", "expected"), [(0.5, Sublattice(1, 1, 2)), (1 / 3, Sublattice(1, 2, 3))])
def test_a_regular_bond_is_found_in_the_shifts_that_keep_it(shift, expected):
    """If columns repeat, too, their period is that of all rows' joints together: a part of a brick."""
    found = find_regularity(as_tensor(bond(384, 32, 72, shift)).mean(0))
    assert found.rows[0].period == pytest.approx(32, rel=0.02)
    assert found.rows[1].period == pytest.approx(72 / expected.columns, rel=0.02)
    assert found.sublattice == expected


def test_a_sublattice_holds_the_shifts_of_running_bond():
    places = np.mgrid[-2:3, -2:3]
    assert np.array_equal(Sublattice(1, 1, 2).contains(*places), places.sum(0) % 2 == 0)
    assert Sublattice().contains(*places).all()
    periods = {(1, 1, 2): (2, 2), (2, 0, 1): (2, 1), (1, 1, 3): (3, 3)}
    assert {one: Sublattice(*one).repeat_periods for one in periods} == periods


def test_a_torus_holds_whole_periods():
    tiles = Lattice(torch.tensor([[1 / 90, 0.0], [0.0, 1 / 64]]))
    assert tiles.torus_size((400, 384), 1024, 32) == (448, 384)
    assert Lattice().torus_size((384, 384), 512, 32) == (384, 384)
    rows_of_100 = Lattice(torch.tensor([[1 / 100, 0.0]]))
    assert rows_of_100.torus_size((256, 256), 256, 32) == (192, 256)
    assert rows_of_100.torus_size((256, 256), 256, 32, 240) == (256, 256), "at least as large as asked for"


def test_a_lattice_seen_from_elsewhere_has_its_origin_there():
    lattice = Lattice(torch.tensor([[1 / 30, 0.01], [0.0, 1 / 20]]), torch.tensor([3.0, 5.0]))
    here = lattice.cycles(full_region((64, 64)), 1)
    there = lattice.relative_to(torch.tensor([7.0, 11.0])).cycles(full_region((40, 40)), 1)
    assert torch.allclose(here[..., 7:47, 11:51], there, atol=1e-5)
    assert torch.allclose(here[0, :, 2, 4], lattice.wave_vectors @ torch.tensor([-0.5, -0.5]))


def test_an_oblique_lattice_stays_one_where_a_torus_straightens_it():
    straight = Lattice(torch.tensor([[0.004, 0.04], [0.03, -0.003]])).on_torus((96, 100))
    assert straight.wave_vectors[0].tolist() == pytest.approx([0, 0.04])
    for lattice in (straight, straight.on_torus((96, 100))):
        assert not lattice.has_rows
        assert not lattice.has_cells


@pytest.mark.parametrize("vectors", [[[0.0, 1 / 20], [1 / 300, 0.0]], [[1 / 300, 0.0], [0.0, 1 / 20]]])
def test_rows_wider_than_a_torus_keep_their_axis(vectors):
    lattice = Lattice(torch.tensor(vectors))
    fitted = lattice.on_torus((96, 100))
    assert fitted.has_cells
    assert fitted.row_axis == lattice.row_axis
    assert fitted.cells((96, 100)) == (1, 5)


def test_a_lattice_fits_where_its_wave_vectors_stay_apart():
    assert Lattice().fits((64, 64))
    assert Lattice(torch.tensor([[1 / 64, 0.0]])).fits((64, 32))
    assert not Lattice(torch.tensor([[1 / 300, 0.0]])).fits((64, 64))
    parallel = Lattice(torch.tensor([[-0.0104, 0.0084], [0.0114, -0.0045]]))
    assert not parallel.fits((128, 128))
    assert parallel.fits((384, 384))


def test_stripes_at_an_angle_have_one_wave_vector():
    """Any shift along them correlates, and some of these would give a second one of less than four pixels."""
    y, x = np.mgrid[:160, :160]
    stripes = (y * np.cos(0.7) + x * np.sin(0.7)) / 24 % 1 < 0.3
    picture = 0.5 * stripes + 0.07 * np.random.default_rng(0).standard_normal(stripes.shape)
    (vector,) = find_lattice(torch.from_numpy(picture).float()).wave_vectors
    assert 1 / float(vector.norm()) == pytest.approx(24, rel=0.01)
