"""Encoders at several levels of a network, and decoders that turn their features back into pictures.

Published ones are distilled from VGG19 (Wang et al. 2020, "Collaborative Distillation for Ultra-Resolution Universal
Style Transfer"); those of the bundled encoder are trained by `tasks.style_encoder`. Level n ends at relu n_1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, interpolate, max_pool2d, pad

from impasto.context import Context
from impasto.library.models import read_model
from impasto.library.tensors import SUFFIX

from ..shared.architectures import ARCHITECTURES, MODELS, bundled_tensors, chosen_network
from ..shared.controls import BUNDLED
from ..shared.encoder import COLORS
from .parameters import DISTILLED

DECODERS = "style-decoders"
"""Name of the bundled decoders."""
POOL = "pool"
COLOR_DEVIATION = 0.25
"""Standard deviation of colours; they are divided by it, so that they vary as much as features."""

Convolution = tuple[Tensor, Tensor]
"""Weight (O, I, 3, 3) and bias (O,)."""


def links_of(counts: tuple[int, ...], name: str) -> tuple[tuple[str, ...], ...]:
    """Links that each level adds to the previous level's encoder, of a chain with `counts` convolutions in each block.

    A decoder is the same chain in reverse. name: of a convolution, formatted with its block and number.
    """
    levels: list[tuple[str, ...]] = []
    before: tuple[str, ...] = ()
    for block, count in enumerate(counts, 1):
        first, *others = (name.format(block, number) for number in range(1, count + 1))
        levels.append((*before, first))
        before = (*others, POOL)
    return tuple(levels)


LINKS = {DISTILLED: links_of((2, 2, 4, 4, 1), "conv{}{}"), BUNDLED: links_of((2, 2, 3, 1), "conv{}_{}")}
"""Links of each network, see `links_of`."""


@dataclass(frozen=True)
class Coder:
    """Encoder and decoder of one level: their convolutions by the names of the encoder's links.

    has_colors: the mean colours of each feature's pixels are three more channels, to which the decoder adds detail, for
    an encoder that hardly responds to colours. Features are float32, whatever the precision of the weights.
    """

    level: int
    links: tuple[str, ...]
    encoder: Mapping[str, Convolution]
    decoder: Mapping[str, Convolution]
    has_colors: bool = False

    def to(self, dtype: torch.dtype) -> Coder:
        """The coder in another precision, except for the decoder's last layer, which outputs the colours."""
        encoder = {link: (weight.to(dtype), bias.to(dtype)) for link, (weight, bias) in self.encoder.items()}
        decoder = {link: (weight.to(dtype), bias.to(dtype)) for link, (weight, bias) in self.decoder.items()}
        return replace(self, encoder=encoder, decoder=decoder | {self.links[0]: self.decoder[self.links[0]]})

    @property
    def stride(self) -> int:
        """Pixels from one feature to the next."""
        return 2 ** self.links.count(POOL)

    @property
    def halo_px(self) -> int:
        """Reach of an encoded and decoded pixel to each side, in whole strides."""
        reach, stride = 0, 1
        for link in self.links:
            if link == POOL:
                stride *= 2
            else:
                reach += stride
        aligned = 2 * reach + stride - 1  # the grid of the poolings may be offset by up to stride - 1
        return -(-aligned // stride) * stride

    def encode(self, x: Tensor) -> Tensor:
        """(B, 3, H, W), sRGB in [0, 1], with sides of whole strides -> features (B, C, h, w)."""
        F = x.contiguous(memory_format=torch.channels_last)
        for link in self.links:
            F = max_pool2d(F, 2) if link == POOL else _convolve(F, *self.encoder[link]).relu_()
        if self.has_colors:
            F = torch.cat([F.float(), avg_pool2d(x, self.stride) / COLOR_DEVIATION], 1)
        return F.float()

    def decode(self, F: Tensor) -> Tensor:
        """Features (B, C, h, w) -> (B, 3, H, W)."""
        *inner, last = reversed(self.links)
        x = F.contiguous(memory_format=torch.channels_last)
        for link in inner:
            if link == POOL:
                x = interpolate(x, scale_factor=2, mode="nearest")
            else:
                x = _convolve(x, *self.decoder[link]).relu_()
        x = _convolve(x, *self.decoder[last])
        if self.has_colors:
            x = x + interpolate(COLOR_DEVIATION * F[:, -COLORS:], scale_factor=self.stride, mode="bilinear")
        return x.relu_()  # colours are not below 0


def load_coders(name: str, context: Context) -> dict[int, Coder]:
    """The coder of each level of a network, coarse to fine, on the context's device.

    "auto" stands for the distilled network if it is installed, or else the bundled one. Raise ModelError, with
    instructions for getting it, if it is not installed.
    """
    chosen = chosen_network(name, (DISTILLED,), context)
    arrays = context.load_weights(chosen) if chosen != BUNDLED else _bundled_coders()
    tensors = {name: torch.from_numpy(array).to(context.device, torch.float32) for name, array in arrays.items()}
    return coders_of(chosen, tensors)


@cache
def _bundled_coders() -> dict[str, np.ndarray]:
    """Weights of the bundled encoder and its decoders. Raise ModelError if a file is damaged."""
    return bundled_tensors() | read_model(MODELS / f"{DECODERS}{SUFFIX}").load()


def coders_of(network: str, tensors: Mapping[str, Tensor]) -> dict[int, Coder]:
    """The coder of each level, coarse to fine, from a network's tensors by name."""
    return {level: _coder(network, tensors, level) for level in range(len(LINKS[network]), 0, -1)}


def _coder(network: str, tensors: Mapping[str, Tensor], level: int) -> Coder:
    links = sum(LINKS[network][:level], ())
    prefix = "" if network == BUNDLED else f"encoder{level}."  # the bundled encoder is the same at all levels
    encoder = dict(_convolutions(tensors, prefix, links))
    encoder[links[0]] = _merge(*_colors(network, tensors, prefix), *encoder[links[0]])
    decoder = dict(_convolutions(tensors, f"decoder{level}.", links))
    return Coder(level, links, encoder, decoder, has_colors(network, level))


def has_colors(network: str, level: int) -> bool:
    """Whether a level's features include colours, since the bundled encoder learned to ignore those of larger areas."""
    return network == BUNDLED and level > 1


def _convolutions(
    tensors: Mapping[str, Tensor], prefix: str, links: tuple[str, ...]
) -> Iterator[tuple[str, Convolution]]:
    for link in links:
        if link != POOL:
            weight, bias = (tensors[f"{prefix}{link}.{kind}"] for kind in ("weight", "bias"))
            yield link, (weight.contiguous(memory_format=torch.channels_last), bias)


def _colors(network: str, tensors: Mapping[str, Tensor], prefix: str) -> Convolution:
    """The linear change of colours (3, 3) and (3,) before a network's first convolution."""
    if network == DISTILLED:
        return tensors[f"{prefix}conv0.weight"][:, :, 0, 0], tensors[f"{prefix}conv0.bias"]
    like = tensors[f"{prefix}conv1_1.weight"]
    mean, deviation = (like.new_tensor(x) for x in (ARCHITECTURES[network].mean, ARCHITECTURES[network].deviation))
    return torch.diag(1 / deviation), -mean / deviation


def _merge(colors: Tensor, offset: Tensor, weight: Tensor, bias: Tensor) -> Convolution:
    """A convolution that includes the linear change of colours before it."""
    merged = torch.einsum("omhw,mi->oihw", weight, colors).contiguous(memory_format=torch.channels_last)
    return merged, bias + torch.einsum("omhw,m->o", weight, offset)


def _convolve(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Convolution with reflection padding."""
    mode = "reflect" if min(x.shape[2:]) > 1 else "replicate"
    return conv2d(pad(x.to(weight.dtype), (1, 1, 1, 1), mode=mode), weight, bias)
