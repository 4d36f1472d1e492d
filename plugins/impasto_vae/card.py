"""The card of a vae model, validated when it is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from impasto.errors import ModelError
from impasto.io.cards import FromOutside, MapName, Range, Side, checked
from impasto.texture import MAP_CHANNELS


class VaeCard(FromOutside):
    """Sizes of the network and scale of its training data. relief_px: difference of heights 1 and 0, in texels."""

    name: str
    maps: Annotated[list[MapName], Field(min_length=1)]
    width: Annotated[int, Field(ge=1, le=256)]
    longest_px: Side
    relief_px: Annotated[float, Field(ge=0, le=1e6)]
    texel_m: Annotated[float, Field(ge=1e-9, le=1000)]
    height_range_m: Range | None

    @property
    def channels(self) -> int:
        """Number of channels of all maps together."""
        return sum(MAP_CHANNELS[name] for name in self.maps)


def vae_card(card: Mapping[str, Any]) -> VaeCard:
    """The card of a vae model. ModelError with the name of a field that is wrong."""
    what = f"the card of the model {card['name']}"
    return checked(VaeCard, card, what, ModelError, "train it again, or choose another")
