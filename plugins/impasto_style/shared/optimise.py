"""The loop shared by all methods that optimise pixels: features, loss, backward, step.

`Descent` runs it at one size, and `paint_from_coarse` goes from coarse to fine sizes.
"""

from __future__ import annotations

import logging
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import Tensor
from torch.optim import LBFGS, Adam, Optimizer

from impasto.context import Context
from impasto.device import release_memory
from impasto.texture import Maps

from .progress import WorkProgress
from .resampling import as_image, resize_picture
from .task import StyleTask

log = logging.getLogger(__name__)

MOST_RESTARTS = 4
"""Number of restarts at a lower rate after which the best picture is returned."""
RESTART_FACTOR = 0.25
"""Factor of the learning rate after a loss that is not finite."""
BOX_WEIGHT = 100.0
"""Weight of the mean squared distance of pixels from [0, 1], for optimisers that allow no clamping."""
HISTORY = 4
"""Pairs of steps and gradients that L-BFGS keeps. Ten pairs are no better, and need much more memory."""
ENDLESS = 10**6
LEAST_TO_RELEASE_PX = 640
"""Longer side above which freed memory is returned to the system after each evaluation."""


class Objective(ABC):
    """A loss of a picture x (1, 3, H, W). Methods differ only in the statistics and the targets of the loss."""

    @abstractmethod
    def features(self, x: Tensor) -> Sequence[Tensor]:
        """Statistics of x that the loss compares: a few numbers, through which gradients reach x."""

    @abstractmethod
    def loss(self, x: Tensor, features: Sequence[Tensor]) -> Tensor:
        """The loss () of a picture and its features."""


@dataclass(frozen=True)
class Method:
    """An optimiser and its settings.

    make: creates an optimiser for tensors, with the learning rate `lr`. schedule: factor of `rate`, from the number of
    evaluations so far and in total. bound: clamp pixels to [0, 1] after each step, penalise others, or leave them free.
    """

    make: Callable[..., Optimizer]
    rate: float
    schedule: Callable[[int, int], float] = lambda done, count: 1.0
    bound: Literal["clamp", "penalty", "free"] = "clamp"


def lbfgs() -> Method:
    """L-BFGS with a strong Wolfe line search (Liu & Nocedal 1989): fewest evaluations, but much memory."""
    endless = partial(LBFGS, max_iter=ENDLESS, max_eval=ENDLESS, tolerance_grad=0, tolerance_change=0)
    return Method(partial(endless, line_search_fn="strong_wolfe", history_size=HISTORY), 1.0, bound="penalty")


def adam(rate: float, betas: tuple[float, float], epsilon: float) -> Method:
    """Adam at a constant rate (Kingma & Ba 2015)."""
    return Method(partial(Adam, betas=betas, eps=epsilon), rate)


def picture_adam(rate: float) -> Method:
    """`PictureAdam` at a rate that falls to a tenth along half a cosine."""
    return Method(PictureAdam, rate, lambda done, count: 0.1 + 0.9 * (1 + math.cos(math.pi * (done + 1) / count)) / 2)


class PictureAdam(Optimizer):
    """Adam with Nesterov momentum and a single second moment for the whole picture (Dozat 2016; Kingma & Ba 2015).

    With one second moment per pixel, flat areas would move as far as other areas, although their gradients are almost 0
    and rounding decides the direction. This leaves a visible grid. lr: the root mean square step.
    """

    MOMENTUM, MEMORY = 0.9, 0.95

    def __init__(self, tensors: Iterable[Tensor], lr: float) -> None:
        super().__init__(tensors, {"lr": lr})

    def step(self, closure: Callable[[], float]) -> float:  # type: ignore[override]
        """Evaluate once, and update every tensor."""
        loss = closure()
        for group in self.param_groups:
            for x in group["params"]:
                self._move(x, group["lr"])
        return loss

    @torch.no_grad()
    def _move(self, x: Tensor, rate: float) -> None:
        gradient = x.grad
        assert gradient is not None
        state = self.state[x] or {"step": 0, "momentum": torch.zeros_like(x), "square": 0.0}
        step, momentum = state["step"] + 1, state["momentum"].lerp_(gradient, 1 - self.MOMENTUM)
        square = self.MEMORY * state["square"] + (1 - self.MEMORY) * float(gradient.square().mean())
        ahead = torch.lerp(gradient, momentum, self.MOMENTUM) / (1 - self.MOMENTUM**step)
        size = math.sqrt(square / (1 - self.MEMORY**step)) + 1e-30
        x.sub_(rate / size * ahead)
        self.state[x] = {"step": step, "momentum": momentum, "square": square}


class Descent:
    """Minimisation of a loss, in `count` evaluations, from a picture (1, 3, H, W).

    watch: called with each loss; returns whether to continue. split, join: functions from the picture to the optimised
    tensors and back.
    """

    def __init__(
        self,
        picture: Tensor,
        method: Method,
        count: int,
        watch: Callable[[float], bool] = lambda loss: True,
        split: Callable[[Tensor], list[Tensor]] = lambda x: [x],
        join: Callable[[Sequence[Tensor]], Tensor] = lambda tensors: tensors[0],
    ) -> None:
        self.method, self.count, self.watch, self.join = method, count, watch, join
        self.tensors = [tensor.detach().clone().requires_grad_() for tensor in split(picture)]
        self.saved = [tensor.detach().clone() for tensor in self.tensors]
        self.optimizer = method.make(self.tensors, lr=method.rate)
        self.loss, self.done, self.restarts, self.is_over = math.inf, 0, 0, False

    @property
    def picture(self) -> Tensor:
        """The current picture."""
        with torch.no_grad():
            return self.join(self.tensors)

    @property
    def best(self) -> Tensor:
        """The picture with the smallest loss of the last run."""
        with torch.no_grad():
            picture = self.join(self.saved)
            return picture.clamp(0, 1) if self.method.bound == "penalty" else picture

    def run(self, objective: Objective, count: int | None = None) -> bool:
        """Evaluate the loss up to `count` more times, or to the end; return whether evaluations are left."""
        until, self.loss = min(self.count, self.done + (count or self.count)), math.inf
        while self.done < until and not self.is_over:
            for group in self.optimizer.param_groups:
                schedule = self.method.schedule(self.done, self.count)
                group["lr"] = self.method.rate * RESTART_FACTOR**self.restarts * schedule
            is_lost = self._step(objective, until)
            if is_lost:
                self._restart()
            elif self.method.bound == "clamp":
                self._clamp()
        return self.done < self.count and not self.is_over

    def _step(self, objective: Objective, until: int) -> bool:
        """Take one step of the optimiser, with one or more evaluations; return whether a loss was not finite."""
        is_lost = False

        def closure() -> float:
            nonlocal is_lost
            if is_lost or self.is_over or self.done >= until:
                return self._end_of_step()
            x = self.join(self.tensors)
            inside = x.detach().clamp(0, 1) if self.method.bound == "penalty" else x.detach()
            inside.requires_grad_()
            features = objective.features(inside)
            loss = objective.loss(inside, features)
            loss.backward()
            self.done += 1
            loss, gradient = loss.detach(), inside.grad
            del features
            if max(x.shape) > LEAST_TO_RELEASE_PX:
                release_memory()
            if gradient is None or not (math.isfinite(float(loss)) and gradient.isfinite().all()):
                is_lost = True
                return self._end_of_step()
            self._keep(float(loss))
            excess = x.detach() - inside.detach()
            penalty = BOX_WEIGHT * float(excess.square().mean())
            self.optimizer.zero_grad()
            x.backward(torch.where(excess == 0, gradient, 2 * BOX_WEIGHT / x.numel() * excess))
            self.is_over = not self.watch(float(loss))
            return float(loss) + penalty

        self.optimizer.step(closure)
        return is_lost

    def _end_of_step(self) -> float:
        """A loss of -∞ with zero gradients, which makes an optimiser end its step."""
        for tensor in self.tensors:
            tensor.grad = torch.zeros_like(tensor)
        return -math.inf

    def _keep(self, loss: float) -> None:
        if loss < self.loss:
            self.loss = loss
            for saved, tensor in zip(self.saved, self.tensors, strict=True):
                saved.copy_(tensor.detach())

    def _restart(self) -> None:
        """Restart from the best picture at a lower rate, or end after too many restarts."""
        self.restarts += 1
        self.is_over = self.restarts == MOST_RESTARTS
        log.warning("the loss is not finite: continuing from the best picture at a lower rate")
        with torch.no_grad():
            for saved, tensor in zip(self.saved, self.tensors, strict=True):
                tensor.copy_(saved)
        self.optimizer = self.method.make(self.tensors, lr=self.method.rate)

    def _clamp(self) -> None:
        with torch.no_grad():
            for tensor in self.tensors:
                tensor.clamp_(0, 1)


def paint_from_coarse(
    task: StyleTask,
    context: Context,
    work: Mapping[int, float],
    paint_at: Callable[[Tensor, StyleTask, WorkProgress], Tensor],
) -> Tensor:
    """Repaint the task's picture at one size after another: (1, 3, H, W).

    work: amount of work by longer side, smallest first. paint_at: repaints a picture at the size of its task.
    """
    progress = WorkProgress(context, list(work.values()))
    x = task.start
    for size_px in work:
        progress.begin("Painting at {} px", size_px)
        scaled = task.at_longest_px(size_px)
        x = paint_at(resize_picture(x, scaled.picture.shape[2:], task.seamless), scaled, progress)
        context.preview(Maps.from_arrays({"base_color": as_image(x)}))
        if context.is_stopped():
            break
    return resize_picture(x, task.picture.shape[2:], task.seamless)
