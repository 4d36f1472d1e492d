"""Synthesis of latents by example: patches of cells that match their surroundings (after Efros & Leung 1999).

The prior N(0, I) draws each cell independently, but cells of a real surface depend on their neighbours: half a stone
needs its other half. New cells are therefore copied from the latents of real pictures, and the decoder is trained on
such combinations too. A torus has no border, so the result has no seam.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from impasto.numerics.borders import TORUS, with_margin

PATCH = 3
"""Side of a patch in cells: 48 texels, so that only smaller parts repeat."""
RING = 1
"""Width in cells of the ring around a patch that must match."""
CHOICE = 6
"""Number of best matches from which one is chosen."""
WINDOW = PATCH + 2 * RING


def windows_of(latents: Sequence[Tensor]) -> Tensor:
    """All patches of latents (C, h, w), with their rings: (n, C, 5, 5); small latents are tiled to the size of one."""
    found = []
    for z in latents:
        repeated = z.tile(1, *(-(-WINDOW // side) for side in z.shape[1:]))
        patches = repeated.unfold(1, WINDOW, 1).unfold(2, WINDOW, 1)  # (C, h - 4, w - 4, 5, 5)
        found.append(patches.permute(1, 2, 0, 3, 4).flatten(0, 1))
    return torch.cat(found)


def fill(
    canvas: Tensor,
    known: Tensor,
    windows: Tensor,
    random: torch.Generator,
    progress: Callable[[float], None] = lambda fraction: None,
) -> Tensor:
    """The canvas (C, H, W) with patches from `windows` (n, C, 5, 5) in the cells that are not `known` (H, W)."""
    canvas, known = canvas.clone(), known.clone()
    height, width = known.shape
    start = torch.randint(PATCH, (2,), generator=random).tolist()
    for top in range(start[0], start[0] + height, PATCH):
        progress((top - start[0]) / height)
        for left in range(start[1], start[1] + width, PATCH):
            rows, columns = (torch.arange(at - RING, at + PATCH + RING) for at in (top, left))
            place = (rows[:, None] % height, columns % width)
            around = known[place]  # (5, 5)
            inside = (slice(None), slice(RING, -RING), slice(RING, -RING))
            if around[inside[1:]].all():
                continue
            chosen = _choose(windows, canvas[:, *place], around, random)
            patch = torch.where(around, canvas[:, *place], chosen)[inside]
            place = (rows[RING:-RING, None] % height, columns[RING:-RING] % width)
            canvas[:, *place] = patch
            known[place] = True
    return canvas


def _choose(windows: Tensor, context: Tensor, known: Tensor, random: torch.Generator) -> Tensor:
    """One of the windows (C, 5, 5) that best match the known part of the context."""
    if not known.any():
        return windows[torch.randint(len(windows), (), generator=random)]
    distances = (windows[..., known] - context[:, known]).square().sum((1, 2))
    best = distances.topk(min(CHOICE, len(windows)), largest=False).indices
    return windows[best[torch.randint(len(best), (), generator=random)]]


def inner_cells(height: int, width: int, wraps: tuple[bool, bool]) -> Tensor:
    """Cells (H, W) except those at borders that do not wrap around (vertically, horizontally)."""
    is_inner = torch.ones(height, width, dtype=torch.bool)
    if not wraps[0]:
        is_inner[[0, -1]] = False
    if not wraps[1]:
        is_inner[:, [0, -1]] = False
    return is_inner


def kept_cells(size: tuple[int, int], variation: float, noise: Callable[..., Tensor]) -> Tensor:
    """Cells (H, W) to keep, without a fraction `variation` in blobs a few cells wide."""
    field = noise(1, 1, *size)
    for _ in range(2):
        field = avg_pool2d(with_margin(field, 1, TORUS), 3, 1)
    new = round(variation * field.numel())
    is_kept = torch.ones(field.numel(), dtype=torch.bool)
    is_kept[field.flatten().cpu().topk(new).indices] = False
    return is_kept.view(size)
