"""The encoder as it is trained: VGG's chain of convolutions, narrower, with batch normalisation."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d

from impasto_style.catalogue import BLOCKS
from impasto_style.shared.architectures import ARCHITECTURES
from impasto_style.shared.controls import BUNDLED

MEAN, DEVIATION = ARCHITECTURES[BUNDLED].mean[0], ARCHITECTURES[BUNDLED].deviation[0]
"""Normalisation of the pictures (sRGB in [0, 1]), of all channels."""
CHANNELS = BLOCKS[BUNDLED]
CODE = 64
"""Channels in which instances are told apart."""


class StyleEncoderNetwork(nn.Module):
    """Features of the last layer of each block, of pictures (B, 3, H, W) in [0, 1]."""

    def __init__(self, blocks: Sequence[Sequence[int]] = CHANNELS) -> None:
        super().__init__()
        self.blocks = nn.ModuleList()
        inputs = 3
        for widths in blocks:
            layers = nn.ModuleList()
            for outputs in widths:
                convolution = nn.Conv2d(inputs, outputs, 3, padding=1, padding_mode="reflect", bias=False)
                nn.init.kaiming_normal_(convolution.weight)
                layers.append(nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU()))
                inputs = outputs
            self.blocks.append(layers)

    def forward(self, x: Tensor) -> list[Tensor]:
        x = (x - MEAN) / DEVIATION
        found = []
        for index, layers in enumerate(self.blocks):
            x = max_pool2d(x, 2) if index else x
            for layer in layers:
                x = layer(x)
            found.append(x)
        return found

    @torch.no_grad()
    def folded(self) -> dict[str, Tensor]:
        """Weights `conv{block}_{number}` of the same chain of plain convolutions: each with its normalisation."""
        tensors = {}
        for block, layers in enumerate(self.blocks, 1):
            for number, (convolution, norm, _) in enumerate(layers, 1):
                gain = norm.weight / (norm.running_var + norm.eps).sqrt()
                tensors[f"conv{block}_{number}.weight"] = convolution.weight * gain[:, None, None, None]
                tensors[f"conv{block}_{number}.bias"] = norm.bias - norm.running_mean * gain
        return tensors


class Heads(nn.Module):
    """Linear heads over each block's descriptors: a code that tells pictures apart, and classes over the last two."""

    def __init__(self, classes: int, blocks: Sequence[Sequence[int]] = CHANNELS) -> None:
        super().__init__()
        self.codes = nn.ModuleList([nn.Linear(2 * widths[-1], CODE) for widths in blocks])
        self.classes = nn.Linear(2 * (blocks[-2][-1] + blocks[-1][-1]), classes)


def descriptors(features: Tensor) -> Tensor:
    """Mean and standard deviation of each channel of (B, C, H, W): (B, 2 C)."""
    features = features.float()
    deviation = (features.var((2, 3)) + 1e-4).sqrt()
    return torch.cat([features.mean((2, 3)), deviation], 1)
