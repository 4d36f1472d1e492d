"""A trained model, saved and loaded as one: the network, and everything that turns its output into a material."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from impasto.context import Context
from impasto.errors import ModelError
from impasto.library.models import load_model, read_model
from impasto.library.networks import fitted
from impasto.regularity.lattice import Bond, Lattice
from impasto.regularity.unit_cell import UnitCell

from .card import LatticeCard, TorusCard
from .conditioning import condition_channels
from .network import STYLE_CHANNELS, TorusGenerator
from .standardisation import Standardisation

UNIT_CELL, COMPONENTS = "unit_cell.", "unit_cell.components."
"""Prefixes of the names of these tensors in a model's file."""


class TorusModel(nn.Module):
    """A generator, its standardisation, lattice, unit cell and sliders.

    unit_cell: statistics of the cells of a material with rows, to which the network adds the residual; None for others.
    sliders (N, axes): directions, each `described` by a name, a label and a range.
    """

    sliders: Tensor

    def __init__(
        self,
        standardisation: Standardisation,
        lattice: Lattice,
        widths: Sequence[int],
        blocks: Sequence[int],
        classes: Sequence[str] = (),
        unit_cell: UnitCell | None = None,
        described: Sequence[Mapping[str, Any]] = (),
        texel_m: float | None = None,
        height_range_m: float | None = None,
        name: str = "",
    ) -> None:
        super().__init__()
        self.widths, self.blocks, self.classes = tuple(widths), tuple(blocks), tuple(classes)
        self.texel_m, self.height_range_m, self.name = texel_m, height_range_m, name
        channels, conditions = len(standardisation.mean), condition_channels(lattice)
        self.network = TorusGenerator(channels, self.widths, self.blocks, conditions, len(self.classes))
        self.standardisation, self.lattice, self.unit_cell = standardisation, lattice, unit_cell
        self.described = list(described)
        self.register_buffer("sliders", torch.zeros(len(self.described), self.axes))

    @property
    def axes(self) -> int:
        """Number of parameters that sliders may change: those of the style, then those of the unit cell."""
        return STYLE_CHANNELS + (self.unit_cell.axes if self.unit_cell is not None else 0)

    @property
    def maps(self) -> tuple[str, ...]:
        """Names of the model's maps, in the order of their channels."""
        return self.standardisation.maps

    @property
    def device(self) -> str:
        """The device of its weights."""
        return str(self.standardisation.mean.device)

    def set_sliders(self, directions: Tensor, described: Sequence[Mapping[str, Any]]) -> None:
        """Replace the sliders by these directions (N, axes)."""
        self.sliders, self.described = directions.to(self.sliders), list(described)

    def card(self) -> dict[str, Any]:
        """Fields of the model's card: everything that its tensors do not hold."""
        lattice, bond = self.lattice, self.lattice.bond
        return {
            "maps": list(self.maps),
            "mean": self.standardisation.mean.flatten().tolist(),
            "matrix": self.standardisation.matrix.tolist(),
            "lattice": {
                "wave_vectors": lattice.wave_vectors.tolist(),
                **({"bond": asdict(bond)} if bond else {}),
            },
            "widths": list(self.widths),
            "blocks": list(self.blocks),
            "classes": list(self.classes),
            "sliders": self.described,
            "texel_m": self.texel_m,
            "height_range_m": self.height_range_m,
        }

    @classmethod
    def of_card(cls, card: TorusCard, *, unit_cell: bool, components: bool) -> TorusModel:
        """A model with the sizes on a card, whose weights are yet to be loaded."""
        with torch.device("cpu"):  # these need values, even if the weights are created on the meta device
            standardisation = Standardisation(
                card.maps, torch.tensor(card.mean)[:, None, None], torch.tensor(card.matrix)
            )
            lattice = lattice_of(card.lattice)
        return cls(
            standardisation,
            lattice,
            card.widths,
            card.blocks,
            card.classes,
            UnitCell.zeros(lattice, card.channels, components) if unit_cell else None,
            card.sliders,
            card.texel_m,
            card.height_range_m,
            card.name,
        )


def lattice_of(card: LatticeCard) -> Lattice:
    """The lattice on a model's card."""
    wave_vectors = torch.tensor(card.wave_vectors, dtype=torch.float32).reshape(-1, 2)
    return Lattice(wave_vectors, bond=Bond(card.bond.shift, card.bond.spread) if card.bond else None)


def load_torus(wanted: str, context: Context) -> TorusModel:
    """The model of this name for `torus`. ModelError if there is none, or its file does not fit."""
    found = context.models.find(wanted, "torus")
    context.on_model(found)
    return _loaded(found.path, found.sha256(), context.device)


@lru_cache(maxsize=4)
def _loaded(path: Path, _sha256: str, device: str) -> TorusModel:
    """The model of a file, cached by its hash, since moving a slider needs it many times a second."""
    file = read_model(path)
    card, tensors = TorusCard.of(file.card), load_model(file)
    unit_cell, components = (any(name.startswith(part) for name in tensors) for part in (UNIT_CELL, COMPONENTS))
    lattice = lattice_of(card.lattice)
    if (unit_cell and not lattice.has_rows) or (components and not lattice.has_cells):
        message = f"{file.name} has unit cells, and its lattice has none"
        raise ModelError(message, "train it again, or choose another")
    build = partial(TorusModel.of_card, card, unit_cell=unit_cell, components=components)
    model = fitted(build, tensors, file.name, "torus").requires_grad_(False)
    return model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]
