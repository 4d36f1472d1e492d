"""Training a model, from the dataset to the saved file. An interrupted training is resumed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..about import VERSION
from ..context import Context
from ..data.dataset import Dataset
from ..errors import ModelError
from ..library.models import CHECKPOINT_SUFFIX, REPORT_SUFFIX, save_model
from ..system.untrusted import excerpt, explain, is_there
from ..tools import Result
from .base import Training
from .loop import Outcome, train
from .reporting import unreported_model


def new_model_path(name: str, context: Context) -> Path:
    """File for a new model. Raise ModelError if a model of this name exists, since no training overwrites another."""
    path = context.models.path(name)
    if is_there(path):
        message = "there is a model {} already"
        raise ModelError(message, "choose another name, or `impasto models remove {}`", excerpt(name), name)
    return path


def train_model(
    build: Callable[[int], Training],
    tool: str,
    parameters: Any,
    dataset: Dataset,
    context: Context,
    watched: bool = True,
) -> Result:
    """Train a model for `tool` on the dataset, and save it. A checkpoint with its name is resumed.

    build: creates the training from a seed. parameters: of the trainer, with the `name` of the model and of the model
    to `start_from`. The card has name, architecture and parameters, and the fields of the training's `card()`. If the
    same training was interrupted before its report, the result is the model that it left. Of several processes, the
    first one saves and returns the model.
    """
    path, seed = context.models.path(parameters.name), int(context.rng.integers(2**62))
    settings = parameters.model_dump(mode="json")
    about = {"data": dataset.sha256(), "parameters": settings, "seed": seed}
    made_by: dict[str, Any] = {
        "name": path.stem,
        "architecture": tool,
        "tool": tool,
        "impasto": VERSION,
        "parameters": settings,
    }
    made_by["training"] = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
    checkpoint = path.with_suffix(CHECKPOINT_SUFFIX)
    if model := unreported_model(path, made_by["training"]):
        context.note("{} was trained before, and its report was missing", model.name)
        _drop(checkpoint)
        return Result(models=(model.path,), figures=model.card["figures"])
    new_model_path(parameters.name, context)
    training = build(seed)
    training.start_from(parameters.start_from, tool, context)
    outcome = train(training, checkpoint, about, context, watched=watched)
    if not training.ranks.is_first:
        return Result(figures=outcome.figures)
    training.complete()
    return save_trained(training, path, checkpoint, {**made_by, **training.card()}, outcome)


def _drop(file: Path) -> None:
    with explain(file, "remove"):
        file.unlink(missing_ok=True)


def save_trained(training: Training, path: Path, checkpoint: Path, card: Mapping[str, Any], outcome: Outcome) -> Result:
    """Save `ema` in half precision, and remove the checkpoint. The card gets the precision, figures and curve."""
    tensors = {name: value.detach().cpu() for name, value in training.ema.state_dict().items()}
    halves = {name: (value.half() if value.is_floating_point() else value).numpy() for name, value in tensors.items()}
    about = {**card, "precision": training.precision, "figures": outcome.figures, "curve": outcome.curve}
    if outcome.note:
        about["note"] = outcome.note
    _drop(path.with_suffix(REPORT_SUFFIX))  # left by a model that was deleted by hand
    model = save_model(path, halves, about, training.preview(), training.exemplar())
    _drop(checkpoint)
    return Result(models=(model.path,), figures={**outcome.figures, "seconds": outcome.seconds})
