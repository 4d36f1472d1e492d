"""Ways down a loss over pixels. Each keeps the best picture, and goes on from it more carefully where it was lost."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

log = logging.getLogger(__name__)

Evaluate = Callable[[Tensor], tuple[Tensor, Tensor]]
"""The loss () of a picture (1, 3, H, W), and its gradient."""

ATTEMPTS = 5
CAUTION = 0.25
"""By this the rate is multiplied after a loss that is no number."""
HISTORY = 4
"""Pairs of pictures that L-BFGS remembers; with 10 it gets no further, and needs much memory."""
BOX_WEIGHT = 100.0
"""Of the mean squared distance from [0, 1], where the way down does not know of borders."""
MOMENTUM, MEMORY = 0.9, 0.95
LAST_RATE = 0.1


class _EnoughError(Exception):
    """All evaluations are used, or the watch said stop."""


class _LostError(Exception):
    """The loss or its gradient is no number."""


@dataclass
class Walk:
    """A walk down a loss: what is left of its evaluations, and the best picture (1, 3, H, W) so far.

    watch: told each loss; says whether to go on. rate: in parts of the usual.
    """

    evaluate: Evaluate
    best: Tensor
    count: int
    watch: Callable[[float], bool]
    rate: float = 1.0
    done: int = field(default=0, init=False)
    loss: float = field(default=math.inf, init=False)

    def look(self, x: Tensor) -> tuple[float, Tensor]:
        """Loss and gradient of a picture within [0, 1]."""
        loss, gradient = self.evaluate(x)
        value = float(loss)
        self.done += 1
        if not (math.isfinite(value) and gradient.isfinite().all()):
            raise _LostError
        if value < self.loss:
            self.best, self.loss = x.detach().clone(), value
        if not self.watch(value) or self.done >= self.count:
            raise _EnoughError
        return value, gradient

    @property
    def fraction(self) -> float:
        """How much of the way is done."""
        return self.done / self.count


def descend(way: Callable[[Walk], None], walk: Walk) -> Tensor:
    """The best picture on a way down; the one to begin with where every loss is lost."""
    for _ in range(ATTEMPTS):
        try:
            way(walk)
        except _EnoughError:
            break
        except _LostError:
            walk.rate *= CAUTION
            log.warning("the loss is no number: goes on from the best picture at %.3g of the rate", walk.rate)
            continue
        break
    return walk.best


def lbfgs(walk: Walk) -> None:
    """L-BFGS with a strong Wolfe line search (Liu & Nocedal 1989): the fewest evaluations, many pictures in memory."""
    x = walk.best.clone().requires_grad_()
    optimizer = torch.optim.LBFGS(
        [x],
        lr=walk.rate,
        max_iter=walk.count,
        max_eval=2 * walk.count,
        history_size=HISTORY,
        tolerance_grad=0,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )

    def closure() -> float:
        inside = x.detach().clamp(0, 1)
        excess = x.detach() - inside
        loss, gradient = walk.look(inside)
        x.grad = torch.where(excess == 0, gradient, 2 * BOX_WEIGHT / x.numel() * excess)
        return loss + BOX_WEIGHT * float(excess.square().mean())

    optimizer.step(closure)


def steady(walk: Walk, rate: float) -> None:
    """Adam with Nesterov's momentum and one second moment for the whole picture (Dozat 2016; Kingma & Ba 2015).

    With one for each pixel, flat parts, whose gradients are next to nothing, would go as far as all others, and
    rounding would decide where: a mesh. rate: of the root mean square step, falling to a tenth in half a cosine.
    """
    x, momentum, square = walk.best.clone(), torch.zeros_like(walk.best), 0.0
    rate, step = rate * walk.rate, 0
    while True:
        _, gradient = walk.look(x)
        step += 1
        momentum.lerp_(gradient, 1 - MOMENTUM)
        square = MEMORY * square + (1 - MEMORY) * float(gradient.square().mean())
        ahead = torch.lerp(gradient, momentum, MOMENTUM) / (1 - MOMENTUM**step)
        size = math.sqrt(square / (1 - MEMORY**step)) + 1e-30
        cosine = LAST_RATE + (1 - LAST_RATE) * (1 + math.cos(math.pi * walk.fraction)) / 2
        x = (x - rate * cosine / size * ahead).clamp(0, 1)


def adam(walk: Walk, rate: float, betas: tuple[float, float], epsilon: float, unit: float = 1.0) -> None:
    """Adam as it is published, on pixels that are counted in `unit` from 0 to 1 (Kingma & Ba 2015)."""
    x = (unit * walk.best).requires_grad_()
    optimizer = torch.optim.Adam([x], lr=rate * walk.rate, betas=betas, eps=epsilon)
    while True:
        _, gradient = walk.look(x.detach() / unit)
        x.grad = gradient / unit
        optimizer.step()
        with torch.no_grad():
            x.clamp_(0, unit)
