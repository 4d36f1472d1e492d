"""Recognition in a picture of any size, and the steepness of its relief."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from impasto.numerics.borders import Wraps, with_margin
from impasto.numerics.filters import blur, central_differences, gaussian_blur
from impasto.surface.color_tensors import linear_to_srgb

from .kinds import JOINTED, KINDS, USUAL
from .network import LEAST_ANGLE, STRIDE, RecognitionNetwork, estimates, roughness_logits
from .prior import Brightness

USUAL_SHARE = 1 / 3
"""Share of what is usual in the tilt of a surface under an unknown light, beside what the network sees."""
HALF_TRUSTED_DEGREES = 10.0
"""Confidence is a half at this expected angle between normals and the true ones."""
BOLDNESS, MOST_STRENGTHENED = 0.67, 6.0
"""Place of the mean tilt that is made between that of the slopes, which are the smaller the less sure they are (0), and
the recognised one (1); and the largest factor between these."""
LEAST_SHARE = 0.5
"""Factor of the relief if all brightness correlates with colour, as paint does."""
SMALLEST_PX, LARGEST_PX = 512, 1024
"""Range of sides at which large pictures are recognised; they are halved until they fit."""
LEAST_PX = 64
"""Smallest side of a picture that wraps around; smaller ones are repeated."""
SIZES = (1.0, 0.75, 0.5)
"""Sizes, relative to `SMALLEST_PX` or to a smaller picture, whose roughness is averaged."""
FINE_PX, AROUND_PX, LEAST_ENERGY = 1.5, 16.0, 1e-4
"""Width of the finest shapes, and of the surroundings in which they are compared with brightness; and the energy of
its gradients that counts as none."""


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


def recognise(network: RecognitionNetwork, picture: Tensor, wraps: Wraps, toward: Tensor) -> Recognition:
    """Recognise a linear picture (3, H, W), which wraps around (vertically, horizontally) or is mirrored there.

    toward: unit vector (2,), to the right and up, to the light, or 0. Large pictures are recognised at a smaller size;
    finer slopes then follow brightness as those at that size do.
    """
    return recognise_under(network, picture, wraps, toward[:, None])[0]


def recognise_under(network: RecognitionNetwork, picture: Tensor, wraps: Wraps, lights: Tensor) -> list[Recognition]:
    """Findings about a picture as for `recognise`, under each of several lights (2, L)."""
    (height, width), moved = _size(picture), _anchor(picture, wraps)
    picture = picture.roll(moved, (1, 2))
    repeats = (-(-LEAST_PX // side) if wrap else 1 for side, wrap in zip((height, width), wraps, strict=True))
    whole = picture.repeat(1, *repeats) if min(height, width) < LEAST_PX else picture
    small = _at_size(whole, _working_size(_size(whole), wraps), wraps)
    found = estimates(network, small, wraps, lights)
    kinds = found.pop("kinds").mean((1, 2)).softmax(0)
    usual_tilt = (kinds @ torch.tensor([math.log(math.radians(angle)) for angle, _ in USUAL.values()]).to(kinds)).exp()
    roughness = recognised_roughness(network, whole, wraps)[:height, :width].roll((-moved[0], -moved[1]), (0, 1))
    recognitions = []
    for number, toward in enumerate(lights.T):
        own = {name: x[:, number] for name, x in found.items()}
        slopes = _at_size(own["slopes"], _size(whole), wraps)
        if small.shape[2] < whole.shape[2]:
            slopes = slopes + _finer(own["slopes"], small, whole, wraps)
        slopes = slopes[:, :height, :width].roll((-moved[0], -moved[1]), (1, 2))
        slopes -= slopes.mean((1, 2), keepdim=True)  # a surface is level on the whole
        singles = (_at_size(own[name], _size(whole), wraps)[0] for name in ("tilt", "error"))
        tilt, error = (x[:height, :width].roll((-moved[0], -moved[1]), (0, 1)) for x in singles)
        if not toward.any():  # otherwise shading shows it
            tilt = tilt * (usual_tilt / tilt.mean()) ** USUAL_SHARE
        recognitions.append(Recognition(slopes, tilt, error, roughness, kinds))
    return recognitions


def recognised_roughness(network: RecognitionNetwork, picture: Tensor, wraps: Wraps) -> Tensor:
    """Roughness (H, W) of a linear picture (3, H, W): the mean of what is recognised at several sizes."""
    side = (picture.shape[1] * picture.shape[2]) ** 0.5
    found = torch.zeros_like(picture[:1])
    for share in SIZES:
        scale = share * min(1.0, SMALLEST_PX / side)
        small = _at_size(picture, _scaled(_size(picture), scale, wraps), wraps)
        found += _at_size(roughness_logits(network, small, wraps).sigmoid(), _size(picture), wraps) / len(SIZES)
    return found[0]


def strength(found: Recognition, brightness: Brightness | None) -> float:
    """Factor by which slopes become almost as steep as such surfaces are.

    brightness: of a picture whose light is not known. The more of it goes with colour, as that of paint does, the
    smaller is the factor, but for kinds that have joints.
    """
    tilt, slopes = float(found.tilt.mean()), float(found.slopes.square().sum(0).sqrt().atan().mean())
    factor = min(max(tilt / max(slopes, LEAST_ANGLE), 1 / MOST_STRENGTHENED), MOST_STRENGTHENED) ** BOLDNESS
    if brightness is None:
        return factor
    whole, unexplained = (float(x.square().sum()) for x in brightness.beside_color)
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
    """Size for recognising a picture, a multiple of `STRIDE` where it wraps around."""
    side = (size_px[0] * size_px[1]) ** 0.5
    scale = min(1.0, max(SMALLEST_PX, min(side / 2, LARGEST_PX)) / side)
    return _scaled(size_px, scale, wraps)


def _scaled(size_px: tuple[int, int], scale: float, wraps: Wraps) -> tuple[int, int]:
    """Size of a picture times a factor, a multiple of `STRIDE` where it wraps around."""
    steps = (STRIDE if wrap else 1 for wrap in wraps)
    height, width = (max(round(length * scale / step), 1) * step for length, step in zip(size_px, steps, strict=True))
    return height, width


def _at_size(x: Tensor, size_px: tuple[int, int], wraps: Wraps) -> Tensor:
    """x (C, H, W) at another size, interpolated bilinearly, or averaged if that is smaller."""
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
