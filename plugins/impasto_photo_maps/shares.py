"""Shares of the slopes that brightness suggests which are relief, for each band, from statistics of the picture.

What is paint and what is shading is judged by a few numbers only, so that it carries over to materials that were never
seen: a network of a million parameters learned the relief of the materials that it was trained on instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from impasto.library.models import load_model, read_model
from impasto.library.networks import network_of
from impasto.library.tensors import SUFFIX

from .prior import BANDS, Brightness

MODELS = Path(__file__).with_name("models")
MODEL, TOOL = "photo-maps", "photo-maps"

PLAIN, DIRECTED, PAIRED = 5, 4, 3
"""Statistics of each band, those that depend on the light's direction, and those of each pair of bands."""
STATISTICS = BANDS * (PLAIN + DIRECTED) + PAIRED * BANDS * (BANDS - 1) // 2 + 1
HIDDEN = 32
FAINTEST = 1e-4
"""Deviation of a band's logarithm below which it is taken for even."""
LARGEST = 5.0
"""Limit of a band, in deviations."""
SAMPLED_PX = 512
"""Side of pictures above which statistics are of every second, third, … row and column."""
SHARPNESS = 4.0
"""Of the bend that keeps shares from falling below 0."""
BOLDEST = 0.3
"""Share of every band of brightness as height at a boldness of 1."""
LEAST_ERROR = 0.005
"""Least expected error of a normal in radians."""


def statistics(brightness: Brightness, toward: Tensor) -> Tensor:
    """Statistics (STATISTICS,) of a picture: of each band its deviation, skewness, mean magnitude, and the share of
    colour; what differs along the light's direction and across it; how bands go together; and whether the light's
    direction is known.

    toward: (2,), as `Brightness.slopes` has it; statistics of directions are 0 where it is.
    """
    crop, device = brightness.plane.crop, brightness.spectrum.device
    step = max(1, round(brightness.plane.scale_px / SAMPLED_PX))
    x, y = toward.tolist()
    found, bands = [], []
    for response in brightness.bands:
        band = brightness.band(response)
        deviation = crop(band).std(correction=0).clamp_min(FAINTEST)
        chroma = _deviation(brightness.chroma, response, brightness.size_px)
        sampled = (crop(part)[::step, ::step].flatten() for part in (band, *_rises(band)))
        one, right, up = (part / deviation for part in sampled)
        energy = (right.square() + up.square()).mean().clamp_min(1e-8)
        one = one.clamp(-LARGEST, LARGEST)
        along, across = x * right + y * up, x * up - y * right
        rise = along / energy.sqrt()
        bands.append(one)
        found += [deviation.log(), _cube(one).mean(), one.abs().mean(), (chroma / deviation).clamp_min(1e-3).log()]
        found += [right.square().mean() / energy - 0.5]
        found += [(along.square() - across.square()).mean() / energy, (along * across).mean() / energy]
        found += [_cube(rise).clamp(-30, 30).mean(), (rise * (-one - 1).clamp_min(0)).mean()]
    values = torch.stack(bands)
    squares = values.square()
    energies, skews = (squares @ other.T / values.shape[1] for other in (squares, values))
    for i in range(BANDS):
        for j in range(i + 1, BANDS):
            found += [energies[i, j], skews[i, j], skews[j, i]]
    return torch.stack([*found, torch.tensor(x * x + y * y, device=device)])


def _rises(x: Tensor) -> tuple[Tensor, Tensor]:
    """Central differences (H, W) to the right and up."""
    right = (torch.roll(x, -1, 1) - torch.roll(x, 1, 1)) / 2
    return right, (torch.roll(x, 1, 0) - torch.roll(x, -1, 0)) / 2


def _cube(x: Tensor) -> Tensor:
    return x * x * x


def _deviation(energy: Tensor, response: Tensor, size_px: tuple[int, int]) -> Tensor:
    """Standard deviation of a filtered picture from its spectrum's energy (H, W//2 + 1), by Parseval's theorem."""
    passed = energy * response.square()
    total = 2 * passed.sum() - passed[:, 0].sum()
    if size_px[1] % 2 == 0:
        total = total - passed[:, -1].sum()
    return total.sqrt() / (size_px[0] * size_px[1])


@dataclass(frozen=True)
class Judgement:
    """Judgement by a picture's statistics (B, …). shares: of slopes by shading, and of those of brightness as height
    (B, 2, BANDS), all ≥ 0. error: expected angles in radians between normals and true ones, of flat parts, and per
    angle that is found (B, 2)."""

    shares: Tensor
    error: Tensor

    def expected_error(self, angle: Tensor) -> Tensor:
        """Expected error in radians (B, …) of normals at an angle in radians (B, …)."""
        flat, per_angle = (x.view(-1, *[1] * (angle.ndim - 1)) for x in self.error.unbind(1))
        return flat + per_angle * angle


class SharesNetwork(nn.Module):
    """Statistics (B, STATISTICS) to a judgement."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(STATISTICS))
        self.register_buffer("deviation", torch.ones(STATISTICS))
        self.enter = nn.Linear(STATISTICS, hidden)
        self.leave = nn.Linear(hidden, 2 * BANDS + 2)

    def forward(self, found: Tensor) -> Judgement:
        """Judgement of statistics (B, STATISTICS)."""
        usual = ((found - self.mean) / self.deviation).clamp(-3, 3)
        values = softplus(self.leave(torch.tanh(self.enter(usual))), beta=SHARPNESS)
        return Judgement(values[:, : 2 * BANDS].view(-1, 2, BANDS), values[:, 2 * BANDS :] + LEAST_ERROR)


@cache
def load_network() -> SharesNetwork:
    """The bundled network. ModelError if its file is damaged."""
    return network_of(SharesNetwork, load_model(read_model(MODELS / f"{MODEL}{SUFFIX}")), MODEL, TOOL).eval()


@torch.inference_mode()
def likely_slopes(
    network: SharesNetwork, brightness: Brightness, toward: Tensor, boldness: float = 0.0, light_is_low: bool = False
) -> tuple[Tensor, Judgement]:
    """Slopes (2, H, W) to the right and down the rows: the shares of the suggested ones that are relief.

    boldness: of brightness as height, whether that is likely or not. light_is_low: whether light parts lie low.
    """
    judgement = network(statistics(brightness, toward).cpu()[None])
    shares = judgement.shares[0] + torch.tensor([[0.0], [BOLDEST * boldness]])
    signs = torch.tensor([[1.0], [-1.0 if light_is_low else 1.0]])
    return brightness.slopes(toward, (shares * signs).to(toward.device)), judgement
