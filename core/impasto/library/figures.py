"""The figures of a model's card: which of them a training may have brought down by itself."""

from __future__ import annotations

from collections.abc import Mapping

ALSO_A_LOSS: Mapping[str, str] = {"fine_swd_of_floor": "loss_swd", "fine_swd": "loss_swd"}
"""Figures, each by the loss that a training has which minimises the same."""


def was_a_loss(name: str, figures: Mapping[str, object]) -> bool:
    """Whether the training whose card has these `figures` minimised this one: then it proves little."""
    return ALSO_A_LOSS.get(name, "") in figures
