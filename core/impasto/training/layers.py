"""Layers that several networks use: convolutions on a torus, and a discriminator of patches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from torch import Tensor, nn

SLOPE = 0.2
"""Slope of leaky ReLUs below 0."""

Noise = Callable[..., Tensor]
"""`noise(*shape)`: standard normal noise of that shape."""


def circular_convolution(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Conv2d:
    """A convolution of pictures on a torus."""
    return nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, padding_mode="circular")


def halved_sizes(size: tuple[int, int], count: int) -> list[tuple[int, int]]:
    """`count` sizes up to `size`, each half the next (rounded up), coarsest first."""
    sizes = [size]
    while len(sizes) < count:
        sizes.insert(0, (-(-sizes[0][0] // 2), -(-sizes[0][1] // 2)))
    return sizes


class PatchDiscriminator(nn.Module):
    """Maps (B, channels, H, W) -> logits (B, 1, about H/8 - 5, about W/8 - 5), each of a patch of `patch_px(widths)`.

    The sizes are for four widths. It judges each patch (Isola et al. 2017), without padding, so never by borders.
    Average pooling halves the size: strided convolutions weigh some pixels more than others, which leaves a weave
    pattern in the generator's results.
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
        """One logit for each patch. classes (B,) are added by projection (Miyato & Koyama 2018)."""
        features = self.layers(x)
        logits = self.logits(features)
        if self.classes is not None and classes is not None:
            logits = logits + (features * self.classes(classes)[:, :, None, None]).sum(1, keepdim=True)
        return logits.float()


def patch_px(widths: Sequence[int]) -> int:
    """Side of the patch that one logit of a discriminator of these widths judges: 54 px for four widths."""
    side = 3
    for _ in widths[1:]:
        side = 2 * (side + 2)
    return side + 2


def fitting_widths(widths: list[int], side_px: int) -> list[int]:
    """The first of these widths, as many as the patches of a picture of `side_px` allow."""
    while len(widths) > 1 and patch_px(widths) > side_px:
        widths = widths[:-1]
    return widths
