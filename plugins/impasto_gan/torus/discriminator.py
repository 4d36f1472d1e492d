"""Discriminators that judge pictures patch by patch (Isola et al. 2017), one for each scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from .augmentation import Augmentation

SLOPE = 0.2


class PatchDiscriminator(nn.Module):
    """Maps (B, channels, H, W) -> logits (B, 1, about H/8 - 5, about W/8 - 5), each of a patch of `patch_px(widths)`.

    No padding, so that it cannot judge by borders. Average pooling halves the size: strided convolutions weigh some
    pixels more than others, which leaves a weave pattern in the generator's results.
    """

    def __init__(self, channels: int, widths: Sequence[int], classes: int = 0) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(channels, widths[0], 3), nn.LeakyReLU(SLOPE)]
        for before, width in pairwise(widths):
            layers += [nn.AvgPool2d(2), nn.Conv2d(before, width, 3), nn.LeakyReLU(SLOPE)]
        layers += [nn.Conv2d(widths[-1], widths[-1], 3), nn.LeakyReLU(SLOPE)]
        self.layers = nn.Sequential(*layers)
        self.logits = nn.Conv2d(widths[-1], 1, 1)
        self.classes = nn.Embedding(classes, widths[-1]) if classes else None

    def forward(self, x: Tensor, classes: Tensor | None = None) -> Tensor:
        """One logit for each patch; with classes (B,) by projection (Miyato & Koyama 2018)."""
        features = self.layers(x)
        logits = self.logits(features)
        if self.classes is not None and classes is not None:
            logits = logits + (features * self.classes(classes)[:, :, None, None]).sum(1, keepdim=True)
        return logits


class Discriminators(nn.Module):
    """A patch discriminator for each scale, and the augmentation that they share."""

    def __init__(self, channels: int, widths: Mapping[str, Sequence[int]], classes: int, augment: Augmentation) -> None:
        super().__init__()
        self.by_scale = nn.ModuleDict(
            {scale: PatchDiscriminator(channels, of_scale, classes) for scale, of_scale in widths.items()}
        )
        self.augmentation = augment
        self.has_classes = classes > 0

    def augmented(self, view: Tensor, random: torch.Generator) -> Tensor:
        """A view (B, C, H, W), augmented."""
        augmented: Tensor = self.augmentation(view, random)
        return augmented

    def forward(self, scale: str, view: Tensor, labels: Tensor) -> Tensor:
        """Logits of a view (B, C, H, W) at a scale, by its discriminator; labels (B,) are ignored without classes."""
        logits: Tensor = self.by_scale[scale](view, labels if self.has_classes else None)
        return logits


def patch_px(widths: Sequence[int]) -> int:
    """Side of the patch that one logit of a discriminator of these widths judges: 54 px for four widths."""
    side = 3
    for _ in widths[1:]:
        side = 2 * (side + 2)
    return side + 2


def fitting_widths(widths: list[int], side_px: int) -> list[int]:
    """The first of these widths, as many as keep patches within a picture of `side_px`."""
    while len(widths) > 1 and patch_px(widths) > side_px:
        widths = widths[:-1]
    return widths
