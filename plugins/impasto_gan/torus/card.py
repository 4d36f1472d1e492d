"""Fields of a torus model's card, validated on loading, so that no file can give black maps or fill memory."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from pydantic import Field, model_validator

from impasto.errors import Message
from impasto.io.cards import DataAbout, FromOutside, Name, NetworkCard, SurfaceCard
from impasto.patterns.lattice import MOST_FREQUENCY

MOST_STAGES, MOST_FEATURES = 8, 64
"""Most stages, and most features of the last; each earlier stage may have four times as many, up to MOST_WIDTH."""
MOST_WIDTH = 512

Frequency = Annotated[float, Field(ge=-MOST_FREQUENCY, le=MOST_FREQUENCY)]
Vector = Annotated[list[Frequency], Field(min_length=2, max_length=2)]


class BondCard(FromOutside):
    """See `impasto.patterns.lattice.Bond`."""

    shift: Annotated[float, Field(ge=-1, le=1)]
    spread: Annotated[float, Field(ge=0, le=1)]


class LatticeCard(FromOutside):
    """See `impasto.patterns.lattice.Lattice`."""

    wave_vectors: Annotated[list[Vector], Field(max_length=2)]
    bond: BondCard | None = None

    @model_validator(mode="after")
    def _is_one(self) -> LatticeCard:
        vectors = np.array(self.wave_vectors).reshape(-1, 2)
        if len(vectors) and np.linalg.matrix_rank(vectors, tol=1e-9) < len(vectors):
            raise ValueError("wave vectors are not independent")
        has_rows = len(vectors) > 0 and not vectors.astype(bool).all(1).any()
        if has_rows and (vectors < 0).any():
            raise ValueError("wave vectors of rows must be positive")
        if self.bond and not (has_rows and len(vectors) == 2):
            raise ValueError("a bond needs wave vectors along both axes")
        return self


class TorusCard(NetworkCard):
    """Sizes of the network, its lattice, and the surface of each class, or the only one of a model without classes."""

    surfaces: Annotated[list[SurfaceCard], Field(min_length=1)]
    lattice: LatticeCard
    widths: Annotated[list[Annotated[int, Field(ge=1, le=MOST_WIDTH)]], Field(min_length=3, max_length=MOST_STAGES)]
    blocks: list[Annotated[int, Field(ge=0, le=4)]]
    classes: list[Name] = Field(default_factory=list)
    offered: list[Name] = Field(default_factory=list, exclude=True)
    former_classes: dict[str, Name] = Field(default_factory=dict, exclude=True)
    sliders: list[Any] = Field(default_factory=list)
    data: list[DataAbout] = Field(default_factory=list, exclude=True)

    @model_validator(mode="after")
    def _sizes_agree(self) -> TorusCard:
        if len(self.blocks) != len(self.widths):
            raise ValueError("widths and blocks are not of as many stages")
        for finer, width in enumerate(reversed(self.widths)):
            if width > MOST_FEATURES * 4**finer:
                message = "widths has {} features where at most {} fit in memory"
                raise ValueError(Message(message, width, MOST_FEATURES * 4**finer))
        if len(self.surfaces) != max(1, len(self.classes)):
            message = "{} surfaces are not one for each of {} classes"
            raise ValueError(Message(message, len(self.surfaces), len(self.classes)))
        if any(len(surface.mean) != self.channels for surface in self.surfaces):
            raise ValueError(Message("mean is not of the {} channels of maps", self.channels))
        return self
