"""A network that recognises relief and roughness from one picture.

SqueezeNet 1.1 (Iandola et al. 2016), whose pooling windows do not overlap, recognises at a 16th of the resolution; a
decoder brings that back to a quarter (Ronneberger et al. 2015). There it says how much of the slopes that brightness
and colour suggest in several bands is relief, with which sign, and what is to be added. Everything wraps around, and
nothing but the exposure is averaged over the whole picture, so that a part is recognised as the whole is.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d, pad, pixel_unshuffle, silu, softplus

from impasto.library.models import read_model
from impasto.library.networks import network_of
from impasto.library.tensors import SUFFIX
from impasto.numerics.borders import Plane, Wraps
from impasto.surface.color_tensors import linear_to_srgb

from .kinds import KINDS
from .prior import BANDS, FIELDS, Brightness

MODELS = Path(__file__).with_name("models")
MODEL, TOOL = "photo-maps", "photo-maps"

IN = 5
"""Channels of the input: sRGB, and the unit vector to the light or 0."""
OUTPUTS = {"slopes": 2, "tilt": 1, "error": 1}
"""Channels of the output by name: slopes to the right and down the rows; mean tilt around, and expected error of
normals, in radians."""
OUT = sum(OUTPUTS.values())
STRIDE = 16
"""Sides of pictures are multiples of this."""
MIDDLE_GREY = 0.18
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Mean and deviation of ImageNet's pictures."""
FIRES = ((16, 64), (16, 64)), ((32, 128), (32, 128)), ((48, 192), (48, 192), (64, 256), (64, 256))
"""Channels, squeezed and of either kind of expansion, of the fire modules at a quarter, an eighth and a 16th."""
KEPT, WIDTHS = (128, 256, 512), (64, 96, 128)
"""Channels of the encoder and the decoder from a quarter to a 16th of the resolution."""
FINISH_WIDTH, DETAIL_WIDTH = 96, 24
"""Channels that roughness is recognised from, at a 16th and at a quarter of the resolution."""
FINE = 4
"""Reduction of the finest level."""
FIRST_SHARE = 0.3
"""Share of the suggested slopes that the untrained network takes for relief."""
REACHES = (1, 2, 4)
"""Dilations of the convolutions at a 16th, in its pixels."""
LEAST_ANGLE = 1e-3
MARGIN_PX = 64
"""Width of the mirrored surroundings of a picture that does not wrap around."""


class RecognitionNetwork(nn.Module):
    """Pictures (B, IN, H, W), sides multiples of `STRIDE`, and the slopes (B, FIELDS, 2, H, W) that they suggest, to
    values (B, OUT, H, W), and to logits of `KINDS` at a 16th of the resolution. Roughness is recognised by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 64, 3, 2, padding=1, padding_mode="circular")
        self.fires = nn.ModuleList([fires(sizes, before) for sizes, before in zip(FIRES, (64, 128, 256), strict=True)])
        self.lateral = nn.ModuleList([nn.Conv2d(have, want, 1) for have, want in zip(KEPT, WIDTHS, strict=True)])
        self.around = nn.ModuleList([Convolved(WIDTHS[-1], WIDTHS[-1], reach) for reach in REACHES])
        self.kinds = nn.Conv2d(WIDTHS[-1], len(KINDS), 1)
        self.detail = Convolved(16 * IN, WIDTHS[0])
        self.up = nn.ModuleList([refining(width, below) for width, below in pairwise(WIDTHS)])
        self.finest = Convolved(2 * WIDTHS[0], WIDTHS[0])
        self.leave = nn.Conv2d(WIDTHS[0], FIELDS + OUT, 1)
        usual = torch.zeros(FIELDS + OUT)
        usual[: 2 * BANDS] = FIRST_SHARE
        self.leave.weight.data.mul_(0.1)
        self.leave.bias = nn.Parameter(usual)
        self.finish = FinishNetwork()

    def forward(self, x: Tensor, suggested: Tensor, lights: int = 1) -> tuple[Tensor, Tensor]:
        """Values as in `OUTPUTS`, and the logits. lights: number of successive inputs that show the same picture."""
        *skips, y = self.features(x[::lights, :3])
        kinds = self.kinds(y)
        for layer in reversed(self.up):
            y = layer(torch.cat([interpolate(y, scale_factor=2.0), skips.pop()], 1))
        y = y.repeat_interleave(lights, 0)
        y = y + self.finest(torch.cat([y, self.detail(pixel_unshuffle(x, FINE))], 1))
        shares, values = upsampling(self.leave(y).float(), FINE).split([FIELDS, OUT], 1)
        slopes = values[:, :2] + (shares[:, :, None] * suggested).sum(1)
        return torch.cat([slopes, softplus(values[:, 2:]) + LEAST_ANGLE], 1), kinds

    def roughness(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of roughness (B, 1, h, w), at a quarter of the resolution, of sRGB less 0.5 (B, 3, H, W); and the
        features at a 16th that most of these are made of."""
        return self.finish(recognised(self.first, self.fires[:1], picture)[0])

    def features(self, picture: Tensor) -> list[Tensor]:
        """Features of sRGB less 0.5 (B, 3, H, W), `WIDTHS` channels, from a quarter to a 16th of the resolution."""
        levels = recognised(self.first, self.fires, picture)
        *others, y = (layer(one) for layer, one in zip(self.lateral, levels, strict=True))
        for layer in self.around:
            y = y + layer(y)
        return [*others, y]


def recognised(first: nn.Module, later: nn.ModuleList, picture: Tensor) -> list[Tensor]:
    """Features of sRGB less 0.5 (B, 3, H, W) from SqueezeNet's first and later layers: `KEPT` channels, from a quarter
    to a 16th of the resolution."""
    mean, deviation = (picture.new_tensor(values)[:, None, None] for values in (MEAN, DEVIATION))
    y = first((picture + 0.5 - mean) / deviation).relu()
    levels = []
    for layer in later:
        y = layer(max_pool2d(y, 2))
        levels.append(y)
    return levels


class FinishNetwork(nn.Module):
    """The part that recognises roughness: features (B, KEPT[0], h, w) to the values of `roughness`."""

    def __init__(self) -> None:
        super().__init__()
        self.fires = nn.ModuleList([fires(sizes, before) for sizes, before in zip(FIRES[1:], KEPT[:2], strict=True)])
        self.join = nn.Conv2d(sum(KEPT[1:]), FINISH_WIDTH, 1)
        self.around = nn.ModuleList([Convolved(FINISH_WIDTH, FINISH_WIDTH, reach) for reach in REACHES[:2]])
        self.leave = nn.Conv2d(FINISH_WIDTH, 1, 1)
        self.detail = Convolved(KEPT[0], DETAIL_WIDTH)
        self.fine = nn.Conv2d(DETAIL_WIDTH, 1, 1)
        for weights in self.fine.parameters():
            nn.init.zeros_(weights)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        middle = self.fires[0](max_pool2d(x, 2))
        y = self.join(torch.cat([max_pool2d(middle, 2), self.fires[1](max_pool2d(middle, 2))], 1))
        y = silu(y * y.square().mean(1, keepdim=True).add(1e-6).rsqrt())
        for layer in self.around:
            y = y + layer(y)
        return upsampling(self.leave(y), FINE) + self.fine(self.detail(x)), y


def upsampling(x: Tensor, factor: int) -> Tensor:
    """x (B, C, h, w), which wraps around, enlarged bilinearly."""
    wide = pad(x, (1, 1, 1, 1), mode="circular")
    wide = interpolate(wide, scale_factor=float(factor), mode="bilinear", align_corners=False)
    return wide[:, :, factor:-factor, factor:-factor]


class Convolved(nn.Module):
    """Convolution (B, before, H, W) -> (B, after, H, W), pixels scaled to one magnitude (Karras et al. 2018)."""

    def __init__(self, before: int, after: int, reach: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(before, after, 3, padding=reach, dilation=reach, padding_mode="circular")
        self.scale = nn.Parameter(torch.ones(after, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.convolution(x)
        magnitude = x.square().mean(1, keepdim=True).add(1e-6).rsqrt()
        return silu(x * magnitude * self.scale)


class FireModule(nn.Module):
    """SqueezeNet's module (B, before, H, W) -> (B, 2 · expanded, H, W)."""

    def __init__(self, before: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(before, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1, padding_mode="circular")

    def forward(self, x: Tensor) -> Tensor:
        x = self.squeeze(x).relu()
        return torch.cat([self.expand1x1(x), self.expand3x3(x)], 1).relu()


def fires(sizes: tuple[tuple[int, int], ...], before: int) -> nn.Sequential:
    layers = []
    for squeezed, expanded in sizes:
        layers.append(FireModule(before, squeezed, expanded))
        before = 2 * expanded
    return nn.Sequential(*layers)


def refining(width: int, below: int) -> nn.Sequential:
    return nn.Sequential(Convolved(width + below, width), Convolved(width, width))


def network_input(picture: Tensor, toward: Tensor) -> Tensor:
    """Input (IN, …, H, W) of linear pictures (3, …, H, W), however exposed, and the unit vectors (2, …) to their light,
    0 if unknown."""
    exposed = picture * (MIDDLE_GREY / picture.mean((0, -2, -1), keepdim=True).clamp_min(1e-4))
    encoded = linear_to_srgb(exposed.clamp(0, 1)) - 0.5
    return torch.cat([encoded, toward[..., None, None].expand(2, *picture.shape[1:])])


@torch.inference_mode()
def estimates(network: nn.Module, picture: Tensor, wraps: Wraps, toward: Tensor | None = None) -> dict[str, Tensor]:
    """Values by name (C, H, W) of a linear picture (3, H, W), which wraps around (vertically, horizontally), where its
    side is a multiple of `STRIDE` and `LEAST_PX` at least, or is mirrored.

    toward: to the light (2,), 0 if unknown; or to several lights (2, L), for values (C, L, H, W).
    """
    toward = picture.new_zeros(2) if toward is None else toward
    lights = toward.view(2, -1)
    count = lights.shape[1]
    plane = _with_surroundings(picture, wraps)
    extended = plane.extend(picture)
    whole = Plane((extended.shape[1], extended.shape[2]), ((0, 0), (0, 0)))
    suggested = replace(Brightness.of(extended, plane), plane=whole).suggestions(lights)
    stacked = network_input(extended[:, None].expand(-1, count, -1, -1), lights)
    of_lights = suggested.view(FIELDS, 2, *stacked.shape[1:]).permute(2, 0, 1, 3, 4)
    values, kinds = network(stacked.transpose(0, 1), of_lights, count)
    found = plane.crop(values.transpose(0, 1)).split(list(OUTPUTS.values()))
    of_each = {name: x if toward.ndim > 1 else x[:, 0] for name, x in zip(OUTPUTS, found, strict=True)}
    return {**of_each, "kinds": kinds[0]}


@torch.inference_mode()
def roughness_logits(network: RecognitionNetwork, picture: Tensor, wraps: Wraps) -> Tensor:
    """Logits of roughness (1, H, W) of a linear picture (3, H, W) as for `estimates`."""
    plane = _with_surroundings(picture, wraps)
    given = network_input(plane.extend(picture), picture.new_zeros(2))[None, :3]
    return plane.crop(upsampling(network.roughness(given)[0].float(), FINE)[0])


def _with_surroundings(picture: Tensor, wraps: Wraps) -> Plane:
    """The plane of a picture (3, H, W), with mirrored surroundings where it does not wrap around."""
    height, width = picture.shape[1:]
    (top, bottom), (left, right) = (
        (0, 0) if wrap else (MARGIN_PX, MARGIN_PX + -side % STRIDE)
        for side, wrap in zip((height, width), wraps, strict=True)
    )
    return Plane((height, width), ((top, bottom), (left, right)))


@cache
def load_recognition() -> RecognitionNetwork:
    """The bundled network. Raise ModelError if its file is damaged."""
    return network_of(RecognitionNetwork, read_model(MODELS / f"{MODEL}{SUFFIX}").load(), MODEL, TOOL).eval()
