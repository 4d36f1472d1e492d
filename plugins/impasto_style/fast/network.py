"""A network that repaints a picture in its learned style in one pass (Johnson et al. 2016).

Three changes make it local, so that tiles give the same result as the whole picture: no instance normalisation, since
its statistics are global; noise as an input, from which it paints strokes in flat areas; and circular padding for
pictures that tile.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate

from ..shared.encoder import pad_by_reach

STRIDE = 4
"""Sides of pictures are multiples of this; the coarsest features have a quarter of their resolution."""
NOISE_CHANNELS = 4
DILATIONS = (1, 2, 4, 2, 1)
"""Dilation of each residual block. Wider ones in the middle let strokes follow forms of up to a hundred pixels."""


class PaddedConvolution(nn.Conv2d):
    """A convolution with circular or reflection padding, by the argument `seamless` of each call."""

    def __init__(self, inputs: int, outputs: int, side: int = 3, stride: int = 1, dilation: int = 1) -> None:
        super().__init__(inputs, outputs, side, stride, dilation=dilation)
        self.reach = dilation * (side - 1) // 2

    def forward(self, x: Tensor, seamless: bool = False) -> Tensor:  # type: ignore[override]
        """Features (B, O, H / stride, W / stride) of x (B, I, H, W)."""
        return super().forward(pad_by_reach(x, self.reach, seamless))


class ResidualBlock(nn.Module):
    """x + f(x) with two convolutions in f. The last one starts at 0, which replaces a normalisation."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.first = PaddedConvolution(width, width, dilation=dilation)
        self.second = PaddedConvolution(width, width)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor, seamless: bool) -> Tensor:
        return x + self.second(self.first(x, seamless).relu_(), seamless)


class TransformNetwork(nn.Module):
    """Pictures (B, 3, H, W) in [0, 1] and noise (B, 4, H / 4, W / 4) -> pictures of the same size.

    Its output is added to the pictures without their detail. So it need not learn their colours, which already are the
    style's, and has to paint all detail anew. Sides are multiples of 4. fine, middle, coarse: channels at full, half
    and quarter resolution. Sizes are increased by interpolation and a convolution, which leaves no chequerboard (Odena
    et al. 2016), and features of the same size are added on the way up (as in Ronneberger et al. 2015): without them,
    slanting edges become saws.
    """

    def __init__(self, fine: int, middle: int, coarse: int) -> None:
        super().__init__()
        self.begin = PaddedConvolution(3, fine)
        self.down = nn.ModuleList([PaddedConvolution(fine, middle, 4, 2), PaddedConvolution(middle, coarse, 4, 2)])
        self.noise = nn.Conv2d(NOISE_CHANNELS, coarse, 1, bias=False)
        self.blocks = nn.ModuleList([ResidualBlock(coarse, dilation) for dilation in DILATIONS])
        self.up = nn.ModuleList([PaddedConvolution(coarse, middle), PaddedConvolution(middle, fine)])
        self.end = PaddedConvolution(fine, 3)

    def forward(self, x: Tensor, noise: Tensor, seamless: bool = False) -> Tensor:
        """The pictures repainted; values may lie slightly outside [0, 1]."""
        y = self.begin(x - 0.5, seamless).relu_()
        passed = []
        for layer in self.down:
            passed.append(y)
            y = layer(y, seamless).relu_()
        y = y + self.noise(noise)  # (B, coarse, H / 4, W / 4)
        for block in self.blocks:
            y = block(y, seamless)
        for layer in self.up:
            y = layer(enlarge(y.relu(), 2, seamless), seamless) + passed.pop()
        return without_detail(x, seamless) + self.end(y.relu_(), seamless)

    @property
    def reach_px(self) -> int:
        """Pixels that a repainted pixel sees to each side, in whole strides."""
        blocks = sum(STRIDE * (dilation + 1) for dilation in DILATIONS)
        around = 1 + 2 + 2 * 2 + blocks + 2 * STRIDE + 2 * 2 + 1  # begin, down, blocks, up, end
        return -(-around // STRIDE) * STRIDE


def without_detail(x: Tensor, seamless: bool) -> Tensor:
    """x (B, C, H, W), reduced to a quarter of its resolution and enlarged again."""
    return enlarge(avg_pool2d(x, STRIDE), STRIDE, seamless)


def enlarge(x: Tensor, factor: int, seamless: bool) -> Tensor:
    """x (B, C, h, w) at `factor` times its resolution, interpolated linearly."""
    large = interpolate(pad_by_reach(x, 1, seamless), scale_factor=factor, mode="bilinear", align_corners=False)
    return large[..., factor:-factor, factor:-factor]
