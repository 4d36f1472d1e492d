"""Generators with further abilities. Subclass the classes that fit; hosts test for them by `isinstance`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from .tools import Generator

if TYPE_CHECKING:
    import numpy as np

    from .context import Context
    from .graph import Portable


class LatentGenerator(Generator):
    """A generator whose results can be mixed in the latent space of the model."""

    @abstractmethod
    def between_latents(
        self, one: Mapping[str, Any], other: Mapping[str, Any], share: float, seed: int
    ) -> Mapping[str, Any]:
        """Parameters for a latent at a share of the way between the latents of two recipes; {} if there is none.

        one, other: parameters of both recipes. seed: seed of the second recipe. The result keeps the seed of the first.
        """


class ControlledGenerator(Generator):
    """A generator whose model stores part of the result, such as a mean, so that its network can be judged alone."""

    @abstractmethod
    def without_network(self, tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Tensors of the same model with a network that adds nothing to the stored part: a control for comparison."""


class ExportingGenerator(Generator):
    """A generator whose models can be written for other frameworks."""

    @abstractmethod
    def portable(self, model: str, context: Context) -> Portable:
        """The model of this name as a graph that other frameworks can run. Raise ModelError if there is none."""

    @abstractmethod
    def portable_inputs(self, model: str, size: tuple[int, int], context: Context) -> dict[str, np.ndarray]:
        """Values of the graph's inputs, by name, for the picture of a size (height, width) with this step's seed.

        Raise ParameterError if the graph makes no pictures of this size.
        """


class ImportingGenerator(Generator):
    """A generator that makes models from files of other programs, whose names end with one of `model_suffixes`."""

    model_suffixes: ClassVar[tuple[str, ...]]

    @abstractmethod
    def import_model(self, file: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Tensors and card of a model from a file. Raise ModelError if the file is no model."""
