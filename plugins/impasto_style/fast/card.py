"""Fields of the card of a fast style's model, validated when it is loaded."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from impasto.io.cards import NetworkCard

Width = Annotated[int, Field(ge=1, le=256)]


class FastStyleCard(NetworkCard):
    """Sizes of the network. widths: channels at the full, half and quarter resolution.

    strokes_px: longer side of the style, in pixels, as it was learned: its strokes have their size of then.
    """

    widths: Annotated[list[Width], Field(min_length=3, max_length=3)]
    strokes_px: Annotated[int, Field(ge=8, le=16384)]
