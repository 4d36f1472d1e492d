"""Few channels for matching instead of all of a map set's, as a linear map that is found from a sample."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from impasto.patches.features import WEIGHTS
from impasto.texture import COLOR_MAPS

MOST = 4
LEAST_SHARE = 0.02
"""Share of the variance below which a principal component is left out."""
OPPONENT = ((0.299, 0.587, 0.114), (-0.1495, -0.2935, 0.443), (0.3505, -0.2935, -0.057))
"""Luma and colour differences, the latter halved, of red, green and blue."""


def principal_components(sample: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], Tensor]:
    """Matrices (c, C) of each map and an offset (C,), whose sum over all maps has at most four channels.

    sample: texels (c, n) of each map. The channels have mean 0 there, and variances whose sum is 1.
    """
    weighted, means, parts = {}, {}, []
    for name, texels in sample.items():
        values = texels.cpu().double()
        to_seen = torch.tensor(OPPONENT).double() if name in COLOR_MAPS else torch.eye(len(values)).double()
        means[name] = values.mean(1, keepdim=True)
        seen = to_seen @ (values - means[name])
        spread = seen.square().mean(1).sum().sqrt()
        scale = WEIGHTS.get(name, 0.2) / spread if spread > 1e-4 else torch.zeros(())
        weighted[name] = scale * to_seen
        parts.append(scale * seen)
    stack = torch.cat(parts)  # (c of all maps, n)
    variances, directions = torch.linalg.eigh(stack @ stack.T / stack.shape[1])
    total = variances.sum().clamp(min=1e-12)
    count = min(MOST, max(1, int((variances > LEAST_SHARE * total).sum())))
    kept = directions[:, -count:].split([len(part) for part in parts])
    norm = variances[-count:].sum().clamp(min=1e-12).sqrt()
    device = next(iter(sample.values())).device
    exact = {name: weighted[name].T @ rows / norm for name, rows in zip(sample, kept, strict=True)}
    offset = -torch.stack([(means[name].T @ exact[name])[0] for name in sample]).sum(0)
    return {name: matrix.float().to(device) for name, matrix in exact.items()}, offset.float().to(device)
