"""Fields of a textbook model's card, validated when it is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, model_validator

from impasto.errors import ModelError
from impasto.io.cards import FromOutside, MapName, Name, checked
from impasto.texture import MAP_CHANNELS


class TextbookCard(FromOutside):
    """Sizes of the network, and standardisation of its maps. levels: of a progressive GAN, classes: of a conditional.

    texel_m: mean size of a texel. span_px: difference of heights 0 and 1, in texels.
    """

    name: str
    maps: Annotated[list[MapName], Field(min_length=1)]
    mean: list[Annotated[float, Field(ge=0, le=1)]]
    deviation: list[Annotated[float, Field(gt=0, le=10)]]
    width: Annotated[int, Field(ge=1, le=512)]
    texel_m: Annotated[float, Field(ge=1e-9, le=1000)]
    span_px: Annotated[float, Field(ge=0, le=1e6)]
    classes: list[Name] = Field(default_factory=list)
    levels: Annotated[int, Field(ge=1, le=8)] = 1

    @property
    def channels(self) -> int:
        """Number of channels of all maps together."""
        return sum(MAP_CHANNELS[name] for name in self.maps)

    @model_validator(mode="after")
    def _sizes_agree(self) -> TextbookCard:
        if not len(self.mean) == len(self.deviation) == self.channels:
            raise ValueError(f"mean or deviation is not of the {self.channels} channels of maps")
        return self


def textbook_card(card: Mapping[str, Any]) -> TextbookCard:
    """The card of a textbook model. ModelError names the wrong field."""
    what = f"the card of the model {card['name']}"
    return checked(TextbookCard, card, what, ModelError, "train it again, or choose another")
