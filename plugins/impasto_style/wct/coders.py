"""Encoders at five levels of a network, and decoders that turn their features back into pictures.

Distilled from VGG19 (Wang et al. 2020, "Collaborative Distillation for Ultra-Resolution Universal Style Transfer");
level n ends at relu n_1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import conv2d, interpolate, max_pool2d, pad

from impasto.context import Context

WEIGHTS = "vgg19-small"
LEVELS = (5, 4, 3, 2, 1)
"""Levels in the order in which a picture is repainted: coarse to fine."""
POOL = "pool"
LINKS = (
    ("conv11",),
    ("conv12", POOL, "conv21"),
    ("conv22", POOL, "conv31"),
    ("conv32", "conv33", "conv34", POOL, "conv41"),
    ("conv42", "conv43", "conv44", POOL, "conv51"),
)
"""Links that each level adds to the previous level's encoder; a decoder is the same chain in reverse."""

Convolution = tuple[Tensor, Tensor]
"""Weight (O, I, 3, 3) and bias (O,)."""


@dataclass(frozen=True)
class Coder:
    """Encoder and decoder of one level: their convolutions by the names of the encoder's links.

    Features are float32, whatever the precision of the weights.
    """

    level: int
    links: tuple[str, ...]
    encoder: Mapping[str, Convolution]
    decoder: Mapping[str, Convolution]

    def to(self, dtype: torch.dtype) -> Coder:
        """The same in another precision, except for the decoder's last layer, which outputs the colours."""
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
        """(1, 3, H, W), sRGB in [0, 1], with sides of whole strides -> features (1, C, h, w)."""
        x = x.contiguous(memory_format=torch.channels_last)
        for link in self.links:
            x = max_pool2d(x, 2) if link == POOL else _convolve(x, *self.encoder[link])
        return x.float()

    def decode(self, F: Tensor) -> Tensor:
        """Features (1, C, h, w) -> (1, 3, H, W)."""
        x = F.contiguous(memory_format=torch.channels_last)
        for link in reversed(self.links):
            x = interpolate(x, scale_factor=2, mode="nearest") if link == POOL else _convolve(x, *self.decoder[link])
        return x


def load_coders(context: Context) -> dict[int, Coder]:
    """The coder of each level, on the context's device; ModelError if the weights are not installed."""
    tensors = {name: torch.from_numpy(array).float() for name, array in context.load_weights(WEIGHTS).items()}
    return {level: _coder(tensors, level, context.device) for level in LEVELS}


def _coder(tensors: Mapping[str, Tensor], level: int, device: str) -> Coder:
    links = sum(LINKS[:level], ())
    encoder, decoder = (
        {
            link: (tensors[f"{side}{level}.{link}.weight"], tensors[f"{side}{level}.{link}.bias"])
            for link in links
            if link != POOL
        }
        for side in ("encoder", "decoder")
    )
    colors, offset = tensors[f"encoder{level}.conv0.weight"], tensors[f"encoder{level}.conv0.bias"]
    weight, bias = encoder["conv11"]  # merged with the change of colours before it, which is linear
    encoder["conv11"] = (
        torch.einsum("omhw,mi->oihw", weight, colors[:, :, 0, 0]),
        bias + torch.einsum("omhw,m->o", weight, offset),
    )
    for side in (encoder, decoder):
        for link, (weight, bias) in side.items():
            side[link] = weight.to(device, memory_format=torch.channels_last), bias.to(device)
    return Coder(level, links, encoder, decoder)


def _convolve(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Convolution with reflection padding, then a ReLU, even at the end of a decoder, since colours are not below 0."""
    mode = "reflect" if min(x.shape[2:]) > 1 else "replicate"
    return conv2d(pad(x.to(weight.dtype), (1, 1, 1, 1), mode=mode), weight, bias).relu_()
