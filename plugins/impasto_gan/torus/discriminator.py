"""Discriminators of patches, one for each scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from impasto.training.layers import PatchDiscriminator

from .augmentation import Augmentation


class Discriminators(nn.Module):
    """A patch discriminator for each scale, and the augmentation that they share."""

    def __init__(self, channels: int, widths: Mapping[str, Sequence[int]], classes: int, augment: Augmentation) -> None:
        super().__init__()
        self.by_scale = nn.ModuleDict(
            {scale: PatchDiscriminator(channels, of_scale, classes) for scale, of_scale in widths.items()}
        )
        self.augmentation = augment
        self.has_classes = classes > 0

    def augment(self, view: Tensor, random: torch.Generator) -> Tensor:
        """A view (B, C, H, W), augmented."""
        augmented: Tensor = self.augmentation(view, random)
        return augmented

    def forward(self, scale: str, view: Tensor, labels: Tensor) -> Tensor:
        """Logits of a view (B, C, H, W) by the discriminator of its scale; labels (B,) are ignored without classes."""
        logits: Tensor = self.by_scale[scale](view, labels if self.has_classes else None)
        return logits
