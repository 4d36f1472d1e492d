"""Detection of failing trainings from their losses and a probe, early enough to save the model.

Diverged: a loss is not finite, or has exploded. Collapsed (Salimans et al. 2016): the pictures of the probe become
alike, or move away from the data again. Saturated: the discriminator has won, and the generator has stopped improving.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d

from ..errors import Message
from ..numerics.resampling import laplacian_pyramid, split_band
from ..numerics.statistics import relative_distance, sort_rows

PATCH_PX = 7
DIRECTIONS = 32
LEVELS = 3
POSITIONS = 4096
SMOOTHING = 0.5
"""Weight of a new distance in the moving average. The last two looks make up three quarters of it."""
EXPLODED = 100.0
"""A loss has exploded above this many times its usual size (plus one)."""
FIRST_LOOKS = 4
"""Number of looks at the start that ignore the probe, since its figures are still unstable."""


@dataclass
class Watch:
    """State and limits of the detection; `look`, called at intervals, returns the reason for a rollback, or "".

    saturated_below: loss below which the discriminator has won; None if its loss does not reveal that.
    patience: number of looks in a row before a slow failure counts. worst_ratio: limit of the distance over its best
    value, or over the distance between real pictures if that is larger. least_ratio: limit of diversity over its best
    value. most_rollbacks: number of rollbacks after which the training ends. usual: moving average of each loss.
    troubles: number of looks in a row that each slow failure has lasted.
    """

    saturated_below: float | None = None
    patience: int = 4
    worst_ratio: float = 2.0
    least_ratio: float = 0.5
    most_rollbacks: int = 4
    looks: int = 0
    distance: float | None = None
    best_distance: float | None = None
    best_diversity: float = 0.0
    good_step: int = 0
    usual: dict[str, float] = field(default_factory=dict)
    troubles: dict[str, int] = field(default_factory=dict)
    rollbacks: list[tuple[int, str]] = field(default_factory=list)

    def look(self, step: int, losses: Mapping[str, float], probe: Mapping[str, float]) -> str:
        """Reason for a rollback, or "". losses: means since the last look. probe: `probe_figures`, or empty.

        Without a reason, and if the distance is the best so far, `good_step` becomes `step`.
        """
        self.looks += 1
        reason = self._explosion(losses, probe)
        if reason:
            return reason
        improved = self._follow(probe)
        reason = self._slow_trouble(losses, probe, improved) if self.looks > FIRST_LOOKS else ""
        if not reason and (improved or not probe):
            self.good_step = step
        return reason

    def went_back(self, step: int, reason: str) -> None:
        """Record a rollback and reset everything but the best values."""
        self.rollbacks.append((step, reason))
        self.looks, self.distance = 0, self.best_distance
        self.troubles.clear()

    def state(self) -> dict[str, Any]:
        """The whole state, as JSON."""
        return asdict(self)

    def restore(self, state: Mapping[str, Any]) -> None:
        """Restore the result of `state()`. Raise TypeError if it is invalid."""
        restored = Watch(**{**state, "rollbacks": [(step, reason) for step, reason in state["rollbacks"]]})
        self.__dict__.update(restored.__dict__)

    def _explosion(self, losses: Mapping[str, float], probe: Mapping[str, float]) -> str:
        for name, value in (*losses.items(), *probe.items()):
            if not math.isfinite(value):
                return Message(f"{{}} is {value}", name)
        for name, value in losses.items():
            usual = self.usual.get(name, abs(value))
            if abs(value) > EXPLODED * (usual + 1):
                return Message("{} exploded to {:.3g}", name, value)
            self.usual[name] = 0.9 * usual + 0.1 * abs(value)
        return ""

    def _follow(self, probe: Mapping[str, float]) -> bool:
        """Update the smoothed distance and diversity. Return whether the distance is the best so far."""
        if not probe:
            return False
        before = probe["swd"] if self.distance is None else self.distance
        self.distance = before + SMOOTHING * (probe["swd"] - before)
        self.best_diversity = max(self.best_diversity, min(probe["diversity"], 1.0))
        improved = self.best_distance is None or self.distance < self.best_distance
        if improved:
            self.best_distance = self.distance
        return improved

    def _slow_trouble(self, losses: Mapping[str, float], probe: Mapping[str, float], improved: bool) -> str:
        """Description of a failure that has lasted for `patience` looks in a row, or ""."""
        found = {}
        if probe and self.distance is not None and self.best_distance is not None:
            if probe["diversity"] < self.least_ratio * self.best_diversity:
                found["diversity"] = Message("diversity fell to {:.2f} of the data's", probe["diversity"])
            if self.distance > self.worst_ratio * max(self.best_distance, probe["floor"]):
                found["swd"] = Message("SWD rose from {:.2f} to {:.2f}", self.best_distance, self.distance)
        lead = losses.get("loss_discriminator")
        if self.saturated_below is not None and lead is not None and lead < self.saturated_below and not improved:
            found["discriminator"] = Message("the discriminator has won (its loss is {:.3f})", lead)
        self.troubles = {name: self.troubles.get(name, 0) + 1 for name in found}
        return next((found[name] for name, looks in self.troubles.items() if looks >= self.patience), "")


@torch.no_grad()
def probe_figures(pictures: Tensor, real: Tensor) -> dict[str, float]:
    """Comparison of made and real pictures (B, C, H, W), with B at least 2.

    swd: their `patch_distance`. floor: the distance between two halves of the real ones. diversity: mean pairwise
    difference of the made ones over that of the real ones.
    """
    return {
        "swd": patch_distance(pictures, real),
        "floor": patch_distance(real[::2], real[1::2]),
        "diversity": pairwise_difference(pictures) / pairwise_difference(real),
    }


@torch.no_grad()
def patch_distance(pictures: Tensor, real: Tensor, seed: int = 0) -> float:
    """Sliced Wasserstein distance of 7x7 patches over 3 pyramid levels (Karras et al. 2018), in deviations of `real`.

    made, real (B, C, H, W). It is fast, to compare a training with itself. Models are judged with more patches and
    directions.
    """
    random = torch.Generator().manual_seed(seed)
    distances = []
    split = partial(split_band, mode="nearest")
    pyramids = (laplacian_pyramid(x.float(), LEVELS, 4 * PATCH_PX, split) for x in (pictures, real))
    for made_band, real_band in zip(*pyramids, strict=True):
        directions = torch.randn(DIRECTIONS, real.shape[1], PATCH_PX, PATCH_PX, generator=random).to(real.device)
        found, wanted = (_order(conv2d(band, directions), random) for band in (made_band, real_band))
        distances.append(float(relative_distance(wanted, found, 1e-3, correction=0)))
    return float(np.mean(distances))


def _order(projected: Tensor, random: torch.Generator) -> Tensor:
    """Projections (B, D, h, w) at random positions, sorted: (D, POSITIONS)."""
    values = projected.transpose(0, 1).flatten(1)
    chosen = torch.randint(values.shape[1], (POSITIONS,), generator=random).to(values.device)
    return sort_rows(values[:, chosen].cpu())


@torch.no_grad()
def pairwise_difference(x: Tensor) -> float:
    """Root mean square difference over all pairs of x (B, C, H, W), after averaging 4x4 px to ignore grain."""
    x = avg_pool2d(x.float(), min(4, *x.shape[2:])).flatten(1)  # (B, D)
    return float((torch.pdist(x).square().mean() / x.shape[1]).sqrt().clamp(min=1e-6))
