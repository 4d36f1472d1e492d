"""The encoder q(z|x) and the decoder p(x|z) of a variational autoencoder whose latents are a torus.

Kingma & Welling 2014, with a grid of latents instead of one vector: a cell of 8 numbers for each 16x16 texels, so that
surfaces can have any size. All convolutions are circular, so results tile.
"""

from __future__ import annotations

from functools import reduce

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, pixel_unshuffle

from impasto.numerics.borders import TORUS, with_margin
from impasto.numerics.resampling import bilinear_resize
from impasto.training.layers import SLOPE, Noise, circular_convolution, halved_sizes

from .prior import SIDE

CELL_PX = 16
"""Side in texels of a cell of the latents."""
LATENT_CHANNELS = 8
DECODER_WIDTHS, DECODER_BLOCKS = (8, 8, 6, 4, 2), (2, 2, 1, 1, 1)
"""Widths of the decoder's five stages, coarsest first, in eighths of the parameter, and their residual blocks."""
RESIDUAL_GAIN, HEAD_GAIN, NOISE_GAIN = 0.2, 0.5, 0.5
"""Gains of the initial weights of residual blocks, heads and noise."""
WIDTH_PER_NOISE = 8
"""Number of channels of a stage per channel of noise."""


class ResidualConvolutions(nn.Module):
    """x + f(x), where f is two convolutions, the last of them with small initial weights."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.last = circular_convolution(width, width), circular_convolution(width, width)
        begin(self.first)
        begin(self.last, RESIDUAL_GAIN)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, width, h, w) -> the same shape."""
        return x + self.last(leaky_relu(self.first(leaky_relu(x, SLOPE)), SLOPE))


@torch.no_grad()
def begin(convolution: nn.Conv2d, gain: float = 1.0) -> None:
    """Initialise a convolution so that it multiplies the deviation of features by `gain` (He et al. 2015)."""
    nn.init.kaiming_normal_(convolution.weight, a=SLOPE)
    convolution.weight.mul_(gain)
    if convolution.bias is not None:
        nn.init.zeros_(convolution.bias)


class VariationalEncoder(nn.Module):
    """Maps x (B, channels, 16 h, 16 w), standardised -> mean and log variance of q(z|x), both (B, 8, h, w)."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        quarter, eighth, sixteenth = (max(8, width * part // 4) for part in (2, 3, 4))
        self.layers = nn.Sequential(
            circular_convolution(16 * channels, quarter),
            ResidualConvolutions(quarter),
            circular_convolution(quarter, eighth, stride=2),
            ResidualConvolutions(eighth),
            circular_convolution(eighth, sixteenth, stride=2),
            ResidualConvolutions(sixteenth),
            nn.LeakyReLU(SLOPE),
            circular_convolution(sixteenth, 2 * LATENT_CHANNELS, kernel=1),
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """μ and log σ² of each cell, the latter kept in [-10, 4]."""
        mu, log_variance = self.layers(pixel_unshuffle(x, 4)).float().chunk(2, 1)  # (B, 16C, 4h, 4w) -> (B, 8, h, w)
        return mu, log_variance.clamp(-10, 4)


class DecoderStage(nn.Module):
    """A level of the decoder: convolution, upsampling, noise for detail, residual convolutions, and a head."""

    def __init__(self, inputs: int, width: int, channels: int, blocks: int) -> None:
        super().__init__()
        self.blocks, self.noise_channels = blocks, max(1, width // WIDTH_PER_NOISE)
        self.convolution = nn.Conv2d(inputs, width, 3)
        self.noise = nn.Conv2d(self.noise_channels, width, 1, bias=False)
        residuals = [nn.Conv2d(width, width, 3) for _ in range(blocks)]
        self.residuals = nn.ModuleList(residuals)
        self.head = nn.Conv2d(width, channels, 1)
        begin(self.convolution)
        begin(self.noise, NOISE_GAIN)
        begin(self.head, HEAD_GAIN)
        for residual in residuals:
            begin(residual, RESIDUAL_GAIN)

    def forward(self, x: Tensor, size: tuple[int, int], noise: Noise) -> tuple[Tensor, Tensor]:
        """x (B, inputs, h, w) -> features (B, width, *size) and maps (B, channels, *size).

        A margin from the other side of the torus is added once, and residual convolutions without padding consume it.
        """
        x = bilinear_resize(
            self.convolution(with_margin(x, 1, TORUS)), size, self.blocks
        )  # at the coarser size, for a quarter of the cost
        drawn = with_margin(noise(len(x), self.noise_channels, *size), self.blocks, TORUS)
        x = leaky_relu(x + self.noise(drawn), SLOPE)
        for residual in self.residuals:
            x = x[:, :, 1:-1, 1:-1] + leaky_relu(residual(x), SLOPE)
        return x, self.head(x)


class Decoder(nn.Module):
    """Latents z (B, 8, h, w) on a torus -> maps (B, channels, H, W), standardised.

    Eight numbers cannot describe 256 texels: the grain, which they leave open, is sampled by noise at each level.
    gains (channels,): deviations of the data's channels; 0 keeps a grey surface grey.
    """

    gains: Tensor

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        widths = [max(8, width * part // 8) for part in DECODER_WIDTHS]
        inputs = (LATENT_CHANNELS, *widths)
        self.stages = nn.ModuleList(
            DecoderStage(before, after, channels, blocks)
            for before, after, blocks in zip(inputs, widths, DECODER_BLOCKS, strict=False)
        )
        self.register_buffer("gains", torch.ones(channels))

    def forward(self, z: Tensor, size_px: tuple[int, int], noise: Noise) -> Tensor:
        """Maps (B, channels, H, W) of any `size_px` (H, W), from z (B, 8, ⌈H/16⌉, ⌈W/16⌉)."""
        sizes = halved_sizes(size_px, len(self.stages))
        x, parts = z, []
        for stage, size in zip(self.stages, sizes, strict=True):
            x, part = stage(x, size, noise)
            parts.append(part)
        y = reduce(
            lambda broad, part: bilinear_resize(broad, (part.shape[2], part.shape[3])) + part, parts
        )  # (B, channels, H, W)
        return y * self.gains.view(-1, 1, 1)


class Autoencoder(nn.Module):
    """Encoder and decoder of standardised maps y, of about unit deviation, where x = mean + mixing · y.

    Colour is transformed to its principal axes, so that a grey stone gets no coloured grain.
    deviation (8,): mean σ of q(z|x) on the training pictures. prior_mean (8,), prior_kernel (8, 8, 17, 17): the field
    fitted to their latents (see `prior`).
    """

    mean: Tensor
    mixing: Tensor
    deviation: Tensor
    prior_mean: Tensor
    prior_kernel: Tensor

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.encoder, self.decoder = VariationalEncoder(channels, width), Decoder(channels, width)
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("mixing", torch.eye(channels))
        self.register_buffer("deviation", torch.zeros(LATENT_CHANNELS))
        self.register_buffer("prior_mean", torch.zeros(LATENT_CHANNELS))
        self.register_buffer("prior_kernel", torch.zeros(LATENT_CHANNELS, LATENT_CHANNELS, SIDE, SIDE))

    @torch.no_grad()
    def set_axes(self, mean: Tensor, mixing: Tensor, deviation: Tensor) -> None:
        """Set the axes of the data: mean (C,), mixing (C, C), and deviations (C,) along its columns."""
        self.mean.copy_(mean)
        self.mixing.copy_(mixing)
        self.decoder.gains.copy_(deviation)

    def standardise(self, x: Tensor) -> Tensor:
        """Maps x (B, C, H, W) in [0, 1] -> y of the same shape; NaN, for unknown values, counts as the mean."""
        deviation = (x - self.mean.view(-1, 1, 1)).nan_to_num()
        return torch.linalg.solve(self.mixing, deviation.flatten(2)).view_as(x)

    def maps(self, y: Tensor) -> Tensor:
        """y (B, C, H, W) -> maps x in [0, 1]."""
        return ((self.mixing @ y.flatten(2)).view_as(y) + self.mean.view(-1, 1, 1)).clamp(0, 1)


def reparameterise(mu: Tensor, log_variance: Tensor, epsilon: Tensor) -> Tensor:
    """z = μ + σ ⊙ ε, a sample of q(z|x) through which gradients pass (Kingma & Welling 2014, eq. 10)."""
    return mu + (0.5 * log_variance).exp() * epsilon
