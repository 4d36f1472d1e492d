"""The periodic "torus" generator.

A spatial generator as in PSGAN (Bergmann et al. 2017): noise on a grid becomes texture, so that a grid of any size
gives a picture of any size. Here the grid is a torus and every convolution wraps, so the result tiles. Every layer
works on a region of that torus, so that a picture too large for memory can be computed in parts, with the same pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu

from impasto.numerics.resampling import bilinear_resize
from impasto.patterns.lattice import TorusRegion, full_region
from impasto.training.layers import SLOPE

LOCAL_CHANNELS = 16
"""Channels of noise for each cell of the coarsest grid, which determines the layout."""
BROAD_CHANNELS = 8
"""Channels of noise on a four times coarser grid, interpolated between its cells, for broad drifts."""
BROAD_CELLS = 4
GLOBAL_CHANNELS = 16
"""Channels of the latent of the whole picture."""
STYLE_CHANNELS = 32
HEAD_GAIN, NOISE_GAIN, CONDITION_GAIN = 0.7, 0.5, 1.0
"""Initial standard deviation that heads, noise and (except for a sine's √½) a lattice's conditioning add."""
WIDTH_PER_NOISE = 8
"""A stage has this many channels per channel of noise, which textures need at every scale."""

BAND_PX = 2**16
"""Number of pixels of a band, on a CPU."""

LAYOUT_STAGES = 3
"""Number of coarsest stages whose noise makes the layout and not the grain."""
BROAD_STREAM, GRID_STREAM = -1, -2
"""Streams of the two grids' noise; those of the stages are 0, 1, …"""

Noise = Callable[[int, int, TorusRegion], Tensor]
"""`noise(stream, channels, region)`: standard normal noise (B, channels, h, w) of a region of a stream's torus."""
Condition = Callable[[TorusRegion], Tensor]
"""`condition(region)`: conditioning on a lattice (B, channels, h, w), such as a `Conditioning`."""


@dataclass(frozen=True)
class StageOutput:
    """Output of a stage: features (B, width, h, w) and maps (B, channels, h, w) of a region of its torus."""

    features: Tensor
    maps: Tensor | None
    region: TorusRegion


def _mix(weight: Tensor, x: Tensor) -> Tensor:
    """A 1x1 convolution, weight (out, in, 1, 1), as a matrix product, several times as fast for few channels."""
    return (x.permute(0, 2, 3, 1) @ weight.flatten(1).T.to(x.dtype)).permute(0, 3, 1, 2)


def _modulate(weight: Tensor, x: Tensor, by: Tensor) -> Tensor:
    """x (B, C, h, w) with a mixture of `by` added, after scaling by 1 and another; weight (2 C, channels, 1, 1)."""
    added, gain = weight.chunk(2)
    return torch.addcmul(_mix(added, by), x, _mix(gain, by).add_(1))


def upsample(x: Tensor, have: TorusRegion, want: TorusRegion) -> Tensor:
    """x (B, C, h, w), the values of `have`, in the region `want` of a torus twice as large, bilinear."""
    source = source_of_upsampling(want)
    x = interpolate(have.take(x, source), scale_factor=2, mode="bilinear", align_corners=False)
    top, left = want.top - 2 * source.top, want.left - 2 * source.left
    return x[:, :, top : top + want.height, left : left + want.width]


class Stage(nn.Module):
    """A pyramid level: convolution, upsampling, style, noise, lattice, residual blocks that start small, and a head.

    Noise is added and also scales the features: sums alone are nearly Gaussian, and real grain has rare, strong spots.
    The lattice's conditioning does the same.
    """

    gains: Tensor
    residuals: Sequence[nn.Conv2d]

    def __init__(self, inputs: int, width: int, channels: int, blocks: int, conditions: int, is_first: bool) -> None:
        super().__init__()
        self.blocks, self.is_first = blocks, is_first
        self.convolution = nn.Conv2d(inputs, width, 3)
        self.condition = nn.Conv2d(conditions, 2 * width, 1, bias=False) if conditions else None
        self.style = nn.Linear(STYLE_CHANNELS, 2 * width)
        self.noise_channels = max(1, width // WIDTH_PER_NOISE)
        self.noise = nn.Conv2d(self.noise_channels, 2 * width, 1, bias=False)
        self.residuals = nn.ModuleList(nn.Conv2d(width, width, 3) for _ in range(blocks))  # type: ignore[assignment]
        self.head = nn.Conv2d(width, channels, 1)
        self.register_buffer("gains", torch.ones(channels, 1, 1))
        self._initialise()

    @torch.no_grad()
    def _initialise(self) -> None:
        """Keep the features' deviation from stage to stage (He et al. 2015); residual blocks and style start small."""
        for convolution in (self.convolution, *self.residuals):
            nn.init.kaiming_normal_(convolution.weight, a=SLOPE)
            assert convolution.bias is not None
            nn.init.zeros_(convolution.bias)
        for residual in self.residuals:
            residual.weight.mul_(0.2)
        nn.init.normal_(self.noise.weight, std=NOISE_GAIN / self.noise_channels**0.5)
        if self.condition is not None:
            nn.init.normal_(self.condition.weight, std=CONDITION_GAIN / self.condition.in_channels**0.5)
            self.condition.weight.chunk(2)[1].mul_(0.3)
        self.style.weight.mul_(0.3)
        nn.init.zeros_(self.style.bias)
        nn.init.normal_(self.head.weight, std=HEAD_GAIN / self.head.in_channels**0.5)
        assert self.head.bias is not None
        nn.init.zeros_(self.head.bias)

    def before(self, want: TorusRegion) -> TorusRegion:
        """The region of the previous stage that this stage needs for the region `want`."""
        grown = want.with_margin(self.blocks)
        return (grown if self.is_first else source_of_upsampling(grown)).with_margin(1)

    def forward(
        self, state: StageOutput, want: TorusRegion, style: Tensor, noise: Tensor, condition: Tensor | None
    ) -> StageOutput:
        """Output of the stage for the region `want`, from that of the previous stage.

        noise (B, noise_channels, h, w) and condition (B, conditions, h, w) are of `want` grown by `blocks` pixels.
        """
        region = want.with_margin(self.blocks)
        source = self.before(want)
        scale, shift = self.style(style)[:, :, None, None].chunk(2, 1)  # (B, width, 1, 1)
        x = self.convolution(state.region.take(state.features, source))
        x = torch.addcmul(shift.to(x.dtype), x, (1 + scale).to(x.dtype))
        if not self.is_first:
            x = upsample(x, source.with_margin(-1), region)
        x = _modulate(self.noise.weight, x, noise)
        if self.condition is not None and condition is not None:
            x = _modulate(self.condition.weight, x, condition)
        x = leaky_relu(x, SLOPE, inplace=True)
        for residual in self.residuals:
            x = leaky_relu(residual(x), SLOPE, inplace=True) + x[:, :, 1:-1, 1:-1]
        maps = self._maps(x)
        if state.maps is not None:
            maps = maps + upsample(state.maps, state.region, want)
        return StageOutput(x, maps, want)

    def _maps(self, x: Tensor) -> Tensor:
        """The head's part of the maps (B, channels, h, w), float32; a product from the left is faster in float32."""
        assert self.head.bias is not None
        if x.dtype == torch.float32:
            weight = self.head.weight.flatten(1).expand(len(x), -1, -1)
            maps = torch.bmm(weight, x.flatten(2)).unflatten(2, x.shape[2:])
        else:
            maps = _mix(self.head.weight, x).float()
        return torch.addcmul(self.head.bias[:, None, None] * self.gains, maps, self.gains)


class TorusGenerator(nn.Module):
    """Noise on a torus -> maps (B, channels, H, W), standardised by the training data to mean 0 and deviation 1.

    `widths` and `blocks` are those of the stages, coarsest first; each stage but the first doubles the size, so both
    sides of the torus are multiples of `cell_px`.
    """

    def __init__(
        self, channels: int, widths: Sequence[int], blocks: Sequence[int], conditions: int = 0, classes: int = 0
    ) -> None:
        super().__init__()
        inputs = (LOCAL_CHANNELS + BROAD_CHANNELS, *widths)
        self.stages: Sequence[Stage] = nn.ModuleList(  # type: ignore[assignment]
            Stage(before, width, channels, count, conditions if index < len(widths) - 1 else 0, index == 0)
            for index, (before, width, count) in enumerate(zip(inputs, widths, blocks, strict=False))
        )
        self.classes = nn.Embedding(classes, STYLE_CHANNELS) if classes else None
        self.mapping = nn.Sequential(
            nn.Linear(GLOBAL_CHANNELS + (STYLE_CHANNELS if classes else 0), STYLE_CHANNELS),
            nn.LeakyReLU(SLOPE),
            nn.Linear(STYLE_CHANNELS, STYLE_CHANNELS),
        )

    @torch.no_grad()
    def set_gains(self, deviations: Sequence[Tensor]) -> None:
        """Set the scale of each stage's output to the data's deviations (channels,) in its band, coarsest first.

        Otherwise heads would first have to learn that fine relief is a thousandth of coarse relief.
        """
        for stage, deviation in zip(self.stages, deviations, strict=True):
            stage.gains.copy_(deviation[:, None, None])

    @property
    def cell_px(self) -> int:
        """Side of a cell of the coarsest grid, in pixels of the result."""
        return 2 ** (len(self.stages) - 1)

    @property
    def precision(self) -> torch.dtype:
        """Data type of the features; maps are always float32."""
        return self.stages[0].convolution.weight.dtype

    def in_precision(self, dtype: torch.dtype) -> None:
        """Compute features in this data type from now on; for inference."""
        for stage in self.stages:
            for convolution in (stage.convolution, *stage.residuals):
                convolution.to(dtype)

    def style(self, latent: Tensor, classes: Tensor | None = None) -> Tensor:
        """Global latent (B, 16), class weights (B, classes) -> style (B, 32)."""
        if self.classes is not None and classes is not None:
            latent = torch.cat([latent, classes @ self.classes.weight], 1)
        return self.mapping(latent)

    def start(self, noise: Noise, cells: tuple[int, int]) -> StageOutput:
        """The coarsest grid of (rows, columns) cells, filled with noise."""
        grid = full_region(cells)
        broad = full_region((-(-cells[0] // BROAD_CELLS), -(-cells[1] // BROAD_CELLS)))
        blended = bilinear_resize(noise(BROAD_STREAM, BROAD_CHANNELS, broad), cells)
        drawn = torch.cat([noise(GRID_STREAM, LOCAL_CHANNELS, grid), blended], 1)
        return StageOutput(drawn.to(self.precision), None, grid)

    def plan(self, want: TorusRegion, first: int = 0, stages: int = 0) -> list[TorusRegion]:
        """Regions that the stages from `first` on must compute for the last one to give `want`, coarsest first."""
        wants = [want]
        for stage in list(self.stages)[first + 1 : stages or None][::-1]:
            wants.insert(0, stage.before(wants[0]).within_torus())
        return wants

    def run_stages(
        self,
        state: StageOutput,
        first: int,
        wants: Sequence[TorusRegion],
        style: Tensor,
        noise: Noise,
        condition: Condition,
    ) -> StageOutput:
        """Run the stages from `first` on, one for each region in `wants`, and return the last output."""
        for index, want in enumerate(wants, start=first):
            state = self._run_stage(index, state, want, style, noise, condition)
        return state

    def _run_stage(
        self, index: int, state: StageOutput, want: TorusRegion, style: Tensor, noise: Noise, condition: Condition
    ) -> StageOutput:
        stage = self.stages[index]
        grown = want.with_margin(stage.blocks)
        conditions = condition(grown).to(self.precision) if stage.condition is not None else None
        drawn = noise(index, stage.noise_channels, grown).to(self.precision)
        return stage(state, want, style, drawn, conditions)  # type: ignore[no-any-return]

    def forward(self, want: TorusRegion, style: Tensor, noise: Noise, condition: Condition, stages: int = 0) -> Tensor:
        """Maps (B, channels, h, w) of the region `want` of the torus, from the first `stages` stages (0: all).

        For inference: on a CPU, in bands of rows whose features stay in the cache.
        """
        wants = self.plan(want, 0, stages)
        state = self.start(noise, wants[0].full)
        for index, region in enumerate(wants[:-1]):
            parts = [self._run_stage(index, state, band, style, noise, condition) for band in _bands(region, style)]
            features, maps = (torch.cat([getattr(part, name) for part in parts], 2) for name in ("features", "maps"))
            state = StageOutput(features, maps, region)
        last, bands = len(wants) - 1, _bands(wants[-1], style)
        parts = [self._run_stage(last, state, band, style, noise, condition) for band in bands]
        return torch.cat([part.maps for part in parts if part.maps is not None], 2)


def _bands(region: TorusRegion, x: Tensor) -> list[TorusRegion]:
    return region.bands(BAND_PX) if x.device.type == "cpu" else [region]


def source_of_upsampling(want: TorusRegion) -> TorusRegion:
    """The region of a torus half as large that bilinear upsampling to `want` reads."""
    top, left = (want.top - 1) // 2, (want.left - 1) // 2
    bottom, right = (want.top + want.height) // 2 + 1, (want.left + want.width) // 2 + 1
    return TorusRegion(top, left, bottom - top, right - left, (want.full[0] // 2, want.full[1] // 2))
