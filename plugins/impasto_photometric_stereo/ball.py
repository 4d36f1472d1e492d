"""Light directions from highlights on a mirror ball: the light is where the ball mirrors it to the camera."""

from __future__ import annotations

import torch
from torch import Tensor

from impasto.errors import ParameterError
from impasto.numerics.gradients import central_differences

SEARCHED_PX = 192
"""Longer side of the picture in which the ball is looked for."""
RADII = (0.025, 0.25)
"""Smallest and largest radius that is looked for, relative to the picture's width."""
WIDEST = 0.3
"""Largest spread of a highlight, relative to the ball's radius."""
BRIGHTEST = 0.5
"""Brightness relative to the highlight's middle above which a pixel belongs to it."""
INNER = 0.97
"""Part of the radius in which highlights are looked for."""


def directions_on_ball(intensity: Tensor, x: float, y: float, radius: float) -> Tensor:
    """Unit vectors (K, 3) to the lights of pictures (K, H, W), by the ball at (x, y), all relative to the width."""
    height, width = intensity.shape[1:]
    rows = (torch.arange(height, device=intensity.device) + 0.5) / width
    columns = (torch.arange(width, device=intensity.device) + 0.5) / width
    right, up = (columns[None] - x) / radius, (y - rows[:, None]) / radius
    right, up = right.expand(height, width), up.expand(height, width)
    inside = right * right + up * up < INNER**2
    if int(inside.sum()) < 50:
        message = f"the ball at {x:g}, {y:g} with the radius {radius:g} is hardly in the picture"
        raise ParameterError(message, "give its middle and radius relative to the photograph's width")
    found = []
    for index, picture in enumerate(intensity):
        seen = picture[inside]
        spot = (seen - BRIGHTEST * seen.max()).clamp_min(0)
        spot = spot / spot.sum().clamp_min(1e-9)
        nx, ny = float((spot * right[inside]).sum()), float((spot * up[inside]).sum())
        spread = float((spot * ((right[inside] - nx) ** 2 + (up[inside] - ny) ** 2)).sum()) ** 0.5
        if spread > WIDEST:
            message = f"photograph {index + 1} has no clear highlight on the ball"
            raise ParameterError(message, "give the place of a mirror ball, or the lights' angles instead")
        nz = max(1 - nx * nx - ny * ny, 0.0) ** 0.5
        found.append([2 * nz * nx, 2 * nz * ny, 2 * nz * nz - 1])  # the camera, mirrored at the normal
    return torch.tensor(found).to(intensity)


def find_ball(intensity: Tensor) -> tuple[float, float, float]:
    """(x, y, radius) of the circle whose edge is clearest in pictures (K, H, W), relative to their width.

    A circular Hough transform: each edge votes for the middles along its gradient (Duda & Hart 1972).
    """
    factor = max(1, -(-max(intensity.shape[1:]) // SEARCHED_PX))
    small = torch.nn.functional.avg_pool2d(intensity.amin(0)[None], factor)[0]
    small = small / small.mean().clamp_min(1e-6)
    height, width = small.shape
    down, right = central_differences(small)
    strength = torch.hypot(down, right)
    edge = strength > strength.quantile(0.9)
    y, x = (at + 1.0 for at in edge.nonzero(as_tuple=True))
    dy, dx, weight = down[edge] / strength[edge], right[edge] / strength[edge], strength[edge].sqrt()
    best = (0.0, 0.0, 0.0, 0.0)
    for radius in range(max(4, int(RADII[0] * width)), int(RADII[1] * width) + 1):
        votes = torch.zeros(height * width, device=small.device)
        for sign in (-1, 1):  # the ball may be darker or brighter than what is around it
            cy, cx = (y + sign * radius * dy).round().long(), (x + sign * radius * dx).round().long()
            inside = (cy >= 0) & (cy < height) & (cx >= 0) & (cx < width)
            votes.index_add_(0, (cy * width + cx)[inside], weight[inside])
        nearby = torch.nn.functional.avg_pool2d(votes.view(1, height, width), 3, 1, 1)[0]
        if float(nearby.max()) > best[0]:
            at = int(nearby.argmax())
            best = float(nearby.max()), (at % width + 0.5) / width, (at // width + 0.5) / width, radius / width
    return best[1:]
