"""Fields of a textbook model's card, validated when it is loaded."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from impasto.errors import Message
from impasto.io.cards import Name, NetworkCard


class TextbookCard(NetworkCard):
    """Sizes of the network, and standardisation of its maps. levels: of a progressive GAN, classes: of a conditional.

    texel_m: mean size of a texel. span_px: difference of heights 0 and 1, in texels.
    """

    mean: list[Annotated[float, Field(ge=0, le=1)]]
    deviation: list[Annotated[float, Field(gt=0, le=10)]]
    width: Annotated[int, Field(ge=1, le=512)]
    texel_m: Annotated[float, Field(ge=1e-9, le=1000)]
    span_px: Annotated[float, Field(ge=0, le=1e6)]
    classes: list[Name] = Field(default_factory=list)
    levels: Annotated[int, Field(ge=1, le=8)] = 1

    @model_validator(mode="after")
    def _sizes_agree(self) -> TextbookCard:
        if not len(self.mean) == len(self.deviation) == self.channels:
            raise ValueError(Message("mean or deviation is not of the {} channels of maps", self.channels))
        return self
