"""The loop of every trainer: steps, checkpoints, previews, early stops, and rollbacks when a training fails.

An interrupted training resumes bit for bit. A failing one returns to the last good weights at half the learning rate.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..context import Context
from ..errors import Cancelled, Message, ModelError, series
from ..io.cards import read_training
from ..library.tensors import read_tensors, write_tensors
from ..system.untrusted import excerpt, is_there
from .base import Training
from .curve import Curve, mean_row
from .watch import Watch, probe_figures

log = logging.getLogger(__name__)

CHECKPOINT_INTERVAL_S = 60.0
PREVIEW_INTERVAL_S = 10.0


@dataclass(frozen=True)
class Outcome:
    """Outcome of a training. figures and curve go on the model's card.

    curve: losses by `step`, SWD, its floor and diversity by `probe_step`, and the steps of rollbacks.
    seconds: time of the steps without pauses. It is not on the card: the same training must give the same file.
    note: why it ended early or rolled back, or "".
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
    """Take the remaining steps and return the outcome; afterwards `training.ema` is the model.

    about: identity of the training, as JSON: "data" (hash), "parameters", "seed". Raise ModelError if the checkpoint is
    of another training; only the number of `steps` may differ. A cancelled training leaves its checkpoint. A training
    that the user stops, or that keeps failing, ends early with its best weights. Of several processes, the first one
    decides and writes, and all end if one is cancelled. watch: limits that detect failure. watched=False: no rollbacks.
    """
    run = _TrainingRun(training, checkpoint, about, context, watch or Watch(training.saturated_below), watched)
    if is_there(checkpoint):
        run.resume()
    try:
        run.take_steps()
    except Cancelled:
        run.save()
        raise
    return run.outcome()


class _TrainingRun:
    """A running training: its clock, its curves, and the times of the next preview and checkpoint."""

    def __init__(
        self,
        training: Training,
        checkpoint: Path,
        about: Mapping[str, Any],
        context: Context,
        watch: Watch,
        watched: bool,
    ) -> None:
        self.training, self.checkpoint, self.about, self.ranks = training, checkpoint, dict(about), training.ranks
        self.is_cancelled = False
        self.context = replace(context, is_cancelled=lambda: self.is_cancelled)
        self.end_callbacks = context.is_cancelled, context.is_stopped
        self.watch, self.watched = watch, watched
        self.losses, self.probes = Curve(), Curve()
        self.recent: list[dict[str, float]] = []  # since the last look at the probe
        self.probe: dict[str, float] = {}
        self.note, self.is_over = "", False
        self.seconds = self.saved_s = self.step_s = 0.0
        self.shown_s = -PREVIEW_INTERVAL_S
        self.look_every = min(max(training.steps // 40, 10), 200)

    def take_steps(self) -> None:
        """Take steps until all are done, the user stops the training, or it keeps failing."""
        training = self.training
        self.ranks.check_start(training.done)
        self._is_stopped()
        while training.done < training.steps and not self.is_over:
            self.context.progress(training.done / training.steps, self.message())
            started = time.monotonic()
            row = self.ranks.first(_read(training.step()))
            training.done += 1
            self._learn_from(row)
            took_s = time.monotonic() - started
            self.seconds += took_s
            self.step_s = took_s if not self.step_s else self.step_s + 0.05 * (took_s - self.step_s)
            if self.ranks.is_first and self.seconds - self.shown_s >= PREVIEW_INTERVAL_S:
                self.shown_s = self.seconds
                self.context.preview(training.preview())
            if self.seconds - self.saved_s >= CHECKPOINT_INTERVAL_S:
                self.saved_s = self.seconds
                self.save()
            if self._is_stopped():
                self.note, self.is_over = Message("stopped after {} steps", training.done), True

    def _is_stopped(self) -> bool:
        """Return whether the user has stopped the training, and note whether it is cancelled before the next step."""
        self.is_cancelled, is_stopped = self.ranks.any(*(is_true() for is_true in self.end_callbacks))
        return is_stopped

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
            message = "the training diverged at step {}: {}"
            raise ModelError(message, "train under another name with a lower learning rate", training.done, reason)
        elif self.watch.good_step == training.done:
            training.keep_good()

    def _look(self) -> str:
        mean, self.recent = mean_row(self.recent), []
        if all(map(math.isfinite, mean.values())):
            pair = self.training.probe()
            self.probe = self.ranks.first(probe_figures(*pair)) if pair else {}
            if self.probe:
                self.probes.add({"probe_step": float(self.training.done), **self.probe})
        return self.watch.look(self.training.done, mean, self.probe)

    def _go_back(self, reason: str) -> None:
        training, watch, step = self.training, self.watch, self.training.done
        watch.went_back(step, reason)
        training.go_back()
        self.note = Message("went back from step {} to {}, at half the rate: {}", step, watch.good_step, reason)
        if len(watch.rollbacks) > watch.most_rollbacks:
            if not watch.good_step:
                remedy = "check the data, or train under another name with a lower learning rate"
                raise ModelError("the training failed {} times, at last: {}", remedy, len(watch.rollbacks), reason)
            self.note = Message("ended with the best so far, of step {}: {}", watch.good_step, reason)
            self.is_over = True
        log.warning("step %d: %s", step, self.note)

    def message(self) -> str:
        """Message for the progress bar."""
        training = self.training
        parts: list[str] = [Message("Step {} of {}", training.done, training.steps)]
        if self.step_s and training.done >= 3:
            parts.append(Message("about {} left", duration(self.step_s * (training.steps - training.done))))
        if self.probe:
            parts.append(f"SWD {self.probe['swd']:.2f}")
        if self.note:
            parts.append(self.note)
        if self.losses.rows:
            losses = {name.removeprefix("loss_"): value for name, value in self.losses.rows[-1].items()}
            named = ", ".join(f"{name} {value:.2f}" for name, value in losses.items() if name != "step")
            parts.append(Message("losses: {}", named))
        return series(", ", parts)

    def save(self) -> None:
        """Write the checkpoint atomically, so that an interrupted write loses nothing."""
        if not self.ranks.is_first:
            return
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
        """Continue from the checkpoint. Raise ModelError if it belongs to another training, or is damaged."""
        tensors, metadata = read_tensors(self.checkpoint)
        training, name = self.training, excerpt(self.checkpoint.name)
        try:
            state = read_training(metadata["training"], Message("the state in {}", name))
            if _without_steps(state["about"]) != _without_steps(self.about):
                message = "{} was begun with other data, parameters or seed"
                raise ModelError(message, "give the same again, choose another name, or delete the file", name)
            training.restore(tensors, state["done"])
            training.rate_factor, training.precision = state["rate_factor"], state["precision"]
            self.watch.restore(state["watch"])
            self.losses, self.probes = Curve(**state["losses"]), Curve(**state["probes"])
            self.note, self.recent, self.probe = state["note"], state["recent"], state["probe"]
            self.seconds = self.saved_s = state["seconds"]
        except (KeyError, TypeError, ValueError, AttributeError, RuntimeError, IndexError) as error:
            message = "{} does not fit this training: {}"
            raise ModelError(message, "it is of another version, or damaged: delete the file", name, error) from error

    def outcome(self) -> Outcome:
        """The outcome of the steps taken so far."""
        figures = {"steps": float(self.training.done), "rollbacks": float(len(self.watch.rollbacks))}
        if self.losses.rows:
            figures |= {name: value for name, value in self.losses.rows[-1].items() if name != "step"}
        curve = {**self.losses.columns(), **self.probes.columns()}
        if self.watch.rollbacks:
            curve["rollback_step"] = [float(step) for step, _ in self.watch.rollbacks]
        return Outcome({**figures, **self.probe}, curve, self.seconds, self.note)


def _read(losses: Mapping[str, Tensor]) -> dict[str, float]:
    """Values of 0-d tensors by name, read from the device at once."""
    values = torch.stack([value.detach().float() for value in losses.values()]).tolist()
    return dict(zip(losses, values, strict=True))


def _without_steps(about: Mapping[str, Any]) -> dict[str, Any]:
    parameters = {name: value for name, value in about.get("parameters", {}).items() if name != "steps"}
    return {**about, "parameters": parameters}


def duration(seconds: float) -> str:
    """A rounded duration: "40 s", "3 min", "2.5 h"."""
    if seconds < 60:
        return f"{max(10, 10 * round(seconds / 10))} s" if seconds >= 10 else f"{max(1, round(seconds))} s"
    return Message("{} min", round(seconds / 60)) if seconds < 5400 else f"{seconds / 3600:.1f} h"
