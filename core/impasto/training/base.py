"""What every trainer trains: networks, their optimisers and average, and the random state, as one thing to save.

A trainer subclasses `Training` with its networks and its step; `impasto.training.loop.train` takes the steps.
"""

from __future__ import annotations

import contextlib
import copy
import logging
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ..context import Context
from ..errors import ModelError
from ..texture import Maps

log = logging.getLogger(__name__)

LEARNED_MAPS = ("base_color", "height", "roughness", "metallic")
"""What there is to learn; normals and occlusion are derived from height, so that they agree with it."""
LEAST_DEVIATION = 0.01
"""A channel that varies less is taken to vary so much: what hardly changes is not blown up."""
LAST_RATE = 0.1
EMA_DECAY = 0.995


class Training(ABC):
    """Networks, optimisers and random state after `done` of `steps` steps: all that a checkpoint holds.

    A subclass makes its networks within `seeded()`, gives them to `hold`, and writes `step`, `preview` and, to be
    watched, `probe`. averaged: the network whose weights' average (EMA) becomes the model. rate_factor: halved by each
    rollback. precision: "float32", or "bfloat16" for the blocks within `autocast()`.
    """

    averaged = "generator"
    saturated_below: float | None = None
    """A discriminator's loss below which it has won; None where the loss does not say."""

    def __init__(
        self, steps: int, learning_rate: float, seed: int, device: str = "cpu", precision: str = "float32"
    ) -> None:
        self.steps, self.learning_rate, self.seed = steps, learning_rate, seed
        self.device, self.precision = device, precision
        self.done, self.rate_factor = 0, 1.0
        self.random = torch.Generator().manual_seed(seed)
        self.networks: dict[str, nn.Module] = {}
        self.optimizers: dict[str, Optimizer] = {}
        self.good: dict[str, Tensor] = {}
        self.ema: Any = None

    @contextlib.contextmanager
    def seeded(self) -> Iterator[None]:
        """Networks made within have weights that follow from the seed."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed % 2**63)
            yield

    def hold(self, networks: Mapping[str, nn.Module], optimizer: Callable[[Iterable[nn.Parameter]], Optimizer]) -> None:
        """Take the networks, each with an optimiser of its own; `ema` becomes a copy of the averaged one."""
        for name, network in networks.items():
            self.networks[name] = network.to(self.device)
            if self.precision == "bfloat16":
                network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            self.optimizers[name] = optimizer(network.parameters())
        self.ema = copy.deepcopy(self.networks[self.averaged]).requires_grad_(False)
        self.keep_good()

    @abstractmethod
    def step(self) -> dict[str, Tensor]:
        """Take one step of all networks; the losses by name, 0-d and detached. Never looks at the context."""

    @abstractmethod
    def preview(self) -> Maps:
        """What the averaged network makes now, from noise that stays the same."""

    def complete(self) -> None:  # noqa: B027  (most have nothing to do)
        """Derive what the averaged network holds beside trained weights; called once, after the last step."""

    def probe(self) -> tuple[Tensor, Tensor] | None:
        """What `ema` makes of fixed noise and fixed real pictures, both (B, C, H, W); None: watch the losses alone."""
        return None

    def rate(self) -> float:
        """The learning rate of this step: constant, then half a cosine down to a tenth."""
        fraction = min(self.done / self.steps, 1.0)
        cosine = 0.5 * (1 + math.cos(math.pi * max(0.0, 2 * fraction - 1)))
        return self.learning_rate * self.rate_factor * (LAST_RATE + (1 - LAST_RATE) * cosine)

    def descend(self, name: str, loss: Tensor, share: float = 1.0) -> None:
        """One step of the network `name` down its loss, at that share of the learning rate."""
        optimizer = self.optimizers[name]
        for group in optimizer.param_groups:
            group["lr"] = share * self.rate()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    @torch.no_grad()
    def average(self, decay: float = EMA_DECAY) -> None:
        """Bring `ema` closer to its network; over the first steps it is an average of all, so that it forgets them."""
        decay = min(decay, (1 + self.done) / (10 + self.done))
        network = self.networks[self.averaged]
        for mean, weight in zip(self.ema.parameters(), network.parameters(), strict=True):
            mean.lerp_(weight, 1 - decay)
        for mean, buffer in zip(self.ema.buffers(), network.buffers(), strict=True):
            mean.copy_(buffer)

    def noise(self, *shape: int) -> Tensor:
        """Standard normal noise of this training, drawn on the CPU."""
        return torch.randn(shape, generator=self.random).to(self.device)

    def fixed_noise(self, seed: int = 0) -> Callable[..., Tensor]:
        """`noise(*shape)` that gives the same again for the same seed: for previews and the probe."""
        random = torch.Generator().manual_seed(seed)
        return lambda *shape: torch.randn(shape, generator=random).to(self.device)

    def autocast(self) -> Any:
        """Within, convolutions run in the training's precision."""
        kind = self.device.split(":")[0]
        return torch.autocast(kind, torch.bfloat16, enabled=self.precision == "bfloat16")

    def keep_good(self) -> None:
        """Remember the weights as they are: where `go_back` goes."""
        self.good = {name: value.detach().clone() for name, value in self._weights().items()}

    def go_back(self) -> None:
        """To the good weights, the averaged network from its average, with fresh optimisers and half the rate."""
        self.load_good()
        self.networks[self.averaged].load_state_dict(self.ema.state_dict())
        for optimizer in self.optimizers.values():
            optimizer.state.clear()
        self.rate_factor /= 2

    def load_good(self) -> None:
        """The weights as `keep_good` found them."""
        with torch.no_grad():
            for name, value in self._weights().items():
                value.copy_(self.good[name])

    def tensors(self) -> dict[str, np.ndarray]:
        """All state as arrays by name; safetensors holds them, so that a checkpoint runs no code when it is read."""
        state = {"random": self.random.get_state(), **self._weights()}
        state |= {f"good.{name}": value for name, value in self.good.items()}
        for name, optimizer in self.optimizers.items():
            for index, moments in optimizer.state_dict()["state"].items():
                state |= {f"optimizer.{name}.{index}.{key}": torch.as_tensor(value) for key, value in moments.items()}
        return {name: value.detach().cpu().numpy() for name, value in state.items()}

    def restore(self, tensors: Mapping[str, np.ndarray], done: int) -> None:
        """Go back to the state that `tensors` gave after `done` steps. KeyError, ValueError, RuntimeError else."""
        state = {name: torch.from_numpy(array) for name, array in tensors.items()}
        for name, value in state.items():
            if name.startswith("good.") and value.is_floating_point() and not bool(value.isfinite().all()):
                raise ValueError(f"{name} is not finite")
        self.random.set_state(state["random"])
        with torch.no_grad():
            for name, value in self._weights().items():
                value.copy_(state[name].reshape(value.shape))  # a file holds no 0-d arrays
                self.good[name] = state[f"good.{name}"].reshape(value.shape).to(self.device)
        for name, optimizer in self.optimizers.items():
            weights = [weight for group in optimizer.param_groups for weight in group["params"]]
            moments: dict[int, dict[str, Tensor]] = {}
            for key, value in state.items():
                if key.startswith(f"optimizer.{name}."):
                    index, moment = key.rsplit(".", 2)[1:]
                    like = torch.zeros(()) if moment == "step" else weights[int(index)]
                    moments.setdefault(int(index), {})[moment] = _as(like, value)
            optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
        self.done = done

    def _weights(self) -> dict[str, Tensor]:
        networks = {**self.networks, "ema": self.ema}
        return {f"{name}.{key}": value for name, one in networks.items() for key, value in one.state_dict().items()}


def _as(like: Tensor, value: Tensor) -> Tensor:
    """The value in the shape of another tensor, and in its order in memory.

    Fused optimisers walk through memory whatever the strides are: moments in another order would meet other weights.
    """
    return torch.empty_like(like).copy_(value.reshape(like.shape))


def start_from(training: Training, model: str, tool: str, context: Context) -> None:
    """Fine-tune: give the averaged network the weights of a model of `tool`, those that fit by name and shape.

    Other networks start anew. "" does nothing. ModelError where nothing fits.
    """
    if not model:
        return
    card, tensors = context.load_model(model, tool)
    wanted = training.ema.state_dict()
    fitting = {
        name: torch.from_numpy(tensors[name]).to(value.dtype)
        for name, value in wanted.items()
        if name in tensors
        and tensors[name].shape == tuple(value.shape)
        and (tensors[name].dtype.kind == "f") == value.is_floating_point()
    }
    if not fitting:
        message = f"no weight of {card['name']} fits this training"
        raise ModelError(message, "choose the same sizes as it was trained with, or another model")
    log.info("%d of %d tensors come from %s", len(fitting), len(wanted), card["name"])
    for network in (training.ema, training.networks[training.averaged]):
        network.load_state_dict(fitting, strict=False)
    training.keep_good()
