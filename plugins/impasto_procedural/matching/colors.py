"""Fits a material's colours, so that its picture has the colours of a photograph."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from impasto.numerics.color_transport import ColorSample, sliced_transport
from impasto.surface.color import linear_to_srgb, oklab_to_linear, srgb_to_linear
from impasto.surface.color_tensors import linear_to_oklab
from impasto.surface.palette import Move, from_oklab, to_oklab

from .drawing import draw
from .space import Space, Values

DIFFERENCE = 0.1
"""Change of a linear colour, for the derivative of the picture."""
DARK = 0.04
"""Smallest linear colour by which differences are divided, as eyes see them."""
RIDGE = 2e-3
"""Pull towards the previous colours, relative to texels that depend on a single colour."""
ROTATIONS = 6
LEAST, MOST = 0.005, 0.95
"""Limits of linear colours."""


def moved_colors(space: Space, values: Values, move: Move) -> dict[str, Any]:
    """Parameter values with their colours moved in Oklab."""
    moved = {name: from_oklab(to_oklab(np.array(values[name])) @ move.matrix + move.offset) for name in space.colors}
    return {**values, **{name: _round(color) for name, color in moved.items()}}


def fitted_colors(space: Space, values: Values, photograph: Tensor, seed: int) -> dict[str, Any]:
    """Values whose colours bring the picture nearest to its optimal transport to a photograph (3, H, W), in Oklab.

    The picture is almost linear in each linear colour, so that least squares over all texels find them.
    """
    if not space.colors:
        return dict(values)
    picture = _draw(space, values, seed)
    target = _target_colors(picture, photograph)
    before = np.stack([srgb_to_linear(np.array(values[name])) for name in space.colors])  # (K, 3)
    slopes = []
    for name, color in zip(space.colors, before, strict=True):
        change = np.where(color < 0.5, DIFFERENCE, -DIFFERENCE)
        other = {**values, name: _round(linear_to_srgb(color + change))}
        exact = srgb_to_linear(np.array(other[name])) - color
        slopes.append((_draw(space, other, seed) - picture) / torch.from_numpy(exact.astype(np.float32))[:, None])
    found = before + _least_squares(torch.stack(slopes), target - picture, picture)
    colors = linear_to_srgb(found.clip(LEAST, MOST))
    return {**values, **{name: _round(color) for name, color in zip(space.colors, colors, strict=True)}}


def _least_squares(slopes: Tensor, wanted: Tensor, picture: Tensor) -> np.ndarray:
    """Changes (K, 3) of colours that change a picture as wanted (3, N), given its derivatives (K, 3, N)."""
    weights = 1 / (picture + DARK)
    changes = np.zeros((len(slopes), 3))
    for channel in range(3):
        A = (slopes[:, channel] * weights[channel]).double()  # (K, N)
        b = (wanted[channel] * weights[channel]).double()
        scale = weights[channel].double().square().sum()
        normal = A @ A.T + RIDGE * scale * torch.eye(len(A), dtype=torch.float64)
        changes[:, channel] = torch.linalg.solve(normal, A @ b).numpy()
    return changes


def _target_colors(picture: Tensor, photograph: Tensor) -> Tensor:
    """Linear colours (3, N) of a picture after sliced optimal transport, in Oklab, to a photograph's colours."""
    lab = linear_to_oklab(picture[:, None])[:, 0]
    rotations = [torch.eye(3)]
    rng = np.random.default_rng(0)
    rotations += [torch.from_numpy(np.linalg.qr(rng.normal(size=(3, 3)))[0].astype("f4")) for _ in range(ROTATIONS)]
    painted = ColorSample(lab, torch.ones_like(lab[0]))
    target = sliced_transport(lab, painted, [ColorSample.of(photograph[None])], [1.0], rotations)
    return torch.from_numpy(oklab_to_linear(target.T.numpy()).T.clip(0, 1))


def _draw(space: Space, values: Values, seed: int) -> Tensor:
    """Every fourth texel (3, N) of the material's picture, linear."""
    picture = draw(space.material, space.material.parameters.model_validate(values), seed)
    return picture[:, ::2, ::2].flatten(1)


def _round(color: np.ndarray) -> tuple[float, ...]:
    return tuple(round(float(channel), 4) for channel in np.clip(color, 0, 1))
