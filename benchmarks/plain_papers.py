"""Plain implementations of the papers of textbook generators: their layers and losses, and nothing else.

At our batches, sizes and widths.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from generators import photograph
from torch import Tensor, nn
from torch.nn.functional import (
    avg_pool2d,
    binary_cross_entropy_with_logits,
    interpolate,
    leaky_relu,
    mse_loss,
    relu,
)
from torch.nn.utils.parametrizations import spectral_norm

from impasto import Maps

LABELS = ("brick", "grass", "gravel")

Loop = Callable[[], None]


def crops(
    batch: int, side: int, longest: int, labels: tuple[str, ...] = LABELS[:1]
) -> Callable[[], tuple[Tensor, Tensor]]:
    """Random crops (batch, 3, side, side) in [-1, 1] of the photographs, and their classes (batch,)."""
    pictures = [small(photograph(label), longest) for label in labels]
    random = np.random.default_rng(0)

    def draw() -> tuple[Tensor, Tensor]:
        classes, found = random.integers(len(pictures), size=batch), []
        for index in classes:
            y, x = random.integers(longest - side + 1, size=2)
            found.append(pictures[index][:, y : y + side, x : x + side])
        return torch.stack(found), torch.from_numpy(classes)

    return draw


def small(maps: Maps, longest: int) -> Tensor:
    values = torch.from_numpy(maps["base_color"].pixels).permute(2, 0, 1)
    return 2 * avg_pool2d(values, max(1, values.shape[1] // longest)) - 1


def adversaries(G: nn.Module, D: nn.Module, rate: float, betas: tuple[float, float]) -> Iterator[torch.optim.Optimizer]:
    return (torch.optim.Adam(network.parameters(), rate, betas) for network in (G, D))


def plain_gan() -> Loop:
    """DCGAN (Radford et al. 2016) at 32 px: transposed convolutions, batch norm, binary cross entropy."""
    w, draw = 64, crops(16, 32, 256)
    up = [nn.ConvTranspose2d(100, w, 4), nn.BatchNorm2d(w), nn.ReLU()]
    for a, b in ((w, w // 2), (w // 2, w // 4)):
        up += [nn.ConvTranspose2d(a, b, 4, 2, 1), nn.BatchNorm2d(b), nn.ReLU()]
    G = nn.Sequential(*up, nn.ConvTranspose2d(w // 4, 3, 4, 2, 1), nn.Tanh())
    down = [nn.Conv2d(3, w // 4, 4, 2, 1), nn.LeakyReLU(0.2)]
    for a, b in ((w // 4, w // 2), (w // 2, w)):
        down += [nn.Conv2d(a, b, 4, 2, 1), nn.BatchNorm2d(b), nn.LeakyReLU(0.2)]
    D = nn.Sequential(*down, nn.Conv2d(w, 1, 4))
    of_G, of_D = adversaries(G, D, 2e-4, (0.5, 0.999))

    def step() -> None:
        x, _ = draw()
        x_hat = G(torch.randn(len(x), 100, 1, 1))
        descend(of_D, cross_entropy(D(x), 1.0) + cross_entropy(D(x_hat.detach()), 0.0))
        descend(of_G, cross_entropy(D(x_hat), 1.0))

    return step


def plain_conditional() -> Loop:
    """The same networks with conditional batch norm and a projection (Miyato and Koyama 2018), hinge loss."""
    w, draw = 64, crops(16, 32, 256, LABELS)
    convolutions = nn.ModuleList(
        [
            nn.ConvTranspose2d(100, w, 4),
            nn.ConvTranspose2d(w, w // 2, 4, 2, 1),
            nn.ConvTranspose2d(w // 2, w // 4, 4, 2, 1),
        ]
    )
    norms = nn.ModuleList(nn.BatchNorm2d(width, affine=False) for width in (w, w // 2, w // 4))
    gains, biases = (nn.ModuleList(nn.Embedding(len(LABELS), width) for width in (w, w // 2, w // 4)) for _ in range(2))
    G = nn.ModuleList([convolutions, norms, gains, biases, nn.ConvTranspose2d(w // 4, 3, 4, 2, 1)])
    down: list[nn.Module] = []
    for a, b in ((3, w // 4), (w // 4, w // 2), (w // 2, w)):
        down += [spectral_norm(nn.Conv2d(a, b, 4, 2, 1)), nn.LeakyReLU(0.2)]
    phi, psi, V = nn.Sequential(*down), spectral_norm(nn.Linear(w, 1)), spectral_norm(nn.Embedding(len(LABELS), w))
    D = nn.ModuleList([phi, psi, V])
    of_G, of_D = adversaries(G, D, 2e-4, (0.0, 0.9))

    def made(y: Tensor) -> Tensor:
        x = torch.randn(len(y), 100, 1, 1)
        for convolve, norm, gain, bias in zip(convolutions, norms, gains, biases, strict=True):
            x = relu(gain(y)[:, :, None, None] * norm(convolve(x)) + bias(y)[:, :, None, None])
        return torch.tanh(G[-1](x))

    def score(x: Tensor, y: Tensor) -> Tensor:
        features = phi(x).sum((2, 3))
        return psi(features)[:, 0] + (V(y) * features).sum(1)

    def step() -> None:
        x, y = draw()
        x_hat = made(y)
        descend(of_D, relu(1 - score(x, y)).mean() + relu(1 + score(x_hat.detach(), y)).mean())
        descend(of_G, -score(x_hat, y).mean())

    return step


def plain_progressive() -> Loop:
    """The last stage of Karras et al. 2018 at 64 px: nearest neighbours, pixel norm, two convolutions in D, WGAN-GP."""
    w, draw = 64, crops(8, 64, 256)
    widths = [w, w, w // 2, w // 4]
    first = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in zip([w, *widths], widths, strict=False))
    second = nn.ModuleList(nn.Conv2d(b, b, 3, padding=1) for b in widths)
    G = nn.ModuleList([first, second, nn.Linear(w, w * 64), nn.Conv2d(widths[-1], 3, 1)])
    same = nn.ModuleList(nn.Conv2d(b, b, 3, padding=1) for b in widths[::-1])
    wider = nn.ModuleList(
        nn.Conv2d(a, b, 3, padding=1) for a, b in zip(widths[::-1], [*widths[-2::-1], w], strict=True)
    )
    D = nn.ModuleList([nn.Conv2d(3, widths[-1], 1), same, wider, nn.Linear(w * 64, w), nn.Linear(w, 1)])
    of_G, of_D = adversaries(G, D, 1e-3, (0.0, 0.99))

    def normal(x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-8)

    def made(count: int) -> Tensor:
        x = G[2](normal(torch.randn(count, w))).view(count, w, 8, 8)
        for level, (one, other) in enumerate(zip(first, second, strict=True)):
            x = interpolate(x, scale_factor=2) if level else x
            x = normal(leaky_relu(other(normal(leaky_relu(one(x), 0.2))), 0.2))
        return G[3](x)

    def score(x: Tensor) -> Tensor:
        x = leaky_relu(D[0](x), 0.2)
        for level, (one, other) in enumerate(zip(same, wider, strict=True)):
            x = leaky_relu(other(leaky_relu(one(x), 0.2)), 0.2)
            x = avg_pool2d(x, 2) if level < len(same) - 1 else x
        return D[4](leaky_relu(D[3](x.flatten(1)), 0.2))[:, 0]

    def step() -> None:
        x, _ = draw()
        x_hat = made(len(x))
        between = torch.lerp(x, x_hat.detach(), torch.rand(len(x), 1, 1, 1)).requires_grad_()
        (gradient,) = torch.autograd.grad(score(between).sum(), between, create_graph=True)
        penalty = (gradient.flatten(1).norm(dim=1) - 1).square().mean()
        real = score(x)
        descend(of_D, (score(x_hat.detach()) - real).mean() + 10 * penalty + 1e-3 * real.square().mean())
        descend(of_G, -score(x_hat).mean())

    return step


def plain_vae() -> Loop:
    """A convolutional VAE (Kingma and Welling 2014) at 128 px, with a Gaussian likelihood."""
    w, draw = 64, crops(4, 128, 512)
    widths = [w // 8, w // 4, w // 2, w]
    down: list[nn.Module] = []
    for a, b in zip([3, *widths], widths, strict=False):
        down += [nn.Conv2d(a, b, 4, 2, 1), nn.ReLU()]
    encoder = nn.Sequential(*down, nn.Conv2d(w, 16, 1))
    up: list[nn.Module] = [nn.Conv2d(8, w, 1), nn.ReLU()]
    for a, b in zip(widths[::-1], [*widths[-2::-1], widths[0]], strict=True):
        up += [nn.ConvTranspose2d(a, b, 4, 2, 1), nn.ReLU()]
    decoder = nn.Sequential(*up, nn.Conv2d(widths[0], 3, 3, padding=1))
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], 1e-3)

    def step() -> None:
        x, _ = draw()
        mu, log_variance = encoder(x).chunk(2, 1)
        x_hat = decoder(mu + (0.5 * log_variance).exp() * torch.randn_like(mu))
        kl = 0.5 * (mu.square() + log_variance.exp() - 1 - log_variance).mean()
        descend(optimizer, mse_loss(x_hat, x) + 1e-3 * kl)

    return step


def cross_entropy(logits: Tensor, is_real: float) -> Tensor:
    return binary_cross_entropy_with_logits(logits, torch.full_like(logits, is_real))


def descend(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def convolved(a: int, b: int, side: int = 3, stride: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(a, b, side, stride, 1), nn.BatchNorm2d(b), nn.ReLU()]


class Refined(nn.Module):
    """x + f(x), with batch norm."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.f = nn.Sequential(*convolved(width, width), *convolved(width, width)[:2])

    def forward(self, x: Tensor) -> Tensor:
        return x + self.f(x)
