"""Tiles with halos: they cover a picture once, show what is around them, and write back what was made of them."""

from __future__ import annotations

import pytest
import torch

from impasto_style.shared.tiles import Tiling


@pytest.mark.parametrize("seamless", [False, True])
@pytest.mark.parametrize(("size", "tile_px"), [((100, 150), 48), ((104, 140), 32), ((7, 9), 16), ((65, 33), 64)])
def test_they_cover_a_picture_once_in_parts_of_about_one_length(size, tile_px, seamless):
    covered, tiling = torch.zeros(1, 1, *size), Tiling(size, tile_px, halo_px=8, seamless=seamless, alignment_px=8)
    for tile in tiling.tiles:
        tile.put(covered, tile.inner(tile.with_halo(covered)) + 1)
    assert (covered == 1).all()
    for cuts in tiling.cuts:
        lengths = torch.tensor(cuts).diff()
        assert lengths.max() <= tile_px
        assert lengths.max() - lengths.min() <= 16  # two units


def test_beyond_the_border_of_a_seamless_picture_lies_the_opposite_one():
    x = torch.arange(20.0).view(1, 1, 1, 20)
    tiles = Tiling((1, 20), tile_px=10, halo_px=4, seamless=True, alignment_px=2).tiles
    assert tiles[0].with_halo(x).flatten().tolist() == [16, 17, 18, 19, *range(14)]
    assert tiles[1].with_halo(x).flatten().tolist() == [*range(6, 20), 0, 1, 2, 3]
    assert tiles[1].inner(tiles[1].with_halo(x)).flatten().tolist() == [*range(10, 20)]


def test_a_picture_with_borders_ends_there_but_for_the_rest_of_a_stride():
    x = torch.arange(9.0).view(1, 1, 1, 9)
    first, last = (tile.columns for tile in Tiling((1, 9), tile_px=6, halo_px=4, alignment_px=4, multiple_px=4).tiles)
    assert (first.low, first.high, last.low, last.high) == (0, 8, 0, 12)
    columns = Tiling((1, 9), tile_px=6, halo_px=4, alignment_px=4, multiple_px=4).tiles[1].with_halo(x)[0, 0, 0]
    assert columns.tolist() == [*range(9), 8, 8, 8]


def test_a_tile_of_a_coarser_grid_is_written_where_it_lies():
    cells = torch.zeros(8, 10)
    for number, tile in enumerate(Tiling((32, 40), tile_px=16, alignment_px=4).tiles):
        tile.on_grid(cells, 4).fill_(number)
    assert sorted(cells.unique().tolist()) == list(range(6))
