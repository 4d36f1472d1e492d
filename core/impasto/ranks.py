"""Training in several processes with one GPU each. `torchrun` starts the processes, and torch connects them.

Every process draws the whole batch, with the same random numbers, and computes networks for its part of the pictures.
Outputs are put together before the loss is computed. So the loss is that of the whole batch, even if it compares
distributions, and gradients are summed over the processes.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed, nn

from .device import choose_device
from .errors import DeviceError, FileError, Message, ParameterError, WorkerError
from .system.locks import held

T = TypeVar("T")


@dataclass(frozen=True)
class Ranks:
    """The `count` processes of a training, and the `rank` of this one among them; the first has rank 0."""

    rank: int = 0
    count: int = 1

    @classmethod
    def connected(cls) -> Ranks:
        """The processes that torch has connected, or this one alone."""
        if not (distributed.is_available() and distributed.is_initialized()):
            return cls()
        return cls(distributed.get_rank(), distributed.get_world_size())

    @property
    def is_first(self) -> bool:
        """Whether this process writes the files."""
        return self.rank == 0

    def held(self, path: Path) -> contextlib.AbstractContextManager[None]:
        """Lock for a file that the first process writes. Raise FileError if another training holds the lock."""
        return held(path) if self.is_first else contextlib.nullcontext()

    def check(self, batch: int) -> None:
        """Raise ParameterError for a batch with fewer pictures than processes."""
        if batch < self.count:
            message = "{} processes cannot share a batch of {}"
            raise ParameterError(message, "raise --batch, or give torchrun fewer --nproc-per-node", self.count, batch)

    def check_start(self, step: int) -> None:
        """Raise FileError if this process begins at another step than the first, because it lacks the checkpoint."""
        if step != (first := self.first(step)):
            message = Message("process {} begins at step {}, and the first one at step {}", self.rank + 1, step, first)
            raise FileError(message, "give all machines one folder for the model: --out, on a disk that they share")

    def rows(self, count: int) -> slice:
        """Rows of a batch of `count` that this process computes; processes differ by at most one row."""
        return slice(self.rank * count // self.count, (self.rank + 1) * count // self.count)

    def whole(self, part: Tensor, count: int) -> Tensor:
        """The whole batch (count, …), from the `rows` of each process. Gradients reach only the rows of this process.

        All processes compute the same loss of the batch, so the sum of their gradients is the gradient of that loss.
        """
        if self.count == 1:
            return part
        rows, batch = self.rows(count), part.new_zeros(count, *part.shape[1:])
        batch[rows] = part.detach()
        self._connect(lambda: distributed.all_reduce(batch))
        return torch.cat([batch[: rows.start], part, batch[rows.stop :]])

    def spread(self, network: Callable[..., Tensor], *batches: Tensor) -> Tensor:
        """Result of `network(*batches)`; each process computes its rows. All batches have the same number of rows."""
        rows = self.rows(len(batches[0]))
        return self.whole(network(*(batch[rows] for batch in batches)), len(batches[0]))

    def add_gradients(self, weights: Iterable[nn.Parameter]) -> None:
        """Replace the gradients of the weights by their sums over all processes."""
        gradients = [weight.grad for weight in weights if weight.grad is not None]
        if self.count == 1 or not gradients:
            return
        sums = torch.cat([gradient.flatten() for gradient in gradients])
        self._connect(lambda: distributed.all_reduce(sums))
        for gradient, added in zip(gradients, sums.split([one.numel() for one in gradients]), strict=True):
            gradient.copy_(added.view_as(gradient))

    def first(self, value: T) -> T:
        """Value of the first process, for decisions that all processes must share."""
        if self.count == 1:
            return value
        values: list[Any] = [value]
        self._connect(lambda: distributed.broadcast_object_list(values, device=torch.device("cpu")))
        chosen: T = values[0]
        return chosen

    def any(self, *flags: bool) -> list[bool]:
        """Whether each flag is set in at least one process."""
        if self.count == 1:
            return list(flags)
        found = torch.tensor(flags, dtype=torch.int32)
        self._connect(lambda: distributed.all_reduce(found, distributed.ReduceOp.MAX))
        return [bool(flag) for flag in found]

    def _connect(self, collective: Callable[[], Any]) -> None:
        """Run a function that all processes take part in. Raise WorkerError if one of them has ended."""
        try:
            collective()
        except RuntimeError as error:
            message = "process {} of {} has lost the others, since one of them ended"
            remedy = "see its message; the same command goes on from the last checkpoint"
            raise WorkerError(message, remedy, self.rank + 1, self.count) from error


@contextlib.contextmanager
def launched(device: str) -> Iterator[Ranks]:
    """Context that connects this process with the others that `torchrun` has started, if any.

    Raise DeviceError if there are fewer GPUs than processes on this machine.
    """
    if "WORLD_SIZE" not in os.environ or "RANK" not in os.environ:
        yield Ranks()
        return
    chosen, here = choose_device(device), int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    backend = "gloo"
    if chosen.startswith("cuda"):
        if here > torch.cuda.device_count():
            remedy = "give torchrun as many --nproc-per-node as there are GPUs, or add --device cpu"
            raise DeviceError("{} processes cannot share {} GPU", remedy, here, torch.cuda.device_count())
        torch.cuda.set_device(chosen)
        if distributed.is_nccl_available():
            backend = "cpu:gloo,cuda:nccl"
    distributed.init_process_group(backend)
    yield Ranks.connected()
    distributed.destroy_process_group()  # after an error, it would wait for the others
