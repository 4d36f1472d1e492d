# SPDX-License-Identifier: GPL-3.0-or-later
"""How a source is prepared before a tool sees it: turned, cut and made smaller, as the recipe's first step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..core.recipe import Step

TOOL = "transform"
WHOLE = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class Preparation:
    """rotate: degrees counter-clockwise. crop: left, top, right, bottom from 0 to 1. scale: of its size in pixels."""

    rotate: float = 0.0
    crop: Sequence[float] = WHOLE
    scale: float = 1.0

    def steps(self) -> list[Step]:
        """The step that does it; none where nothing is to be done."""
        rotate, scale, crop = _plain(self.rotate), _plain(self.scale), [_plain(side) for side in self.crop]
        if (rotate, tuple(crop), scale) == (0.0, WHOLE, 1.0):
            return []
        return [Step(TOOL, {"rotate": rotate, "crop": crop, "scale": scale})]


def _plain(value: float) -> float:
    """With six digits, since Blender's 0.7 is 0.699999988."""
    return float(f"{value:.6g}")
