"""The original GAN (Goodfellow et al. 2014) with the networks of DCGAN (Radford et al. 2016), on a torus.

Two players: D tells pictures x of the data from pictures x̂ = G(z), and G tries to make D err. Kept as in the papers,
as a reference and to learn from: it may collapse, which newer losses prevent. Departures: z for each cell of a torus
(Jetchev et al. 2016) instead of one, bilinear upsampling instead of transposed convolutions, which leave a chequered
pattern (Odena et al. 2016), no tanh, and averaged weights of G for the model.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, relu, softplus

from impasto.numerics.resampling import bilinear_resize
from impasto.training.layers import SLOPE, Noise, circular_convolution, halved_sizes

from .shared import TextbookTraining

LATENT = 32
"""Channels of z for each cell of the coarsest grid; a cell is 8 px wide."""
LEVELS = 4
"""Number of resolutions of the generator."""
INITIAL_DEVIATION = 0.02


class ConditionalNorm(nn.Module):
    """Batch norm with a gain and a bias for each class (Dumoulin et al. 2017, as in Miyato & Koyama 2018)."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(width, affine=False)
        self.gain, self.bias = nn.Embedding(classes, width), nn.Embedding(classes, width)
        nn.init.ones_(self.gain.weight)
        nn.init.zeros_(self.bias.weight)

    def forward(self, x: Tensor, classes: Tensor | None) -> Tensor:
        """x (B, width, H, W) of the classes (B,), normalised; the first class without any."""
        if classes is None:
            classes = torch.zeros(len(x), dtype=torch.long, device=x.device)
        gain, bias = (one(classes)[:, :, None, None] for one in (self.gain, self.bias))
        return gain * self.norm(x) + bias


class PlainGenerator(nn.Module):
    """z (B, 32, H/8, W/8) -> standardised pictures (B, channels, H, W), which a tanh as in DCGAN would bound.

    With classes, batch norm is conditional.
    """

    def __init__(self, channels: int, width: int, classes: int = 0) -> None:
        super().__init__()
        widths = [max(8, width // 2**level) for level in range(LEVELS)]
        self.convolutions = nn.ModuleList(circular_convolution(a, b) for a, b in pairwise([LATENT, *widths]))
        self.norms = nn.ModuleList(
            ConditionalNorm(width, classes) if classes else nn.BatchNorm2d(width) for width in widths
        )
        self.head = circular_convolution(widths[-1], channels)

    def forward(
        self, noise: Noise, batch: int, size_px: tuple[int, int], classes: Tensor | None = None, variation: float = 1.0
    ) -> Tensor:
        """Pictures of `size_px` from random z, scaled by `variation`; classes (B,) are indices."""
        sizes = halved_sizes(size_px, LEVELS)
        x = variation * noise(batch, LATENT, *sizes[0])
        for convolve, normalise, size in zip(self.convolutions, self.norms, sizes, strict=True):
            x = convolve(bilinear_resize(x, size))  # (B, width, h, w)
            x = relu(normalise(x, classes) if isinstance(normalise, ConditionalNorm) else normalise(x))
        return self.head(x)


class PlainDiscriminator(nn.Module):
    """Pictures (B, channels, H, W) -> logits (B, 1, H/8 - 3, W/8 - 3), each of a patch of 46 px; one for 32 px."""

    def __init__(self, channels: int, width: int, is_normalised: bool = True) -> None:
        super().__init__()
        widths = [width // 4, width // 2, width]
        norm = nn.BatchNorm2d if is_normalised else nn.Identity
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in pairwise([channels, *widths])
        )
        self.norms = nn.ModuleList([nn.Identity(), *(norm(width) for width in widths[1:])])
        self.head = nn.Conv2d(width, 1, 4)

    def forward(self, x: Tensor) -> Tensor:
        """Logits, above 0 for patches judged to be real."""
        for convolve, normalise in zip(self.convolutions, self.norms, strict=True):
            x = leaky_relu(normalise(convolve(x)), SLOPE)
        return self.head(x).float()


def begin(layer: nn.Module) -> None:
    """Set DCGAN's initial weights: normal with deviation 0.02 (section 4), around 1 for batch norm."""
    if isinstance(layer, nn.Conv2d):
        nn.init.normal_(layer.weight, 0, INITIAL_DEVIATION)
    elif isinstance(layer, nn.BatchNorm2d):
        nn.init.normal_(layer.weight, 1, INITIAL_DEVIATION)


class GanTraining(TextbookTraining):
    """min_G max_D  E[log D(x)] + E[log(1 - D(G(z)))]; G maximises log D(G(z)) instead (section 3 of the paper)."""

    saturated_below = 0.02
    betas = (0.5, 0.999)

    def networks_of(self, channels: int, width: int) -> dict[str, nn.Module]:
        """G and D."""
        G, D = PlainGenerator(channels, width), PlainDiscriminator(channels, width)
        networks: dict[str, nn.Module] = {"generator": G, "discriminator": D}
        for network in networks.values():
            network.apply(begin)
        return networks

    def rate(self) -> float:
        """A constant learning rate."""
        return self.learning_rate * self.rate_factor

    def discriminator_loss(self, x: Tensor, x_hat: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """-log D(x) - log(1 - D(x̂))."""
        D = self.networks["discriminator"]
        real_logits = D(x)
        return softplus(-real_logits).mean() + softplus(D(x_hat)).mean(), real_logits

    def generator_loss(self, x_hat: Tensor, y: Tensor, real_logits: Tensor) -> Tensor:
        """-log D(x̂)."""
        return softplus(-self.networks["discriminator"](x_hat)).mean()
