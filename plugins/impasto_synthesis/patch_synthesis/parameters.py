"""Parameters of `patch-synthesis`."""

from __future__ import annotations

from typing import Literal

from impasto.tools import Field, SizeParameters

from ..parameters import EVEN_LIGHT, PATTERN, PatternChoice


class PatchSynthesisParameters(SizeParameters):
    """Parameters of the layout and of its correction."""

    variation: float = Field(
        0.5, ge=0, le=1, description="Lay out smaller pieces and use each part of the photograph as rarely as possible"
    )
    quality: Literal["quick", "usual", "best"] = Field(
        "usual", description="How often cuts are corrected; each takes about twice as long as the one before"
    )
    even_light: float = EVEN_LIGHT
    pattern: PatternChoice = PATTERN
