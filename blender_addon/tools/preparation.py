# SPDX-License-Identifier: GPL-3.0-or-later
"""Preparation of a source before a tool runs: rotated, cropped and scaled, as the recipe's first step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..core.recipe import Step
from ..engine.catalogue import catalogue

WHOLE = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class Preparation:
    """Transform of a source. rotate: degrees counter-clockwise. crop: left, top, right, bottom, from 0 to 1."""

    rotate: float = 0.0
    crop: Sequence[float] = WHOLE
    scale: float = 1.0

    def steps(self) -> list[Step]:
        """Its step of a recipe; none if it changes nothing."""
        rotate, scale, crop = _plain(self.rotate), _plain(self.scale), [_plain(side) for side in self.crop]
        if (rotate, tuple(crop), scale) == (0.0, WHOLE, 1.0):
            return []
        return [Step(catalogue.usual("prepare"), {"rotate": rotate, "crop": crop, "scale": scale})]


def _plain(value: float) -> float:
    """The value with six digits, since Blender's 0.7 is 0.699999988."""
    return float(f"{value:.6g}")
