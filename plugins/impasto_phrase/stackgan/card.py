"""Fields of a StackGAN model's card, validated when it is loaded."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from impasto.errors import Message
from impasto.io.cards import Name, NetworkCard, SurfaceCard, Text

from .encoder import BUCKETS

MOST_WORDS = 4000


class StackGanCard(NetworkCard):
    """Sizes of the networks, standardisation of the maps, and what the captions said.

    encoder: name of a plugin's text encoder, "" for the built-in one with these `slots`. features: number of the
    encoder's features. words: of the captions. examples: some captions.
    """

    surface: SurfaceCard
    width: Annotated[float, Field(ge=0.125, le=4)]
    encoder: Annotated[str, Field(max_length=64)] = ""
    features: Annotated[int, Field(ge=1, le=20_000)]
    slots: Annotated[list[Name], Field(max_length=1000)] = Field(default_factory=list)
    words: Annotated[list[Name], Field(max_length=MOST_WORDS)] = Field(default_factory=list)
    examples: Annotated[list[Text], Field(max_length=100)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _sizes_agree(self) -> StackGanCard:
        if len(self.surface.mean) != self.channels:
            raise ValueError(Message("mean is not of the {} channels of maps", self.channels))
        if not self.encoder and self.features != BUCKETS + len(self.slots):
            raise ValueError(Message("features is not {} and the {} slots", BUCKETS, len(self.slots)))
        return self
