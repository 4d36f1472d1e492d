"""The card of a vae model, validated when it is loaded."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from impasto.io.cards import NetworkCard, Range, Side


class VaeCard(NetworkCard):
    """Sizes of the network and scale of its training data. relief_px: difference of heights 1 and 0, in texels.

    prior_kl, neighbour_correlation: difference of the training pictures' latents from N(0, I), see `prior.prior_gap`.
    """

    width: Annotated[int, Field(ge=1, le=256)]
    longest_px: Side
    relief_px: Annotated[float, Field(ge=0, le=1e6)]
    texel_m: Annotated[float, Field(ge=1e-9, le=1000)]
    height_range_m: Range | None
    prior_kl: Annotated[float, Field(ge=0)]
    neighbour_correlation: Annotated[float, Field(ge=-2, le=2)]
