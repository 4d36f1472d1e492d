"""The encoder q(z|x), the decoder p(x|z) and the critic of a variational autoencoder whose latent is a torus.

Kingma & Welling 2014, with a grid of latents instead of one vector: a cell of 8 numbers for each 16x16 texels, so that
any grid makes any size. Every convolution wraps, so whatever comes out tiles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu, pad, pixel_unshuffle

CELL_PX = 16
"""Side of the square of texels that one cell of the latent stands for."""
LATENT_CHANNELS = 8
SLOPE = 0.2

Noise = Callable[..., Tensor]
"""`noise(*shape)`: standard normal noise of that shape."""


def _convolution(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, padding_mode="circular")


class Residual(nn.Module):
    """x + f(x), where f is two convolutions, the last of which starts at zero."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.last = _convolution(width, width), _convolution(width, width)
        for tensor in (self.last.weight, self.last.bias):
            nn.init.zeros_(tensor)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, width, h, w) -> the same shape."""
        return x + self.last(leaky_relu(self.first(leaky_relu(x, SLOPE)), SLOPE))


class Encoder(nn.Module):
    """Maps x (B, channels, 16 h, 16 w), standardised -> mean and log variance of q(z|x), both (B, 8, h, w)."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        quarter, eighth, sixteenth = (max(8, width * part // 4) for part in (2, 3, 4))
        self.layers = nn.Sequential(
            _convolution(16 * channels, quarter),
            Residual(quarter),
            _convolution(quarter, eighth, stride=2),
            Residual(eighth),
            _convolution(eighth, sixteenth, stride=2),
            Residual(sixteenth),
            nn.LeakyReLU(SLOPE),
            _convolution(sixteenth, 2 * LATENT_CHANNELS, kernel=1),
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """μ and log σ² of each cell, the latter kept in [-10, 4]."""
        mu, log_variance = self.layers(pixel_unshuffle(x, 4)).float().chunk(2, 1)  # (B, 16C, 4h, 4w) -> (B, 8, h, w)
        return mu, log_variance.clamp(-10, 4)


class Stage(nn.Module):
    """One octave of the decoder: convolution, noise for its detail, residual convolution, and a head."""

    def __init__(self, inputs: int, width: int, channels: int) -> None:
        super().__init__()
        self.convolution, self.residual = nn.Conv2d(inputs, width, 3), nn.Conv2d(width, width, 3)
        self.detail = nn.Parameter(torch.full((width, 1, 1), 0.1))
        self.head = nn.Conv2d(width, channels, 1)
        for tensor in (self.residual.weight, self.residual.bias):
            nn.init.zeros_(tensor)

    def forward(self, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """x (B, inputs, h + 4, w + 4), noise (B, 1, h + 2, w + 2) -> features (B, width, h, w) and maps of that size.

        The margin is what lies beyond the wrap: to copy it once before upsampling is cheaper than at each convolution.
        """
        x = leaky_relu(self.convolution(x) + self.detail * noise, SLOPE)  # (B, width, h + 2, w + 2)
        x = x[:, :, 1:-1, 1:-1] + leaky_relu(self.residual(x), SLOPE)
        return x, self.head(x)


class Decoder(nn.Module):
    """Latents z (B, 8, h, w) on a torus -> maps (B, channels, H, W), standardised.

    Eight numbers cannot hold 256 texels: what they leave open, the grain, is drawn with noise at each octave.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        widths = decoder_widths(width)
        inputs = (LATENT_CHANNELS, *widths)
        self.stages = nn.ModuleList(
            Stage(before, after, channels) for before, after in zip(inputs, widths, strict=False)
        )

    def forward(self, z: Tensor, size_px: tuple[int, int], noise: Noise) -> Tensor:
        """`size_px` (H, W) may be any; the grid that fits it is (⌈H/16⌉, ⌈W/16⌉)."""
        sizes = [size_px]
        while len(sizes) < len(self.stages):
            sizes.insert(0, tuple(-(-side // 2) for side in sizes[0]))
        x, parts = z, []
        for stage, size in zip(self.stages, sizes, strict=True):
            x, part = stage(resized(x, size, margin=2), wrapped(noise(len(z), 1, *size), 1))
            parts.append(part)
        return reduce(lambda broad, part: resized(broad, tuple(part.shape[2:])) + part, parts)  # (B, channels, H, W)


class Autoencoder(nn.Module):
    """Encoder, decoder, and the axes in which they see maps: x = mean + mixing · y, y of about unit deviation.

    The channels of colour are turned to their principal axes, so that a grey stone gets no coloured grain.
    deviation (8,): mean σ of q(z|x) on the training pictures.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.encoder, self.decoder = Encoder(channels, width), Decoder(channels, width)
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("mixing", torch.eye(channels))
        self.register_buffer("deviation", torch.zeros(LATENT_CHANNELS))

    def standardised(self, x: Tensor) -> Tensor:
        """Maps x (B, C, H, W) in [0, 1] -> y, the same shape; what is not known (nan) counts as the mean."""
        deviation = (x - self.mean.view(-1, 1, 1)).nan_to_num()
        return torch.linalg.solve(self.mixing, deviation.flatten(2)).view_as(x)

    def maps(self, y: Tensor) -> Tensor:
        """y (B, C, H, W) -> maps x in [0, 1]."""
        return ((self.mixing @ y.flatten(2)).view_as(y) + self.mean.view(-1, 1, 1)).clamp(0, 1)


def reparameterised(mu: Tensor, log_variance: Tensor, epsilon: Tensor) -> Tensor:
    """z = μ + σ ⊙ ε, a sample of q(z|x) through which gradients pass (Kingma & Welling 2014, eq. 10)."""
    return mu + (0.5 * log_variance).exp() * epsilon


def decoder_widths(width: int) -> tuple[int, ...]:
    """Widths of the decoder's five stages, coarsest first: fewer channels where there are more pixels."""
    return tuple(max(8, width * part // 6) for part in (6, 6, 4, 2, 1))


def wrapped(x: Tensor, margin: int) -> Tensor:
    """x (B, C, h, w) with a margin on each side that shows the other, even where it is wider than x."""
    while margin:
        part = min(margin, *x.shape[2:])
        x = pad(x, (part,) * 4, mode="circular")
        margin -= part
    return x


def resized(x: Tensor, size: tuple[int, int], margin: int = 0) -> Tensor:
    """x (B, C, h, w) -> (B, C, *size), bilinear on the torus, with a margin that shows the other side."""
    height, width = x.shape[2:]
    if size == (height, width):
        return wrapped(x, margin)
    if size == (2 * height, 2 * width):  # the usual case, five times as fast
        ring = margin // 2 + 1
        x = interpolate(wrapped(x, ring), scale_factor=2, mode="bilinear", align_corners=False)
        cut = 2 * ring - margin
        return x[:, :, cut:-cut, cut:-cut]
    return _resized_axis(_resized_axis(x, size[0], margin, 2), size[1], margin, 3)


def _resized_axis(x: Tensor, size: int, margin: int, axis: int) -> Tensor:
    cells = x.shape[axis]
    position = (torch.arange(-margin, size + margin, device=x.device) + 0.5) * (cells / size) - 0.5
    before = position.floor()
    weight = (position - before).to(x.dtype).unflatten(0, (-1, 1) if axis == 2 else (1, -1))
    before = before.long()
    return x.index_select(axis, before % cells).lerp(x.index_select(axis, (before + 1) % cells), weight)


class Critic(nn.Module):
    """Patches of 42x42 texels -> a logit for each (Larsen et al. 2016): light, so that it sharpens and no more."""

    def __init__(self, channels: int, widths: Sequence[int]) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(4 * channels, widths[0], 3)]
        for before, after in pairwise(widths):
            layers += [nn.LeakyReLU(SLOPE), nn.Conv2d(before, after, 4, stride=2)]
        self.layers = nn.Sequential(*layers, nn.LeakyReLU(SLOPE), nn.Conv2d(widths[-1], 1, 3))

    def forward(self, x: Tensor) -> Tensor:
        """x (B, channels, H, W), sides even -> logits (B, 1, h, w)."""
        return self.layers(pixel_unshuffle(x, 2)).float()
