"""Features: a few channels that describe how patches look, for matching.

They are principal components of maps; appearance space, in which windows of a few channels are vectors of few
dimensions (Lefebvre & Hoppe 2006); and straight lines, such as joints between boards, which are thin and faint, but
which the eye follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, pad, unfold

from ..numerics.filters import box_mean
from ..numerics.resampling import binomial_half
from ..numerics.statistics import MOST_COMPONENTS, principal_axes
from ..surface.color_tensors import luma
from ..texture import COLOR_MAPS

WEIGHTS: Mapping[str, float] = {"base_color": 1.0, "height": 0.5, "normal": 0.4, "emission": 0.5, "opacity": 0.5}
"""Weights of maps for matching; 0.2 for all others, which mostly correlate with these."""

DETAIL, DETAIL_PX = 0.7, 5
"""Deviation of the channel of detail, relative to all others, and width of its mean. It preserves thin joints."""
AT_ONCE = 1 << 20
"""Number of texels that are projected at a time."""
RADIUS_PX = 2
"""Windows are of 5 x 5 pixels, on every level of a pyramid."""
DIMENSIONS = 10
SAMPLES = 16384
"""Number of windows from which principal components are computed."""
FINE = 2047
"""Largest value of channels in a pyramid."""
COARSE = 127
"""Largest value of channels in windows, and of the weights of principal components."""
LARGEST = 511
"""Largest value of vectors of the source, so that squared distances stay below 2^24."""
CLIPPED = 4
"""Number of standard deviations at which values are clipped."""
LENGTH = 1 / 16
"""Length over which derivatives are averaged, relative to the shorter side."""
GRAIN, STRONGEST, WEIGHT = 0.7, 4.7, 3.0
"""Strength below which lines are grain, strength above which all are equal, and weight relative to features."""
CROSSING = 2.0
"""Additional cost of a cut across the grain, relative to one along it, where all lines run in one direction."""
THROUGH, CROSSED = 0.35, 0.15
"""Least share of the variance of lines in whole rows for joints to run through, and most strength of crossing lines."""
BROAD = (0.1, 0.3)
"""Shares of the variance in areas, such as boards of different tones, between which lines become hidden."""


def window_weights() -> Tensor:
    """Weights (5, 5) of the pixels of a window, in double precision, which decrease away from the centre."""
    away = torch.arange(-RADIUS_PX, RADIUS_PX + 1, dtype=torch.double)
    line = torch.exp(-0.25 * (away / (0.7 * RADIUS_PX)) ** 2)
    return line[:, None] * line


def opponent(color: Tensor) -> Tensor:
    """Luma and colour differences (3, h, w); the latter are halved, since the eye is less sensitive to them."""
    light = luma(color)
    return torch.stack([light, 0.5 * (color[2] - light), 0.5 * (color[0] - light)])


@dataclass(frozen=True)
class Projection:
    """Principal components of the maps of a source, for comparing pictures with the same maps.

    parts: mean (c, 1) and weight of each map that varies, by name. directions: (C, c), of all weighted maps together.
    """

    parts: Mapping[str, tuple[Tensor, Tensor]]
    directions: Tensor
    deviation: Tensor

    @classmethod
    def of(cls, maps: Mapping[str, Tensor], most: int = MOST_COMPONENTS) -> Projection:
        """At most `most` components of maps (c, h, w), or of texels (c, n), scaled so that their variances sum to 1."""
        parts = {}
        for name, image in maps.items():
            channels = _channels_of(name, image.flatten(1))
            mean = channels.mean(1, keepdim=True)
            spread = (channels - mean).square().mean(1).sum().sqrt()
            if spread > 1e-4:
                parts[name] = mean, WEIGHTS.get(name, 0.2) / spread
        if not parts:
            return cls({}, torch.zeros(1, 0), torch.ones(()))
        stack = _stack(maps, parts)
        directions = principal_axes(stack, most)[1].T
        return cls(parts, directions, (directions @ stack).square().mean(1).sum().sqrt())

    def __call__(self, maps: Mapping[str, Tensor]) -> Tensor:
        """Components (C, H, W) of maps (c, H, W); zeros if the source does not vary.

        The last bits of matrix products depend on addresses in memory, and cuts depend on the last bits of components.
        Computed in double precision and rounded, components are the same in every run.
        """
        image = next(iter(maps.values()))
        if not self.parts:
            return torch.zeros_like(image[:1])
        parts = zip(*(maps[name].flatten(1).split(AT_ONCE, 1) for name in self.parts), strict=True)
        stacks = (_stack(dict(zip(self.parts, part, strict=True)), self.parts) for part in parts)
        features = [(self.directions @ stack / self.deviation).to(image) for stack in stacks]
        return torch.cat(features, 1).view(-1, *image.shape[1:])


def features_of(maps: Mapping[str, Tensor], most: int = MOST_COMPONENTS) -> Tensor:
    """Principal components (C <= most, h, w) of all weighted maps (c, h, w); their variances sum to 1."""
    return Projection.of(maps, most)(maps)


def _stack(maps: Mapping[str, Tensor], parts: Mapping[str, tuple[Tensor, Tensor]]) -> Tensor:
    """Channels (c, n) of maps, minus their means and multiplied by the weights in `parts`, in double precision."""
    images = ((_channels_of(name, maps[name].flatten(1)), *part) for name, part in parts.items())
    return torch.cat([(channels - mean) * weight for channels, mean, weight in images]).cpu().double()


def _channels_of(name: str, image: Tensor) -> Tensor:
    return opponent(image) if name in COLOR_MAPS else image


def with_detail(features: Tensor) -> Tensor:
    """Features (C, h, w), and a channel of detail: their absolute difference from the local mean."""
    mean = avg_pool2d(features[None], DETAIL_PX, 1, DETAIL_PX // 2, count_include_pad=False)[0]
    detail = (features - mean).abs().sum(0, keepdim=True).double()
    detail = detail - detail.mean()
    scale = (
        DETAIL * features.double().square().mean((1, 2)).sum().sqrt() / detail.square().mean().sqrt().clamp(min=1e-6)
    )
    return torch.cat([features, (detail * scale).float()])


def with_ranks_of(values: Tensor, known: Tensor) -> Tensor:
    """Values (H, W), replaced by values among `known` (h, w) with the same rank; equal values stay equal."""
    _, inverse, counts = values.unique(return_inverse=True, return_counts=True)
    ranks = (counts.cumsum(0) - 0.5 * counts) / values.numel()
    ordered = known.flatten().sort().values
    return ordered[(ranks * (len(ordered) - 1)).round().long()][inverse]


def whole_numbers(channels: Tensor, largest: int, sample: Tensor | None = None) -> Tensor:
    """Channels of any shape, scaled by one factor to whole numbers up to `largest`.

    sample: values whose deviation determines the factor; by default, the channels themselves.
    """
    deviation = float((channels if sample is None else sample).double().square().mean().sqrt())
    scale = largest / (CLIPPED * deviation) if deviation > 1e-6 else 0.0
    return (channels * scale).round_().clamp_(-largest, largest)


def half_size(channels: Tensor) -> Tensor:
    """Whole-numbered channels (C, h, w) at half the size, after a binomial filter, as whole numbers."""
    return binomial_half(channels[None])[0].round()


class Appearance:
    """Principal components of windows as a convolution, and the unit of their whole-numbered vectors."""

    def __init__(self, kernel: Tensor, unit: float) -> None:
        self.kernel, self._unit = kernel, unit

    @classmethod
    def of_channels(cls, channels: Tensor) -> tuple[Appearance, Tensor]:
        """The appearance of the windows of channels (C, h, w), and the vector of each window (h w, D)."""
        padded = pad(channels[None], (RADIUS_PX,) * 4, mode="replicate")
        kernel = _principal_components(padded)
        projected = conv2d(padded, kernel)[0]
        appearance = cls(kernel, max(float(projected.abs().max()) / LARGEST, 1.0))
        return appearance, appearance._whole_numbers(projected)

    def of(self, padded: Tensor) -> Tensor:
        """Vectors of every second window in both directions, from channels (C, h, w) with margins of `RADIUS_PX`."""
        return self._whole_numbers(conv2d(padded[None], self.kernel, stride=2)[0])

    def _whole_numbers(self, projected: Tensor) -> Tensor:
        most = LARGEST * 1.2
        return (projected / self._unit).round().clamp(-most, most).flatten(1).T.contiguous()


def _principal_components(padded: Tensor) -> Tensor:
    """Whole-numbered convolution kernel (D, C, n, n), for windows whose weight decreases away from their centres."""
    side = 2 * RADIUS_PX + 1
    windows = _some_windows(padded, side)  # (N, C n n)
    channels = padded.shape[1]
    weights = window_weights().flatten().repeat(channels)
    weighted = (windows - windows.mean(0)) * weights
    _, directions = torch.linalg.eigh(weighted.T @ weighted)
    kernel = directions[:, -DIMENSIONS:].T * weights
    kernel = (kernel * (COARSE / kernel.abs().max())).round()
    return kernel.view(-1, channels, side, side).to(padded)


def _some_windows(padded: Tensor, side: int) -> Tensor:
    """About `SAMPLES` windows (N, C n n), in double precision, evenly spread over padded channels (1, C, h, w)."""
    height, width = (length - side + 1 for length in padded.shape[2:])
    step = max(1, round((height * width / SAMPLES) ** 0.5))
    return unfold(padded, side, stride=step)[0].T.cpu().double()


def line_strength(image: Tensor) -> Tensor:
    """Strength (2, h, w) of lines across and down an image (C, h, w), in standard deviations of its derivatives."""
    length = _length(image)
    derivatives = _derivatives(image)
    deviation = torch.stack([one.square().sum(0).mean() for one in derivatives]).mean().sqrt().clamp(min=1e-6)
    means = [box_mean(one, *box) for one, box in zip(derivatives, ((1, length), (length, 1)), strict=True)]
    return torch.stack([mean.square().sum(0).sqrt() for mean in means]) / deviation


def clear_lines(features: Tensor) -> Tensor:
    """Strength (2, h, w) of lines across and down features (C, h, w) that stand out from the grain; 0 elsewhere."""
    return line_strength(features).clamp(GRAIN, STRONGEST) - GRAIN


def line_channels(hidden: Tensor, lines: Tensor) -> Tensor:
    """Channels (2, h, w) in which lines differ from all else, and from each other, as far as areas hide the lines.

    hidden: see `hidden_share`.
    """
    return WEIGHT * hidden * lines


def axis_of_joints(lines: Tensor) -> int | None:
    """0 if joints run through whole rows of clear lines (2, h, w), 1 for columns; None if other lines cross them."""
    axis = int(lines[1].mean() > lines[0].mean())
    runs_through = lines[axis].mean(1 - axis).var() > THROUGH * lines[axis].var()
    return axis if runs_through and lines[1 - axis].mean() < CROSSED * lines[axis].mean() else None


def grain_weights(features: Tensor, hidden: Tensor) -> Tensor:
    """Weights (2, h, w) of cuts that run down and across features (C, h, w): 1, and more where they cross the grain.

    hidden: see `hidden_share`.
    """
    length = _length(features)
    down, across = (box_mean(one.square().sum(0, keepdim=True), length, length)[0] for one in _derivatives(features))
    lean = (down - across) / (down + across).clamp(min=1e-9)  # 1: all lines run across
    return 1 + CROSSING * hidden * torch.stack([lean, -lean]).clamp(min=0)


def hidden_share(features: Tensor) -> Tensor:
    """Degree, 0 to 1, to which areas of different tones hide lines in features (C, h, w)."""
    length = _length(features)
    areas = box_mean(features, length, length) - features.mean((1, 2), keepdim=True)
    share = areas.square().sum(0).mean() / features.var((1, 2)).sum().clamp(min=1e-9)
    none, all_ = BROAD
    return ((share - none) / (all_ - none)).clamp(0, 1)


def _length(image: Tensor) -> int:
    return 2 * round(0.5 * LENGTH * min(image.shape[1:])) + 1


def _derivatives(image: Tensor) -> tuple[Tensor, Tensor]:
    """Central differences (C, h, w) down and across an image."""
    wide = pad(image[None], (1, 1, 1, 1), mode="replicate")[0]
    return wide[:, 2:, 1:-1] - wide[:, :-2, 1:-1], wide[:, 1:-1, 2:] - wide[:, 1:-1, :-2]
