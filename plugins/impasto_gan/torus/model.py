"""A trained model: the network, and everything that turns its output into a material."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from impasto.context import Context
from impasto.errors import ModelError
from impasto.library.models import read_model
from impasto.library.networks import network_of
from impasto.patterns.lattice import Bond, Lattice
from impasto.training.standardisation import Standardisation

from .card import LatticeCard, TorusCard
from .cells.unit_cell import UnitCell
from .conditioning import condition_channels
from .network import STYLE_CHANNELS, TorusGenerator

UNIT_CELL, COMPONENTS = "unit_cell.", "unit_cell.components."
"""Prefixes of these tensors' names in a model's file."""


class TorusModel(nn.Module):
    """A generator with its lattice, unit cell and sliders: the contents of its `card` and its tensors.

    standardisations: of each class, or the only one. unit_cell: statistics of the cells of a material with rows, to
    which the network adds the residual; None for others. sliders (N, axes): directions, each described on the card by
    a name, a label and a range.
    """

    sliders: Tensor

    def __init__(self, card: TorusCard, unit_cell: UnitCell | None = None) -> None:
        super().__init__()
        self.card, self.unit_cell = card, unit_cell
        with torch.device("cpu"):  # these need values, even if the weights are created on the meta device
            self.standardisations: Sequence[Standardisation] = nn.ModuleList(  # type: ignore[assignment]
                Standardisation(card.maps, torch.tensor(one.mean)[:, None, None], torch.tensor(one.matrix))
                for one in card.surfaces
            )
            self.lattice = lattice_of(card.lattice)
        conditions = condition_channels(self.lattice)
        self.network = TorusGenerator(card.channels, card.widths, card.blocks, conditions, len(card.classes))
        self.register_buffer("sliders", torch.zeros(len(card.sliders), self.axes))

    @property
    def axes(self) -> int:
        """Number of values that sliders may change: the style's, then the unit cell's."""
        return STYLE_CHANNELS + (self.unit_cell.axes if self.unit_cell is not None else 0)

    @property
    def device(self) -> str:
        """The device of its weights."""
        return str(self.standardisations[0].mean.device)

    def set_sliders(self, directions: Tensor, described: Sequence[Mapping[str, Any]]) -> None:
        """Replace the sliders by these directions (N, axes)."""
        self.sliders = directions.to(self.sliders)
        self.card = self.card.model_copy(update={"sliders": list(described)})


def lattice_of(card: LatticeCard) -> Lattice:
    """The lattice on a model's card."""
    wave_vectors = torch.tensor(card.wave_vectors, dtype=torch.float32).reshape(-1, 2)
    return Lattice(wave_vectors, bond=Bond(card.bond.shift, card.bond.spread) if card.bond else None)


def load_torus(wanted: str, context: Context) -> TorusModel:
    """The model of this name for `torus`. Raise ModelError if there is none, or if its file does not fit."""
    found = context.find_model(wanted, "torus")
    return _load(found.path, found.sha256(), context.device, context.precision)


@lru_cache(maxsize=4)
def _load(path: Path, _sha256: str, device: str, precision: str) -> TorusModel:
    """The model of a file, cached by its hash, since moving a slider needs it many times a second."""
    file = read_model(path)
    card, tensors = TorusCard.of(file.card), file.load()
    unit_cell, components = (any(name.startswith(part) for name in tensors) for part in (UNIT_CELL, COMPONENTS))
    lattice = lattice_of(card.lattice)
    if (unit_cell and not lattice.has_rows) or (components and not lattice.has_cells):
        raise ModelError("{} has unit cells, and its lattice has none", "train it again, or choose another", file.name)

    def build() -> TorusModel:
        return TorusModel(card, UnitCell.zeros(lattice, card.channels, components) if unit_cell else None)

    model = network_of(build, tensors, file.name, "torus").requires_grad_(False)
    model.network.in_precision(getattr(torch, precision))
    return model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]
