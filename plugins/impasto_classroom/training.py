"""Training of every model of the classroom, by the name of its generator."""

from __future__ import annotations

from collections.abc import Mapping

from impasto.context import Context
from impasto.data.dataset import Dataset
from impasto.errors import ParameterError
from impasto.tools import Result
from impasto.training.base import Training
from impasto.training.model import train_model

from .gan.conditional import ConditionalTraining
from .gan.gan import GanTraining
from .gan.progressive import ProgressiveTraining
from .gan.relativistic import RelativisticTraining
from .gan.shared import TextbookTraining
from .parameters import TrainGanParameters, TrainTextbookParameters, TrainVaeParameters
from .vae.training import VaeTraining

TRAININGS: Mapping[str, type[TextbookTraining] | type[VaeTraining]] = {
    "gan": GanTraining,
    "conditional-gan": ConditionalTraining,
    "progressive-gan": ProgressiveTraining,
    "vae": VaeTraining,
}


def train(
    tool: str, parameters: TrainTextbookParameters | TrainVaeParameters, dataset: Dataset, context: Context
) -> Result:
    """Train a model for the generator `tool` on the dataset and save it; resumes from a checkpoint of the same name."""
    kind = TRAININGS[tool]
    if isinstance(parameters, TrainGanParameters) and parameters.loss == "relativistic":
        kind = RelativisticTraining
    if tool == "conditional-gan":
        _check_classes(dataset, tool)

    def build(seed: int) -> Training:
        return kind.of(dataset, parameters, seed, context.device)

    is_watched = parameters.watched if isinstance(parameters, TrainTextbookParameters) else True
    return train_model(build, tool, parameters, dataset, context, is_watched)


def _check_classes(dataset: Dataset, tool: str) -> None:
    remedy = "give a folder with one folder a class, or use train-gan"
    if len(dataset.labels) < 2:
        raise ParameterError("{} learns classes, and the data has {}", remedy, tool, len(dataset.labels) or "none")
    for sample in dataset.samples:
        if sample.label is None:
            raise ParameterError("{} learns classes, and {} has none", remedy, tool, sample.name)
