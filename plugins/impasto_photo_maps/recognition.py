"""A network that recognises relief: slopes, how steep a surface is, and how rough, from one picture.

SqueezeNet 1.1 (Iandola et al. 2016), whose pooling windows do not overlap, recognises at a 16th of the resolution; a
decoder brings that back to a quarter (Ronneberger et al. 2015). There it says how much of the slopes that brightness
and colour suggest in several bands is relief, with which sign, and what is to be added. Everything wraps around, and
nothing but the exposure is averaged over the whole picture, so that a part is recognised as the whole is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d, pad, pixel_unshuffle, softplus

from impasto.library.models import load_model, read_model
from impasto.library.networks import network_of
from impasto.library.tensors import SUFFIX
from impasto.numerics.blur import blur, gaussian_blur
from impasto.numerics.borders import Plane, Wraps, with_margin
from impasto.numerics.gradients import central_differences
from impasto.surface.color_tensors import linear_to_srgb

from .prior import BANDS, FIELDS, Brightness

MODELS = Path(__file__).with_name("models")
MODEL, TOOL = "photo-maps", "photo-maps"

IN = 5
"""Channels of the input: sRGB, and the unit vector to the light or 0."""
OUTPUTS = {"slopes": 2, "tilt": 1, "error": 1, "roughness": 1}
"""Channels of the output by name: slopes to the right and down the rows; mean tilt around, and expected error of
normals, in radians; and the logit of roughness."""
OUT = sum(OUTPUTS.values())
USUAL = {
    "bark": (16.7, 0.57),
    "bricks": (10.7, 0.58),
    "concrete": (7.8, 0.67),
    "fabric": (10.3, 0.72),
    "grass": (12.0, 0.65),
    "gravel": (10.4, 0.57),
    "ground": (13.5, 0.60),
    "marble": (1.5, 0.26),
    "metal": (2.9, 0.37),
    "paving": (9.8, 0.53),
    "plaster": (5.2, 0.68),
    "plastic": (3.0, 0.42),
    "rock": (15.2, 0.56),
    "roof": (13.3, 0.67),
    "rust": (7.2, 0.54),
    "sand": (11.2, 0.65),
    "snow": (4.8, 0.44),
    "stones": (8.5, 0.60),
    "tiles": (4.8, 0.30),
    "wood": (4.5, 0.54),
}
"""Kinds of material that are told apart, and the usual mean tilt in degrees and roughness of each: of the measured sets
that the network learned from, as `tasks.photo_maps.kinds.usual` computes them."""
KINDS = tuple(USUAL)
USUAL_SHARE = 1 / 3
"""Share of what is usual in the roughness of a surface, and in its tilt under an unknown light, beside what the network
sees."""
STRIDE = 16
"""Sides of pictures are multiples of this."""
MIDDLE_GREY = 0.18
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's pictures."""
FIRES = ((16, 64), (16, 64)), ((32, 128), (32, 128)), ((48, 192), (48, 192), (64, 256), (64, 256))
"""Channels, squeezed and of either kind of expansion, of the fire modules at a quarter, an eighth and a 16th."""
KEPT, WIDTHS = (128, 256, 512), (64, 96, 128)
"""Channels of the encoder and the decoder from a quarter to a 16th of the resolution."""
FINE = 4
"""Reduction of the finest level."""
FIRST_SHARE = 0.3
"""Share of what brightness suggests that the untrained network takes for relief."""
REACHES = (1, 2, 4)
"""Dilations of the convolutions at a 16th, in its pixels."""
LEAST_ANGLE = 1e-3
HALF_TRUSTED_DEGREES = 10.0
"""Expected angle between normals and true ones at which confidence is a half."""
BOLDNESS, MOST_STRENGTHENED = 0.67, 6.0
"""Where the mean tilt that is made lies between that of the slopes, which are the smaller the less sure they are (0),
and the recognised one (1); and the largest factor between these."""
JOINTED = ("bark", "bricks", "fabric", "paving", "roof", "stones", "tiles", "wood")
"""Kinds that are made of pieces with joints or fibres, whose colours go with their relief."""
LEAST_SHARE = 0.5
"""Factor of the relief where all brightness goes with colour, as that of paint does."""
SMALLEST_PX, LARGEST_PX = 512, 1024
"""Sides of the squares that large pictures are recognised at, between which they are halved."""
LEAST_PX = 64
"""Least side of a picture that wraps around; a smaller one is repeated."""
MARGIN_PX = 64
"""Mirrored surroundings of a picture that does not wrap around."""
FINE_PX, AROUND_PX, LEAST_ENERGY = 1.5, 16.0, 1e-4
"""Width of the finest shapes, and of the surroundings in which they are compared with brightness; and the energy of
its gradients that counts as none."""


class RecognitionNetwork(nn.Module):
    """Pictures (B, IN, H, W), sides multiples of `STRIDE`, and the slopes (B, FIELDS, 2, H, W) that they suggest, to
    values (B, OUT, H, W), and to logits of `KINDS` at a 16th of the resolution."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 64, 3, 2, padding=1, padding_mode="circular")
        self.fires = nn.ModuleList([_fires(sizes, before) for sizes, before in zip(FIRES, (64, 128, 256), strict=True)])
        self.lateral = nn.ModuleList([nn.Conv2d(have, want, 1) for have, want in zip(KEPT, WIDTHS, strict=True)])
        self.around = nn.ModuleList([Convolved(WIDTHS[-1], WIDTHS[-1], reach) for reach in REACHES])
        self.kinds = nn.Conv2d(WIDTHS[-1], len(KINDS), 1)
        self.detail = Convolved(16 * IN, WIDTHS[0])
        self.up = nn.ModuleList([_refining(width, below) for width, below in pairwise(WIDTHS)])
        self.finest = Convolved(2 * WIDTHS[0], WIDTHS[0])
        self.leave = nn.Conv2d(WIDTHS[0], FIELDS + OUT, 1)
        usual = torch.zeros(FIELDS + OUT)
        usual[: 2 * BANDS] = FIRST_SHARE
        self.leave.weight.data.mul_(0.1)
        self.leave.bias = nn.Parameter(usual)

    def forward(self, x: Tensor, suggested: Tensor) -> tuple[Tensor, Tensor]:
        """Values as in `OUTPUTS`, and the logits."""
        *kept, y = self.encoded(x[:, :3])
        kinds = self.kinds(y)
        for layer in reversed(self.up):
            y = layer(torch.cat([interpolate(y, scale_factor=2.0), kept.pop()], 1))
        y = y + self.finest(torch.cat([y, self.detail(pixel_unshuffle(x, FINE))], 1))
        shares, values = _enlarged(self.leave(y).float()).split([FIELDS, OUT], 1)
        slopes = values[:, :2] + (shares[:, :, None] * suggested).sum(1)
        return torch.cat([slopes, softplus(values[:, 2:4]) + LEAST_ANGLE, values[:, 4:]], 1), kinds

    def encoded(self, picture: Tensor) -> list[Tensor]:
        """Features from a quarter to a 16th of the resolution, of `WIDTHS` channels, of sRGB less 0.5 (B, 3, H, W)."""
        mean, deviation = (picture.new_tensor(values)[:, None, None] for values in (MEAN, DEVIATION))
        y = self.first((picture + 0.5 - mean) / deviation).relu()
        kept = []
        for fires in self.fires:
            y = fires(max_pool2d(y, 2))
            kept.append(y)
        *others, y = (layer(one) for layer, one in zip(self.lateral, kept, strict=True))
        for layer in self.around:
            y = y + layer(y)
        return [*others, y]


def _enlarged(x: Tensor) -> Tensor:
    """x (B, C, h, w), which wraps around, `FINE` times as large, bilinearly."""
    wide = pad(x, (1, 1, 1, 1), mode="circular")
    wide = interpolate(wide, scale_factor=float(FINE), mode="bilinear", align_corners=False)
    return wide[:, :, FINE:-FINE, FINE:-FINE]


class Convolved(nn.Module):
    """Convolution (B, before, H, W) -> (B, after, H, W), pixels scaled to one magnitude (Karras et al. 2018)."""

    def __init__(self, before: int, after: int, reach: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(before, after, 3, padding=reach, dilation=reach, padding_mode="circular")
        self.scale = nn.Parameter(torch.ones(after, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.convolution(x)
        magnitude = x.square().mean(1, keepdim=True).add(1e-6).rsqrt()
        return nn.functional.silu(x * magnitude * self.scale)


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


def _fires(sizes: tuple[tuple[int, int], ...], before: int) -> nn.Sequential:
    layers = []
    for squeezed, expanded in sizes:
        layers.append(FireModule(before, squeezed, expanded))
        before = 2 * expanded
    return nn.Sequential(*layers)


def _refining(width: int, below: int) -> nn.Sequential:
    return nn.Sequential(Convolved(width + below, width), Convolved(width, width))


def network_input(picture: Tensor, toward: Tensor) -> Tensor:
    """Input (IN, …, H, W) of linear pictures (3, …, H, W), however exposed, and the unit vectors (2, …) to their light,
    0 if unknown."""
    exposed = picture * (MIDDLE_GREY / picture.mean((0, -2, -1), keepdim=True).clamp_min(1e-4))
    encoded = linear_to_srgb(exposed.clamp(0, 1)) - 0.5
    return torch.cat([encoded, toward[..., None, None].expand(2, *picture.shape[1:])])


@torch.inference_mode()
def recognised(network: nn.Module, picture: Tensor, wraps: Wraps, toward: Tensor | None = None) -> dict[str, Tensor]:
    """Values by name (C, H, W) of a linear picture (3, H, W), which wraps around (vertically, horizontally), where its
    side is a multiple of `STRIDE` and `LEAST_PX` at least, or is mirrored."""
    toward = picture.new_zeros(2) if toward is None else toward
    (top, bottom), (left, right) = (
        (0, 0) if wrap else (MARGIN_PX, MARGIN_PX + -size % STRIDE)
        for size, wrap in zip(picture.shape[1:], wraps, strict=True)
    )
    height, width = picture.shape[1:]
    plane = Plane((height, width), ((top, bottom), (left, right)))
    extended = plane.extend(picture)
    whole = Plane((height + top + bottom, width + left + right), ((0, 0), (0, 0)))
    suggested = replace(Brightness.of(extended, plane), plane=whole).suggestions(toward)
    values, kinds = network(network_input(extended, toward)[None], suggested[None])
    found = plane.crop(values[0]).split(list(OUTPUTS.values()))
    return {**dict(zip(OUTPUTS, found, strict=True)), "kinds": kinds[0]}


@cache
def load_recognition() -> RecognitionNetwork:
    """The bundled network. ModelError if its file is damaged."""
    return network_of(RecognitionNetwork, load_model(read_model(MODELS / f"{MODEL}{SUFFIX}")), MODEL, TOOL).eval()


@dataclass(frozen=True)
class Recognition:
    """Findings about a picture of (H, W). slopes: to the right and down the rows (2, H, W), as strong as is likely.
    tilt, error: mean tilt around and expected error of normals in radians; roughness: in [0, 1] (H, W). kinds:
    probabilities of `KINDS`."""

    slopes: Tensor
    tilt: Tensor
    error: Tensor
    roughness: Tensor
    kinds: Tensor

    @property
    def confidence(self) -> Tensor:
        """Trust in the normals (H, W), from 0 to 1."""
        return 1 / (1 + (self.error.rad2deg() / HALF_TRUSTED_DEGREES).square())


def recognise(network: nn.Module, picture: Tensor, wraps: Wraps, toward: Tensor) -> Recognition:
    """Recognise a linear picture (3, H, W), which wraps around (vertically, horizontally) or is mirrored there.

    Large pictures are recognised at a smaller size; finer slopes then follow brightness as those at that size do.
    """
    (height, width), moved = _size(picture), _anchor(picture, wraps)
    picture = picture.roll(moved, (1, 2))
    repeats = (-(-LEAST_PX // side) if wrap else 1 for side, wrap in zip((height, width), wraps, strict=True))
    whole = picture.repeat(1, *repeats)
    small = _at_size(whole, _working_size(_size(whole), wraps), wraps)
    found = recognised(network, small, wraps, toward)
    slopes = _at_size(found["slopes"], _size(whole), wraps)
    if small.shape[2] < whole.shape[2]:
        slopes = slopes + _finer(found["slopes"], small, whole, wraps)
    singles = [found[name] for name in ("tilt", "error", "roughness")]
    fields = torch.cat([slopes, _at_size(torch.cat(singles), _size(whole), wraps)])
    fields = fields[:, :height, :width].roll((-moved[0], -moved[1]), (1, 2))
    slopes, (tilt, error, roughness) = fields[:2], fields[2:]
    slopes = slopes - slopes.mean((1, 2), keepdim=True)  # a surface is level as a whole
    kinds = found["kinds"].mean((1, 2)).softmax(0)
    usual = kinds @ torch.tensor([(math.log(math.radians(angle)), rough) for angle, rough in USUAL.values()]).to(kinds)
    if not toward.any():  # else the shading shows it
        tilt = tilt * (usual[0].exp() / tilt.mean()) ** USUAL_SHARE
    roughness = roughness.sigmoid().lerp(usual[1], USUAL_SHARE)
    return Recognition(slopes, tilt, error, roughness, kinds)


def strength(found: Recognition, brightness: Brightness | None) -> float:
    """Factor by which slopes become almost as steep as such surfaces are.

    brightness: of a picture whose light is not known. The more of it goes with colour, as that of paint does, the
    smaller is the factor, but for kinds that have joints.
    """
    tilt, slopes = float(found.tilt.mean()), float(found.slopes.square().sum(0).sqrt().atan().mean())
    factor = min(max(tilt / max(slopes, LEAST_ANGLE), 1 / MOST_STRENGTHENED), MOST_STRENGTHENED) ** BOLDNESS
    if brightness is None:
        return factor
    whole, unexplained = (float(x.square().sum()) for x in brightness.beside_color())
    jointed = sum(float(found.kinds[KINDS.index(kind)]) for kind in JOINTED)
    return factor * LEAST_SHARE ** ((1 - unexplained / max(whole, LEAST_ANGLE)) * (1 - jointed))


def _anchor(picture: Tensor, wraps: Wraps) -> tuple[int, int]:
    """Shift (down, right) of a picture (3, H, W) that brings its brightest surroundings to the corner where it wraps
    around, so that a tile is recognised alike however it was rolled."""
    height, width = picture.shape[1:]
    broad = blur(picture.mean(0), max(1.0, min(height, width) / 16))
    row, column = divmod(int(broad.argmax()), width)
    return -row if wraps[0] else 0, -column if wraps[1] else 0


def _size(x: Tensor) -> tuple[int, int]:
    """Height and width of x (…, H, W)."""
    return x.shape[-2], x.shape[-1]


def _working_size(size_px: tuple[int, int], wraps: Wraps) -> tuple[int, int]:
    """Size at which a picture is recognised, a multiple of `STRIDE` where it wraps around."""
    side = (size_px[0] * size_px[1]) ** 0.5
    scale = min(1.0, max(SMALLEST_PX, min(side / 2, LARGEST_PX)) / side)
    steps = (STRIDE if wrap else 1 for wrap in wraps)
    height, width = (max(round(length * scale / step), 1) * step for length, step in zip(size_px, steps, strict=True))
    return height, width


def _at_size(x: Tensor, size_px: tuple[int, int], wraps: Wraps) -> Tensor:
    """x (C, H, W) at another size, bilinearly, or by averages if that is smaller."""
    if x.shape[1:] == size_px:
        return x
    factors = [new / old for new, old in zip(size_px, x.shape[1:], strict=True)]
    margin = 2
    wide = with_margin(x, margin, wraps)
    enlarged = [round(length * factor) for length, factor in zip(wide.shape[1:], factors, strict=True)]
    y = interpolate(wide[None], enlarged, mode="bilinear", align_corners=False, antialias=True)[0]
    top, left = ((have - want) // 2 for have, want in zip(enlarged, size_px, strict=True))
    return y[:, top : top + size_px[0], left : left + size_px[1]]


def _finer(slopes: Tensor, small: Tensor, picture: Tensor, wraps: Wraps) -> Tensor:
    """Slopes (2, H, W) finer than those (2, h, w) of the small picture (3, h, w): so much of the gradients of the
    brightness of the picture (3, H, W) as the finest of these slopes are of its own."""
    factor = (picture.shape[1] * picture.shape[2] / (small.shape[1] * small.shape[2])) ** 0.5
    of_small, of_picture = (_gradients(linear_to_srgb(x.clamp(0, 1)).mean(0), wraps) for x in (small, picture))
    fine, rising = (x - gaussian_blur(x[None], FINE_PX, True)[0] for x in (slopes, of_small))
    products = torch.stack([(fine * rising).sum(0), rising.square().sum(0)])
    product, energy = gaussian_blur(products[None], AROUND_PX, True)[0]
    share = _at_size((product / (energy + LEAST_ENERGY))[None], _size(picture), wraps)
    return share * (of_picture * factor - _at_size(of_small, _size(picture), wraps))


def _gradients(x: Tensor, wraps: Wraps) -> Tensor:
    """Central differences (2, H, W) of x (H, W), to the right and down the rows."""
    down, right = central_differences(with_margin(x, 1, wraps))
    return torch.stack([right, down])
