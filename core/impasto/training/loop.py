"""The loop that every trainer uses: checkpoints, stop-and-keep, previews, and going back where a training fails.

What was interrupted goes on to the same bits; what fails goes back to the last good state at half the rate.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..about import VERSION
from ..context import Context
from ..data.dataset import Dataset
from ..errors import Cancelled, ModelError
from ..io.cards import read_training
from ..library.models import save_model
from ..library.tensors import read_tensors, write_tensors
from ..system.outside import explained, is_there, shown
from ..tools import Parameters, Result
from .base import Training
from .watch import Watch, probe_figures

log = logging.getLogger(__name__)

CHECKPOINT_INTERVAL_S = 60.0
PREVIEW_INTERVAL_S = 10.0
CURVE_ROWS = 40


@dataclass
class Curve:
    """Rows of figures by step: where they become `CURVE_ROWS`, neighbours are averaged. `every`: steps a row."""

    every: int = 1
    rows: list[dict[str, float]] = field(default_factory=list)
    waiting: list[dict[str, float]] = field(default_factory=list)

    def add(self, row: Mapping[str, float]) -> None:
        """The next row; all rows have the same names."""
        self.waiting.append(dict(row))
        if len(self.waiting) == self.every:
            self.rows.append(_mean(self.waiting))
            self.waiting = []
        if len(self.rows) == CURVE_ROWS:
            self.rows = [_mean(self.rows[at : at + 2]) for at in range(0, CURVE_ROWS, 2)]
            self.every *= 2

    def columns(self) -> dict[str, list[float]]:
        """Each figure's values in order, to four digits."""
        names = self.rows[0] if self.rows else ()
        return {name: [float(f"{row[name]:.4g}") for row in self.rows] for name in names}


def _mean(rows: list[dict[str, float]]) -> dict[str, float]:
    return {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}


@dataclass(frozen=True)
class Outcome:
    """How a training went. figures: for the model's card. curve: losses, SWD and diversity by step, for the card too.

    seconds: what the steps took, pauses not counted; not for the card, since the same training gives the same file.
    note: why it ended early or went back, or "".
    """

    figures: dict[str, float]
    curve: dict[str, list[float]]
    seconds: float
    note: str = ""


def train(
    training: Training,
    checkpoint: Path,
    about: Mapping[str, Any],
    context: Context,
    watch: Watch | None = None,
    watched: bool = True,
) -> Outcome:
    """Take the steps that are left and return how it went; afterwards `training.ema` is the model.

    about: what the training is of, as JSON: "data" (hash), "parameters", "seed". A checkpoint of something else is
    refused with ModelError, but other `steps` are taken over. Cancelled, it leaves the checkpoint; stopped by the user,
    or failing again and again, it ends early with the best there is. watch: its limits; watched=False: let it fail.
    """
    run = _Run(training, checkpoint, about, context, watch or Watch(training.saturated_below), watched)
    if is_there(checkpoint):
        run.resume()
    try:
        run.take_steps()
    except Cancelled:
        run.save()
        raise
    return run.outcome()


class _Run:
    """A training under way: the clock, the curve, and what is due next."""

    def __init__(
        self,
        training: Training,
        checkpoint: Path,
        about: Mapping[str, Any],
        context: Context,
        watch: Watch,
        watched: bool,
    ) -> None:
        self.training, self.checkpoint, self.about, self.context = training, checkpoint, dict(about), context
        self.watch, self.watched = watch, watched
        self.losses, self.probes = Curve(), Curve()
        self.recent: list[dict[str, float]] = []  # since the last look
        self.probe: dict[str, float] = {}
        self.note, self.is_over = "", False
        self.seconds = self.saved_s = self.step_s = 0.0
        self.shown_s = -PREVIEW_INTERVAL_S
        self.look_every = min(max(training.steps // 40, 10), 200)

    def take_steps(self) -> None:
        """Until all are taken, the user says stop, or it keeps failing."""
        training = self.training
        while training.done < training.steps and not self.is_over:
            self.context.progress(training.done / training.steps, self.message())
            started = time.monotonic()
            row = _read(training.step())
            training.done += 1
            self._learn_from(row)
            took_s = time.monotonic() - started
            self.seconds += took_s
            self.step_s = took_s if not self.step_s else self.step_s + 0.05 * (took_s - self.step_s)
            if self.seconds - self.shown_s >= PREVIEW_INTERVAL_S:
                self.shown_s = self.seconds
                self.context.preview(training.preview())
            if self.seconds - self.saved_s >= CHECKPOINT_INTERVAL_S:
                self.saved_s = self.seconds
                self.save()
            if self.context.is_stopped():
                self.note, self.is_over = f"stopped after {training.done} steps", True

    def _learn_from(self, row: dict[str, float]) -> None:
        training = self.training
        self.recent.append(row)
        is_finite = all(map(math.isfinite, row.values()))
        if is_finite:
            self.losses.add({"step": float(training.done), **row})
        if is_finite and training.done % self.look_every:
            return
        reason = self._look()
        if self.watched and reason:
            self._go_back(reason)
        elif not is_finite:
            message = f"the training diverged at step {training.done}: {reason}"
            raise ModelError(message, "train under another name with a lower learning rate")
        elif self.watch.good_step == training.done:
            training.keep_good()

    def _look(self) -> str:
        mean, self.recent = _mean(self.recent), []
        if all(map(math.isfinite, mean.values())):
            pair = self.training.probe()
            self.probe = probe_figures(*pair) if pair else {}
            if self.probe:
                self.probes.add({"probe_step": float(self.training.done), **self.probe})
        return self.watch.look(self.training.done, mean, self.probe)

    def _go_back(self, reason: str) -> None:
        training, watch, step = self.training, self.watch, self.training.done
        watch.went_back(step, reason)
        training.go_back()
        self.note = f"went back from step {step} to {watch.good_step}, at half the rate: {reason}"
        if len(watch.rollbacks) > watch.most_rollbacks:
            if not watch.good_step:
                remedy = "check the data, or train under another name with a lower learning rate"
                raise ModelError(f"the training failed {len(watch.rollbacks)} times, at last: {reason}", remedy)
            self.note, self.is_over = f"ended with the best so far, of step {watch.good_step}: {reason}", True
        log.warning("step %d: %s", step, self.note)

    def message(self) -> str:
        """The line of progress."""
        training = self.training
        parts = [f"Step {training.done} of {training.steps}"]
        if self.step_s and training.done >= 3:
            parts.append(f"about {duration(self.step_s * (training.steps - training.done))} left")
        if self.probe:
            parts.append(f"SWD {self.probe['swd']:.2f}")
        if self.note:
            parts.append(self.note)
        if self.losses.rows:
            losses = {name.removeprefix("loss_"): value for name, value in self.losses.rows[-1].items()}
            parts += [f"{name} {value:.2f}" for name, value in losses.items() if name != "step"]
        return ", ".join(parts)

    def save(self) -> None:
        """Write the checkpoint beside its target first: an interrupted write loses nothing."""
        state = {
            "about": self.about,
            "done": self.training.done,
            "rate_factor": self.training.rate_factor,
            "precision": self.training.precision,
            "seconds": self.seconds,
            "note": self.note,
            "recent": self.recent,
            "probe": self.probe,
            "watch": self.watch.state(),
            "losses": vars(self.losses),
            "probes": vars(self.probes),
        }
        write_tensors(self.checkpoint, self.training.tensors(), {"training": json.dumps(state)})

    def resume(self) -> None:
        """Go on from the checkpoint. ModelError where it is of something else, or damaged."""
        tensors, metadata = read_tensors(self.checkpoint)
        training, name = self.training, shown(self.checkpoint.name)
        try:
            state = read_training(metadata["training"], f"the state in {name}")
            if _without_steps(state["about"]) != _without_steps(self.about):
                message = f"{name} was begun with other data, parameters or seed"
                raise ModelError(message, "give the same again, choose another name, or delete the file")
            training.restore(tensors, state["done"])
            training.rate_factor, training.precision = state["rate_factor"], state["precision"]
            self.watch.restore(state["watch"])
            self.losses, self.probes = Curve(**state["losses"]), Curve(**state["probes"])
            self.note, self.recent, self.probe = state["note"], state["recent"], state["probe"]
            self.seconds = self.saved_s = state["seconds"]
        except (KeyError, TypeError, ValueError, AttributeError, RuntimeError, IndexError) as error:
            message = f"{name} does not fit this training: {error}"
            raise ModelError(message, "it is of another version, or damaged: delete the file") from error

    def outcome(self) -> Outcome:
        """Where it ended."""
        figures = {"steps": float(self.training.done), "rollbacks": float(len(self.watch.rollbacks))}
        if self.losses.rows:
            figures |= {name: value for name, value in self.losses.rows[-1].items() if name != "step"}
        curve = {**self.losses.columns(), **self.probes.columns()}
        return Outcome({**figures, **self.probe}, curve, self.seconds, self.note)


def _read(losses: Mapping[str, Tensor]) -> dict[str, float]:
    """0-d tensors by name as numbers: one wait for the device for all."""
    values = torch.stack([value.detach().float() for value in losses.values()]).tolist()
    return dict(zip(losses, values, strict=True))


def _without_steps(about: Mapping[str, Any]) -> dict[str, Any]:
    parameters = {name: value for name, value in about.get("parameters", {}).items() if name != "steps"}
    return {**about, "parameters": parameters}


def duration(seconds: float) -> str:
    """A duration as people say it: "40 s", "3 min", "2.5 h"."""
    if seconds < 60:
        return f"{max(10, 10 * round(seconds / 10))} s" if seconds >= 10 else f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def new_model_path(name: str, context: Context) -> Path:
    """Where the model will be saved. ModelError where one of this name exists: no training overwrites another."""
    path = context.models.path(name)
    if is_there(path):
        raise ModelError(
            f"there is a model {name!r} already", f"choose another name, or `impasto models remove {name}`"
        )
    return path


def train_model(
    training: Training,
    path: Path,
    tool: str,
    parameters: Parameters,
    dataset: Dataset,
    context: Context,
    card: Callable[[], Mapping[str, Any]],
    watched: bool = True,
) -> Result:
    """Train, and save what comes of it at `path` as a model for `tool`; goes on where a checkpoint of it is.

    card: called once training is complete; what the model's card says beside who made it, with which parameters, and
    how it went.
    """
    settings = parameters.model_dump(mode="json")
    about = {"data": dataset.sha256(), "parameters": settings, "seed": training.seed}
    checkpoint = path.with_suffix(".checkpoint")
    outcome = train(training, checkpoint, about, context, watched=watched)
    training.complete()
    made_by = {"name": path.stem, "architecture": tool, "tool": tool, "impasto": VERSION, "parameters": settings}
    return save_trained(training, path, checkpoint, {**made_by, **card()}, outcome)


def save_trained(training: Training, path: Path, checkpoint: Path, card: Mapping[str, Any], outcome: Outcome) -> Result:
    """Save `ema` in half precision and drop the checkpoint. The card gets the precision, the figures and the curve."""
    tensors = {name: value.detach().cpu() for name, value in training.ema.state_dict().items()}
    halves = {name: (value.half() if value.is_floating_point() else value).numpy() for name, value in tensors.items()}
    about = {**card, "precision": training.precision, "figures": outcome.figures, "curve": outcome.curve}
    if outcome.note:
        about["note"] = outcome.note
    model = save_model(path, halves, about, training.preview())
    with explained(checkpoint, "remove"):
        checkpoint.unlink(missing_ok=True)
    return Result(models=(model.path,), figures={**outcome.figures, "seconds": outcome.seconds})
