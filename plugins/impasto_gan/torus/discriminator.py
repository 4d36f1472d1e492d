"""The discriminator, which judges pictures patch by patch."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

SLOPE = 0.2


class PatchDiscriminator(nn.Module):
    """Maps (B, channels, H, W) -> logits (B, 1, about H/8 - 5, about W/8 - 5), each of a patch of `patch_px(widths)`.

    No padding: it must not learn to tell a picture by its borders. Averages halve the size: strided convolutions see
    some pixels more than others, which shows as a weave in what the generator makes.
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
        """One logit for each place; with classes (B,) by projection (Miyato & Koyama 2018)."""
        features = self.layers(x)
        logits = self.logits(features)
        if self.classes is not None and classes is not None:
            logits = logits + (features * self.classes(classes)[:, :, None, None]).sum(1, keepdim=True)
        return logits


def patch_px(widths: Sequence[int]) -> int:
    """Side of the patch that one logit of a discriminator of these widths judges: 54 px with four."""
    side = 3
    for _ in widths[1:]:
        side = 2 * (side + 2)
    return side + 2


def fitting_widths(widths: list[int], side_px: int) -> list[int]:
    """These widths, without the last ones where patches would be larger than a picture of `side_px`."""
    while len(widths) > 1 and patch_px(widths) > side_px:
        widths = widths[:-1]
    return widths
