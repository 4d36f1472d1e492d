"""Curves on tensors, for drawing materials."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor


def mix(a: Tensor | float, b: Tensor | float, t: Tensor | float) -> Tensor:
    """a where t is 0, b where t is 1, and linear in between."""
    return a + (b - a) * t  # type: ignore[return-value]


def step(x: Tensor, low: float | Tensor, high: float | Tensor) -> Tensor:
    """Smoothstep: 0 below `low`, 1 above `high`, and a cubic in between; it falls if `high` is below `low`."""
    t = ((x - low) / (high - low)).clamp(0, 1)
    return t * t * (3 - 2 * t)


def gradient(t: Tensor, colors: Sequence[Tensor]) -> Tensor:
    """Colour (3, H, W) at t (H, W) along equally spaced colours (3, 1, 1), from 0 to 1."""
    parts = len(colors) - 1
    place = t.clamp(0, 1) * parts
    result = colors[0] + place.new_zeros(place.shape)
    for index in range(parts):
        result = mix(result, colors[index + 1], (place - index).clamp(0, 1))
    return result


def bump(x: Tensor, width: float | Tensor) -> Tensor:
    """A rounded edge: 0 at x = 0, rising like a quarter circle to 1 at x = width."""
    t = 1 - (x / width).clamp(0, 1)
    return (1 - t * t).clamp_min(0).sqrt()
