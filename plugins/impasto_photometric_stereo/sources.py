"""The lights of a set of photographs, from the user's settings."""

from __future__ import annotations

import torch
from torch import Tensor

from impasto.errors import ParameterError
from impasto.numerics.filters import central_differences

from . import lights
from .parameters import PhotometricStereoParameters

SOLVED_PX = 256
"""Longer side of the pictures for finding lights."""
AGREEMENT_DEG = 12.0
"""The pictures' own lights agree with the guess up to this mean difference of azimuths."""
LEAST_SPREAD = 0.05
"""Smallest singular value of the lights' unit vectors that still shows slopes in every direction."""
BALL_SEARCH_PX = 192
"""Longer side of the picture for finding the ball."""
BALL_RADII = (0.025, 0.25)
"""Smallest and largest radius of the ball, relative to the picture's width."""
WIDEST_HIGHLIGHT = 0.3
"""Largest spread of a highlight, relative to the ball's radius."""
LEAST_HIGHLIGHT = 0.5
"""Pixels above this brightness, relative to the highlight's middle, belong to it."""
INNER_RADIUS = 0.97
"""Highlights are searched within this part of the radius."""


def given_directions(intensity: Tensor, parameters: PhotometricStereoParameters) -> Tensor | None:
    """Unit vectors (K, 3) as given, or seen in a ball in pictures (K, H, W); None if they are unknown.

    Raise ParameterError if they are not sufficient.
    """
    if parameters.lights == "unknown":
        if len(intensity) < 4:
            message = "three photographs are too few for unknown lights"
            raise ParameterError(message, "give four or more, or say where the lights were")
        return None
    if parameters.lights == "ball":
        place = parameters.ball if parameters.ball[2] > 0 else find_ball(intensity)
        L = directions_on_ball(intensity, *place)
    else:
        L = _given_values(len(intensity), parameters).to(intensity)
    if float(torch.linalg.svdvals(L)[-1]) < LEAST_SPREAD:
        message = "the lights stand in one line, so that slopes across it are not seen"
        raise ParameterError(message, "spread the lights around the surface, such as at 12, 3, 6 and 9 o'clock")
    return L


def directions_on_ball(intensity: Tensor, x: float, y: float, radius: float) -> Tensor:
    """Unit vectors (K, 3) to the lights of pictures (K, H, W), by a mirror ball at (x, y), all relative to the width.

    A light is in the direction in which the ball mirrors the camera.
    """
    height, width = intensity.shape[1:]
    rows = (torch.arange(height, device=intensity.device) + 0.5) / width
    columns = (torch.arange(width, device=intensity.device) + 0.5) / width
    right, up = (columns[None] - x) / radius, (y - rows[:, None]) / radius
    right, up = right.expand(height, width), up.expand(height, width)
    inside = right * right + up * up < INNER_RADIUS**2
    if int(inside.sum()) < 50:
        message = "the ball at {:g}, {:g} with the radius {:g} is hardly in the picture"
        raise ParameterError(message, "give its middle and radius relative to the photograph's width", x, y, radius)
    found = []
    for index, picture in enumerate(intensity):
        seen = picture[inside]
        spot = (seen - LEAST_HIGHLIGHT * seen.max()).clamp_min(0)
        spot = spot / spot.sum().clamp_min(1e-9)
        nx, ny = float((spot * right[inside]).sum()), float((spot * up[inside]).sum())
        spread = float((spot * ((right[inside] - nx) ** 2 + (up[inside] - ny) ** 2)).sum()) ** 0.5
        if spread > WIDEST_HIGHLIGHT:
            message = "photograph {} has no clear highlight on the ball"
            raise ParameterError(message, "give the place of a mirror ball, or the lights' angles instead", index + 1)
        nz = max(1 - nx * nx - ny * ny, 0.0) ** 0.5
        found.append([2 * nz * nx, 2 * nz * ny, 2 * nz * nz - 1])  # the direction to the camera, mirrored at the normal
    return torch.tensor(found).to(intensity)


def find_ball(intensity: Tensor) -> tuple[float, float, float]:
    """(x, y, radius) of the circle with the clearest edge in pictures (K, H, W), relative to their width.

    It is a circular Hough transform: each edge votes for centres along its gradient (Duda & Hart 1972).
    """
    factor = max(1, -(-max(intensity.shape[1:]) // BALL_SEARCH_PX))
    small = torch.nn.functional.avg_pool2d(intensity.amin(0)[None], factor)[0]
    small = small / small.mean().clamp_min(1e-6)
    height, width = small.shape
    down, right = central_differences(small)
    strength = torch.hypot(down, right)
    edge = strength > strength.quantile(0.9)
    y, x = (at + 1.0 for at in edge.nonzero(as_tuple=True))
    dy, dx, weight = down[edge] / strength[edge], right[edge] / strength[edge], strength[edge].sqrt()
    best = (0.0, 0.0, 0.0, 0.0)
    for radius in range(max(4, int(BALL_RADII[0] * width)), int(BALL_RADII[1] * width) + 1):
        votes = torch.zeros(height * width, device=small.device)
        for sign in (-1, 1):  # the ball may be darker or brighter than its surroundings
            cy, cx = (y + sign * radius * dy).round().long(), (x + sign * radius * dx).round().long()
            inside = (cy >= 0) & (cy < height) & (cx >= 0) & (cx < width)
            votes.index_add_(0, (cy * width + cx)[inside], weight[inside])
        nearby = torch.nn.functional.avg_pool2d(votes.view(1, height, width), 3, 1, 1)[0]
        if float(nearby.max()) > best[0]:
            at = int(nearby.argmax())
            best = float(nearby.max()), (at % width + 0.5) / width, (at // width + 0.5) / width, radius / width
    return best[1:]


def lights_of(matte: Tensor, usable: Tensor, L: Tensor | None, parameters: PhotometricStereoParameters) -> Tensor:
    """Lights S (K, 3), of geometric mean 1, of pictures (K, H, W) without highlights, in directions L if given.

    usable: (K, H, W), 0 where a picture is saturated.
    """
    factor = max(1, -(-max(matte.shape[1:]) // SOLVED_PX))
    small = torch.nn.functional.avg_pool2d(matte[:, None], factor)[:, 0]
    seen = -torch.nn.functional.max_pool2d(-usable[:, None], factor)[:, 0].flatten(1)
    flat, size_px = small.flatten(1), (small.shape[1], small.shape[2])
    if L is None:
        return lights.unknown(flat, seen, size_px, parameters.elevation, parameters.inverted)
    if parameters.lights != "clock":
        return lights.with_strengths(flat, seen, L)
    return _own_or_guessed(flat, seen, size_px, L, parameters.elevation)


def _own_or_guessed(flat: Tensor, seen: Tensor, size_px: tuple[int, int], L: Tensor, elevation: float) -> Tensor:
    """The pictures' own lights if they agree with the guessed ones, or else lights near the guess."""
    if len(L) > 3:
        for is_inverted in (False, True):
            S = lights.unknown(flat, seen, size_px, elevation, is_inverted)
            apart = lights.angles(S)[0] - lights.angles(L)[0]
            if float(((apart + 180) % 360 - 180).abs().mean()) < AGREEMENT_DEG:
                return S
    return lights.near_guess(flat, seen, L)


def _given_values(count: int, parameters: PhotometricStereoParameters) -> Tensor:
    hours = parameters.clock
    if len(hours) != count:
        message = "{} photographs have {} clock angles"
        raise ParameterError(message, "give one for each photograph, in their order", count, len(hours))
    if 0 in hours:
        remedy = "say where its light stood: 12 above, 3 to the right; or choose unknown lights"
        raise ParameterError("photograph {} has no clock angle", remedy, hours.index(0) + 1)
    if any(not 0 < hour <= 12 for hour in hours):
        wrong = next(hour for hour in hours if not 0 < hour <= 12)
        raise ParameterError("the clock angle {:g} is not on a clock", "give hours above 0 and up to 12, as 4.5", wrong)
    own = parameters.light_elevation or (0.0,) * count
    if any(not 0 <= one < 90 for one in own):
        raise ParameterError("an elevation is {:g} degrees", "give degrees from 0 to 90", max(own, key=abs))
    elevations = torch.tensor([one or parameters.elevation for one in own])
    return lights.directions(90 - 30 * torch.tensor(hours), elevations)
