"""Stage I of StackGAN (Zhang et al. 2017, section 3.3): the shapes and colours that a phrase describes, in 64x64.

Noise and the condition ĉ become a picture at a quarter of the final resolution. Departures from the paper: a map of
noise on a torus, and more of it at each level, in place of one vector z; circular convolutions, bilinear upsampling and
no batch norm; ĉ also sets gains and biases of each level, as classes do in conditional batch norm (Dumoulin et al.
2017); each level adds its part to the picture (as in StyleGAN 2, Karras et al. 2020), and so does the mean of each map,
which a linear layer predicts from the phrase; and ĉ chooses waves along rows and columns for joints, which noise and
convolutions alone don't place at even distances (after PSGAN, Bergmann et al. 2017, whose wave vectors are learned).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, leaky_relu

from impasto.numerics.resampling import bilinear_resize
from impasto.training.layers import SLOPE, Noise, circular_convolution

EMBEDDING = 64
"""Size of φ, the embedding of a phrase."""
CONDITION = 32
"""Size of ĉ; the paper's is 128, for captions of birds and flowers in ten words."""
LATENT = 16
"""Channels of z for each cell of the coarsest grid."""
NOISE_CHANNELS = 4
"""Channels of noise that each level adds."""
FIRST_LOG_VARIANCE = -4.0
"""Initial log σ²; with that of N(0, I), the noise drowns a phrase's mean."""
CYCLES = (0.2, 0.4, 0.6, 0.8, 1.0, 1.4)
"""Frequencies along a row or column that ĉ chooses from, in waves per cell."""
HARMONICS = (1, 2, 4)
"""Multiples of a frequency; the first spans two rows of a bond, whose joints are half a unit apart."""
LEAST_PERIOD_PX = 4
"""A level has no waves with a shorter period."""
HEAD_DEVIATION, RESIDUAL_SHARE = 0.3, 0.2
"""Initial deviation of the maps that a level adds, and weight of its residual block relative to He's."""
LEVELS = 5
"""Resolutions of Stage I: a cell of the coarsest grid is 16 px of its picture."""
WIDTHS = (128, 112, 80, 56, 32)
DISCRIMINATOR_WIDTHS = (32, 64, 96, 128)


class ConditioningAugmentation(nn.Module):
    """ĉ = μ(φ) + σ(φ) ⊙ ε with ε of N(0, I) (section 3.2): similar phrases share pictures, and each phrase has many."""

    def __init__(self) -> None:
        super().__init__()
        self.statistics = nn.Linear(EMBEDDING, 2 * CONDITION)
        nn.init.normal_(self.statistics.weight[:CONDITION], std=EMBEDDING**-0.5)
        nn.init.constant_(self.statistics.bias[CONDITION:], FIRST_LOG_VARIANCE)

    def forward(self, phi: Tensor, epsilon: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """ĉ, μ and log σ² (B, CONDITION), of φ (B, EMBEDDING) and ε (B, CONDITION)."""
        mu, log_variance = self.statistics(phi).chunk(2, 1)
        return mu + (0.5 * log_variance).exp() * epsilon, mu, log_variance


@dataclass(frozen=True)
class Waves:
    """Waves on a torus of cells (rows, columns). share (B, 2, CYCLES): of each number of waves, along y and along x.

    offset (B, 2): where they begin, in sides of the torus.
    """

    share: Tensor
    offset: Tensor
    cells: tuple[int, int]

    def along(self, axis: int, length: int) -> Tensor:
        """Sines and cosines of each harmonic (B, 2 HARMONICS, length), along y (axis 0) or x of a picture."""
        counts = torch.tensor([max(1, round(cycles * self.cells[axis])) for cycles in CYCLES], device=self.share.device)
        place = (torch.arange(length, device=counts.device) + 0.5) / length + self.offset[:, axis, None]  # (B, length)
        found = []
        for multiple in HARMONICS:
            is_seen = multiple * counts * LEAST_PERIOD_PX <= length
            angle = 2 * math.pi * multiple * counts[:, None] * place[:, None]  # (B, CYCLES, length)
            share = (self.share[:, axis] * is_seen)[:, None]
            found += [share @ angle.sin(), share @ angle.cos()]
        return torch.cat(found, 1)


class Level(nn.Module):
    """A level of both generators: a circular convolution, twice the size, what ĉ and noise set, a residual block, maps.

    Gains and biases of the features are linear in ĉ and in the noise at each place, as in the `torus` generator, and in
    the waves if it has some.
    """

    def __init__(self, inputs: int, width: int, channels: int, doubles: bool = True, has_waves: bool = False) -> None:
        super().__init__()
        self.doubles = doubles
        self.convolution = circular_convolution(inputs, width)
        self.noise = nn.Conv2d(NOISE_CHANNELS, 2 * width, 1, bias=False)
        self.waves = nn.ModuleList(
            nn.Conv1d(2 * len(HARMONICS), 2 * width, 1, bias=False) for _ in range(2 if has_waves else 0)
        )
        self.style = nn.Linear(CONDITION, 2 * width)
        self.residual = circular_convolution(width, width)
        self.head = nn.Conv2d(width, channels, 1)
        for convolution in (self.convolution, self.residual):
            nn.init.kaiming_normal_(convolution.weight, a=SLOPE)
        nn.init.normal_(self.noise.weight, std=0.3)
        for mixed in self.waves:
            nn.init.normal_(mixed.weight, std=0.3)  # type: ignore[arg-type]
        nn.init.normal_(self.style.weight, std=0.3 / CONDITION**0.5)
        nn.init.zeros_(self.style.bias)
        nn.init.normal_(self.head.weight, std=HEAD_DEVIATION / width**0.5)
        with torch.no_grad():
            self.residual.weight.mul_(RESIDUAL_SHARE)

    def add_nothing(self) -> None:
        """Start with maps of 0, so that the level adds nothing yet."""
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)  # type: ignore[arg-type]

    def forward(
        self, x: Tensor, maps: Tensor, c_hat: Tensor, noise: Noise, waves: Waves | None = None
    ) -> tuple[Tensor, Tensor]:
        """x (B, inputs, h, w), maps (B, channels, h, w) and ĉ (B, CONDITION) -> x (B, width, 2h, 2w) and their maps."""
        x = self.convolution(x)
        if self.doubles:
            # upsampling after the convolution makes that four times as cheap
            x = bilinear_resize(x, (2 * x.shape[2], 2 * x.shape[3]))
        modulation = self.style(c_hat)[:, :, None, None] + self.noise(noise(len(x), NOISE_CHANNELS, *x.shape[2:]))
        if waves is not None:
            rows, columns = (mixed(waves.along(axis, x.shape[2 + axis])) for axis, mixed in enumerate(self.waves))
            modulation = modulation + rows[:, :, :, None] + columns[:, :, None, :]
        gain, bias = modulation.chunk(2, 1)  # (B, width, 2h, 2w)
        x = leaky_relu(torch.addcmul(bias, x, 1 + gain), SLOPE)
        x = x + leaky_relu(self.residual(x), SLOPE)
        return x, self.head(x).float() + bilinear_resize(maps, (x.shape[2], x.shape[3]))


class StageOne(nn.Module):
    """Noise z (B, LATENT, h, w) and ĉ (B, CONDITION) -> standardised maps (B, channels, 16h, 16w)."""

    def __init__(self, channels: int, width: float) -> None:
        super().__init__()
        self.channels = channels
        widths = [max(8, round(width * one)) for one in WIDTHS]
        self.augmentation = ConditioningAugmentation()
        self.choice = nn.Linear(CONDITION, 2 * (len(CYCLES) + 1))
        nn.init.normal_(self.choice.weight, std=2 / CONDITION**0.5)
        self.levels = nn.ModuleList(
            Level(before, after, channels, doubles=index > 0, has_waves=True)
            for index, (before, after) in enumerate(pairwise([LATENT + CONDITION, *widths]))
        )

    def forward(self, z: Tensor, c_hat: Tensor, noise: Noise) -> Tensor:
        """x̂ = G(z, ĉ) (section 3.3), with ĉ repeated at each cell."""
        x = torch.cat([z, repeat(c_hat, z)], 1)
        maps = torch.zeros(len(z), self.channels, *z.shape[2:], device=z.device)
        waves = self._waves(c_hat, noise, (z.shape[2], z.shape[3]))
        for level in self.levels:
            x, maps = level(x, maps, c_hat, noise, waves)
        return maps

    def _waves(self, c_hat: Tensor, noise: Noise, cells: tuple[int, int]) -> Waves:
        """Shares of each number of waves, and of none, by a softmax over a linear layer of ĉ."""
        share = self.choice(c_hat).float().unflatten(1, (2, -1)).softmax(2)[:, :, :-1]
        return Waves(share, torch.special.ndtr(noise(len(c_hat), 2)), cells)  # evenly distributed offsets


class Discriminator(nn.Module):
    """Maps (B, channels, H, W) and φ (B, EMBEDDING) -> logits (B, 1, h, w), each of a patch, of either stage.

    As in the paper, features of the picture meet a compressed φ, repeated at each place, in a 1x1 convolution. Here the
    convolutions pool instead of taking strides, have no padding and no batch norm, and judge patches: see
    `impasto.training.layers.PatchDiscriminator`.
    """

    def __init__(self, channels: int, widths: Sequence[int]) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(nn.Conv2d(a, b, 3) for a, b in pairwise([channels, *widths]))
        self.last = nn.Conv2d(widths[-1], widths[-1], 3)
        self.compressed = nn.Linear(EMBEDDING, widths[-1])
        self.joined = nn.Conv2d(2 * widths[-1], widths[-1], 1)
        self.logits = nn.Conv2d(widths[-1], 1, 1)

    def features(self, x: Tensor) -> Tensor:
        """Features (B, width, h, w) of maps, before the phrase."""
        for index, convolve in enumerate(self.convolutions):
            x = leaky_relu(convolve(avg_pool2d(x, 2) if index else x), SLOPE)
        return leaky_relu(self.last(x), SLOPE)

    def logits_of(self, features: Tensor, phi: Tensor) -> Tensor:
        """Logits of features with a phrase: high for real maps that it describes."""
        text = leaky_relu(self.compressed(phi), SLOPE)
        joined = torch.cat([features, repeat(text, features)], 1)
        return self.logits(leaky_relu(self.joined(joined), SLOPE)).float()  # type: ignore[no-any-return]

    def forward(self, x: Tensor, phi: Tensor) -> Tensor:
        """Logits of maps with a phrase."""
        return self.logits_of(self.features(x), phi)


def repeat(vector: Tensor, like: Tensor) -> Tensor:
    """A vector (B, N) at each place of a map: (B, N, h, w)."""
    return vector[:, :, None, None].expand(-1, -1, *like.shape[2:]).to(like.dtype)
