"""Which piece of a style is nearest to each cell of a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from .cells import ALIGNMENT_PX, CELL_PX, Eye, pooled

PIECES = 2**15
"""A style with more cells is known by so many of them, drawn by chance."""
COMPARISONS = 2**24
"""So many similarities are held at a time: 64 MiB."""
CROWD, CROWDS = 64, 8
"""Popularity is measured on so many groups of so many queries."""


@dataclass(frozen=True)
class Pieces:
    """Cells of a style that a picture may be painted from.

    features: of the pixels and of each layer (K, D). keys: the same pooled (K, C), by which they are found.
    """

    features: list[Tensor]
    keys: list[Tensor]


def collect_pieces(
    style: Tensor, eye: Eye, with_rotations: bool, rng: np.random.Generator, tick: Callable[[], None]
) -> Pieces:
    """Pieces of a style (1, 3, h, w); with rotations also of the style turned by 90, 180 and 270 degrees."""
    height, width = (side // ALIGNMENT_PX * ALIGNMENT_PX for side in style.shape[2:])
    style = style[..., :height, :width]
    turns = [torch.rot90(style, count, (2, 3)) for count in range(4 if with_rotations else 1)]
    share = min(1.0, PIECES * CELL_PX**2 / (height * width * len(turns)))
    found: list[list[Tensor]] = []
    for turned in turns:
        for tile in eye.tiles(turned.shape[2:]):
            tick()
            layers = [layer.flatten(1).T for layer in eye.look(turned, tile)]  # (n, D) each
            count = len(layers[0])
            picked = torch.from_numpy(rng.permutation(count)[: max(1, round(count * share))]).to(style.device)
            found.append([layer[picked] for layer in layers])
    features = [torch.cat(parts) for parts in zip(*found, strict=True)]
    return Pieces(features, [pooled(layer.T, stride).T for layer, stride in zip(features, eye.strides, strict=True)])


def nearest(queries: Tensor, keys: Tensor, tick: Callable[[], None] = lambda: None) -> Tensor:
    """Index (N,) of each query's (N, C) nearest key (K, C) by cosine, among keys that are not everybody's nearest.

    Half of a key's popularity, its mean similarity to the queries that it is nearest to, is taken off (Conneau et al.
    2018): else whole skies are painted from one piece. `tick` is called between chunks.
    """
    keys = normalize(keys.float(), dim=1).T.contiguous()  # (C, K)
    popularity = _popularity(queries, keys)
    rows = max(1, COMPARISONS // keys.shape[1])
    found = []
    for chunk in queries.split(rows):
        tick()
        found.append((normalize(chunk.float(), dim=1) @ keys).sub_(popularity / 2).argmax(1))
    return torch.cat(found)


def _popularity(queries: Tensor, keys: Tensor) -> Tensor:
    """Mean similarity (K,) of keys (C, K) to the nearest query of each of several groups of queries, evenly drawn."""
    count = min(len(queries), CROWD * CROWDS)
    places = torch.arange(count, device=queries.device) * len(queries) // count
    groups = normalize(queries[places].float(), dim=1).tensor_split(min(CROWDS, count))
    return torch.stack([(group @ keys).amax(0) for group in groups]).mean(0)
