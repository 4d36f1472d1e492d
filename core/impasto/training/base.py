"""State of a training: its networks, their optimisers, the averaged weights and the random generator.

A trainer subclasses `Training` with its networks and its step; `impasto.training.loop.train` runs the steps.
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
from ..errors import Message, ModelError
from ..ranks import Ranks
from ..texture import Maps

log = logging.getLogger(__name__)

LEARNED_MAPS = ("base_color", "height", "roughness", "metallic")
"""Maps that networks learn. Normals and occlusion are derived from the height, so that they agree with it."""
LEAST_DEVIATION = 0.01
"""Lower limit of the standard deviation that divides a channel, so that an almost constant one is not amplified."""
FINAL_RATE = 0.1
EMA_DECAY = 0.995


class Training(ABC):
    """Networks, optimisers and random state after `done` of `steps` steps: the content of a checkpoint.

    A subclass creates its networks within `seeded_weights()` and passes them to `hold`. It defines `step`, `preview`
    and, to detect a collapse, `probe`. averaged: name of the network whose averaged weights (EMA) become the model.
    rate_factor: factor of the learning rate, halved by each rollback. ranks: the processes that train together. A step
    that spreads its batch over them has the same losses and gradients as in one process. precision: "float32", or
    "bfloat16" within `autocast()`.
    """

    averaged = "generator"
    saturated_below: float | None = None
    """Loss below which the discriminator has won; None if its loss does not tell."""

    def __init__(
        self, steps: int, learning_rate: float, seed: int, device: str = "cpu", precision: str = "float32"
    ) -> None:
        self.steps, self.learning_rate, self.seed = steps, learning_rate, seed
        self.ranks = Ranks.connected()
        self.device, self.precision = device, self.ranks.first(precision)
        self.done, self.rate_factor = 0, 1.0
        self.random = torch.Generator().manual_seed(seed)
        self.networks: dict[str, nn.Module] = {}
        self.optimizers: dict[str, Optimizer] = {}
        self.good: dict[str, Tensor] = {}
        self.ema: Any = None

    @contextlib.contextmanager
    def seeded_weights(self) -> Iterator[None]:
        """Context manager in which new networks get weights determined by the seed."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed % 2**63)
            yield

    def hold(self, networks: Mapping[str, nn.Module], optimizer: Callable[[Iterable[nn.Parameter]], Optimizer]) -> None:
        """Register the networks, each with its own optimiser. `ema` becomes a copy of the averaged one."""
        for name, network in networks.items():
            self.networks[name] = network.to(self.device)
            if self.precision == "bfloat16":
                network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            self.optimizers[name] = optimizer(network.parameters())
        self.ema = copy.deepcopy(self.networks[self.averaged]).requires_grad_(False)
        self.keep_good()

    @abstractmethod
    def step(self) -> dict[str, Tensor]:
        """Take one step of all networks; return the losses by name, 0-d and detached."""

    @abstractmethod
    def preview(self) -> Maps:
        """Current result of the averaged network, from fixed noise."""

    def complete(self) -> None:  # noqa: B027  (most have nothing to do)
        """Compute the parts of the averaged network that are not trained. Called once, after the last step."""

    def card(self) -> dict[str, Any]:
        """Fields of the model's card that its tool needs, and its "data". Called once, after `complete`."""
        return {}

    def exemplar(self) -> Maps | None:
        """The picture that is stored next to the model, for the detail of its results; None for none."""
        return None

    def probe(self) -> tuple[Tensor, Tensor] | None:
        """Results of `ema` from fixed noise, and fixed real pictures, both (B, C, H, W). None: watch losses only."""
        return None

    def start_from(self, model: str, tool: str, context: Context) -> None:
        """Fine-tune: load the weights of a model of `tool` that fit the averaged network by name and shape.

        Other networks start from scratch. A model of "" does nothing. Raise ModelError if no weight fits.
        """
        if not model:
            return
        card, stored = context.load_model(model, tool)
        tensors = self.initial_tensors(card, stored)
        wanted = self.ema.state_dict()
        fitting = {
            name: torch.from_numpy(tensors[name]).to(value.dtype)
            for name, value in wanted.items()
            if name in tensors
            and tensors[name].shape == tuple(value.shape)
            and (tensors[name].dtype.kind == "f") == value.is_floating_point()
        }
        if not fitting:
            message = "no weight of {} fits this training"
            raise ModelError(message, "choose the same sizes as it was trained with, or another model", card["name"])
        log.info("%d of %d tensors come from %s", len(fitting), len(wanted), card["name"])
        for network in (self.ema, self.networks[self.averaged]):
            network.load_state_dict(fitting, strict=False)
        self.keep_good()

    def initial_tensors(self, card: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """Tensors of the model to start from, in the shapes of this training where possible. card: of the model."""
        return tensors

    def rate(self) -> float:
        """Learning rate of this step: constant in the first half, then half a cosine down to a tenth."""
        fraction = min(self.done / self.steps, 1.0)
        cosine = 0.5 * (1 + math.cos(math.pi * max(0.0, 2 * fraction - 1)))
        return self.learning_rate * self.rate_factor * (FINAL_RATE + (1 - FINAL_RATE) * cosine)

    def descend(self, name: str, loss: Tensor, rate_scale: float = 1.0) -> None:
        """Take one optimiser step of the network `name`, at `rate_scale` times the learning rate."""
        optimizer = self.optimizers[name]
        for group in optimizer.param_groups:
            group["lr"] = rate_scale * self.rate()
        optimizer.zero_grad()
        loss.backward()
        self.ranks.add_gradients(self.networks[name].parameters())
        optimizer.step()

    @torch.no_grad()
    def average(self, decay: float = EMA_DECAY) -> None:
        """Update `ema` (Karras et al. 2018) from its network. The decay is smaller at first, to forget the first steps.

        Not `torch.optim.swa_utils`, whose `get_ema_multi_avg_fn` has a constant decay.
        """
        decay = min(decay, (1 + self.done) / (10 + self.done))
        network = self.networks[self.averaged]
        for mean, weight in zip(self.ema.parameters(), network.parameters(), strict=True):
            mean.lerp_(weight, 1 - decay)
        for mean, buffer in zip(self.ema.buffers(), network.buffers(), strict=True):
            mean.copy_(buffer)

    def noise(self, *shape: int) -> Tensor:
        """Standard normal noise from this training's generator, drawn on the CPU."""
        return torch.randn(shape, generator=self.random).to(self.device)

    def fixed_noise(self, seed: int = 0) -> Callable[..., Tensor]:
        """A function like `noise` with a generator of its own, for previews and the probe."""
        random = torch.Generator().manual_seed(seed)
        return lambda *shape: torch.randn(shape, generator=random).to(self.device)

    def autocast(self) -> Any:
        """Context manager in which convolutions run at the precision of the training."""
        kind = self.device.split(":")[0]
        return torch.autocast(kind, torch.bfloat16, enabled=self.precision == "bfloat16")

    def keep_good(self) -> None:
        """Store the current weights, which `go_back` then restores."""
        self.good = {name: value.detach().clone() for name, value in self._weights().items()}

    def go_back(self) -> None:
        """Restore the good weights, with the average for the averaged network, fresh optimisers and half the rate."""
        self.load_good()
        self.networks[self.averaged].load_state_dict(self.ema.state_dict())
        for optimizer in self.optimizers.values():
            optimizer.state.clear()
        self.rate_factor /= 2

    def load_good(self) -> None:
        """Restore the weights that `keep_good` stored."""
        with torch.no_grad():
            for name, value in self._weights().items():
                value.copy_(self.good[name])

    def tensors(self) -> dict[str, np.ndarray]:
        """The whole state as arrays by name, for a safetensors file, which cannot run code when it is read."""
        state = {"random": self.random.get_state(), **self._weights()}
        state |= {f"good.{name}": value for name, value in self.good.items()}
        for name, optimizer in self.optimizers.items():
            for index, moments in optimizer.state_dict()["state"].items():
                state |= {f"optimizer.{name}.{index}.{key}": torch.as_tensor(value) for key, value in moments.items()}
        return {name: value.detach().cpu().numpy() for name, value in state.items()}

    def restore(self, tensors: Mapping[str, np.ndarray], done: int) -> None:
        """Restore the result of `tensors()` after `done` steps. Raise KeyError, ValueError, RuntimeError if invalid."""
        state = {name: torch.from_numpy(array) for name, array in tensors.items()}
        for name, value in state.items():
            if name.startswith("good.") and value.is_floating_point() and not bool(value.isfinite().all()):
                raise ValueError(Message("{} is not finite", name))
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
    """The value with the shape and memory format of another tensor.

    Fused optimisers ignore strides: moments in another memory format would be applied to other weights.
    """
    return torch.empty_like(like).copy_(value.reshape(like.shape))
