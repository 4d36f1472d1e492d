"""Figures of a model's card that its training may have minimised directly."""

from __future__ import annotations

from collections.abc import Mapping

ALSO_A_LOSS: Mapping[str, str] = {"fine_swd_of_floor": "loss_swd", "fine_swd": "loss_swd"}
"""Training loss that minimises the same quantity as a figure, by the figure's name."""


def was_a_loss(name: str, figures: Mapping[str, object]) -> bool:
    """Whether the training whose card has these `figures` minimised the figure `name`, which then proves little."""
    return ALSO_A_LOSS.get(name, "") in figures
