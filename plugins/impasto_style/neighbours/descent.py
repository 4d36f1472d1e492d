"""The way down: Adam on the levels of a picture, which survives a loss of nan."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from . import pyramid
from .progress import Progress

RATE, LAST_SHARE = 2e-2, 0.02
"""The rate at the first step, and what is left of it at the last: a higher one leaves noise between pixels."""
BETAS, EPSILON = (0.9, 0.99), 5e-2
"""Slopes are about 1 a pixel; what is far below it is rounding, and shall move nothing."""
FALLS = 4
"""So many times the rate is lowered where a picture is lost, before it is left as it was."""

Gradient = Callable[[Tensor], tuple[float, Tensor]]
"""Loss and its gradient at a picture (1, 3, H, W)."""


class Descent:
    """Goes down from a picture (1, 3, H, W), which may tile, in about `steps` steps, ever smaller ones."""

    def __init__(self, x: Tensor, steps: int, progress: Progress, seamless: bool = False) -> None:
        self.steps, self.progress, self.seamless = steps, progress, seamless
        self.done = self.falls = 0
        self.levels = [level.detach().clone().requires_grad_() for level in pyramid.split(x, seamless)]
        self.kept = [level.detach().clone() for level in self.levels]
        self.adam = torch.optim.Adam(self.levels, lr=RATE, betas=BETAS, eps=EPSILON)

    @property
    def picture(self) -> Tensor:
        """Where it is: (1, 3, H, W)."""
        with torch.no_grad():
            return pyramid.join(self.levels, self.seamless)

    def run(self, count: int, gradient: Gradient) -> bool:
        """At most `count` steps more; whether there are more to go."""
        for _ in range(min(count, self.steps - self.done)):
            self._step(gradient)
            self.done += 1
            if not self.progress.step(self.done) or self.falls == FALLS:
                return False
        return self.done < self.steps

    def _step(self, gradient: Gradient) -> None:
        self.adam.zero_grad()
        x = pyramid.join(self.levels, self.seamless)
        loss, slope = gradient(x.detach())
        if not (math.isfinite(loss) and bool(slope.isfinite().all())):
            self._fall()
            return
        x.backward(slope)
        with torch.no_grad():
            for kept, level in zip(self.kept, self.levels, strict=True):
                kept.copy_(level)
        for group in self.adam.param_groups:
            group["lr"] = RATE / 4**self.falls * (1 - (1 - LAST_SHARE) * self.done / self.steps)
        self.adam.step()

    def _fall(self) -> None:
        """Back to the last picture that had a loss, and on in smaller steps."""
        self.falls += 1
        self.progress.note = ", in smaller steps"
        self.adam.state.clear()
        with torch.no_grad():
            for kept, level in zip(self.kept, self.levels, strict=True):
                level.copy_(kept)
