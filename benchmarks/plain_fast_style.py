"""A plain training of a network that repaints (Johnson et al. 2016), at our batch, size and widths.

Its encoder's weights are random: a step takes as long.
"""

from __future__ import annotations

import torch
from generators import photograph
from plain_papers import LABELS, Loop, Refined, convolved, crops, descend, small
from torch import Tensor, nn
from torch.nn.functional import mse_loss

VGG16 = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512))
BUNDLED = ((16, 16), (32, 32), (64, 64, 64), (128, 128))
"""Channels of the convolutions of encoders, by block: of the paper's, and of our style-encoder."""


def plain_fast_style(blocks: tuple[tuple[int, ...], ...]) -> Loop:
    """Johnson et al. 2016 at 128 px: Gram matrices of a painting and features of each picture, by an encoder."""
    w, draw = 12, crops(4, 128, 512)
    blocks_of_G = [*convolved(w, 2 * w, 3, 2), *convolved(2 * w, 4 * w, 3, 2), *(Refined(4 * w) for _ in range(5))]
    for a, b in ((4 * w, 2 * w), (2 * w, w)):
        blocks_of_G += [nn.ConvTranspose2d(a, b, 3, 2, 1, 1), nn.BatchNorm2d(b), nn.ReLU()]
    begin, end = nn.Conv2d(3, w, 9, padding=4), nn.Conv2d(w, 3, 9, padding=4)
    G = nn.Sequential(begin, nn.BatchNorm2d(w), nn.ReLU(), *blocks_of_G, end, nn.Tanh())
    before, encoder = 3, nn.ModuleList()
    for index, widths in enumerate(blocks):
        layers: list[nn.Module] = [nn.MaxPool2d(2)] if index else []
        for width in widths:
            layers += [nn.Conv2d(before, width, 3, padding=1), nn.ReLU()]
            before = width
        encoder.append(nn.Sequential(*layers))
    encoder.requires_grad_(False)
    optimizer = torch.optim.Adam(G.parameters(), 1e-3)

    def features(x: Tensor) -> list[Tensor]:
        found = []
        for block in encoder:
            x = block(x)
            found.append(x)
        return found

    def gram(x: Tensor) -> Tensor:
        x = x.flatten(2)
        return x @ x.transpose(1, 2) / x[0].numel()

    style = [gram(one) for one in features(small(photograph(LABELS[2]), 512)[None])]

    def step() -> None:
        x, _ = draw()
        x_hat = G(x)
        with torch.no_grad():
            wanted = features(x)[2]
        made = features(x_hat)
        styles = [mse_loss(gram(one), other.expand(len(x), -1, -1)) for one, other in zip(made, style, strict=True)]
        varied = x_hat.diff(dim=2).abs().mean() + x_hat.diff(dim=3).abs().mean()
        descend(optimizer, mse_loss(made[2], wanted) + 5 * torch.stack(styles).sum() + 1e-4 * varied)

    return step
