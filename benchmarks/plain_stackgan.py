"""A plain StackGAN (Zhang et al. 2017), at our batch, sizes and widths, with random embeddings of phrases."""

from __future__ import annotations

from itertools import pairwise

import torch
from plain_papers import LABELS, Loop, Refined, adversaries, convolved, crops, cross_entropy, descend
from torch import Tensor, nn

PHI, C_HAT, Z = 64, 32, 100
"""Sizes of a phrase's embedding, of its condition and of the noise."""


class Augmentation(nn.Module):
    """Conditioning augmentation: c_hat (B, C_HAT) of phi (B, PHI), and the KL divergence from N(0, I)."""

    def __init__(self) -> None:
        super().__init__()
        self.statistics = nn.Linear(PHI, 2 * C_HAT)

    def forward(self, phi: Tensor) -> tuple[Tensor, Tensor]:
        mu, log_variance = self.statistics(phi).chunk(2, 1)
        kl = 0.5 * (mu.square() + log_variance.exp() - 1 - log_variance).mean()
        return mu + (0.5 * log_variance).exp() * torch.randn_like(mu), kl


def enlarged(widths: tuple[int, ...]) -> list[nn.Module]:
    """Blocks that double the size, to values in [-1, 1]."""
    blocks: list[nn.Module] = []
    for a, b in pairwise(widths):
        blocks += [nn.Upsample(scale_factor=2), *convolved(a, b)]
    return [*blocks, nn.Conv2d(widths[-1], 3, 3, padding=1), nn.Tanh()]


class StageOne(nn.Module):
    def __init__(self, side: int) -> None:
        super().__init__()
        self.augmentation, cells = Augmentation(), (side // 16) ** 2
        self.begin = nn.Sequential(
            nn.Linear(Z + C_HAT, 128 * cells), nn.Unflatten(1, (128, side // 16, side // 16)), nn.BatchNorm2d(128)
        )
        self.up = nn.Sequential(nn.ReLU(), *enlarged((128, 112, 80, 56, 32)))

    def forward(self, phi: Tensor) -> tuple[Tensor, Tensor]:
        c_hat, kl = self.augmentation(phi)
        return self.up(self.begin(torch.cat([torch.randn(len(phi), Z), c_hat], 1))), kl


class StageTwo(nn.Module):
    """Pictures four times as large as those of a Stage I that learns no more."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.augmentation, self.one = Augmentation(), StageOne(side // 4).eval().requires_grad_(False)
        self.down = nn.Sequential(*convolved(3, 32), *convolved(32, 64, 4, 2), *convolved(64, 96, 4, 2))
        joined, blocks = convolved(96 + C_HAT, 96), [Refined(96) for _ in range(4)]
        self.up = nn.Sequential(*joined, *blocks, *enlarged((96, 80, 56, 32, 16)))

    def forward(self, phi: Tensor) -> tuple[Tensor, Tensor]:
        c_hat, kl = self.augmentation(phi)
        features = self.down(self.one(phi)[0])
        return self.up(torch.cat([features, at_each_place(c_hat, features)], 1)), kl


class Told(nn.Module):
    """Logits (B, 1) of pictures (B, 3, side, side) with phrases (B, PHI)."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        down: list[nn.Module] = [nn.Conv2d(3, widths[0], 4, 2, 1), nn.LeakyReLU(0.2)]
        for a, b in pairwise(widths):
            down += [nn.Conv2d(a, b, 4, 2, 1), nn.BatchNorm2d(b), nn.LeakyReLU(0.2)]
        w = widths[-1]
        self.down, self.compressed = nn.Sequential(*down), nn.Linear(PHI, w)
        last = [nn.Conv2d(2 * w, w, 1), nn.BatchNorm2d(w), nn.LeakyReLU(0.2), nn.Conv2d(w, 1, 4), nn.Flatten()]
        self.last = nn.Sequential(*last)

    def forward(self, x: Tensor, phi: Tensor) -> Tensor:
        features = self.down(x)
        return self.last(torch.cat([features, at_each_place(self.compressed(phi), features)], 1))


def at_each_place(vector: Tensor, features: Tensor) -> Tensor:
    return vector[:, :, None, None].expand(-1, -1, *features.shape[2:])


def plain_stackgan(second: bool) -> Loop:
    """A stage of StackGAN (Zhang et al. 2017): batch norm, and pictures with wrong phrases as a kind of false ones."""
    side, longest, widths = (128, 512, (24, 40, 64, 96, 128)) if second else (64, 128, (32, 64, 96, 128))
    draw, G, D = crops(12, side, longest, LABELS), (StageTwo if second else StageOne)(side), Told(widths)
    of_G, of_D = adversaries(G, D, 2e-4, (0.5, 0.999))
    phrases = torch.randn(len(LABELS), PHI)

    def step() -> None:
        x, y = draw()
        phi, wrong = phrases[y], phrases[(y + 1) % len(LABELS)]
        x_hat, kl = G(phi)
        false = cross_entropy(D(x_hat.detach(), phi), 0.0) + cross_entropy(D(x, wrong), 0.0)
        descend(of_D, cross_entropy(D(x, phi), 1.0) + 0.5 * false)
        descend(of_G, cross_entropy(D(x_hat, phi), 1.0) + 2 * kl)

    return step
