"""The lights of a set of photographs, from what the user says of them."""

from __future__ import annotations

import torch
from torch import Tensor

from impasto.errors import ParameterError

from . import lights
from .ball import directions_on_ball, find_ball
from .parameters import PhotometricStereoParameters

SOLVED_PX = 256
"""Longer side of the pictures that lights are found from."""
AGREEMENT_DEG = 12.0
"""Mean difference of azimuths up to which the pictures' own lights are those that were guessed."""
LEAST_SPREAD = 0.05
"""Least singular value of the lights' unit vectors for slopes to be told in every direction."""


def given_directions(intensity: Tensor, parameters: PhotometricStereoParameters) -> Tensor | None:
    """Unit vectors (K, 3) as given, or seen in a ball in pictures (K, H, W); None if they are unknown.

    ParameterError if they do not do.
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
    return _near(flat, seen, size_px, L, parameters.elevation)


def _near(flat: Tensor, seen: Tensor, size_px: tuple[int, int], L: Tensor, elevation: float) -> Tensor:
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
        message = f"{count} photographs have {len(hours)} clock angles"
        raise ParameterError(message, "give one for each photograph, in their order")
    if 0 in hours:
        message = f"photograph {hours.index(0) + 1} has no clock angle"
        raise ParameterError(message, "say where its light stood: 12 above, 3 to the right; or choose unknown lights")
    if any(not 0 < hour <= 12 for hour in hours):
        wrong = next(hour for hour in hours if not 0 < hour <= 12)
        raise ParameterError(f"the clock angle {wrong:g} is not on a clock", "give hours above 0 and up to 12, as 4.5")
    own = parameters.light_elevation or (0.0,) * count
    if any(not 0 <= one < 90 for one in own):
        raise ParameterError(f"an elevation is {max(own, key=abs):g} degrees", "give degrees from 0 to 90")
    elevations = torch.tensor([one or parameters.elevation for one in own])
    return lights.directions(90 - 30 * torch.tensor(hours), elevations)
