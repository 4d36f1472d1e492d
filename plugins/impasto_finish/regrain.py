"""Regraining (Pitié et al. 2007, "Automated colour grading using colour distribution transfer", section 4).

A change of colours that stretches some of them also stretches their noise. The picture J that has the gradients of the
original I and the colours of the changed T minimises ∫ φ‖∇J − ∇I‖² + ψ‖J − T‖².
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from impasto.numerics.borders import with_margin
from impasto.numerics.filters import central_differences

ITERATIONS = 60
TOLERANCE = 1e-3
LEAST_PSI = 0.02
"""Smallest weight of the changed colours, so that plain areas follow them as well."""


def with_grain(I: Tensor, T: Tensor, wraps: tuple[bool, bool], check: Callable[[], None]) -> Tensor:  # noqa: E741
    """J (3, H, W) from the original I and the changed T (3, H, W), both in [0, 1], seamless or not.

    The equation ψD − div(φ∇D) = ψ(T − I) for the change D = J − I, by conjugate gradients. check: called at each step.
    """
    around = with_margin(255 * I.mean(0), 1, wraps)
    gradient = torch.hypot(*central_differences(around))
    phi = 30 / (1 + 10 * gradient)
    psi = (gradient / 5).clamp(LEAST_PSI, 1)
    right, down = (_step_weights(phi, axis, wraps) for axis in (1, 0))

    def system(D: Tensor) -> Tensor:
        check()
        across_x, across_y = right * (D.roll(-1, 2) - D), down * (D.roll(-1, 1) - D)
        return psi * D - (across_x - across_x.roll(1, 2)) - (across_y - across_y.roll(1, 1))

    diagonal = psi + right + right.roll(1, 1) + down + down.roll(1, 0)
    return I + _solution(system, psi * (T - I), diagonal, T - I)


def _step_weights(phi: Tensor, axis: int, wraps: tuple[bool, bool]) -> Tensor:
    """Weight (H, W) of the difference from each pixel to the next along an axis; 0 across an open border."""
    mean = (phi + phi.roll(-1, axis)) / 2
    if not wraps[axis]:
        mean.select(axis, -1).zero_()
    return mean


def _solution(system: Callable[[Tensor], Tensor], b: Tensor, diagonal: Tensor, x: Tensor) -> Tensor:
    """Solution of system(x) = b by conjugate gradients, preconditioned by the diagonal, from a first guess x."""
    r = b - system(x)
    z = r / diagonal
    p, rz = z, (r * z).sum()
    least = TOLERANCE**2 * (b * b / diagonal).sum().clamp_min(1e-12)
    for _ in range(ITERATIONS):
        if rz <= least:
            break
        Ap = system(p)
        step = rz / (p * Ap).sum()
        x, r = x + step * p, r - step * Ap
        z = r / diagonal
        rz, before = (r * z).sum(), rz
        p = z + rz / before * p
    return x
