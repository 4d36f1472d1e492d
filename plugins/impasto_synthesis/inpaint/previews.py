"""Previews of a filling on each level of the pyramid."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import Tensor

from impasto.context import Context
from impasto.patches.field import Field
from impasto.texture import Maps

from ..material import PREVIEW_EVERY_S, PREVIEW_PX


def previews(name: str, image: Tensor, context: Context) -> Callable[[Field], None]:
    """A function that regularly previews a map (H, W, C), filled by the field of a level."""
    height, width = image.shape[:2]
    stride = -(-max(height, width) // PREVIEW_PX)
    y = torch.arange(0, height, stride, device=image.device)[:, None]
    x = torch.arange(0, width, stride, device=image.device)
    shown_s = time.monotonic()

    def show(field: Field) -> None:
        nonlocal shown_s
        if time.monotonic() - shown_s < PREVIEW_EVERY_S:
            return
        scale = field.source.scale
        from_y, from_x = field.grid.position(field.place[field.grid.index(y // scale, x // scale)])
        rows = (from_y * scale + y % scale).clamp(0, height - 1)
        columns = (from_x * scale + x % scale).clamp(0, width - 1)
        context.preview(Maps.from_arrays({name: image[rows, columns].cpu().numpy()}))
        shown_s = time.monotonic()

    return show
