"""Nearest neighbours: for each cell of a picture, the cell of a style with the most similar features."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from .cells import ALIGNMENT_PX, CELL_PX, CellEncoder

PIECES = 2**15
"""Most cells of a style. From a larger style, cells are chosen at random."""
COMPARISONS = 2**24
"""Number of similarities that are computed at a time: 64 MiB."""
GROUP_SIZE, GROUPS = 64, 8
"""Size and number of the groups of queries by which `_hubness` of keys is measured."""


def collect_pieces(
    style: Tensor, encoder: CellEncoder, with_rotations: bool, rng: np.random.Generator, tick: Callable[[], None]
) -> list[Tensor]:
    """Cells of a style (1, 3, h, w) to paint with: half-precision features (K, D) of the pixels and of each layer.

    with_rotations: include cells of the style rotated by 90, 180 and 270 degrees.
    """
    height, width = (side // ALIGNMENT_PX * ALIGNMENT_PX for side in style.shape[2:])
    style = style[..., :height, :width]
    turns = [torch.rot90(style, count, (2, 3)) for count in range(4 if with_rotations else 1)]
    fraction = min(1.0, PIECES * CELL_PX**2 / (height * width * len(turns)))
    found = [_cells_of(turned, encoder, fraction, rng, tick) for turned in turns]
    return [torch.cat(parts) for parts in zip(*found, strict=True)]


def _cells_of(
    style: Tensor, encoder: CellEncoder, fraction: float, rng: np.random.Generator, tick: Callable[[], None]
) -> list[Tensor]:
    """Features (n, D) of the pixels and of each layer, for a random fraction of the cells, whatever the tiles."""
    size = style.shape[2] // CELL_PX, style.shape[3] // CELL_PX
    count = size[0] * size[1]
    is_chosen = np.zeros(count, bool)
    is_chosen[rng.permutation(count)[: max(1, round(count * fraction))]] = True
    place = torch.from_numpy(is_chosen.cumsum() - 1).view(size).to(style.device)
    is_kept = torch.from_numpy(is_chosen).view(size).to(style.device)
    cells: list[Tensor] = []
    for tile in encoder.tiling(style).tiles:
        tick()
        layers, here = encoder.of_tile(tile.with_halo(style), tile), tile.on_grid(is_kept, CELL_PX)
        cells = cells or [layer.new_empty(int(is_chosen.sum()), len(layer), dtype=torch.float16) for layer in layers]
        for all_of_layer, layer in zip(cells, layers, strict=True):
            all_of_layer[tile.on_grid(place, CELL_PX)[here]] = layer[:, here].T.half()
    return cells


def nearest(queries: Tensor, keys: Tensor, tick: Callable[[], None] = lambda: None) -> Tensor:
    """Index (N,) of the nearest key (K, C) of each query (N, C) by cosine similarity, corrected for hubs.

    Half of a key's mean similarity to its nearest queries is subtracted (cross-domain similarity local scaling, Conneau
    et al. 2018). Otherwise whole skies would be painted with one cell. `tick` is called between chunks.
    """
    keys = normalize(keys.float(), dim=1).T.contiguous()  # (C, K)
    hubness = _hubness(queries, keys)
    rows = max(1, COMPARISONS // keys.shape[1])
    found = []
    for chunk in queries.split(rows):
        tick()
        found.append(torch.addmm(-hubness / 2, normalize(chunk.float(), dim=1), keys).argmax(1))
    return torch.cat(found)


def _hubness(queries: Tensor, keys: Tensor) -> Tensor:
    """Mean similarity (K,) of keys (C, K) to the nearest query in each of several groups, evenly sampled."""
    count = min(len(queries), GROUP_SIZE * GROUPS)
    places = torch.arange(count, device=queries.device) * len(queries) // count
    groups = normalize(queries[places].float(), dim=1).tensor_split(min(GROUPS, count))
    return torch.stack([(group @ keys).amax(0) for group in groups]).mean(0)
