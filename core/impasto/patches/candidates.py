"""Candidates: places that a pixel might show, besides those that continue its neighbours.

Random places near the best so far (PatchMatch, Barnes et al. 2009); and pixels that look alike, for k-coherent search
(Tong et al. 2002), which are found on the coarsest level among all and refined from level to level.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .field import SourceGrid

REACHES_PX = (1, 1, 3, 8)
"""Largest distances of random candidates from the best so far; one more is anywhere."""
COUNT = 3
APART = 0.05
"""Least distance between similar pixels, relative to the source's shorter side, so that they are no neighbours."""
MOST_COMPARED = 1024
CHUNK = 1024
NEARBY = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))


def places_near(source: SourceGrid, places: Tensor, reach_px: int, generator: torch.Generator) -> Tensor:
    """Random places (n,) at most `reach_px` from places (n,) in each direction; -1 where nothing may be taken."""
    y, x = source.grid.position(places)
    moves = torch.randint(-reach_px, reach_px + 1, (2, len(y)), generator=generator).to(y.device)
    return source.at(y + moves[0], x + moves[1])


def find_similar(vectors: Tensor, size: tuple[int, int]) -> Tensor:
    """Indices (h w, COUNT) of the nearest of the vectors (h w, D) that lie apart from the pixel and from each other."""
    height, width = size
    total = len(vectors)
    compared = torch.arange(0, total, -(-total // MOST_COMPARED), device=vectors.device)
    apart = max(2, round(APART * min(height, width)))
    known = vectors[compared]
    squares = known.square().sum(1)
    rows, columns = (compared // width).int(), (compared % width).int()  # half as wide, so twice as fast
    found = torch.empty(total, COUNT, dtype=torch.int32, device=vectors.device)
    for start in range(0, total, CHUNK):
        here = torch.arange(start, min(total, start + CHUNK), device=vectors.device)
        distances = squares - 2 * vectors[here] @ known.T
        chosen = here
        for number in range(COUNT):
            down = ((chosen // width).int()[:, None] - rows).abs()
            along = ((chosen % width).int()[:, None] - columns).abs()
            distances.masked_fill_(torch.maximum(down, along) < apart, torch.inf)
            chosen = compared[distances.argmin(1)]
            found[here, number] = chosen.int()
    return found


def refine_similar(coarse: Tensor, coarse_width: int, vectors: Tensor, size: tuple[int, int]) -> Tensor:
    """Indices (h w, COUNT) from those of a level half as large: the nearest of vectors (h w, D) near these."""
    height, width = size
    coarse_height = len(coarse) // coarse_width
    y = torch.arange(height, device=vectors.device)[:, None]
    x = torch.arange(width, device=vectors.device)
    parent_y, parent_x = (y // 2).clamp(max=coarse_height - 1), (x // 2).clamp(max=coarse_width - 1)
    parent = (parent_y * coarse_width + parent_x).flatten()
    rest_y = (y - 2 * parent_y).expand(height, width).flatten()
    rest_x = (x - 2 * parent_x).expand(height, width).flatten()
    found = torch.empty(height * width, coarse.shape[1], dtype=torch.int32, device=vectors.device)
    for part in torch.arange(height * width, device=vectors.device).split(1 << 18):
        for number in range(coarse.shape[1]):
            near = coarse[parent[part], number].long()
            near_y, near_x = 2 * (near // coarse_width) + rest_y[part], 2 * (near % coarse_width) + rest_x[part]
            indices = torch.stack(
                [(near_y + dy).clamp(0, height - 1) * width + (near_x + dx).clamp(0, width - 1) for dy, dx in NEARBY]
            )
            distances = torch.stack([(vectors[index] - vectors[part]).square().sum(1) for index in indices])
            found[part, number] = indices.gather(0, distances.argmin(0)[None])[0].int()
    return found
